"""Payment references: the Dutch betalingskenmerk and the ISO 11649 creditor reference (RF)."""

from __future__ import annotations

import re
from enum import StrEnum

from app.domain.iban import compact, in_fours, mod97
from app.errors import Invalid

LARGEST_SERIAL = 99_999_999

_WEIGHTS = (2, 4, 8, 5, 10, 9, 7, 3, 6, 1)
_BODY = re.compile(r"[A-Z0-9]{1,21}", re.ASCII)
_RF = re.compile(r"RF[0-9]{2}[A-Z0-9]{1,21}", re.ASCII)
_DIGITS = re.compile(r"[0-9]+", re.ASCII)
_SERIAL_DIGITS = 8


class ReferenceKind(StrEnum):
    """Which reference a company prints on its letters."""

    RF = "rf"
    KENMERK = "kenmerk"


def make_kenmerk(number: str, *, full: bool = True) -> str:
    """A betalingskenmerk over a number.

    `full`: 16 digits, the number (at most 15 digits) filled with zeros from the left. Otherwise the short
    form for numbers of 7 to 12 digits: check digit, length digit, number. Raises `Invalid` for others.
    Source: Betaalvereniging Nederland, specification of the betalingskenmerk.
    """
    longest, shortest = (15, 1) if full else (12, 7)
    if not _DIGITS.fullmatch(number) or not shortest <= len(number) <= longest:
        raise Invalid(
            "reference",
            f"A betalingskenmerk is made from {shortest} to {longest} digits.",
            code="kenmerk_number",
            number=number,
        )
    protected = number.rjust(15, "0") if full else f"{len(number) % 10}{number}"
    return _kenmerk_check(protected) + protected


def check_kenmerk(text: str) -> str:
    """The betalingskenmerk as it is stored; `Invalid` when its length, length digit or check digit is wrong.

    7 digits carry no check; 9 to 14 have a check and a length digit; 16 a check digit; 8 and 15 do not exist.
    """
    kenmerk = compact(text)
    if not _DIGITS.fullmatch(kenmerk) or len(kenmerk) not in {7, *range(9, 15), 16}:
        raise Invalid("reference", "This is not a betalingskenmerk.", code="kenmerk_length", reference=text)
    if len(kenmerk) == 7:
        return kenmerk
    if len(kenmerk) < 16 and int(kenmerk[1]) != (len(kenmerk) - 2) % 10:
        raise Invalid(
            "reference", "The betalingskenmerk has another length than it says.", code="kenmerk_length_digit"
        )
    if kenmerk[0] != _kenmerk_check(kenmerk[1:]):
        raise Invalid(
            "reference",
            "The check digit of the betalingskenmerk is wrong.",
            code="kenmerk_check",
            reference=text,
        )
    return kenmerk


def is_kenmerk(text: str) -> bool:
    try:
        check_kenmerk(text)
    except Invalid:
        return False
    return True


def make_rf(body: str) -> str:
    """The creditor reference over 1 to 21 letters and digits (ISO 11649); `Invalid` for anything else."""
    body = compact(body)
    if not _BODY.fullmatch(body):
        raise Invalid(
            "reference", "An RF reference is made from 1 to 21 letters and digits.", code="rf_body", body=body
        )
    return f"RF{98 - mod97(body + 'RF00'):02d}{body}"


def check_rf(text: str) -> str:
    """The creditor reference as it is stored; `Invalid` when its shape or check digits are wrong."""
    reference = compact(text)
    if not _RF.fullmatch(reference):
        raise Invalid("reference", "This is not an RF reference.", code="rf_shape", reference=text)
    if reference != make_rf(reference[4:]):
        raise Invalid(
            "reference", "The check digits of the RF reference are wrong.", code="rf_check", reference=text
        )
    return reference


def is_rf(text: str) -> bool:
    try:
        check_rf(text)
    except Invalid:
        return False
    return True


def print_reference(text: str) -> str:
    """In groups of four, as both kinds are printed."""
    return in_fours(compact(text))


def letter_reference(customer_number: str, serial: int, kind: ReferenceKind = ReferenceKind.RF) -> str:
    """The reference of one letter: the customer's number, for the eye, then the letter's serial.

    The serial (1 to 99,999,999, never given out twice in a company) always fills the last eight places, so
    it alone makes the reference unique; of the customer's number what fits is kept, from its end: digits for
    a betalingskenmerk, letters and digits for RF. Raises `Invalid` for another serial.
    """
    if not 1 <= serial <= LARGEST_SERIAL:
        raise Invalid(
            "serial", "A letter's serial has at most eight digits.", code="letter_serial", serial=serial
        )
    tail = f"{serial:0{_SERIAL_DIGITS}d}"
    if kind is ReferenceKind.KENMERK:
        return make_kenmerk(re.sub(r"[^0-9]", "", customer_number)[-7:] + tail)
    return make_rf(re.sub(r"[^A-Z0-9]", "", customer_number.upper())[-13:] + tail)


def _kenmerk_check(protected: str) -> str:
    weighted = (
        int(digit) * _WEIGHTS[place % len(_WEIGHTS)] for place, digit in enumerate(reversed(protected))
    )
    check = 11 - sum(weighted) % 11
    return {10: "1", 11: "0"}.get(check, str(check))
