"""From the facts the database gives for an action to the communication that is drawn.

Decides what money stands in a letter: principal, posted costs, costs and interest claimed now, costs that
are only announced. The facts come from `tegoed.communication_facts`; nothing here reads the database.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Any

from app.domain.costs import DUTCH_VAT, collection_fee
from app.domain.interest import SHIPPED_RATES, InterestKind, first_interest_day, interest
from app.domain.references import ReferenceKind, letter_reference
from app.services.correspondence.rows import (
    Addressee,
    Communication,
    Costs,
    InterestLine,
    LetterItem,
    Notice,
    Sender,
)

ZERO = Decimal("0.00")
_CODES = {"reminder": "HE", "demand": "AM", "notice14": "VD", "final_demand": "LS", "default_notice": "IG"}
_CLAIMS = {"final_demand"}
"""Only here: a notice of default creates the default from which costs and interest run."""
_TITLES = {
    "de",
    "heer",
    "dhr",
    "dhr.",
    "mevrouw",
    "mevr",
    "mevr.",
    "mw",
    "mw.",
    "mr",
    "mr.",
    "mrs",
    "ms",
    "dr",
    "dr.",
}
_MOST_LINES = 12

Facts = Mapping[str, Any]


def reference_for(facts: Facts) -> str:
    """The payment reference of an action: the stored one, else made from customer number and action id."""
    shown = facts["shown"]
    if shown["reference"]:
        return str(shown["reference"])
    kind = ReferenceKind(shown["sender"]["reference_kind"])
    return letter_reference(facts["checked"]["addressee"]["number"], shown["action"], kind)


def compose(facts: Facts) -> Communication:
    """The communication of an action on its letter date; equal facts give an equal one."""
    checked, shown = facts["checked"], facts["shown"]
    step, letter_date = checked["step"], date.fromisoformat(shown["letter_date"])
    natural, stage = bool(shown["natural"]), step["stage"] or step["template"]
    items = tuple(_item(each) for each in checked["items"])
    lines = _interest(items, checked["items"], shown, stage)
    costs = _costs(items, shown, stage)
    addressee = _addressee(checked)
    return Communication(
        action_id=shown["action"],
        stage=stage,
        template=step["template"],
        tone=step["tone"] or "neutral",
        channel="email" if step["channel"] == "email" else "letter",
        language=addressee.language,
        currency=shown["currency"],
        letter_date=letter_date,
        pay_before=date.fromisoformat(shown["pay_before"]) if shown["pay_before"] else letter_date,
        reference=reference_for(facts),
        our_reference=f"{_CODES[step['template']]}-{letter_date.year}-{addressee.number}-{shown['action']}",
        sender=_sender(shown),
        addressee=addressee,
        items=items,
        total=sum((i.amount for i in items), ZERO)
        + sum((line.amount for line in lines), ZERO)
        + (costs.total if costs else ZERO),
        paid_through=date.fromisoformat(shown["paid_through"]) if shown["paid_through"] else None,
        interest=lines,
        costs=costs,
        notice=_notice(checked["notice"], shown) if stage == "notice14" else None,
        threatened_costs=None if natural or costs else _threatened(items, shown),
        next_stage=shown["next_stage"],
        call_hours=shown["sender"]["phone_hours"],
    )


def _sender(shown: Facts) -> Sender:
    c = shown["sender"]
    place = f"{c['postcode']} {c['city']}".strip()
    return Sender(
        company_name=c["name"],
        address_lines=tuple(line for line in (c["street"], place) if line),
        iban=c["iban"],
        account_name=c["account_name"] or c["name"],
        trade_line=c["trade_line"],
        phone=c["phone"],
        phone_hours=c["phone_hours"],
        email=c["email"],
        website=c["website"],
        kvk=c["kvk"],
        vat_number=c["vat_number"],
        bic=c["bic"],
        signer_name=c["signer_name"],
        signer_function=c["signer_function"],
        signer_phone=c["signer_phone"],
        window=c["letter_window"],
        accent=c["accent"],
        logo=base64.b64decode(shown["logo"]) if shown["logo"] else None,
    )


def _addressee(checked: Facts) -> Addressee:
    a = checked["addressee"]
    return Addressee(
        number=a["number"],
        name=a["name"],
        attention=a["contact"] if a["contact"] != a["name"] else "",
        street=a["street"],
        postcode=a["postcode"],
        city=a["city"],
        country=a["country"],
        email=a["email"],
        salutation_name=_surname(a["contact"]) if a["gender"] else "",
        gender=a["gender"],
        language=a["language"],
        kind=checked["kind"],
    )


def _surname(contact: str) -> str:
    """The name without titles and initials: `de heer P. de Vries` is addressed as *De Vries*."""
    words = contact.split()
    while words and (words[0].casefold() in _TITLES - {"de"} or words[0].endswith(".")):
        words.pop(0)
    if words[:2] and words[0].casefold() == "de" and len(words) > 1 and words[1].casefold() in _TITLES:
        return _surname(" ".join(words[2:]))
    name = " ".join(words)
    return name[:1].upper() + name[1:]


def _item(each: Facts) -> LetterItem:
    amount, outstanding = Decimal(each["amount"]), Decimal(each["outstanding"])
    due = date.fromisoformat(each["due_date"])
    return LetterItem(
        item_id=each["id"],
        document_number=each["number"],
        invoice_date=date.fromisoformat(each["invoice_date"]) if each["invoice_date"] else due,
        due_date=due,
        original_amount=Decimal(each["original"]),
        amount=amount,
        role=each["role"],
        your_reference=each["your_reference"],
        due_estimated=each["due_estimated"],
        stage=each["stage"] or "",
        last_reminded_on=date.fromisoformat(each["reminded_on"]) if each["reminded_on"] else None,
        held_amount=max(outstanding - amount, ZERO) if each["role"] in {"demand", "also_due"} else ZERO,
    )


def _principal(items: Sequence[LetterItem]) -> Decimal:
    """What is demanded itself, less what is set off: the base of costs (never interest or costs)."""
    return max(sum((i.amount for i in items if i.role in {"demand", "set_off"}), ZERO), ZERO)


def _costs(items: Sequence[LetterItem], shown: Facts, stage: str) -> Costs | None:
    """Costs claimed in this letter. Natural persons owe only what a charge posted after an expired notice."""
    if stage not in _CLAIMS or shown["natural"] or any(i.role == "cost" for i in items):
        return None
    principal = _principal([i for i in items if not i.due_estimated])
    if principal <= 0:
        return None
    fee = collection_fee(principal, vat_percent=DUTCH_VAT if shown["sender"]["charge_vat"] else None)
    return Costs(principal, fee.net, fee.vat, fee.total, DUTCH_VAT if fee.vat else ZERO)


def _threatened(items: Sequence[LetterItem], shown: Facts) -> Decimal | None:
    principal = _principal(items)
    if principal <= 0:
        return None
    return collection_fee(principal, vat_percent=DUTCH_VAT if shown["sender"]["charge_vat"] else None).total


def _notice(claim: Facts, shown: Facts) -> Notice:
    fee, vat = Decimal(str(claim["fee"])), Decimal(str(claim["vat"]))
    return Notice(
        principal=Decimal(str(claim["principal"])),
        fee=fee,
        vat=vat,
        total=fee + vat,
        vat_rate=DUTCH_VAT if shown["sender"]["charge_vat"] else ZERO,
    )


def _interest(
    items: Sequence[LetterItem], raw: Sequence[Facts], shown: Facts, stage: str
) -> tuple[InterestLine, ...]:
    """Statutory interest up to the letter date on each demanded item whose due date is certain."""
    if stage not in _CLAIMS or not shown["sender"]["claim_interest"] or shown["currency"] != "EUR":
        return ()
    kind = InterestKind.CONSUMER if shown["natural"] else InterestKind.TRADE
    until = date.fromisoformat(shown["letter_date"])
    lines: list[InterestLine] = []
    for item, each in zip(items, raw, strict=True):
        if item.role != "demand" or item.due_estimated or each["kind"] != "invoice":
            continue
        found = interest(item.amount, first_interest_day(item.due_date), until, rates=SHIPPED_RATES[kind])
        lines += [InterestLine(x.first, x.last, x.days, x.percent, x.base, x.amount) for x in found.lines]
    return tuple(lines) if len(lines) <= _MOST_LINES else _by_rate(lines)


def _by_rate(lines: Sequence[InterestLine]) -> tuple[InterestLine, ...]:
    """One line a rate for letters with many items: the days run from the first item's to the last."""
    joined: list[InterestLine] = []
    for rate in dict.fromkeys(line.rate for line in sorted(lines, key=lambda x: x.from_date)):
        same = [line for line in lines if line.rate == rate]
        first, last = min(x.from_date for x in same), max(x.to_date for x in same)
        joined.append(
            InterestLine(
                first,
                last,
                (last - first).days + 1,
                rate,
                sum((x.base for x in same), ZERO),
                sum((x.amount for x in same), ZERO),
            )
        )
    return tuple(joined)
