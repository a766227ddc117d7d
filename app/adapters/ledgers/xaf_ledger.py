"""What an audit file tells, gathered while it streams by: customers, accounts, and three books of items.

The opening subledger and the period's subledger are one set of books, the journal lines on debtor accounts
the other; the latter are used only when the file has no customer subledger of the period.
"""

from __future__ import annotations

import datetime as dt
import re
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from decimal import Decimal

from app.adapters.ledgers.values import Cached, Refused, day_reader, plain_amount
from app.adapters.ledgers.xaf_customers import Customer, customer_of
from app.adapters.ledgers.xaf_items import Book, Entry, Key
from app.adapters.ledgers.xaf_stream import Record

_DEBTORS = re.compile(r"debiteur|debtor|receivable|handelsvordering", re.IGNORECASE)
_NOT_DEBTORS = re.compile(
    r"voorziening|provision|\bbtw\b|\bvat\b|afschrijving|tussenrek|verschil|korting|crediteur", re.IGNORECASE
)


@dataclass(frozen=True, slots=True)
class BadLine:
    """A line that belongs to no item because its customer or its side cannot be told."""

    line_no: int
    place: str
    refused: Refused
    number: str


@dataclass(frozen=True, slots=True)
class _Posting:
    """A readable line of a customer on its way into a book."""

    customer: str
    texts: dict[str, str]
    line_id: str
    place: str
    amount: Decimal
    day: str
    is_invoice: bool


