"""One written communication per customer, currency and day: who joins it, and which text it has."""

from decimal import Decimal

import pytest
from sqlalchemy.exc import IntegrityError

from tests.db.kit import DAY, MONDAY, Scene, step


def test_one_letter_for_all_items_that_are_due(scene: Scene):
    customer = scene.customer()
    items = [scene.invoice(customer, late=late) for late in (5, 6, 9)]
    scene.plan()
    (action,) = scene.actions(customer)
    assert set(scene.seats(action.id)) == set(items)


def test_items_due_within_bundle_ahead_join_and_later_ones_do_not(scene: Scene):
    customer = scene.customer()
    due, soon, late = (scene.invoice(customer, late=late) for late in (7, 3, 1))
    scene.workflow(
        "ahead", (step("email", 7, "reminder"), step("email", 20, "demand")), bundle_ahead=5, default=True
    )
    scene.plan()
    (action,) = scene.actions(customer)
    assert set(scene.seats(action.id)) == {due, soon}
    assert scene.why(late).verdict == "later"


def test_nothing_is_pulled_forward_when_nothing_is_due(scene: Scene):
    scene.invoice(scene.customer(), late=3)
    assert scene.plan()["actions"] == 0


def test_hand_over_and_charges_are_never_pulled_forward(scene: Scene):
    steps = (step("email", 5, "reminder"), step("charge", 8), step("hand_over", 12, "hand_over"))
    customer = scene.customer(workflow_id=scene.workflow("fast", steps))
    first = scene.invoice(customer, late=5)
    scene.day()
    scene.invoice(customer, late=5)
    scene.at(MONDAY + DAY * 2).plan()
    assert scene.why(first).kind == "charge"
    assert [a.kind for a in scene.actions(customer)] == ["email"]


def test_an_item_that_is_not_overdue_is_in_no_letter(scene: Scene):
    customer = scene.customer()
    scene.invoice(customer, late=5)
    scene.invoice(customer, due_date=MONDAY)
    scene.plan()
    assert len(scene.seats(scene.actions(customer)[0].id)) == 1


def test_each_currency_has_a_letter_of_its_own_and_amounts_are_never_added_across(scene: Scene):
    customer = scene.customer()
    scene.invoice(customer, "100.00", late=5)
    scene.invoice(customer, "70.00", late=5, currency="USD")
    left = scene.day()
    assert sorted((row.currency, row.amount) for row in left) == [("EUR", Decimal(100)), ("USD", Decimal(70))]


def test_a_letter_in_one_currency_counts_for_the_gap_of_another_from_the_next_day_on(scene: Scene):
    customer = scene.customer()
    scene.invoice(customer, late=5)
    scene.day()
    dollars = scene.invoice(customer, late=5, currency="USD")
    assert scene.day(MONDAY + DAY) == []
    assert scene.why(dollars).communication_on == MONDAY + DAY * 7


def test_a_letter_today_in_another_currency_does_not_hide_the_one_of_three_days_ago(scene: Scene):
    customer = scene.customer()
    dollars = scene.invoice(customer, late=5, currency="USD")
    scene.day()
    euros = scene.invoice(customer, late=5)
    scene.at(MONDAY + DAY * 3)
    _by_hand(scene, customer, dollars)
    scene.plan()
    assert (scene.why(euros).verdict, scene.why(euros).reason) == ("waiting", "gap")


def test_contact_gap_is_kept_between_two_letters(scene: Scene):
    customer = scene.customer()
    scene.invoice(customer, late=5)
    scene.day()
    waiting = scene.invoice(customer, late=5)
    assert scene.days(6) == []
    assert [row.contact_on for row in scene.days(1)] == [MONDAY + DAY * 7]
    assert [s.on_date for s in scene.steps(waiting)] == [MONDAY + DAY * 7]


def test_contact_gap_counts_what_was_written_by_hand(scene: Scene):
    customer = scene.customer()
    item = scene.invoice(customer, late=1)
    _by_hand(scene, customer, item)
    due = scene.invoice(customer, late=5)
    scene.at(MONDAY + DAY).plan()
    assert (scene.why(due).reason, scene.why(due).communication_on) == ("gap", MONDAY + DAY * 7)


@pytest.mark.parametrize("state", ["claimed", "sending", "done", "failed", "uncertain"])
def test_a_delivery_that_may_have_reached_the_customer_counts(scene: Scene, state: str):
    assert _verdict_after(scene, state) == "waiting"


@pytest.mark.parametrize("state", ["waiting", "withdrawn"])
def test_a_delivery_that_did_not_reach_the_customer_does_not_count(scene: Scene, state: str):
    assert _verdict_after(scene, state) in {"due", "in_action"}


