"""When a claim becomes time-barred, and what an interruption (stuiting) does to that day.

The Algemene termijnenwet does not move these days off weekends: its art. 4 excludes terms of years.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from enum import Enum

from app.domain.calendar import add_years

LONGEST_NEW_TERM = 5


class ClaimKind(Enum):
    """Kinds of claim by the years of their limitation term."""

    CONSUMER_PURCHASE = 2  # price of a consumer sale, art. 7:28 BW
    PAYMENT = 5  # other payment claims and periodic amounts, art. 3:307 and 3:308 BW
    JUDGMENT = 20  # a claim established in court, art. 3:324 BW


def last_claim_day(due_date: date, kind: ClaimKind, *, interrupted_on: Iterable[date] = ()) -> date:
    """The last day on which the claim can still be enforced; it is time-barred after that day.

    The term counts from the day after the claim became due. A written demand that reserves the right to
    performance (3:317), an acknowledgement or a part payment (3:318) starts a new term of the same length,
    at most five years, the next day, and never makes the claim lapse earlier than it would have (3:319).
    `interrupted_on` are the days on which these were received, in any order; one that came after the claim
    had lapsed changes nothing.
    """
    last_day = add_years(due_date, kind.value)
    for received in sorted(interrupted_on):
        if received > last_day:
            break
        last_day = max(last_day, add_years(received, min(kind.value, LONGEST_NEW_TERM)))
    return last_day


def is_time_barred(
    due_date: date, kind: ClaimKind, *, today: date, interrupted_on: Iterable[date] = ()
) -> bool:
    """Whether limitation may be invoked today. A court does not apply it of its own motion (3:322)."""
    return today > last_claim_day(due_date, kind, interrupted_on=interrupted_on)
