"""Customers that look like customers: names, addresses, numbers that nobody has, and ways to pay."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import replace
from random import Random

from app.domain.iban import eleven_proof, make_dutch_iban
from app.services.sample.rows import Party
from app.services.sample.words import Abroad, CompanyWords, words

# Bank codes that no bank has: a sample never names an account that somebody could be paid on.
BANKS = ("VBLD", "TGOD", "DEMO")

HABITS: dict[str, tuple[tuple[str, int], ...]] = {
    "business": (
        ("early", 16), ("prompt", 30), ("slow", 25), ("late", 14), ("grudging", 7), ("parts", 3), ("stopped", 5),
    ),
    "consumer": (
        ("early", 18), ("prompt", 32), ("slow", 22), ("late", 12), ("grudging", 7), ("parts", 4), ("stopped", 5),
    ),
    "government": (("early", 8), ("prompt", 42), ("slow", 36), ("late", 14)),
}  # fmt: skip
PROFILE_OF = {
    "early": "VLOT",
    "prompt": "VLOT",
    "slow": "",
    "late": "TRAAG",
    "grudging": "STROEF",
    "parts": "TRAAG",
    "stopped": "STROEF",
}

# Ages in days of the one unpaid item of the showcase customers: one at each turn of the workflows, so that
# a term that runs, one that has ended and a letter that is not posted are there in the smallest sample too.
CONSUMER_SHOWCASES = tuple(range(6, 90, 4))
BUSINESS_SHOWCASES = tuple(range(5, 70, 6))


def showcases(company: CompanyWords) -> list[tuple[str, int]]:
    """Kind and age of the showcase customers of a company."""
    if company.code == "DGH":
        return [("consumer", age) for age in CONSUMER_SHOWCASES]
    return [("business", age) for age in BUSINESS_SHOWCASES] if company.code == "VDI" else []


def make_party(
    random: Random, company: CompanyWords, *, customer_id: int, number: str, showcase: tuple[str, int] | None
) -> Party:
    """One customer of a company; its `random` is its own, so that others do not change with it."""
    kind = showcase[0] if showcase else _weighted(random, tuple(company.kinds.items()))
    habit = "stopped" if showcase else _weighted(random, HABITS["consumer" if kind == "unknown" else kind])
    party = Party(
        id=customer_id,
        number=number,
        name="",
        kind=kind,
        habit=habit,
        group=_group(random, company, kind, plain=bool(showcase)),
        profile=PROFILE_OF[habit] if random.random() < 0.8 else "",
        showcase=showcase[1] if showcase else None,
    )
    if showcase is None and kind == "business" and random.randrange(100) < company.abroad:
        party = _abroad(random, party, random.choice(words().abroad))
    else:
        party = _named(random, _located(random, party))
    if party.group == "GROOT":
        party = replace(party, salesperson=random.choice(("voorbeeld_joost", "voorbeeld_fleur")), size=6.0)
    return party if showcase else _with_flaws(random, party)


def smit_and_van_rijn(party: Party) -> Party:
    """The customer of the printed example, with the ampersand that markup must survive."""
    return replace(
        party,
        name="Loodgietersbedrijf Smit & Van Rijn B.V.",
        contact_name="P. Smit",
        contact_gender="m",
        street="Kanaaldijk 41",
        postcode="6710 AB",
        city="Ede",
        phone="+31 318 09 86 20",
        email="administratie@smitenvanrijn.example",
    )


def _group(random: Random, company: CompanyWords, kind: str, *, plain: bool) -> str:
    codes = [group.code for group in company.groups]
    if kind == "business" and not plain and "GROOT" in codes and random.random() < 0.04:
        return "GROOT"
    wanted = "consumer" if kind == "unknown" and random.random() < 0.5 else kind
    return next((group.code for group in company.groups if group.kind == wanted), "")


def _located(random: Random, party: Party) -> Party:
    city = random.choice(words().cities)
    first, last = city.postcodes
    letters = "".join(random.choice("ABCDEGHJKLMNPRSTVWXZ") for _ in range(2))
    letters = "AB" if letters in {"SA", "SD", "SS"} else letters
    extra = random.choice(("", "", "", "", " A", "-2", " bis"))
    # Behind an area code a Dutch number never begins with 0: nobody's telephone rings.
    free = "".join(str(random.randrange(10)) for _ in range(9 - len(city.area)))
    account = f"{random.randrange(1, 10**9):09d}"
    account = next(
        account + digit for digit in "0123456789X" if digit == "X" or eleven_proof(account + digit)
    )
    iban = "" if account.endswith("X") else make_dutch_iban(random.choice(BANKS), account)
    return replace(
        party,
        street=f"{random.choice(words().lists['streets'])} {random.randrange(1, 240)}{extra}",
        postcode=f"{random.randrange(first, last + 1)} {letters}",
        city=city.name,
        phone=f"+31 {city.area[1:]} 0{free}",
        iban=iban if random.random() < 0.7 else "",
    )


def _named(random: Random, party: Party) -> Party:
    gender = random.choice("mf")
    first = random.choice(words().lists["first_male" if gender == "m" else "first_female"])
    surname = random.choice(words().lists["surnames"])
    contact = f"{first[0]}. {surname}"
    if party.natural:
        host = random.choice(words().lists["mail_hosts"])
        email = f"{slug(first)}.{slug(surname)}{random.randrange(2, 99)}@{host}.example"
        known = party.kind == "consumer" and random.random() < 0.85
        return replace(
            party,
            name=f"{first} {surname}" if random.random() < 0.6 else f"{first[0]}. {surname}",
            contact_gender=gender if known else "",
            email=email,
            payment_term=14,
        )
    name = _public_name(random) if party.kind == "government" else _business_name(random, surname)
    party = replace(
        party,
        name=name,
        contact_name=contact if random.random() < 0.75 else "",
        contact_gender=gender if random.random() < 0.9 else "",
        email=f"{random.choice(('administratie', 'crediteuren', 'facturen'))}@{slug(name)[:40]}.example",
        payment_term=random.choice((14, 30, 30, 30, 45)) if party.kind == "business" else 30,
    )
    return _registered(random, party) if party.kind == "business" else party


def _registered(random: Random, party: Party) -> Party:
    """KvK and VAT numbers with the right number of digits and check digit, in ranges that begin with 00."""
    root = f"00{random.randrange(10**6):06d}"
    rest = sum(int(digit) * weight for digit, weight in zip(root, range(9, 1, -1), strict=True)) % 11
    return replace(
        party,
        kvk=f"00{random.randrange(10**6):06d}",
        vat_number=f"NL{root}{rest}B01" if rest < 10 else "",
    )


def _business_name(random: Random, surname: str) -> str:
    lists = words().lists
    surname = surname[0].upper() + surname[1:]
    draw = random.random()
    if draw < 0.01:
        return f"{random.choice(lists['long_names'])} {random.choice(lists['areas'])}"
    if draw < 0.10:
        return f"{random.choice(lists['foundations'])} {random.choice(lists['areas'])}"
    trade, form = random.choice(lists["trades"]), random.choice(lists["forms"])
    if draw < 0.25:
        other = random.choice(lists["surnames"])
        return f"{trade} {surname} & {other[0].upper()}{other[1:]} {form.removeprefix('& Zonen ')}".rstrip()
    return f"{trade} {surname} {form}".rstrip()


def _public_name(random: Random) -> str:
    return f"{random.choice(words().lists['public_bodies'])}, {random.choice(words().lists['departments'])}"


def _abroad(random: Random, party: Party, place: Abroad) -> Party:
    name = random.choice(place.names)
    digits = {"DE": 3, "GB": 3, "FR": 3}.get(place.country, 0)
    tail = "".join(str(random.randrange(10)) for _ in range(digits))
    language = "nl" if place.country == "BE" else "en"
    return replace(
        party,
        name=name,
        group="EXP" if party.group in {"WVK", "GROOT"} else party.group,
        street=f"{random.choice(place.streets)} {random.randrange(1, 140)}",
        postcode=place.postcode,
        city=place.city,
        country=place.country,
        email=f"accounts@{slug(name)[:40]}.example",
        phone=f"{place.phone}{tail}" if place.phone else "",
        language=language,
        payment_term=30,
    )


def _with_flaws(random: Random, party: Party) -> Party:
    """What a portfolio really looks like: no address for mail, mail that bounced, somebody who moved."""
    draw = random.random()
    if draw < 0.09:
        party = replace(party, email="")
    elif draw < 0.12:
        party = replace(party, email_state="bounced")
    elif draw < 0.13:
        party = replace(party, email_state="wrong")
    draw = random.random()
    if draw < 0.02:
        party = replace(party, address_state="wrong")
    elif draw < 0.03:
        party = replace(party, street="", postcode="", city="")
    draw = random.random()
    if draw < 0.12:
        party = replace(party, phone="")
    elif draw < 0.15:
        party = replace(party, phone_state="wrong")
    if party.country == "NL" and random.random() < 0.03:
        party = replace(party, language="en")
    return replace(party, collector="voorbeeld_sanne") if random.random() < 0.1 else party


def slug(name: str) -> str:
    """A name as the part of a mail address: plain small letters, words joined."""
    plain = unicodedata.normalize("NFKD", name.replace("ı", "i").replace("&", "en").replace("ß", "ss"))
    return re.sub(r"[^a-z0-9]", "", plain.encode("ascii", "ignore").decode().lower())


def _weighted(random: Random, choices: tuple[tuple[str, int], ...]) -> str:
    draw = random.randrange(sum(weight for _, weight in choices))
    for choice, weight in choices:
        draw -= weight
        if draw < 0:
            return choice
    return choices[-1][0]
