"""Extrajudicial collection costs: the largest fee the law lets a creditor claim.

Art. 6:96 BW and Besluit vergoeding voor buitengerechtelijke incassokosten (Stb. 2012, 141); for instalments
of one contract the cumulation rule of 1 October 2024 (Stb. 2024, 44). All amounts are euros.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from app.domain.calendar import add_months
from app.domain.money import cents
from app.errors import Invalid

ZERO = Decimal("0.00")
LEAST = Decimal(40)
MOST = Decimal(6775)
LOOK_BACK_MONTHS = 6
DUTCH_VAT = Decimal(21)

# (width of the step, percent of it); None: all the rest
_STEPS: tuple[tuple[Decimal | None, Decimal], ...] = (
    (Decimal(2500), Decimal(15)),
    (Decimal(2500), Decimal(10)),
    (Decimal(5000), Decimal(5)),
    (Decimal(190_000), Decimal(1)),
    (None, Decimal("0.5")),
)


@dataclass(frozen=True, slots=True)
class Fee:
    """Collection costs and the VAT on them; `vat` is zero for a creditor who can deduct VAT."""

    net: Decimal
    vat: Decimal = ZERO

    @property
    def total(self) -> Decimal:
        return self.net + self.vat


@dataclass(frozen=True, slots=True)
class EarlierNotice:
    """An earlier 14-day letter: when it was sent, what of its principal is unpaid or charged, and its fee.

    `fee` is without VAT, and zero when nothing was or will be claimed (paid within the term).
    """

    sent_on: date
    principal: Decimal
    fee: Decimal


@dataclass(frozen=True, slots=True)
class InstalmentRule:
    """The cumulation rule for consumer instalments of one lasting contract, each below `limit`.

    The law gives the first fee and the cap; what each following instalment costs (`following`) is this
    desk's choice within them.
    """

    limit: Decimal = Decimal("266.67")
    first: Decimal = Decimal(40)
    following: Decimal = Decimal(20)
    cap: Decimal = Decimal(140)


def collection_fee(principal: Decimal, *, vat_percent: Decimal | None = None) -> Fee:
    """The fee over an unpaid principal (VAT of the invoice included; never interest or costs).

    15% of the first 2,500, 10% of the next 2,500, 5% of the next 5,000, 1% of the next 190,000, 0.5% of the
    rest; at least 40, at most 6,775. `vat_percent` (21) only for a creditor who cannot deduct VAT and says
    so: it raises the least fee too. Nothing is due over a principal of zero or less.
    """
    if principal <= 0:
        return Fee(ZERO)
    return _with_vat(cents(min(MOST, max(LEAST, _graduated(principal)))), vat_percent)


def fee_after_part_payment(principal: Decimal, paid: Decimal, *, vat_percent: Decimal | None = None) -> Fee:
    """The fee when `paid` of the principal came within the term: over the rest, nothing if all was paid."""
    if paid < 0:
        raise Invalid("paid", "A payment is not negative.", code="negative_payment")
    return collection_fee(principal - paid, vat_percent=vat_percent)


def further_notice_fee(
    principal: Decimal,
    *,
    earlier: Iterable[EarlierNotice],
    today: date,
    vat_percent: Decimal | None = None,
) -> Fee:
    """What a later 14-day letter may still claim, never below zero (art. 6:96(7) BW).

    The fee over all principals noticed in the last six months, this one included, less the fees already
    claimed for them.
    """
    recent = _within_look_back(earlier, today)
    joint = principal + sum((notice.principal for notice in recent), ZERO)
    claimed = sum((notice.fee for notice in recent), ZERO)
    return _with_vat(max(ZERO, collection_fee(joint).net - claimed), vat_percent)


def falls_under_instalment_rule(instalments: Sequence[Decimal], rule: InstalmentRule | None = None) -> bool:
    """Whether each of these instalments of one contract is small enough for the cumulation rule."""
    limit = (rule or InstalmentRule()).limit
    return bool(instalments) and all(0 < amount < limit for amount in instalments)


def instalment_fee(
    instalments: Sequence[Decimal],
    *,
    earlier: Iterable[EarlierNotice],
    today: date,
    rule: InstalmentRule | None = None,
    vat_percent: Decimal | None = None,
) -> Fee:
    """The fee of one 14-day letter for small unpaid instalments of one lasting consumer contract.

    One letter carries one fee, however many instalments it names: the first within six months costs the full
    40, a following one less, and all within six months together at most 140. `earlier` are the letters of
    this contract. Raises `Invalid` for instalments too large for the rule: those follow `collection_fee`.
    """
    rule = rule or InstalmentRule()
    if not falls_under_instalment_rule(instalments, rule):
        raise Invalid(
            "instalments",
            "The cumulation rule is for instalments above zero and below the limit.",
            code="instalment_size",
            limit=rule.limit,
        )
    claimed = sum((notice.fee for notice in _within_look_back(earlier, today)), ZERO)
    step = rule.following if claimed > 0 else rule.first
    return _with_vat(cents(max(ZERO, min(step, rule.cap - claimed))), vat_percent)


def _graduated(principal: Decimal) -> Decimal:
    fee, rest = ZERO, principal
    for width, percent in _STEPS:
        part = rest if width is None else min(rest, width)
        fee += part * percent / 100
        rest -= part
    return fee


def _with_vat(net: Decimal, vat_percent: Decimal | None) -> Fee:
    return Fee(net, cents(net * vat_percent / 100) if vat_percent else ZERO)


def _within_look_back(earlier: Iterable[EarlierNotice], today: date) -> list[EarlierNotice]:
    # The day exactly six months ago is taken in: the debtor never pays more by it, and perhaps less.
    since = add_months(today, -LOOK_BACK_MONTHS)
    return [notice for notice in earlier if since <= notice.sent_on <= today]
