"""A CSV file of open items as lines, streamed."""

from __future__ import annotations

import csv
import datetime as dt
from collections import defaultdict
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path

from app.adapters.ledgers.csv_line import (
    Readers,
    Row,
    amounts_of,
    keys_of,
    line_maker,
    readers_of,
    rejected_line,
)
from app.adapters.ledgers.headers import is_total_word
from app.adapters.ledgers.text import Text
from app.adapters.ledgers.values import Refused
from app.errors import Invalid
from app.services.exchange.rows import (
    COLUMN_FIELDS,
    LINE_COLUMNS,
    ControlTotals,
    CsvMapping,
    CurrencyTotal,
    Line,
)

_HEADER_WITHIN = 60
"""A header is looked for in so many rows: exports put a title, a company and a date above it."""

_REQUIRED = ("customer_number", "document_number")


@dataclass(slots=True)
class _Layout:
    """Where the columns stand (from 0), how many cells a row has, and the number of the header's line."""

    positions: dict[str, int]
    width: int
    header_line: int
    header: Row = field(default_factory=list[str])
    pending: list[tuple[Row, int, int]] = field(default_factory=list[tuple[Row, int, int]])


@dataclass(slots=True)
class _Tally:
    """Running totals, and the total row seen last: only the last one is of the whole file."""

    counts: dict[str, int] = field(default_factory=lambda: defaultdict[str, int](int))
    sums: dict[str, Decimal] = field(default_factory=lambda: defaultdict[str, Decimal](Decimal))
    rejected: int = 0
    total: Decimal | None = None
    total_of: str = ""
    left_out: list[int] = field(default_factory=list[int])
    left_out_count: int = 0

    def leave_out(self, line: int) -> None:
        """Remembers a row that is no item; only the first few by number."""
        self.left_out_count += 1
        if len(self.left_out) < 5:
            self.left_out.append(line)

    def totals(self, default_currency: str) -> ControlTotals:
        by_currency = {
            code: CurrencyTotal(self.counts[code], amount) for code, amount in sorted(self.sums.items())
        }
        # A total row over several currencies adds unlike things; it is compared with the same sum.
        only = next(iter(by_currency)) if len(by_currency) == 1 else default_currency
        return ControlTotals(
            by_currency, self.rejected, self.total, self.total_of, only, sum(self.sums.values(), Decimal(0))
        )


