"""The figures of a letter in words: tables, total and payment box, for paper and mail alike."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

from app.domain.ageing import days_late
from app.domain.epc import CreditTransfer, epc_payload
from app.domain.iban import compact, print_iban
from app.domain.money import EUR, Money, cents, format_amount, format_date
from app.domain.references import print_reference
from app.errors import RuleBroken
from app.services.correspondence.facts import interest_kind
from app.services.correspondence.labels import Labels, labels, money_text, one_line
from app.services.correspondence.rows import Communication, InterestLine, LetterItem

COLUMNS = ("document", "invoice_date", "due_date", "days_late", "original", "outstanding")
INTEREST_COLUMNS = (
    "interest_from",
    "interest_to",
    "interest_days",
    "interest_rate",
    "interest_base",
    "interest_amount",
)
_QR_LIMIT = Decimal("999999999.99")
_ZERO = Decimal(0)


@dataclass(frozen=True, slots=True)
class Row:
    """One line of a table: a text per column, and small `notes` under it."""

    cells: tuple[str, ...]
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Statement:
    """What is owed and how to pay it.

    `summary` is empty when the table alone adds up to the total. `payment` are the lines of the payment box
    with a flag for the ones to copy; `qr` is the EPC payload, empty where no bank app can use it.
    """

    head: tuple[str, ...]
    rows: tuple[Row, ...]
    also_due: tuple[Row, ...]
    summary: tuple[tuple[str, str], ...]
    total_label: str
    total: str
    notes: tuple[str, ...]
    interest_head: tuple[str, ...]
    interest_rows: tuple[Row, ...]
    interest_notes: tuple[str, ...]
    payment: tuple[tuple[str, str, bool], ...]
    qr: str


def statement(c: Communication) -> Statement:
    """The figures of `c`; `RuleBroken` when nothing is to be paid or the parts do not add up."""
    check_total(c)
    words = labels(c.language)
    also_due = [item for item in c.items if item.role == "also_due"]
    rows = [item for item in c.items if item.role != "also_due"]
    return Statement(
        head=tuple(words[key] for key in COLUMNS),
        rows=tuple(_row(item, c, words) for item in rows),
        also_due=tuple(_row(item, c, words) for item in also_due),
        summary=_summary(c, rows, also_due, words),
        total_label=words["to_pay"],
        total=money_text(c.total, c),
        notes=_notes(c, words),
        interest_head=tuple(words[key] for key in INTEREST_COLUMNS),
        interest_rows=tuple(_interest_row(line, c) for line in c.interest),
        interest_notes=_interest_notes(c, words),
        payment=_payment(c, words),
        qr=qr_payload(c),
    )


def check_total(c: Communication) -> None:
    """A letter asks for what it lists: items + interest + costs = total > 0, and costs = fee + VAT."""
    listed = sum((item.amount for item in c.items), _ZERO) + _interest_sum(c)
    if c.costs is not None:
        if c.costs.fee + c.costs.vat != c.costs.total:
            raise RuleBroken("The collection costs do not add up.", code="letter.costs", action=c.action_id)
        listed += c.costs.total
    if c.total <= 0:
        raise RuleBroken("There is nothing to pay.", code="letter.nothing_to_pay", action=c.action_id)
    if listed != c.total:
        raise RuleBroken(
            f"The letter lists {listed} and asks for {c.total}.", code="letter.total", action=c.action_id
        )


def qr_payload(c: Communication) -> str:
    """The EPC code's text (EPC069-12), '' for other currencies and amounts that no transfer can have.

    Only an RF reference may stand in the structured element (ISO 11649); a betalingskenmerk goes in as text.
    `Invalid` when the account, the BIC or an RF reference is wrong.
    """
    if c.currency != EUR or not _ZERO < c.total <= _QR_LIMIT:
        return ""
    structured = compact(c.reference).startswith("RF")
    return epc_payload(
        CreditTransfer(
            name=one_line(c.sender.account_name)[:70].strip(),
            iban=c.sender.iban,
            amount=Money(c.total),
            reference=c.reference if structured else "",
            text="" if structured else one_line(c.reference),
            bic=c.sender.bic,
        )
    )


def _row(item: LetterItem, c: Communication, words: Labels) -> Row:
    late = str(days_late(item.due_date, c.letter_date))
    due = format_date(item.due_date, c.language, short=True) + ("*" if item.due_estimated else "")
    if item.amount < 0 or item.role in {"set_off", "cost"}:
        due, late = "", words["cost"] if item.role == "cost" else words["set_off"]
    return Row(
        (
            one_line(item.document_number),
            format_date(item.invoice_date, c.language, short=True),
            due,
            late,
            format_amount(item.original_amount, c.language),
            format_amount(item.amount, c.language),
        ),
        tuple(_item_notes(item, c, words)),
    )


def _item_notes(item: LetterItem, c: Communication, words: Labels) -> Iterable[str]:
    if item.your_reference:
        yield f"{words['your_reference']} {one_line(item.your_reference)}"
    if item.role == "covered":
        yield words["covered"]
    if item.held_amount:
        yield f"{words['held']} {money_text(item.held_amount, c)}"


def _summary(
    c: Communication, rows: list[LetterItem], also_due: list[LetterItem], words: Labels
) -> tuple[tuple[str, str], ...]:
    lines: list[tuple[str, Decimal]] = []
    if c.interest:
        until = format_date(max(line.to_date for line in c.interest), c.language)
        lines.append((f"{words['interest_total']} {until}", _interest_sum(c)))
    if c.costs is not None:
        lines.append((f"{words['fee']} {money_text(c.costs.principal, c)}", c.costs.fee))
        if c.costs.vat:
            lines.append((f"{_percent(c.costs.vat_rate, c)} {words['vat_on_fee']}", c.costs.vat))
    if lines or also_due:
        subtotals = [(words["invoices_total"], sum((i.amount for i in rows), _ZERO))]
        if also_due:
            subtotals.append((words["also_due"], sum((i.amount for i in also_due), _ZERO)))
        lines = subtotals + lines
    return tuple((label, format_amount(amount, c.language)) for label, amount in lines)


def _notes(c: Communication, words: Labels) -> tuple[str, ...]:
    notes: list[str] = []
    if c.paid_through:
        notes.append(words["paid_through"].format(date=format_date(c.paid_through, c.language)))
    if any(item.held_amount for item in c.items):
        notes.append(words["held_note"])
    if any(item.due_estimated for item in c.items):
        notes.append(words["estimated"])
    return tuple(notes)


def _interest_row(line: InterestLine, c: Communication) -> Row:
    return Row(
        (
            format_date(line.from_date, c.language, short=True),
            format_date(line.to_date, c.language, short=True),
            str(line.days),
            _percent(line.rate, c),
            format_amount(line.base, c.language),
            format_amount(line.amount, c.language),
        )
    )


def _interest_notes(c: Communication, words: Labels) -> tuple[str, ...]:
    notes: list[str] = []
    if c.interest:
        grounds = dict.fromkeys(one_line(line.ground) or interest_kind(c) for line in c.interest)
        notes.append("; ".join(ground[:1].upper() + ground[1:] for ground in grounds) + ".")
    if c.costs is not None:
        ground = one_line(c.costs.ground) or words["fee_ground_by_law"]
        notes.append(f"{words['fee_ground']} {ground}.")
    return tuple(notes)


def _payment(c: Communication, words: Labels) -> tuple[tuple[str, str, bool], ...]:
    lines = [
        (words["amount"], money_text(c.total, c), True),
        (words["account"], print_iban(c.sender.iban), True),
        (words["bic"], c.sender.bic if _needs_bic(c) else "", False),
        (words["in_name_of"], one_line(c.sender.account_name), False),
        (words["reference"], print_reference(c.reference), True),
        (words["online"], one_line(c.payment_link or ""), False),
    ]
    return tuple(line for line in lines if line[1])


def _needs_bic(c: Communication) -> bool:
    return c.currency != EUR or c.addressee.country.upper() != "NL"


def _interest_sum(c: Communication) -> Decimal:
    return sum((line.amount for line in c.interest), _ZERO)


def _percent(rate: Decimal, c: Communication) -> str:
    text = format_amount(rate, c.language)
    return f"{text[:-3] if cents(rate) == cents(rate).to_integral() else text}%"
