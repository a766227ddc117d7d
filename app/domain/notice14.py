"""The term of the consumer 14-day letter (veertiendagenbrief, art. 6:96(6) BW)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

from app.domain.calendar import DAY, MONDAY, SUNDAY, BusinessCalendar
from app.errors import Invalid, RuleBroken

LEAST_DAYS = 14
_POST_DAYS = 2


@dataclass(frozen=True, slots=True)
class EmailRule:
    """When mail counts as delivered. The law has no presumption: this is a setting.

    `unproven_days` after sending, unless a delivery or read proof says otherwise.
    """

    unproven_days: int = 1

    def __post_init__(self) -> None:
        if self.unproven_days < 1:
            raise Invalid(
                "unproven_days", "Unproven mail is delivered the next day at the earliest.", code="email_rule"
            )


@dataclass(frozen=True, slots=True)
class NoticeTerm:
    """The running of one letter: its days are all inclusive.

    `last_day` is the law's; `safe_last_day` is what this desk keeps to: when the last day is a Saturday,
    Sunday or holiday, the next working day. The fee is due after it.
    """

    sent_on: date
    delivered_on: date
    first_day: date
    last_day: date
    safe_last_day: date

    @property
    def fee_due_from(self) -> date:
        """The first day on which the fee is owed by the law's count."""
        return self.last_day + DAY

    @property
    def safe_fee_due_from(self) -> date:
        """The first day on which this desk charges the fee."""
        return self.safe_last_day + DAY

    def is_running(self, today: date) -> bool:
        """Whether the debtor can still pay without the fee, so that no further notice may leave."""
        return self.sent_on <= today <= self.safe_last_day


def presumed_delivery(posted_on: date, calendar: BusinessCalendar) -> date:
    """The second day after posting; Sundays, Mondays and days off count neither between nor as delivery day.

    A company's extra days off do not count either: a later delivery is never to the debtor's harm.
    """
    day, counted = posted_on, 0
    while counted < _POST_DAYS:
        day += DAY
        counted += day.weekday() not in {SUNDAY, MONDAY} and not calendar.is_day_off(day)
    return day


def email_delivery(sent_on: date, rule: EmailRule, *, proven_on: date | None = None) -> date:
    """The day of the delivery or read proof (the send date itself at the earliest), else by the rule."""
    if proven_on is not None:
        return max(sent_on, proven_on)
    return sent_on + timedelta(days=rule.unproven_days)


def notice_term(
    sent_on: date, delivered_on: date, *, calendar: BusinessCalendar, days: int = LEAST_DAYS
) -> NoticeTerm:
    """The term of a letter that reached the debtor on `delivered_on`.

    It begins the day after receipt (HR 25 November 2016, ECLI:NL:HR:2016:2704) and has 14 full days or more.
    Raises `RuleBroken` for fewer, which would cost the right to the fee, and `Invalid` for a delivery before
    the sending.
    """
    if days < LEAST_DAYS:
        raise RuleBroken("The term has at least 14 days.", code="notice_too_short", days=days)
    if delivered_on < sent_on:
        raise Invalid("delivered_on", "A letter arrives after it was sent.", code="delivered_before_sent")
    last_day = delivered_on + timedelta(days=days)
    return NoticeTerm(
        sent_on=sent_on,
        delivered_on=delivered_on,
        first_day=delivered_on + DAY,
        last_day=last_day,
        safe_last_day=calendar.next_working(last_day),
    )


def posted_notice_term(posted_on: date, *, calendar: BusinessCalendar, days: int = LEAST_DAYS) -> NoticeTerm:
    """The term of a letter by post, from its presumed delivery."""
    return notice_term(posted_on, presumed_delivery(posted_on, calendar), calendar=calendar, days=days)
