"""What a reader of bookkeeping files hands over: flat lines, a mapping, totals to check them by.

A line is a plain tuple in the order of `LINE_COLUMNS`, so that a million of them can be copied into
`import_line` without an object per line. None means that the source does not say. A rejected line has
`error_code` and `error` (place, value, remedy) and only the key fields that could be read.
"""

from __future__ import annotations

import codecs
import datetime as dt
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields, replace
from decimal import Decimal
from typing import Protocol

from app.errors import Invalid

LINE_COLUMNS = (
    "line_no", "place", "error_code", "error",
    "customer_number", "customer_name", "customer_kind", "kvk", "vat_number", "iban", "email", "phone",
    "contact_name", "contact_gender", "street", "postcode", "city", "country", "language", "group_code",
    "profile_code", "collector", "salesperson", "payment_term",
    "document_type", "document_number", "document_year", "source_id", "your_reference", "description",
    "invoice_date", "due_date", "due_estimated", "currency", "original_amount", "open_amount", "paid_on",
    "reminder_level", "reminder_date", "item_hash", "customer_hash",
)  # fmt: skip
"""The columns of a line, in order; `place` is for people ("line 12"), `line_no` is unique in its file."""

Line = tuple[object, ...]

CUSTOMER_FIELDS = LINE_COLUMNS[4:24]
"""Columns of the customer; `customer_hash` covers them."""

SIGN_FIELDS = ("debit_credit", "debit", "credit")
"""Columns of a CSV file that only tell the sign or the two halves of the open amount."""

COLUMN_FIELDS = (
    *CUSTOMER_FIELDS,
    *(c for c in LINE_COLUMNS[24:39] if c not in {"document_year", "due_estimated"}),
    *SIGN_FIELDS,
)
"""Every field that a CSV column can be mapped to."""

DATE_FORMATS = ("dd-mm-yyyy", "mm-dd-yyyy", "yyyy-mm-dd")
COMPLETENESS = ("complete", "additions")
_DELIMITERS = {"tab": "\t", "\\t": "\t", "semicolon": ";", "comma": ",", "pipe": "|", "space": " "}
_NONE = {"", "none", "no", "-"}


