"""Dutch official days, working days, and the hours in which a debtor may be contacted."""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import lru_cache
from types import MappingProxyType

from app.errors import Invalid

DAY = timedelta(days=1)
MONDAY, SATURDAY, SUNDAY = 0, 5, 6
LAW_OPENS, LAW_CLOSES = time(7), time(20)


def easter_sunday(year: int) -> date:
    """Easter Sunday of the western churches: the Gregorian computation without tables (Butcher, 1876)."""
    golden = year % 19
    century, in_century = divmod(year, 100)
    leap_centuries, century_rest = divmod(century, 4)
    moon_shift = (century - (century + 8) // 25 + 1) // 3
    epact = (19 * golden + century - leap_centuries - moon_shift + 15) % 30
    leaps, leap_rest = divmod(in_century, 4)
    to_sunday = (32 + 2 * century_rest + 2 * leaps - epact - leap_rest) % 7
    late = (golden + 11 * epact + 22 * to_sunday) // 451
    month, day = divmod(epact + to_sunday - 7 * late + 114, 31)
    return date(year, month, day + 1)


@lru_cache(maxsize=256)
def official_days(year: int) -> Mapping[date, str]:
    """The generally recognised holidays of a year and their names (Algemene termijnenwet, art. 3).

    Good Friday is equated by the act; 5 May counts every year; King's Day is 27 April, or the 26th when the
    27th is a Sunday (as since 2014). Days added by decree are a calendar's `extra_days_off`.
    """
    easter = easter_sunday(year)
    kings_day = date(year, 4, 27)
    if kings_day.weekday() == SUNDAY:
        kings_day -= DAY
    days = {
        date(year, 1, 1): "new_year",
        easter - timedelta(days=2): "good_friday",
        easter: "easter_sunday",
        easter + DAY: "easter_monday",
        kings_day: "kings_day",
        date(year, 5, 5): "liberation_day",
        easter + timedelta(days=39): "ascension",
        easter + timedelta(days=49): "whit_sunday",
        easter + timedelta(days=50): "whit_monday",
        date(year, 12, 25): "christmas_day",
        date(year, 12, 26): "boxing_day",
    }
    return MappingProxyType(dict(sorted(days.items())))


def add_months(day: date, months: int) -> date:
    """The same day `months` later (earlier if negative), or that month's last if it has no such day."""
    years, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return date(years, month + 1, min(day.day, monthrange(years, month + 1)[1]))


def add_years(day: date, years: int) -> date:
    """The same date `years` later; 29 February becomes the 28th in an ordinary year."""
    return add_months(day, 12 * years)


@dataclass(frozen=True, slots=True)
class BusinessCalendar:
    """Days on which work is done: not Saturday, Sunday, an official day, or one of `extra_days_off`.

    `extra_days_off` are a company's own closing days and the days equated with a holiday by decree.
    """

    extra_days_off: frozenset[date] = frozenset()

    def is_day_off(self, day: date) -> bool:
        """Whether `day` is an official day or an extra day off; an ordinary weekend day is neither."""
        return day in self.extra_days_off or day in official_days(day.year)

    def is_working(self, day: date) -> bool:
        return day.weekday() < SATURDAY and not self.is_day_off(day)

    def next_working(self, day: date) -> date:
        """The first working day on or after `day`."""
        while not self.is_working(day):
            day += DAY
        return day

    def previous_working(self, day: date) -> date:
        """The last working day on or before `day`."""
        while not self.is_working(day):
            day -= DAY
        return day

    def add_working_days(self, day: date, count: int) -> date:
        """The `count`-th working day after `day`, before it when negative; for 0, `next_working(day)`.

        `day` itself is never counted, so that "within 3 working days" of a Friday is the Wednesday.
        """
        if count == 0:
            return self.next_working(day)
        for _ in range(abs(count)):
            day = self.next_working(day + DAY) if count > 0 else self.previous_working(day - DAY)
        return day


@dataclass(frozen=True, slots=True)
class ContactWindow:
    """Hours for calls and messages, in the debtor's own wall-clock time, `closes` itself excluded.

    Never outside 07:00-20:00, never on Sundays or official days (Wki conduct rules); a window that reaches
    outside raises `Invalid`. Saturdays only when `saturday`.
    """

    opens: time = time(9)
    closes: time = time(18)
    saturday: bool = False

    def __post_init__(self) -> None:
        if not LAW_OPENS <= self.opens < self.closes <= LAW_CLOSES:
            raise Invalid(
                "contact_window",
                "Contact hours lie between 07:00 and 20:00, the first before the last.",
                code="contact_hours",
                opens=self.opens,
                closes=self.closes,
            )

    def allows_day(self, day: date, calendar: BusinessCalendar) -> bool:
        if self.saturday and day.weekday() == SATURDAY:
            return not calendar.is_day_off(day)
        return calendar.is_working(day)

    def allows(self, moment: datetime, calendar: BusinessCalendar) -> bool:
        """Whether the debtor may be contacted at this moment of the debtor's wall clock."""
        in_hours = self.opens <= moment.time() < self.closes
        return in_hours and self.allows_day(moment.date(), calendar)

    def next_allowed(self, moment: datetime, calendar: BusinessCalendar) -> datetime:
        """`moment` if it is allowed, else the first opening after it, in the same time zone."""
        if self.allows(moment, calendar):
            return moment
        day = moment.date() if moment.time() < self.opens else moment.date() + DAY
        while not self.allows_day(day, calendar):
            day += DAY
        return datetime.combine(day, self.opens, tzinfo=moment.tzinfo)
