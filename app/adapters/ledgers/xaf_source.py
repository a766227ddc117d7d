"""An XAF 3.1/3.2 audit file as lines: the open items of its customers at the end of its period."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

from app.adapters.ledgers import parties
from app.adapters.ledgers.csv_line import rejected_line
from app.adapters.ledgers.values import Refused, day_reader
from app.adapters.ledgers.xaf_customers import unknown_customer
from app.adapters.ledgers.xaf_items import Book, Item, Key, open_items, settle_matches
from app.adapters.ledgers.xaf_ledger import BadLine, Ledger
from app.adapters.ledgers.xaf_stream import Record, records
from app.errors import Invalid
from app.services.exchange.rows import ControlTotals, CurrencyTotal, Line


class XafSource:
    """An opened audit file; see `LedgerSource`.

    Complete for its period, which ends on the day of export when that is earlier. Raises `Invalid` for
    another version, a document type declaration, a broken file, and one without items of customers.
    """

    format = "xaf"

    def __init__(self, path: Path, today: dt.date, *, default_term: int = 30) -> None:
        self.completeness: str | None = "complete"
        self.covers_earlier = False
        self.notes: list[str] = []
        self._path = path
        self._today = today
        self._default_term = default_term
        self._control: ControlTotals | None = None
        self.period: tuple[dt.date, dt.date] | None = _period(self._header(), today)

    @property
    def control(self) -> ControlTotals:
        """Totals of what `lines` gave; known when it has given the last one."""
        if self._control is None:
            raise RuntimeError("the control totals are known after the last line")
        return self._control

    def lines(self) -> Iterator[Line]:
        """The open items in the order of the file, after the lines that belong to none."""
        self.notes.clear()
        self._control = None
        ledger = self._read()
        accounts = debtor_accounts(ledger)
        book, bad = _chosen(ledger, accounts)
        self._refuse_nothing(ledger, book, bad, accounts)
        opening = sum((ledger.opening_balances.get(account, Decimal(0)) for account in accounts), Decimal(0))
        self.covers_earlier = ledger.has_opening or not opening
        settle_matches(book.items)
        totals: dict[str, CurrencyTotal] = {}
        rejected, compared = len(bad), Decimal(0)
        for entry in bad:
            keys = {"document_number": entry.number or None}
            yield rejected_line(entry.refused, entry.line_no, entry.place, keys)
        for key, item in open_items(book.items):
            line = self._line(ledger, key, item)
            yield line
            if line[2] is not None:
                rejected += 1
                continue
            currency, amount = str(line[33]), item.foreign if item.currency else item.booked
            before = totals.get(currency, CurrencyTotal(0, Decimal(0)))
            totals[currency] = CurrencyTotal(before.count + 1, before.open_amount + amount)
            compared += item.booked
        self._control = _control(ledger, accounts, totals, rejected, compared)
        self._note_difference()

    def _header(self) -> Record:
        for record in records(self._path, []):
            if record.name == "header":
                return record
            break
        raise Invalid(
            "file", f"{self._path.name} has no header.", remedy="Export it again.", code="xaf.header"
        )

    def _read(self) -> Ledger:
        ledger: Ledger | None = None
        for record in records(self._path, self.notes):
            if ledger is None:
                currency = record.texts.get("curCode") or "EUR"
                ledger = Ledger(currency, record.texts.get("fiscalYear", ""), self._today)
            else:
                ledger.take(record)
        if ledger is None:
            raise Invalid("file", f"{self._path.name} has no header.", code="xaf.header")
        return ledger

    def _refuse_nothing(self, ledger: Ledger, book: Book, bad: list[BadLine], accounts: set[str]) -> None:
        """An export without customers on its lines would look like everything paid."""
        if book.items:
            return
        if ledger.purchases and not bad:
            reason = "its subledgers hold purchases only"
        elif bad:
            reason = f"none of the {len(bad)} lines on account {', '.join(sorted(accounts))} names a customer"
        else:
            reason = "it has neither a subledger of customers nor customers on its journal lines"
        raise Invalid(
            "file",
            f"{self._path.name} holds no items of customers: {reason}.",
            remedy="Export with subledgers (subadministraties), or use a CSV list of open items.",
            code="xaf.no_items",
        )

    def _line(self, ledger: Ledger, key: Key, item: Item) -> Line:
        customer, kind, reference = key
        source_id = None if kind == "ref" else f"{kind}:{reference}"
        amount = item.foreign if item.currency else item.booked
        document = item.document_type or ("payment" if amount < 0 else "invoice")
        refused = item.refused or self._doubt(kind, item, amount)
        if refused:
            # Without its invoice line the year is not known, and half a key would be that of another item.
            year = item.invoice_date.year if item.document_type and item.invoice_date else None
            keys = {
                "customer_number": customer,
                "document_type": item.document_type if year else None,
                "document_number": item.number,
                "document_year": year,
                "source_id": source_id,
            }
            return rejected_line(refused, item.line_no, item.place, keys)
        invoiced = item.invoice_date or dt.date.min
        due = item.due_date if item.document_type else None
        original = item.original_foreign if item.currency else item.original
        party = ledger.customers.get(customer) or unknown_customer(customer)
        values = (
            document, item.number, invoiced.year, source_id, None, item.description or None, invoiced,
            due or invoiced + dt.timedelta(self._default_term), due is None, item.currency or ledger.currency,
            original if item.document_type else None, amount, item.paid_on, None, None,
        )  # fmt: skip
        item_hash = parties.fingerprint("\x1f".join(map(str, (customer, *values))))
        return (item.line_no, item.place, None, None, *party[:-1], *values, item_hash, party[-1])

    def _doubt(self, kind: str, item: Item, amount: Decimal) -> Refused | None:
        if item.invoice_date is None:
            return Refused("date.missing", f"{item.number} has no date")
        if kind == "ref" and not item.document_type and amount < 0 and not self.covers_earlier:
            return _lost_invoice(item)
        return None

    def _note_difference(self) -> None:
        if self.control.difference:
            self.notes.append(
                f"The {self.control.file_total_of} is {self.control.file_total}, "
                f"the items are {self.control.compared}: {self.control.difference} is not in the items."
            )


def _lost_invoice(item: Item) -> Refused:
    return Refused(
        "xaf.invoice_missing",
        f"the payment of {-item.booked} is for {item.number}, an invoice from before this file",
        "Export with the opening subledger, or import the open items as CSV.",
    )


def debtor_accounts(ledger: Ledger) -> set[str]:
    """The debtor control accounts: by their name, or because each customer has one, else by their use.

    Without a name to go by it is the account on which sales journals book customers on balance as debit.
    """
    named = ledger.debtor_accounts | {a for a in ledger.balances if ledger.is_own_account(a)}
    return named or {account for account, amount in ledger.sales.items() if amount > 0}


def _chosen(ledger: Ledger, accounts: set[str]) -> tuple[Book, list[BadLine]]:
    book = Book()
    book.join(ledger.opening)
    if ledger.has_subledger:
        book.join(ledger.period)
        return book, ledger.bad
    for account in sorted(accounts & ledger.journal.keys()):
        book.join(ledger.journal[account])
    return book, ledger.bad + ledger.bad_journal


def _control(
    ledger: Ledger, accounts: set[str], totals: dict[str, CurrencyTotal], rejected: int, compared: Decimal
) -> ControlTotals:
    used = sorted(account for account in accounts if account in ledger.balances)
    if not used:
        return ControlTotals(totals, rejected, compared=compared)
    balance = sum((ledger.balances[account] for account in used), Decimal(0))
    return ControlTotals(
        totals, rejected, balance, f"balance of debtor accounts {', '.join(used)}", ledger.currency, compared
    )


def _period(header: Record, today: dt.date) -> tuple[dt.date, dt.date]:
    read = day_reader("yyyy-mm-dd", today)
    try:
        first, last, made = (
            read(header.texts.get(name, "")[:10]) for name in ("startDate", "endDate", "dateCreated")
        )
    except Refused as refused:
        raise _no_period(refused.reason) from refused
    if first is None or last is None or first > last:
        raise _no_period("start or end date is missing or turned round")
    return first, max(first, min(last, made or last))


def _no_period(reason: str) -> Invalid:
    return Invalid(
        "file",
        f"The header does not tell its period: {reason}.",
        remedy="Export it again.",
        code="xaf.header",
    )
