"""`tegoed day`: what is due leaves, and everything that left on that day is written out."""

import datetime as dt
import uuid

import pytest
from sqlalchemy.orm import Session

from app.adapters.database.engine import session_scope
from app.adapters.database.translation import translated
from app.errors import RuleBroken
from app.services.access import queries as access
from app.services.correspondence import commands
from app.services.workflow.reports import ForPeople, Waiting
from app.worker.day import collection_day
from tests.db.kit import DAY, Scene
from tests.worker.child import desk_of


@pytest.fixture
def day(make_house, tmp_path):
    """`day(house, date, "out")` runs a collection day; it gives the report and the files written."""

    def run(house, date=None, out="out"):
        desk = desk_of(house.job())
        try:
            with session_scope(desk.sessions) as session:
                (company,) = access.companies(session)
            told = collection_day(desk, company, date=date, out=tmp_path / out)
        finally:
            desk.close()
        return told, {path.name: path.read_bytes() for path in told.folder.glob("*") if path.is_file()}

    return run


def test_a_day_writes_what_left(make_house, day):
    house = make_house(3, plan=False)
    told, files = day(house, house.now.date())
    assert told.left == {"email reminder": 3}
    assert sorted(files.values()) == sorted(house.files().values())
    house.all_left(3)


def test_a_second_run_sends_nothing_twice_and_writes_the_same(make_house, day):
    house = make_house(3, plan=False)
    _, first = day(house, house.now.date())
    before = house.files()
    told, again = day(house, house.now.date(), "elsewhere")
    assert told.left == {"email reminder": 3}
    assert again == first
    assert house.files() == before


def test_a_day_writes_what_an_earlier_run_of_a_worker_sent(make_house, day):
    house = make_house(3)
    house.work()
    assert day(house, house.now.date())[0].left == {"email reminder": 3}


def test_the_next_day_writes_only_its_own(make_house, day):
    house = make_house(3, plan=False)
    day(house, house.now.date())
    told, files = day(house, house.now.date() + DAY)
    assert (told.left, files) == ({}, {})


def test_a_letter_that_was_not_posted_is_not_written_again(make_house, day):
    house = make_house(2, "letter", plan=False)
    day(house, house.now.date())
    with house.scene() as scene:
        commands.not_posted(scene.session, scene.actions()[0].id)
    assert day(house, house.now.date(), "again")[0].left == {"letter reminder": 1}


def test_what_is_uncertain_is_told_and_not_written(make_house, day):
    house = make_house(2)
    house.finish(house.job(point="file there"))
    house.leases_run_out()
    told, files = day(house, house.now.date())
    assert told.left == {"email reminder": 1, "email reminder uncertain": 1}
    assert ForPeople("uncertain", None, 1) in told.people
    assert len(files) == 1


def test_approved_after_a_day_leaves_in_its_second_run(make_house, day):
    """The approval is of today's real clock; the company is still on its own day."""
    house = make_house(1, plan=False, approval=True)
    told, _ = day(house, house.now.date())
    assert told.left == {}
    assert told.waits == [Waiting("awaiting_approval", "email", "reminder", None, 1)]
    with house.scene() as scene:
        commands.approve(scene.session, scene.actions()[0].id)
    assert day(house, house.now.date())[0].left == {"email reminder": 1}


def test_a_day_on_a_sunday_sends_nothing_and_none_given_takes_a_working_day(make_house, day):
    house = make_house(1, plan=False)
    sunday = house.now.date() - DAY
    assert day(house, sunday)[0].left == {}
    assert house.files() == {}


def test_a_paused_database_is_told(make_house, day):
    house = make_house(1)
    house.run("select tegoed.pause_sending('restored')")
    told, _ = day(house, house.now.date())
    assert (told.left, told.paused) == ({}, "restored")


@pytest.mark.parametrize("call", ["claim_renders", "claim", "business date"])
def test_only_folder_companies_have_a_clock_of_their_own(make_house, call):
    """As if the queue went to a printer, which the tables do not allow yet."""
    house = make_house(1)
    with house.owner.connect() as connection, connection.begin() as undone, Session(connection) as session:
        scene = Scene(session, house.company, 0, house.now.date())
        if call == "claim":
            scene.render()
        for name in scene.all(
            "select conname from pg_constraint where conrelid = 'tegoed.print_queue'::regclass and contype = 'c'"
        ):
            scene.run(f"alter table tegoed.print_queue drop constraint {name}")
        scene.run("update tegoed.print_queue set transport = 'printer'")
        ask = {"claim_renders": scene.claim_renders, "claim": scene.claim, "business date": lambda: scene.run(
            "select tegoed.business_date(c, :now) from tegoed.company c", now=scene.now)}  # fmt: skip
        with pytest.raises(RuleBroken, match="own clock"), translated():
            ask[call]()
        undone.rollback()


def test_a_station_serves_its_own_queues_only(make_house):
    house = make_house(1, "letter")
    with house.scene() as scene:
        scene.render()
        claims = commands.claim_deliveries(
            scene.session, uuid.UUID(int=1), [house.company], queues=[], limit=9,
            lease=dt.timedelta(minutes=1), now=house.now,
        )  # fmt: skip
        assert claims == []
