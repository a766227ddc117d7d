"""Breaking words over lines."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache

from app.adapters.pdf import fonts
from app.services.correspondence.texts import Run

Piece = tuple[str, bool]  # text, bold
Line = list[tuple[float, str, bool]]  # distance from the left edge, text, bold


def wrapped(runs: Iterable[Run], size: float, room: float) -> list[Line]:
    """`runs` in lines of at most `room` points. A word that is wider is broken where it must be.

    Only the plain space breaks a line; a no-break space keeps an amount with its sign.
    """
    lines: list[Line] = []
    line: list[tuple[float, str, bool]] = []
    at = 0.0
    for word in _fitting(_words(runs), size, room):
        wide = sum(_width(piece, size) for piece in word)
        space = fonts.width(" ", fonts.REGULAR, size) if line else 0.0
        if line and at + space + wide > room:
            lines.append(line)
            line, at, space = [], 0.0, 0.0
        for index, (text, bold) in enumerate(word):
            start = at + (space if index == 0 else 0.0)
            if line and line[-1][2] == bold:
                before = line.pop()
                line.append((before[0], f"{before[1]}{' ' if index == 0 and space else ''}{text}", bold))
            else:
                line.append((start, text, bold))
            at = start + _width((text, bold), size)
    return [*lines, line] if line else lines


@lru_cache(maxsize=4096)
def wrapped_text(text: str, size: float, room: float, *, bold: bool = False) -> tuple[str, ...]:
    """Plain `text` in lines."""
    return tuple("".join(part for _, part, _ in line) for line in wrapped((Run(text, bold),), size, room))


def shrunk(text: str, size: float, room: float, *, least: float, bold: bool = False) -> float:
    """The size at which `text` fits in `room`, not below `least`."""
    wide = fonts.width(text, fonts.BOLD if bold else fonts.REGULAR, size)
    return size if wide <= room else max(least, int(size * room / wide * 10) / 10)


def _words(runs: Iterable[Run]) -> Iterator[list[Piece]]:
    word: list[Piece] = []
    for run in runs:
        for index, part in enumerate(fonts.drawable(run.text).split(" ")):
            if index and word:
                yield word
                word = []
            if part:
                word.append((part, run.bold))
    if word:
        yield word


def _fitting(words: Iterable[list[Piece]], size: float, room: float) -> Iterator[list[Piece]]:
    for word in words:
        if sum(_width(piece, size) for piece in word) <= room:
            yield word
            continue
        for text, bold in word:
            yield from ([(part, bold)] for part in broken(text, size, room, bold=bold))


def broken(text: str, size: float, room: float, *, bold: bool = False) -> Sequence[str]:
    """One long word in pieces that fit."""
    parts: list[str] = []
    part = ""
    for character in text:
        if part and _width((part + character, bold), size) > room:
            parts.append(part)
            part = ""
        part += character
    return [*parts, part] if part else parts


def _width(piece: Piece, size: float) -> float:
    return fonts.width(piece[0], fonts.BOLD if piece[1] else fonts.REGULAR, size)
