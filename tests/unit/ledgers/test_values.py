import datetime as dt
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.adapters.ledgers import parties
from app.adapters.ledgers.guessing import date_format, decimal_sign
from app.adapters.ledgers.headers import field_of, is_total_word
from app.adapters.ledgers.values import (
    Refused,
    amount_reader,
    currency_code,
    day_reader,
    number_reader,
    plain_amount,
)
from tests.unit.ledgers.lines import TODAY

CENTS = st.integers(min_value=-(10**14) + 1, max_value=10**14 - 1)
DAYS = st.dates(min_value=dt.date(1980, 1, 1), max_value=dt.date(2036, 12, 31))
DUTCH, ENGLISH = amount_reader(",", "."), amount_reader(".", ",")


@given(CENTS, st.booleans(), st.sampled_from(["{}", "€ {}", "{} ", "EUR {}"]))
def test_an_amount_written_in_either_dialect_comes_back(cents, grouped, around):
    value = Decimal(cents) / 100
    english = around.format(f"{value:,.2f}" if grouped else f"{value:.2f}")
    dutch = english.translate(str.maketrans(",.", ".,"))
    assert ENGLISH(english) == value
    assert DUTCH(dutch) == value


@given(CENTS)
def test_the_other_dialect_never_gives_another_amount(cents):
    text = f"{Decimal(cents) / 100:,.2f}"
    with pytest.raises(Refused):
        DUTCH(text)


@given(CENTS.filter(bool))
def test_a_minus_stands_before_behind_or_is_parentheses(cents):
    value = -abs(Decimal(cents) / 100)
    bare = f"{-value:.2f}"
    assert {ENGLISH(f"-{bare}"), ENGLISH(f"{bare}-"), ENGLISH(f"({bare})"), ENGLISH(f"€ -{bare}")} == {value}


@pytest.mark.parametrize(
    "text", ["1.23.456,00", "12,345", "1,2,3", "abc", "--1,00", "1e5", "10.00,5", "-", "€-"]
)
def test_what_is_no_dutch_amount(text):
    with pytest.raises(Refused):
        DUTCH(text)


@pytest.mark.parametrize(("text", "value"), [("12,5000", "12.50"), (",50", "0.50"), ("7", "7"), ("7,", "7")])
def test_odd_but_certain_amounts(text, value):
    assert DUTCH(text) == Decimal(value)


def test_an_amount_larger_than_its_column_is_refused():
    with pytest.raises(Refused):
        DUTCH("1000000000000,00")
    with pytest.raises(Refused):
        plain_amount("1" + "0" * 400)


@given(DAYS, st.sampled_from(["-", "/", ".", " "]))
def test_a_day_in_each_form_comes_back(day, between):
    dutch, american = day_reader("dd-mm-yyyy", TODAY), day_reader("mm-dd-yyyy", TODAY)
    parts = [f"{day.day:02}", f"{day.month:02}", f"{day.year}"]
    assert dutch(between.join(parts)) == day
    assert dutch(between.join([str(day.day), str(day.month), str(day.year)])) == day
    assert dutch(f"{between.join(parts)} 00:00:00") == day
    assert dutch(between.join(reversed(parts))) == day
    assert dutch("".join(reversed(parts))) == day
    assert dutch(f"{day.isoformat()}T10:00:00Z") == day
    assert dutch(between.join([parts[0], parts[1], f"{day.year % 100:02}"])) == day
    assert american(between.join([parts[1], parts[0], parts[2]])) == day


@pytest.mark.parametrize(
    "text",
    ["31-02-2025", "00-01-2025", "1-13-2025", "2025-02-30", "20250231", "45703", "1-2", "1-2.2025", "soon"],
)
def test_days_that_do_not_exist_are_refused(text):
    with pytest.raises(Refused):
        day_reader("dd-mm-yyyy", TODAY)(text)


@pytest.mark.parametrize("text", ["", "-", "00-00-0000", "0000-00-00"])
def test_no_day_is_none(text):
    assert day_reader("dd-mm-yyyy", TODAY)(text) is None


@pytest.mark.parametrize("text", ["5 mrt 2025", "5-maart-2025", "05-Mar-25"])
def test_named_months(text):
    assert day_reader("dd-mm-yyyy", TODAY)(text) == dt.date(2025, 3, 5)


@pytest.mark.parametrize(
    ("sample", "decimal"),
    [
        (["1.234", "5,00"], ","), (["1,234", "5.00"], "."), (["1.234"], None), (["1,234", "2,500"], None),
        (["1.234,5"], ","), (["1.234.567"], ","), (["12", "7"], ","), (["0.125", "1.234"], "."),
        (["5,00", "5.00"], None),
    ],
)  # fmt: skip
def test_the_decimal_sign_is_decided_by_the_values_that_can_decide(sample, decimal):
    assert decimal_sign(sample)[0] == decimal


def test_month_first_only_when_proven():
    assert date_format(["01/02/2025", "03/04/2025"]) == "dd-mm-yyyy"
    assert date_format(["01/02/2025", "03/14/2025"]) == "mm-dd-yyyy"
    assert date_format(["01/13/2025", "13/01/2025"]) == "dd-mm-yyyy"


@pytest.mark.parametrize(
    ("header", "name"),
    [
        ("Debiteurnummer", "customer_number"),
        ("Klantnr.", "customer_number"),
        ("RELATIECODE", "customer_number"),
        ("Factuur nummer", "document_number"),
        ("Boekstuk-nr", "document_number"),
        ("Vervaldatum", "due_date"),
        ("Openstaand bedrag incl. BTW", "open_amount"),
        ("Saldo (EUR)", "open_amount"),
        ("BTW-nummer", "vat_number"),
        ("K.v.K.", "kvk"),
        ("E-mail", "email"),
        ("Aanmaningsniveau", "reminder_level"),
        ("Kleur", ""),
    ],
)
def test_headers(header, name):
    assert field_of(header)[0] == name


def test_total_words_are_not_names():
    assert is_total_word("Totaal openstaand:")
    assert is_total_word("Grand total")
    assert not is_total_word("Totalis Bouw BV")
    assert not is_total_word("Jansen")


def test_numbers_and_codes():
    assert number_reader(365)("30 dagen") == 30
    assert number_reader(365)("") is None
    with pytest.raises(Refused):
        number_reader(365)("14 dagen 2%")
    assert currency_code("€") == "EUR"
    assert parties.country_code("België") == "BE"
    assert parties.country_code("de") == "DE"
    assert parties.country_code("Atlantis") is None
    assert parties.language_code("Nederlands") == "nl"
    assert parties.vat_number("123456782") is None
    assert parties.vat_number("NL 1234.56.782.B01") == "NL123456782B01"
    assert parties.gender("mr. J. de Vries") == ""
