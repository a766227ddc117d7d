"""Invented customers name nobody: their numbers pass the checks, and can be nobody's."""

import re
from collections import Counter
from random import Random

import pytest

from app.domain.iban import check_iban, make_dutch_iban
from app.services.sample.customers import make_party, showcases, slug
from app.services.sample.rows import Party
from app.services.sample.words import words

COUNT = 600
FREE_ABROAD = ("+49 30 23125 ", "+44 20 7946 0", "+33 1 99 00 ")


def parties(seed: int = 1) -> list[Party]:
    return [
        make_party(Random(f"{seed} {n}"), company, customer_id=n, number=str(n), showcase=None)  # noqa: S311
        for company in words().companies
        for n in range(COUNT)
    ]


@pytest.fixture(scope="module")
def made() -> list[Party]:
    return parties()


def test_the_same_seed_makes_the_same_customers(made):
    assert parties() == made
    assert parties(2) != made


def test_every_account_passes_the_check_and_is_at_no_bank(made):
    accounts = [party.iban for party in made if party.iban]

    assert len(accounts) > COUNT
    assert all(check_iban(account)[4:8] in {"VBLD", "TGOD", "DEMO"} for account in accounts)


def test_our_own_accounts_pass_the_check_too():
    printed = [make_dutch_iban(company.bank, company.account) for company in words().companies]

    assert printed[0] == "NL91ABNA0417164300"
    assert {check_iban(account)[4:8] for account in printed[1:]} == {"VBLD"}


def test_no_mail_can_reach_anybody(made):
    addresses = {party.email for party in made} - {""}

    assert all(re.fullmatch(r"[a-z0-9.]+@[a-z0-9]+\.example", address) for address in addresses)
    assert len(addresses) > COUNT


def test_no_telephone_can_ring(made):
    for party in made:
        if party.country == "NL" and party.phone:
            area = re.fullmatch(r"\+31 (\d{2,3}) 0\d+", party.phone)
            assert area, party.phone
            assert len(re.sub(r"\D", "", party.phone)) == 11
        else:
            assert not party.phone or party.phone.startswith(FREE_ABROAD), party.phone


def test_businesses_show_registrations_of_the_right_shape(made):
    for party in made:
        if party.kvk:
            assert party.kind == "business"
            assert re.fullmatch(r"00\d{6}", party.kvk)
        if party.vat_number:
            digits = [int(digit) for digit in party.vat_number[2:11]]
            weighed = sum(digit * weight for digit, weight in zip(digits, range(9, 1, -1), strict=False))
            assert (weighed - digits[8]) % 11 == 0
            assert party.vat_number.endswith("B01")


def test_all_kinds_of_trouble_are_there(made):
    kinds = Counter(party.kind for party in made)

    assert set(kinds) == {"consumer", "business", "government", "unknown"}
    assert {party.language for party in made} == {"nl", "en"}
    assert {party.country for party in made} == {"NL", "BE", "DE", "GB", "FR"}
    assert {"bounced", "wrong", "good"} == {party.email_state for party in made}
    for lacks in ("email", "phone", "street", "contact_name", "iban"):
        assert any(not getattr(party, lacks) for party in made), lacks
    assert any(party.address_state == "wrong" for party in made)
    assert max(len(party.name) for party in made) > 80
    assert any("&" in party.name for party in made)
    assert any(party.group == "GROOT" and party.salesperson for party in made)


def test_a_dutch_postcode_lies_in_its_city(made):
    ranges = {city.name: city.postcodes for city in words().cities}
    for party in made:
        if party.country == "NL" and party.city:
            first, last = ranges[party.city]
            number, letters = party.postcode.split()
            assert first <= int(number) <= last
            assert letters not in {"SA", "SD", "SS"}


@pytest.mark.parametrize(
    ("kind", "email", "state", "street", "meant", "becomes"),
    [
        ("email", "a@b.example", "good", "Weg 1", "letter", "email"),
        ("email", "", "good", "Weg 1", "letter", "letter"),
        ("email", "a@b.example", "bounced", "Weg 1", "letter", "letter"),
        ("email", "", "good", "", "letter", "task"),
        ("email", "", "good", "Weg 1", "call", "call"),
        ("letter", "", "good", "", "follow_up", "task"),
    ],
)
def test_who_cannot_be_written_to_is_reached_as_the_step_says(kind, email, state, street, meant, becomes):
    party = Party(
        id=1,
        number="1",
        name="x",
        kind="business",
        habit="slow",
        group="",
        email=email,
        email_state=state,
        street=street,
        postcode="6710 AB",
        city="Ede",
        phone="+31 318 090000",
    )

    assert party.reachable(kind, meant) == becomes


def test_a_showcase_customer_can_be_written_to():
    company = words().companies[1]
    for showcase in showcases(company):
        random = Random(str(showcase))  # noqa: S311
        party = make_party(random, company, customer_id=1, number="1", showcase=showcase)
        assert party.reachable("email", "letter") == "email"
        assert party.reachable("letter", "follow_up") == "letter"


def test_a_name_becomes_a_mail_domain_that_is_plain():
    assert slug("Loodgietersbedrijf Smit & Van Rijn B.V.") == "loodgietersbedrijfsmitenvanrijnbv"
    assert slug("Yılmaz-Çelik & Söhne") == "yilmazcelikensohne"
