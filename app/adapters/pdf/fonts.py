"""The letter's two fonts and how wide words are in them."""

from __future__ import annotations

from functools import cache, lru_cache
from typing import Any, cast

from reportlab import rl_config
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont

from app.config import RESOURCES
from app.domain.money import MINUS

REGULAR = "TegoedSans"
BOLD = "TegoedSans-Bold"
_FILES = {REGULAR: "NotoSans-Regular.ttf", BOLD: "NotoSans-Bold.ttf"}
_LONGEST_MEMORY = 50_000

_words: dict[tuple[str, str], float] = {}


@cache
def register() -> None:
    """Make the shipped fonts known to ReportLab, once a process."""
    rl_config.useA85 = 0  # plain binary streams: a fifth smaller, and quicker to write
    for name, file in _FILES.items():
        cast("Any", pdfmetrics).registerFont(TTFont(name, str(RESOURCES / "fonts" / file)))


@cache
def _widths(font: str) -> tuple[dict[int, float], float]:
    register()
    face = cast("Any", pdfmetrics.getFont(font)).face
    return face.charWidths, face.defaultWidth


def width(text: str, font: str, size: float) -> float:
    """The width of `text` in points. Words come back often, so their widths are kept."""
    known = _words.get((text, font))
    if known is None:
        widths, default = _widths(font)
        known = sum(widths.get(ord(character), default) for character in text) / 1000
        if len(_words) > _LONGEST_MEMORY:
            _words.clear()
        _words[text, font] = known
    return known * size


@lru_cache(maxsize=20_000)
def drawable(text: str) -> str:
    """`text` as the fonts can show it: an unknown character becomes a question mark, never nothing.

    Noto Sans has no minus sign; its en dash looks the same.
    """
    widths, _ = _widths(REGULAR)
    if all(ord(character) in widths for character in text):
        return text
    text = text.replace(MINUS, "–")
    return "".join(character if ord(character) in widths else "?" for character in text)
