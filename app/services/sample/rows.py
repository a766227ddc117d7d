"""What the makers of the sample hand to each other, and what is reported."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field

from app.services.sample.words import CompanyWords
from app.services.workflow.shipped import ShippedWorkflow


@dataclass(frozen=True, slots=True)
class SampleReport:
    """What was filled: companies by code with their customers, and rows per table."""

    date: dt.date
    seed: int
    customers: int
    companies: Mapping[str, int]
    rows: Mapping[str, int]

    def __str__(self) -> str:
        shares = ", ".join(f"{code} {count}" for code, count in self.companies.items())
        return f"{self.customers} customers ({shares}), {self.rows['open_item']} items, {self.rows['action']} actions"


@dataclass(frozen=True, slots=True)
class PublishedWorkflow:
    """A shipped workflow as it stands in a company."""

    version_id: int
    workflow: ShippedWorkflow


@dataclass(frozen=True, slots=True)
class SampleCompany:
    """A company that stands: its ids and what leads a customer to its workflow."""

    id: int
    words: CompanyWords
    connection_id: int
    queue_id: int
    groups: Mapping[str, int]
    profiles: Mapping[str, int]
    people: Mapping[str, int]
    workflows: Mapping[str, PublishedWorkflow]

    def workflow_of(self, group: str) -> PublishedWorkflow:
        """The workflow of a customer in `group`; the sample's customers have no workflow of their own."""
        named = {each.code: each.workflow for each in self.words.groups}.get(group, "")
        return self.workflows[named or self.words.default_workflow]


@dataclass(frozen=True, slots=True)
class Party:
    """A customer. `habit` is how it pays; `size` multiplies its invoices; `showcase` has one item it never pays.

    `showcase` is the age in days of that item's due date, None for an ordinary customer.
    """

    id: int
    number: str
    name: str
    kind: str
    habit: str
    group: str
    profile: str = ""
    kvk: str = ""
    vat_number: str = ""
    iban: str = ""
    contact_name: str = ""
    contact_gender: str = ""
    street: str = ""
    postcode: str = ""
    city: str = ""
    country: str = "NL"
    address_state: str = "good"
    email: str = ""
    email_state: str = "good"
    phone: str = ""
    phone_state: str = "good"
    language: str = "nl"
    collector: str = ""
    salesperson: str = ""
    payment_term: int = 30
    size: float = 1.0
    showcase: int | None = None

    @property
    def natural(self) -> bool:
        return self.kind in {"consumer", "unknown"}

    def reachable(self, kind: str, if_unreachable: str) -> str:
        """The kind of action a written step becomes: its channel, what stands in for it, or a task."""
        can_mail = bool(self.email) and self.email_state == "good"
        has_address = bool(self.street and self.city and (self.postcode or self.country != "NL"))
        can_post = has_address and self.address_state == "good"
        if kind == "email" and not can_mail and if_unreachable == "letter" and can_post:
            return "letter"
        if (kind == "email" and not can_mail) or (kind == "letter" and not can_post):
            can_call = bool(self.phone) and self.phone_state == "good"
            return "call" if if_unreachable == "call" and can_call else "task"
        return kind


@dataclass(slots=True)
class Payment:
    """Money on an item, in cents; `kind` as in `movement`."""

    day: dt.date
    cents: int
    kind: str = "source_settlement"
    reason: str = ""


@dataclass(slots=True)
class Silence:
    """A hold: from, last day (None: none set), the day it was released (None: it was not)."""

    starts: dt.date
    until: dt.date | None
    released_on: dt.date | None
    cause: str
    reason: str

    def speaks_on(self, day: dt.date) -> bool:
        """Whether the item was silent on `day`, as it looked then."""
        last = self.released_on or self.until
        return self.starts <= day and (last is None or day <= last)


@dataclass(slots=True)
class Notice:
    """A 14-day letter, amounts in cents; `last_day` None while nobody said when it was posted."""

    id: int
    action_id: int
    delivery_id: int
    currency: str
    sent_on: dt.date
    principal: int
    fee: int
    posted_on: dt.date | None
    delivered_on: dt.date | None
    last_day: dt.date | None
    items: list[tuple[int, int]]
    charged: bool = False


@dataclass(slots=True)
class Bill:
    """An open item with its payments and how far it has come; amounts in cents."""

    id: int
    kind: str
    number: str
    invoice_date: dt.date
    due_date: dt.date
    cents: int
    currency: str = "EUR"
    description: str = ""
    your_reference: str = ""
    due_estimated: bool = False
    payments: list[Payment] = field(default_factory=list[Payment])
    silences: list[Silence] = field(default_factory=list[Silence])
    position: int = 0
    rank: int = 0
    last_on: dt.date | None = None
    reminded_on: dt.date | None = None
    notice: Notice | None = None
    charged_notice_id: int | None = None
    parent_action_id: int | None = None
    resume: dt.date | None = None

    def open_on(self, day: dt.date) -> int:
        """What was known to be open on the morning of `day`: payments of the day before are booked by then."""
        return self.cents + sum(payment.cents for payment in self.payments if payment.day < day)

    @property
    def rest(self) -> int:
        return self.cents + sum(payment.cents for payment in self.payments)


def euros(cents: int) -> str:
    """Cents as the database reads an amount."""
    sign = "-" if cents < 0 else ""
    whole, rest = divmod(abs(cents), 100)
    return f"{sign}{whole}.{rest:02d}"
