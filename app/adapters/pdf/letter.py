"""One letter as a PDF: A4, embedded fonts, the same bytes for the same facts.

Drawn straight on the page with its own small layout: a portfolio's letters go through here one by one, and
half of what one costs is the QR code already.
"""

from __future__ import annotations

from app.adapters.pdf.flow import STYLES, Flow, Style
from app.adapters.pdf.frame import draw_feet, draw_frame, draw_running_head
from app.adapters.pdf.pages import EDGE, FAINT, SOFT, Marks, Page, written
from app.adapters.pdf.qr import QrPath, qr_path
from app.adapters.pdf.sheet import LEFT, MM, RIGHT, SHEETS
from app.adapters.pdf.tables import (
    INTEREST_COLUMNS,
    ITEM_COLUMNS,
    draw_heading,
    draw_table,
    draw_total,
    total_height,
)
from app.adapters.pdf.wrapping import shrunk, wrapped_text
from app.services.correspondence.labels import Labels, function_line, labels, one_line
from app.services.correspondence.rows import Communication
from app.services.correspondence.statement import Statement, statement
from app.services.correspondence.texts import LetterText, Merged, Paragraph, merge

_LONG = 4  # pages from which no smaller print saves one that matters
_PDF_LANGUAGES = {"nl": "nl-NL", "en": "en-GB"}


def render_letter(c: Communication, text: LetterText | None = None) -> bytes:
    """The letter of `c`, in the shipped text unless `text` is given.

    Raises `RuleBroken` when its sums do not add up or a 14-day letter lacks its locked block, `Invalid` when
    our own account or reference is wrong.
    """
    merged = merge(c, text)
    figures = statement(c)
    code = qr_path(figures.qr) if figures.qr else None
    pages = _fewest_pages(c, merged, figures, code)
    draw_feet(pages, c)
    marks = Marks(
        title=f"{merged.subject} · {one_line(c.addressee.number)}",
        author=one_line(c.sender.company_name),
        subject=one_line(c.our_reference),
        language=_PDF_LANGUAGES[c.language],
        dated=c.letter_date,
    )
    return written(pages, marks)


def _fewest_pages(c: Communication, merged: Merged, figures: Statement, code: QrPath | None) -> list[Page]:
    best: list[Page] = []
    for style in STYLES:
        pages = _composed(c, merged, figures, code, style)
        if not best or len(pages) < len(best):
            best = pages
        if len(pages) == 1 or len(pages) >= _LONG:
            break
    return best


def _composed(
    c: Communication, merged: Merged, figures: Statement, code: QrPath | None, style: Style
) -> list[Page]:
    flow = Flow(style, lambda page: draw_running_head(page, c))
    draw_frame(flow.page, c)
    _draw_subject(flow, c, merged)
    for paragraph in merged.opening:
        flow.paragraph(paragraph)
    _draw_figures(flow, figures, labels(c.language))
    _draw_payment_box(flow, figures, code, labels(c.language))
    _draw_body(flow, c, merged)
    _draw_signature(flow, c, merged)
    _draw_specification(flow, figures, labels(c.language))
    return flow.pages


def _draw_subject(flow: Flow, c: Communication, merged: Merged) -> None:
    flow.y = SHEETS[c.sender.window].subject * MM
    for index, line in enumerate(wrapped_text(merged.subject, 12, RIGHT - LEFT, bold=True)):
        flow.y += 16 if index else 0
        flow.page.text(LEFT, flow.y, line, size=12, bold=True)
    flow.y += flow.style.salutation
    flow.page.text(LEFT, flow.y, merged.salutation, size=flow.style.body)
    flow.y += flow.style.leading * 0.27 + flow.style.gap * 1.6


