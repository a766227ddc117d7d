"""One CSV row to one line: a function made once for a mapping, without a choice per field.

`line_maker` binds every column position and reader into one closure; a million rows then cost one
`itemgetter` call, a few dictionary look-ups and two hashes each. What is refused goes through
`rejected_line`, which may be slow.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from decimal import Decimal
from operator import itemgetter
from typing import Any

from app.adapters.ledgers import parties
from app.adapters.ledgers.values import (
    Cached,
    Refused,
    amount_reader,
    currency_code,
    day_reader,
    number_reader,
    word_reader,
)
from app.services.exchange.rows import (
    COLUMN_FIELDS,
    CUSTOMER_FIELDS,
    LINE_COLUMNS,
    SIGN_FIELDS,
    CsvMapping,
    Line,
)

DOCUMENT_WORDS = {
    **dict.fromkeys(("invoice", "factuur", "verkoopfactuur", "fac", "f", "vf", "i", "inv", "380"), "invoice"),
    **dict.fromkeys(
        ("credit_note", "credit note", "creditnota", "creditfactuur", "credit", "cn", "cf", "c", "381"),
        "credit_note",
    ),
    **dict.fromkeys(("payment", "betaling", "ontvangst", "vooruitbetaling", "bank", "p", "b"), "payment"),
}
_ITEM_FIELDS = tuple(f for f in COLUMN_FIELDS if f not in CUSTOMER_FIELDS)
_UNIT = "\x1f"
_TERM = CUSTOMER_FIELDS.index("payment_term")
_KIND = CUSTOMER_FIELDS.index("customer_kind")
_CUSTOMERS_KEPT = 4_000
_READING = "1"
"""Part of every hash: to be raised when the same text is read as another value than before."""

Row = list[str]
MakeLine = Callable[[Row, int, str], Line]


@dataclass(frozen=True, slots=True)
class Readers:
    """The readers of one mapping; those of few distinct texts behind a cache."""

    amount: Callable[[str], Decimal | None]
    day: Cached[dt.date | None]
    kind: Cached[str | None]
    country: Cached[str | None]
    language: Cached[str | None]
    gender: Cached[str | None]
    term: Cached[int | None]
    level: Cached[int | None]
    document: Cached[str | None]
    currency: Cached[str | None]


def readers_of(mapping: CsvMapping, today: dt.date) -> Readers:
    """The readers for a mapping whose decimal sign is decided."""
    return Readers(
        amount=amount_reader(mapping.decimal or ",", mapping.thousands),
        day=Cached(day_reader(mapping.date_format, today)),
        kind=Cached(parties.customer_kind),
        country=Cached(parties.country_code),
        language=Cached(parties.language_code),
        gender=Cached(parties.gender),
        term=Cached(number_reader(365)),
        level=Cached(number_reader(99)),
        document=Cached(word_reader(DOCUMENT_WORDS, "kind of document")),
        currency=Cached(currency_code),
    )


def amounts_maker(
    mapping: CsvMapping, read: Callable[[str], Decimal | None]
) -> Callable[..., tuple[Decimal, Decimal | None]]:
    """Open and original amount, with the mapping's sign rule, from (open, original, sign, debit, credit)."""

    def opened(value: Decimal | None) -> Decimal:
        if value is None:
            raise Refused("amount.missing", "there is no open amount")
        return value

    def signed(open_: str, original: str, *_: str) -> tuple[Decimal, Decimal | None]:
        return opened(read(open_)), read(original)

    def by_word(open_: str, original: str, word: str, *_: str) -> tuple[Decimal, Decimal | None]:
        value, first = opened(read(open_)), read(original)
        if word.casefold() in debit:
            return value, first
        if word.casefold() in credit:
            return -value, None if first is None else -first
        raise Refused(
            "sign.unknown",
            f"{word!r} is neither debit nor credit",
            "Say which words are used: --map debit_words=D --map credit_words=C",
        )

    def by_columns(
        _open: str, original: str, _word: str, debit_text: str, credit_text: str
    ) -> tuple[Decimal, Decimal | None]:
        if not debit_text and not credit_text:
            raise Refused("amount.missing", "there is neither a debit nor a credit amount")
        return (read(debit_text) or Decimal(0)) - (read(credit_text) or Decimal(0)), read(original)

    debit, credit = set(mapping.debit_words), set(mapping.credit_words)
    return {"signed": signed, "words": by_word, "columns": by_columns}[mapping.sign]


