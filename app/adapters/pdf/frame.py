"""What stands around the text of a letter: letterhead, window, references, marks and feet."""

from __future__ import annotations

from collections.abc import Sequence

from app.adapters.pdf import fonts
from app.adapters.pdf.pages import EDGE, FAINT, INK, SOFT, Page
from app.adapters.pdf.sheet import FOOT, LEFT, MARK_AT, MARK_LONG, MM, RIGHT, SHEETS, Sheet
from app.adapters.pdf.wrapping import broken, shrunk, wrapped_text
from app.domain.money import format_date
from app.services.correspondence.labels import (
    LINES_IN_WINDOW,
    Labels,
    address_lines,
    identity_line,
    labels,
    one_line,
)
from app.services.correspondence.rows import Communication, Sender

_LOGO = 10 * MM
_LOGO_WIDEST = 55 * MM


def draw_frame(page: Page, c: Communication) -> None:
    """The first page without its text."""
    sheet = SHEETS[c.sender.window]
    _draw_marks(page, sheet)
    _draw_head(page, c.sender, sheet, labels(c.language))
    _draw_address(page, c, sheet)
    _draw_details(page, c, sheet)


def draw_running_head(page: Page, c: Communication) -> None:
    """What a further page starts with: whose letter, which one, of when."""
    words = labels(c.language)
    left = " · ".join(
        part
        for part in (one_line(c.sender.company_name), one_line(c.our_reference), words["continued"])
        if part
    )
    date_text = format_date(c.letter_date, c.language)
    size = shrunk(left, 8.5, RIGHT - LEFT - 45 * MM, least=5)
    page.text(LEFT, 20 * MM, left, size=size, color=SOFT)
    page.text_right(RIGHT, 20 * MM, date_text, size=8.5, color=SOFT)
    page.line(LEFT, RIGHT, 22.5 * MM)


def draw_feet(pages: Sequence[Page], c: Communication) -> None:
    """Who we are by law and bank under each page, and which page it is."""
    foot = fonts.drawable(identity_line(c.sender, c.language))
    room = RIGHT - LEFT - 16 * MM
    size = shrunk(foot, 7.5, room, least=6)
    lines = wrapped_text(foot, size, room)
    for number, page in enumerate(pages, start=1):
        page.line(LEFT, RIGHT, FOOT, color=EDGE)
        for index, line in enumerate(lines):
            page.text(LEFT, FOOT + 3.6 * MM + index * size * 1.25, line, size=size, color=FAINT)
        page.text_right(RIGHT, FOOT + 3.6 * MM, f"{number}/{len(pages)}", size=8, color=FAINT)


def _draw_marks(page: Page, sheet: Sheet) -> None:
    for fold in sheet.folds:
        page.line(MARK_AT, MARK_AT + MARK_LONG, fold * MM, color=EDGE, thick=0.5)
    if sheet.hole:
        page.line(MARK_AT, MARK_AT + MARK_LONG * 1.5, sheet.hole * MM, color=EDGE, thick=0.5)


def _draw_head(page: Page, sender: Sender, sheet: Sheet, words: Labels) -> None:
    top = sheet.head * MM
    x = LEFT + _draw_logo(page, sender, top)
    room = 108 * MM - x
    name, trade = one_line(sender.company_name), one_line(sender.trade_line)
    size = shrunk(name, 13, room, least=8.5, bold=True)
    lines = wrapped_text(fonts.drawable(name), size, room, bold=True)
    y = top + (3.9 if trade or len(lines) > 1 else 6.2) * MM
    for line in lines:
        page.text(x, y, line, size=size, bold=True)
        y += size * 1.25
    if trade:
        y = max(y, top + 9.1 * MM)
        page.text(x, y, trade, size=shrunk(trade, 10, room, least=6), color=SOFT)
    phone = f"{words['phone']} {one_line(sender.phone)}" if sender.phone else ""
    if phone and sender.phone_hours:
        phone += f"  ({one_line(sender.phone_hours)})"
    contact = [*map(one_line, sender.address_lines), phone, one_line(sender.email), one_line(sender.website)]
    for index, line in enumerate(line for line in contact if line):
        fitted = shrunk(line, 8, 72 * MM, least=5)
        page.text_right(RIGHT, top + (1.9 + index * 4.15) * MM, line, size=fitted, color=SOFT)


