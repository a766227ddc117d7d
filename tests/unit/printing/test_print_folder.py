"""Letters for a print room."""

from __future__ import annotations

import errno
import os
from datetime import date

import pytest

from app.adapters.pdf.letter import render_letter
from app.adapters.printing.print_folder import PrintFolder
from app.errors import PrinterAway
from tests.unit.letters.demo import consumer_notice

FACTS = {"letter_date": date(2026, 11, 23), "customer_number": "20417", "stage": "notice14"}


def test_a_letter_lies_ready_to_print_once(tmp_path):
    letter = render_letter(consumer_notice())
    folder = PrintFolder(tmp_path / "print")
    first = folder.deliver(letter, delivery_id="0198-77", **FACTS)
    assert first.path.name == "2026-11-23_20417_VD_0198-77.pdf"
    assert first.path.read_bytes() == letter
    assert folder.deliver(letter, delivery_id="0198-77", **FACTS).already_there
    assert len(list(first.path.parent.iterdir())) == 1


def test_a_full_disk_is_the_printer_being_away(tmp_path, monkeypatch):
    def full(*_args):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(PrinterAway) as refused:
        PrintFolder(tmp_path).deliver(b"pdf", delivery_id="1", **FACTS)
    assert refused.value.code == "folder.full"
    assert list(tmp_path.iterdir()) == []
