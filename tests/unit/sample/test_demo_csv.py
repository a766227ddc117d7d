"""The file that a newcomer imports first."""

import datetime as dt
from decimal import Decimal
from pathlib import Path

from app import config
from app.adapters.ledgers.source import open_source
from app.services.exchange.rows import LINE_COLUMNS
from app.services.sample.demo_csv import write_demo_csv

SHIPPED = config.RESOURCES / "sample" / "openstaande-posten.csv"
SHIPPED_ON = dt.date(2026, 11, 23)


def test_the_shipped_file_is_what_the_generator_writes(tmp_path: Path):
    count = write_demo_csv(tmp_path / "again.csv", SHIPPED_ON)

    assert (tmp_path / "again.csv").read_bytes() == SHIPPED.read_bytes()
    assert count == len(SHIPPED.read_bytes().splitlines()) - 1


def test_it_is_read_without_a_mapping_and_without_a_bad_line():
    lines = [
        dict(zip(LINE_COLUMNS, line, strict=True)) for line in open_source(SHIPPED, today=SHIPPED_ON).lines()
    ]

    assert len(lines) > 60
    assert [line["error"] for line in lines if line["error"]] == []
    assert all(line["customer_number"] and line["due_date"] and line["open_amount"] for line in lines)
    assert {line["customer_kind"] for line in lines} >= {"consumer", "business", "government"}
    assert {line["document_type"] for line in lines} >= {"invoice", "credit_note"}
    smit = next(line for line in lines if line["customer_name"] == "Loodgietersbedrijf Smit & Van Rijn B.V.")
    assert smit["city"] == "Ede"
    assert smit["iban"] or smit["email"]


def test_part_payments_and_credits_keep_their_sign():
    lines = [
        dict(zip(LINE_COLUMNS, line, strict=True)) for line in open_source(SHIPPED, today=SHIPPED_ON).lines()
    ]
    amounts = [(line["original_amount"], line["open_amount"]) for line in lines]

    assert any(Decimal(0) < rest < whole for whole, rest in amounts)
    assert any(rest < 0 for _, rest in amounts)
