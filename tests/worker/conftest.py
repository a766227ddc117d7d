"""A committed company with many customers to write to, worker processes, and an account of what left."""

import datetime as dt
import multiprocessing
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from multiprocessing.context import ForkServerProcess
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from app.services.correspondence import commands
from tests.db.kit import MONDAY, SHORT, Scene, open_scene, step
from tests.worker import child
from tests.worker.child import Job

FORKS = multiprocessing.get_context("forkserver")
FORKS.set_forkserver_preload(["tests.worker.child"])


@dataclass
class House:
    """The company, the login its workers use, and the folders everything leaves to."""

    owner: Engine
    conninfo: str
    folder: Path
    company: int
    now: dt.datetime
    homes: int = 0
    running: list[ForkServerProcess] = field(default_factory=list)

    @contextmanager
    def scene(self) -> Iterator[Scene]:
        """The company in a transaction of its own, committed at the end."""
        with self.owner.begin() as connection, Session(connection) as session:
            yield Scene(session, self.company, 0, self.now.date())
            session.flush()

    def rows(self, statement: str, **values: Any) -> list[Any]:
        with self.scene() as scene:
            return scene.rows(statement, **values)

    def run(self, statement: str, **values: Any) -> None:
        with self.scene() as scene:
            scene.run(statement, **values)

    def job(self, *, station: str = "one", **more: Any) -> Job:
        home = self.folder / f"station {station}"
        home.mkdir(exist_ok=True)
        return Job(self.conninfo, home, self.folder, self.now, **more)

    def start(self, job: Job) -> ForkServerProcess:
        """A worker process; it is ended with the test."""
        process = FORKS.Process(target=child.work, args=(job,))
        process.start()
        self.running.append(process)
        return process

    def finish(self, job: Job) -> int | None:
        """A worker process until it ends; its exit code."""
        process = self.start(job)
        process.join(120)
        return process.exitcode

    def work(self, **more: Any) -> Any:
        """One round of a worker in this process."""
        return child.work(self.job(**more))

    def leases_run_out(self) -> None:
        self.run(
            "update tegoed.delivery set lease_until = now() - interval '1 second' where lease_until is not null"
        )
        self.run(
            "update tegoed.action set render_lease = now() - interval '1 second' where render_lease is not null"
        )
        with self.scene() as scene:
            commands.tend_deliveries(scene.session, self.now)

    def files(self) -> dict[int, bytes]:
        """What lies in the folders, by delivery id; one file an id, no halves under a real name."""
        found: dict[int, bytes] = {}
        for path in self.folder.glob("*/*/*"):
            if path.parent.parent.name in {"outbox", "print"} and not path.name.startswith("."):
                delivery = int(path.stem.rpartition("_")[2])
                assert delivery not in found, f"delivery {delivery} lies there twice"
                found[delivery] = path.read_bytes()
        return found

    def answer_by_looking(self) -> Counter[str]:
        """A person looks into the folder for each uncertain delivery and says what is so."""
        files, said = self.files(), Counter[str]()
        with self.scene() as scene:
            for delivery in scene.rows("select id, action_id from tegoed.delivery where state = 'uncertain'"):
                answer = "sent" if delivery.id in files else "not_sent"
                commands.answer(scene.session, delivery.action_id, answer)
                said[answer] += 1
            if said["not_sent"]:
                scene.plan()
        return said

    def states(self) -> Counter[str]:
        return Counter(row.state for row in self.rows("select state from tegoed.delivery"))

    def account(self) -> None:
        """Every communication is in the folder exactly once as recorded, or stands with a state that says why."""
        files = self.files()
        rows = self.rows(
            "select d.id, d.state, d.customer_id, d.sha256, d.action_id, a.state as action_state,"
            " (select string_agg(c.content, '' order by c.no) from tegoed.document_chunk c"
            " where c.document_id = d.document_id) as content"
            " from tegoed.delivery d join tegoed.action a on a.id = d.action_id"
        )
        done = {row.id: row for row in rows if row.state == "done"}
        assert set(files) <= {row.id for row in rows if row.state in {"done", "uncertain", "sending"}}
        assert set(done) <= set(files), "recorded as sent, and not there"
        for delivery, content in files.items():
            if delivery in done:
                assert bytes(done[delivery].content) == content, "what left is what was stored"
        customers = Counter(row.customer_id for row in rows if row.id in files)
        assert not [each for each, times in customers.items() if times > 1], "nobody hears it twice"
        steps = self.rows("select open_item_id from tegoed.step_done where undone_at is null and not skipped")
        assert len(steps) == len({row.open_item_id for row in steps}) == len(done)
        waiting = self.rows(
            "select cu.id from tegoed.customer cu where not exists (select from tegoed.action a"
            " where a.customer_id = cu.id and a.state <> 'cancelled')"
        )
        assert waiting == [], "no customer is forgotten"

    def all_left(self, customers: int) -> None:
        self.account()
        assert self.states()["uncertain"] == 0
        assert len(self.files()) == customers


def settle(house: House, customers: int) -> None:
    """What the day after a crash looks like: leases end, a person answers, a worker goes on."""
    for _ in range(4):
        house.leases_run_out()
        house.account()
        house.answer_by_looking()
        house.work(plans=True)
        if len(house.files()) == customers and house.states()["uncertain"] == 0:
            break
    house.all_left(customers)


@pytest.fixture
def settled():
    return settle


@pytest.fixture
def make_house(database, owner, login, tmp_path):
    """`make_house(customers=20, kind="letter")` makes and plans a company; its workers sign in as a worker."""
    made: list[House] = []

    def make(
        customers: int = 20, kind: str = "email", *, plan: bool = True, on: dt.date = MONDAY, **how: Any
    ) -> House:
        first = step(kind, 5, "reminder", **how)
        with owner.begin() as connection, Session(connection) as session:
            scene = open_scene(session, on, clock=False, steps=(first, *SHORT[1:]))
            for _ in range(customers):
                scene.invoice(scene.customer(), 100, late=5)
            if plan:
                scene.plan()
            session.flush()
            now = scene.now
        engine = login("worker", companies=[scene.company])
        conninfo = database.server.conninfo(database.name, login.name(engine))
        house = House(owner, conninfo, tmp_path, scene.company, now)
        made.append(house)
        return house

    yield make
    for house in made:
        for process in house.running:
            process.kill()
            process.join()
            process.close()
