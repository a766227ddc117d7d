"""What exporters write about a customer, made comparable.

Unclear values become None and are never refused: an odd VAT number is no reason to lose an invoice.
"""

from __future__ import annotations

import re
from hashlib import blake2b as _blake2b
from struct import Struct

_SIGNED = Struct(">q")
_GAPS = re.compile(r"[\s.\-]")
_IBAN = re.compile(r"[A-Z]{2}\d{2}[A-Z0-9]{11,30}")
_VAT = re.compile(r"[A-Z]{2}[0-9A-Z+*]{2,13}")
_DUTCH_VAT = re.compile(r"(?:NL)?(\d{9}B\d{2})")
_FEMALE = re.compile(r"(?:v|f|female|vrouw|mevr?\.?|mevrouw|mw\.?|mrs\.?|ms\.?|frau)(?:\s.*)?", re.IGNORECASE)
_MALE = re.compile(r"(?:m|male|man|dhr\.?|de heer|hr\.?|heer|meneer|herr)(?:\s.*)?", re.IGNORECASE)
_COUNTRIES = {
    code: code_names.split("|")
    for code, code_names in (
        ("NL", "nederland|netherlands|the netherlands|holland|nld"),
        ("BE", "belgië|belgie|belgium|belgique|bel"),
        ("DE", "duitsland|germany|deutschland|deu|brd"),
        ("FR", "frankrijk|france|fra"),
        ("GB", "verenigd koninkrijk|united kingdom|groot-brittannië|engeland|england|uk|gbr"),
        ("LU", "luxemburg|luxembourg|lux"),
        ("AT", "oostenrijk|austria|österreich|aut"),
        ("CH", "zwitserland|switzerland|schweiz|che"),
        ("IT", "italië|italie|italy|ita"),
        ("ES", "spanje|spain|españa|esp"),
        ("PT", "portugal|prt"),
        ("IE", "ierland|ireland|irl"),
        ("DK", "denemarken|denmark|dnk"),
        ("SE", "zweden|sweden|swe"),
        ("NO", "noorwegen|norway|nor"),
        ("FI", "finland|fin"),
        ("PL", "polen|poland|pol"),
        ("CZ", "tsjechië|tsjechie|czech republic|czechia|cze"),
        ("HU", "hongarije|hungary|hun"),
        ("GR", "griekenland|greece|grc|el"),
        ("TR", "turkije|turkey|tur"),
        ("US", "verenigde staten|united states|usa|vs"),
    )
}
_COUNTRY_OF = {name: code for code, names in _COUNTRIES.items() for name in names}
KINDS = {
    **dict.fromkeys(("consumer", "consument", "particulier", "privé", "prive", "b2c", "p"), "consumer"),
    **dict.fromkeys(("business", "zakelijk", "bedrijf", "b2b", "z", "company", "organisatie"), "business"),
    **dict.fromkeys(("government", "overheid", "b2g", "gemeente"), "government"),
}
_LANGUAGES = {
    **dict.fromkeys(("nl", "nld", "dut", "nl-nl", "nl-be", "nederlands", "dutch"), "nl"),
    **dict.fromkeys(("en", "eng", "en-gb", "en-us", "engels", "english"), "en"),
}


def customer_kind(text: str) -> str | None:
    """The source's own mark; an unknown word is `unknown`, which every law check takes for a person."""
    return KINDS.get(text.casefold(), "unknown") if text else None


def kvk_number(text: str) -> str | None:
    """A Chamber of Commerce number of eight digits (a zero lost to a spreadsheet is put back), else None."""
    digits = text if text.isdecimal() else _GAPS.sub("", text)
    if len(digits) not in {7, 8} or not digits.isdecimal() or not digits.strip("0"):
        return None
    return digits.zfill(8)


def vat_number(text: str, country: str = "") -> str | None:
    """A VAT number with its country, else None.

    A Dutch one must have its B-part: nine bare digits may be a citizen's number, which is not ours to keep.
    """
    bare = _GAPS.sub("", text).upper()
    if dutch := _DUTCH_VAT.fullmatch(bare):
        return f"NL{dutch[1]}"
    if country and country != "NL" and bare[:2].isdigit():
        bare = country + bare
    if not _VAT.fullmatch(bare) or bare.startswith("NL") or sum(map(str.isdigit, bare)) < 4:
        return None
    return bare


def iban_text(text: str) -> str | None:
    """An account number without spaces when it has the shape of an IBAN, else None."""
    bare = _GAPS.sub("", text).upper()
    return bare if _IBAN.fullmatch(bare) else None


def country_code(text: str) -> str | None:
    """The ISO 3166 code of a code or of a Dutch or English name; None when it is not known."""
    if re.fullmatch("[A-Za-z]{2}", text) and text.casefold() not in _COUNTRY_OF:
        return text.upper()
    return _COUNTRY_OF.get(text.casefold())


def language_code(text: str) -> str | None:
    """`nl` or `en`, the languages of our letters; None for any other."""
    return _LANGUAGES.get(text.casefold())


def gender(text: str) -> str | None:
    """`m` or `f` from a mark or a title; empty when given but unclear, None when not given.

    "mr." says nothing: in Dutch it is a lawyer's title.
    """
    if not text:
        return None
    if _FEMALE.fullmatch(text):
        return "f"
    return "m" if _MALE.fullmatch(text) else ""


def fingerprint(text: str) -> int:
    """A 64-bit signed number of `text` that is the same on every machine and in every version."""
    return _SIGNED.unpack(_blake2b(text.encode(), digest_size=8).digest())[0]
