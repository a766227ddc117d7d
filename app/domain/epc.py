"""The text in the QR code for a SEPA credit transfer (EPC069-12)."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from decimal import Decimal

from app.domain.iban import LENGTHS, check_iban, compact
from app.domain.money import EUR, Money
from app.domain.references import check_rf
from app.errors import Invalid

LONGEST_PAYLOAD = 331  # bytes; a QR code of version 13 with error correction M
_LEAST, _MOST = Decimal("0.01"), Decimal("999999999.99")
_BIC = re.compile(r"[A-Z]{6}[A-Z0-9]{2}(?:[A-Z0-9]{3})?", re.ASCII)
_PURPOSE = re.compile(r"[A-Z0-9]{0,4}", re.ASCII)
_EEA = frozenset(LENGTHS) - {"AD", "CH", "FO", "GB", "GI", "GL", "MC", "SM", "TR", "VA"}


@dataclass(frozen=True, slots=True)
class CreditTransfer:
    """What a payer's app is to fill in; `reference` or `text`, never both, and both may be empty.

    `bic` may be empty for an account in the European Economic Area; `purpose` is a SEPA purpose code;
    `note` goes from the beneficiary to the payer.
    """

    name: str
    iban: str
    amount: Money
    reference: str = ""
    text: str = ""
    bic: str = ""
    purpose: str = ""
    note: str = ""


def epc_payload(transfer: CreditTransfer) -> str:
    """The lines of the code, version 002 in UTF-8, without empty ones after the last used.

    Raises `Invalid` naming the field when an IBAN, BIC or RF reference is wrong, the amount is not in euros
    or out of range, a text is too long or has line breaks, or everything together is over 331 bytes.
    """
    if transfer.reference and transfer.text:
        raise Invalid(
            "text", "A transfer has a structured reference or a text, never both.", code="epc_both_references"
        )
    lines = [
        "BCD",
        "002",
        "1",
        "SCT",
        _bic(transfer),
        _name(transfer.name),
        check_iban(transfer.iban),
        _amount(transfer.amount),
        _purpose(transfer.purpose),
        _reference(transfer.reference),
        _line("text", transfer.text, longest=140),
        _line("note", transfer.note, longest=70),
    ]
    payload = "\n".join(lines).rstrip("\n")
    if len(payload.encode()) > LONGEST_PAYLOAD:
        raise Invalid("note", "The QR code holds at most 331 bytes.", code="epc_too_long")
    return payload


def _bic(transfer: CreditTransfer) -> str:
    bic = compact(transfer.bic)
    if not bic and compact(transfer.iban)[:2] not in _EEA:
        raise Invalid("bic", "An account outside the EEA needs its BIC.", code="epc_bic_missing")
    if bic and not _BIC.fullmatch(bic):
        raise Invalid("bic", "This is not a BIC.", code="bic_shape", bic=transfer.bic)
    return bic


def _name(text: str) -> str:
    name = _line("name", text, longest=70)
    if not name:
        raise Invalid("name", "The beneficiary has a name.", code="epc_name_missing")
    return name


def _amount(money: Money) -> str:
    if money.currency != EUR:
        raise Invalid("amount", "A SEPA transfer is in euros.", code="epc_currency", currency=money.currency)
    if not _LEAST <= money.amount <= _MOST:
        raise Invalid("amount", "A transfer is from 0.01 to 999,999,999.99 euros.", code="epc_amount")
    return f"EUR{money.amount}"


def _purpose(code: str) -> str:
    if not _PURPOSE.fullmatch(code):
        raise Invalid("purpose", "A purpose code has at most four capitals or digits.", code="epc_purpose")
    return code


def _reference(text: str) -> str:
    if compact(text).startswith("RF"):
        return check_rf(text)
    return _line("reference", text, longest=35)


def _line(field: str, text: str, *, longest: int) -> str:
    line = text.strip()
    if len(line) > longest:
        raise Invalid(field, f"At most {longest} characters.", code="epc_length", longest=longest)
    # A line break in a value would shift every element after it: another account, another amount.
    if any(unicodedata.category(character) in {"Cc", "Zl", "Zp"} for character in line):
        raise Invalid(field, "Line breaks and control characters have no place here.", code="epc_control")
    return line
