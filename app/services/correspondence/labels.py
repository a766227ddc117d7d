"""The fixed words of letters and mails, per language, and how names and places are written with them."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import cache

from app.config import RESOURCES
from app.domain.iban import print_iban
from app.domain.money import Money, format_date, format_money
from app.errors import Invalid
from app.services.correspondence.rows import Addressee, Communication, Sender

LETTERS = RESOURCES / "letters"
LINES_IN_WINDOW = 6


@dataclass(frozen=True, slots=True)
class Labels:
    """The words of one language.

    `words` by key, `salutation` by gender, `next_step` by stage, `countries` by ISO code, `weekdays` from
    Monday.
    """

    language: str
    words: Mapping[str, str]
    salutation: Mapping[str, str]
    next_step: Mapping[str, str]
    countries: Mapping[str, str]
    weekdays: tuple[str, ...]

    def __getitem__(self, key: str) -> str:
        return self.words[key]

    def day_with_weekday(self, day: date) -> str:
        """`maandag 30 november 2026`."""
        return f"{self.weekdays[day.weekday()]} {format_date(day, self.language)}"


@cache
def labels(language: str) -> Labels:
    """The shipped words of `language`; `Invalid` for a language without letters."""
    path = LETTERS / language / "labels.toml"
    if not path.is_file():
        raise Invalid("language", f"There are no letters in {language!r}.", code="letters.language")
    source = tomllib.loads(path.read_text("utf-8"))
    return Labels(
        language=language,
        words=source["words"],
        salutation=source["salutation"],
        next_step=source["next_step"],
        countries=source["countries"],
        weekdays=tuple(source["weekdays"]),
    )


def money_text(amount: Decimal, c: Communication) -> str:
    """An amount in the letter's currency and language, with spaces that never break over two lines."""
    return format_money(Money(amount, c.currency), c.language).replace(" ", "\u00a0")


def salutation(addressee: Addressee, language: str) -> str:
    """`Geachte heer Van Dijk,`; whoever's gender is unknown is not guessed: `Geachte heer, mevrouw,`."""
    forms = labels(language).salutation
    if not addressee.gender:
        return forms["unknown"]
    name = one_line(addressee.salutation_name)
    if not name:
        return forms[f"{addressee.gender}_unnamed"]
    # Dutch writes the prefix of a surname with a capital when no first name or initial precedes it.
    return forms[addressee.gender].format(name=name[:1].upper() + name[1:])


def address_lines(addressee: Addressee, language: str) -> tuple[str, ...]:
    """The lines in the window: name, attention, street, `6710 AB  EDE`, and abroad the country in capitals.

    A Dutch postcode has two spaces behind it and the town in capitals, as the sorting machines read it.
    """
    words = labels(language)
    country = (addressee.country or "NL").upper()
    attention = one_line(addressee.attention)
    town = one_line(addressee.city).upper()
    postcode = one_line(addressee.postcode).upper()
    if country == "NL" and len(packed := postcode.replace(" ", "")) == 6:
        postcode = f"{packed[:4]} {packed[4:]}"
    gap = "  " if country == "NL" else " "
    lines = [
        one_line(addressee.name),
        f"{words['attention']} {attention}" if attention else "",
        *(one_line(line) for line in addressee.street.splitlines()),
        gap.join(part for part in (postcode, town) if part),
        "" if country == "NL" else words.countries.get(country, country).upper(),
    ]
    return tuple(line for line in lines if line)


def identity_line(sender: Sender, language: str) -> str:
    """Who we are by law and bank, as it stands under letters and mails."""
    words = labels(language)
    parts = (
        one_line(sender.company_name),
        f"{words['chamber']} {one_line(sender.kvk)}" if sender.kvk else "",
        f"{words['vat_number']} {one_line(sender.vat_number)}" if sender.vat_number else "",
        f"IBAN {print_iban(sender.iban)}",
        f"BIC {one_line(sender.bic)}" if sender.bic else "",
    )
    return " · ".join(part for part in parts if part)


def function_line(sender: Sender, language: str) -> str:
    """`Debiteurenbeheer · rechtstreeks 0318 09 80 12`, what is known of it."""
    direct = f"{labels(language)['direct']} {one_line(sender.signer_phone)}" if sender.signer_phone else ""
    return " · ".join(part for part in (one_line(sender.signer_function), direct) if part)


def one_line(text: str) -> str:
    """`text` on one line: control characters and runs of white space become one space."""
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())
