"""Statutory and contractual interest on a late payment, specified line by line.

Art. 6:119 (consumers and non-trade) and 6:119a BW (trade and government): a running year's unpaid interest
joins the base on each anniversary of the first interest day; a new rate counts from its date.
"""

from __future__ import annotations

from bisect import bisect_right
from calendar import isleap
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from enum import StrEnum
from itertools import pairwise

from app.domain.calendar import DAY, add_years
from app.domain.money import cents
from app.errors import Invalid

ZERO = Decimal("0.00")


class InterestKind(StrEnum):
    """Which statutory rate a claim carries."""

    TRADE = "trade"  # handelsrente: businesses and government
    CONSUMER = "consumer"  # wettelijke rente: consumers and everything that is not trade


class DayCount(StrEnum):
    """How many days a year has. The law does not say: this is a setting."""

    ACT_365 = "act_365"
    ACT_ACT = "act_act"  # 366 for the days that lie in a leap year


@dataclass(frozen=True, slots=True)
class RateRow:
    """A yearly rate in percent that counts from a day until the next row's."""

    valid_from: date
    percent: Decimal


@dataclass(frozen=True, slots=True)
class RateTable:
    """Rates by date, oldest first. `Invalid` when it is empty, repeats a date or has a negative rate."""

    rows: tuple[RateRow, ...]

    def __post_init__(self) -> None:
        rows = tuple(sorted(self.rows, key=lambda row: row.valid_from))
        if not rows:
            raise Invalid("rates", "A rate table has at least one row.", code="rates_empty")
        for before, after in pairwise(rows):
            if before.valid_from == after.valid_from:
                raise Invalid(
                    "rates", "Two rates have the same date.", code="rates_repeated", day=after.valid_from
                )
        if any(not row.percent.is_finite() or row.percent < 0 for row in rows):
            raise Invalid("rates", "A rate is not negative.", code="rate_negative")
        object.__setattr__(self, "rows", rows)

    @classmethod
    def flat(cls, percent: Decimal) -> RateTable:
        """One rate for ever, as a contract has it."""
        return cls((RateRow(date.min, percent),))

    def percent_on(self, day: date) -> Decimal:
        """The rate in percent on `day`; `Invalid` when the table begins later."""
        position = bisect_right(self.rows, day, key=lambda row: row.valid_from)
        if position == 0:
            raise Invalid("rates", f"No interest rate is known for {day}.", code="rate_unknown", day=day)
        return self.rows[position - 1].percent

    def changes_within(self, first: date, last: date) -> Iterator[date]:
        """Days after `first`, up to `last`, on which another rate begins."""
        for before, after in pairwise(self.rows):
            if first < after.valid_from <= last and after.percent != before.percent:
                yield after.valid_from


@dataclass(frozen=True, slots=True)
class InterestRules:
    """What the law leaves open: the day count, and whether the day of credit itself bears interest."""

    day_count: DayCount = DayCount.ACT_365
    charge_credit_day: bool = False


@dataclass(frozen=True, slots=True)
class PartPayment:
    """What a payment took off the principal and off the interest, on the day it was credited."""

    credited_on: date
    principal: Decimal = ZERO
    interest: Decimal = ZERO


@dataclass(frozen=True, slots=True)
class InterestLine:
    """One period at one rate over one base; both days inclusive, `year_days` is the divisor used."""

    first: date
    last: date
    days: int
    percent: Decimal
    base: Decimal
    year_days: int
    amount: Decimal


@dataclass(frozen=True, slots=True)
class InterestSpecification:
    """The lines a letter shows; `total` is exactly their sum."""

    lines: tuple[InterestLine, ...]

    @property
    def total(self) -> Decimal:
        return sum((line.amount for line in self.lines), ZERO)

    @property
    def days(self) -> int:
        return sum(line.days for line in self.lines)


def _rows(*rows: tuple[str, str]) -> RateTable:
    return RateTable(tuple(RateRow(date.fromisoformat(day), Decimal(percent)) for day, percent in rows))


SHIPPED_RATES: Mapping[InterestKind, RateTable] = {
    InterestKind.TRADE: _rows(
        ("2015-01-01", "8.05"),
        ("2016-07-01", "8.00"),
        ("2023-01-01", "10.50"),
        ("2023-07-01", "12.00"),
        ("2024-01-01", "12.50"),
        ("2024-07-01", "12.25"),
        ("2025-01-01", "11.15"),
        ("2025-07-01", "10.15"),
        ("2026-07-01", "10.40"),
    ),
    InterestKind.CONSUMER: _rows(
        ("2015-01-01", "2"),
        ("2023-01-01", "4"),
        ("2023-07-01", "6"),
        ("2024-01-01", "7"),
        ("2025-01-01", "6"),
        ("2026-01-01", "4"),
        ("2026-07-01", "4"),  # unchanged, and known to be
    ),
}


def first_interest_day(due_date: date) -> date:
    """The day after a fatal term passed: the first day that bears interest."""
    return due_date + DAY


