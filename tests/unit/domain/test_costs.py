from datetime import date, timedelta
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.domain.costs import (
    DUTCH_VAT,
    EarlierNotice,
    Fee,
    InstalmentRule,
    collection_fee,
    falls_under_instalment_rule,
    fee_after_part_payment,
    further_notice_fee,
    instalment_fee,
)
from app.errors import Invalid

quick = settings(max_examples=50, deadline=None)

VECTORS = """
0.01 -> 40.00/48.40; 100 -> 40.00/48.40; 266.67 -> 40.00/48.40; 266.70 -> 40.01/48.41; 500 -> 75.00/90.75;
1000 -> 150.00/181.50; 2500 -> 375.00/453.75; 3750 -> 500.00/605.00; 5000 -> 625.00/756.25;
7500 -> 750.00/907.50; 10000 -> 875.00/1058.75; 25000 -> 1025.00/1240.25; 100000 -> 1775.00/2147.75;
200000 -> 2775.00/3357.75; 500000 -> 4275.00/5172.75; 1000000 -> 6775.00/8197.75;
1500000 -> 6775.00/8197.75; 0 -> 0/0
"""
TODAY = date(2026, 11, 23)
principals = st.decimals(min_value="0.01", max_value=2_000_000, places=2)


def notice(days_ago: int, principal: str, fee: str) -> EarlierNotice:
    return EarlierNotice(TODAY - timedelta(days=days_ago), Decimal(principal), Decimal(fee))


@pytest.mark.parametrize("vector", [line.strip() for line in VECTORS.split(";")])
def test_fee_of_the_decree(vector):
    principal, amounts = vector.split(" -> ")
    net, gross = amounts.split("/")
    assert collection_fee(Decimal(principal)) == Fee(Decimal(net))
    with_vat = collection_fee(Decimal(principal), vat_percent=DUTCH_VAT)
    assert (with_vat.net, with_vat.total) == (Decimal(net), Decimal(gross))


@pytest.mark.parametrize(
    ("paid", "fee"), [("0", "150.00"), ("400", "90.00"), ("900", "40.00"), ("1000", "0"), ("1100", "0")]
)
def test_part_payment_within_the_term_lowers_the_fee(paid, fee):
    assert fee_after_part_payment(Decimal(1000), Decimal(paid)).net == Decimal(fee)


def test_a_negative_part_payment_cannot_raise_the_fee():
    with pytest.raises(Invalid):
        fee_after_part_payment(Decimal(1000), Decimal(-1))


def test_several_claims_in_one_letter_carry_one_fee():
    assert collection_fee(Decimal(3 * 100)).net == Decimal("45.00")


def test_a_further_letter_claims_only_what_the_joint_fee_adds():
    earlier = [notice(60, "100", "40")]
    assert further_notice_fee(Decimal(100), earlier=earlier, today=TODAY).net == Decimal("0.00")
    earlier.append(notice(30, "100", "0"))
    assert further_notice_fee(Decimal(100), earlier=earlier, today=TODAY).net == Decimal("5.00")
    with_vat = further_notice_fee(Decimal(100), earlier=earlier, today=TODAY, vat_percent=DUTCH_VAT)
    assert with_vat == Fee(Decimal("5.00"), Decimal("1.05"))


def test_a_letter_of_more_than_six_months_ago_stands_apart():
    inside = EarlierNotice(date(2026, 5, 23), Decimal(100), Decimal(40))
    outside = EarlierNotice(date(2026, 5, 22), Decimal(100), Decimal(40))
    assert further_notice_fee(Decimal(100), earlier=[inside], today=TODAY).net == 0
    assert further_notice_fee(Decimal(100), earlier=[outside], today=TODAY).net == 40


def test_a_further_fee_is_never_negative():
    assert further_notice_fee(Decimal(10), earlier=[notice(10, "0", "375")], today=TODAY).net == 0


@quick
@given(principals, principals)
def test_a_larger_principal_never_costs_less(one, other):
    low, high = sorted((one, other))
    assert Decimal(40) <= collection_fee(low).net <= collection_fee(high).net <= Decimal(6775)


@quick
@given(st.lists(principals, min_size=1, max_size=6))
def test_letters_one_after_another_cost_together_what_one_joint_letter_costs(amounts):
    earlier: list[EarlierNotice] = []
    for amount in amounts:
        fee = further_notice_fee(amount, earlier=earlier, today=TODAY)
        earlier.append(EarlierNotice(TODAY, amount, fee.net))
    assert sum(one.fee for one in earlier) == collection_fee(sum(amounts)).net


def test_instalments_cost_forty_then_twenty_up_to_one_hundred_and_forty():
    earlier: list[EarlierNotice] = []
    fees: list[Decimal] = []
    for month in range(8):
        today = TODAY + timedelta(days=20 * month)
        fee = instalment_fee([Decimal("89.50")], earlier=earlier, today=today).net
        earlier.append(EarlierNotice(today, Decimal("89.50"), fee))
        fees.append(fee)
    assert fees == [40, 20, 20, 20, 20, 20, 0, 0]


def test_one_letter_for_several_instalments_carries_one_fee():
    instalments = [Decimal(100), Decimal(150), Decimal(100)]
    assert instalment_fee(instalments, earlier=[], today=TODAY).net == 40
    assert instalment_fee(instalments, earlier=[notice(30, "100", "40")], today=TODAY).net == 20


def test_a_letter_paid_in_time_does_not_make_the_next_a_following_one():
    assert instalment_fee([Decimal(100)], earlier=[notice(30, "0", "0")], today=TODAY).net == 40


def test_the_step_of_following_instalments_is_a_setting():
    rule = InstalmentRule(following=Decimal("12.50"))
    earlier = [notice(30, "100", "40")]
    fee = instalment_fee([Decimal(100)], earlier=earlier, today=TODAY, rule=rule, vat_percent=DUTCH_VAT)
    assert fee == Fee(Decimal("12.50"), Decimal("2.63"))


@pytest.mark.parametrize(("amount", "small"), [("266.66", True), ("266.67", False), ("0", False)])
def test_the_rule_is_for_small_instalments(amount, small):
    assert falls_under_instalment_rule([Decimal(100), Decimal(amount)]) is small
    if not small:
        with pytest.raises(Invalid):
            instalment_fee([Decimal(amount)], earlier=[], today=TODAY)


@quick
@given(st.lists(st.integers(0, 60), min_size=1, max_size=20))
def test_no_six_months_hold_more_than_the_cap(gaps):
    earlier: list[EarlierNotice] = []
    today = TODAY
    for gap in gaps:
        today += timedelta(days=gap)
        fee = instalment_fee([Decimal(100)], earlier=earlier, today=today).net
        earlier.append(EarlierNotice(today, Decimal(100), fee))
    for last in earlier:
        window = (
            one.fee for one in earlier if last.sent_on - timedelta(days=180) <= one.sent_on <= last.sent_on
        )
        assert sum(window) <= 140
