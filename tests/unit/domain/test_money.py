from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.domain.money import (
    EUR,
    Money,
    allocate,
    cents,
    format_amount,
    format_date,
    format_money,
    total,
)
from app.errors import Invalid, RuleBroken

quick = settings(max_examples=50, deadline=None)

amounts = st.decimals(min_value=0, max_value=10_000_000, places=2)
signed = st.decimals(min_value=-10_000_000, max_value=10_000_000, places=2)


def euros(text: str) -> Money:
    return Money(Decimal(text))


@pytest.mark.parametrize(
    ("exact", "rounded"),
    [("0.005", "0.01"), ("40.005", "40.01"), ("0.0049", "0.00"), ("-0.005", "-0.01"), ("2.675", "2.68")],
)
def test_half_a_cent_goes_up(exact, rounded):
    assert cents(Decimal(exact)) == Decimal(rounded)


def test_currencies_are_never_taken_together():
    dollars = Money(Decimal(5), "USD")
    for together in (
        lambda: euros("1") + dollars,
        lambda: euros("1") - dollars,
        lambda: euros("1") < dollars,
        lambda: max(euros("1"), dollars),
        lambda: total([euros("1"), dollars]),
        lambda: allocate(dollars, costs=euros("1"), interest=euros("1"), principal=euros("1")),
    ):
        with pytest.raises(RuleBroken) as caught:
            together()
        assert caught.value.code == "currency_mismatch"
    assert euros("5") != dollars


@pytest.mark.parametrize("amount", ["1.005", "NaN", "Infinity", "1000000000000.00"])
def test_what_is_no_storable_amount_is_refused(amount):
    with pytest.raises(Invalid):
        Money(Decimal(amount))


@pytest.mark.parametrize("currency", ["", "eur", "EURO", "E1R", "€€€"])
def test_a_currency_is_a_three_letter_code(currency):
    with pytest.raises(Invalid):
        Money(Decimal(1), currency)


def test_rounded_is_where_fractions_go():
    assert Money.rounded(Decimal("1.005")) == euros("1.01")
    assert str(Money(Decimal(5)).amount) == "5.00"
    assert str(Money(Decimal("-0.00")).amount) == "0.00"


@pytest.mark.parametrize(
    ("amount", "currency", "dutch", "english"),
    [
        ("1234.56", EUR, "€ 1.234,56", "€1,234.56"),
        ("-1234.56", EUR, "€ \u22121.234,56", "\u2212€1,234.56"),
        ("0", EUR, "€ 0,00", "€0.00"),
        ("1000000", EUR, "€ 1.000.000,00", "€1,000,000.00"),
        ("-5", "USD", "USD \u22125,00", "USD \u22125.00"),
    ],
)
def test_money_as_each_language_writes_it(amount, currency, dutch, english):
    money = Money(Decimal(amount), currency)
    assert format_money(money, "nl") == dutch
    assert format_money(money, "en") == english


def test_a_rounded_away_minus_is_not_shown():
    assert format_amount(Decimal("-0.004"), "nl") == "0,00"


def test_dates_as_each_language_writes_them():
    day = date(2026, 11, 3)
    assert format_date(day, "nl") == "3 november 2026"
    assert format_date(day, "en") == "3 November 2026"
    assert format_date(day, "nl", short=True) == "03-11-2026"
    assert format_date(day, "en", short=True) == "03/11/2026"
    assert format_date(date(2026, 3, 1), "nl") == "1 maart 2026"


@quick
@given(st.lists(signed, max_size=20))
def test_a_sum_is_exact_in_any_order(values):
    moneys = [Money(value) for value in values]
    assert total(moneys) == total(reversed(moneys)) == Money(sum(values, Decimal(0)))


@quick
@given(signed)
def test_dutch_text_reads_back_as_the_same_amount(amount):
    text = format_amount(amount, "nl")
    back = Decimal(text.replace(".", "").replace(",", ".").replace("\u2212", "-"))
    assert back == amount


@pytest.mark.parametrize(
    ("payment", "costs", "interest", "principal", "rest"),
    [
        ("0", "0", "0", "0", "0"),
        ("30", "30", "0", "0", "0"),
        ("45", "40", "5", "0", "0"),
        ("100", "40", "10", "50", "0"),
        ("1060", "40", "10", "1000", "10"),
    ],
)
def test_a_payment_pays_costs_then_interest_then_principal(payment, costs, interest, principal, rest):
    spread = allocate(euros(payment), costs=euros("40"), interest=euros("10"), principal=euros("1000"))
    assert (spread.costs, spread.interest, spread.principal, spread.rest) == tuple(
        euros(part) for part in (costs, interest, principal, rest)
    )


@quick
@given(amounts, amounts, amounts, amounts)
def test_an_allocation_loses_nothing_and_keeps_the_order(payment, costs, interest, principal):
    spread = allocate(
        Money(payment), costs=Money(costs), interest=Money(interest), principal=Money(principal)
    )
    parts = (spread.costs, spread.interest, spread.principal, spread.rest)
    assert total(parts) == Money(payment)
    assert all(part.amount >= 0 for part in parts)
    assert spread.principal.amount <= principal
    if spread.interest:
        assert spread.costs.amount == costs
    if spread.principal:
        assert spread.interest.amount == interest
    if spread.rest:
        assert spread.principal.amount == principal


@pytest.mark.parametrize("field", ["payment", "costs", "interest", "principal"])
def test_negative_amounts_are_not_allocated(field):
    call = {"costs": euros("1"), "interest": euros("1"), "principal": euros("1")}
    payment = euros("1")
    if field == "payment":
        payment = euros("-1")
    else:
        call[field] = euros("-1")
    with pytest.raises(Invalid) as caught:
        allocate(payment, **call)
    assert caught.value.field == field
