"""The figures of a letter: they add up, and the bank app gets what the letter says."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest

from app.errors import Invalid, RuleBroken
from app.services.correspondence.labels import address_lines
from app.services.correspondence.statement import statement
from tests.unit.letters.demo import BUSINESS, SENDER, communication, final_demand, item, with_credit


def plain(text: str) -> str:
    return text.replace("\u00a0", " ")


def test_rows_say_what_is_open_and_how_late():
    rows = statement(communication()).rows
    assert rows[1].cells == ("20263988", "25-09-2026", "25-10-2026", "29", "2.466,22", "1.966,22")


def test_the_summary_leads_to_the_total():
    figures = statement(final_demand())
    labels, amounts = zip(*figures.summary, strict=True)
    assert [plain(label) for label in labels] == [
        "Facturen samen",
        "Ook vervallen",
        "Rente tot en met 23 november 2026",
        "Incassokosten over € 3.872,00",
    ]
    summed = sum(Decimal(a.replace(".", "").replace(",", ".")) for a in amounts)
    assert summed == final_demand().total
    assert plain(figures.total) == "€ 5.316,61"
    assert figures.also_due[0].cells[0] == "20264777"
    assert "6:119a" in figures.interest_notes[0]


def test_a_plain_demand_needs_no_summary():
    assert statement(communication()).summary == ()


@pytest.mark.parametrize("wrong", ["0.01", "6318.21", "6318.23"])
def test_a_letter_that_does_not_add_up_is_refused(wrong):
    with pytest.raises(RuleBroken) as refused:
        statement(communication(total=Decimal(wrong)))
    assert refused.value.code == "letter.total"


def test_costs_that_do_not_add_up_are_refused():
    costs = replace(final_demand().costs, vat=Decimal("107.56"))
    with pytest.raises(RuleBroken, match="costs do not add up"):
        statement(final_demand(costs=costs))


def test_nothing_to_pay_makes_no_letter():
    with pytest.raises(RuleBroken) as refused:
        statement(communication(items=(item("C1", "-5.00", role="set_off"),)))
    assert refused.value.code == "letter.nothing_to_pay"


def test_credits_and_held_parts_are_shown_as_such():
    figures = statement(with_credit())
    credit = next(row for row in figures.rows if row.cells[0] == "C2026011")
    assert credit.cells[2:] == ("", "wordt verrekend", "\u2212150,00", "\u2212150,00")
    held = next(row for row in figures.rows if row.cells[0] == "20263990")
    assert plain(held.notes[0]) == "in behandeling: € 300,00"
    assert "Het bedrag dat in behandeling is, vragen wij nu niet van u." in figures.notes


def test_the_bank_app_gets_account_amount_and_reference():
    lines = statement(communication()).qr.split("\n")
    assert lines == [
        *("BCD", "002", "1", "SCT", "ABNANL2A", "Van Dalen Installatietechniek B.V."),
        *("NL91ABNA0417164300", "EUR6318.22", "", "RF691186220261123"),
    ]


def test_a_betalingskenmerk_is_not_passed_off_as_iso_reference():
    lines = statement(communication(reference="6000000020260042")).qr.split("\n")
    assert lines[9:] == ["", "6000000020260042"]


def test_no_code_for_other_currencies_and_amounts_no_transfer_has():
    assert statement(communication(currency="USD")).qr == ""
    assert statement(communication(items=(item("1", "999999999999.99"),))).qr == ""


def test_a_wrong_account_of_ours_never_reaches_a_debtor():
    with pytest.raises(Invalid):
        statement(communication(sender=replace(SENDER, iban="NL91ABNA0417164301")))


def test_a_mistyped_rf_reference_is_not_passed_on_as_words():
    with pytest.raises(Invalid):
        statement(communication(reference="RF701186220261123"))


def test_the_bic_is_given_where_a_payer_needs_it():
    def named(c):
        return [label for label, _, _ in statement(c).payment]

    assert "BIC" not in named(communication())
    assert "BIC" in named(communication(currency="USD"))
    assert "BIC" in named(communication(addressee=replace(BUSINESS, country="DE")))


def test_the_address_is_as_the_post_reads_it():
    assert address_lines(BUSINESS, "nl")[-1] == "6710 AB  EDE"
    german = replace(BUSINESS, country="DE", postcode="50667", city="Köln")
    assert address_lines(german, "nl")[-2:] == ("50667 KÖLN", "DUITSLAND")
    assert address_lines(german, "en")[-1] == "GERMANY"
    unnamed = replace(BUSINESS, attention="", name="Smit\r\nBcc: x")
    assert address_lines(unnamed, "nl") == ("Smit Bcc: x", "Kanaaldijk 41", "6710 AB  EDE")
