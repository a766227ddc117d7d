"""Readers of what bookkeeping programs export: CSV lists of open items and XAF audit files."""

from app.adapters.ledgers.guessing import guess_mapping
from app.adapters.ledgers.source import FORMATS, Source, detect_format, open_source

__all__ = ["FORMATS", "Source", "detect_format", "guess_mapping", "open_source"]
