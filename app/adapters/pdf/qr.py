"""A QR code as one filled path."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, cast

import segno


@dataclass(frozen=True, slots=True)
class QrPath:
    """`path` in PDF operators, one unit a module, y down; `modules` is the side of the square."""

    path: str
    modules: int


def qr_path(payload: str) -> QrPath:
    """The code of `payload` with error correction M (EPC069-12), neighbouring modules merged to bars."""
    code = segno.make_qr(payload, error="m", boost_error=False, encoding="utf-8")
    matrix = cast("Any", code).matrix
    bars: list[str] = []
    for y, row in enumerate(matrix):
        x = 0
        for dark_run in bytes(row).split(b"\x00"):
            if dark_run:
                bars.append(f"{x} {y} {len(dark_run)} 1 re")
            x += len(dark_run) + 1
    return QrPath(" ".join(bars), len(matrix))
