"""Taking back: recall, skip, undo, withdrawn approvals, and letters that were posted or were not."""

import datetime as dt
import uuid
from contextlib import ExitStack

import pytest

from app.adapters.database.translation import translated
from app.errors import Conflict, Invalid
from app.services.correspondence import commands, queries
from tests.db.kit import DAY, SHORT, open_scene, step


def refused(scene, error):
    """`with refused(scene, Conflict): …` and the transaction goes on."""
    stack = ExitStack()
    stack.enter_context(pytest.raises(error))
    stack.enter_context(translated())
    stack.enter_context(scene.session.begin_nested())
    return stack


def reminders(scene, item):
    return [(each.stage, each.on_date, each.skipped) for each in scene.steps(item)]


def test_postpone_is_three_working_days_unless_said_otherwise(mail):
    start = mail.scene.today
    commands.recall(mail.scene.session, mail.action, choice="postpone")
    assert mail.state == ("cancelled", "withdrawn")
    assert mail.why == "recalled"
    assert mail.scene.one("select cause from tegoed.hold") == "recalled"
    left = mail.scene.days(6)
    assert [each.contact_on for each in left] == [start + DAY * 3]


def test_postpone_over_a_weekend_counts_working_days(session, make_ready):
    scene = open_scene(session)
    scene.at(scene.today + DAY * 3)
    waiting = make_ready(scene)
    commands.recall(scene.session, waiting.action, choice="postpone")
    assert [each.contact_on for each in scene.days(8)] == [scene.today - DAY * 3]


def test_postpone_to_a_day(mail):
    until = mail.scene.today + DAY * 9
    commands.recall(mail.scene.session, mail.action, choice="postpone", until=until)
    assert [each.contact_on for each in mail.scene.days(12)] == [until]


def test_postpone_to_the_past_is_refused(mail):
    with refused(mail.scene, Invalid):
        commands.recall(mail.scene.session, mail.action, choice="postpone", until=mail.scene.today)


def test_stop_lasts_until_somebody_releases_it(mail):
    commands.recall(mail.scene.session, mail.action, choice="stop")
    assert mail.scene.days(20) == []
    released_on = mail.scene.today
    mail.scene.run("select tegoed.release_hold(id) from tegoed.hold")
    left = mail.scene.days(4)
    assert [each.contact_on for each in left] == [released_on + DAY]


def test_skip_counts_as_a_step_but_not_as_a_contact_or_a_reminder(mail):
    skipped_on = mail.scene.today
    commands.recall(mail.scene.session, mail.action, choice="skip")
    assert reminders(mail.scene, mail.item) == [("reminder", skipped_on, True)]
    assert mail.scene.item(mail.item).reminded_on is None
    assert mail.scene.item(mail.item).rank_done == 10
    left = mail.scene.days(10)
    assert [(each.stage, each.contact_on) for each in left] == [("demand", skipped_on + DAY * 9)]


def test_a_skip_moves_what_follows_the_previous_step(session, make_ready):
    scene = open_scene(
        session, steps=(step("email", 5, "reminder"), step("email", 4, "demand", after="previous_step"))
    )
    waiting = make_ready(scene, late=7)
    commands.recall(scene.session, waiting.action, choice="skip")
    assert [each.contact_on for each in scene.days(8)] == [dt.date(2026, 3, 6)]


def test_skip_marks_each_items_own_step(scene):
    customer = scene.customer()
    old, new = scene.invoice(customer, 100, late=5), None
    scene.day()
    scene.at(scene.today + DAY * 9)
    new = scene.invoice(customer, 50, late=5)
    scene.plan()
    scene.render()
    commands.recall(scene.session, scene.actions(customer)[-1].id, choice="skip")
    assert scene.steps(old)[-1].stage == "demand"
    assert scene.steps(new)[-1].stage == "reminder"


