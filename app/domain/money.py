"""Amounts, how they and dates are written, and how a payment is spread.

Rules calculate with plain `Decimal`; what is reported, stored or shown is `Money`, in whole cents.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from functools import total_ordering

from app.errors import Invalid, RuleBroken

CENT = Decimal("0.01")
EUR = "EUR"
MINUS = "\u2212"
LARGEST = Decimal("999999999999.99")  # what NUMERIC(14,2) can hold

_CURRENCY = re.compile(r"[A-Z]{3}", re.ASCII)
_DUTCH_MONTHS = (
    "januari",
    "februari",
    "maart",
    "april",
    "mei",
    "juni",
    "juli",
    "augustus",
    "september",
    "oktober",
    "november",
    "december",
)
_ENGLISH_MONTHS = (
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
)


def cents(amount: Decimal) -> Decimal:
    """`amount` rounded half up to whole cents; halves go away from zero, so that -x is the mirror of x."""
    return amount.quantize(CENT, rounding=ROUND_HALF_UP)


@total_ordering
@dataclass(frozen=True, slots=True)
class Money:
    """An amount in whole cents of one currency (ISO 4217 code).

    Adding, subtracting and comparing across currencies raises `RuleBroken`. Raises `Invalid` for fractions
    of a cent: rounding is a decision, made by `Money.rounded`.
    """

    amount: Decimal
    currency: str = EUR

    def __post_init__(self) -> None:
        if not self.amount.is_finite() or abs(self.amount) > LARGEST:
            raise Invalid("amount", "The amount is not a number that fits.", code="amount_size")
        if self.amount != cents(self.amount):
            raise Invalid("amount", "The amount has fractions of a cent.", code="amount_fraction")
        if not _CURRENCY.fullmatch(self.currency):
            raise Invalid("currency", "The currency is not a three-letter code.", code="currency_code")
        object.__setattr__(self, "amount", cents(self.amount) + 0)  # + 0 turns -0.00 into 0.00

    @classmethod
    def rounded(cls, amount: Decimal, currency: str = EUR) -> Money:
        """`amount` rounded half up to cents."""
        return cls(cents(amount), currency)

    @classmethod
    def zero(cls, currency: str = EUR) -> Money:
        return cls(Decimal(0), currency)

    def __add__(self, other: Money) -> Money:
        self._check_same(other)
        return Money(self.amount + other.amount, self.currency)

    def __sub__(self, other: Money) -> Money:
        self._check_same(other)
        return Money(self.amount - other.amount, self.currency)

    def __neg__(self) -> Money:
        return Money(-self.amount, self.currency)

    def __lt__(self, other: Money) -> bool:
        self._check_same(other)
        return self.amount < other.amount

    def __bool__(self) -> bool:
        return bool(self.amount)

    def _check_same(self, other: Money) -> None:
        if other.currency != self.currency:
            raise RuleBroken(
                "Amounts in different currencies are never taken together.",
                code="currency_mismatch",
                currencies=(self.currency, other.currency),
            )


def total(amounts: Iterable[Money], currency: str = EUR) -> Money:
    """The sum in `currency`, zero for none; `RuleBroken` when an amount is in another currency."""
    return sum(amounts, Money.zero(currency))


def format_amount(amount: Decimal, language: str) -> str:
    """`1.234,56` in Dutch, `1,234.56` in any other language; rounded half up; minus sign U+2212."""
    rounded = cents(amount)
    text = f"{abs(rounded):,.2f}"
    if language == "nl":
        text = text.translate(str.maketrans(",.", ".,"))
    return f"{MINUS}{text}" if rounded < 0 else text


def format_money(money: Money, language: str) -> str:
    """An amount with its currency: `€ 1.234,56`, `€ −5,00` in Dutch; `€1,234.56`, `−€5.00` in English.

    Other currencies carry their code and a space: a bare `$` does not say whose dollar.
    """
    if language == "nl" or money.currency != EUR:
        unit = "€" if money.currency == EUR else money.currency
        return f"{unit} {format_amount(money.amount, language)}"
    sign = MINUS if money.amount < 0 else ""
    return f"{sign}€{format_amount(abs(money.amount), language)}"


def format_date(day: date, language: str, *, short: bool = False) -> str:
    """`23 november 2026` or `23-11-2026` in Dutch, `23 November 2026` or `23/11/2026` in English.

    English dates are day first, as in the rest of Europe: the reader is a debtor of a Dutch creditor.
    """
    if short:
        return f"{day:%d-%m-%Y}" if language == "nl" else f"{day:%d/%m/%Y}"
    months = _DUTCH_MONTHS if language == "nl" else _ENGLISH_MONTHS
    return f"{day.day} {months[day.month - 1]} {day.year}"


@dataclass(frozen=True, slots=True)
class Allocation:
    """What of a payment went where; `rest` is left when everything is paid."""

    costs: Money
    interest: Money
    principal: Money
    rest: Money


def allocate(payment: Money, *, costs: Money, interest: Money, principal: Money) -> Allocation:
    """Spread a payment over costs, then interest, then principal (art. 6:44 BW).

    Raises `Invalid` for a negative payment or debt, `RuleBroken` when the currencies differ.
    """
    if payment.amount < 0:
        raise Invalid("payment", "A payment to allocate is not negative.", code="negative_payment")
    parts: list[Money] = []
    rest = payment
    for name, owed in (("costs", costs), ("interest", interest), ("principal", principal)):
        if owed.amount < 0:
            raise Invalid(name, "A debt to pay off is not negative.", code="negative_debt")
        paid = min(rest, owed)
        parts.append(paid)
        rest -= paid
    return Allocation(parts[0], parts[1], parts[2], rest)
