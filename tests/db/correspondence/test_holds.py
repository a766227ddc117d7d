"""Holds, and what they do to communications that wait."""

import datetime as dt
from decimal import Decimal

import pytest

from app.adapters.database.translation import translated
from app.errors import Conflict, Invalid
from app.services.correspondence import commands
from tests.db.kit import DAY, SHORT, Scene, open_scene, step

CONSUMER = (
    step("email", 5, "reminder"),
    step("letter", 10, "notice14"),
    step("charge", 1, after="notice_term"),
    step("letter", 2, "final_demand", after="previous_step"),
    step("hand_over", 10, "hand_over", after="previous_step"),
)


def release_all(scene):
    scene.run("select tegoed.release_hold(id) from tegoed.hold where released_at is null")


def test_a_whole_hold_drops_the_item_at_once(mail):
    mail.scene.hold(mail.customer, mail.item)
    assert mail.state == ("cancelled", "withdrawn")
    assert mail.why == "held"


def test_a_whole_hold_reaches_what_is_claimed(mail):
    claimed = mail.claim()
    mail.scene.hold(mail.customer, mail.item)
    assert mail.scene.begin(claimed)["verdict"] == "gone"


def test_a_hold_does_not_reach_what_is_leaving(mail):
    claimed = mail.claim()
    mail.scene.begin(claimed)
    mail.scene.hold(mail.customer, mail.item)
    commands.record_outcome(mail.scene.session, claimed, "sent")
    assert mail.state == ("done", "done")


def test_a_held_item_leaves_the_others(scene):
    customer = scene.customer()
    held, kept = scene.invoice(customer, 100, late=5), scene.invoice(customer, 30, late=5)
    scene.plan()
    scene.render()
    scene.hold(customer, held)
    scene.render()
    scene.send()
    (left,) = scene.left()
    assert (left.amount, set(scene.seats(left.action_id))) == (30, {kept})


def test_a_hold_on_a_customer_covers_later_items_too(mail):
    mail.scene.hold(mail.customer)
    mail.scene.invoice(mail.customer, 10, late=4)
    assert mail.scene.days(10) == []


def test_a_hold_until_a_day_ends_with_it(mail):
    until = mail.scene.today + DAY * 2
    mail.scene.hold(mail.customer, mail.item, until=until)
    assert [each.contact_on for each in mail.scene.days(5)] == [until + DAY]


def test_days_run_on_under_a_hold_and_it_resumes_on_a_working_day(mail):
    friday = mail.scene.today + DAY * 4
    mail.scene.hold(mail.customer, mail.item, until=friday)
    assert [each.contact_on for each in mail.scene.days(8)] == [friday + DAY * 3]


def test_released_is_due_from_the_next_working_day(mail):
    mail.scene.hold(mail.customer, mail.item)
    mail.scene.days(1)
    release_all(mail.scene)
    released = mail.scene.today
    assert mail.scene.day() == []
    assert [each.contact_on for each in mail.scene.days(3)] == [released + DAY]
    with pytest.raises(Conflict), translated(), mail.scene.session.begin_nested():
        mail.scene.run("select tegoed.release_hold(id) from tegoed.hold")


def test_a_part_hold_renders_again_with_the_rest(mail):
    before = mail.delivery.sha256
    mail.scene.hold(mail.customer, mail.item, amount=40)
    assert mail.state == ("planned", "waiting")
    mail.scene.render()
    assert mail.delivery.sha256 != before
    mail.scene.send()
    assert [each.amount for each in mail.scene.left()] == [60]


def test_a_part_hold_drops_the_item_when_nothing_unheld_is_left(mail):
    mail.scene.pay(mail.item, 70)
    mail.scene.hold(mail.customer, mail.item, amount=30)
    assert mail.state == ("cancelled", "withdrawn")


def test_a_payment_reduces_the_unheld_part_first(mail):
    mail.scene.hold(mail.customer, mail.item, amount=40)
    mail.scene.pay(mail.item, 50)
    mail.scene.render()
    mail.scene.send()
    assert [each.amount for each in mail.scene.left()] == [10]


@pytest.mark.parametrize(
    ("stops", "leaves"), [("email", False), ("letter", True), ("call", True), ("all", False)]
)
def test_stops_by_channel(mail, stops, leaves):
    mail.scene.hold(mail.customer, mail.item, stops=[stops])
    mail.scene.send()
    assert bool(mail.scene.left()) is leaves


