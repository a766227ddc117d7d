"""Approval as real logins: who may, and whose own work nobody approves."""

import datetime as dt
from contextlib import contextmanager
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import text
from sqlalchemy.orm import Session

from app.adapters.database.engine import transaction
from app.errors import Conflict, NotAllowed, NotFound
from app.services.correspondence import commands
from tests.db.kit import SHORT, open_scene, step


@contextmanager
def working(engine):
    with transaction(engine) as connection, Session(connection) as session:
        yield session
        session.flush()


@pytest.fixture
def committed(owner):
    """A committed company with one mail that waits for approval."""
    with owner.begin() as connection, Session(connection) as session:
        today = dt.datetime.now(ZoneInfo("Europe/Amsterdam")).date()
        steps = (step("email", 5, "reminder", approval=True), *SHORT[1:])
        scene = open_scene(session, today, clock=False, steps=steps)
        customer = scene.customer()
        item = scene.invoice(customer, 100, late=8)
        scene.plan()
        scene.render()
        action = scene.actions(customer)[0].id
        session.flush()
    return scene.company, customer, item, action


def state_of(owner, action):
    with owner.connect() as connection:
        return connection.scalar(text("select state from tegoed.action where id = :a"), {"a": action})


@pytest.mark.parametrize("role", ["approver", "manager"])
def test_any_approver_approves_what_the_machine_made(login, owner, committed, role):
    company, _, _, action = committed
    with working(login(role, companies=[company])) as session:
        commands.approve(session, action)
    assert state_of(owner, action) == "approved"


@pytest.mark.parametrize("role", ["collector", "worker", "administrator", "auditor", "sales"])
def test_nobody_else_does(login, owner, committed, role):
    company, _, _, action = committed
    with pytest.raises(NotAllowed), working(login(role, companies=[company])) as session:
        commands.approve(session, action)
    assert state_of(owner, action) == "awaiting_approval"


def test_an_approver_of_another_company_sees_nothing_to_approve(login, committed):
    _, _, _, action = committed
    with pytest.raises(NotFound), working(login("approver")) as session:
        commands.approve(session, action)


def test_four_eyes_the_author_never_approves(login, owner, committed):
    company, customer, item, _ = committed
    author, other = login("approver", companies=[company]), login("approver", companies=[company])
    with working(author) as session:
        action = commands.write_by_hand(session, customer, stage="demand", kind="email", items=[item])
    worker = login("worker", companies=[company])
    with working(worker) as session:
        (job,) = commands.claim_renders(session, [company], limit=9, lease=dt.timedelta(minutes=1), now=None)
        rendered = [commands.Rendered(int(job.deliveries[0]["id"]), "<x>", "message/rfc822", b"x")]
        commands.store_rendering(session, job, reference="RF1", rendered=rendered, now=None)
    with pytest.raises(NotAllowed, match="yourself"), working(author) as session:
        commands.approve(session, action)
    assert state_of(owner, action) == "awaiting_approval"
    with working(other) as session:
        commands.approve(session, action)
    assert state_of(owner, action) == "approved"


def test_a_login_cannot_forge_the_author(login, committed):
    company, _, _, action = committed
    for role in ("collector", "approver", "manager", "worker", "administrator"):
        with pytest.raises(NotAllowed), working(login(role, companies=[company])) as session:
            session.execute(text("update tegoed.action set author = 'x' where id = :a"), {"a": action})


def test_two_approvers_the_second_is_told(login, committed):
    company, _, _, action = committed
    with working(login("approver", companies=[company])) as session:
        commands.approve(session, action)
    with pytest.raises(Conflict), working(login("approver", companies=[company])) as session:
        commands.approve(session, action)


def test_returned_with_a_comment_it_waits_until_somebody_releases_it(to_approve):
    scene = to_approve.scene
    commands.return_to_maker(scene.session, to_approve.action, "verkeerd adres")
    assert to_approve.why == "returned"
    assert scene.follow_ups(to_approve.customer) == ["returned"]
    assert scene.days(5) == []
