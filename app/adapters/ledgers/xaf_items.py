"""From subledger and journal lines to open items: running sums, one small object per item, none per line.

An item is all lines of one customer with the same invoice reference, else the same match key, else a line
alone. Its open amount is debit minus credit; zero is settled.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Decimal

from app.adapters.ledgers.values import Refused

Key = tuple[str, str, str]
"""Customer number, kind (`ref`, `match`, `line`), reference: what its lines have in common."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of a subledger or of a debtor account, as far as open items need it; debit is positive."""

    line_no: int
    place: str
    key: Key
    amount: Decimal
    is_invoice: bool
    date: dt.date | None
    due_date: dt.date | None = None
    match: str = ""
    currency: str = ""
    foreign: Decimal = Decimal(0)
    number: str = ""
    description: str = ""


@dataclass(slots=True)
class Item:
    """The running sums of one item; `document_type` is empty until a line said it is an invoice."""

    line_no: int
    place: str
    number: str
    booked: Decimal = Decimal(0)
    foreign: Decimal = Decimal(0)
    currency: str | None = None
    document_type: str = ""
    original: Decimal = Decimal(0)
    original_foreign: Decimal = Decimal(0)
    invoice_date: dt.date | None = None
    due_date: dt.date | None = None
    paid_on: dt.date | None = None
    description: str = ""
    refused: Refused | None = None
    matched: dict[str, Decimal] = field(default_factory=dict[str, Decimal])

    def add(self, entry: Entry) -> None:
        """Adds a line. The currency stays foreign only while every line is in that same one."""
        self.booked += entry.amount
        self.foreign += entry.foreign
        if self.currency is None:
            self.currency = entry.currency
        elif self.currency != entry.currency:
            self.currency = ""
        if entry.match:
            self.matched[entry.match] = self.matched.get(entry.match, Decimal(0)) + entry.amount
        if entry.is_invoice:
            self._add_invoice(entry)
        elif entry.amount < 0 and entry.date and (self.paid_on is None or entry.date > self.paid_on):
            self.paid_on = entry.date
        if not self.document_type and not self.invoice_date:
            self.invoice_date, self.description = entry.date, entry.description

    def _add_invoice(self, entry: Entry) -> None:
        kind = "credit_note" if entry.amount < 0 else "invoice"
        if not self.document_type:
            self.document_type = kind
            self.line_no, self.place = entry.line_no, entry.place
            self.invoice_date, self.due_date, self.description = entry.date, entry.due_date, entry.description
        if kind == self.document_type:
            self.original += entry.amount
            self.original_foreign += entry.foreign

    def join(self, other: Item) -> None:
        """Adds the sums of the same item from another part of the file, which comes later."""
        self.booked += other.booked
        self.foreign += other.foreign
        if self.currency != other.currency:
            self.currency = ""
        for match, amount in other.matched.items():
            self.matched[match] = self.matched.get(match, Decimal(0)) + amount
        if other.paid_on and (self.paid_on is None or other.paid_on > self.paid_on):
            self.paid_on = other.paid_on
        self.refused = self.refused or other.refused
        if other.document_type and not self.document_type:
            for name in ("document_type", "line_no", "place", "invoice_date", "due_date", "description"):
                setattr(self, name, getattr(other, name))
        if other.document_type == self.document_type:
            self.original += other.original
            self.original_foreign += other.original_foreign

    @property
    def is_settled(self) -> bool:
        return not self.refused and not (self.foreign if self.currency else self.booked)


class Book:
    """The items of one part of a file: the opening, the subledgers, or one debtor account."""

    def __init__(self) -> None:
        self.items: dict[Key, Item] = {}

    def add(self, entry: Entry) -> None:
        item = self.items.get(entry.key)
        if item is None:
            item = self.items[entry.key] = Item(entry.line_no, entry.place, entry.number)
        item.add(entry)

    def refuse(self, key: Key, line_no: int, place: str, refused: Refused) -> None:
        """A line of an item that cannot be read: then its sum is wrong, so the whole item is refused."""
        item = self.items.setdefault(key, Item(line_no, place, key[2]))
        if item.refused is None:
            item.refused, item.line_no, item.place = refused, line_no, place

    def join(self, later: Book) -> None:
        for key, item in later.items.items():
            if key in self.items:
                self.items[key].join(item)
            else:
                self.items[key] = item


def settle_matches(items: dict[Key, Item]) -> None:
    """Applies match keys across items, in place.

    What has only a match key joins the one invoice that has the same; lines of a customer whose match key
    sums to zero are settled among themselves, whatever invoices they name.
    """
    sums: dict[tuple[str, str], Decimal] = {}
    references: dict[tuple[str, str], set[str]] = {}
    for (customer, kind, reference), item in items.items():
        for match, amount in item.matched.items():
            sums[customer, match] = sums.get((customer, match), Decimal(0)) + amount
            if kind == "ref":
                references.setdefault((customer, match), set()).add(reference)
    for key in [key for key in items if key[1] == "match"]:
        named = references.get((key[0], key[2]), set())
        if len(named) == 1:
            items[key[0], "ref", named.pop()].join(items.pop(key))
    for (customer, _, _), item in items.items():
        for match, amount in item.matched.items():
            if amount and not sums[customer, match] and item.booked:
                item.booked -= amount
                item.currency = ""


def open_items(items: dict[Key, Item]) -> Iterator[tuple[Key, Item]]:
    """What is not settled, in the order of the file."""
    return iter(
        sorted(((k, i) for k, i in items.items() if not i.is_settled), key=lambda pair: pair[1].line_no)
    )
