"""The one door to files of bookkeeping programs: what a file is, is told by its content, not by its name."""

from __future__ import annotations

import datetime as dt
import re
from pathlib import Path

from app.adapters.ledgers.csv_source import CsvSource
from app.adapters.ledgers.guessing import guess_mapping
from app.adapters.ledgers.text import encoding_of, head_of, utf16_of
from app.adapters.ledgers.xaf_source import XafSource
from app.errors import Invalid
from app.services.exchange.rows import CsvMapping

FORMATS = ("csv", "xaf")
Source = CsvSource | XafSource


def open_source(
    path: Path,
    *,
    format: str | None = None,  # noqa: A002 the word of the command line
    mapping: CsvMapping | None = None,
    today: dt.date,
) -> Source:
    """Opens a file of open items as a source of lines; see `LedgerSource`.

    `format` is `csv`, `xaf` or None to look. A CSV without a `mapping` is guessed. `today` judges only
    whether a date can be true. Raises `Invalid` for what is no such file or not yet understood, `SourceAway`
    when it cannot be read.
    """
    head = head_of(path)
    kind = format or detect_format(path, head)
    if kind == "csv":
        return CsvSource(path, mapping or guess_mapping(path), today)
    if kind == "xaf":
        return XafSource(path, today, default_term=mapping.default_payment_term if mapping else 30)
    raise Invalid(
        "format",
        f"{kind!r} is not a known format.",
        remedy=f"Use {', '.join(FORMATS)}.",
        code="format.unknown",
    )


def detect_format(path: Path, head: bytes) -> str:
    """`xaf` for XML with the root of an audit file, `csv` for other text; other XML is refused."""
    text = head.decode(encoding_of(head), errors="replace") if utf16_of(head) else head.decode("latin-1")
    start = text.lstrip("\ufeffï»¿ \t\r\n")
    if not start.startswith("<"):
        return "csv"
    root = re.search(r"<(?![?!])(?:[\w.-]+:)?([\w.-]+)", start)
    if root and root[1] == "auditfile":
        return "xaf"
    raise Invalid(
        "file",
        f"{path.name} is XML but no audit file: it begins with <{root[1] if root else '?'}>.",
        remedy="Export an XML auditfile financieel (XAF 3.2), or CSV.",
        code="file.xml_unknown",
    )