def test_items_not_in_the_next_communication_are_due_a_gap_after_it(scene: Scene):
    customer = scene.customer()
    scene.invoice(customer, late=5)
    later = scene.invoice(customer, due_date=MONDAY + DAY)  # its reminder would be due on the 9th
    found = scene.why(later)
    assert (found.own_on, found.communication_on, found.at_earliest) == (
        MONDAY + DAY * 7,
        MONDAY,
        MONDAY + DAY * 7,
    )
    sooner = scene.invoice(customer, due_date=MONDAY + DAY, planning_from=MONDAY)
    scene.workflow("tight", bundle_ahead=0, default=True)
    soon = scene.invoice(customer, late=2)
    found = scene.why(soon)
    assert (found.own_on, found.at_earliest) == (MONDAY + DAY * 3, MONDAY + DAY * 7)
    assert scene.why(sooner).at_earliest == MONDAY + DAY * 7


def test_newly_due_items_join_a_waiting_letter_and_it_goes_back_to_approval(scene: Scene):
    scene.workflow(
        "approved", (step("email", 5, "reminder", approval=True), step("email", 30, "demand")), default=True
    )
    customer = scene.customer()
    scene.invoice(customer, late=5)
    scene.plan()
    scene.render()
    (action,) = scene.actions(customer)
    scene.approve(action.id)
    joining = scene.invoice(customer, late=4)
    assert scene.plan(MONDAY + DAY)["joined"] == 1
    (again,) = scene.actions(customer)
    assert again.state == "planned"
    scene.render()
    (again,) = scene.actions(customer)
    assert (again.state, again.amount) == ("awaiting_approval", Decimal(200))
    assert joining in scene.seats(action.id)


def test_an_item_that_arrives_on_the_same_day_joins_too(scene: Scene):
    customer = scene.customer()
    scene.invoice(customer, late=5)
    scene.plan()
    new = scene.invoice(customer, late=8)
    assert scene.plan()["joined"] == 1
    (action,) = scene.actions(customer)
    assert new in scene.seats(action.id)


def test_no_second_letter_is_made_while_one_is_claimed(scene: Scene):
    customer = scene.customer()
    scene.invoice(customer, late=5)
    scene.plan()
    scene.render()
    scene.claim()
    scene.invoice(customer, late=8)
    assert scene.plan() | {"events": 0} == {
        "actions": 0, "items": 0, "deliveries": 0, "events": 0, "skipped": 0, "follow_ups": 0, "joined": 0,
    }  # fmt: skip


def test_the_text_is_that_of_the_highest_step_and_each_item_takes_its_own(scene: Scene):
    customer = scene.customer()
    older = scene.invoice(customer, late=6)
    scene.day()
    newer = scene.invoice(customer, late=0)
    scene.at(MONDAY + DAY * 8)
    left = scene.day()
    assert [row.stage for row in left] == ["demand"]
    seats = scene.seats(left[0].action_id)
    assert {i: seats[i].role for i in (older, newer)} == {older: "demand", newer: "also_due"}
    assert [s.stage for s in scene.steps(older)] == ["reminder", "demand"]
    assert [s.stage for s in scene.steps(newer)] == ["reminder"]


def test_credits_are_set_off_oldest_first_and_lower_the_total(scene: Scene):
    customer = scene.customer()
    older = scene.invoice(customer, "100.00", late=9)
    newer = scene.invoice(customer, "80.00", late=6)
    credit = scene.invoice(customer, "-100.00", late=3)
    left = scene.day()
    assert [row.amount for row in left] == [Decimal(80)]
    seats = scene.seats(left[0].action_id)
    assert {i: seats[i].role for i in seats} == {older: "covered", newer: "demand", credit: "set_off"}


def test_a_covered_item_sets_no_text_and_takes_no_step(scene: Scene):
    customer = scene.customer()
    older = scene.invoice(customer, "100.00", late=6)
    scene.day()
    scene.invoice(customer, "-100.00", late=3)
    newer = scene.invoice(customer, "60.00", late=0)
    left = scene.day(MONDAY + DAY * 8)
    assert [(row.stage, row.amount) for row in left] == [("reminder", Decimal(60))]
    assert [s.stage for s in scene.steps(older)] == ["reminder"]
    assert [s.stage for s in scene.steps(newer)] == ["reminder"]


def test_held_credits_are_not_set_off(scene: Scene):
    customer = scene.customer()
    scene.invoice(customer, "100.00", late=6)
    credit = scene.invoice(customer, "-40.00", late=3)
    scene.hold(customer, credit)
    assert [row.amount for row in scene.day()] == [Decimal(100)]


def test_credits_of_another_currency_are_not_set_off(scene: Scene):
    customer = scene.customer()
    scene.invoice(customer, "100.00", late=6)
    scene.invoice(customer, "-100.00", late=3, currency="USD")
    assert [row.amount for row in scene.day()] == [Decimal(100)]


