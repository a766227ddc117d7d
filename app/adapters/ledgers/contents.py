"""What a column holds, told from its values alone: for files without a header in known words."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence

_AMOUNT = re.compile(r"[-+(]?\s*[€$£]?\s*[-+]?\d[\d.,' ]*[.,]\d{1,2}\s*[-)]?")
_DATE = re.compile(
    r"\d{1,2}[-/.]\d{1,2}[-/.](?:\d{4}|\d{2})|\d{4}[-/.]\d{1,2}[-/.]\d{1,2}|(?:19|20)\d{2}[01]\d[0-3]\d"
)
_SHAPES: tuple[tuple[str, re.Pattern[str]], ...] = (
    ("email", re.compile(r"[^@\s]+@[^@\s]+\.[a-z]{2,}", re.IGNORECASE)),
    ("iban", re.compile(r"[A-Z]{2}\d{2}\s?(?:[A-Z0-9]{4}\s?){2,7}[A-Z0-9]{0,4}")),
    ("vat_number", re.compile(r"(?:NL)?\d{9}B\d{2}")),
    ("postcode", re.compile(r"\d{4}\s?[A-Z]{2}")),
    ("currency", re.compile(r"EUR|USD|GBP|CHF|DKK|SEK|NOK|PLN")),
    ("debit_credit", re.compile(r"[DC]|Debet|Credit", re.IGNORECASE)),
    ("country", re.compile(r"NL|BE|DE|FR|GB|LU")),
)
_CODE = re.compile(r"[A-Za-z]{0,6}[-/.]?\d[\w\-/.]*")
_MOST = 0.9

Rows = Sequence[Sequence[str]]
Found = dict[int, tuple[str, float]]


def is_amount(cell: str) -> bool:
    """Whether a cell holds an amount with decimals."""
    return bool(_AMOUNT.fullmatch(cell)) and not is_date(cell)


def is_date(cell: str) -> bool:
    """Whether a cell has the shape of a day."""
    return bool(_DATE.fullmatch(cell))


def is_name(cell: str) -> bool:
    """Whether a cell reads as a name rather than a code: letters, and more of them than digits."""
    letters = sum(map(str.isalpha, cell))
    return letters >= 3 and letters > 2 * sum(map(str.isdigit, cell))


def column_of_values(body: Rows, known: Mapping[int, tuple[str, float]]) -> Found:
    """Fields of the columns that no header names, for the fields that are still needed.

    Only shapes that cannot be mistaken are sure. The two amounts and the two dates are told apart by their
    size, customer and document number by which of them repeats; these stay below certainty.
    """
    names = {name for name, _ in known.values()}
    free = [at for at in range(len(body[0]) if body else 0) if at not in known]
    found: Found = {}
    for name, shape in _SHAPES:
        if name not in names and (at := _first(body, free, _matches(shape))) is not None:
            found[at] = (name, 0.8)
            free.remove(at)
    found |= _dates(body, free, names)
    found |= _amounts(body, [at for at in free if at not in found], names)
    found |= _numbers(body, [at for at in free if at not in found], names)
    rest = [at for at in free if at not in found]
    if "customer_name" not in names and (at := _first(body, rest, is_name)) is not None:
        found[at] = ("customer_name", 0.6)
    return found


def _matches(shape: re.Pattern[str]) -> Callable[[str], bool]:
    return lambda cell: bool(shape.fullmatch(cell))


def _all_such(body: Rows, free: Sequence[int], test: Callable[[str], bool]) -> list[int]:
    """The free columns whose values, where there are any, nearly all pass the test."""
    such: list[int] = []
    for at in free:
        values = [row[at] for row in body[:300] if row[at]]
        if values and sum(map(test, values)) >= _MOST * len(values):
            such.append(at)
    return such


def _first(body: Rows, free: Sequence[int], test: Callable[[str], bool]) -> int | None:
    return next(iter(_all_such(body, free, test)), None)


def _dates(body: Rows, free: Sequence[int], names: set[str]) -> Found:
    dates = _all_such(body, free, is_date)
    wanted = [name for name in ("invoice_date", "due_date") if name not in names]
    return {at: (name, 0.6) for at, name in zip(dates, wanted, strict=False)}


def _amounts(body: Rows, free: Sequence[int], names: set[str]) -> Found:
    amounts = _all_such(body, free, is_amount)
    if not amounts or "open_amount" in names or {"debit", "credit"} <= names:
        return {}
    if "original_amount" in names or len(amounts) == 1:
        return {amounts[-1]: ("open_amount", 0.6)}
    return {amounts[-2]: ("original_amount", 0.55), amounts[-1]: ("open_amount", 0.55)}


def _numbers(body: Rows, free: Sequence[int], names: set[str]) -> Found:
    """Document numbers differ on each row; a customer number comes back, or stands before them."""
    codes = [at for at in _all_such(body, free, _matches(_CODE)) if any(len(row[at]) > 1 for row in body)]
    distinct = {at: len({row[at] for row in body}) for at in codes}
    found: Found = {}
    unique = [at for at in codes if distinct[at] == len(body)]
    repeated = [at for at in codes if distinct[at] < len(body)]
    if "document_number" not in names and unique:
        found[unique[-1]] = ("document_number", 0.6)
    others = repeated or [at for at in unique if at not in found]
    if "customer_number" not in names and others:
        found[others[0]] = ("customer_number", 0.6 if repeated else 0.4)
    return found
