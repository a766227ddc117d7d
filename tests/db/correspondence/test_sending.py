"""Render, claim, begin_act, act, record: who may do what when, and what a crash leaves behind."""

import datetime as dt

import pytest

from app.services.correspondence import commands
from tests.db.kit import SHORT, open_scene, step


def test_a_communication_goes_from_planned_to_done_in_phases(scene):
    customer = scene.customer()
    item = scene.invoice(customer, 100, late=5)
    scene.plan()
    states = [scene.actions(customer)[0].state]
    (job,) = scene.claim_renders()
    assert scene.store(job)
    states.append(scene.actions(customer)[0].state)
    (claimed,) = scene.claim()
    assert scene.begin(claimed)["verdict"] == "send"
    states.append(scene.actions(customer)[0].state)
    assert not scene.steps(item)
    commands.record_outcome(scene.session, claimed, "sent")
    states.append(scene.actions(customer)[0].state)
    assert states == ["planned", "approved", "sending", "done"]
    assert [each.stage for each in scene.steps(item)] == ["reminder"]
    assert scene.item(item).reminded_on == scene.today


def test_what_is_being_rendered_is_not_given_to_a_second_worker(scene):
    scene.invoice(scene.customer(), 100, late=5)
    scene.plan()
    (job,) = scene.claim_renders()
    assert scene.claim_renders() == []
    scene.run("update tegoed.action set render_lease = now() - interval '1 second'")
    (again,) = scene.claim_renders()
    assert not scene.store(job)
    assert scene.store(again)


def test_a_batch_of_which_nothing_is_left_does_not_hide_the_next(scene):
    for _ in range(4):
        scene.invoice(scene.customer(), 100, late=5)
    scene.plan()
    first, second, *_ = scene.actions()
    for action in (first, second):
        (item,) = scene.seats(action.id)
        scene.pay(item, 100)
    jobs = commands.claim_renders(
        scene.session, [scene.company], limit=2, lease=dt.timedelta(minutes=5), now=scene.now
    )
    assert len(jobs) == 2
    assert [scene.actions(id=each.id)[0].cancel_reason for each in (first, second)] == ["paid"] * 2


def test_what_is_claimed_is_not_given_to_a_second_worker(mail):
    mail.claim()
    assert mail.scene.claim() == []


def test_a_lease_that_ends_in_claimed_returns_to_waiting(mail):
    old = mail.claim()
    mail.scene.run("update tegoed.delivery set lease_until = now() - interval '1 second'")
    assert mail.scene.begin(old)["verdict"] == "gone"
    assert commands.tend_deliveries(mail.scene.session, mail.scene.now)["back"] == 1
    assert mail.state == ("approved", "waiting")
    assert mail.delivery.contact_on is None
    assert mail.scene.begin(old)["verdict"] == "gone"
    assert mail.try_to_send()["verdict"] == "send"


def test_a_lease_that_ends_in_sending_becomes_uncertain_and_is_never_sent_again(mail):
    mail.try_to_send()
    mail.scene.run("update tegoed.delivery set lease_until = now() - interval '1 second'")
    assert commands.tend_deliveries(mail.scene.session, mail.scene.now)["uncertain"] == 1
    assert mail.state == ("sending", "uncertain")
    assert mail.scene.claim() == []
    mail.scene.plan()
    assert len(mail.scene.actions(mail.customer)) == 1, "the item is not free for a second communication"


def test_a_sending_lease_begins_whole(mail):
    claimed = mail.claim()
    mail.scene.run("update tegoed.delivery set lease_until = now() + interval '1 second'")
    mail.scene.begin(claimed)
    assert mail.scene.one("select lease_until > now() + interval '1 minute' from tegoed.delivery")


def test_renewed_leases_last(mail):
    claimed = mail.claim()
    mail.scene.run("update tegoed.delivery set lease_until = now() + interval '1 second'")
    commands.renew_lease(mail.scene.session, [claimed], dt.timedelta(minutes=9))
    assert mail.scene.one("select lease_until > now() + interval '8 minutes' from tegoed.delivery")


def test_every_change_of_state_is_one_event(mail):
    mail.leave()
    kinds = mail.scene.all("select kind from tegoed.event where action_id = :a order by id", a=mail.action)
    assert kinds == [
        "action.planned",
        "action.in_outbox",
        "delivery.claimed",
        "delivery.sending",
        "delivery.done",
    ]


def test_retries_are_only_for_what_failed_before_the_act_and_grow(mail):
    waits = []
    for _ in range(3):
        mail.leave("retry")
        assert mail.state == ("approved", "waiting")
        waits.append(
            mail.scene.one("select extract(epoch from not_before - now())::int from tegoed.delivery")
        )
        assert mail.scene.claim() == [], "not before its time, whatever the company's own clock says"
        mail.scene.run("update tegoed.delivery set not_before = now()")
    assert waits == sorted(set(waits))
    assert mail.delivery.attempts == 3


def test_retries_end_as_failed(mail):
    for _ in range(6):
        mail.leave("retry")
        mail.scene.run("update tegoed.delivery set not_before = now()")
    assert mail.state == ("sending", "failed")
    assert mail.scene.claim() == []


