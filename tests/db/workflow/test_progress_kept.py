"""The progress columns of an item always say what its steps say, whatever people and the machine do."""

from collections.abc import Callable
from random import Random

import pytest

from tests.db.kit import DAY, Scene, step

REPEATING = (
    step("email", 1, "reminder"),
    step("call", 3),
    step("letter", 8, "reminder"),
    step("letter", 15, "notice14"),
    step("charge", 1, after="notice_term"),
    step("letter", 3, "final_demand", after="previous_step"),
)


@pytest.mark.parametrize("seed", range(5))
def test_progress_columns_always_equal_the_steps_that_were_not_undone(scene: Scene, seed: int):
    random = Random(seed)  # noqa: S311  (a test's dice)
    scene.settings(four_eyes=False)
    scene.workflow("repeating", REPEATING, contact_gap=2)
    customers = [scene.customer(kind=kind) for kind in ("consumer", "business")]
    for customer in customers:
        for _ in range(3):
            scene.invoice(customer, 100 + random.randrange(900), late=random.randrange(25))
    for _ in range(30):
        deed = random.choice(DEEDS)
        deed(scene, random, random.choice(customers))
        assert kept(scene) == told(scene), deed.__name__


def kept(scene: Scene) -> dict[int, tuple[object, ...]]:
    rows = scene.rows(
        "select id, progress_version_id, position_done, rank_done, last_step_on, last_step_at, reminded_on"
        " from tegoed.open_item where company_id = :c and kind = 'invoice'", c=scene.company,
    )  # fmt: skip
    return {row[0]: tuple(row[1:]) for row in rows}


def told(scene: Scene) -> dict[int, tuple[object, ...]]:
    """The same from `step_done`, worked out here."""
    there: dict[int, tuple[object, ...]] = {}
    for item in kept(scene):
        steps = scene.steps(item)
        version = steps[-1].version_id if steps else None
        reminded = [s.on_date for s in steps if s.written and not s.skipped]
        there[item] = (
            version,
            max((s.position for s in steps if s.version_id == version), default=0),
            max((s.rank for s in steps), default=0),
            max((s.on_date for s in steps), default=None),
            max((s.at for s in steps), default=None),
            max(reminded, default=None),
        )
    return there


def pass_days(scene: Scene, random: Random, customer: int) -> None:
    scene.at(scene.today + DAY * random.randrange(1, 9))


def whole_day(scene: Scene, random: Random, customer: int) -> None:
    scene.day(post=random.random() < 0.7)


def send_badly(scene: Scene, random: Random, customer: int) -> None:
    scene.plan()
    scene.render()
    scene.send(lambda _: random.choice(["failed", "unknown", "retry", "sent"]))


def answer(scene: Scene, random: Random, customer: int) -> None:
    for action in scene.all(
        "select distinct action_id from tegoed.delivery where company_id = :c and state in ('failed', 'uncertain')",
        c=scene.company,
    ):
        what = random.choice(["sent", "not_sent"])
        scene.run("select tegoed.answer_delivery(:a, :w)", a=action, w=what)


def recall(scene: Scene, random: Random, customer: int) -> None:
    scene.plan()
    for action in scene.actions(customer, state="planned", origin="workflow"):
        scene.run("select tegoed.recall_action(:a, :w)", a=action.id, w=random.choice(["skip", "postpone"]))


def undo_skip(scene: Scene, random: Random, customer: int) -> None:
    for action in scene.all(
        "select distinct action_id from tegoed.step_done where skipped and undone_at is null and company_id = :c"
        " and action_id is not null", c=scene.company,
    ):  # fmt: skip
        scene.run("select tegoed.undo_skip(:a)", a=action)


def not_posted(scene: Scene, random: Random, customer: int) -> None:
    for action in scene.all(
        "select action_id from tegoed.delivery where company_id = :c and channel = 'letter' and state = 'done'"
        " and posted_on is null", c=scene.company,
    ):  # fmt: skip
        scene.run("select tegoed.not_posted(:a)", a=action)


def by_hand(scene: Scene, random: Random, customer: int) -> None:
    items = scene.all(
        "select id from tegoed.open_item where customer_id = :cu and outstanding > 0 and kind = 'invoice' order by id",
        cu=customer,
    )
    if items:
        scene.run(
            "select tegoed.write_by_hand(:cu, :s, 'email', :i, :s)",
            cu=customer, s=random.choice(["reminder", "demand"]), i=items[: random.randrange(1, 3)],
        )  # fmt: skip


def change_workflow(scene: Scene, random: Random, customer: int) -> None:
    scene.change_customer(customer, workflow_id=random.choice([None, *scene.workflows.values()]))


def call(scene: Scene, random: Random, customer: int) -> None:
    for action in scene.actions(customer, kind="call", state="planned"):
        scene.run("select tegoed.record_call(:a, :o)", a=action.id, o=random.choice(["no_answer", "done"]))


def pay(scene: Scene, random: Random, customer: int) -> None:
    items = scene.all(
        "select id from tegoed.open_item where customer_id = :cu and outstanding > 50", cu=customer
    )
    if items:
        scene.pay(random.choice(items), 50)


DEEDS: list[Callable[[Scene, Random, int], None]] = [
    pass_days, pass_days, pass_days, whole_day, whole_day, whole_day, send_badly, answer, recall, undo_skip,
    not_posted, by_hand, change_workflow, call, pay,
]  # fmt: skip
