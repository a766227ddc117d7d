from datetime import date, timedelta

import pytest

from app.domain.ageing import AgeingBucket, ageing_bucket, days_late

TODAY = date(2026, 11, 23)


@pytest.mark.parametrize(
    ("late", "bucket"),
    [
        (-10, "not_due"),
        (0, "not_due"),
        (1, "d1_30"),
        (30, "d1_30"),
        (31, "d31_60"),
        (60, "d31_60"),
        (61, "d61_90"),
        (90, "d61_90"),
        (91, "d90_plus"),
        (4000, "d90_plus"),
    ],
)
def test_bucket_by_days_late(late, bucket):
    due_date = TODAY - timedelta(days=late)
    assert ageing_bucket(due_date, TODAY) == bucket
    assert days_late(due_date, TODAY) == max(0, late)


def test_buckets_stand_in_the_order_of_reports():
    assert [bucket.value for bucket in AgeingBucket] == ["not_due", "d1_30", "d31_60", "d61_90", "d90_plus"]
