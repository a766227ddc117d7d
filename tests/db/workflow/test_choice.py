"""Which workflow an item has, and what a change of it does to what waits."""

import pytest

from tests.db.kit import DAY, MONDAY, Scene, step

LATER = (step("email", 20, "reminder"), step("email", 30, "demand"))
SAME = (step("call", 1), step("email", 5, "reminder"), step("letter", 12, "final_demand"))
FIRM = (step("email", 5, "reminder", approval=True),)


@pytest.fixture
def sources(scene: Scene) -> dict[str, int]:
    """A workflow for each place that can name one."""
    return {name: scene.workflow(name) for name in ("customer", "pair", "group", "profile")}


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ((), "company"),
        (("profile",), "profile"),
        (("profile", "group"), "group"),
        (("profile", "group", "pair"), "group and profile"),
        (("profile", "group", "pair", "customer"), "customer"),
    ],
)
def test_the_workflow_is_the_customers_own_then_group_and_profile_group_profile_company(
    scene: Scene, sources: dict[str, int], given: tuple[str, ...], expected: str
):
    group = _named(scene, "customer_group", sources["group"] if "group" in given else None)
    profile = _named(scene, "payment_profile", sources["profile"] if "profile" in given else None)
    if "pair" in given:
        scene.run(
            "insert into tegoed.group_profile_workflow (group_id, profile_id, company_id, workflow_id)"
            " values (:g, :p, :c, :w)", g=group, p=profile, c=scene.company, w=sources["pair"],
        )  # fmt: skip
    own = sources["customer"] if "customer" in given else None
    customer = scene.customer(group_id=group, profile_id=profile, workflow_id=own)
    found = scene.why(scene.invoice(customer, late=5))
    code = {"company": "short", "group and profile": "pair"}.get(expected, expected)
    assert (found.workflow_from, found.version_id) == (expected, scene.version_of(code))


def test_a_customer_without_any_workflow_is_told_so(scene: Scene):
    scene.settings(default_workflow_id=None)
    item = scene.invoice(scene.customer(), late=50)
    scene.plan()
    assert scene.why(item).verdict == "no_workflow"
    assert scene.actions() == []


def test_a_group_without_a_published_version_has_no_steps_rather_than_another_ones(scene: Scene):
    made = scene.workflow("unpublished", LATER)
    scene.run("update tegoed.workflow_version set state = 'retired' where workflow_id = :w", w=made)
    item = scene.invoice(scene.customer(workflow_id=made), late=50)
    assert scene.why(item).verdict == "no_workflow"


def test_steps_for_other_kinds_of_customers_are_not_theirs(scene: Scene):
    steps = (step("email", 1, "reminder", customer_kinds=["business"]), step("email", 9, "demand"))
    made = scene.workflow("kinds", steps)
    consumer = scene.invoice(scene.customer(kind="consumer", workflow_id=made), late=1)
    business = scene.invoice(scene.customer(kind="business", workflow_id=made), late=1)
    assert scene.why(consumer).stage == "demand"
    assert scene.why(business).stage == "reminder"


def test_steps_for_another_profile_are_not_theirs_and_a_new_profile_is_known_at_once(scene: Scene):
    profile = _named(scene, "payment_profile", None)
    steps = (step("email", 1, "reminder", profile_ids=[profile]), step("email", 9, "demand"))
    made = scene.workflow("profiles", steps)
    other = scene.one(
        "insert into tegoed.payment_profile (company_id, code, name) values (:c, 'new', 'new') returning id",
        c=scene.company,
    )
    mine, others = (
        scene.invoice(scene.customer(profile_id=each, workflow_id=made), late=1) for each in (profile, other)
    )
    assert scene.why(mine).stage == "reminder"
    assert scene.why(others).stage == "demand"


def test_a_change_of_workflow_cancels_what_the_new_one_does_not_ask_today(scene: Scene):
    customer = scene.customer()
    item = scene.invoice(customer, late=5)
    scene.plan()
    scene.change_customer(customer, workflow_id=scene.workflow("later", LATER))
    (action,) = scene.actions(customer)
    assert (action.state, action.cancel_reason) == ("cancelled", "workflow_changed")
    assert (scene.why(item).verdict, scene.why(item).own_on) == ("later", MONDAY + DAY * 15)


