"""Several workers at once, people who change their mind meanwhile, and databases that must not send."""

import datetime as dt
import json
import threading
from itertools import count

import pytest
from psycopg.conninfo import conninfo_to_dict
from sqlalchemy import text
from sqlalchemy.orm import Session

from app.adapters.database import backup, install
from app.adapters.database.engine import make_engine
from app.services.correspondence import commands
from tests.db.kit import DAY, LEASE, Scene
from tests.worker.child import Job, desk_of, work


@pytest.mark.parametrize(("workers", "kind"), [(2, "letter"), (8, "email"), (8, "letter")])
def test_workers_at_once_send_everything_once(make_house, workers, kind):
    house = make_house(40, kind, plan=False)
    jobs = [house.job(station=str(number), plans=True) for number in range(workers)]
    processes = [house.start(job) for job in jobs]
    for process in processes:
        process.join(120)
    assert [process.exitcode for process in processes] == [0] * workers
    house.all_left(40)
    assert len(house.rows("select id from tegoed.action where origin = 'workflow'")) == 40


def test_two_workers_of_one_station_do_not_lose_its_number(make_house):
    house = make_house(30)
    processes = [house.start(house.job(station="same")) for _ in range(2)]
    for process in processes:
        process.join(120)
    house.all_left(30)
    (remembered,) = json.loads((house.folder / "station same" / "outcomes.json").read_text()).values()
    (known,) = house.rows("select outcome_no from tegoed.station")
    assert 0 < remembered <= known.outcome_no == 30
    assert not list((house.folder / "station same").glob("*.part"))


class Claimed:
    """A delivery that a worker has claimed and not begun, seen from its own connection."""

    def __init__(self, house):
        self.house = house
        self.engine = make_engine(house.conninfo, pool_size=None)
        with self.engine.begin() as connection, Session(connection) as session:
            queues = [row.id for row in house.rows("select id from tegoed.print_queue")]
            (self.claimed,) = commands.claim_deliveries(
                session, desk_of(house.job()).config.station_id(), [house.company], queues=queues, limit=9,
                lease=LEASE, now=house.now,
            )  # fmt: skip
        self.customer, self.action = house.rows("select customer_id, action_id from tegoed.delivery")[0]
        self.item = house.rows("select id from tegoed.open_item")[0].id

    def begin(self):
        with self.engine.begin() as connection, Session(connection) as session:
            return commands.begin_act(session, self.claimed, template_version=None, now=self.house.now)


def place_hold(scene: Scene, it: Claimed):
    scene.hold(it.customer, it.item)


def hold_customer(scene: Scene, it: Claimed):
    scene.hold(it.customer)


def recall(scene: Scene, it: Claimed):
    commands.recall(scene.session, it.action, choice="stop")


def new_address(scene: Scene, it: Claimed):
    scene.change_customer(it.customer, name="Nieuwe Naam")


def move_group(scene: Scene, it: Claimed):
    other = scene.workflow("other", ({"kind": "call", "days": 5, "stage": None, "template": None},))
    group = scene.one(
        "insert into tegoed.customer_group (company_id, code, name, workflow_id) values (:c, 'X', 'X', :w)"
        " returning id", c=scene.company, w=other,
    )  # fmt: skip
    scene.change_customer(it.customer, group_id=group)


def withdraw(scene: Scene, it: Claimed):
    commands.withdraw_approval(scene.session, it.action)


def pay(scene: Scene, it: Claimed):
    scene.pay(it.item, 100)
    scene.run("select tegoed.review_waiting(:c, :cu, 'import')", c=scene.company, cu=it.customer)


def credit(scene: Scene, it: Claimed):
    connection = scene.one("select min(id) from tegoed.source_connection")
    Scene(scene.session, scene.company, connection, scene.today, count(1000)).invoice(it.customer, -100)


DEEDS = [place_hold, hold_customer, recall, new_address, move_group, pay, credit]


@pytest.fixture
def claimed(make_house):
    def make(**how):
        house = make_house(1, **how)
        with house.scene() as scene:
            scene.render()
            scene.approve()
        return Claimed(house)

    return make


@pytest.mark.parametrize("deed", DEEDS, ids=lambda deed: deed.__name__)
def test_what_happens_between_plan_and_act_stops_it(claimed, deed):
    it = claimed()
    with it.house.scene() as scene:
        deed(scene, it)
    assert it.begin()["verdict"] in {"gone", "cancelled", "again"}
    assert it.house.states()["sending"] == 0


def test_an_approval_withdrawn_between_plan_and_act_stops_it(claimed):
    it = claimed(approval=True)
    with it.house.scene() as scene:
        withdraw(scene, it)
    assert it.begin()["verdict"] == "gone"