class CsvSource:
    """An opened CSV file; see `LedgerSource`.

    Raises `Invalid` for a mapping that is incomplete, undecided or does not fit the file, for a file
    without items, and for text that cannot be split into rows.
    """

    format = "csv"
    covers_earlier = True

    def __init__(self, path: Path, mapping: CsvMapping, today: dt.date) -> None:
        check_mapping(mapping)
        self.mapping = mapping
        self.completeness = mapping.completeness
        self.period: tuple[dt.date, dt.date] | None = None
        self.notes: list[str] = []
        self._path = path
        self._today = today
        self._control: ControlTotals | None = None

    @property
    def control(self) -> ControlTotals:
        """Totals of what `lines` gave; known when it has given the last one."""
        if self._control is None:
            raise RuntimeError("the control totals are known after the last line")
        return self._control

    def lines(self) -> Iterator[Line]:
        """The items in the order of the file, rejected ones among them."""
        text = Text(self._path, self.mapping.encoding)
        self.notes = text.notes
        self._control = None
        tally = _Tally()
        rows = self._rows(text)
        layout = self._layout(rows)
        if layout.header_line > 1:
            self.notes.append(f"Skipped {layout.header_line - 1} lines above the header.")
        yield from self._items(layout, rows, tally)
        if not tally.sums and not tally.rejected:
            raise Invalid(
                "file",
                f"{self._path.name} has a header but no items.",
                remedy="Export it again; if there are really no open items, there is nothing to import.",
                code="file.no_items",
            )
        if tally.left_out_count:
            shown = ", ".join(map(str, tally.left_out)) + (", …" if tally.left_out_count > 5 else "")
            self.notes.append(f"Left out {tally.left_out_count} rows that are no items: line {shown}.")
        self._control = tally.totals(self.mapping.default_currency)

    def _rows(self, text: Text) -> Iterator[tuple[Row, int, int]]:
        """Rows with the numbers of their first and last line."""
        mapping = self.mapping
        reader = csv.reader(
            text.lines(),
            delimiter=mapping.delimiter,
            quotechar=mapping.quote,
            quoting=csv.QUOTE_MINIMAL if mapping.quote else csv.QUOTE_NONE,
            skipinitialspace=True,
        )
        first, strip = 1, str.strip
        try:
            for cells in reader:
                last = reader.line_num
                yield [*map(strip, cells)], first, last
                first = last + 1
        except csv.Error as error:
            raise Invalid(
                "file",
                f"From line {first} on no row can be read: {error}.",
                remedy="Look for a quote that is not closed, or say --map quote=none.",
                code="file.rows",
            ) from error

    def _layout(self, rows: Iterator[tuple[Row, int, int]]) -> _Layout:
        columns = self.mapping.columns
        if not self.mapping.header:
            return _headerless(columns, rows, self.mapping.skip)
        wanted = {str(c).casefold() for c in columns.values() if isinstance(c, str)}
        best: Row = []
        for count, (row, _, last) in enumerate(rows):
            names = {cell.casefold() for cell in row}
            if wanted <= names and len(row) > 1:
                return _Layout(_positions(columns, row), len(row), last, row)
            best = max(best, row, key=lambda r: sum(cell.casefold() in wanted for cell in r))
            if count >= _HEADER_WITHIN:
                break
        if not best:
            raise Invalid("file", "The file is empty.", remedy="Export it again.", code="file.empty")
        raise _missing_header(wanted, best, columns)

    def _items(self, layout: _Layout, rows: Iterator[tuple[Row, int, int]], tally: _Tally) -> Iterator[Line]:
        readers = readers_of(self.mapping, self._today)
        make = line_maker(self.mapping, layout.positions, readers)
        counts, sums, width = tally.counts, tally.sums, layout.width
        code, opened = LINE_COLUMNS.index("currency"), LINE_COLUMNS.index("open_amount")
        for source in (iter(layout.pending), rows):
            for row, first, last in source:
                try:
                    if len(row) != width:
                        _fit(row, layout)
                    row.append("")
                    line = make(row, last, f"line {first}")
                except Refused as error:
                    if not any(row):
                        continue
                    cells = {name: row[at] if at < len(row) else "" for name, at in layout.positions.items()}
                    if self._is_no_item(row, cells, layout, readers):
                        tally.leave_out(first)
                        self._take_total(cells, tally, first, readers)
                        continue
                    tally.rejected += 1
                    place = f"line {first}" if first == last else f"lines {first} to {last}"
                    # In a shifted row no cell is certain to be what its column says.
                    keys = {} if error.code == "row.cells" else keys_of(cells, self.mapping, readers)
                    yield rejected_line(error, last, place, keys)
                else:
                    currency: str = line[code]  # pyright: ignore[reportAssignmentType]
                    counts[currency] += 1
                    sums[currency] += line[opened]  # pyright: ignore[reportOperatorIssue]
                    yield line

    def _is_no_item(self, row: Row, cells: Mapping[str, str], layout: _Layout, readers: Readers) -> bool:
        """Whether a refused row is a total, a repeated header or a remark."""
        filled = [cell for cell in row if cell]
        if filled == [cell for cell in layout.header if cell]:
            return True
        named = any(map(is_total_word, filled))
        if len(filled) == 1 and not named:
            return " " in filled[0]
        if cells["document_number"] and (cells.get("invoice_date") or cells.get("due_date")):
            return False
        if any(map(cells.get, ("customer_number", "document_number", "invoice_date", "due_date"))):
            return named
        try:
            amounts_of(cells, self.mapping, readers)
        except Refused:
            return named
        return True

    def _take_total(self, cells: Mapping[str, str], tally: _Tally, line: int, readers: Readers) -> None:
        with suppress(Refused):
            tally.total, _ = amounts_of(cells, self.mapping, readers)
            tally.total_of = f"total row on line {line}"


