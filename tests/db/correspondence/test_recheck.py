"""The check at the last moment: every condition of planning once more, with the facts of today."""

import datetime as dt
from zoneinfo import ZoneInfo

import pytest

from app.services.correspondence import commands
from tests.db.kit import DAY, SHORT, open_scene, step


def test_paid_since_is_cancelled(mail):
    mail.scene.pay(mail.item, 100)
    assert mail.try_to_send() == {"verdict": "cancelled", "reason": "paid"}
    assert mail.state == ("cancelled", "withdrawn")
    assert not mail.scene.steps(mail.item)


def test_of_two_items_the_paid_one_is_dropped_and_the_rest_is_rendered_again(scene):
    customer = scene.customer()
    paid, kept = scene.invoice(customer, 100, late=5), scene.invoice(customer, 30, late=5)
    scene.plan()
    scene.render()
    scene.pay(paid, 100)
    (claimed,) = scene.claim()
    assert scene.begin(claimed)["verdict"] == "again"
    scene.render()
    assert [each["verdict"] for each in scene.send()] == ["send"]
    (left,) = scene.left()
    assert left.amount == 30
    assert set(scene.seats(left.action_id)) == {kept}
    assert not scene.steps(paid)


def test_credited_later_is_set_off(mail):
    mail.scene.invoice(mail.customer, -40)
    assert mail.try_to_send()["verdict"] == "again"
    mail.scene.render()
    mail.scene.send()
    (left,) = mail.scene.left()
    assert left.amount == 60


@pytest.mark.parametrize("credit", [-100, -150])
def test_nothing_left_after_credits_is_cancelled_as_net(mail, credit):
    mail.scene.invoice(mail.customer, credit)
    assert mail.try_to_send() == {"verdict": "cancelled", "reason": "net"}
    assert mail.why == "net"


def test_below_the_minimum_of_the_step_is_cancelled(session, make_ready):
    waiting = make_ready(
        open_scene(session, steps=(step("email", 5, "reminder", minimum_amount=50), *SHORT[1:]))
    )
    waiting.scene.pay(waiting.item, 60)
    assert waiting.try_to_send() == {"verdict": "cancelled", "reason": "below_minimum"}


def test_below_the_minimum_of_the_company_is_cancelled(mail):
    mail.scene.settings(minimum_amount=101)
    assert mail.try_to_send() == {"verdict": "cancelled", "reason": "below_minimum"}


def test_stale_data_put_it_off_to_the_next_day(mail):
    mail.scene.settings(data_as_of=mail.scene.today - DAY * 10)
    verdict = mail.try_to_send()
    assert (verdict["verdict"], verdict["reason"]) == ("later", "stale_data")
    assert mail.state == ("approved", "waiting")
    assert mail.scene.claim() == []
    mail.scene.at(mail.scene.today + DAY)
    assert mail.try_to_send()["verdict"] == "send"


def test_a_failed_import_stops_automatic_sending(mail):
    mail.scene.settings(import_failed_at=mail.scene.now)
    assert mail.try_to_send()["reason"] == "stale_data"


def test_at_most_three_contacts_of_any_kind_a_day(mail):
    for _ in range(3):
        mail.scene.run(
            "insert into tegoed.call_attempt (company_id, customer_id, action_id, at, on_date, outcome, right_party,"
            " note) values (:c, :cu, :a, now(), :d, 'no_answer', false, '')",
            c=mail.scene.company, cu=mail.customer, a=mail.action, d=mail.scene.today,
        )  # fmt: skip
    verdict = mail.try_to_send()
    assert (verdict["verdict"], verdict["reason"]) == ("later", "day_full")
    mail.scene.at(mail.scene.today + DAY)
    assert mail.try_to_send()["verdict"] == "send"


def test_the_gap_counts_what_left_by_hand(mail):
    mail.scene.settings(four_eyes=False)
    by_hand = commands.write_by_hand(
        mail.scene.session, mail.customer, stage="reminder", kind="email", items=[
            mail.scene.invoice(mail.customer, 20, late=1)],
    )  # fmt: skip
    mail.scene.render()
    assert mail.scene.actions(id=by_hand)[0].state == "approved"
    for claimed in mail.scene.claim():
        if claimed.delivery_id != mail.delivery.id:
            assert mail.scene.begin(claimed)["verdict"] == "send"
            commands.record_outcome(mail.scene.session, claimed, "sent")
        else:
            ours = claimed
    verdict = mail.scene.begin(ours)
    assert (verdict["verdict"], verdict["reason"]) == ("later", "gap")
    assert verdict["not_before"].startswith("2026-03-09")
    assert mail.scene.claim() == []


@pytest.mark.parametrize("state", ["failed", "uncertain"])
def test_the_gap_counts_what_may_have_left(mail, state):
    mail.leave("failed" if state == "failed" else "unknown")
    mail.scene.invoice(mail.customer, 20, late=5)
    mail.scene.day()
    assert mail.scene.left(customer=mail.customer) == []


