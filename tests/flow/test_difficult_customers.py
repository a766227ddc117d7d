"""Ten customers with whom collecting goes wrong elsewhere, day by day."""

import datetime as dt
import json
from decimal import Decimal
from itertools import pairwise

import pytest
from sqlalchemy.orm import Session

from tests.db.kit import DAY, MONDAY, Scene, open_scene, step

STEPS = (
    step("email", 5, "reminder"),
    step("email", 12, "demand"),
    step("letter", 20, "notice14"),
    step("charge", 1, after="notice_term"),
    step("letter", 7, "final_demand", after="previous_step"),
    step("hand_over", 14, "hand_over", after="previous_step"),
)
WEEK = DAY * 7


@pytest.fixture
def scene(session: Session) -> Scene:
    return open_scene(session, steps=STEPS)


def stages(scene: Scene, item: int) -> list[str | None]:
    return [s.stage for s in scene.steps(item) if not s.skipped]


def until_stage(scene: Scene, customer: int, stage: str, *, post: bool = True) -> int:
    """Let days pass until a communication of this stage left to the customer; its action."""
    for _ in range(60):
        scene.at(scene.one("select tegoed.following_working(:c, :d)", c=scene.company, d=scene.today))
        for row in scene.day(post=post):
            if (row.customer_id, row.stage) == (customer, stage):
                return row.action_id
    raise AssertionError(f"no {stage} in sixty working days")


def test_invoices_of_several_ages_get_one_14_day_letter_with_one_fee(scene: Scene):
    customer = scene.customer("De Boer", kind="consumer")
    old, middle, young = (scene.invoice(customer, "100.00", late=late) for late in (5, 0, -2))
    letter = until_stage(scene, customer, "notice14")
    fresh = scene.invoice(customer, "50.00", late=6)
    assert stages(scene, old) == ["reminder", "demand", "notice14"]
    assert stages(scene, middle)[-1] == stages(scene, young)[-1] == "notice14"
    assert {i for i, s in scene.seats(letter).items() if s.role == "demand"} == {old, middle, young}
    (notice,) = scene.notices(customer)
    assert (notice.principal, notice.fee) == (Decimal(300), Decimal(45))
    until_stage(scene, customer, "final_demand")
    assert [cost.original_amount for cost in scene.costs(customer)] == [Decimal(45)]
    first, second = scene.notices(customer)
    assert second.sent_on > first.last_day
    assert second.fee == Decimal("7.50")  # 52.50 over 350, 45 claimed already
    assert scene.item(fresh).notice_id == second.id


def test_twelve_weekly_invoices_are_not_twelve_series_of_letters(scene: Scene):
    customer = scene.customer("Wekelijks", kind="consumer")
    items: list[int] = []
    left = []
    for _ in range(12):
        items.append(scene.invoice(customer, "60.00", late=0))
        for day in (0, 2, 4):  # this office works on Monday, Wednesday and Friday
            scene.at(MONDAY + WEEK * (len(items) - 1) + DAY * day)
            left += scene.day()
    written = [row.contact_on for row in left]
    assert all(later - earlier >= WEEK for earlier, later in pairwise(written))
    notices = scene.notices(customer)
    assert len(notices) >= 2
    assert all(later.sent_on > earlier.last_day for earlier, later in pairwise(notices))
    principal = sum(n.principal for n in notices)
    whole = scene.one("select tegoed.wik_fee(:p)", p=principal)
    assert sum(n.fee for n in notices) <= whole < 40 * len(items)
    assert sum(cost.original_amount for cost in scene.costs(customer)) <= whole
    for item in items:
        taken = stages(scene, item)
        assert taken[:1] in ([], ["reminder"])
        assert taken.count("notice14") <= 1


def test_half_in_dispute_goes_on_for_the_other_half_only(scene: Scene):
    customer = scene.customer("Half", kind="consumer")
    item = scene.invoice(customer, "400.00", late=4)
    (dispute,) = scene.hold(customer, item, amount=Decimal("200.00"), cause="dispute")
    until_stage(scene, customer, "notice14")
    asked = [a.amount for a in scene.actions(customer) if a.state == "done"]
    assert asked == [Decimal(200)] * 3
    (first,) = scene.notices(customer)
    scene.at(first.last_day + DAY * 4)
    scene.day()
    assert [cost.original_amount for cost in scene.costs(customer)] == [Decimal(40)]
    scene.run("select tegoed.release_hold(:h)", h=dispute)
    letter = until_stage(scene, customer, "notice14")
    first, further = scene.notices(customer)
    assert (further.action_id, further.fee) == (letter, Decimal(20))
    until_stage(scene, customer, "final_demand")
    assert scene.today > further.last_day
    assert sum(cost.original_amount for cost in scene.costs(customer)) <= Decimal(60)


