"""Text that runs down the sheets: a cursor, page breaks and paragraphs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from app.adapters.pdf.pages import BAND, INK, Page
from app.adapters.pdf.sheet import BOTTOM, LEFT, MM, NEXT_PAGE_TOP, RIGHT
from app.adapters.pdf.wrapping import wrapped, wrapped_text
from app.services.correspondence.texts import Paragraph


@dataclass(frozen=True, slots=True)
class Style:
    """Sizes and distances in points, one of `STYLES`: the roomiest that needs the fewest pages is taken."""

    body: float = 10
    leading: float = 14.5
    gap: float = 5.2
    cell: float = 9.5
    row: float = 18
    small: float = 8.5
    box_line: float = 15.2
    before_greeting: float = 10
    signature: float = 28
    salutation: float = 29.2
    qr: float = 31  # millimetres


NORMAL = Style()
STYLES = (
    NORMAL,
    Style(
        leading=13.6, gap=4.6, row=17, box_line=14.4, before_greeting=8, signature=27, salutation=26, qr=29
    ),
    Style(
        body=9.3,
        leading=12.4,
        gap=3.8,
        cell=9,
        row=15.4,
        small=8,
        box_line=13,
        before_greeting=5,
        signature=23,
        salutation=22,
        qr=26,
    ),
)


@dataclass(slots=True)
class Flow:
    """Where the next line goes: `y` is the lower edge of what stands there, in points from the top.

    `on_new_page` draws what every further page starts with.
    """

    style: Style
    on_new_page: Callable[[Page], None]
    pages: list[Page] = field(default_factory=lambda: [Page()])
    y: float = 0.0

    @property
    def page(self) -> Page:
        return self.pages[-1]

    def room(self) -> float:
        return BOTTOM - self.y

    def keep(self, height: float) -> bool:
        """Make sure that `height` fits in one piece; True when a new page was begun for it."""
        if height <= self.room() or self.y <= NEXT_PAGE_TOP:
            return False
        self.new_page()
        return True

    def new_page(self) -> None:
        self.pages.append(Page())
        self.on_new_page(self.page)
        self.y = NEXT_PAGE_TOP

    def paragraph(self, paragraph: Paragraph) -> None:
        """One paragraph in one piece, and the gap under it."""
        lines = wrapped(paragraph.runs, self.style.body, RIGHT - LEFT)
        self.keep(len(lines) * self.style.leading)
        for line in lines:
            self.y += self.style.leading
            for at, text, bold in line:
                self.page.text(LEFT + at, self._baseline(), text, size=self.style.body, bold=bold)
        self.y += self.style.gap

    def boxed(self, paragraphs: tuple[Paragraph, ...], accent: str) -> None:
        """Paragraphs on a band with a bar of the accent colour: the words that must not be overlooked."""
        inset, style = 4.5 * MM, self.style
        blocks = [wrapped(p.runs, style.body, RIGHT - LEFT - 2 * inset) for p in paragraphs]
        height = (
            sum(map(len, blocks)) * style.leading
            + (len(blocks) - 1) * style.gap * 0.7
            + 2 * style.gap
            + style.small * 0.4
        )
        self.keep(height)
        self.page.band(LEFT, self.y, RIGHT - LEFT, height, color=BAND)
        self.page.band(LEFT, self.y, 0.9 * MM, height, color=accent)
        below = self.y + height
        self.y += style.gap
        for block in blocks:
            for line in block:
                self.y += style.leading
                for at, text, bold in line:
                    self.page.text(LEFT + inset + at, self._baseline(), text, size=style.body, bold=bold)
            self.y += style.gap * 0.7
        self.y = below + style.gap * 1.6

    def small_lines(self, text: str, *, color: str = INK, inset: float = 0.0) -> None:
        """Small words over the whole width, without a gap under them."""
        size = self.style.small
        for line in wrapped_text(text, size, RIGHT - LEFT - inset):
            self.keep(size * 1.4)
            self.y += size * 1.4
            self.page.text(LEFT + inset, self.y - size * 0.35, line, size=size, color=color)

    def _baseline(self) -> float:
        return self.y - self.style.leading * 0.27
