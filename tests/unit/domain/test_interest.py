from datetime import date, timedelta
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.domain.interest import (
    SHIPPED_RATES,
    DayCount,
    InterestKind,
    InterestRules,
    PartPayment,
    RateRow,
    RateTable,
    first_interest_day,
    first_interest_day_without_term,
    interest,
    last_interest_day,
    uncovered_half_year,
)
from app.domain.money import cents
from app.errors import Invalid

quick = settings(max_examples=50, deadline=None)

ACT_ACT = InterestRules(DayCount.ACT_ACT)
starts = st.dates(date(2015, 1, 1), date(2026, 6, 30))
lengths = st.integers(0, 1500)
principals = st.decimals(min_value="0.01", max_value=1_000_000, places=2)
kinds = st.sampled_from(list(InterestKind))
counts = st.sampled_from(list(DayCount)).map(InterestRules)


def day(text: str) -> date:
    return date.fromisoformat(text)


def reckon(principal, kind, first, last, rules=None, paid=()):
    return interest(
        Decimal(principal),
        day(first),
        day(last),
        rates=SHIPPED_RATES[InterestKind(kind)],
        rules=rules,
        paid=paid,
    )


@pytest.mark.parametrize(
    ("principal", "kind", "first", "last", "days", "amount"),
    [
        ("1000.00", "trade", "2025-03-01", "2025-03-31", 31, "9.47"),
        ("1000.00", "trade", "2025-06-15", "2025-07-14", 30, "8.78"),
        ("1210.00", "trade", "2026-06-01", "2026-08-31", 92, "31.47"),
        ("5000.00", "trade", "2024-05-16", "2025-05-15", 365, "593.73"),
        ("5000.00", "trade", "2024-05-16", "2026-05-15", 730, "1168.54"),
        ("10000.00", "trade", "2022-12-01", "2023-01-31", 62, "157.12"),
        ("500.00", "consumer", "2025-11-01", "2026-01-31", 92, "6.71"),
        ("500.00", "consumer", "2023-02-01", "2026-01-31", 1096, "95.63"),
        ("2500.00", "consumer", "2024-02-01", "2024-02-29", 29, "13.90"),
    ],
)
def test_statutory_interest(principal, kind, first, last, days, amount):
    specification = reckon(principal, kind, first, last)
    assert (specification.days, specification.total) == (days, Decimal(amount))


@pytest.mark.parametrize(
    ("principal", "first", "last", "amount"),
    [("500", "2023-02-01", "2026-01-31", "95.52"), ("2500", "2024-02-01", "2024-02-29", "13.87")],
)
def test_leap_years_have_366_days_when_so_set(principal, first, last, amount):
    assert reckon(principal, "consumer", first, last, ACT_ACT).total == Decimal(amount)


@pytest.mark.parametrize(
    ("first", "last", "parts"),
    [
        ("2025-06-15", "2025-07-14", [(16, "11.15"), (14, "10.15")]),
        ("2026-06-01", "2026-08-31", [(30, "10.15"), (62, "10.40")]),
        ("2026-06-30", "2026-07-01", [(1, "10.15"), (1, "10.40")]),
    ],
)
def test_the_specification_shows_each_rate_with_its_days(first, last, parts):
    lines = reckon("1000", "trade", first, last).lines
    assert [(line.days, line.percent) for line in lines] == [(n, Decimal(rate)) for n, rate in parts]
    assert (lines[0].first, lines[-1].last) == (day(first), day(last))
    assert lines[0].last + timedelta(days=1) == lines[1].first


def test_an_unchanged_rate_makes_no_second_line():
    assert len(reckon("1000", "consumer", "2026-06-01", "2026-07-31").lines) == 1


def test_the_second_year_bears_interest_on_the_first():
    lines = reckon("5000", "trade", "2024-05-16", "2026-05-15").lines
    assert {line.base for line in lines if line.first < day("2025-05-16")} == {Decimal(5000)}
    assert {line.base for line in lines if line.first >= day("2025-05-16")} == {Decimal("5593.73")}


def test_a_start_on_a_leap_day_has_its_anniversary_on_28_february():
    lines = interest(
        Decimal(1000), day("2024-02-29"), day("2028-03-01"), rates=RateTable.flat(Decimal(10))
    ).lines
    assert [f"{line.first}" for line in lines] == [
        "2024-02-29",
        "2025-02-28",
        "2026-02-28",
        "2027-02-28",
        "2028-02-29",
    ]


def test_the_first_interest_day_is_the_day_after_the_term():
    assert first_interest_day(day("2026-10-31")) == day("2026-11-01")
    assert first_interest_day_without_term(day("2026-10-01")) == day("2026-11-01")


def test_the_day_of_credit_bears_interest_only_when_so_set():
    charged = InterestRules(charge_credit_day=True)
    assert last_interest_day(day("2026-11-23")) == day("2026-11-22")
    assert last_interest_day(day("2026-11-23"), charged) == day("2026-11-23")


@pytest.mark.parametrize(("charged", "days"), [(False, [10, 21]), (True, [11, 20])])
def test_a_part_payment_lowers_the_base_from_its_day(charged, days):
    paid = [PartPayment(day("2025-03-11"), principal=Decimal(400))]
    rules = InterestRules(charge_credit_day=charged)
    lines = reckon("1000", "trade", "2025-03-01", "2025-03-31", rules, paid).lines
    assert [line.days for line in lines] == days
    assert [line.base for line in lines] == [Decimal(1000), Decimal(600)]