def test_a_net_of_nothing_makes_no_letter_and_why_says_so(scene: Scene):
    customer = scene.customer()
    item = scene.invoice(customer, "100.00", late=6)
    scene.invoice(customer, "-100.00", late=3)
    scene.plan()
    assert scene.actions(customer) == []
    assert (scene.why(item).verdict, scene.why(item).reason) == ("waiting", "net")


def test_less_than_the_minimum_makes_no_letter_and_why_says_so(scene: Scene):
    scene.settings(minimum_amount=Decimal(25))
    customer = scene.customer()
    item = scene.invoice(customer, "24.99", late=6)
    scene.plan()
    assert (scene.why(item).reason, scene.actions(customer)) == ("below_minimum", [])
    scene.invoice(customer, "0.01", late=1)
    assert scene.plan()["actions"] == 1


def test_the_minimum_is_of_the_unheld_overdue_only(scene: Scene):
    scene.settings(minimum_amount=Decimal(50))
    customer = scene.customer()
    item = scene.invoice(customer, "100.00", late=6)
    scene.hold(customer, item, amount=Decimal("60.00"))
    assert scene.why(item).reason == "below_minimum"
    scene.invoice(customer, "200.00", due_date=MONDAY + DAY)
    assert scene.why(item).reason == "below_minimum"


def test_at_most_so_many_contacts_a_day_of_any_kind(scene: Scene):
    scene.settings(max_contacts_per_day=2)
    calls = scene.workflow("calls", (step("call", 5), step("call", 6), step("email", 6, "reminder")))
    customer = scene.customer(workflow_id=calls)
    scene.invoice(customer, late=5)
    scene.invoice(customer, late=5, currency="USD")
    scene.plan()
    for call in scene.actions(customer, kind="call"):
        scene.run("select tegoed.record_call(:a, 'no_answer')", a=call.id)
    third = scene.invoice(customer, late=5, currency="GBP")
    scene.plan()
    assert (scene.why(third).verdict, scene.why(third).reason) == ("waiting", "day_full")
    assert scene.plan(MONDAY + DAY)["actions"] == 1


def test_an_item_is_in_one_live_step_at_most(scene: Scene):
    customer = scene.customer()
    item = scene.invoice(customer, late=5)
    scene.plan()
    other = scene.customer()
    scene.invoice(other, late=5)
    scene.plan()
    second = scene.actions(other)[0].id
    with pytest.raises(IntegrityError, match="uq_action_item_live_step"), scene.session.begin_nested():
        scene.run(
            "insert into tegoed.action_item (action_id, open_item_id, company_id, role, amount, live_step)"
            " values (:a, :i, :c, 'demand', 1, true)", a=second, i=item, c=scene.company,
        )  # fmt: skip


@pytest.mark.parametrize("outcome", ["failed", "unknown"])
def test_a_failed_or_uncertain_delivery_stays_live(scene: Scene, outcome: str):
    customer = scene.customer()
    item = scene.invoice(customer, late=5)
    scene.plan()
    scene.render()
    scene.send(outcome)
    scene.plan(MONDAY + DAY * 20)
    assert scene.why(item).verdict == "in_action"
    assert len(scene.actions(customer)) == 1


def _by_hand(scene: Scene, customer: int, item: int) -> None:
    scene.settings(four_eyes=False)
    scene.run(
        "select tegoed.write_by_hand(:c, 'reminder', 'email', array[cast(:i as bigint)], 'reminder')",
        c=customer, i=item,
    )  # fmt: skip
    scene.render()
    scene.send()


def _verdict_after(scene: Scene, state: str) -> str:
    """What an item due on the next day is told when the letter of today is in this state."""
    customer = scene.customer()
    scene.invoice(customer, late=5)
    scene.plan()
    scene.render()
    scene.send("unknown")
    scene.run("update tegoed.delivery set state = :s where customer_id = :c", s=state, c=customer)
    due = scene.invoice(customer, late=5)
    scene.at(MONDAY + DAY).plan()
    return scene.why(due).verdict


def test_credits_that_cover_the_letter_make_none_although_older_items_are_owed(scene: Scene):
    """The older item is outside the letter (its steps are done); planned and cancelled by turns would be noise."""
    customer = scene.customer()
    old = scene.invoice(customer, "100.00", late=200)
    scene.step_taken(old, rank=60, on=MONDAY - DAY * 90, stage="hand_over")
    scene.invoice(customer, "50.00", late=5)
    scene.invoice(customer, "-80.00", late=3)
    for day in range(3):
        scene.at(MONDAY + DAY * day).plan()
        assert [a for a in scene.actions(customer) if a.kind in {"email", "letter"}] == []