def test_a_hold_that_stops_calls_takes_the_call_off_the_worklist(session):
    scene = open_scene(session, steps=(step("call", 5), *SHORT[1:]))
    customer = scene.customer()
    scene.invoice(customer, 100, late=5)
    scene.plan()
    scene.hold(customer, stops=["call"])
    assert [each.state for each in scene.actions(customer)] == ["cancelled"]


@pytest.mark.parametrize(
    ("wrong", "field"),
    [({"amount": 10}, "amount"), ({"until": dt.date(2020, 1, 1)}, "until"), ({"amount": -1}, "amount")],
)
def test_a_hold_that_makes_no_sense_is_refused(mail, wrong, field):
    items = [mail.item] if wrong.get("amount") == -1 else []
    with pytest.raises(Invalid) as refused, translated(), mail.scene.session.begin_nested():
        mail.scene.hold(mail.customer, *items, **wrong)
    assert refused.value.field == field


def noticed_under_a_part_hold(session) -> tuple[Scene, int, int]:
    """An invoice of 1000 of which 400 were held when its 14-day letter left; the hold ends by hand."""
    scene = open_scene(session, steps=CONSUMER)
    customer = scene.customer(kind="consumer")
    item = scene.invoice(customer, 1000, late=5)
    scene.day()
    scene.hold(customer, item, amount=400)
    while not scene.notices(customer):
        scene.day(scene.today + DAY)
    return scene, customer, item


def test_after_a_part_hold_the_never_noticed_amount_gets_one_further_notice(session):
    scene, customer, _ = noticed_under_a_part_hold(session)
    (first,) = scene.notices(customer)
    assert (first.principal, first.fee) == (Decimal(600), Decimal(90))
    release_all(scene)
    scene.days(60)
    first, further = scene.notices(customer)
    assert further.fee == 60, "150 over a thousand, less the 90 of the first"
    assert further.sent_on > first.last_day, "none leaves while an earlier term runs"
    scene.days(60)
    assert len(scene.notices(customer)) == 2, "the one repetition"
    assert scene.actions(customer)[-1].stage == "hand_over", "the workflow went on"
    assert sum(each.original_amount for each in scene.costs(customer)) <= 150


def test_under_a_part_hold_a_charge_takes_at_most_the_expired_notice(session):
    scene, customer, _ = noticed_under_a_part_hold(session)
    scene.days(40)
    assert [each.original_amount for each in scene.costs(customer)] == [90]


def test_the_final_demand_asks_at_most_what_an_expired_notice_named(session):
    scene, customer, item = noticed_under_a_part_hold(session)
    left = []
    while not any(each.stage == "final_demand" for each in scene.actions(customer)):
        left += scene.day(scene.today + DAY)
    demand = scene.actions(customer, stage="final_demand")[0].id
    assert scene.seats(demand)[item].amount == 600
    release_all(scene)
    if scene.actions(id=demand)[0].state != "done":
        scene.render()
        assert scene.seats(demand)[item].amount == 600


def test_a_hand_over_asks_no_more_than_an_expired_notice_named(session):
    scene, customer, item = noticed_under_a_part_hold(session)
    found = scene.item(item)
    first = scene.notices(customer)[0]
    ask = "select tegoed.askable(oi, 1000, 'hand_over', :d) from tegoed.open_item oi where id = :i"
    assert scene.one(ask, i=found.id, d=first.last_day + DAY) == 600


def test_a_hold_of_today_silences_a_company_whose_clock_is_behind(session, make_ready):
    """Somebody places a hold today while the folder company is still on an earlier day."""
    waiting = make_ready(open_scene(session))
    behind = waiting.scene.today
    waiting.scene.run("select set_config('tegoed.test_today', :d, true)", d=str(behind + DAY * 100))
    waiting.scene.hold(waiting.customer, waiting.item)
    assert waiting.state == ("cancelled", "withdrawn")
    waiting.scene.at(behind)
    assert waiting.scene.day() == []


def test_a_recall_of_today_lasts_in_a_company_whose_clock_is_ahead(session, make_ready):
    waiting = make_ready(open_scene(session))
    ahead = waiting.scene.today
    waiting.scene.run("select set_config('tegoed.test_today', :d, true)", d=str(ahead - DAY * 100))
    commands.recall(session, waiting.action, choice="postpone")
    waiting.scene.at(ahead)
    assert [each.contact_on for each in waiting.scene.days(6)] == [ahead + DAY * 3]
