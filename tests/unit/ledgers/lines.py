"""What the tests of the readers share: lines by name, and small files."""

import datetime as dt
from pathlib import Path

from app.adapters.ledgers import guess_mapping, open_source
from app.services.exchange.rows import LINE_COLUMNS

TODAY = dt.date(2026, 11, 22)
HEADER = "Debiteurnummer;Naam;Factuurnummer;Factuurdatum;Vervaldatum;Openstaand"


def named(line):
    return dict(zip(LINE_COLUMNS, line, strict=True))


def read(path, **options):
    source = open_source(path, today=TODAY, **options)
    return [named(line) for line in source.lines()], source


def read_text(tmp_path, text, *, corrections=(), encoding="utf-8"):
    path = tmp_path / "export.csv"
    path.write_bytes(text.encode(encoding) if isinstance(text, str) else text)
    return read(path, mapping=guess_mapping(path).with_corrections(corrections))


def accepted(lines):
    return [line for line in lines if line["error_code"] is None]


def rejected(lines):
    return [line for line in lines if line["error_code"] is not None]


DATA = Path(__file__).resolve().parents[2] / "data" / "xaf"
