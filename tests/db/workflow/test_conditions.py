"""A step whose condition fails is tried daily and then skipped; waiting is never a failed condition."""

import datetime as dt
from decimal import Decimal

import pytest

from tests.db.kit import DAY, MONDAY, Scene, step

DEAR = (
    step("email", 5, "reminder", minimum_amount=Decimal(50)),
    step("email", 14, "demand"),
    step("letter", 40, "final_demand"),
)


def test_a_failed_condition_is_tried_daily_until_the_following_step_would_be_due_then_skipped(scene: Scene):
    customer = scene.customer(workflow_id=scene.workflow("dear", DEAR))
    item = scene.invoice(customer, "20.00", late=5)
    for _ in range(9):
        scene.plan()
        assert (scene.why(item).verdict, scene.why(item).reason) == ("waiting", "below_minimum")
        scene.at(scene.today + DAY)
    assert scene.today == MONDAY + DAY * 9  # fourteen days after the due date
    scene.plan()
    (skipped,) = scene.steps(item)
    assert (skipped.skipped, skipped.reason, skipped.stage) == (True, "below_minimum", "reminder")
    assert scene.actions() == []
    assert scene.why(item).own_on == MONDAY + DAY * 10


def test_a_condition_that_holds_again_in_time_is_taken(scene: Scene):
    customer = scene.customer(workflow_id=scene.workflow("dear", DEAR))
    item = scene.invoice(customer, "20.00", late=5)
    scene.plan()
    scene.invoice(customer, "40.00", late=3)
    scene.day(MONDAY + DAY)
    assert [s.stage for s in scene.steps(item)] == ["reminder"]


def test_the_last_step_is_never_skipped_for_want_of_a_following_one(scene: Scene):
    only = (step("email", 5, "reminder", minimum_amount=Decimal(50)),)
    item = scene.invoice(scene.customer(workflow_id=scene.workflow("only", only)), "20.00", late=90)
    scene.plan()
    assert (scene.why(item).verdict, scene.steps(item)) == ("waiting", [])


def test_after_a_skip_the_following_step_counts_from_it(scene: Scene):
    steps = (
        step("email", 5, "reminder", minimum_amount=Decimal(50)),
        step("email", 4, "demand", after="previous_step"),
    )
    item = scene.invoice(scene.customer(workflow_id=scene.workflow("counted", steps)), "20.00", late=5)
    for _ in range(5):
        scene.plan()
        scene.at(scene.today + DAY)
    assert [s.on_date for s in scene.steps(item)] == [MONDAY + DAY * 4]
    assert scene.why(item).own_on == MONDAY + DAY * 8


def test_no_later_step_says_reminded_after_a_skip(scene: Scene):
    customer = scene.customer(workflow_id=scene.workflow("dear", DEAR))
    item = scene.invoice(customer, "20.00", late=14)
    scene.plan()
    assert scene.item(item).reminded_on is None


def test_the_following_step_of_a_14_day_letter_is_due_only_after_the_term_it_would_have_had(scene: Scene):
    steps = (
        step("letter", 5, "notice14", minimum_amount=Decimal(50)),
        step("charge", 1, after="notice_term"),
    )
    item = scene.invoice(
        scene.customer(kind="consumer", workflow_id=scene.workflow("n", steps)), "20.00", late=5
    )
    scene.plan(MONDAY + DAY * 16)
    assert scene.why(item).verdict == "waiting"
    scene.plan(MONDAY + DAY * 17)  # delivered on Wednesday the 4th, fourteen days, one day after
    assert [s.reason for s in scene.steps(item)] == ["below_minimum"]


@pytest.mark.parametrize("wait", ["stale data", "hold", "plan only", "approval", "gap"])
def test_waiting_is_never_a_failed_condition(scene: Scene, wait: str):
    customer = scene.customer()
    if wait == "gap":
        scene.workflow("slow", contact_gap=30, default=True)
        scene.invoice(customer, late=5)
        scene.day()
    elif wait == "plan only":
        scene.settings(state="plan_only")
    elif wait == "approval":
        scene.workflow(
            "approved",
            (step("email", 5, "reminder", approval=True), step("email", 6, "demand")),
            default=True,
        )
    elif wait == "hold":
        scene.hold(customer)
    elif wait == "stale data":
        scene.settings(data_as_of=MONDAY - DAY * 30)
    item = scene.invoice(customer, late=5, planning_from=scene.today)
    for _ in range(20):
        scene.at(scene.today + DAY, fresh=wait != "stale data")
        scene.plan()
        if wait != "approval":
            scene.render()
            scene.send()
    assert scene.steps(item) == []


@pytest.mark.parametrize("last", [step("charge", 10), step("hand_over", 10, "hand_over")])
def test_charge_and_hand_over_are_never_reached_through_skips_alone(scene: Scene, last: dict[str, object]):
    steps = (step("email", 5, "reminder", minimum_amount=Decimal(1000)), last)
    customer = scene.customer(workflow_id=scene.workflow("skips", steps))
    item = scene.invoice(customer, late=20)
    for _ in range(3):
        scene.plan()
        scene.at(scene.today + DAY)
    assert [s.skipped for s in scene.steps(item)] == [True]
    assert scene.follow_ups(customer) == ["never_demanded"]
    assert scene.actions(customer, origin="workflow") == []
    assert scene.why(item).verdict == "never_demanded"


def test_the_follow_up_of_a_step_never_demanded_does_not_come_back_the_day_after_it_was_done(scene: Scene):
    customer = scene.customer(workflow_id=scene.workflow("only", (step("hand_over", 10, "hand_over"),)))
    scene.invoice(customer, late=20)
    scene.plan()
    (task,) = scene.actions(customer, origin="follow_up")
    scene.run("select tegoed.record_call(:a, 'done')", a=task.id)
    scene.plan(MONDAY + DAY)
    assert scene.follow_ups(customer) == []


def test_an_imported_reminder_is_not_a_demand_of_ours_and_does_not_open_a_hand_over(scene: Scene):
    customer = scene.customer(
        workflow_id=scene.workflow("only", (step("email", 1, "demand"), step("hand_over", 10, "hand_over")))
    )
    item = scene.invoice(customer, late=50)
    scene.step_taken(item, rank=20, stage="demand", on=MONDAY - DAY, skipped=True, reason="imported")
    scene.plan()
    assert scene.why(item).verdict == "never_demanded"


def test_a_written_step_before_the_due_date_waits_until_there_is_something_to_demand(scene: Scene):
    scene.workflow("early", (step("email", -2, "reminder"), step("email", 10, "demand")), default=True)
    customer = scene.customer()
    item = scene.invoice(customer, due_date=MONDAY + DAY)
    scene.plan()
    assert (scene.why(item).verdict, scene.why(item).reason, scene.actions()) == (
        "waiting",
        "not_overdue",
        [],
    )
    scene.day(MONDAY + DAY * 2)
    assert [s.on_date for s in scene.steps(item)] == [dt.date(2026, 3, 4)]