def test_two_hundred_days_late_at_going_live_starts_gently_and_once_a_day(scene: Scene):
    scene.settings(state="plan_only")
    customer = scene.customer("Oud", kind="consumer")
    item = scene.invoice(customer, "500.00", late=200)
    scene.run(
        "select tegoed.go_live(:c, cast(:s as jsonb), :d)",
        c=scene.company,
        s=json.dumps({"d90_plus": "demand"}),
        d=MONDAY,
    )
    scene.render()
    assert [(a.stage, a.state) for a in scene.actions(customer)] == [("demand", "awaiting_approval")]
    assert scene.send() == []
    scene.day()
    letter = until_stage(scene, customer, "notice14")
    assert scene.today - MONDAY >= WEEK
    days = [s.on_date for s in scene.steps(item)]
    assert len({d for d in days if d >= MONDAY}) == len([d for d in days if d >= MONDAY])
    assert scene.notices(customer)[0].action_id == letter
    assert scene.costs(customer) == []


def test_moved_to_another_group_in_the_recall_window_sends_nothing_of_the_old_workflow(scene: Scene):
    scene.settings(recall_minutes=30)
    gentle = scene.workflow("gentle", (step("call", 5), step("email", 30, "reminder")))
    group = scene.one(
        "insert into tegoed.customer_group (company_id, code, name, workflow_id)"
        " values (:c, 'g', 'g', :w) returning id",
        c=scene.company, w=gentle,
    )  # fmt: skip
    customer = scene.customer("Verhuisd")
    item = scene.invoice(customer, late=5)
    scene.plan()
    scene.render()
    scene.change_customer(customer, group_id=group)
    assert scene.send() == []
    old, new = scene.actions(customer)
    assert (old.state, old.cancel_reason, new.kind, new.state) == (
        "cancelled",
        "workflow_changed",
        "call",
        "planned",
    )
    scene.days(4)
    assert stages(scene, item) == []
    assert [
        d.state for d in scene.rows("select state from tegoed.delivery where customer_id = :c", c=customer)
    ] == ["withdrawn"]


def test_a_skipped_14_day_letter_leads_to_no_costs_and_no_letter_that_says_otherwise(scene: Scene):
    customer = scene.customer("Overgeslagen", kind="consumer")
    item = scene.invoice(customer, "500.00", late=12)
    scene.day()
    until_stage(scene, customer, "demand")
    scene.plan(scene.why(item).at_earliest)
    (letter,) = scene.actions(customer, stage="notice14")
    scene.run("select tegoed.recall_action(:a, 'skip')", a=letter.id)
    skipped_on = scene.today
    scene.plan()
    assert [a.state for a in scene.actions(customer, stage="notice14")] == ["cancelled"]
    scene.at(scene.today + WEEK)
    demand = until_stage(scene, customer, "final_demand")
    (action,) = [a for a in scene.actions(customer) if a.id == demand]
    (line,) = action.facts["checked"]["items"]
    assert line["notice_skipped"] is True
    assert dt.date.fromisoformat(line["reminded_on"]) < skipped_on
    assert (action.amount, scene.costs(customer), scene.notices(customer)) == (Decimal(500), [], [])


def test_taken_from_the_pile_the_term_runs_from_the_second_letter_only(scene: Scene):
    customer = scene.customer("Stapel", kind="consumer")
    item = scene.invoice(customer, "500.00", late=5)
    scene.day()
    first = until_stage(scene, customer, "notice14", post=False)
    printed_on = scene.today
    scene.run("select tegoed.not_posted(:a)", a=first)
    scene.plan()
    assert scene.why(item).verdict == "held"
    second = until_stage(scene, customer, "notice14")
    assert scene.today == scene.one("select tegoed.following_working(:c, :d)", c=scene.company, d=printed_on)
    void, running = scene.notices(customer)
    assert (void.state, running.state, running.action_id) == ("void", "running", second)
    assert running.fee == Decimal(75)
    scene.at(running.last_day)
    scene.day()
    assert scene.costs(customer) == []
    until_stage(scene, customer, "final_demand")
    assert [cost.original_amount for cost in scene.costs(customer)] == [Decimal(75)]