def test_a_skipped_14_day_letter_skips_its_charge_and_later_letters_carry_no_costs(scene):
    customer = scene.customer(kind="consumer")
    item = scene.invoice(customer, 100, late=5)
    while not any(each.stage == "notice14" for each in scene.actions(customer)):
        scene.at(scene.today + DAY)
        scene.plan()
        if scene.actions(customer)[-1].stage == "notice14":
            break
        scene.render()
        scene.send()
    scene.render()
    commands.recall(scene.session, scene.actions(customer)[-1].id, choice="skip")
    assert scene.item(item).notice_skipped
    scene.days(40)
    assert scene.costs(customer) == []
    assert "final_demand" in [each.stage for each in scene.steps(item)]
    facts = next(a.facts for a in scene.actions(customer) if a.stage == "final_demand" and a.facts)
    assert [each["notice_skipped"] for each in facts["checked"]["items"]] == [True]


def test_undo_skip_makes_the_step_due_again(mail):
    commands.recall(mail.scene.session, mail.action, choice="skip")
    commands.undo_skip(mail.scene.session, mail.action)
    assert mail.scene.steps(mail.item) == []
    assert mail.scene.item(mail.item).rank_done == 0
    assert [each.stage for each in mail.scene.day()] == ["reminder"]
    with refused(mail.scene, Conflict):
        commands.undo_skip(mail.scene.session, mail.action)


def test_a_recall_reaches_what_is_claimed_but_not_what_is_leaving(mail):
    claimed = mail.claim()
    with mail.scene.session.begin_nested() as undone:
        commands.recall(mail.scene.session, mail.action, choice="stop")
        assert mail.scene.begin(claimed)["verdict"] == "gone"
        undone.rollback()
    assert mail.scene.begin(claimed)["verdict"] == "send"
    with refused(mail.scene, Conflict):
        commands.recall(mail.scene.session, mail.action, choice="stop")


def test_the_recall_window_is_real_time_where_there_is_no_own_clock(mail):
    mail.scene.run("update tegoed.delivery set not_before = now() + interval '20 minutes'")
    queues = queries.queues_served(mail.scene.session, [mail.scene.company])

    def claim():
        return commands.claim_deliveries(
            mail.scene.session, uuid.UUID(int=7), [mail.scene.company], queues=queues, limit=10,
            lease=dt.timedelta(minutes=5), now=None,
        )  # fmt: skip

    assert claim() == []
    mail.scene.run("update tegoed.delivery set not_before = now()")
    assert len(claim()) == 1


def test_rendering_starts_the_recall_window(scene):
    scene.settings(recall_minutes=30)
    scene.invoice(scene.customer(), 100, late=5)
    scene.plan()
    (job,) = scene.claim_renders()
    commands.store_rendering(scene.session, job, reference="RF1", now=None, rendered=[
        commands.Rendered(int(job.deliveries[0]["id"]), "<x>", "message/rfc822", b"x")])  # fmt: skip
    assert scene.one("select not_before >= now() + interval '30 minutes' from tegoed.delivery")


def test_a_withdrawn_approval_stops_what_is_claimed(to_approve):
    to_approve.scene.approve(to_approve.action)
    claimed = to_approve.claim()
    commands.withdraw_approval(to_approve.scene.session, to_approve.action)
    assert to_approve.scene.begin(claimed)["verdict"] == "gone"
    assert to_approve.state == ("awaiting_approval", "waiting")
    assert to_approve.scene.claim() == []
    to_approve.scene.approve(to_approve.action)
    assert to_approve.try_to_send()["verdict"] == "send"
    with refused(to_approve.scene, Conflict):
        commands.withdraw_approval(to_approve.scene.session, to_approve.action)


def pay(letter):
    letter.scene.pay(letter.item, 100)


def hold(letter):
    letter.scene.hold(letter.customer, letter.item)


def hold_a_part(letter):
    letter.scene.hold(letter.customer, letter.item, amount=30)


def pay_a_part(letter):
    letter.scene.pay(letter.item, 30)


