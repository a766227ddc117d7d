"""The A4 sheet: where the window is, where the paper folds and where text may stand (mm from the top left).

Dutch windows follow the practice of NEN 1026 (address from x 35 or 105, y 48 to 79), German ones DIN 5008.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from app.services.correspondence.rows import Window

MM = 72 / 25.4
WIDTH, HEIGHT = 210 * MM, 297 * MM
LEFT, RIGHT = 25 * MM, 190 * MM
BOTTOM = 277.5 * MM
FOOT = 281.8 * MM
NEXT_PAGE_TOP = 31 * MM
MARK_AT, MARK_LONG = 4 * MM, 4 * MM


@dataclass(frozen=True, slots=True)
class Sheet:
    """One kind of window.

    The address stands in the box (x, top, width, height); `return_line` is the baseline of the small line
    with our own address, None where the window has no room for it. `details` is the left edge of date and
    references, `subject` the baseline of the subject. `folds` are marked at the edge, as is `hole`.
    """

    x: float
    top: float
    width: float
    height: float
    details: float
    details_top: float
    subject: float
    folds: tuple[float, ...]
    head: float = 16.9
    return_line: float | None = None
    hole: float | None = None


SHEETS: Mapping[Window, Sheet] = {
    "right": Sheet(105, 50.8, 83, 28, 25, 54.5, 98, (107,)),
    "left": Sheet(35, 50.8, 83, 28, 125, 54.5, 98, (107,)),
    "din_a": Sheet(25, 44.7, 78, 27.3, 125, 48.4, 90, (87, 192), head=10, return_line=42.5, hole=148.5),
    "din_b": Sheet(25, 62.7, 78, 27.3, 125, 66.4, 108, (105, 210), return_line=60.5, hole=148.5),
}
