"""Calls and tasks: attempts, giving up, outcomes."""

import pytest

from app.adapters.database.translation import translated
from app.errors import Conflict, Invalid
from app.services.correspondence import commands
from tests.db.kit import DAY, open_scene, step

CALLS = (step("email", 5, "reminder"), step("call", 3, after="previous_step"), step("email", 20, "demand"))


@pytest.fixture
def call(session):
    """(scene, customer, item, call) on the day a call is due."""
    scene = open_scene(session, steps=CALLS, contact_gap=1)
    customer = scene.customer()
    item = scene.invoice(customer, 100, late=5)
    scene.day()
    scene.days(3)
    (action,) = scene.actions(customer, kind="call")
    return scene, customer, item, action.id


def test_no_answer_keeps_the_call_for_later(call):
    scene, _, item, action = call
    assert commands.record_call(scene.session, action, "no_answer")["state"] == "again"
    kept = scene.actions(id=action)[0]
    assert (kept.state, kept.attempts) == ("planned", 1)
    assert kept.not_before.date() > scene.today
    assert scene.item(item).position_done == 1


def test_after_three_attempts_it_counts_as_not_reached_and_the_workflow_goes_on(call):
    scene, _, item, action = call
    said = [commands.record_call(scene.session, action, "no_answer")["state"] for _ in range(3)]
    assert said == ["again", "again", "done"]
    assert scene.actions(id=action)[0].outcome == "not_reached"
    assert scene.item(item).position_done == 2
    assert scene.item(item).reminded_on is not None
    assert "demand" in [each.stage for each in scene.days(20)]


def test_after_five_working_days_it_counts_as_not_reached(call):
    scene, _, item, action = call
    scene.at(scene.today + DAY * 7)
    assert commands.record_call(scene.session, action, "no_answer")["state"] == "done"
    assert scene.actions(id=action)[0].outcome == "not_reached"
    assert scene.item(item).position_done == 2


@pytest.mark.parametrize(
    ("outcome", "cause"),
    [
        ("promise", "promise"),
        ("says_paid", "promise"),
        ("wants_plan", "arrangement"),
        ("disagrees", "dispute"),
    ],
)
def test_what_the_customer_says_places_a_hold_and_a_follow_up(call, outcome, cause):
    scene, customer, item, action = call
    agreed = scene.today + DAY * 4  # a Monday or later: two working days after it
    told = commands.record_call(scene.session, action, outcome, on=agreed, note="belooft")
    (hold,) = scene.rows("select * from tegoed.hold")
    assert (hold.cause, hold.open_item_id) == (cause, item)
    assert hold.until == scene.one("select tegoed.add_days(:c, :d, 2, 'business')", c=scene.company, d=agreed)
    follow_up = scene.actions(id=told["follow_up"])[0]
    assert (follow_up.cause, follow_up.due_on) == (outcome, hold.until)
    assert scene.days(hold.until) == []
    assert scene.actions(customer, kind="email", state="planned") == []


def test_a_wrong_number_asks_for_another(call):
    scene, customer, _, action = call
    commands.record_call(scene.session, action, "wrong_number")
    assert scene.follow_ups(customer) == ["wrong_number"]
    assert scene.rows("select * from tegoed.hold") == []


def test_an_unknown_outcome_is_refused_with_the_known_ones(call):
    scene, _, _, action = call
    with pytest.raises(Invalid, match="no outcome"), translated(), scene.session.begin_nested():
        commands.record_call(scene.session, action, "maybe")


def test_a_call_ends_once(call):
    scene, _, _, action = call
    commands.record_call(scene.session, action, "promise")
    with pytest.raises(Conflict), translated(), scene.session.begin_nested():
        commands.record_call(scene.session, action, "promise")


def test_calls_count_as_contacts_of_the_day(call):
    scene, customer, _, action = call
    commands.record_call(scene.session, action, "no_answer")
    assert scene.one("select count(*) from tegoed.call_attempt where customer_id = :c", c=customer) == 1