def test_a_change_of_workflow_keeps_what_the_new_one_asks_today_too(scene: Scene):
    customer = scene.customer()
    item = scene.invoice(customer, late=5)
    scene.plan()
    scene.change_customer(customer, workflow_id=scene.workflow("same", SAME[1:]))
    (action,) = scene.actions(customer)
    assert action.state == "planned"
    scene.day()
    (done,) = scene.steps(item)
    assert (done.version_id, done.position) == (scene.version_of("same"), 1)


def test_a_stricter_approval_in_the_new_workflow_makes_a_new_action(scene: Scene):
    customer = scene.customer()
    scene.invoice(customer, late=5)
    scene.plan()
    scene.change_customer(customer, workflow_id=scene.workflow("firm", FIRM))
    old, new = scene.actions(customer)
    assert (old.cancel_reason, new.state, new.approval_required) == ("workflow_changed", "planned", True)


def test_what_the_new_workflow_asks_instead_is_planned_in_the_same_transaction(scene: Scene):
    customer = scene.customer()
    scene.invoice(customer, late=5)
    scene.plan()
    scene.change_customer(customer, workflow_id=scene.workflow("calls", SAME))
    old, new = scene.actions(customer)
    assert (old.cancel_reason, new.kind, new.state) == ("workflow_changed", "call", "planned")


def test_a_change_of_kind_re_evaluates(scene: Scene):
    steps = (step("email", 5, "reminder", customer_kinds=["business"]), step("email", 40, "demand"))
    customer = scene.customer(workflow_id=scene.workflow("kinds", steps))
    scene.invoice(customer, late=5)
    scene.plan()
    scene.change_customer(customer, kind="consumer")
    assert [action.cancel_reason for action in scene.actions(customer)] == ["workflow_changed"]


@pytest.mark.parametrize("place", ["group", "profile", "company"])
def test_another_workflow_for_group_profile_or_company_re_evaluates_too(scene: Scene, place: str):
    group = _named(scene, "customer_group", None)
    profile = _named(scene, "payment_profile", None)
    customer = scene.customer(group_id=group, profile_id=profile)
    scene.invoice(customer, late=5)
    scene.plan()
    later = scene.workflow("later", LATER)
    table, key = {
        "group": ("customer_group", group),
        "profile": ("payment_profile", profile),
        "company": ("company", scene.company),
    }[place]  # fmt: skip
    column = "default_workflow_id" if place == "company" else "workflow_id"
    scene.run(f"update tegoed.{table} set {column} = :w where id = :id", w=later, id=key)
    assert [action.cancel_reason for action in scene.actions(customer)] == ["workflow_changed"]


def test_what_is_being_sent_is_left_alone_by_a_change(scene: Scene):
    customer = scene.customer()
    scene.invoice(customer, late=5)
    scene.plan()
    scene.render()
    (claimed,) = scene.claim()
    assert scene.begin(claimed)["verdict"] == "send"
    scene.change_customer(customer, workflow_id=scene.workflow("later", LATER))
    assert [action.state for action in scene.actions(customer)] == ["sending"]


def test_publishing_a_version_retires_the_one_before_and_looks_again_at_what_waits(scene: Scene):
    kept, dropped = scene.customer(), scene.customer()
    scene.invoice(kept, late=14)
    scene.invoice(dropped, late=5)
    scene.day()
    scene.invoice(dropped, late=5)
    old = scene.version_of("short")
    scene.at(scene.today.replace(day=9)).plan()
    new = scene.draft(
        scene.workflows["short"],
        (step("email", 30, "reminder"), step("email", 14, "demand"), step("call", 15)),
    )
    scene.publish(new)
    states = {row.id: row.state for row in scene.rows("select id, state from tegoed.workflow_version")}
    assert (states[old], states[new]) == ("retired", "published")
    waiting = [row for row in scene.actions() if row.state == "planned"]
    assert {row.version_id for row in waiting} <= {new}


def test_a_version_with_falling_stages_is_not_published(scene: Scene):
    falling = scene.draft(
        scene.workflows["short"], (step("email", 5, "demand"), step("email", 9, "reminder", rank=10))
    )
    with pytest.raises(Exception, match="must rise"), scene.session.begin_nested():
        scene.publish(falling)


def _named(scene: Scene, table: str, workflow: int | None) -> int:
    return scene.one(
        f"insert into tegoed.{table} (company_id, code, name, workflow_id) values (:c, 'x', 'x', :w) returning id",
        c=scene.company, w=workflow,
    )  # fmt: skip
