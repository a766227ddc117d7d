"""A company with one customer who owes, at the moment its first mail or letter waits to leave."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest

from app.services.correspondence import commands
from app.services.correspondence.commands import Claimed
from tests.db import kit
from tests.db.kit import SHORT, Scene, open_scene, step

_CALENDARS: dict[tuple[Any, Any], list[Any]] = {}
_COLUMNS = "day, working, working_no, next_working, previous_working, following_working"


@pytest.fixture(autouse=True)
def calendar_once(monkeypatch):
    """A calendar is counted once for the run and copied for each company: counting takes half a second."""
    count: Callable[..., None] = kit.set_calendar

    def copied(scene, first, last):
        if (first, last) not in _CALENDARS:
            count(scene, first, last)
            _CALENDARS[first, last] = scene.rows(
                f"select {_COLUMNS} from tegoed.company_calendar where company_id = :c", c=scene.company
            )
            return
        columns = list(zip(*_CALENDARS[first, last], strict=True))
        scene.run(
            f"insert into tegoed.company_calendar (company_id, {_COLUMNS}) select :c, * from unnest("
            "cast(:a as date[]), cast(:b as boolean[]), cast(:d as int[]), cast(:e as date[]), cast(:f as date[]),"
            " cast(:g as date[]))",
            c=scene.company,
            **dict(zip("abdefg", map(list, columns), strict=True)),
        )

    monkeypatch.setattr(kit, "set_calendar", copied)


@dataclass
class Waiting:
    """`action` waits for customer and item of `scene`; `delivery` is its primary one."""

    scene: Scene
    customer: int
    item: int
    action: int

    @property
    def delivery(self) -> Any:
        return self.scene.rows(
            "select * from tegoed.delivery where action_id = :a order by is_primary desc, id", a=self.action
        )[0]

    @property
    def state(self) -> tuple[str, str]:
        """Of the action and of its delivery."""
        found = self.scene.actions(id=self.action)[0]
        return found.state, self.delivery.state

    @property
    def why(self) -> str | None:
        return self.scene.actions(id=self.action)[0].cancel_reason

    def events(self, kind: str) -> list[Any]:
        return self.scene.rows(
            "select * from tegoed.event where action_id = :a and kind = :k order by id", a=self.action, k=kind
        )

    def claim(self) -> Claimed:
        (claimed,) = self.scene.claim()
        return claimed

    def try_to_send(self) -> dict[str, Any]:
        """The verdict of the last check."""
        return self.scene.begin(self.claim())

    def leave(self, outcome: str = "sent") -> Claimed:
        claimed = self.claim()
        assert self.scene.begin(claimed)["verdict"] == "send"
        commands.record_outcome(self.scene.session, claimed, outcome)
        return claimed


@pytest.fixture
def scene(session):
    """A company with the short workflow."""
    return open_scene(session)


def ready(scene, *, late=5, amount=100, **customer):
    """One customer with one item whose communication is rendered."""
    who = scene.customer(**customer)
    item = scene.invoice(who, amount, late=late)
    scene.plan()
    scene.render()
    (action,) = [a.id for a in scene.actions(who) if a.state in {"approved", "awaiting_approval"}]
    return Waiting(scene, who, item, action)


@pytest.fixture
def mail(scene):
    """A reminder by mail, rendered, in the outbox."""
    return ready(scene)


@pytest.fixture
def letter(session):
    """A reminder by letter, rendered, in the outbox."""
    return ready(open_scene(session, steps=(step("letter", 5, "reminder"), *SHORT[1:])))


@pytest.fixture
def to_approve(session):
    """A mail that waits for approval."""
    return ready(open_scene(session, steps=(step("email", 5, "reminder", approval=True), *SHORT[1:])))


@pytest.fixture
def make_ready():
    return ready