def _draw_logo(page: Page, sender: Sender, top: float) -> float:
    """The logo, or the first letter of the name on the accent colour; how far in the name begins."""
    if sender.logo is not None:
        wide = min(page.fitted_width(sender.logo, _LOGO), _LOGO_WIDEST)
        page.image(sender.logo, LEFT, top, wide, _LOGO)
        return wide + 3.4 * MM
    page.rounded(LEFT, top, _LOGO, _LOGO, radius=1.5 * MM, fill=sender.accent)
    letter = fonts.drawable(one_line(sender.company_name)[:1].upper())
    wide = fonts.width(letter, fonts.BOLD, 17)
    page.text(LEFT + (_LOGO - wide) / 2, top + 7.2 * MM, letter, size=17, bold=True, color="#FFFFFF")
    return _LOGO + 3.4 * MM


def _draw_address(page: Page, c: Communication, sheet: Sheet) -> None:
    """At most six lines in the window: long names are broken over two lines, then made smaller."""
    x, room = sheet.x * MM, sheet.width * MM
    size, lines = _fitted_address(address_lines(c.addressee, c.language), room)
    pitch = min(5.15, sheet.height / (len(lines) or 1) - 0.05) * MM
    first = sheet.top * MM + (10.5 if len(lines) <= 5 else 7.6)
    for index, line in enumerate(lines):
        page.text(x, first + index * pitch, line, size=size)
    if sheet.return_line:
        back = " · ".join(map(one_line, (c.sender.company_name, *c.sender.address_lines)))
        back_size = shrunk(back, 6.5, room, least=4.5)
        page.text(x, sheet.return_line * MM, back, size=back_size, color=FAINT)


def _fitted_address(given: Sequence[str], room: float) -> tuple[float, list[str]]:
    """At most six lines and their size: broken while they fit, then smaller, at last cut one by one.

    Name, street, town and country never go; what lies between name and street goes first.
    """
    for size in (10.5, 9.5, 8.5, 7.5):
        lines = [part for line in given for part in _address_parts(line, size, room)]
        if len(lines) <= LINES_IN_WINDOW:
            return size, lines
    kept = [given[0], *given[1 - LINES_IN_WINDOW :]] if len(given) > LINES_IN_WINDOW else given
    return 8.5, [_cut(line, 8.5, room) for line in kept]


def _cut(line: str, size: float, room: float) -> str:
    shown = fonts.drawable(line)
    if fonts.width(shown, fonts.REGULAR, size) <= room:
        return shown
    return broken(shown, size, room - size)[0].rstrip() + "…"


def _address_parts(line: str, size: float, room: float) -> tuple[str, ...]:
    if fonts.width(fonts.drawable(line), fonts.REGULAR, size) <= room:
        return (line,)  # as it is: the two spaces before the town stay two
    return wrapped_text(line, size, room)


def _draw_details(page: Page, c: Communication, sheet: Sheet) -> None:
    words = labels(c.language)
    details = (
        (words["date"], format_date(c.letter_date, c.language)),
        (words["customer"], one_line(c.addressee.number)),
        (words["our_reference"], one_line(c.our_reference)),
    )
    x = sheet.details * MM
    for index, (label, value) in enumerate(line for line in details if line[1]):
        y = (sheet.details_top + index * 5.2) * MM
        page.text(x, y, label, size=8.5, color=SOFT)
        room = (sheet.x - 25 - 26 if sheet.details == 25 else 42) * MM
        page.text(x + 23 * MM, y, value, size=shrunk(value, 9.5, room, least=5), color=INK)