def customer_reader(positions: Mapping[str, int], salt: str, readers: Readers) -> Cached[tuple[object, ...]]:
    """Reads the joined cells of a customer as the customer fields of a line, and their hash at the end.

    A customer's items mostly stand together, so the cache in front of it answers nearly every row.
    """
    names = [name for name in CUSTOMER_FIELDS if name in positions]
    conversions: list[tuple[int, Callable[[str], object]]] = [
        (CUSTOMER_FIELDS.index(name), convert)
        for name, convert in _conversions(readers).items()
        if name in names
    ]
    places = [names.index(name) if name in names else -1 for name in CUSTOMER_FIELDS]
    kvk_and_vat = [CUSTOMER_FIELDS.index(name) for name in ("kvk", "vat_number")]

    def read(joined: str) -> tuple[object, ...]:
        cells = joined.split(_UNIT)
        if len(cells) != len(names) + 2:
            raise Refused("row.control", "a cell holds a control character")
        values: list[object] = [cells[at] or None for at in places]
        if values[0] is None:
            raise Refused("customer.missing", "there is no customer number")
        for at, convert in conversions:
            values[at] = convert(cells[places[at]])
        if values[_KIND] is None and any(values[at] for at in kvk_and_vat):
            values[_KIND] = "business"
        return (*values, parties.fingerprint(salt + joined))

    return Cached(read, limit=_CUSTOMERS_KEPT)


def _conversions(readers: Readers) -> dict[str, Callable[[str], object]]:
    return {
        "customer_kind": readers.kind.__getitem__,
        "kvk": parties.kvk_number,
        "vat_number": parties.vat_number,
        "iban": parties.iban_text,
        "contact_gender": readers.gender.__getitem__,
        "country": readers.country.__getitem__,
        "language": readers.language.__getitem__,
        "payment_term": readers.term.__getitem__,
    }


def line_maker(mapping: CsvMapping, positions: Mapping[str, int], readers: Readers) -> MakeLine:
    """The function from (row, line number, place) to a line; it raises `Refused` for a row that is none.

    `positions` counts from 0; the row must end with one empty cell more, which stands for fields that the
    file does not have. Equal hashes mean equal values under the same mapping.
    """
    pick = itemgetter(*(positions.get(name, -1) for name in _ITEM_FIELDS))
    customer_cells = itemgetter(*_cells(positions, CUSTOMER_FIELDS))
    item_cells = itemgetter(*_cells(positions, ("customer_number", "payment_term", *_ITEM_FIELDS)))
    salt = _salt(mapping)
    customers = customer_reader(positions, salt, readers)
    amounts, amount = amounts_maker(mapping, readers.amount), readers.amount
    signed = mapping.sign == "signed"
    day, level_of, document_of, currency_of = readers.day, readers.level, readers.document, readers.currency
    default_term, default_currency = mapping.default_payment_term, mapping.default_currency
    fingerprint, join = parties.fingerprint, _UNIT.join

    def make(row: Row, line_no: int, place: str) -> Line:
        (
            document, number, source_id, reference, description, invoiced, due, currency, original, open_,
            paid, level, reminded, word, debit, credit,
        ) = pick(row)  # fmt: skip
        customer = customers[join(customer_cells(row))]
        if not number:
            raise Refused("number.missing", "there is no document number")
        if signed:
            open_amount = amount(open_)
            original_amount = open_amount if original == open_ else amount(original)
            if open_amount is None:
                raise Refused("amount.missing", "there is no open amount")
        else:
            open_amount, original_amount = amounts(open_, original, word, debit, credit)
        invoice_date, due_date = day[invoiced], day[due]
        estimated = due_date is None
        if due_date is None:
            if invoice_date is None:
                raise Refused("date.missing", "there is neither an invoice date nor a due date")
            term: Any = customer[_TERM]
            due_date = invoice_date + dt.timedelta(default_term if term is None else term)
        kind = document_of[document]
        if kind is None:
            deciding = open_amount if original_amount is None else original_amount
            kind = "credit_note" if deciding < 0 else "invoice"
        return (
            line_no, place, None, None, *customer[:-1],
            kind, number, (invoice_date or due_date).year, source_id or None, reference or None,
            description or None, invoice_date, due_date, estimated, currency_of[currency] or default_currency,
            original_amount, open_amount, day[paid], level_of[level], day[reminded],
            fingerprint(salt + join(item_cells(row))), customer[-1],
        )  # fmt: skip

    return make


