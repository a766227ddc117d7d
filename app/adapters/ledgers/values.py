"""Texts of a bookkeeping export as values: amounts, days, words. Each reader answers a text, or refuses it.

A cache in front of a reader makes a million lines with a few thousand distinct days and terms cheap; it is
emptied when it grows, so that memory stays bounded.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import TypeVar

T = TypeVar("T")

_CACHE_LIMIT = 20_000
_FIRST_YEAR = 1980
_CENTURY_PIVOT = 70
"""Two-digit years from here on are 19xx: fixed, so that a file reads the same in every year."""

_DAY = re.compile(
    r"(\d{1,4})(?:([-/. ])(\d{1,2})\2(\d{4}|\d{1,2})|[- ]([A-Za-zé]{3,9})\.?[- ](\d{4}|\d{2}))"
    r"(?:[T ]\d{1,2}:.*)?"
)
_COMPACT = re.compile(r"(\d{4})(\d{2})(\d{2})")
_NO_DAY = frozenset({"", "-", "--", "0", "0000-00-00", "00-00-0000", "00000000", "n.v.t.", "nvt", "null"})
_MONTHS = {
    name: number
    for number, names in enumerate(
        ("jan", "feb", "maa mrt mar", "apr", "mei may", "jun", "jul", "aug", "sep", "okt oct", "nov", "dec"),
        1,
    )
    for name in names.split()
}
_MONEY_NOISE = re.compile(r"EUR|USD|GBP|[€$£\s\u00a0\u202f]", re.IGNORECASE)
_LARGEST = Decimal(10) ** 12


class Refused(ValueError):
    """A text that is not a value of its kind: `code`, `reason` and `remedy` for the line's sentence."""

    def __init__(self, code: str, reason: str, remedy: str = "Correct it in the source.") -> None:
        super().__init__(reason)
        self.code = code
        self.reason = reason
        self.remedy = remedy


class Cached(dict[str, T]):
    """A reader behind a bounded cache: `cached[text]` is the value, or the reader's refusal."""

    def __init__(self, read: Callable[[str], T], *, limit: int = _CACHE_LIMIT) -> None:
        super().__init__()
        self._read = read
        self._limit = limit

    def __missing__(self, text: str) -> T:
        value = self._read(text)
        if len(self) >= self._limit:
            self.clear()
        self[text] = value
        return value


def amount_reader(decimal: str, thousands: str | None) -> Callable[[str], Decimal | None]:
    """Reads amounts in one dialect to cents; empty is None.

    Takes a currency sign, a minus before or behind, or parentheses. Refuses separators that do not fit the
    dialect, more than two decimals other than zero, and amounts that NUMERIC(14,2) cannot hold.
    """
    point = re.escape(decimal)
    # Spaces between groups are gone by now, so a dialect without another sign has no groups to check.
    groups = rf"\d{{1,3}}(?:{re.escape(thousands)}\d{{3}})+|" if thousands and thousands.strip() else ""
    shape = re.compile(rf"(?:{groups}\d+)(?:{point}\d*)?|{point}\d+")
    # Nearly all amounts of an export look like this; the rest may cost more.
    common = re.compile(rf"-?\d{{1,12}}{point}\d\d").fullmatch
    drop = str.maketrans({decimal: ".", **({thousands: None} if thousands else {})})

    def read(text: str) -> Decimal | None:
        if common(text):
            return Decimal(text.replace(decimal, "."))
        bare = _MONEY_NOISE.sub("", text)
        if not bare:
            return None
        negative, bare = _sign(bare)
        if not shape.fullmatch(bare):
            raise Refused(
                "amount.form",
                f"{text!r} is not an amount with decimal sign {decimal!r}",
                "Correct it in the source, or say --map decimal=. or --map decimal=,",
            )
        value = _cents(Decimal(bare.translate(drop)), text)
        return -value if negative else value

    return read


def plain_amount(text: str) -> Decimal:
    """An amount as XML writes it: point, no groups. Refuses anything else."""
    if not re.fullmatch(r"[+-]?(\d+(\.\d*)?|\.\d+)", text):
        raise Refused("amount.form", f"{text!r} is not an amount")
    return _cents(Decimal(text), text)


