"""What stands on the pages, collected first and written when their number is known."""

from __future__ import annotations

import io
from dataclasses import dataclass, field
from datetime import date
from functools import lru_cache
from typing import Any, cast

from reportlab.lib.utils import ImageReader
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfgen.canvas import Canvas

from app.adapters.pdf import fonts
from app.adapters.pdf.sheet import HEIGHT, WIDTH

INK, SOFT, FAINT = "#1A2330", "#4D5867", "#5F6B7A"
LINE, EDGE, BAND = "#E1E5EA", "#C2C9D3", "#F2F4F8"
_CURVE = 0.5523


@dataclass(frozen=True, slots=True)
class _Text:
    x: float
    y: float
    text: str
    font: str
    size: float
    color: str


@dataclass(slots=True)
class Page:
    """Shapes lie under the texts; `y` everywhere is in points from the top of the sheet."""

    shapes: list[str] = field(default_factory=list[str])
    texts: list[_Text] = field(default_factory=list[_Text])
    images: list[tuple[bytes, float, float, float, float]] = field(
        default_factory=list[tuple[bytes, float, float, float, float]]
    )

    def text(
        self, x: float, y: float, text: str, *, size: float, bold: bool = False, color: str = INK
    ) -> None:
        """`text` with its baseline at `y`, from `x` to the right."""
        font = fonts.BOLD if bold else fonts.REGULAR
        self.texts.append(_Text(x, HEIGHT - y, fonts.drawable(text), font, size, color))

    def text_right(
        self, x: float, y: float, text: str, *, size: float, bold: bool = False, color: str = INK
    ) -> None:
        """`text` that ends at `x`."""
        shown = fonts.drawable(text)
        wide = fonts.width(shown, fonts.BOLD if bold else fonts.REGULAR, size)
        self.text(x - wide, y, shown, size=size, bold=bold, color=color)

    def line(self, x1: float, x2: float, y: float, *, color: str = LINE, thick: float = 0.6) -> None:
        self.shapes.append(
            f"{_rgb(color)} RG {thick} w {x1:.2f} {HEIGHT - y:.2f} m {x2:.2f} {HEIGHT - y:.2f} l S"
        )

    def band(self, x: float, y: float, wide: float, high: float, *, color: str) -> None:
        self.shapes.append(f"{_rgb(color)} rg {x:.2f} {HEIGHT - y - high:.2f} {wide:.2f} {high:.2f} re f")

    def rounded(
        self,
        x: float,
        y: float,
        wide: float,
        high: float,
        *,
        radius: float,
        fill: str = "",
        edge: str = "",
    ) -> None:
        """A box with round corners, filled with `fill` or drawn with a thin `edge`."""
        paint = f"{_rgb(fill)} rg" if fill else f"{_rgb(edge)} RG 0.8 w"
        path = _round_path(x, HEIGHT - y - high, wide, high, radius)
        self.shapes.append(f"{paint} {path} {'f' if fill else 'S'}")

    def squares(self, path: str, x: float, y: float, side: float) -> None:
        """A path in units of `side`, its top left corner at `x`, `y`, filled with ink."""
        self.shapes.append(
            f"q {_rgb(INK)} rg {side:.4f} 0 0 {-side:.4f} {x:.2f} {HEIGHT - y:.2f} cm {path} f Q"
        )

    def fitted_width(self, png: bytes, high: float) -> float:
        """How wide a picture is when it is `high` points high."""
        wide, tall = _picture(png).getSize()
        return high * wide / tall

    def image(self, png: bytes, x: float, y: float, wide: float, high: float) -> None:
        self.images.append((png, x, HEIGHT - y - high, wide, high))


@dataclass(frozen=True, slots=True)
class Marks:
    """What a PDF says about itself; `language` as in `nl-NL`, `dated` the day of the letter."""

    title: str
    author: str
    subject: str
    language: str
    dated: date

    def stamp(self, *_clock: int) -> str:
        """The day of the letter in place of the clock's."""
        return f"D:{self.dated:%Y%m%d}120000+00'00'"


def written(pages: list[Page], marks: Marks) -> bytes:
    """The PDF of `pages`. The same pages always give the same bytes: no clock and no random identity."""
    fonts.register()
    buffer = io.BytesIO()
    canvas: Any = cast("Any", Canvas)(
        buffer,
        pagesize=(WIDTH, HEIGHT),
        initialFontName=fonts.REGULAR,  # else each page names Helvetica, which is not embedded
        invariant=1,
        pageCompression=1,
        lang=marks.language,
    )
    canvas.setTitle(marks.title)
    canvas.setAuthor(marks.author)
    canvas.setSubject(marks.subject)
    canvas.setCreator("Tegoed")
    canvas.setDateFormatter(marks.stamp)
    canvas.setViewerPreference("DisplayDocTitle", "true")
    for page in pages:
        canvas.addLiteral("\n".join(page.shapes))
        for png, x, y, wide, high in page.images:
            canvas.drawImage(_picture(png), x, y, wide, high, mask="auto")
        canvas.addLiteral(_shown(page.texts, canvas))
        canvas.showPage()
    canvas.save()
    return buffer.getvalue()


def _shown(texts: list[_Text], canvas: Any) -> str:
    """All texts of a page in one text object; font and colour are set where they change."""
    document = canvas._doc  # noqa: SLF001 - subsets belong to a document, and there is no public door to it
    parts = ["BT"]
    color = font_size = None
    for text in texts:
        if text.color != color:
            parts.append(f"{_rgb(text.color)} rg")
            color = text.color
        parts.append(f"1 0 0 1 {text.x:.2f} {text.y:.2f} Tm")
        font: Any = pdfmetrics.getFont(text.font)
        for subset, code in font.splitString(text.text, document):
            wanted = (font.getSubsetInternalName(subset, document), text.size)
            if wanted != font_size:
                parts.append(f"{wanted[0]} {text.size:g} Tf")
                font_size = wanted
            parts.append(f"({canvas._escape(code)}) Tj")  # noqa: SLF001 - the escape its own texts use
    parts.append("ET")
    return "\n".join(parts)


@lru_cache(maxsize=16)
def _picture(png: bytes) -> ImageReader:
    return ImageReader(io.BytesIO(png))


@lru_cache(maxsize=64)
def _rgb(color: str) -> str:
    return " ".join(f"{int(color[i : i + 2], 16) / 255:.4f}" for i in (1, 3, 5))


def _round_path(x: float, y: float, wide: float, high: float, r: float) -> str:
    k = r * (1 - _CURVE)
    right, top = x + wide, y + high
    return (
        f"{x + r:.2f} {y:.2f} m {right - r:.2f} {y:.2f} l "
        f"{right - k:.2f} {y:.2f} {right:.2f} {y + k:.2f} {right:.2f} {y + r:.2f} c "
        f"{right:.2f} {top - r:.2f} l "
        f"{right:.2f} {top - k:.2f} {right - k:.2f} {top:.2f} {right - r:.2f} {top:.2f} c "
        f"{x + r:.2f} {top:.2f} l "
        f"{x + k:.2f} {top:.2f} {x:.2f} {top - k:.2f} {x:.2f} {top - r:.2f} c "
        f"{x:.2f} {y + r:.2f} l "
        f"{x:.2f} {y + k:.2f} {x + k:.2f} {y:.2f} {x + r:.2f} {y:.2f} c h"
    )
