"""What a command answers: words for people, the same facts as JSON for scripts."""

from __future__ import annotations

import argparse
import dataclasses
import datetime as dt
import json
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Protocol
from uuid import UUID

from app.errors import Invalid

FARTHEST = dt.timedelta(days=400)
"""Calendars reach at least so far; a business date beyond it is a typing error."""


class Commands(Protocol):
    """Where a room of the command line registers its commands (what `add_subparsers` gives)."""

    def add_parser(self, name: str, *, help: str) -> argparse.ArgumentParser:  # noqa: A002  (argparse's word)
        """A new command."""
        ...


@dataclass(frozen=True, slots=True)
class Answer:
    """`lines` for people, `facts` for scripts, `code` the exit code."""

    lines: Sequence[str] = ()
    facts: dict[str, Any] = field(default_factory=dict[str, Any])
    code: int = 0

    def print(self, *, as_json: bool) -> None:
        """Write it to standard output in one of the two forms."""
        if as_json:
            print(json.dumps(self.facts, default=plain, ensure_ascii=False))
        else:
            for line in self.lines:
                print(line)


def plain(value: object) -> object:
    """A value as JSON can hold it: amounts and dates as text, rows as objects."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return dataclasses.asdict(value)
    if isinstance(value, dt.datetime | dt.date):
        return value.isoformat()
    if isinstance(value, Decimal | UUID):
        return str(value)
    if isinstance(value, set | frozenset):
        return sorted(str(each) for each in value)  # pyright: ignore[reportUnknownVariableType, reportUnknownArgumentType]
    return str(value)


def table(head: Sequence[str], rows: Iterable[Sequence[object]]) -> list[str]:
    """Rows as columns of even width; numbers to the right."""
    cells = [[_cell(each) for each in row] for row in rows]
    if not cells:
        return []
    widths = [max(len(head[i]), *(len(row[i]) for row in cells)) for i in range(len(head))]
    right = [all(_number(row[i]) for row in cells) for i in range(len(head))]

    def line(row: Sequence[str]) -> str:
        parts = (c.rjust(w) if r else c.ljust(w) for c, w, r in zip(row, widths, right, strict=True))
        return "  ".join(parts).rstrip()

    return [line(head), *(line(row) for row in cells)]


def _cell(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, dt.datetime):
        return value.astimezone().strftime("%d-%m-%Y %H:%M")
    return value.strftime("%d-%m-%Y") if isinstance(value, dt.date) else str(value)


def _number(text: str) -> bool:
    return not text or text.replace(".", "").replace("-", "").isdecimal()


def a_day(text: str) -> dt.date:
    """A date of the command line, as 2026-11-22 or 22-11-2026."""
    for form in ("%Y-%m-%d", "%d-%m-%Y"):
        with suppress(ValueError):
            return dt.datetime.strptime(text, form).replace(tzinfo=dt.UTC).date()
    raise argparse.ArgumentTypeError(f"{text!r} is not a date; write 2026-11-22 or 22-11-2026")


def near(date: dt.date, today: dt.date) -> dt.date:
    """`date` itself; `Invalid` when it is so far from today that it must be a typing error."""
    if abs(date - today) > FARTHEST:
        raise Invalid(
            "date",
            f"{date:%d-%m-%Y} is more than {FARTHEST.days} days from today ({today:%d-%m-%Y}).",
            remedy="Check the year.",
            code="date.far",
        )
    return date


def counted(number: int, one: str, many: str) -> str:
    """`1 letter`, `2 letters`."""
    return f"{number} {one if number == 1 else many}"
