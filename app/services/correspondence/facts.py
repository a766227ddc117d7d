"""What a text may say: flat words and yes/no facts of one communication, nothing else.

Texts are edited by people, so they see strings and booleans only: no objects, no methods, no lists.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from decimal import Decimal

from app.domain.iban import print_iban
from app.domain.money import format_date
from app.domain.references import print_reference
from app.services.correspondence.labels import Labels, labels, money_text, one_line
from app.services.correspondence.rows import Communication, LetterItem

Facts = Mapping[str, str | bool]

# Threatening with costs is true only where the step that comes next claims them.
_STAGES_WITH_COSTS = frozenset({"final_demand", "charge", "hand_over"})
_NO_COSTS = Decimal(0)


def facts(c: Communication) -> dict[str, str | bool]:
    """The merge fields of `c`, in its language.

    "Reminded on" comes from the demanded items themselves; costs are threatened to businesses only, never
    beside costs already claimed, and only before a step that claims them.
    """
    words = labels(c.language)
    demanded = [item for item in c.items if item.role == "demand"]
    return {
        **_dates(c, words),
        **_reminded(demanded, c.language),
        **_sender(c),
        "total": money_text(c.total, c),
        "principal": money_text(sum((i.amount for i in demanded), _NO_COSTS), c),
        "many": len(demanded) != 1,
        "document_number": one_line(demanded[0].document_number) if len(demanded) == 1 else "",
        "consumer": c.addressee.natural_person,
        "business": not c.addressee.natural_person,
        "customer_number": one_line(c.addressee.number),
        "customer": one_line(c.addressee.name),
        "reference": print_reference(c.reference),
        "our_reference": one_line(c.our_reference),
        "payment_link": one_line(c.payment_link or ""),
        "this_letter": words["email" if c.channel == "email" else "letter"],
        "next_step": words.next_step.get(c.next_stage or "", ""),
        "threatened_costs": _threatened_costs(c),
        "interest_kind": interest_kind(c),
        "has_interest": bool(c.interest),
        "has_costs": c.costs is not None,
        "has_charges": bool(c.interest) or c.costs is not None,
        "has_also_due": any(i.role == "also_due" for i in c.items),
        "has_credits": any(i.amount < 0 for i in c.items),
        "has_held": any(i.held_amount for i in c.items),
    }


def interest_kind(c: Communication) -> str:
    """The interest by its name and article: trade (6:119a BW), government (6:119b), else civil (6:119)."""
    kind = {"business": "interest_trade", "government": "interest_government"}
    return labels(c.language)[kind.get(c.addressee.kind, "interest_civil")]


def _dates(c: Communication, words: Labels) -> dict[str, str | bool]:
    return {
        "letter_date": format_date(c.letter_date, c.language),
        "pay_by": words.day_with_weekday(c.pay_before),
        "pay_before_date": format_date(c.pay_before + timedelta(days=1), c.language),
        "paid_through": format_date(c.paid_through, c.language) if c.paid_through else "",
    }


def _reminded(demanded: list[LetterItem], language: str) -> dict[str, str | bool]:
    reminded: list[date] = [i.last_reminded_on for i in demanded if i.last_reminded_on]
    return {
        "reminded_on": format_date(max(reminded), language) if reminded else "",
        "reminded_partly": 0 < len(reminded) < len(demanded),
    }


def _sender(c: Communication) -> dict[str, str | bool]:
    sender = c.sender
    return {
        "company": one_line(sender.company_name),
        "phone": one_line(sender.signer_phone or sender.phone),
        "call_hours": one_line(c.call_hours or sender.phone_hours).replace(" ", "\u00a0"),
        "email": one_line(sender.email),
        "website": one_line(sender.website),
        "iban": print_iban(sender.iban),
        "account_name": one_line(sender.account_name),
        "signer_name": one_line(sender.signer_name),
    }


def _threatened_costs(c: Communication) -> str:
    applies = (
        c.threatened_costs is not None
        and c.threatened_costs > 0
        and c.costs is None
        and not c.addressee.natural_person
        and c.next_stage in _STAGES_WITH_COSTS
    )
    return money_text(c.threatened_costs or _NO_COSTS, c) if applies else ""