@dataclass(frozen=True, slots=True)
class Evidence:
    """Why a guess was made: `confidence` 0 to 1 and a few values of the column."""

    confidence: float
    samples: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class CsvMapping:
    """How to read one CSV dialect.

    `columns` says for each field which header, or which column counted from 1, holds it. `decimal` None
    means that the sample does not decide it. The open amount is signed, or its sign stands in the
    column of `debit_credit` (`debit_words`, `credit_words`), or it is the difference of the columns of
    `debit` and `credit`. `skip` lines stand before the first item when there is no header; with a header
    it is looked for. `completeness` None means: ask. `headers` are those seen in the file, `evidence`
    is of a guess only and is not kept.
    """

    columns: Mapping[str, str | int]
    encoding: str = "utf-8"
    delimiter: str = ";"
    quote: str | None = '"'
    header: bool = True
    skip: int = 0
    decimal: str | None = ","
    thousands: str | None = "."
    date_format: str = "dd-mm-yyyy"
    debit_words: tuple[str, ...] = ("d", "debet", "debit", "db", "+")
    credit_words: tuple[str, ...] = ("c", "credit", "cr", "k", "-")
    default_currency: str = "EUR"
    default_payment_term: int = 30
    completeness: str | None = None
    headers: tuple[str, ...] = ()
    evidence: Mapping[str, Evidence] = field(default_factory=dict[str, Evidence], compare=False)

    @property
    def sign(self) -> str:
        """`signed`, `words` (a debit/credit column) or `columns` (a debit and a credit column)."""
        if "debit_credit" in self.columns:
            return "words"
        return "columns" if {"debit", "credit"} <= self.columns.keys() else "signed"

    def to_json(self) -> str:
        """The mapping as text to remember; `from_json` gives an equal one."""
        kept = asdict(self)
        del kept["evidence"]
        return json.dumps(kept, ensure_ascii=False, sort_keys=True)

    @classmethod
    def from_json(cls, text: str) -> CsvMapping:
        """The mapping that `to_json` wrote. Raises `Invalid` naming an unknown key or field."""
        try:
            kept = json.loads(text)
        except json.JSONDecodeError as error:
            raise Invalid("mapping", f"This is not a mapping: {error}.", code="mapping.unreadable") from error
        known = {f.name for f in fields(cls)} - {"evidence"}
        if not isinstance(kept, dict) or not isinstance(kept.get("columns"), dict):  # pyright: ignore[reportUnknownMemberType]
            raise Invalid("mapping", "A mapping must name its columns.", code="mapping.unreadable")
        values: dict[str, object] = {str(k): v for k, v in kept.items()}  # pyright: ignore[reportUnknownVariableType, reportUnknownArgumentType]
        for key in values:
            if key not in known:
                raise _unknown(key, known)
        for name in ("debit_words", "credit_words", "headers"):
            if name in values:
                values[name] = tuple(str(v) for v in values[name])  # pyright: ignore[reportGeneralTypeIssues, reportUnknownVariableType, reportUnknownArgumentType]
        mapping = cls(**values)  # pyright: ignore[reportArgumentType]
        for name in mapping.columns:
            if name not in COLUMN_FIELDS:
                raise _unknown(name, COLUMN_FIELDS)
        return mapping

    def with_corrections(self, corrections: Sequence[str]) -> CsvMapping:
        """This mapping with `field=header`, `field=` (no column) and `setting=value` applied.

        Raises `Invalid` naming the known fields and settings, the file's headers, or the allowed values.
        """
        mapping = self
        for text in corrections:
            key, equals, value = (part.strip() for part in text.partition("="))
            if not equals:
                raise Invalid(
                    key, f"{text!r} is not a correction.", remedy="Write field=header.", code="mapping.form"
                )
            if key in COLUMN_FIELDS:
                mapping = replace(mapping, columns=mapping.columns_with(key, value))
            elif key in _SETTING_READERS:
                mapping = replace(mapping, **{key: _setting(key, value)})  # pyright: ignore[reportArgumentType]
            else:
                raise _unknown(key, (*COLUMN_FIELDS, *_SETTING_READERS))
        return mapping

    def columns_with(self, name: str, value: str) -> dict[str, str | int]:
        """The columns with field `name` read from header or column number `value`, or not at all if empty."""
        columns = {k: v for k, v in self.columns.items() if k != name}
        if not value:
            return columns
        by_text = {h.casefold(): h for h in self.headers}
        if self.header and value.casefold() in by_text:
            return {**columns, name: by_text[value.casefold()]}
        if value.isdecimal() and int(value) >= 1 and (not self.headers or int(value) <= len(self.headers)):
            return {**columns, name: int(value)}
        if self.header and not self.headers:
            return {**columns, name: value}
        raise Invalid(
            name,
            f"The file has no column {value!r}.",
            remedy=f"Its columns: {', '.join(self.headers) or 'numbers from 1'}.",
            code="mapping.header_unknown",
        )


@dataclass(frozen=True, slots=True)
class CurrencyTotal:
    """How many accepted items there are in a currency, and the sum of their open amounts."""

    count: int
    open_amount: Decimal


@dataclass(frozen=True, slots=True)
class ControlTotals:
    """What was read, and what the file itself says it should have been.

    `file_total` is in `file_currency`: the balance of the debtor control accounts, or the total row of a
    CSV file; None when the file has none. `compared` is the same sum over the accepted items (items in a
    foreign currency at their booked value). A `difference` other than zero must be shown to the user.
    """

    by_currency: Mapping[str, CurrencyTotal]
    rejected: int
    file_total: Decimal | None = None
    file_total_of: str = ""
    file_currency: str = ""
    compared: Decimal = Decimal(0)

    @property
    def difference(self) -> Decimal | None:
        """What the file's own total has more than the accepted items; None without such a total."""
        return None if self.file_total is None else self.file_total - self.compared


