"""Tables over several pages, each with its head again, and the total under them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from app.adapters.pdf import fonts
from app.adapters.pdf.flow import Flow
from app.adapters.pdf.pages import BAND, FAINT, INK, LINE, SOFT
from app.adapters.pdf.sheet import LEFT, MM, RIGHT
from app.adapters.pdf.wrapping import broken, shrunk, wrapped_text
from app.services.correspondence.statement import Row, Statement

_INSET = 1.5 * MM
_NOTE_SIZE, _NOTE_LEADING = 7.6, 9.6
_LEAST = 6.5


@dataclass(frozen=True, slots=True)
class Column:
    """One column: its outer edges in millimetres from the left of the sheet, and its side."""

    left: float
    right: float
    right_aligned: bool

    @property
    def room(self) -> float:
        return (self.right - self.left) * MM


ITEM_COLUMNS = (
    Column(26.5, 50.7, False),
    Column(51.9, 77, False),
    Column(78, 99.5, True),
    Column(99.5, 121.9, True),
    Column(122.5, 155, True),
    Column(156, 188.5, True),
)
INTEREST_COLUMNS = (
    Column(26.5, 50, False),
    Column(51.9, 78, False),
    Column(79, 94, True),
    Column(94, 121.9, True),
    Column(122.5, 155, True),
    Column(156, 188.5, True),
)


def draw_table(
    flow: Flow,
    columns: Sequence[Column],
    head: Sequence[str],
    rows: Sequence[Row],
    *,
    keep_last: float = 0.0,
) -> None:
    """`rows` under `head`, which is repeated on each page.

    The last row stays on one page with the `keep_last` points that follow it.
    """
    flow.keep(_head_height(flow) + flow.style.row + (keep_last if len(rows) == 1 else 0))
    _draw_head(flow, columns, head)
    for index, row in enumerate(rows):
        lines = _first_cell(row.cells[0], flow, columns[0])
        height = _row_height(flow, len(lines), len(_note_lines(row)))
        if flow.keep(height + (keep_last if index == len(rows) - 1 else 0)):
            _draw_head(flow, columns, head)
        _draw_row(flow, columns, row, lines)
        flow.y += height
        flow.page.line(LEFT, RIGHT, flow.y, color=LINE)


def total_height(flow: Flow, statement: Statement) -> float:
    """What summary and total need, so that the last row can stay with them."""
    return (len(statement.summary) + 1.4) * flow.style.row


def draw_total(flow: Flow, statement: Statement) -> None:
    """The summary, the total over a heavy line, and the small notes under it."""
    style = flow.style
    flow.keep(total_height(flow, statement))
    flow.y += style.row * 0.2 if statement.summary else 0
    for label, amount in statement.summary:
        base = flow.y + style.row * 0.68
        amount_wide = fonts.width(fonts.drawable(amount), fonts.REGULAR, style.cell)
        size = shrunk(label, style.cell, RIGHT - LEFT - amount_wide - 6 * _INSET, least=_LEAST)
        flow.page.text(LEFT + _INSET, base, label, size=size, color=SOFT)
        flow.page.text_right(RIGHT - _INSET, base, amount, size=style.cell)
        flow.y += style.row
    if statement.summary:
        flow.page.line(LEFT, RIGHT, flow.y, color=LINE)
    base = flow.y + style.row * 0.74
    flow.page.text(LEFT + _INSET, base, statement.total_label, size=style.cell + 0.9, bold=True)
    flow.page.text_right(RIGHT - _INSET, base, statement.total, size=style.cell + 0.9, bold=True)
    flow.y += style.row * 1.12
    flow.page.line(LEFT, RIGHT, flow.y, color=INK, thick=0.9)
    flow.y += 1.5
    for note in statement.notes:
        flow.small_lines(note, color=FAINT, inset=_INSET)
    flow.y += style.gap * 1.6


def draw_heading(flow: Flow, text: str, *, rows: int) -> None:
    """A bold line over a table of so many rows, kept with the first two of them."""
    style = flow.style
    flow.keep(style.row * 1.3 + _head_height(flow) + min(rows, 2) * style.row)
    flow.y += style.row * 1.3
    flow.page.text(LEFT + _INSET, flow.y - style.row * 0.35, text, size=style.cell, bold=True)


def _head_height(flow: Flow) -> float:
    return flow.style.row * 1.08


def _draw_head(flow: Flow, columns: Sequence[Column], head: Sequence[str]) -> None:
    height = _head_height(flow)
    flow.page.band(LEFT, flow.y, RIGHT - LEFT, height, color=BAND)
    base = flow.y + height * 0.66
    for column, label in zip(columns, head, strict=True):
        size = shrunk(label, flow.style.small, column.room, least=_LEAST)
        if column.right_aligned:
            flow.page.text_right(column.right * MM, base, label, size=size, color=SOFT)
        else:
            flow.page.text(column.left * MM, base, label, size=size, color=SOFT)
    flow.y += height


def _first_cell(text: str, flow: Flow, column: Column) -> Sequence[str]:
    """A document number in one line where it fits, made smaller, else broken over lines."""
    if fonts.width(fonts.drawable(text), fonts.REGULAR, flow.style.cell * 0.8) <= column.room:
        return (text,)
    return broken(text, flow.style.cell * 0.8, column.room) or ("",)


def _row_height(flow: Flow, lines: int, notes: int) -> float:
    return flow.style.row + (lines - 1) * flow.style.cell * 1.1 + notes * _NOTE_LEADING


def _draw_row(flow: Flow, columns: Sequence[Column], row: Row, lines: Sequence[str]) -> None:
    page, style = flow.page, flow.style
    base = flow.y + style.row * 0.69
    for number, line in enumerate(lines):
        size = shrunk(fonts.drawable(line), style.cell, columns[0].room, least=style.cell * 0.8)
        page.text(columns[0].left * MM, base + number * style.cell * 1.1, line, size=size)
    for index, (column, cell) in enumerate(zip(columns[1:], row.cells[1:], strict=True), start=1):
        # A word in place of the days late may use the empty due date beside it.
        beside = columns[index - 1].room if not row.cells[index - 1] else 0.0
        shown = fonts.drawable(cell)
        size = shrunk(shown, style.cell, column.room + beside, least=_LEAST)
        if column.right_aligned:
            page.text_right(column.right * MM, base, shown, size=size, color=SOFT if beside else INK)
        else:
            page.text(column.left * MM, base, shown, size=size)
    note_base = base + (len(lines) - 1) * style.cell * 1.1
    for note in _note_lines(row):
        note_base += _NOTE_LEADING
        page.text(columns[0].left * MM, note_base, note, size=_NOTE_SIZE, color=FAINT)


def _note_lines(row: Row) -> list[str]:
    return [line for note in row.notes for line in wrapped_text(note, _NOTE_SIZE, RIGHT - LEFT - 2 * _INSET)]
