"""The working days of the sample's companies, and instants on them."""

from __future__ import annotations

import datetime as dt
from bisect import bisect_left
from collections.abc import Iterator
from itertools import accumulate
from zoneinfo import ZoneInfo

from app.domain.calendar import BusinessCalendar, add_years

FIRST_DAY = dt.date(2015, 1, 1)
YEARS_AHEAD = 3
_DAY = dt.timedelta(days=1)
_ZONE = ZoneInfo("Europe/Amsterdam")

CalendarRow = tuple[dt.date, bool, int, dt.date, dt.date, dt.date]


class WorkDays:
    """Dutch working days from 2015 until three years after a date; the same answers as the database's calendar."""

    def __init__(self, date: dt.date) -> None:
        self.calendar = BusinessCalendar()
        self.last_day = add_years(date, YEARS_AHEAD)
        self.days = [FIRST_DAY + _DAY * n for n in range((self.last_day - FIRST_DAY).days + 1)]
        self._working = [day for day in self.days if self.calendar.is_working(day)]
        self._instants: dict[tuple[dt.date, int], dt.datetime] = {}

    def next(self, day: dt.date) -> dt.date:
        """The first working day on or after `day`."""
        return self._working[bisect_left(self._working, day)]

    def previous(self, day: dt.date) -> dt.date:
        """The last working day on or before `day`."""
        return self._working[bisect_left(self._working, day + _DAY) - 1]

    def add(self, day: dt.date, count: int) -> dt.date:
        """`count` working days on, counted from the last working day on or before `day`."""
        return self._working[bisect_left(self._working, day + _DAY) - 1 + count]

    def at(self, day: dt.date, hour: int = 10) -> dt.datetime:
        """That hour of the day on the clock of the company, in UTC."""
        known = self._instants.get((day, hour))
        if known is None:
            known = dt.datetime.combine(day, dt.time(hour), _ZONE).astimezone(dt.UTC)
            self._instants[day, hour] = known
        return known

    def rows(self) -> Iterator[CalendarRow]:
        """What `company_calendar` holds for each day: working, its number, and the working days around it."""
        working = [self.calendar.is_working(day) for day in self.days]
        for day, works, number in zip(self.days, working, accumulate(map(int, working)), strict=True):
            after = bisect_left(self._working, day + _DAY)
            following = self._working[after] if after < len(self._working) else None
            previous = self._working[after - 1] if after else day
            yield (
                day,
                works,
                number,
                day if works else following or day,
                previous,
                following or day + _DAY,
            )