def rejected_line(error: Refused, line_no: int, place: str, keys: Mapping[str, object]) -> Line:
    """The line that names a refused row: place, value, remedy, and the key fields that could be read."""
    where = place.replace("line", "Line", 1) if place.startswith("line") else place
    sentence = f"{where}: {error.reason}. {error.remedy}"
    known = {**keys, "line_no": line_no, "place": place, "error_code": error.code, "error": sentence}
    return tuple(known.get(name) for name in LINE_COLUMNS)


def keys_of(cells: Mapping[str, str], mapping: CsvMapping, readers: Readers) -> dict[str, object]:
    """The key fields of a refused row, as far as each can be read for certain; the others are None.

    A year is not taken from the due date when the invoice date is there and cannot be read, and without a
    year there is no type either: half a key would pass for the key of another item, and the item meant
    would be closed as gone.
    """
    keys: dict[str, object] = {
        name: cells.get(name) or None for name in ("customer_number", "document_number", "source_id")
    }
    try:
        day = readers.day[cells.get("invoice_date", "")] or readers.day[cells.get("due_date", "")]
        keys["document_year"] = day.year if day else None
    except Refused:
        keys["document_year"] = None
    keys["document_type"] = None
    if keys["document_year"] is not None:
        with suppress(Refused):
            keys["document_type"] = _document_type(cells, mapping, readers)
    return keys


def _document_type(cells: Mapping[str, str], mapping: CsvMapping, readers: Readers) -> str:
    if document := readers.document[cells.get("document_type", "")]:
        return document
    open_amount, original = amounts_of(cells, mapping, readers)
    return "credit_note" if (open_amount if original is None else original) < 0 else "invoice"


def amounts_of(
    cells: Mapping[str, str], mapping: CsvMapping, readers: Readers
) -> tuple[Decimal, Decimal | None]:
    """Open and original amount of one row given by field; for rows off the fast path."""
    order = ("open_amount", "original_amount", *SIGN_FIELDS)
    return amounts_maker(mapping, readers.amount)(*(cells.get(name, "") for name in order))


def _cells(positions: Mapping[str, int], names: Sequence[str]) -> list[int]:
    """Positions of the mapped fields among `names`; twice the empty cell at the end keeps it a tuple."""
    return [*(positions[name] for name in names if name in positions), -1, -1]


def _salt(mapping: CsvMapping) -> str:
    """What decides, beside the cells, which values a row gives."""
    parts = (
        _READING, *(name for name in COLUMN_FIELDS if name in mapping.columns), mapping.decimal,
        mapping.thousands, mapping.date_format, mapping.debit_words, mapping.credit_words,
        mapping.default_currency, mapping.default_payment_term,
    )  # fmt: skip
    return f"{parties.fingerprint(_UNIT.join(map(str, parts)))}{_UNIT}"