def test_interest_that_was_paid_bears_no_interest():
    paid = [PartPayment(day("2025-05-16"), interest=Decimal("593.73"))]
    lines = reckon("5000", "trade", "2024-05-16", "2026-05-15", paid=paid).lines
    assert {line.base for line in lines} == {Decimal(5000)}


def test_only_unpaid_interest_joins_the_base():
    paid = [PartPayment(day("2024-12-01"), interest=Decimal("93.73"))]
    last = reckon("5000", "trade", "2024-05-16", "2026-05-15", paid=paid).lines[-1]
    assert last.base == Decimal("5500.00")


def test_nothing_runs_after_everything_was_paid():
    paid = [PartPayment(day("2025-03-11"), principal=Decimal(1000))]
    specification = reckon("1000", "trade", "2025-03-01", "2025-03-31", paid=paid)
    assert specification.days == 10


def test_no_interest_before_the_first_day():
    assert reckon("1000", "trade", "2025-03-01", "2025-02-28").total == 0


@pytest.mark.parametrize(
    ("principal", "paid"),
    [
        ("-1", []),
        ("10", [PartPayment(date(2025, 3, 2), principal=Decimal(11))]),
        ("10", [PartPayment(date(2025, 3, 2), principal=Decimal(-1))]),
        ("10", [PartPayment(date(2025, 3, 2), interest=Decimal(-1))]),
    ],
)
def test_impossible_amounts_are_refused(principal, paid):
    with pytest.raises(Invalid):
        reckon(principal, "trade", "2025-03-01", "2025-03-31", paid=paid)


def test_a_day_without_a_known_rate_is_refused():
    with pytest.raises(Invalid) as caught:
        reckon("1000", "trade", "2014-12-31", "2015-01-31")
    assert caught.value.code == "rate_unknown"


def test_a_table_may_be_given_in_any_order_but_not_twice_for_a_day():
    old, new = RateRow(day("2025-01-01"), Decimal(6)), RateRow(day("2026-01-01"), Decimal(4))
    assert RateTable((new, old)).percent_on(day("2025-12-31")) == 6
    for rows in ((), (old, old), (RateRow(day("2025-01-01"), Decimal(-1)),)):
        with pytest.raises(Invalid):
            RateTable(rows)


@pytest.mark.parametrize(
    ("today", "missing"),
    [
        ("2026-07-01", None),
        ("2026-10-30", None),
        ("2026-10-31", "2027-01-01"),
        ("2026-12-31", "2027-01-01"),
        ("2027-03-01", "2027-01-01"),
        ("2027-07-01", "2027-07-01"),
    ],
)
@pytest.mark.parametrize("kind", list(InterestKind))
def test_a_half_year_without_a_row_is_reported(kind, today, missing):
    found = uncovered_half_year(SHIPPED_RATES[kind], day(today))
    assert found == (day(missing) if missing else None)


@quick
@given(principals, kinds, starts, lengths, counts)
def test_lines_cover_each_day_once_and_add_up(principal, kind, first, length, rules):
    last = first + timedelta(days=length)
    specification = interest(principal, first, last, rates=SHIPPED_RATES[kind], rules=rules)
    assert specification.days == length + 1
    reached = first
    for line in specification.lines:
        assert line.first == reached
        assert line.days == (line.last - line.first).days + 1
        exact = line.base * line.percent * line.days / (100 * line.year_days)
        assert abs(line.amount - exact) <= Decimal("0.01")
        reached = line.last + timedelta(days=1)
    assert specification.total == sum(line.amount for line in specification.lines)


@quick
@given(principals, kinds, starts, lengths, counts, st.data())
def test_splitting_a_period_at_a_rate_row_changes_nothing(principal, kind, first, length, rules, data):
    last = first + timedelta(days=length)
    table = SHIPPED_RATES[kind]
    cut = data.draw(st.dates(first, last))
    dates = {row.valid_from for row in table.rows}
    again = table if cut in dates else RateTable((*table.rows, RateRow(cut, table.percent_on(cut))))
    assert interest(principal, first, last, rates=again, rules=rules) == interest(
        principal, first, last, rates=table, rules=rules
    )


@quick
@given(principals, kinds, st.sampled_from([2023, 2024, 2025]))
def test_the_parts_before_and_after_a_rate_change_add_up(principal, kind, year):
    rates = SHIPPED_RATES[kind]
    first, cut, last = date(year, 3, 1), date(year, 7, 1), date(year, 10, 31)
    whole = interest(principal, first, last, rates=rates).total
    parts = interest(principal, first, cut - timedelta(days=1), rates=rates).total
    parts += interest(principal, cut, last, rates=rates).total
    assert abs(whole - parts) <= Decimal("0.01")


@quick
@given(principals, kinds, starts, lengths, counts, st.integers(1, 400), principals)
def test_longer_or_more_is_never_less(principal, kind, first, length, rules, longer, more):
    rates = SHIPPED_RATES[kind]
    last = first + timedelta(days=length)
    amount = interest(principal, first, last, rates=rates, rules=rules).total
    later = last + timedelta(days=longer)
    assert amount <= interest(principal, first, later, rates=rates, rules=rules).total
    assert amount <= interest(principal + more, first, last, rates=rates, rules=rules).total


@quick
@given(principals, starts, st.integers(1, 365), st.decimals(min_value=0, max_value=20, places=2))
def test_within_a_year_it_is_the_plain_formula(principal, first, days, percent):
    amount = interest(principal, first, first + timedelta(days=days - 1), rates=RateTable.flat(percent)).total
    assert amount == cents(principal * percent * days / 36500)