@pytest.mark.parametrize(
    ("deed", "doubt"), [(pay, "paid"), (hold, "held"), (hold_a_part, "held"), (pay_a_part, "changed")]
)
def test_before_posting_the_letters_in_doubt_are_listed(letter, deed, doubt):
    letter.leave()
    assert queries.posting_doubts(letter.scene.session, [letter.action]) == {}
    deed(letter)
    assert queries.posting_doubts(letter.scene.session, [letter.action]) == {letter.action: doubt}


@pytest.mark.parametrize("stops", ["call", "charge", "email"])
def test_a_hold_of_another_channel_is_no_doubt_about_a_letter(letter, stops):
    letter.leave()
    letter.scene.hold(letter.customer, letter.item, stops=[stops])
    assert queries.posting_doubts(letter.scene.session, [letter.action]) == {}


def test_a_part_that_was_held_all_along_is_no_doubt(session, make_ready):
    scene = open_scene(session, steps=(step("letter", 5, "reminder"), *SHORT[1:]))
    letter = make_ready(scene)
    scene.hold(letter.customer, letter.item, amount=30)
    scene.render()
    letter.leave()
    assert queries.posting_doubts(scene.session, [letter.action]) == {}


def test_posted_on_starts_the_term_of_a_notice(scene):
    customer = scene.customer(kind="consumer")
    scene.invoice(customer, 100, late=5)
    scene.days(26, post=False)
    (notice,) = scene.notices(customer)
    assert (notice.state, notice.posted_on, notice.last_day) == ("pending", None, None)
    assert scene.post() == 1
    (notice,) = scene.notices(customer)
    assert notice.state == "running"
    assert notice.last_day >= notice.delivered_on + DAY * 14
    assert scene.post() == 0


def test_a_letter_is_not_posted_before_it_was_made_nor_tomorrow(letter):
    letter.leave()
    for day in (letter.scene.today - DAY, letter.scene.today + DAY):
        with refused(letter.scene, Invalid):
            commands.confirm_posted(letter.scene.session, [letter.action], day)


def test_not_posted_undoes_the_steps_and_is_planned_from_the_next_working_day(session, make_ready):
    scene = open_scene(session, steps=(step("letter", 5, "reminder"), *SHORT[1:]))
    scene.at(scene.today + DAY * 4)  # a Friday
    letter = make_ready(scene)
    letter.leave()
    friday = scene.today
    commands.not_posted(scene.session, letter.action)
    assert letter.delivery.state == "withdrawn"
    assert scene.steps(letter.item) == []
    assert scene.item(letter.item).reminded_on is None
    assert scene.day() == []
    assert [each.contact_on for each in scene.days(5)] == [friday + DAY * 3], "no gap: it was no contact"


def test_not_posted_voids_its_notice(scene):
    customer = scene.customer(kind="consumer")
    item = scene.invoice(customer, 100, late=5)
    scene.days(26, post=False)
    (notice,) = scene.notices(customer)
    commands.not_posted(scene.session, notice.action_id)
    assert [each.state for each in scene.notices(customer)] == ["void"]
    assert scene.item(item).notice_id is None
    scene.days(4)
    assert [each.state for each in scene.notices(customer)] == ["void", "running"]


def test_not_posted_keeps_the_steps_when_another_delivery_left(session, make_ready):
    letter = make_ready(
        open_scene(session, steps=(step("letter", 5, "reminder", copy_channel="email"), *SHORT[1:]))
    )
    letter.leave()
    letter.scene.send()
    commands.not_posted(letter.scene.session, letter.action)
    assert [each.stage for each in letter.scene.steps(letter.item)] == ["reminder"]


def test_not_posted_takes_a_waiting_copy_along(session, make_ready):
    letter = make_ready(
        open_scene(session, steps=(step("letter", 5, "reminder", copy_channel="email"), *SHORT[1:]))
    )
    letter.leave()
    commands.not_posted(letter.scene.session, letter.action)
    assert letter.scene.claim() == []