@dataclass(slots=True)
class Ledger:
    """Everything kept of the file. Amounts are debit minus credit in the book currency."""

    currency: str
    year: str
    today: dt.date
    customers: dict[str, Customer] = field(default_factory=dict[str, Customer])
    suppliers_only: set[str] = field(default_factory=set[str])
    uses_debtor_letters: bool = False
    kinds: dict[str, str] = field(default_factory=dict[str, str])
    debtor_accounts: set[str] = field(default_factory=set[str])
    result_accounts: set[str] = field(default_factory=set[str])
    balances: dict[str, Decimal] = field(default_factory=lambda: defaultdict[str, Decimal](Decimal))
    opening_balances: dict[str, Decimal] = field(default_factory=lambda: defaultdict[str, Decimal](Decimal))
    sales: dict[str, Decimal] = field(default_factory=lambda: defaultdict[str, Decimal](Decimal))
    opening: Book = field(default_factory=Book)
    period: Book = field(default_factory=Book)
    journal: dict[str, Book] = field(default_factory=lambda: defaultdict[str, Book](Book))
    bad: list[BadLine] = field(default_factory=list[BadLine])
    bad_journal: list[BadLine] = field(default_factory=list[BadLine])
    purchases: int = 0
    has_subledger: bool = False
    has_opening: bool = False
    _line_no: int = 0
    _subledger: Counter[str] = field(default_factory=Counter[str])
    _in_subledger: Counter[str] = field(default_factory=Counter[str])
    _line_ids: Counter[str] = field(default_factory=Counter[str])
    _day: Cached[dt.date | None] = field(init=False)

    def __post_init__(self) -> None:
        read = day_reader("yyyy-mm-dd", self.today)
        # A day may carry a time or a zone ("2017-01-31+01:00"); only the day is meant.
        self._day = Cached(lambda text: read(text[:10]))

    def take(self, record: Record) -> None:
        """Adds one record of the stream."""
        match record.name:
            case "customerSupplier":
                self._take_customer(record.texts)
            case "ledgerAccount":
                self._take_account(record.texts)
            case "obLine":
                self._take_opening(record.texts)
            case "trLine":
                self._take_journal_line(record)
            case "obSbLine" | "sbLine":
                self._take_subledger_line(record)
            case "obSubledger" | "subledger":
                self._subledger[record.name] += 1
                self._in_subledger.clear()
            case _:
                pass

    def _take_customer(self, texts: dict[str, str]) -> None:
        number, kind = texts.get("custSupID", ""), texts.get("custSupTp", "")
        self.customers[number] = customer_of(texts)
        self.kinds[number] = kind
        self.uses_debtor_letters |= kind == "D"

    def is_supplier(self, number: str) -> bool:
        """Whether a relation is marked as supplier only; C means creditor where the file also writes D."""
        return self.kinds.get(number) == ("C" if self.uses_debtor_letters else "S")

    def _take_account(self, texts: dict[str, str]) -> None:
        account, name = texts.get("accID", ""), texts.get("accDesc", "")
        if texts.get("accTp", "B") == "P":
            self.result_accounts.add(account)
        elif _DEBTORS.search(name) and not _NOT_DEBTORS.search(name):
            self.debtor_accounts.add(account)

    def _take_opening(self, texts: dict[str, str]) -> None:
        account = texts.get("accID", "")
        try:
            amount = _signed(texts)
        except Refused:
            return
        self.balances[account] += amount
        self.opening_balances[account] += amount

    def is_own_account(self, account: str) -> bool:
        """Whether an account is a customer: some programs give every debtor an account with his number."""
        return account in self.customers and not self.is_supplier(account)

    def _take_journal_line(self, record: Record) -> None:
        texts = record.texts
        self._line_no += 1
        account = texts.get("accID", "")
        if account in self.result_accounts:
            return
        own = self.is_own_account(account)
        named = own or account in self.debtor_accounts
        customer = texts.get("custSupID", "") or (account if own else "")
        try:
            amount = _signed(texts)
        except Refused as refused:
            if named and not self.has_subledger:
                book, place = self.journal[account], _journal_place(record)
                self._refuse_in(book, self.bad_journal, customer, record, place, refused)
            return
        self.balances[account] += amount
        # Where no account is named as that of debtors, any balance account may turn out to be.
        candidate = named or (not self.debtor_accounts and customer and not self.is_supplier(customer))
        if candidate and not self.has_subledger:
            self._post_journal_line(record, account, customer, amount)

    def _post_journal_line(self, record: Record, account: str, customer: str, amount: Decimal) -> None:
        texts, place, kind = record.texts, _journal_place(record), record.above(2, "jrnTp")
        if kind == "S":
            self.sales[account] += amount
        if not customer:
            self.bad_journal.append(BadLine(self._line_no, place, _no_customer(), texts.get("invRef", "")))
            return
        line_id = f"{record.above(2, 'jrnID')}/{record.above(1, 'nr')}/{texts.get('nr', '')}"
        day = texts.get("effDate") or record.above(1, "trDt")
        is_invoice = kind == "S" or (kind not in {"B", "C"} and amount > 0)
        posting = _Posting(customer, texts, line_id, place, amount, day, is_invoice)
        self._add(self.journal[account], posting)

    def _take_subledger_line(self, record: Record) -> None:
        texts, kind = record.texts, record.above(1, "sbType")
        around = "obSubledger" if record.name == "obSbLine" else "subledger"
        self._line_no += 1
        self._in_subledger[around] += 1
        number = texts.get("nr") or str(self._in_subledger[around])
        place = f"{record.name} {number} of {around} {self._subledger[around] + 1}"
        customer = texts.get("custSupID", "")
        book = self.opening if record.name == "obSbLine" else self.period
        try:
            if not self._is_of_customers(kind, texts):
                self.purchases += 1
                return
        except Refused as refused:
            self._refuse_in(book, self.bad, customer, record, place, refused)
            return
        self._begin(record.name)
        if not customer:
            self.bad.append(BadLine(self._line_no, place, _no_customer(), texts.get("invRef", "")))
            return
        try:
            amount = _signed(texts)
        except Refused as refused:
            self._refuse_in(book, self.bad, customer, record, place, refused)
            return
        mutation = texts.get("mutTp", "")
        is_invoice = mutation == "I" or (not mutation and (amount > 0 or bool(texts.get("invDueDt"))))
        day = texts.get("invDt", "")
        self._add(book, _Posting(customer, texts, _line_id(texts), place, amount, day, is_invoice))

    def _begin(self, name: str) -> None:
        if name == "obSbLine":
            self.has_opening = True
        elif not self.has_subledger:
            self.has_subledger = True
            # The subledger tells the same better; the journal's items would count everything twice.
            self.journal.clear()
            self.bad_journal.clear()

    def _is_of_customers(self, kind: str, texts: dict[str, str]) -> bool:
        """Whether a subledger line is of the sales side."""
        if kind in {"CU", "SU", "ZZ"}:
            return kind == "CU"
        if side := texts.get("invPurSalTp"):
            return side == "S"
        relation = self.kinds.get(texts.get("custSupID", ""), "")
        if relation == ("D" if self.uses_debtor_letters else "C"):
            return True
        if relation == ("C" if self.uses_debtor_letters else "S"):
            return False
        raise Refused(
            "xaf.side_unknown",
            f"the line of {texts.get('custSupID', '')!r} does not say whether it is sales or purchases",
            "Export with a subledger of customers (CU), or with invPurSalTp.",
        )

    def _refuse_in(
        self, book: Book, bad: list[BadLine], customer: str, record: Record, place: str, refused: Refused
    ) -> None:
        reference = record.texts.get("invRef", "")
        if customer and reference:
            book.refuse((customer, "ref", reference), self._line_no, place, refused)
        else:
            bad.append(BadLine(self._line_no, place, refused, reference))

    def _add(self, book: Book, line: _Posting) -> None:
        texts = line.texts
        key = self._key(line)
        try:
            date, due = self._day[line.day], self._day[texts.get("invDueDt", "")]
        except Refused as refused:
            book.refuse(key, self._line_no, line.place, refused)
            return
        currency, foreign = self._foreign(texts, line.amount)
        entry = Entry(
            line_no=self._line_no,
            place=line.place,
            key=key,
            amount=line.amount,
            is_invoice=line.is_invoice,
            date=date,
            due_date=due,
            match=texts.get("matchKeyID", ""),
            currency=currency,
            foreign=foreign,
            number=texts.get("invRef") or texts.get("docRef") or line.line_id,
            description=texts.get("desc", ""),
        )
        book.add(entry)

    def _key(self, line: _Posting) -> Key:
        if reference := line.texts.get("invRef"):
            return line.customer, "ref", reference
        if match := line.texts.get("matchKeyID"):
            return line.customer, "match", match
        name = f"{self.year}/{line.line_id}/{line.texts.get('docRef', '')}"
        self._line_ids[name] += 1
        count = self._line_ids[name]
        return line.customer, "line", name if count == 1 else f"{name}#{count}"

    def _foreign(self, texts: dict[str, str], amount: Decimal) -> tuple[str, Decimal]:
        """Currency and signed amount when the line is in another than the book currency."""
        code, text = texts.get("currency.curCode", ""), texts.get("currency.curAmnt", "")
        if not code or code == self.currency or not text:
            return "", Decimal(0)
        try:
            value = abs(plain_amount(text))
        except Refused:
            return "", Decimal(0)
        return code, value if amount > 0 else -value


def _journal_place(record: Record) -> str:
    transaction, journal = record.above(1, "nr"), record.above(2, "jrnID")
    return f"trLine {record.texts.get('nr', '?')} of transaction {transaction} in journal {journal}"


def _signed(texts: dict[str, str]) -> Decimal:
    """Debit positive, credit negative; a negative amount turns its side."""
    amount, side = plain_amount(texts.get("amnt", "")), texts.get("amntTp", "")
    if side not in {"D", "C"}:
        raise Refused("sign.unknown", f"amntTp {side!r} is neither D nor C")
    return amount if side == "D" else -amount


def _no_customer() -> Refused:
    return Refused("customer.missing", "there is no custSupID", "Book it on a customer in the source.")


def _line_id(texts: dict[str, str]) -> str:
    linked = "/".join(texts.get(name, "") for name in ("jrnID", "trNr", "trLineNr"))
    return linked if linked.strip("/") else f"opening/{texts.get('obLineNr') or texts.get('nr', '')}"