class LedgerSource(Protocol):
    """An opened file of open items.

    `completeness` is `complete`, `additions` or None (ask). `period` is the time the file tells of,
    None when it is a list of all open items of its day. `covers_earlier` is known after the last line:
    False when items from before the period are missing, so that their absence means nothing.
    `control` and `notes` are known after the last line too.
    """

    format: str
    completeness: str | None
    period: tuple[dt.date, dt.date] | None
    covers_earlier: bool
    notes: list[str]

    @property
    def control(self) -> ControlTotals: ...

    def lines(self) -> Iterator[Line]: ...


def _unknown(name: str, known: object) -> Invalid:
    names = ", ".join(sorted(known))  # pyright: ignore[reportArgumentType, reportUnknownVariableType, reportUnknownArgumentType]
    return Invalid(name, f"{name!r} is not a field.", remedy=f"Known: {names}.", code="mapping.unknown")


def _setting(key: str, value: str) -> object:
    return _SETTING_READERS[key](key, value)


def _yes_or_no(key: str, value: str) -> object:
    words = {"yes": True, "true": True, "1": True, "no": False, "false": False, "0": False}
    return _choice(key, value, words)


def _number(key: str, value: str) -> object:
    if not value.isdecimal() or int(value) > 365:
        raise Invalid(key, f"{value!r} is not a number from 0 to 365.", code="mapping.value")
    return int(value)


def _words(key: str, value: str) -> object:
    words = tuple(word.strip().casefold() for word in value.split(",") if word.strip())
    if not words:
        raise Invalid(key, f"{key} needs at least one word.", code="mapping.value")
    return words


def _sign_or_none(key: str, value: str) -> object:
    return None if value.casefold() in _NONE else _one_sign(key, value)


def _currency(key: str, value: str) -> object:
    if len(value) != 3 or not value.isalpha():
        raise Invalid(key, f"{value!r} is not a currency code such as EUR.", code="mapping.value")
    return value.upper()


def _encoding(key: str, value: str) -> object:
    try:
        codecs.lookup(value)
    except LookupError as error:
        raise Invalid(key, f"{value!r} is not an encoding.", code="mapping.value") from error
    return value.casefold()


def _one_sign(key: str, value: str) -> str:
    value = _DELIMITERS.get(value.casefold(), value)
    allowed = {"decimal": ".,", "thousands": ".,' ", "quote": "\"'", "delimiter": ";,\t| :^~"}[key]
    if len(value) != 1 or value not in allowed:
        raise Invalid(
            key,
            f"{value!r} cannot be used as {key}.",
            remedy=f"Use one of {allowed!r}.",
            code="mapping.value",
        )
    return value


def _choice(key: str, value: str, allowed: Mapping[str, object]) -> object:
    if value.casefold() not in allowed:
        remedy = f"Use {', '.join(allowed)}."
        raise Invalid(key, f"{value!r} is not known for {key}.", remedy=remedy, code="mapping.value")
    return allowed[value.casefold()]


_SETTING_READERS: dict[str, Callable[[str, str], object]] = {
    "encoding": _encoding,
    "delimiter": _one_sign,
    "quote": _sign_or_none,
    "header": _yes_or_no,
    "skip": _number,
    "decimal": _one_sign,
    "thousands": _sign_or_none,
    "date_format": lambda key, value: _choice(key, value, {f: f for f in DATE_FORMATS}),
    "debit_words": _words,
    "credit_words": _words,
    "default_currency": _currency,
    "default_payment_term": _number,
    "completeness": lambda key, value: _choice(key, value, {c: c for c in COMPLETENESS}),
}
