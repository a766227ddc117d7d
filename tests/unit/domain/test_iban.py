import string

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from stdnum import iban as independent

from app.domain.iban import LENGTHS, check_iban, eleven_proof, is_iban, make_dutch_iban, print_iban
from app.errors import Invalid

quick = settings(max_examples=50, deadline=None)

PUBLISHED = [
    "NL91ABNA0417164300",
    "BE68539007547034",
    "DE89370400440532013000",
    "FR1420041010050500013M02606",
    "GB29NWBK60161331926819",
    "AT611904300234573201",
    "ES9121000418450200051332",
    "IT60X0542811101000000123456",
    "LU280019400644750000",
    "CH9300762011623852957",
    "MT84MALT011000012345MTLCAST001S",
    "NO9386011117947",
]


@pytest.mark.parametrize("iban", PUBLISHED)
def test_published_examples(iban):
    assert check_iban(print_iban(iban).lower()) == iban
    assert independent.is_valid(iban, check_country=False)


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("NL92ABNA0417164300", "iban_check"),
        ("NL91ABNA0417164301", "iban_check"),
        ("NL91ABNA041716430", "iban_length"),
        ("BE685390075470345", "iban_length"),
        ("91NLABNA0417164300", "iban_shape"),
        ("", "iban_shape"),
        ("NL91ABNA04171643ØØ", "iban_shape"),
    ],
)
def test_what_is_wrong_is_named(text, code):
    with pytest.raises(Invalid) as caught:
        check_iban(text)
    assert (caught.value.field, caught.value.code) == ("iban", code)


@pytest.mark.parametrize("digits", ["00", "01", "99"])
def test_check_digits_that_are_never_issued(digits):
    account = next(
        f"NL{digits}ABNA{number:010d}"
        for number in range(1000)
        if int(f"10112310{number:010d}2321{digits}") % 97 == 1
    )
    assert not is_iban(account)


def test_iban_printed_in_fours():
    assert print_iban("NL91ABNA0417164300") == "NL91 ABNA 0417 1643 00"


def test_countries_of_the_euro_area_are_known():
    assert len(LENGTHS) >= 36
    assert all(15 <= length <= 34 for length in LENGTHS.values())


def test_a_dutch_iban_from_bank_and_account():
    assert make_dutch_iban("ABNA", "417164300") == "NL91ABNA0417164300"
    assert is_iban(make_dutch_iban("INGB", "1234567"))  # a former giro account has no eleven test


@pytest.mark.parametrize(
    ("bank", "account"),
    [
        ("ABN", "417164300"),
        ("abna", "417164300"),
        ("ABNA", "417164301"),
        ("ABNA", "12345678901"),
        ("ABNA", "0"),
        ("ABNA", "x"),
    ],
)
def test_no_dutch_iban_from_a_wrong_account(bank, account):
    with pytest.raises(Invalid):
        make_dutch_iban(bank, account)


@quick
@given(st.integers(10_000_000, 999_999_999))
def test_made_ibans_pass_an_independent_check(start):
    last_digit = next((n for n in range(10) if eleven_proof(f"{start}{n}")), None)
    assume(last_digit is not None)
    assert independent.is_valid(make_dutch_iban("RABO", f"{start}{last_digit}"))


@quick
@given(st.sampled_from(PUBLISHED), st.data())
def test_one_wrong_digit_of_an_iban_is_seen(iban, data):
    place = data.draw(st.sampled_from([n for n, character in enumerate(iban) if character.isdigit()]))
    other = data.draw(st.sampled_from([digit for digit in string.digits if digit != iban[place]]))
    assert not is_iban(iban[:place] + other + iban[place + 1 :])
