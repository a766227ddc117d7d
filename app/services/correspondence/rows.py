"""What one letter or mail is made of: plain, frozen facts, already decided.

A `Communication` is a snapshot. Nothing here reads the database or the clock, and nothing that draws it
computes a deadline, a fee or interest: those stand here as the engine decided them, so that the same
communication always gives the same bytes.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Literal

Language = Literal["nl", "en"]
TemplateName = Literal["reminder", "demand", "notice14", "final_demand", "default_notice"]
Tone = Literal["friendly", "neutral", "firm"]
Channel = Literal["letter", "email"]
Window = Literal["left", "right", "din_a", "din_b"]
CustomerKind = Literal["consumer", "business", "government", "unknown"]
Role = Literal["demand", "also_due", "set_off", "covered", "cost"]


@dataclass(frozen=True, slots=True)
class Sender:
    """Our company as the letter shows it.

    `logo` is a PNG; without one the first letter of the name stands on the accent colour. `window` is the
    place of the address on the sheet. `complaint_line` is printed when the company must name a complaint or
    dispute procedure (registered agencies must).
    """

    company_name: str
    address_lines: tuple[str, ...]
    iban: str
    account_name: str
    trade_line: str = ""
    phone: str = ""
    phone_hours: str = ""
    email: str = ""
    website: str = ""
    kvk: str = ""
    vat_number: str = ""
    bic: str = ""
    signer_name: str = ""
    signer_function: str = ""
    signer_phone: str = ""
    window: Window = "right"
    accent: str = "#1D5FB3"
    logo: bytes | None = None
    complaint_line: str = ""


@dataclass(frozen=True, slots=True)
class Addressee:
    """Who it is written to. `gender` and `salutation_name` ('Smit') may be empty: then nobody is guessed."""

    number: str
    name: str
    attention: str = ""
    street: str = ""
    postcode: str = ""
    city: str = ""
    country: str = "NL"
    email: str = ""
    salutation_name: str = ""
    gender: Literal["m", "f", ""] = ""
    language: Language = "nl"
    kind: CustomerKind = "unknown"

    @property
    def natural_person(self) -> bool:
        """True where the law protects as a consumer; an unknown kind counts as one."""
        return self.kind in {"consumer", "unknown"}


@dataclass(frozen=True, slots=True)
class LetterItem:
    """One open item in a letter.

    `amount` is what this letter counts for it: the unheld outstanding amount, negative for a credit.
    `held_amount` stands beside it and is not in `amount` ("in behandeling"). `last_reminded_on` is the day a
    written reminder for this very item really left.
    """

    item_id: int
    document_number: str
    invoice_date: date
    due_date: date
    original_amount: Decimal
    amount: Decimal
    role: Role = "demand"
    your_reference: str = ""
    due_estimated: bool = False
    stage: str = ""
    last_reminded_on: date | None = None
    held_amount: Decimal = Decimal(0)


@dataclass(frozen=True, slots=True)
class InterestLine:
    """Interest over one period at one rate; `rate` in percent a year, both days included."""

    from_date: date
    to_date: date
    days: int
    rate: Decimal
    base: Decimal
    amount: Decimal
    ground: str = ""


@dataclass(frozen=True, slots=True)
class Costs:
    """Collection costs claimed now: `total = fee + vat`; `vat` is 0 where the sender can deduct it."""

    principal: Decimal
    fee: Decimal
    vat: Decimal
    total: Decimal
    vat_rate: Decimal
    ground: str = ""


@dataclass(frozen=True, slots=True)
class Notice:
    """The announcement of costs in a 14-day letter (art. 6:96(6) BW): the exact amounts, not claimed yet.

    `term_text` replaces the standard words of the term; only wording that counts from delivery is accepted.
    """

    principal: Decimal
    fee: Decimal
    vat: Decimal
    total: Decimal
    vat_rate: Decimal = Decimal(21)
    term_text: str = ""


@dataclass(frozen=True, slots=True)
class Communication:
    """One letter or mail to one addressee, complete.

    `pay_before` is the **last day** on which a payment is in time. `total` is the sum to be paid now: all
    item amounts, interest and costs (a notice's fee is not in it); drawing refuses a sum that does not add
    up. `paid_through` is the last day whose payments are known. `threatened_costs` is the fee that a
    business would owe on this principal. `next_stage` is the next step the workflow will really take, None
    when there is none: nothing else is ever announced.
    """

    action_id: int
    stage: str
    template: TemplateName
    tone: Tone
    channel: Channel
    language: Language
    currency: str
    letter_date: date
    pay_before: date
    reference: str
    our_reference: str
    sender: Sender
    addressee: Addressee
    items: tuple[LetterItem, ...]
    total: Decimal
    paid_through: date | None = None
    interest: tuple[InterestLine, ...] = ()
    costs: Costs | None = None
    notice: Notice | None = None
    threatened_costs: Decimal | None = None
    next_stage: str | None = None
    call_hours: str = ""
    payment_link: str | None = None
    enclosures: int = 0