def _sign(bare: str) -> tuple[bool, str]:
    if bare[0] in "+-−":
        return bare[0] != "+", bare[1:]
    if bare[-1] in "-−":
        return True, bare[:-1]
    if bare[0] == "(" and bare[-1] == ")":
        return True, bare[1:-1]
    return False, bare


def _cents(value: Decimal, text: str) -> Decimal:
    rounded = value.quantize(Decimal("0.01")) if abs(value) < _LARGEST else None
    if rounded is None:
        raise Refused("amount.size", f"{text!r} is larger than an amount can be")
    if rounded != value:
        raise Refused("amount.decimals", f"{text!r} has more than two decimals")
    return rounded


def day_reader(date_format: str, today: dt.date) -> Callable[[str], dt.date | None]:
    """Reads days; empty and all zeros are None. Year-first days are read whatever the format.

    `date_format` decides only between day-month and month-day. Refuses days that do not exist, spreadsheet
    serials, and years before 1980 or more than ten ahead of `today`: a typing error, not a due date.
    """
    month_first = date_format == "mm-dd-yyyy"

    def read(text: str) -> dt.date | None:
        if text in _NO_DAY:
            return None
        try:
            day = dt.date(*_year_month_day(text, month_first=month_first))
        except ValueError as error:
            if isinstance(error, Refused):
                raise
            raise Refused("date.none", f"{text!r} is not a day of the calendar") from error
        if not _FIRST_YEAR <= day.year <= today.year + 10:
            raise Refused("date.year", f"{text!r} is too far from today")
        return day

    return read


def _year_month_day(text: str, *, month_first: bool) -> tuple[int, int, int]:
    if compact := _COMPACT.fullmatch(text):
        return int(compact[1]), int(compact[2]), int(compact[3])
    match = _DAY.fullmatch(text)
    if not match:
        if text.isdecimal() and 30_000 <= int(text) <= 60_000:
            raise Refused(
                "date.serial",
                f"{text!r} looks like a spreadsheet's day number",
                "Give the column the date format.",
            )
        raise Refused("date.form", f"{text!r} is not a date")
    first, _, second, third, name, named_year = match.groups()
    if name is not None:
        return _full_year(named_year), _MONTHS.get(name[:3].casefold(), 0), int(first)
    if len(first) == 4:
        return int(first), int(second), int(third)
    if len(first) > 2:
        raise Refused("date.form", f"{text!r} is not a date")
    day, month = (second, first) if month_first else (first, second)
    return _full_year(third), int(month), int(day)


def _full_year(text: str) -> int:
    if len(text) == 4:
        return int(text)
    return int(text) + (1900 if int(text) >= _CENTURY_PIVOT else 2000)


def number_reader(largest: int) -> Callable[[str], int | None]:
    """Reads a count with or without its word ("30 dagen", "niveau 2"); empty is None."""

    def read(text: str) -> int | None:
        if not text or text == "-":
            return None
        found = re.findall(r"-?\d+", text)
        if len(found) != 1 or not 0 <= int(found[0]) <= largest:
            raise Refused("number.form", f"{text!r} is not a number from 0 to {largest}")
        return int(found[0])

    return read


def word_reader(words: Mapping[str, T], what: str) -> Callable[[str], T | None]:
    """Reads one of `words` (in any case); empty is None."""

    def read(text: str) -> T | None:
        if not text:
            return None
        value = words.get(text.casefold().rstrip("."))
        if value is None:
            raise Refused("word.unknown", f"{text!r} is not a known {what}")
        return value

    return read


def currency_code(text: str) -> str | None:
    """An ISO 4217 code, also from its sign; empty is None."""
    if not text:
        return None
    code = {"€": "EUR", "$": "USD", "£": "GBP", "EURO": "EUR"}.get(text.upper(), text.upper())
    if not re.fullmatch("[A-Z]{3}", code):
        raise Refused("currency.form", f"{text!r} is not a currency code")
    return code
