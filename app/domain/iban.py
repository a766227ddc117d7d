"""IBAN (ISO 13616): check digits, lengths, printing, and Dutch ones from bank code and account."""

from __future__ import annotations

import re
from collections.abc import Mapping

from app.errors import Invalid

_BY_LENGTH: Mapping[int, tuple[str, ...]] = {
    15: ("NO",),
    16: ("BE",),
    18: ("DK", "FI", "FO", "GL", "NL"),
    19: ("SI",),
    20: ("AT", "EE", "LT", "LU"),
    21: ("CH", "HR", "LI", "LV"),
    22: ("BG", "DE", "GB", "IE", "VA"),
    23: ("GI",),
    24: ("AD", "CZ", "ES", "RO", "SE", "SK"),
    25: ("PT",),
    26: ("IS", "TR"),
    27: ("FR", "GR", "IT", "MC", "SM"),
    28: ("CY", "HU", "PL"),
    31: ("MT",),
}
LENGTHS: Mapping[str, int] = {
    country: length for length, countries in _BY_LENGTH.items() for country in countries
}
_SHAPE = re.compile(r"[A-Z]{2}[0-9]{2}[A-Z0-9]{11,30}", re.ASCII)
_BANK = re.compile(r"[A-Z]{4}", re.ASCII)
_ACCOUNT = re.compile(r"[0-9]{1,10}", re.ASCII)


def compact(text: str) -> str:
    """Capitals without white space, as an IBAN or reference is stored."""
    return "".join(text.split()).upper()


def mod97(text: str) -> int:
    """Remainder by 97 of digits and capitals, letters read as 10..35 (ISO 7064)."""
    return int("".join(str(int(character, 36)) for character in text)) % 97


def check_iban(text: str) -> str:
    """The IBAN as it is stored; `Invalid` when its shape, its country's length or its check digits are wrong.

    Countries outside `LENGTHS` are checked without their length.
    """
    iban = compact(text)
    if not _SHAPE.fullmatch(iban):
        raise Invalid("iban", "This is not an IBAN.", code="iban_shape", iban=text)
    country = iban[:2]
    expected = LENGTHS.get(country, len(iban))
    if len(iban) != expected:
        raise Invalid(
            "iban", f"An IBAN of {country} has {expected} characters.", code="iban_length", iban=text
        )
    # Comparing digits, not the remainder: 00, 01 and 99 leave the right remainder too, and are never issued.
    if iban[2:4] != _check_digits(country, iban[4:]):
        raise Invalid("iban", "The check digits of this IBAN are wrong.", code="iban_check", iban=text)
    return iban


def is_iban(text: str) -> bool:
    try:
        check_iban(text)
    except Invalid:
        return False
    return True


def print_iban(text: str) -> str:
    """In groups of four, as it is printed."""
    return in_fours(compact(text))


def in_fours(text: str) -> str:
    return " ".join(text[start : start + 4] for start in range(0, len(text), 4))


def eleven_proof(account: str) -> bool:
    """Whether a Dutch account of nine or ten digits passes the eleven test (weights 10 to 1)."""
    if not _ACCOUNT.fullmatch(account):
        return False
    digits = account.rjust(10, "0")
    return sum(weight * int(digit) for weight, digit in zip(range(10, 0, -1), digits, strict=True)) % 11 == 0


def make_dutch_iban(bank: str, account: str) -> str:
    """The Dutch IBAN of a bank code (`ABNA`) and an account of at most ten digits.

    An account of nine or ten digits passes the eleven test, shorter ones (the former giro) have none.
    Raises `Invalid` otherwise.
    """
    if not _BANK.fullmatch(bank):
        raise Invalid("bank", "A Dutch bank code has four capitals.", code="bank_code", bank=bank)
    if not _ACCOUNT.fullmatch(account) or int(account) == 0:
        raise Invalid("account", "A Dutch account has one to ten digits.", code="account_shape")
    if len(account.lstrip("0")) >= 9 and not eleven_proof(account):
        raise Invalid("account", "The account does not pass the eleven test.", code="account_eleven")
    bban = bank + account.rjust(10, "0")
    return f"NL{_check_digits('NL', bban)}{bban}"


def _check_digits(country: str, bban: str) -> str:
    return f"{98 - mod97(f'{bban}{country}00'):02d}"
