"""A guess at how a CSV file is to be read: encoding, separator, header, columns, number and date dialect.

Header words decide where there are any, the values of a sample where there are none. What the sample cannot
decide stays open (`decimal` None, a missing column), so that a person is asked instead of a wrong amount
being sent.
"""

from __future__ import annotations

import csv
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from itertools import islice
from pathlib import Path

from app.adapters.ledgers.contents import column_of_values, is_amount, is_date, is_name
from app.adapters.ledgers.headers import field_of
from app.adapters.ledgers.text import Text, encoding_of, head_of
from app.services.exchange.rows import CsvMapping, Evidence

_SAMPLE_LINES = 2_000
_HEADER_WITHIN = 30
_LONGEST_CELL = 200
"""A sample looks at no more of a cell than this: patterns take their time on long texts."""

_SURE = 0.55
"""A field needed for the key is not guessed from values with less than this."""

Rows = list[list[str]]
Found = dict[int, tuple[str, float]]


def guess_mapping(path: Path) -> CsvMapping:
    """The mapping that fits a sample of the file best, with evidence per field.

    Raises `Invalid` for an empty or binary file only; what is missing or undecided is refused when the
    mapping is used.
    """
    encoding = encoding_of(head_of(path))
    lines = list(islice(Text(path, encoding).lines(), _SAMPLE_LINES))
    delimiter = _delimiter(lines)
    rows = [[cell.strip()[:_LONGEST_CELL] for cell in row] for row in _split(lines, delimiter)]
    filled = [row for row in rows if any(row)]
    at = _header_at(filled)
    header = filled[at] if at is not None else []
    body = _body(filled[at + 1 if at is not None else 0 :], header)
    found = _by_header(header, body) if header else {}
    found |= column_of_values(body, found)
    columns = _columns(found, header, body)
    mapping = CsvMapping(
        columns={name: _named(position, header) for name, position in columns.items()},
        encoding=encoding,
        delimiter=delimiter,
        header=bool(header),
        skip=0 if header or not body else rows.index(body[0]),
        headers=tuple(header),
        evidence={
            name: Evidence(found[position][1], _samples(body, position)) for name, position in columns.items()
        },
    )
    return _with_dialect(mapping, body, columns)


def _split(lines: Sequence[str], delimiter: str) -> Rows:
    try:
        return list(csv.reader(lines, delimiter=delimiter, skipinitialspace=True))
    except csv.Error:
        # A quote that is never closed: without quotes the sample can still be looked at.
        limit = csv.field_size_limit()
        short = (line[:limit] for line in lines)
        return list(csv.reader(short, delimiter=delimiter, quoting=csv.QUOTE_NONE))


def _delimiter(lines: Sequence[str]) -> str:
    """The separator that names most known headers, then gives the most even rows, then the most cells."""
    if lines and (said := re.fullmatch(r'"?sep=(.)"?', lines[0].strip())):
        return said[1]

    def fit(candidate: str) -> tuple[int, float, int]:
        rows = [row for row in _split(lines[:300], candidate) if len(row) > 1]
        if not rows:
            return 0, 0.0, 0
        width, count = Counter(map(len, rows)).most_common(1)[0]
        known = max(
            len({field_of(c[:_LONGEST_CELL])[0] for c in row} - {""}) for row in rows[:_HEADER_WITHIN]
        )
        return known, count / len(lines[:300]), width

    return max(";\t,|", key=fit)


def _header_at(rows: Rows) -> int | None:
    """Which of the first rows is the header: the one naming most fields, or one unlike all that follow."""
    best, known = None, 1
    for at, row in enumerate(rows[:_HEADER_WITHIN]):
        names = {field_of(cell)[0] for cell in row} - {""}
        if len(names) > known and not any(map(is_amount, filter(None, row))):
            best, known = at, len(names)
    if best is not None or len(rows) < 2:
        return best
    first, others = rows[0], rows[1:20]
    valued = any(is_amount(cell) or is_date(cell) for cell in first)
    values_below = any(is_amount(cell) or is_date(cell) for row in others for cell in row)
    return 0 if len(first) > 1 and all(first) and not valued and values_below else None


def _body(rows: Rows, header: Sequence[str]) -> Rows:
    """The rows of items: as wide as the header, or as most rows are."""
    if not rows:
        return []
    width = len(header) or Counter(map(len, rows)).most_common(1)[0][0]
    return [row for row in rows if len(row) == width]


