from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import holidays
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.domain.calendar import (
    DAY,
    BusinessCalendar,
    ContactWindow,
    add_months,
    add_years,
    easter_sunday,
    official_days,
)
from app.errors import Invalid

quick = settings(max_examples=50, deadline=None)

plain = BusinessCalendar()
days = st.dates(date(2015, 1, 1), date(2040, 12, 31))
some_calendars = st.builds(
    BusinessCalendar, st.frozensets(st.dates(date(2025, 1, 1), date(2025, 3, 31)), max_size=30)
)
early_2025 = st.dates(date(2025, 1, 1), date(2025, 4, 30))


@pytest.mark.parametrize("year", range(2015, 2041))
def test_official_days_agree_with_an_independent_list(year):
    listed = holidays.country_holidays("NL", years=year, categories=("public", "optional"))
    assert set(official_days(year)) == set(listed)


@pytest.mark.parametrize(
    ("year", "weekday_names"),
    [
        (2026, "01-01 04-03 04-06 04-27 05-05 05-14 05-25 12-25 12-26"),
        (2027, "01-01 03-26 03-29 04-27 05-05 05-06 05-17 12-25 12-26"),
    ],
)
def test_official_days_besides_the_two_sundays(year, weekday_names):
    found = [f"{day:%m-%d}" for day, name in official_days(year).items() if not name.endswith("sunday")]
    assert found == weekday_names.split()


def test_kings_day_is_never_on_a_sunday():
    assert official_days(2025)[date(2025, 4, 26)] == "kings_day"
    assert date(2025, 4, 27) not in official_days(2025)


@pytest.mark.parametrize(
    ("year", "easter"), [(1818, "03-22"), (1943, "04-25"), (2038, "04-25"), (2285, "03-22")]
)
def test_easter_at_its_earliest_and_latest(year, easter):
    assert f"{easter_sunday(year):%m-%d}" == easter


@quick
@given(st.integers(1900, 2299))
def test_easter_is_a_sunday_in_spring(year):
    easter = easter_sunday(year)
    assert easter.weekday() == 6
    assert date(year, 3, 22) <= easter <= date(year, 4, 25)


def test_extra_days_off_are_days_off():
    decree = date(2026, 5, 15)  # the Friday after Ascension
    assert plain.is_working(decree)
    assert not BusinessCalendar(frozenset({decree})).is_working(decree)
    assert BusinessCalendar(frozenset({decree})).next_working(date(2026, 5, 14)) == date(2026, 5, 18)


@pytest.mark.parametrize(
    ("day", "count", "expected"),
    [
        ("2026-11-20", 3, "2026-11-25"),
        ("2026-11-21", 1, "2026-11-23"),
        ("2026-04-02", 1, "2026-04-07"),
        ("2026-04-07", -1, "2026-04-02"),
        ("2026-12-24", 1, "2026-12-28"),
        ("2026-11-21", 0, "2026-11-23"),
        ("2026-11-20", 0, "2026-11-20"),
    ],
)
def test_counting_working_days(day, count, expected):
    assert plain.add_working_days(date.fromisoformat(day), count) == date.fromisoformat(expected)


@quick
@given(days)
def test_next_and_previous_are_the_nearest_working_days(day):
    later, earlier = plain.next_working(day), plain.previous_working(day)
    assert earlier <= day <= later
    assert plain.is_working(earlier)
    assert plain.is_working(later)
    between = (earlier + n * DAY for n in range(1, (later - earlier).days))
    assert not any(plain.is_working(one) for one in between)


@quick
@given(some_calendars, early_2025, st.integers(1, 15))
def test_working_days_count_as_many_as_asked(calendar, day, count):
    end = calendar.add_working_days(day, count)
    passed = sum(calendar.is_working(day + n * DAY) for n in range(1, (end - day).days + 1))
    assert passed == count
    assert calendar.is_working(end)


@quick
@given(some_calendars, early_2025, st.integers(1, 15))
def test_counting_back_returns_from_a_working_day(calendar, day, count):
    start = calendar.next_working(day)
    assert calendar.add_working_days(calendar.add_working_days(start, count), -count) == start


@pytest.mark.parametrize(
    ("day", "months", "expected"),
    [
        ("2026-08-31", 6, "2027-02-28"),
        ("2026-08-31", -6, "2026-02-28"),
        ("2026-01-15", -1, "2025-12-15"),
        ("2025-12-15", 1, "2026-01-15"),
        ("2024-02-29", 12, "2025-02-28"),
    ],
)
def test_months_later_or_the_last_day(day, months, expected):
    assert add_months(date.fromisoformat(day), months) == date.fromisoformat(expected)


def test_a_leap_day_returns_every_four_years():
    assert add_years(date(2024, 2, 29), 1) == date(2025, 2, 28)
    assert add_years(date(2024, 2, 29), 4) == date(2028, 2, 29)


@pytest.mark.parametrize(
    ("opens", "closes"), [("06:59", "18:00"), ("09:00", "20:01"), ("12:00", "12:00"), ("18:00", "09:00")]
)
def test_no_window_reaches_into_the_night(opens, closes):
    with pytest.raises(Invalid):
        ContactWindow(time.fromisoformat(opens), time.fromisoformat(closes))


widest = ContactWindow(time(7), time(20), saturday=True)


@pytest.mark.parametrize(
    ("moment", "allowed"),
    [
        ("2026-11-23T06:59:59", False),
        ("2026-11-23T07:00:00", True),
        ("2026-11-23T19:59:59", True),
        ("2026-11-23T20:00:00", False),
        ("2026-11-21T12:00:00", True),  # Saturday
        ("2026-11-22T12:00:00", False),  # Sunday
        ("2026-05-05T12:00:00", False),
        ("2026-12-26T12:00:00", False),  # a Saturday, and Boxing Day
    ],
)
def test_the_widest_window_keeps_to_the_conduct_rules(moment, allowed):
    assert widest.allows(datetime.fromisoformat(moment), plain) is allowed


def test_by_default_nobody_is_called_on_saturday_or_before_nine():
    usual = ContactWindow()
    assert not usual.allows(datetime.fromisoformat("2026-11-21T12:00"), plain)
    assert not usual.allows(datetime.fromisoformat("2026-11-23T08:59"), plain)
    assert usual.allows(datetime.fromisoformat("2026-11-23T17:59"), plain)


@pytest.mark.parametrize(
    ("moment", "following"),
    [
        ("2026-11-23T10:15", "2026-11-23T10:15"),
        ("2026-11-23T05:00", "2026-11-23T09:00"),
        ("2026-11-20T18:00", "2026-11-23T09:00"),
        ("2026-04-02T19:00", "2026-04-07T09:00"),
    ],
)
def test_a_missed_moment_moves_to_the_next_opening(moment, following):
    zone = ZoneInfo("Europe/Amsterdam")
    found = ContactWindow().next_allowed(datetime.fromisoformat(moment).replace(tzinfo=zone), plain)
    assert found == datetime.fromisoformat(following).replace(tzinfo=zone)


@quick
@given(st.datetimes(datetime(2025, 1, 1), datetime(2027, 12, 31)), st.booleans())
def test_the_next_opening_is_allowed_and_soon(moment, saturday):
    window = ContactWindow(saturday=saturday)
    found = window.next_allowed(moment, plain)
    assert window.allows(found, plain)
    assert moment <= found < moment + timedelta(days=6)