@pytest.mark.parametrize(
    "deed", [place_hold, recall, new_address, move_group], ids=lambda deed: deed.__name__
)
def test_the_last_check_waits_for_a_deed_that_is_not_committed_yet(claimed, deed):
    it = claimed()
    verdicts = []
    thread = threading.Thread(target=lambda: verdicts.append(it.begin()))
    with it.house.scene() as scene:
        deed(scene, it)
        thread.start()
        thread.join(0.3)
        assert verdicts == [], "it looks again after the other is done"
    thread.join(20)
    assert verdicts[0]["verdict"] in {"gone", "cancelled", "again"}


@pytest.mark.parametrize("deed", [place_hold, recall], ids=lambda deed: deed.__name__)
def test_a_deed_waits_for_a_last_check_that_is_not_committed_yet(claimed, deed):
    """Whoever holds or recalls at that moment learns that it is leaving; nobody believes it was stopped."""
    it = claimed()
    told = []

    def late():
        try:
            with it.house.scene() as scene:
                deed(scene, it)
            told.append("done")
        except Exception as error:  # noqa: BLE001  (told to the test)
            told.append(str(error))

    thread = threading.Thread(target=late)
    with it.engine.begin() as connection, Session(connection) as session:
        begun = commands.begin_act(session, it.claimed, template_version=None, now=it.house.now)
        assert begun["verdict"] == "send"
        thread.start()
        thread.join(0.3)
        assert told == []
    thread.join(20)
    assert told == ["done"] if deed is place_hold else "leaving" in told[0] or "not waiting" in told[0]
    assert it.house.rows("select state from tegoed.action")[0].state == "sending"


def test_storing_a_rendering_and_placing_a_hold_do_not_lock_each_other_out(make_house):
    house = make_house(1)
    with house.scene() as scene:
        (job,) = scene.claim_renders()
    customer, item = house.rows("select customer_id, id from tegoed.open_item")[0]
    stored = []

    def store():
        with house.scene() as scene:
            stored.append(scene.store(job))

    thread = threading.Thread(target=store)
    with house.scene() as scene:
        scene.run("select 1 from tegoed.customer where id = :c for update", c=customer)
        thread.start()
        thread.join(0.3)
        scene.hold(customer, item)
    thread.join(20)
    assert stored == [False]


def test_a_restored_database_sends_nothing_until_an_administrator_says_so(make_house, database, tmp_path):
    house = make_house(2)
    server, name = database.server, f"{database.name}_restored"
    backup.backup(server.admin_conninfo(), database.name, tmp_path / "backup")
    try:
        backup.restore(server.admin_conninfo(), name, tmp_path / "backup")
        user = str(conninfo_to_dict(house.conninfo)["user"])  # the same person on the restored one
        install.add_login(
            server.admin_conninfo(), name, user, password=server.password(user), roles=["worker"]
        )
        job = Job(
            server.conninfo(name, user), house.job().home, house.folder / "other", house.now, plans=True
        )
        done = work(job)
        assert done.paused
        assert done.sent == {}
        assert list((house.folder / "other").glob("*/*/*")) == []
        admin = make_engine(server.admin_conninfo(name), pool_size=None)
        with admin.begin() as connection:
            connection.execute(text("select tegoed.resume_sending()"))
        assert work(job).sent == {"sent": 2}
    finally:
        install.drop_database(server.admin_conninfo(), name)


def test_a_clone_sends_nothing(make_house):
    """The database finds itself under another identity than the one it recorded."""
    house = make_house(2)
    house.work()
    house.run("update tegoed.database_state set database_oid = database_oid + 1")
    house.run("select tegoed.plan_company(:c, :d)", c=house.company, d=house.now.date())
    assert house.work().paused == "this is a copy of the database that sent before"
    assert house.work().sent == {}
    house.run("select tegoed.resume_sending()")
    assert house.work().paused is None


def test_a_database_older_than_the_station_sends_nothing(make_house):
    house = make_house(3)
    assert house.work().sent == {"sent": 3}
    house.run("update tegoed.station set outcome_no = 1")
    house.run("update tegoed.delivery set state = 'waiting' where id = (select max(id) from tegoed.delivery)")
    done = house.work()
    assert done.paused == "the database is older than what this station sent"
    assert done.sent == {}
    assert len(house.files()) == 3


def test_another_station_is_paused_with_it(make_house):
    house = make_house(2)
    house.run("select tegoed.pause_sending('looking')")
    assert house.work(station="other").sent == {}
    assert house.files() == {}


def test_days_of_the_clock(make_house):
    """Sunday, the night and holidays send nothing; the next working day does."""
    house = make_house(2, on=dt.date(2026, 12, 31))
    for now in (house.now + DAY, house.now + DAY * 3, house.now.replace(hour=22)):
        house.now = now
        house.work(plans=True)
        assert house.files() == {}, now
    house.now = dt.datetime(2027, 1, 4, 10, tzinfo=house.now.tzinfo)
    house.run("update tegoed.company set data_as_of = '2027-01-03'")
    house.work(plans=True)
    house.all_left(2)