def test_the_gap_does_not_count_what_was_recalled(mail):
    commands.recall(mail.scene.session, mail.action, choice="skip")
    other = mail.scene.invoice(mail.customer, 20, late=5)
    mail.scene.day()
    assert [each.stage for each in mail.scene.steps(other)] == ["reminder"]


def test_currencies_are_apart(scene):
    customer = scene.customer()
    scene.invoice(customer, 100, late=5)
    scene.invoice(customer, 100, late=5, currency="USD")
    assert sorted(each.currency for each in scene.day()) == ["EUR", "USD"]


def test_the_law_cancels_with_a_follow_up_and_it_is_not_planned_again(session, make_ready):
    steps = (step("email", 5, "reminder"), step("letter", 28, "notice14"))
    waiting = make_ready(open_scene(session, steps=steps), late=5, kind="consumer")
    waiting.leave()
    waiting.scene.at(waiting.scene.today + DAY * 24)
    waiting.scene.plan()
    waiting.scene.render()
    waiting.action = waiting.scene.actions(waiting.customer)[-1].id
    waiting.scene.run("update tegoed.open_item set due_estimated = true where id = :i", i=waiting.item)
    assert waiting.try_to_send() == {"verdict": "cancelled", "reason": "law"}
    assert waiting.why == "law"
    assert waiting.scene.follow_ups(waiting.customer) == ["law"]
    waiting.scene.days(14)
    assert waiting.scene.follow_ups(waiting.customer) == ["law"]
    assert waiting.scene.notices(waiting.customer) == []


def test_an_item_that_is_not_due_any_more_waits_for_its_new_due_date(mail):
    new_due = mail.scene.today + DAY * 10
    mail.scene.run("update tegoed.open_item set due_date = :d where id = :i", d=new_due, i=mail.item)
    assert mail.try_to_send() == {"verdict": "cancelled", "reason": "not_due"}
    mail.scene.days(new_due + DAY * 4)
    assert not mail.scene.steps(mail.item)
    mail.scene.days(3)
    assert [each.stage for each in mail.scene.steps(mail.item)] == ["reminder"]


def test_an_unusable_mailbox_becomes_a_letter(mail):
    mail.scene.change_customer(mail.customer, email_state="bounced")
    assert mail.try_to_send() == {"verdict": "other_channel", "channel": "letter"}
    mail.scene.render()
    mail.scene.send()
    assert [each.channel for each in mail.scene.left()] == ["letter"]
    assert len(mail.scene.steps(mail.item)) == 1


@pytest.mark.parametrize(
    ("otherwise", "kind"), [("call", "call"), ("follow_up", "task"), ("letter", "letter")]
)
def test_what_stands_in_for_a_mail_is_what_the_step_says(session, make_ready, otherwise, kind):
    first = step("email", 5, "reminder", if_unreachable=otherwise)
    waiting = make_ready(open_scene(session, steps=(first, *SHORT[1:])))
    waiting.scene.change_customer(waiting.customer, email="")
    waiting.try_to_send()
    (stands_in,) = [a for a in waiting.scene.actions(waiting.customer) if a.state == "planned"]
    assert stands_in.kind == kind


def test_no_usable_address_at_all_becomes_a_follow_up(mail):
    mail.scene.change_customer(mail.customer, email_state="bounced", address_state="wrong")
    assert mail.try_to_send() == {"verdict": "cancelled", "reason": "unreachable"}
    assert mail.scene.follow_ups(mail.customer) == ["unreachable"]
    assert not mail.scene.steps(mail.item)
    mail.scene.days(3)
    assert mail.scene.follow_ups(mail.customer) == ["unreachable"], "asked once, not every day"


def test_only_a_live_company_sends(mail):
    (claimed,) = mail.scene.claim()
    mail.scene.settings(state="plan_only")
    assert mail.scene.begin(claimed)["reason"] == "paused"
    assert mail.scene.claim() == []


@pytest.mark.parametrize(
    ("moment", "leaves"),
    [
        ("2026-03-02 06:59", False),
        ("2026-03-02 07:00", True),
        ("2026-03-02 19:59", True),
        ("2026-03-02 20:00", False),
        ("2026-03-29 03:30", False),  # Sunday, the clock has just jumped to summer time
        ("2026-03-29 12:00", False),
        ("2026-03-30 07:00", True),
        ("2026-04-03 12:00", False),  # Good Friday
        ("2026-04-06 12:00", False),  # Easter Monday
        ("2026-12-31 12:00", True),
        ("2027-01-01 12:00", False),
    ],
)
def test_never_at_night_on_a_sunday_or_on_a_holiday(mail, moment, leaves):
    at = dt.datetime.fromisoformat(moment).replace(tzinfo=ZoneInfo("Europe/Amsterdam"))
    mail.scene.at(at.date())
    mail.scene.settings(bytes_valid_days=400)
    claimed = mail.claim()
    verdict = commands.begin_act(mail.scene.session, claimed, template_version=None, now=at)
    assert (verdict["verdict"] == "send") is leaves
    if not leaves:
        later = dt.datetime.fromisoformat(verdict["not_before"]).astimezone(ZoneInfo("Europe/Amsterdam"))
        assert later > at
        assert later.hour == 7
        assert later.isoweekday() < 6
