"""Planning a company: once a date, twice writes nothing, two at a time, on tables nobody analysed."""

import threading

import pytest
from sqlalchemy import Engine, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from tests.db.kit import DAY, MONDAY, Scene, open_scene

TABLES = (
    "action",
    "action_item",
    "delivery",
    "step_done",
    "event",
    "notice",
    "hold",
    "movement",
    "open_item",
)


def rows_of(scene: Scene) -> dict[str, tuple[object, ...]]:
    """How many rows each table has, and which transactions wrote them last."""
    return {
        table: tuple(scene.rows(f"select count(*), max(ctid::text) from tegoed.{table}")[0])
        for table in (*TABLES, "company")
    }


def mixed(scene: Scene) -> None:
    """A portfolio in which everything that planning can do is to be done."""
    for kind in ("business", "consumer", "unknown"):
        for late in (5, 14, 40, 90):
            customer = scene.customer(kind=kind)
            scene.invoice(customer, "120.00", late=late)
            scene.invoice(customer, "80.00", late=late - 3)
            scene.invoice(customer, "-30.00", late=1)
    held = scene.customer()
    scene.hold(held)
    scene.invoice(held, late=30)


def test_the_same_facts_planned_again_write_nothing(scene: Scene):
    mixed(scene)
    assert scene.plan()["actions"] > 0
    before = rows_of(scene)
    assert set(scene.plan().values()) == {0}
    assert rows_of(scene) == before


def test_the_same_facts_planned_again_write_nothing_on_any_later_day_either(scene: Scene):
    mixed(scene)
    for _ in range(5):
        scene.day()
        before = rows_of(scene)
        scene.plan()
        assert rows_of(scene) == before
        scene.at(scene.today + DAY * 3)


def test_a_date_that_was_planned_is_not_planned_once_more(scene: Scene):
    scene.plan()
    scene.invoice(scene.customer(), late=5)
    assert scene.one("select tegoed.plan_company(:c, :d, true)", c=scene.company, d=MONDAY) == {
        "already": "2026-03-02"
    }
    assert (
        scene.one("select tegoed.plan_company(:c, :d, true)", c=scene.company, d=MONDAY + DAY)["actions"] == 1
    )


def test_missed_days_are_not_replayed(scene: Scene):
    item = scene.invoice(scene.customer(), late=5)
    scene.plan(MONDAY + DAY * 30)
    (action,) = scene.actions()
    assert (action.business_date, action.stage) == (MONDAY + DAY * 30, "reminder")
    assert scene.why(item).verdict == "in_action"


def test_an_off_company_is_not_planned(scene: Scene):
    scene.settings(state="off")
    scene.invoice(scene.customer(), late=5)
    assert scene.plan() == {"off": True}
    assert scene.actions() == []


def test_in_plan_only_actions_are_visible_and_nothing_leaves(scene: Scene):
    scene.settings(state="plan_only")
    scene.invoice(scene.customer(), late=5)
    assert scene.day() == []
    assert [a.state for a in scene.actions()] == ["planned"]


def test_two_planners_at_the_same_time_plan_each_item_once(owner: Engine):
    with Session(owner) as session, session.begin():
        scene = open_scene(session, clock=False)
        mixed(scene)
    found: list[int] = []
    failed: list[BaseException] = []

    def plan() -> None:
        try:
            with owner.begin() as connection:
                counts = connection.scalar(
                    text("select tegoed.plan_company(:c, :d)"), {"c": scene.company, "d": MONDAY}
                )
                found.append(counts["actions"])
        except DBAPIError as error:
            failed.append(error)

    threads = [threading.Thread(target=plan) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failed == []
    assert sorted(found)[:2] == [0, 0]
    with owner.connect() as connection:
        twice = connection.scalar(
            text(
                "select count(*) from (select open_item_id from tegoed.action_item where live_step"
                " group by 1 having count(*) > 1) x"
            )
        )
    assert twice == 0


@pytest.mark.parametrize("customers", [1500])
def test_planning_tables_that_were_never_analysed_is_no_slower_than_the_rows(scene: Scene, customers: int):
    """A nested loop over the whole portfolio would take minutes here; the limit is far above one pass."""
    scene.run(
        "insert into tegoed.customer (company_id, connection_id, number, name, kind, email)"
        " select :c, :n, 'M' || g, 'Naam ' || g, case g % 3 when 0 then 'consumer' else 'business' end,"
        " 'm' || g || '@voorbeeld.test' from generate_series(1, :count) g",
        c=scene.company, n=scene.connection, count=customers,
    )  # fmt: skip
    scene.run(
        "insert into tegoed.open_item"
        " (company_id, customer_id, document_number, due_date, original_amount, planning_from)"
        " select :c, cu.id, 'F' || cu.id || '-' || g, :d - g * 3, 100 + g, :d - 200"
        " from tegoed.customer cu, generate_series(1, 5) g where cu.company_id = :c",
        c=scene.company, d=MONDAY,
    )  # fmt: skip
    scene.run("set local statement_timeout = '20s'")
    assert scene.plan()["actions"] == customers
    assert set(scene.plan().values()) == {0}
    assert scene.plan(MONDAY + DAY * 7)["items"] == 0  # what waits in an action is left alone


def test_the_plan_of_a_day_is_told_to_everybody_who_listens(scene: Scene):
    scene.invoice(scene.customer(), late=5)
    scene.plan()
    (told,) = scene.rows(
        "select kind, facts from tegoed.event where company_id = :c and kind = 'company.planned'",
        c=scene.company,
    )
    assert told.facts["actions"] == 1


def test_why_an_action_is_there_is_kept_with_it(scene: Scene):
    customer = scene.customer()
    scene.invoice(customer, late=5)
    scene.invoice(customer, late=3)
    scene.plan()
    (action,) = scene.actions(customer)
    told = action.explanation
    assert (told["workflow"], told["workflow_from"], told["days"], told["after"]) == (
        "short",
        "company",
        5,
        "due_date",
    )
    assert (told["items"], told["bundled"], told["due_on"]) == (2, 1, "2026-03-02")


def test_a_score_is_overdue_times_its_age_and_capped(scene: Scene):
    customer, rich = scene.customer(), scene.customer()
    scene.invoice(customer, "100.00", late=15)
    scene.invoice(rich, "9000000.00", late=15)
    scene.plan()
    assert {(a._mapping["class"], a.score) for a in scene.actions()} == {(5, 150), (5, 1000000)}
