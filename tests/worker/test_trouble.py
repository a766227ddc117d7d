"""Trouble outside: full disks, a database that goes away and comes back."""

import threading
import time

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from app.adapters.database import embedded, install, translation, upgrade
from app.adapters.database.engine import make_engine
from app.errors import DatabaseAway, OutsideError
from app.services.access.queries import companies
from app.worker.stations import OutcomeMarker
from tests.db.kit import MONDAY, SHORT, open_scene, step
from tests.worker.child import Here, desk_of
from tests.worker.conftest import House

FULL = """
    create function tegoed.disk_full() returns trigger language plpgsql as $$
    begin raise exception using errcode = '53100', message = 'could not extend file: No space left on device'; end $$;
    create trigger disk_full before insert on tegoed.document for each row execute function tegoed.disk_full()
"""


def test_the_databases_disk_is_full_while_a_letter_is_stored(make_house):
    house = make_house(3, "letter")
    house.run(FULL)
    try:
        with pytest.raises((DBAPIError, OutsideError), match=r"space left|database"):
            house.work()
    finally:
        house.run("drop trigger disk_full on tegoed.document; drop function tegoed.disk_full()")
    assert house.states() == {"waiting": 3}
    house.account()
    house.leases_run_out()
    house.work()
    house.all_left(3)


@pytest.mark.parametrize("kind", ["email", "letter"])
def test_the_disk_is_full_while_a_file_is_dropped(make_house, kind):
    """A limit on the size of files is what a full disk looks like: the write stops half way."""
    house = make_house(3, kind)
    process = house.start(house.job(file_size=900))
    process.join(60)
    assert process.exitcode == 0, "known trouble, no crash"
    rows = house.rows("select state, attempts, error, not_before > now() as later from tegoed.delivery")
    assert {(row.state, row.attempts, row.later) for row in rows} == {("waiting", 1, True)}
    assert all("full" in row.error for row in rows)
    assert list(house.folder.rglob("*.part")) == []
    assert house.files() == {}
    house.run("update tegoed.delivery set not_before = now()")
    house.work()
    house.all_left(3)


def test_a_folder_that_cannot_be_used_waits_for_a_person(make_house):
    house = make_house(1)
    (house.folder / "outbox").write_text("a file where the folder should be")
    house.work()
    assert house.states() == {"failed": 1}
    (house.folder / "outbox").unlink()
    with house.scene() as scene:
        (action,) = [row.id for row in scene.actions()]
        scene.run("select tegoed.answer_delivery(:a, 'not_sent')", a=action)
        scene.plan()
    house.work()
    house.all_left(1)


def test_a_station_that_cannot_remember_stops_after_one(make_house, monkeypatch):
    house = make_house(3)

    def full(*_):
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(OutcomeMarker, "_replace", full)
        with pytest.raises(OutsideError, match="cannot write down"):
            house.work()
    assert len(house.files()) == 1
    house.account()
    house.leases_run_out()
    house.work()
    house.all_left(3)


@pytest.mark.parametrize("content", ["", "{", None])
def test_a_station_whose_memory_is_unreadable_sends_nothing(make_house, content):
    house = make_house(1)
    memory = house.job().home / "outcomes.json"
    memory.mkdir() if content is None else memory.write_text(content)
    with pytest.raises(OutsideError, match="cannot read"):
        house.work()
    assert house.files() == {}


def test_a_marker_never_goes_back(tmp_path):
    marker = OutcomeMarker(tmp_path / "new" / "outcomes.json", "here")
    assert marker.read() == 0
    for number in (5, 3):
        marker.write(number)
    assert marker.read() == 5
    assert OutcomeMarker(marker.path, "other").read() == 0


class OnItsClock(Here):
    """The endless loop of a worker, on the business clock of its company."""

    now = None
    mine = ()

    def run_once(self, **_):
        return super().run_once(only=list(self.mine), now=self.now, on=self.now.date())


@pytest.fixture
def own_server(tegoed_home):
    server = embedded.start(tegoed_home)
    install.create_database(server.admin_conninfo(), "tegoed")
    upgrade.upgrade(server.admin_conninfo(), "tegoed")
    yield server
    server.release()


@pytest.mark.slow
def test_a_database_that_stops_and_starts_under_a_worker(own_server, tegoed_home, tmp_path, monkeypatch):
    customers, login = 60, "tegoed_worker_person"
    monkeypatch.setattr(translation, "RETRY_AFTER", 0.2)
    password = own_server.password(login)
    admin = own_server.admin_conninfo("tegoed")
    install.add_login(own_server.admin_conninfo(), "tegoed", login, password=password, roles=["worker"])
    owner = make_engine(admin, role=install.owner_role("tegoed"), pool_size=None)
    with owner.begin() as connection, Session(connection) as session:
        scene = open_scene(session, MONDAY, clock=False, steps=(step("letter", 5, "reminder"), *SHORT[1:]))
        for _ in range(customers):
            scene.invoice(scene.customer(), 100, late=5)
        scene.plan()
        session.execute(
            text(
                "with made as (insert into tegoed.app_user (login, name) values (:l, 'W') returning id)"
                " insert into tegoed.membership select id, :c from made"
            ),
            {"l": login, "c": scene.company},
        )
        session.flush()
    house = House(owner, own_server.conninfo("tegoed", login), tmp_path, scene.company, scene.now)
    desk = desk_of(house.job())
    worker = OnItsClock(desk)
    with desk.sessions() as session:
        worker.mine = companies(session)
    worker.now = house.now
    ended = []
    thread = threading.Thread(target=lambda: ended.append(worker.run_forever()))
    thread.start()
    until(lambda: len(house.files()) > 3)
    own_server.cluster.stop("immediate")
    with pytest.raises(DatabaseAway), translation.translated():
        house.states()
    again = embedded.start(tegoed_home, patience=30)
    deadline = time.monotonic() + 60
    while len(house.files()) < customers and time.monotonic() < deadline:
        house.leases_run_out()
        house.answer_by_looking()
        threading.Event().wait(0.3)
    worker.stop()
    thread.join(20)
    desk.close()
    again.release()
    assert ended == [None], "the loop outlived it and ended when asked"
    house.all_left(customers)


def until(true):
    """Wait for something another thread does; a minute is for ever."""
    deadline = time.monotonic() + 60
    while not true():
        assert time.monotonic() < deadline
        threading.Event().wait(0.02)