def _draw_figures(flow: Flow, figures: Statement, words: Labels) -> None:
    after = total_height(flow, figures)
    if figures.rows:
        draw_table(flow, ITEM_COLUMNS, figures.head, figures.rows, keep_last=0 if figures.also_due else after)
    if figures.also_due:
        draw_heading(flow, words["also_due"], rows=len(figures.also_due))
        draw_table(flow, ITEM_COLUMNS, figures.head, figures.also_due, keep_last=after)
    draw_total(flow, figures)


def _draw_payment_box(flow: Flow, figures: Statement, code: QrPath | None, words: Labels) -> None:
    style = flow.style
    pad = 4.9 * MM
    text_high = (len(figures.payment) + 1) * style.box_line + 2 * 3.2 * MM
    qr_side = style.qr * MM
    height = max(text_high, qr_side + 11.2 * MM) if code else text_high
    flow.keep(height + style.gap)
    top, page = flow.y, flow.page
    page.rounded(LEFT, top, RIGHT - LEFT, height, radius=1.6 * MM, edge=EDGE)
    room = RIGHT - LEFT - 2 * pad - 25 * MM - (qr_side + 4 * MM if code else 0)
    y = top + 6.9 * MM
    page.text(LEFT + pad, y, words["how_to_pay"], size=style.body + 0.4, bold=True)
    y += 1.2 * MM
    for label, value, important in figures.payment:
        y += style.box_line
        page.text(LEFT + pad, y, label, size=style.small, color=SOFT)
        size = shrunk(value, style.body, room, least=5, bold=important)
        page.text(LEFT + pad + 25 * MM, y, value, size=size, bold=important)
    if code:
        x = RIGHT - pad - qr_side
        page.squares(code.path, x, top + 3.9 * MM, qr_side / code.modules)
        page.text_right(RIGHT - pad, top + 3.9 * MM + qr_side + 5.3 * MM, words["scan"], size=8, color=SOFT)
    flow.y = top + height + style.gap * 1.7


def _draw_body(flow: Flow, c: Communication, merged: Merged) -> None:
    locked: list[Paragraph] = [p for p in merged.body if p.locked]
    for paragraph in merged.body:
        if not paragraph.locked:
            flow.paragraph(paragraph)
        elif paragraph is locked[0]:
            flow.boxed(tuple(locked), c.sender.accent)
    if c.sender.complaint_line:
        flow.small_lines(one_line(c.sender.complaint_line), color=SOFT)
        flow.y += flow.style.gap


def _draw_signature(flow: Flow, c: Communication, merged: Merged) -> None:
    """Greeting, name and function in one piece; the enclosures beside the function."""
    words, style, sender = labels(c.language), flow.style, c.sender
    flow.keep(style.before_greeting + 2 * style.leading + style.signature)
    flow.y += style.before_greeting
    flow.page.text(LEFT, flow.y + style.leading * 0.45, merged.closing, size=style.body)
    flow.y += style.leading * 0.45 + style.signature
    name = one_line(sender.signer_name) or one_line(sender.company_name)
    flow.page.text(LEFT, flow.y, name, size=style.body, bold=True)
    flow.y += style.leading
    flow.page.text(LEFT, flow.y, function_line(sender, c.language), size=9, color=SOFT)
    if c.enclosures:
        key = "enclosure_one" if c.enclosures == 1 else "enclosures_many"
        flow.page.text_right(RIGHT, flow.y, words[key].format(count=c.enclosures), size=9, color=SOFT)


def _draw_specification(flow: Flow, figures: Statement, words: Labels) -> None:
    """How interest and costs were reckoned, under the letter proper: periods, rates and legal grounds."""
    if figures.interest_notes:
        flow.y += flow.style.leading
    if figures.interest_rows:
        draw_heading(flow, words["interest_heading"], rows=len(figures.interest_rows))
        draw_table(flow, INTEREST_COLUMNS, figures.interest_head, figures.interest_rows)
    if figures.interest_notes:
        flow.y += 2
    for note in figures.interest_notes:
        flow.small_lines(note, color=FAINT, inset=1.5 * MM)
