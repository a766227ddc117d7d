"""How late an item is, and the bucket it is counted in."""

from __future__ import annotations

from datetime import date
from enum import StrEnum


class AgeingBucket(StrEnum):
    """Days after the due date, in the order of reports."""

    NOT_DUE = "not_due"
    D1_30 = "d1_30"
    D31_60 = "d31_60"
    D61_90 = "d61_90"
    D90_PLUS = "d90_plus"


# The last day late that still belongs to the bucket.
_LAST_DAY = (
    (0, AgeingBucket.NOT_DUE),
    (30, AgeingBucket.D1_30),
    (60, AgeingBucket.D31_60),
    (90, AgeingBucket.D61_90),
)


def days_late(due_date: date, today: date) -> int:
    """Whole days after the due date; 0 on the due date itself and before it."""
    return max(0, (today - due_date).days)


def ageing_bucket(due_date: date, today: date) -> AgeingBucket:
    """The bucket of an item: not due up to and including its due date, then 1-30, 31-60, 61-90, over 90."""
    late = days_late(due_date, today)
    return next((bucket for last, bucket in _LAST_DAY if late <= last), AgeingBucket.D90_PLUS)
