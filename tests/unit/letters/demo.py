"""Communications to look at and to test with: each shipped text in both languages, and the hard cases."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

from app.services.correspondence.rows import (
    Addressee,
    Communication,
    Costs,
    InterestLine,
    Language,
    LetterItem,
    Notice,
    Sender,
    TemplateName,
)
from app.services.correspondence.texts import TEMPLATES

LETTER_DATE = date(2026, 11, 23)
D = Decimal

SENDER = Sender(
    company_name="Van Dalen Installatietechniek B.V.",
    trade_line="Installatie en onderhoud",
    address_lines=("Handelsweg 8, 3900 AA Veenendaal",),
    phone="0318 09 80 00",
    phone_hours="ma–vr 8:30–17:00",
    email="debiteuren@vandalen.example",
    kvk="00123456",
    vat_number="NL001234567B01",
    iban="NL91ABNA0417164300",
    bic="ABNANL2A",
    account_name="Van Dalen Installatietechniek B.V.",
    signer_name="Sanne de Wit",
    signer_function="Debiteurenbeheer",
    signer_phone="0318 09 80 12",
)

BUSINESS = Addressee(
    number="11862",
    name="Loodgietersbedrijf Smit & Van Rijn B.V.",
    attention="de heer P. Smit",
    street="Kanaaldijk 41",
    postcode="6710ab",
    city="Ede",
    email="crediteuren@smitvanrijn.example",
    salutation_name="Smit",
    gender="m",
    kind="business",
)

CONSUMER = Addressee(
    number="20417",
    name="Mevrouw J. van den Berg",
    street="Lindelaan 7",
    postcode="3902 CD",
    city="Veenendaal",
    email="j.vandenberg@post.example",
    salutation_name="van den Berg",
    gender="f",
    kind="consumer",
)


def item(number: str, amount: str, *, late: int = 36, **changes: object) -> LetterItem:
    """An invoice that fell due `late` days before the letter, thirty days after its date."""
    due = LETTER_DATE - timedelta(days=late)
    made = LetterItem(
        item_id=int("".join(c for c in number if c.isdigit()) or "0"),
        document_number=number,
        invoice_date=due - timedelta(days=30),
        due_date=due,
        original_amount=D(amount),
        amount=D(amount),
        stage="demand",
        last_reminded_on=date(2026, 11, 6),
    )
    return replace(made, **changes)  # pyright: ignore[reportArgumentType]


MOCKUP_ITEMS = (
    item("20263902", "2662.00", late=36),
    item("20263988", "1966.22", late=29, original_amount=D("2466.22")),
    item("20264051", "1690.00", late=22),
)


def summed(c: Communication) -> Communication:
    """`c` with the total that its items, interest and costs make."""
    total = sum((i.amount for i in c.items), D(0)) + sum((i.amount for i in c.interest), D(0))
    return replace(c, total=total + (c.costs.total if c.costs else 0))


def communication(
    template: TemplateName = "demand", language: Language = "nl", **changes: object
) -> Communication:
    """The letter of the mock-up in any of the texts; `changes` replace its facts, the total follows."""
    made = Communication(
        action_id=4711,
        stage=template,
        template=template,
        tone="neutral",
        channel="letter",
        language=language,
        currency="EUR",
        letter_date=LETTER_DATE,
        pay_before=date(2026, 11, 30),
        reference="RF691186220261123",
        our_reference="AM-2026-11862-2",
        sender=SENDER,
        addressee=replace(BUSINESS, language=language),
        items=MOCKUP_ITEMS,
        total=D(0),
        paid_through=date(2026, 11, 20),
        threatened_costs=D("690.91"),
        next_stage="final_demand",
        enclosures=3,
    )
    made = replace(made, **changes)  # pyright: ignore[reportArgumentType]
    return made if "total" in changes else summed(made)


def consumer_notice(language: Language = "nl", **changes: object) -> Communication:
    """A 14-day letter for three invoices of a consumer: the fee over the joint principal, once."""
    facts: dict[str, object] = {
        "addressee": replace(CONSUMER, language=language),
        "items": (item("20260042", "100.00"), item("20260057", "100.00"), item("20260063", "100.00")),
        "notice": Notice(principal=D(300), fee=D("45.00"), vat=D(0), total=D("45.00")),
        "our_reference": "VD-2026-20417-1",
        "threatened_costs": None,
        "next_stage": "charge",
        "enclosures": 0,
    }
    return communication("notice14", language, **{**facts, **changes})


def final_demand(language: Language = "nl", **changes: object) -> Communication:
    """A final demand to a business with interest over two rates and collection costs."""
    facts: dict[str, object] = {
        "items": (
            item("20261877", "1210.00", late=175, stage="final_demand"),
            item("20263902", "2662.00", late=36, stage="final_demand"),
            item("20264777", "845.00", late=9, role="also_due", stage="reminder", last_reminded_on=None),
        ),
        "interest": (
            InterestLine(date(2026, 6, 2), date(2026, 6, 30), 29, D("10.15"), D("1210.00"), D("9.76")),
            InterestLine(date(2026, 7, 1), date(2026, 11, 23), 146, D("10.40"), D("1210.00"), D("50.34")),
            InterestLine(date(2026, 10, 19), date(2026, 11, 23), 36, D("10.40"), D("2662.00"), D("27.31")),
        ),
        "costs": Costs(
            principal=D("3872.00"),
            fee=D("512.20"),
            vat=D(0),
            total=D("512.20"),
            vat_rate=D(21),
        ),
        "tone": "firm",
        "our_reference": "LS-2026-11862-3",
        "next_stage": "hand_over",
        "threatened_costs": None,
    }
    return communication("final_demand", language, **{**facts, **changes})


def with_credit() -> Communication:
    """A demand from which a credit note and a payment on account are set off."""
    return communication(
        items=(
            item("20263902", "2662.00"),
            item("20263988", "150.00", late=29, role="covered"),
            item("20263990", "1000.00", held_amount=D("300.00"), original_amount=D("1300.00")),
            item("C2026011", "-150.00", role="set_off"),
            item("VB-88", "-62.00", role="set_off"),
        )
    )


def all_letters() -> Iterator[tuple[str, Communication]]:
    """Every shipped text in both languages, with the name of its file."""
    for language in ("nl", "en"):
        for template in TEMPLATES:
            if template == "notice14":
                made = consumer_notice(language)
            elif template == "final_demand":
                made = final_demand(language)
            else:
                made = communication(template, language)
            yield f"{language}-{template}", made
