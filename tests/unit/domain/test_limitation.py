from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.domain.limitation import ClaimKind, is_time_barred, last_claim_day

quick = settings(max_examples=50, deadline=None)

days = st.dates(date(2010, 1, 1), date(2030, 12, 31))
kinds = st.sampled_from(list(ClaimKind))


@pytest.mark.parametrize(
    ("due", "kind", "interrupted", "last"),
    [
        ("2024-03-15", ClaimKind.CONSUMER_PURCHASE, [], "2026-03-15"),
        ("2024-03-15", ClaimKind.CONSUMER_PURCHASE, ["2026-02-01"], "2028-02-01"),
        ("2021-11-30", ClaimKind.PAYMENT, [], "2026-11-30"),
        ("2021-11-30", ClaimKind.PAYMENT, ["2026-11-30"], "2031-11-30"),
        ("2024-03-15", ClaimKind.CONSUMER_PURCHASE, ["2027-12-01", "2026-02-01"], "2029-12-01"),
        # too late: the claim had lapsed
        ("2024-03-15", ClaimKind.CONSUMER_PURCHASE, ["2026-03-16"], "2026-03-15"),
        # a new term has at most five years, and never shortens the first
        ("2010-06-01", ClaimKind.JUDGMENT, ["2012-01-01"], "2030-06-01"),
        ("2010-06-01", ClaimKind.JUDGMENT, ["2029-01-01"], "2034-01-01"),
        ("2024-02-29", ClaimKind.CONSUMER_PURCHASE, [], "2026-02-28"),
    ],
)
def test_last_day_to_claim(due, kind, interrupted, last):
    received = [date.fromisoformat(day) for day in interrupted]
    last_day = date.fromisoformat(last)
    due_date = date.fromisoformat(due)
    assert last_claim_day(due_date, kind, interrupted_on=received) == last_day
    assert not is_time_barred(due_date, kind, today=last_day, interrupted_on=received)
    assert is_time_barred(
        due_date, kind, today=date.fromordinal(last_day.toordinal() + 1), interrupted_on=received
    )


@quick
@given(days, kinds, st.lists(days, max_size=5))
def test_an_interruption_never_shortens_a_term(due, kind, interrupted):
    plain = last_claim_day(due, kind)
    assert plain <= last_claim_day(due, kind, interrupted_on=interrupted)
    assert last_claim_day(due, kind, interrupted_on=interrupted) == last_claim_day(
        due, kind, interrupted_on=reversed(interrupted)
    )