@pytest.mark.parametrize("answer", ["sent", "not_sent"])
def test_uncertain_and_then_a_promise(scene: Scene, answer: str):
    customer = scene.customer("Onzeker")
    item = scene.invoice(customer, "300.00", late=5)
    scene.plan()
    scene.render()
    scene.send("unknown")
    assert scene.days(9) == []  # nobody knows whether the reminder left: nothing is repeated
    promised = scene.today + DAY * 3
    scene.hold(customer, item, cause="promise", until=promised)
    (action,) = scene.actions(customer, kind="email")
    scene.run("select tegoed.answer_delivery(:a, :w)", a=action.id, w=answer)
    assert scene.days(promised) == []
    assert stages(scene, item) == (["reminder"] if answer == "sent" else [])
    left = scene.days(8)
    assert [row.stage for row in left][:1] == ["demand" if answer == "sent" else "reminder"]
    assert left[0].contact_on > promised


def test_a_net_that_turned_negative_before_leaving_is_not_sent(scene: Scene):
    customer = scene.customer("Tegoed")
    item = scene.invoice(customer, "100.00", late=5)
    scene.plan()
    scene.render()
    credit = scene.invoice(customer, "-150.00", late=0)
    assert [v["verdict"] for v in scene.send()] == ["cancelled"]
    (action,) = scene.actions(customer)
    assert action.cancel_reason == "net"
    assert scene.days(7) == []
    assert (scene.why(item).reason, stages(scene, item)) == ("net", [])
    scene.invoice(customer, "80.00", late=5)
    left = scene.day()
    assert [(row.stage, row.amount) for row in left] == [("reminder", Decimal(30))]
    assert stages(scene, item) == []  # covered by the credit
    assert scene.item(credit).outstanding == Decimal(-150)


def test_a_renumbered_source_changes_numbers_and_nothing_else(scene: Scene):
    customers = [scene.customer(name) for name in ("Een", "Twee", "Drie")]
    items = [scene.invoice(customer, "100.00", late=6) for customer in customers]
    scene.run("update tegoed.open_item set source_key = 'id ' || id, source_hash = 1")
    scene.hold(customers[2], items[2], cause="promise")
    scene.day()
    old = scene.all("select number from tegoed.customer order by id")
    new = [f"NL-{number}" for number in old]
    before = [(scene.item(i).position_done, scene.item(i).customer_id) for i in items]
    run, counts = _import(scene, items, new)
    assert [block["code"] for block in counts["blocks"]] == ["moved"]
    with pytest.raises(Exception, match="another customer number"), scene.session.begin_nested():
        scene.run("select tegoed.apply_import(:r, '{}', :d)", r=run, d=scene.today)
    scene.run(
        "select tegoed.renumber_customers(:r, cast(:n as jsonb))",
        r=run,
        n=json.dumps(dict(zip(old, new, strict=True))),
    )
    assert scene.one("select tegoed.preview_import(:r)", r=run)["blocks"] == []
    scene.run("select tegoed.apply_import(:r, '{}', :d)", r=run, d=scene.today)
    assert scene.all("select number from tegoed.customer order by id") == new
    assert [(scene.item(i).position_done, scene.item(i).customer_id) for i in items] == before
    assert scene.why(items[2]).verdict == "held"
    left = scene.days(10)
    assert sorted(row.customer_id for row in left) == customers[:2]
    assert {row.stage for row in left} == {"demand"}


def _import(
    scene: Scene, items: list[int], numbers: list[str]
) -> tuple[int, dict[str, list[dict[str, str]]]]:
    """A complete file with the same items under other customer numbers, looked at but not applied."""
    run = scene.one(
        "select tegoed.open_import(:c, 'boekhouding', 'csv', 'complete', 'posten.csv', :d)",
        c=scene.company,
        d=scene.today,
    )
    for place, (item, number) in enumerate(zip(items, numbers, strict=True), 1):
        there = scene.item(item)
        scene.run(
            "insert into tegoed.import_line (run_id, line_no, place, customer_number, customer_name, document_type,"
            " document_number, source_id, invoice_date, due_date, due_estimated, currency, original_amount,"
            " open_amount, item_hash, customer_hash) values (:r, :l, 'line ' || :l, :n, :name, 'invoice', :doc,"
            " :id, :inv, :due, false, 'EUR', :amount, :amount, 1, 1)",
            r=run, l=place, n=number, name=["Een", "Twee", "Drie"][place - 1], doc=there.document_number, id=str(item),
            inv=there.invoice_date, due=there.due_date, amount=there.original_amount,
        )  # fmt: skip
    return run, scene.one("select tegoed.preview_import(:r)", r=run)