@pytest.mark.parametrize(("outcome", "state"), [("failed", "failed"), ("unknown", "uncertain")])
def test_refused_or_unknown_waits_for_a_person(mail, outcome, state):
    mail.leave(outcome)
    assert mail.state == ("sending", state)
    assert mail.scene.claim() == []
    assert not mail.scene.steps(mail.item)


@pytest.mark.parametrize("outcome", ["failed", "unknown"])
def test_the_answer_sent_takes_the_steps_at_the_time_of_the_attempt(mail, outcome):
    mail.leave(outcome)
    left_on = mail.scene.today
    mail.scene.at(left_on + dt.timedelta(days=2))
    commands.answer(mail.scene.session, mail.action, "sent")
    assert mail.state == ("done", "done")
    assert [each.on_date for each in mail.scene.steps(mail.item)] == [left_on]


def test_the_answer_not_sent_frees_the_items_only_through_planning(mail):
    mail.leave("unknown")
    commands.answer(mail.scene.session, mail.action, "not_sent")
    assert mail.state == ("cancelled", "withdrawn")
    assert mail.why == "not_sent"
    assert len(mail.scene.actions(mail.customer)) == 1
    mail.scene.plan()
    again = mail.scene.actions(mail.customer)[-1]
    assert (again.id != mail.action, again.state) == (True, "planned")


def test_the_answer_other_channel_makes_a_new_action_with_every_check(mail):
    mail.leave("unknown")
    answered = commands.answer(mail.scene.session, mail.action, "other_channel")
    new = mail.scene.actions(id=answered["new_action"])[0]
    assert (new.kind, new.state) == ("letter", "planned")
    mail.scene.pay(mail.item, 100)
    assert mail.scene.claim_renders() == []
    assert mail.scene.actions(id=new.id)[0].cancel_reason == "paid"


@pytest.mark.parametrize("answer", ["not_sent", "other_channel"])
def test_an_outcome_after_the_answer_changes_nothing_and_raises_a_class_1_row(mail, answer):
    claimed = mail.leave("unknown")
    commands.answer(mail.scene.session, mail.action, answer)
    told = commands.record_outcome(mail.scene.session, claimed, "sent")
    assert told["late"] is True
    assert mail.state == ("cancelled", "withdrawn")
    assert not mail.scene.steps(mail.item)
    (row,) = mail.scene.actions(mail.customer, cause="late_sent")
    assert (row.state, row._mapping["class"]) == ("planned", 1)
    assert len(mail.events("delivery.late_outcome")) == 1


def test_a_late_outcome_that_says_failed_needs_nobody(mail):
    claimed = mail.leave("unknown")
    commands.answer(mail.scene.session, mail.action, "not_sent")
    commands.record_outcome(mail.scene.session, claimed, "failed")
    assert mail.scene.follow_ups(mail.customer) == []


def test_a_late_sent_after_an_expired_lease_is_believed(mail):
    claimed = mail.claim()
    mail.scene.begin(claimed)
    mail.scene.run("update tegoed.delivery set lease_until = now() - interval '1 second'")
    commands.tend_deliveries(mail.scene.session, mail.scene.now)
    commands.record_outcome(mail.scene.session, claimed, "sent")
    assert mail.state == ("done", "done")


@pytest.fixture
def with_copy(session, make_ready):
    return make_ready(
        open_scene(session, steps=(step("letter", 5, "reminder", copy_channel="email"), *SHORT[1:]))
    )


def copy_of(waiting):
    return waiting.scene.rows(
        "select * from tegoed.delivery where action_id = :a and not is_primary", a=waiting.action
    )[0]


def test_a_copy_leaves_after_its_primary(with_copy):
    with_copy.leave()
    assert copy_of(with_copy).state == "waiting"
    (copy,) = with_copy.scene.claim()
    assert with_copy.scene.begin(copy)["channel"] == "email"
    commands.record_outcome(with_copy.scene.session, copy, "sent")
    assert copy_of(with_copy).state == "done"
    assert len(with_copy.scene.steps(with_copy.item)) == 1, "one communication, one step"


@pytest.mark.parametrize("outcome", ["failed", "unknown"])
def test_no_copy_leaves_of_what_did_not_leave(with_copy, outcome):
    with_copy.leave(outcome)
    assert with_copy.scene.claim() == []


@pytest.mark.parametrize("answer", ["sent", "not_sent", "other_channel"])
def test_a_failed_copy_never_repeats_the_primary(with_copy, answer):
    with_copy.leave()
    (copy,) = with_copy.scene.claim()
    with_copy.scene.begin(copy)
    commands.record_outcome(with_copy.scene.session, copy, "failed")
    assert with_copy.state == ("done", "done")
    commands.answer(with_copy.scene.session, with_copy.action, answer)
    assert with_copy.state == ("done", "done")
    assert len(with_copy.scene.actions(with_copy.customer)) == 1
    assert len(with_copy.scene.steps(with_copy.item)) == 1


def test_a_copy_of_what_was_paid_since_stays(with_copy):
    with_copy.leave()
    with_copy.scene.pay(with_copy.item, 100)
    (copy,) = with_copy.scene.claim()
    assert with_copy.scene.begin(copy)["verdict"] == "withdrawn"
    assert copy_of(with_copy).state == "withdrawn"
