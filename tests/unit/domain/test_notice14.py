from datetime import date, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.domain.calendar import DAY, BusinessCalendar
from app.domain.notice14 import EmailRule, email_delivery, notice_term, posted_notice_term, presumed_delivery
from app.errors import Invalid, RuleBroken

quick = settings(max_examples=50, deadline=None)

plain = BusinessCalendar()
days = st.dates(date(2015, 1, 1), date(2040, 12, 1))


@pytest.mark.parametrize(
    ("posted", "delivered", "first", "last", "due", "safe_due"),
    [
        ("2026-11-02", "2026-11-04", "2026-11-05", "2026-11-18", "2026-11-19", "2026-11-19"),
        ("2026-11-05", "2026-11-07", "2026-11-08", "2026-11-21", "2026-11-22", "2026-11-24"),
        ("2026-11-06", "2026-11-10", "2026-11-11", "2026-11-24", "2026-11-25", "2026-11-25"),
        ("2026-11-07", "2026-11-11", "2026-11-12", "2026-11-25", "2026-11-26", "2026-11-26"),
        ("2026-04-02", "2026-04-07", "2026-04-08", "2026-04-21", "2026-04-22", "2026-04-22"),
        ("2026-12-23", "2026-12-29", "2026-12-30", "2027-01-12", "2027-01-13", "2027-01-13"),
    ],
)
def test_the_term_of_a_posted_letter(posted, delivered, first, last, due, safe_due):
    term = posted_notice_term(date.fromisoformat(posted), calendar=plain)
    found = (term.delivered_on, term.first_day, term.last_day, term.fee_due_from, term.safe_fee_due_from)
    assert [str(day) for day in found] == [delivered, first, last, due, safe_due]


def test_the_term_runs_through_its_safe_last_day():
    term = posted_notice_term(date(2026, 11, 5), calendar=plain)
    assert term.safe_last_day == date(2026, 11, 23)
    assert term.is_running(date(2026, 11, 5))
    assert term.is_running(date(2026, 11, 23))
    assert not term.is_running(date(2026, 11, 24))
    assert not term.is_running(date(2026, 11, 4))


def test_days_off_by_decree_move_delivery_and_last_day():
    friday_after_ascension = BusinessCalendar(frozenset({date(2026, 5, 15)}))
    assert presumed_delivery(date(2026, 5, 13), plain) == date(2026, 5, 16)
    assert presumed_delivery(date(2026, 5, 13), friday_after_ascension) == date(2026, 5, 19)
    term = notice_term(date(2026, 4, 30), date(2026, 5, 1), calendar=friday_after_ascension)
    assert (term.last_day, term.safe_last_day) == (date(2026, 5, 15), date(2026, 5, 18))


def test_fewer_than_fourteen_days_are_refused():
    with pytest.raises(RuleBroken):
        posted_notice_term(date(2026, 11, 2), calendar=plain, days=13)
    longer = posted_notice_term(date(2026, 11, 2), calendar=plain, days=15)
    assert longer.last_day == date(2026, 11, 19)


def test_a_letter_cannot_arrive_before_it_was_sent():
    with pytest.raises(Invalid):
        notice_term(date(2026, 11, 2), date(2026, 11, 1), calendar=plain)


@pytest.mark.parametrize(
    ("proven", "delivered"),
    [
        (None, "2026-11-03"),
        ("2026-11-02", "2026-11-02"),
        ("2026-11-09", "2026-11-09"),
        ("2026-11-01", "2026-11-02"),
    ],
)
def test_mail_arrives_the_next_day_unless_proven(proven, delivered):
    proof = date.fromisoformat(proven) if proven else None
    assert str(email_delivery(date(2026, 11, 2), EmailRule(), proven_on=proof)) == delivered


def test_the_rule_for_unproven_mail_is_a_setting():
    assert email_delivery(date(2026, 11, 2), EmailRule(unproven_days=3)) == date(2026, 11, 5)
    with pytest.raises(Invalid):
        EmailRule(unproven_days=0)


@quick
@given(days, st.integers(14, 30))
def test_the_debtor_always_has_all_days_after_delivery(posted, length):
    term = posted_notice_term(posted, calendar=plain, days=length)
    assert (term.last_day - term.delivered_on).days == length
    assert (term.last_day - term.first_day).days == length - 1
    assert plain.is_working(term.safe_last_day)
    assert term.last_day <= term.safe_last_day < term.safe_fee_due_from
    # Good Friday to Easter Monday, then King's Day on the Tuesday (2038), is the longest run of days off
    assert term.safe_last_day - term.last_day <= timedelta(days=5)


@quick
@given(days)
def test_post_needs_two_delivery_days(posted):
    delivered = presumed_delivery(posted, plain)
    counted = [
        day
        for day in (posted + n * DAY for n in range(1, (delivered - posted).days + 1))
        if day.weekday() not in {0, 6} and not plain.is_day_off(day)
    ]
    assert len(counted) == 2
    assert counted[-1] == delivered


@quick
@given(days, st.integers(0, 60))
def test_posting_later_never_ends_the_term_earlier(posted, later):
    one = posted_notice_term(posted, calendar=plain)
    other = posted_notice_term(posted + timedelta(days=later), calendar=plain)
    assert one.safe_fee_due_from <= other.safe_fee_due_from
