"""From *plan only* to *live*: starting stages, and the first run to approval."""

import json
from decimal import Decimal

import pytest

from tests.db.kit import DAY, MONDAY, Scene, step

CALLING = (
    step("email", 5, "reminder"),
    step("email", 14, "demand"),
    step("call", 18),
    step("letter", 28, "notice14"),
    step("charge", 1, after="notice_term"),
    step("letter", 2, "final_demand", after="previous_step"),
)


@pytest.fixture
def planned(scene: Scene) -> Scene:
    scene.settings(state="plan_only", live_since=None)
    scene.workflow("calling", CALLING, default=True)
    return scene


def go_live(scene: Scene, **start: str) -> dict[str, int]:
    return scene.one(
        "select tegoed.go_live(:c, cast(:s as jsonb), :d)",
        c=scene.company,
        s=json.dumps(start),
        d=scene.today,
    )


def test_what_plan_only_planned_is_cancelled_and_planned_anew_for_approval(planned: Scene):
    customer = planned.customer()
    planned.invoice(customer, late=5)
    planned.plan()
    assert go_live(planned)["actions"] == 1
    old, new = planned.actions(customer)
    assert (old.state, old.cancel_reason) == ("cancelled", "going_live")
    assert (new.state, new.approval_required) == ("planned", True)
    planned.render()
    assert [a.state for a in planned.actions(customer)][-1] == "awaiting_approval"
    assert planned.send() == []


def test_only_the_first_run_waits_for_approval(planned: Scene):
    planned.invoice(planned.customer(), late=5)
    go_live(planned)
    later = planned.customer()
    planned.invoice(later, late=4)
    planned.plan(MONDAY + DAY)
    assert [a.approval_required for a in planned.actions(later)] == [False]


def test_the_first_run_is_the_first_that_plans_something(planned: Scene):
    customer = planned.customer()
    planned.invoice(customer, late=4)
    assert go_live(planned)["actions"] == 0
    planned.plan(MONDAY + DAY)
    assert [a.approval_required for a in planned.actions(customer)] == [True]


def test_the_starting_stage_is_the_first_to_be_taken(planned: Scene):
    young, old, oldest = (
        planned.invoice(planned.customer(kind="consumer"), late=late) for late in (10, 45, 200)
    )
    go_live(planned, d31_60="notice14", d90_plus="final_demand")
    assert [a.stage for a in planned.actions(state="planned")] == ["reminder", "notice14"]
    # two days after the step before it, which counts as done the day before
    assert (planned.why(oldest).stage, planned.why(oldest).own_on) == ("final_demand", MONDAY + DAY)
    assert [(s.position, s.skipped, s.reason) for s in planned.steps(old)] == [
        (1, True, "imported"), (2, True, "imported"), (3, True, "imported"),
    ]  # fmt: skip
    assert planned.steps(young) == []
    assert [s.position for s in planned.steps(oldest)] == [1, 2, 3, 4, 5]


def test_a_starting_stage_the_workflow_does_not_have_is_the_next_one_it_has(planned: Scene):
    planned.workflow(
        "plain", (step("email", 5, "reminder"), step("letter", 20, "final_demand")), default=True
    )
    planned.invoice(planned.customer(), late=45)
    go_live(planned, d31_60="notice14")
    assert [a.stage for a in planned.actions(state="planned")] == ["final_demand"]


def test_an_imported_level_never_counts_as_one_of_our_14_day_letters(planned: Scene):
    consumer = planned.customer(kind="consumer")
    item = planned.invoice(consumer, "500.00", late=200)
    go_live(planned, d90_plus="final_demand")
    assert (planned.item(item).notice_id, planned.item(item).reminded_on) == (None, None)
    planned.days(15)
    assert planned.costs(consumer) == []


def test_a_higher_imported_level_is_kept(planned: Scene):
    item = planned.invoice(planned.customer(), late=45)
    planned.step_taken(item, rank=20, stage="demand", on=MONDAY - DAY * 9, skipped=True, reason="imported")
    go_live(planned, d31_60="reminder")
    assert planned.why(item).stage == "notice14"


@pytest.mark.parametrize("missing", ["iban", "street", "city", "email"])
def test_a_sender_that_is_not_complete_cannot_go_live(planned: Scene, missing: str):
    planned.settings(**{missing: ""})
    with pytest.raises(Exception, match="not complete"), planned.session.begin_nested():
        go_live(planned)


def test_only_a_company_in_plan_only_goes_live(planned: Scene):
    go_live(planned)
    with pytest.raises(Exception, match="plan only"), planned.session.begin_nested():
        go_live(planned)


@pytest.mark.parametrize("start", [{"d31_60": "letter"}, {"late": "demand"}])
def test_an_unknown_bucket_or_stage_is_named(planned: Scene, start: dict[str, str]):
    with pytest.raises(Exception, match="BUCKET=STAGE"), planned.session.begin_nested():
        go_live(planned, **start)


def test_nothing_is_asked_below_the_minimum_on_the_first_day_either(planned: Scene):
    planned.settings(minimum_amount=Decimal(50))
    planned.invoice(planned.customer(), "20.00", late=45)
    assert go_live(planned, d31_60="demand")["actions"] == 0