def first_interest_day_without_term(received_on: date) -> date:
    """In trade without an agreed term: the 31st day after receipt (art. 6:119a(2) BW).

    Receipt of the invoice, or of the goods or service, or their acceptance, whichever is latest.
    """
    return received_on + timedelta(days=31)


def last_interest_day(credited_on: date, rules: InterestRules | None = None) -> date:
    """The last day that bears interest on money credited that day: the day before, unless set otherwise."""
    return credited_on if (rules or InterestRules()).charge_credit_day else credited_on - DAY


def interest(
    principal: Decimal,
    first: date,
    last: date,
    *,
    rates: RateTable,
    rules: InterestRules | None = None,
    paid: Sequence[PartPayment] = (),
) -> InterestSpecification:
    """Interest from `first` up to and including `last`; no lines when `last` is before `first`.

    A line ends where the rate, the base or (actual/actual) the length of the year changes. Each interest
    year, counted from `first`, is rounded half up to cents as a whole, its lines so that they add up to it;
    what of it is unpaid then joins the base. Part payments lower the base from the day after their last
    interest day. Raises `Invalid` for a negative principal, for more paid off than there was, and when no
    rate is known for a day.
    """
    rules = rules or InterestRules()
    if principal < 0 or sum((part.principal for part in paid), ZERO) > principal:
        raise Invalid("principal", "The principal does not go below zero.", code="negative_principal")
    reckoning = _Reckoning(principal, rates, rules, _effective(paid, rules))
    lines: list[InterestLine] = []
    accrued = ZERO
    for year_first, year_last in _interest_years(first, last):
        lines += reckoning.year(year_first, year_last, accrued)
        accrued = sum((line.amount for line in lines), ZERO)
    return InterestSpecification(tuple(lines))


def uncovered_half_year(table: RateTable, today: date, *, days_ahead: int = 62) -> date | None:
    """The first day of the current or coming half year for which the table has no row, else None.

    The coming half year is looked at from `days_ahead` before it: its civil rate follows from the European
    Central Bank's of end April and end October. A row that repeats the rate says that it was looked up.
    """
    newest = table.rows[-1].valid_from
    for day in (today, today + timedelta(days=days_ahead)):
        half_year = date(day.year, 1 if day.month <= 6 else 7, 1)
        if newest < half_year:
            return half_year
    return None


@dataclass(frozen=True, slots=True)
class _Reckoning:
    principal: Decimal
    rates: RateTable
    rules: InterestRules
    paid: Mapping[date, PartPayment]  # by the first day on which it lowers the base

    def year(self, first: date, last: date, accrued: Decimal) -> list[InterestLine]:
        """The lines of one interest year; `accrued` is the interest of the full years before it."""
        lines: list[InterestLine] = []
        exact = booked = ZERO
        starts = self._starts(first, last)
        for start, after in pairwise([*starts, last + DAY]):
            days, base = (after - start).days, self._base(start, accrued)
            if base == 0:
                continue
            percent, year_days = self.rates.percent_on(start), self._year_days(start)
            exact += base * percent * days / (100 * year_days)
            # Rounding the running sum, not the line, makes the lines add up to the rounded year.
            amount = cents(exact) - booked
            booked += amount
            lines.append(InterestLine(start, after - DAY, days, percent, base, year_days, amount))
        return lines

    def _starts(self, first: date, last: date) -> list[date]:
        starts = {first, *self.rates.changes_within(first, last)}
        starts.update(day for day in self.paid if first < day <= last)
        starts.update(
            new_year
            for new_year in (date(year, 1, 1) for year in range(first.year + 1, last.year + 1))
            if self._year_days(new_year) != self._year_days(new_year - DAY)
        )
        return sorted(starts)

    def _base(self, day: date, accrued: Decimal) -> Decimal:
        parts = [part for since, part in self.paid.items() if since <= day]
        principal = self.principal - sum((part.principal for part in parts), ZERO)
        joined = accrued - sum((part.interest for part in parts), ZERO)
        return principal + max(ZERO, joined)

    def _year_days(self, day: date) -> int:
        return 366 if self.rules.day_count is DayCount.ACT_ACT and isleap(day.year) else 365


def _effective(paid: Iterable[PartPayment], rules: InterestRules) -> dict[date, PartPayment]:
    by_day: dict[date, PartPayment] = {}
    for part in paid:
        if part.principal < 0 or part.interest < 0:
            raise Invalid("paid", "A part payment is not negative.", code="negative_payment")
        since = last_interest_day(part.credited_on, rules) + DAY
        before = by_day.get(since, PartPayment(since))
        by_day[since] = PartPayment(since, before.principal + part.principal, before.interest + part.interest)
    return by_day


def _interest_years(first: date, last: date) -> Iterator[tuple[date, date]]:
    # Anniversaries are all counted from `first`: a start on 29 February returns to it in leap years.
    start, count = first, 0
    while start <= last:
        count += 1
        following = add_years(first, count)
        yield start, min(last, following - DAY)
        start = following