def _by_header(header: Sequence[str], body: Rows) -> Found:
    """The surest column for each field that a header names."""
    best: dict[str, tuple[int, float]] = {}
    for position, cell in enumerate(header):
        name, confidence = field_of(cell)
        values = [row[position] for row in body[:200] if row[position]]
        if name == "customer_number" and values and sum(map(is_name, values)) > 0.5 * len(values):
            name, confidence = "customer_name", 0.8
        if name and confidence > best.get(name, (0, 0.0))[1]:
            best[name] = (position, confidence)
    return {position: (name, confidence) for name, (position, confidence) in best.items()}


def _columns(found: Found, header: Sequence[str], body: Rows) -> dict[str, int]:
    columns = {name: position for position, (name, sure) in found.items() if header or sure >= _SURE}
    if not {"debit", "credit"} <= columns.keys():
        columns.pop("debit", None)
        columns.pop("credit", None)
    elif "open_amount" not in columns:
        columns.pop("original_amount", None)
    if "open_amount" not in columns and "original_amount" in columns:
        # One amount in a list of open items is what is open.
        columns["open_amount"] = columns.pop("original_amount")
    if "debit_credit" in columns and _is_redundant(body, columns):
        del columns["debit_credit"]
    return columns


def _is_redundant(body: Rows, columns: dict[str, int]) -> bool:
    """Whether the amounts carry the sign that a debit/credit column repeats."""
    amount = columns.get("open_amount")
    if amount is None:
        return True
    words = {(row[columns["debit_credit"]].casefold(), "-" in row[amount]) for row in body if row[amount]}
    return any(negative for _, negative in words) and len(words) == len({word for word, _ in words})


def _named(position: int, header: Sequence[str]) -> str | int:
    name = header[position] if header else ""
    return name if name and [h.casefold() for h in header].count(name.casefold()) == 1 else position + 1


def _samples(body: Rows, position: int) -> tuple[str, ...]:
    return tuple(islice(dict.fromkeys(row[position] for row in body if row[position]), 3))


def _with_dialect(mapping: CsvMapping, body: Rows, columns: dict[str, int]) -> CsvMapping:
    amounts = [
        row[columns[name]]
        for name in ("open_amount", "original_amount", "debit", "credit")
        if name in columns
        for row in body
    ]
    dates = [
        row[columns[name]]
        for name in ("invoice_date", "due_date", "paid_on", "reminder_date")
        if name in columns
        for row in body
    ]
    decimal, thousands = decimal_sign(amounts)
    return replace(mapping, decimal=decimal, thousands=thousands, date_format=date_format(dates))


def decimal_sign(amounts: Sequence[str]) -> tuple[str | None, str | None]:
    """Decimal and thousands sign of a sample; None when only values such as 1.234 stand in it.

    Without any separator the Dutch dialect is taken: there a later 1.234 can only be thousands, as cents
    would have shown.
    """
    votes: Counter[str] = Counter()
    doubtful = False
    for text in amounts:
        signs = re.sub(r"[^.,]", "", text)
        digits_behind = len(re.sub(r"\D", "", re.split(r"[.,]", text)[-1]))
        if not signs:
            continue
        if len(set(signs)) == 2:
            votes[signs[-1]] += 1
        elif len(signs) > 1:
            votes["," if signs[0] == "." else "."] += 1
        elif digits_behind != 3 or text.lstrip("-+ €").startswith(("0", ".", ",")):
            votes[signs] += 1
        else:
            doubtful = True
    if not votes:
        return (None, None) if doubtful else (",", ".")
    if votes[","] == votes["."]:
        return None, None
    decimal = votes.most_common(1)[0][0]
    grouped_by = Counter(sign for text in amounts for sign in re.findall(r"\d([' ])\d{3}", text))
    return decimal, grouped_by.most_common(1)[0][0] if grouped_by else {",": ".", ".": ","}[decimal]


def date_format(dates: Sequence[str]) -> str:
    """The order of day and month: month first only when a second part over 12 proves it."""
    first_over = second_over = 0
    for text in dates:
        if match := re.match(r"(\d{1,2})[-/. ](\d{1,2})[-/. ]\d{2}", text):
            first_over += int(match[1]) > 12
            second_over += int(match[2]) > 12
        elif re.match(r"\d{4}-?\d{2}", text):
            return "yyyy-mm-dd"
    return "mm-dd-yyyy" if second_over and not first_over else "dd-mm-yyyy"
