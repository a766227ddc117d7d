"""Dates of steps: days off, business days, ends of months and years, the change of the clock."""

import datetime as dt
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy.orm import Session

from tests.db.kit import DAY, MONDAY, Scene, open_scene, step

AMSTERDAM = ZoneInfo("Europe/Amsterdam")


@pytest.mark.parametrize(
    ("due", "leaves"),
    [
        (dt.date(2026, 3, 2), dt.date(2026, 3, 9)),  # the 7th is a Saturday
        (dt.date(2026, 3, 29), dt.date(2026, 4, 7)),  # Good Friday, Saturday, Easter
        (dt.date(2026, 4, 22), dt.date(2026, 4, 28)),  # King's Day
        (dt.date(2025, 12, 26), dt.date(2025, 12, 31)),
        (dt.date(2025, 12, 27), dt.date(2026, 1, 2)),  # New Year's Day
        (dt.date(2026, 2, 28), dt.date(2026, 3, 5)),
    ],
)
def test_sending_on_a_day_off_moves_to_the_next_working_day(session: Session, due: dt.date, leaves: dt.date):
    scene = open_scene(session, due)
    item = scene.invoice(scene.customer(), due_date=due, planning_from=due)
    assert scene.why(item).own_on == leaves


def test_a_call_before_a_deadline_on_a_day_off_moves_to_the_previous_working_day(scene: Scene):
    scene.workflow("early", (step("call", -3),), default=True)
    item = scene.invoice(scene.customer(), due_date=dt.date(2026, 3, 18))  # three days before is a Sunday
    monday = scene.invoice(scene.customer(), due_date=dt.date(2026, 3, 19))
    assert scene.why(item).own_on == dt.date(2026, 3, 13)
    assert scene.why(monday).own_on == dt.date(2026, 3, 16)


def test_business_days_skip_weekends_and_holidays(session: Session):
    scene = open_scene(
        session, dt.date(2026, 4, 2), steps=(step("email", 3, "reminder", day_kind="business"),)
    )
    item = scene.invoice(scene.customer(), due_date=dt.date(2026, 4, 2))
    # Thursday before Easter: 3 April and 6 April do not count
    assert scene.why(item).own_on == dt.date(2026, 4, 9)
    weekend = scene.invoice(scene.customer(), due_date=dt.date(2026, 4, 11))
    assert scene.why(weekend).own_on == dt.date(2026, 4, 15)


def test_the_companys_days_off_do_not_count_as_business_days(scene: Scene):
    scene.settings(days_off=[dt.date(2026, 3, 4)])
    scene.run(
        "select tegoed.set_calendar(:c, '{}', :f, :u)",
        c=scene.company,
        f=MONDAY - DAY * 400,
        u=MONDAY + DAY * 500,
    )
    scene.workflow("business", (step("email", 3, "reminder", day_kind="business"),), default=True)
    assert scene.why(scene.invoice(scene.customer(), late=0)).own_on == dt.date(2026, 3, 6)


def test_calendar_days_count_on_over_the_end_of_a_month_and_a_leap_day(session: Session):
    scene = open_scene(session, dt.date(2028, 2, 1), steps=(step("email", 30, "reminder"),))
    item = scene.invoice(scene.customer(), due_date=dt.date(2028, 1, 31))
    assert scene.why(item).own_on == dt.date(2028, 3, 1)


@pytest.mark.parametrize(
    ("instant", "day"),
    [
        (dt.datetime(2026, 3, 28, 23, 30, tzinfo=dt.UTC), dt.date(2026, 3, 29)),
        (dt.datetime(2026, 3, 29, 21, 59, tzinfo=dt.UTC), dt.date(2026, 3, 29)),
        (dt.datetime(2026, 3, 29, 22, 30, tzinfo=dt.UTC), dt.date(2026, 3, 30)),
        (dt.datetime(2026, 10, 24, 22, 30, tzinfo=dt.UTC), dt.date(2026, 10, 25)),
        (dt.datetime(2026, 10, 25, 22, 30, tzinfo=dt.UTC), dt.date(2026, 10, 25)),
        (dt.datetime(2026, 12, 31, 22, 59, tzinfo=dt.UTC), dt.date(2026, 12, 31)),
        (dt.datetime(2026, 12, 31, 23, 1, tzinfo=dt.UTC), dt.date(2027, 1, 1)),
    ],
)
def test_the_business_date_is_the_companys_own_also_when_the_clock_changes(
    scene: Scene, instant: dt.datetime, day: dt.date
):
    found = scene.one(
        "select tegoed.business_date(c, :at) from tegoed.company c where id = :c", at=instant, c=scene.company
    )
    assert found == day


@pytest.mark.parametrize(
    ("asked", "given"),
    [
        ("2026-03-28T10:00", "2026-03-30T07:00"),  # Saturday before the clock goes forward
        ("2026-03-29T02:30", "2026-03-30T07:00"),
        ("2026-10-23T20:00", "2026-10-26T07:00"),
        ("2026-10-26T06:59", "2026-10-26T07:00"),
        ("2026-10-26T19:59", "2026-10-26T19:59"),
        ("2026-12-24T20:01", "2026-12-28T07:00"),
    ],
)
def test_nobody_is_contacted_at_night_on_sundays_or_holidays(scene: Scene, asked: str, given: str):
    calendar_until = dt.date(2027, 6, 1)
    assert (
        scene.one("select max(day) from tegoed.company_calendar where company_id = :c", c=scene.company)
        > calendar_until
    )
    moment = scene.one(
        "select tegoed.contact_moment(:c, :at)", c=scene.company,
        at=dt.datetime.fromisoformat(asked).replace(tzinfo=AMSTERDAM),
    )  # fmt: skip
    assert moment == dt.datetime.fromisoformat(given).replace(tzinfo=AMSTERDAM)


def test_a_plan_over_the_turn_of_the_year_loses_nothing(session: Session):
    scene = open_scene(session, dt.date(2026, 12, 28))
    item = scene.invoice(
        scene.customer(), due_date=dt.date(2026, 12, 24), planning_from=dt.date(2026, 12, 24)
    )
    left = scene.days(dt.date(2027, 1, 8))
    assert [(row.stage, row.contact_on) for row in left] == [
        ("reminder", dt.date(2026, 12, 29)),
        ("demand", dt.date(2027, 1, 7)),
    ]
    assert scene.item(item).position_done == 2


def test_planning_without_calendar_ahead_says_so(scene: Scene):
    with pytest.raises(Exception, match="does not reach"), scene.session.begin_nested():
        scene.plan(MONDAY + DAY * 300)
