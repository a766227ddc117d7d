from dataclasses import replace
from decimal import Decimal

import pytest
import segno
from hypothesis import given, settings
from hypothesis import strategies as st

from app.domain.epc import LONGEST_PAYLOAD, CreditTransfer, epc_payload
from app.domain.money import Money
from app.errors import Invalid

quick = settings(max_examples=50, deadline=None)

TRANSFER = CreditTransfer(
    "Voorbeeld Leverancier B.V.", "NL91ABNA0417164300", Money(Decimal(1210)), reference="RF8820260042"
)
WITH_TEXT = replace(TRANSFER, reference="", text="Factuur 20260042 debiteur 10023")


def test_payload_with_a_structured_reference():
    payload = epc_payload(TRANSFER)
    assert payload == (
        "BCD\n002\n1\nSCT\n\nVoorbeeld Leverancier B.V.\nNL91ABNA0417164300\nEUR1210.00\n\nRF8820260042"
    )
    assert len(payload.encode()) == 85


def test_payload_with_free_text():
    assert epc_payload(WITH_TEXT) == (
        "BCD\n002\n1\nSCT\n\nVoorbeeld Leverancier B.V.\nNL91ABNA0417164300\nEUR1210.00\n\n\n"
        "Factuur 20260042 debiteur 10023"
    )


def test_every_element_has_its_own_line():
    full = replace(WITH_TEXT, bic="ABNANL2A", purpose="GDDS", note="Dank u")
    lines = epc_payload(full).split("\n")
    assert (lines[4], lines[8], lines[9], lines[11]) == ("ABNANL2A", "GDDS", "", "Dank u")
    assert len(lines) == 12


def test_the_payload_ends_at_the_last_used_element():
    assert epc_payload(replace(TRANSFER, reference="")).endswith("EUR1210.00")


def test_references_and_ibans_are_written_without_spaces():
    spaced = replace(TRANSFER, iban="nl91 abna 0417 1643 00", reference="RF88 2026 0042")
    assert epc_payload(spaced) == epc_payload(TRANSFER)


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"iban": "NL92ABNA0417164300"}, "iban"),
        ({"reference": "RF8920260042"}, "reference"),
        ({"reference": "1" * 36}, "reference"),
        ({"text": "both"}, "text"),
        ({"name": ""}, "name"),
        ({"name": "   "}, "name"),
        ({"name": "x" * 71}, "name"),
        ({"name": "Mallory\nDE89370400440532013000"}, "name"),
        ({"name": "Mallory\u2028X"}, "name"),
        ({"amount": Money(Decimal("0.00"))}, "amount"),
        ({"amount": Money(Decimal("-5.00"))}, "amount"),
        ({"amount": Money(Decimal("1000000000.00"))}, "amount"),
        ({"amount": Money(Decimal(5), "USD")}, "amount"),
        ({"bic": "ABNA"}, "bic"),
        ({"iban": "CH9300762011623852957"}, "bic"),
        ({"purpose": "LARGE"}, "purpose"),
        ({"reference": "", "text": "x" * 141}, "text"),
        ({"note": "x" * 71}, "note"),
        ({"note": "a\rb"}, "note"),
    ],
)
def test_what_no_bank_would_take_is_refused(change, field):
    with pytest.raises(Invalid) as caught:
        epc_payload(replace(TRANSFER, **change))
    assert caught.value.field == field


def test_a_swiss_account_with_its_bic_is_taken():
    assert "CH9300762011623852957" in epc_payload(
        replace(TRANSFER, iban="CH9300762011623852957", bic="UBSWCHZH80A")
    )


@pytest.mark.parametrize(("amount", "element"), [("0.01", "EUR0.01"), ("999999999.99", "EUR999999999.99")])
def test_smallest_and_largest_amount(amount, element):
    assert element in epc_payload(replace(TRANSFER, amount=Money(Decimal(amount)))).split("\n")


def test_the_largest_payload_still_fits_the_code():
    largest = replace(WITH_TEXT, text="é" * 127, note="xy")
    payload = epc_payload(largest)
    assert len(payload.encode()) == LONGEST_PAYLOAD
    assert segno.make(payload, error="m", mode="byte", encoding="utf-8", boost_error=False).version == 13
    with pytest.raises(Invalid) as caught:
        epc_payload(replace(largest, note="xyz"))
    assert caught.value.code == "epc_too_long"


@quick
@given(st.text(st.characters(codec="latin-1", categories=("L", "N", "P", "Zs")), max_size=120))
def test_any_text_on_one_line_reads_back(text):
    lines = epc_payload(replace(WITH_TEXT, text=text)).split("\n")
    assert lines[10:] == ([text.strip()] if text.strip() else [])
