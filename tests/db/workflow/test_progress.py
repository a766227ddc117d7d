"""Progress is append-only: by position inside a version, by rank after a change."""

import datetime as dt

from tests.db.kit import DAY, MONDAY, Scene, step

REPEATING = (
    step("email", 1, "reminder"),
    step("call", 2),
    step("email", 10, "reminder"),
    step("call", 11),
    step("email", 30, "demand"),
)


def test_within_one_version_stages_and_calls_may_repeat(scene: Scene):
    customer = scene.customer(workflow_id=scene.workflow("repeating", REPEATING))
    item = scene.invoice(customer, late=1)
    scene.day()
    scene.day(MONDAY + DAY)
    (call,) = scene.actions(customer, kind="call")
    scene.run("select tegoed.record_call(:a, 'done')", a=call.id)
    scene.days(MONDAY + DAY * 10)
    assert [(s.position, s.stage) for s in scene.steps(item)] == [(1, "reminder"), (2, None), (3, "reminder")]
    assert scene.why(item).position == 4


def test_after_a_change_of_workflow_nothing_behind_a_passed_stage_is_caught_up(scene: Scene):
    customer = scene.customer()
    item = scene.invoice(customer, late=14)
    scene.run("update tegoed.open_item set planning_from = :d where id = :i", d=MONDAY, i=item)
    scene.day()
    scene.days(8)
    assert scene.item(item).rank_done == 20
    other = (
        step("email", 1, "reminder"),
        step("call", 2),
        step("email", 3, "demand"),
        step("call", 4),
        step("letter", 60, "final_demand"),
    )
    scene.change_customer(customer, workflow_id=scene.workflow("other", other))
    found = scene.why(item)
    assert (found.position, found.stage) == (5, "final_demand")


def test_after_a_change_of_version_an_item_goes_on_by_rank(scene: Scene):
    item = scene.invoice(scene.customer(), late=5)
    scene.day()
    steps = (step("task", 1), step("email", 2, "reminder"), step("call", 3), step("email", 40, "demand"))
    scene.publish(scene.draft(scene.workflows["short"], steps))
    assert (scene.why(item).position, scene.why(item).stage) == (4, "demand")


def test_an_item_without_progress_starts_at_the_first_step_of_its_new_workflow(scene: Scene):
    customer = scene.customer()
    item = scene.invoice(customer, late=1)
    scene.change_customer(customer, workflow_id=scene.workflow("repeating", REPEATING))
    assert scene.why(item).position == 1


def test_back_in_the_first_workflow_the_item_goes_on_by_rank_not_at_its_old_position(scene: Scene):
    customer = scene.customer()
    item = scene.invoice(customer, late=5)
    scene.day()
    short, other = scene.workflows["short"], scene.workflow("other", (step("email", 6, "demand"),))
    scene.change_customer(customer, workflow_id=other)
    scene.days(8)
    scene.change_customer(customer, workflow_id=short)
    assert scene.why(item).stage == "notice14"


def test_stepping_back_sets_undone_and_deletes_nothing(scene: Scene):
    item = scene.invoice(scene.customer(), late=28)
    scene.workflow("letters", (step("letter", 5, "reminder"), step("letter", 60, "demand")), default=True)
    scene.day(post=False)
    (left,) = scene.left()
    scene.run("select tegoed.not_posted(:a)", a=left.action_id)
    assert scene.steps(item) == []
    assert (
        scene.one(
            "select count(*) from tegoed.step_done where open_item_id = :i and undone_at is not null", i=item
        )
        == 1
    )
    assert (scene.item(item).position_done, scene.item(item).reminded_on) == (0, None)


def test_the_effective_date_is_the_latest_of_rule_first_planning_and_interval(scene: Scene):
    steps = (step("email", 5, "reminder"), step("email", 14, "demand", min_interval=10))
    scene.workflow("apart", steps, default=True)
    customer = scene.customer()
    by_rule = scene.invoice(customer, late=0)
    by_planning = scene.invoice(customer, late=90, planning_from=MONDAY + DAY)
    assert scene.why(by_rule).own_on == MONDAY + DAY * 7  # five days is Saturday
    assert scene.why(by_planning).own_on == MONDAY + DAY
    by_interval = scene.invoice(scene.customer(), late=12)
    scene.day()
    assert scene.why(by_interval).own_on == MONDAY + DAY * 10


def test_at_most_one_step_of_an_item_on_a_business_date(scene: Scene):
    steps = (step("task", 1), step("task", 2), step("email", 3, "reminder"), step("email", 4, "demand"))
    scene.workflow("dense", steps, default=True)
    item = scene.invoice(scene.customer(), late=90)
    taken: list[dt.date] = []
    for _ in range(4):
        scene.plan()
        for task in scene.actions(kind="task", state="planned"):
            scene.run("select tegoed.record_call(:a, 'done')", a=task.id)
        scene.plan()
        taken = [s.on_date for s in scene.steps(item)] + [
            a.business_date for a in scene.actions(kind="email")
        ]
        scene.at(scene.today + DAY)
    assert taken == [MONDAY + DAY * n for n in range(3)]


def test_a_new_item_that_is_long_late_starts_at_the_beginning(scene: Scene):
    item = scene.invoice(scene.customer(), late=400, planning_from=MONDAY)
    scene.plan()
    assert [a.stage for a in scene.actions()] == ["reminder"]
    assert scene.why(item).verdict == "in_action"


def test_an_item_older_than_the_calendar_is_not_forgotten(scene: Scene):
    scene.workflow("business", (step("email", 3, "reminder", day_kind="business"),), default=True)
    scene.invoice(scene.customer(), due_date=dt.date(2012, 6, 1), planning_from=MONDAY)
    assert scene.plan()["actions"] == 1