def check_mapping(mapping: CsvMapping) -> None:
    """Raises `Invalid` when a mapping lacks a needed field or leaves the decimal sign open."""
    missing = [name for name in _REQUIRED if name not in mapping.columns]
    if "open_amount" not in mapping.columns and mapping.sign != "columns":
        missing.append("open_amount")
    if not {"invoice_date", "due_date"} & mapping.columns.keys():
        missing.append("invoice_date")
    if missing:
        headers = ", ".join(mapping.headers) or "unknown"
        raise Invalid(
            missing[0],
            f"No column is known for {', '.join(missing)}.",
            remedy=f"Say which: --map {missing[0]}=COLUMN. Columns of the file: {headers}.",
            code="mapping.missing",
            missing=missing,
        )
    if mapping.decimal is None:
        samples = mapping.evidence.get("open_amount")
        shown = f" such as {', '.join(samples.samples)}" if samples else ""
        raise Invalid(
            "decimal",
            f"Amounts{shown} can be read as thousands or as decimals.",
            remedy="Say which sign comes before the cents: --map decimal=, or --map decimal=.",
            code="mapping.decimal",
        )
    for name in mapping.columns:
        if name not in COLUMN_FIELDS:
            raise Invalid(name, f"{name!r} is not a field.", code="mapping.unknown")


def _headerless(columns: Mapping[str, str | int], rows: Iterator[tuple[Row, int, int]], skip: int) -> _Layout:
    for row in rows:
        if row[1] <= skip or not any(row[0]):
            continue
        width = len(row[0])
        for name, column in columns.items():
            if not isinstance(column, int) or column > width:
                raise Invalid(
                    name,
                    f"There is no column {column!r} for {name}: the first row has {width} cells.",
                    remedy=f"Without a header, columns are numbered: --map {name}=1",
                    code="mapping.header_unknown",
                )
        positions = {name: int(c) - 1 for name, c in columns.items()}
        return _Layout(positions, width, 0, pending=[row])
    raise Invalid("file", "The file is empty.", remedy="Export it again.", code="file.empty")


def _positions(columns: Mapping[str, str | int], header: Row) -> dict[str, int]:
    names = [cell.casefold() for cell in header]
    positions: dict[str, int] = {}
    for name, column in columns.items():
        at = column - 1 if isinstance(column, int) else names.index(column.casefold())
        if isinstance(column, int) and at >= len(header):
            raise _missing_header({str(column)}, header, columns)
        if isinstance(column, str) and names.count(column.casefold()) > 1:
            raise Invalid(
                name,
                f"The header has {column!r} more than once.",
                remedy=f"Say which by its number: --map {name}={at + 1}",
                code="mapping.header_twice",
            )
        positions[name] = at
    return positions


def _missing_header(wanted: set[str], header: Row, columns: Mapping[str, str | int]) -> Invalid:
    seen = {cell.casefold() for cell in header}
    lost = [
        f"{column} (for {name})"
        for name, column in columns.items()
        if str(column).casefold() in wanted - seen
    ]
    first = next((n for n, c in columns.items() if str(c).casefold() in wanted - seen), "header")
    return Invalid(
        first,
        f"The file has no column {', '.join(lost)}.",
        remedy=f"Its columns: {', '.join(filter(None, header))}. Correct it with --map {first}=COLUMN.",
        code="mapping.header_unknown",
    )


def _fit(row: Row, layout: _Layout) -> None:
    """Cuts empty cells too many, adds lost ones behind the last field used; refuses a row that is shifted."""
    width = layout.width
    if len(row) > width and not any(row[width:]):
        del row[width:]
        return
    if max(layout.positions.values()) < len(row) < width:
        row.extend([""] * (width - len(row)))
        return
    raise Refused(
        "row.cells",
        f"the row has {len(row)} cells and the file {width}",
        "Look for a missing quote or a separator within a text.",
    )
