"""The 14-day letter (art. 6:96(6) BW): who joins it, what it claims, when its term runs."""

import datetime as dt
from decimal import Decimal

import pytest

from tests.db.kit import DAY, MONDAY, Scene, step

LETTERS = (
    step("email", 5, "reminder"),
    step("letter", 20, "notice14"),
    step("charge", 1, after="notice_term"),
    step("letter", 2, "final_demand", after="previous_step"),
)


@pytest.fixture
def consumer(scene: Scene) -> int:
    scene.workflow("letters", LETTERS, default=True, contact_gap=3)
    return scene.customer(kind="consumer")


def reminded(scene: Scene, customer: int, amount: str = "100.00", *, late: int, **columns: object) -> int:
    """An item whose reminder really left some days ago."""
    item = scene.invoice(customer, amount, late=late, **columns)
    version = scene.version_of("letters")
    on = scene.today - DAY * 10
    scene.step_taken(item, rank=10, stage="reminder", position=1, version_id=version, on=on)
    return item


def test_every_unheld_overdue_reminded_item_joins_and_the_fee_is_over_the_joint_principal(
    scene: Scene, consumer: int
):
    due = reminded(scene, consumer, "100.00", late=20)
    others = [reminded(scene, consumer, "100.00", late=late) for late in (8, 1)]
    left = scene.day()
    assert [row.stage for row in left] == ["notice14"]
    assert {i for i, s in scene.seats(left[0].action_id).items() if s.role == "demand"} == {due, *others}
    (notice,) = scene.notices(consumer)
    assert (notice.principal, notice.fee) == (Decimal(300), Decimal(45))  # not three times 40
    for item in (due, *others):
        assert scene.item(item).position_done == 2
        assert scene.item(item).notice_id == notice.id


@pytest.mark.parametrize("why_not", ["held", "estimated", "unreminded", "not overdue", "other currency"])
def test_what_does_not_join_a_14_day_letter(scene: Scene, consumer: int, why_not: str):
    due = reminded(scene, consumer, late=20)
    if why_not == "unreminded":
        left_out = scene.invoice(consumer, late=4)
    elif why_not == "not overdue":
        left_out = reminded(scene, consumer, late=0)
    else:
        more = {"estimated": {"due_estimated": True}, "other currency": {"currency": "USD"}}.get(why_not, {})
        left_out = reminded(scene, consumer, late=9, **more)
    if why_not == "held":
        scene.hold(consumer, left_out)
    scene.day()
    (notice,) = scene.notices(consumer)
    noticed = scene.all("select open_item_id from tegoed.notice_item where notice_id = :n", n=notice.id)
    assert noticed == [due]


def test_a_letter_that_is_pulled_up_to_the_14_day_text_takes_the_others_along_too(
    scene: Scene, consumer: int
):
    soon = reminded(scene, consumer, late=17)  # its notice is due in three days
    along = reminded(scene, consumer, late=8)
    scene.invoice(consumer, late=5)  # its reminder is due today
    scene.day()
    (notice,) = scene.notices(consumer)
    noticed = set(scene.all("select open_item_id from tegoed.notice_item where notice_id = :n", n=notice.id))
    assert noticed == {soon, along}


def test_a_14_day_letter_is_never_hidden_under_the_text_of_a_later_step(scene: Scene, consumer: int):
    later = reminded(scene, consumer, late=60)
    version = scene.version_of("letters")
    scene.step_taken(later, rank=30, position=3, version_id=version, on=MONDAY - DAY * 5, written=False)
    noticed = reminded(scene, consumer, late=20)
    left = scene.day()
    assert [row.stage for row in left] == ["final_demand"]
    assert noticed not in scene.seats(left[0].action_id)
    assert [row.stage for row in scene.days(5)] == ["notice14"]
    assert scene.item(noticed).notice_id is not None


def test_an_unknown_kind_counts_as_a_consumer(scene: Scene, consumer: int):
    unknown = scene.customer(kind="unknown")
    reminded(scene, unknown, late=20)
    along = reminded(scene, unknown, late=8)
    scene.day()
    assert scene.item(along).notice_id is not None
    assert scene.why(along).is_natural


@pytest.mark.parametrize("workflow", ["letters", "consument"])
def test_law_looks_at_the_customer_and_never_at_the_workflows_name(
    scene: Scene, consumer: int, workflow: str
):
    if workflow != "letters":
        scene.workflow(workflow, LETTERS, default=True)
    business = scene.customer(kind="business")
    reminded(scene, business, late=20)
    other = reminded(scene, business, late=8)
    scene.day()
    assert scene.item(other).notice_id is None  # a business needs none: each item at its own step
    assert [s.stage for s in scene.steps(other)] == ["reminder"]


def test_an_estimated_due_date_never_gets_a_14_day_letter_or_charge(scene: Scene, consumer: int):
    item = reminded(scene, consumer, late=20, due_estimated=True)
    for _ in range(35):
        scene.plan()
        scene.at(scene.today + DAY)
    assert {a.stage for a in scene.actions(consumer, kind="letter")} <= {"final_demand"}
    assert scene.actions(consumer, kind="charge") == []
    assert {s.reason for s in scene.steps(item) if s.skipped} == {"due_estimated"}


def test_a_later_notice_claims_only_the_difference(scene: Scene, consumer: int):
    reminded(scene, consumer, "200.00", late=20)
    scene.day()
    new = reminded(scene, consumer, "300.00", late=2)
    scene.days(9)
    scene.at(scene.notices(consumer)[0].last_day).days(5)
    first, second = scene.notices(consumer)
    assert (first.fee, second.principal, second.fee) == (
        Decimal(40),
        Decimal(300),
        Decimal(35),
    )  # 75 over 500
    assert scene.item(new).notice_id == second.id


def test_a_difference_is_never_below_nothing(scene: Scene, consumer: int):
    reminded(scene, consumer, "50.00", late=20)
    scene.day()
    reminded(scene, consumer, "50.00", late=2)
    scene.days(9)
    scene.at(scene.notices(consumer)[0].last_day).days(5)
    assert [n.fee for n in scene.notices(consumer)] == [Decimal(40), Decimal(0)]


def test_a_principal_paid_in_time_does_not_count_for_a_later_notice(scene: Scene, consumer: int):
    first = reminded(scene, consumer, "2000.00", late=20)
    scene.day()
    scene.pay(first, "2000.00", on=MONDAY + DAY * 5)
    reminded(scene, consumer, "300.00", late=2)
    scene.days(4)
    scene.at(scene.notices(consumer)[0].last_day).days(5)
    assert [n.fee for n in scene.notices(consumer)] == [Decimal(300), Decimal(0)]


def test_no_later_notice_leaves_while_an_earlier_term_runs(scene: Scene, consumer: int):
    reminded(scene, consumer, late=20)
    scene.day()
    (first,) = scene.notices(consumer)
    new = reminded(scene, consumer, late=19)
    scene.at(MONDAY + DAY * 4)
    assert (scene.why(new).verdict, scene.why(new).reason) == ("waiting", "earlier_term_runs")
    left = scene.days(first.last_day + DAY * 3)
    second = scene.notices(consumer)[1]
    assert second.sent_on > first.last_day
    assert [row.stage for row in left].count("notice14") == 1


def test_the_term_does_not_run_before_somebody_says_it_was_posted(scene: Scene, consumer: int):
    item = reminded(scene, consumer, late=20)
    scene.day(post=False)
    (notice,) = scene.notices(consumer)
    assert (notice.state, notice.posted_on, notice.last_day) == ("pending", None, None)
    assert (scene.why(item).verdict, scene.why(item).reason) == ("waiting", "notice_not_posted")
    scene.at(MONDAY + DAY * 3)
    scene.post(MONDAY + DAY)
    (notice,) = scene.notices(consumer)
    assert (notice.state, notice.posted_on) == ("running", MONDAY + DAY)


@pytest.mark.parametrize(
    ("posted", "delivered", "last_day"),
    [
        ("2026-11-02", "2026-11-04", "2026-11-18"),
        ("2026-11-05", "2026-11-07", "2026-11-23"),
        ("2026-11-06", "2026-11-10", "2026-11-24"),
        ("2026-11-07", "2026-11-11", "2026-11-25"),
        ("2026-04-02", "2026-04-07", "2026-04-21"),
        ("2026-12-23", "2026-12-29", "2027-01-12"),
        ("2026-04-24", "2026-04-28", "2026-05-12"),
        ("2026-12-31", "2027-01-05", "2027-01-19"),
    ],
)
def test_delivery_is_presumed_on_the_second_day_and_the_term_has_fourteen_full_days(
    scene: Scene, posted: str, delivered: str, last_day: str
):
    found = scene.one(
        "select tegoed.presumed_delivery(:c, :p)", c=scene.company, p=dt.date.fromisoformat(posted)
    )
    assert found == dt.date.fromisoformat(delivered)
    end = scene.one("select tegoed.notice_last_day(:c, :d)", c=scene.company, d=found)
    assert end == dt.date.fromisoformat(last_day)


@pytest.mark.parametrize(
    ("principal", "fee"),
    [
        ("0", "0"), ("0.01", "40"), ("266.67", "40"), ("266.70", "40.01"), ("500", "75"), ("2500", "375"),
        ("3750", "500"), ("7500", "750"), ("10000", "875"), ("25000", "1025"), ("200000", "2775"),
        ("500000", "4275"), ("1000000", "6775"), ("1500000", "6775"),
    ],
)  # fmt: skip
def test_the_fee_is_that_of_the_decree(scene: Scene, principal: str, fee: str):
    assert scene.one("select tegoed.wik_fee(:p)", p=Decimal(principal)) == Decimal(fee)


def test_not_posted_voids_the_notice_and_undoes_the_step(scene: Scene, consumer: int):
    item = reminded(scene, consumer, late=20)
    (left,) = scene.day(post=False)
    scene.run("select tegoed.not_posted(:a)", a=left.action_id)
    (notice,) = scene.notices(consumer)
    assert (notice.state, scene.item(item).notice_id) == ("void", None)
    assert [s.stage for s in scene.steps(item)] == ["reminder"]
    again = scene.days(2)
    assert [row.stage for row in again] == ["notice14"]


def test_a_bounce_or_returned_post_voids_undoes_and_cancels_the_charge(scene: Scene, consumer: int):
    item = reminded(scene, consumer, late=20)
    scene.day()
    (notice,) = scene.notices(consumer)
    scene.at(notice.last_day + DAY)
    scene.plan(notice.last_day + DAY * 3)
    (charge,) = scene.actions(consumer, kind="charge")
    scene.run("select tegoed.void_notice(:n, 'returned')", n=notice.id)
    (charge,) = scene.actions(consumer, kind="charge")
    assert (charge.state, charge.cancel_reason) == ("cancelled", "notice_void")
    assert [s.stage for s in scene.steps(item)] == ["reminder"]


def test_a_void_notice_does_not_count_towards_the_fee_of_the_next(scene: Scene, consumer: int):
    reminded(scene, consumer, "100.00", late=20)
    (left,) = scene.day(post=False)
    scene.run("select tegoed.not_posted(:a)", a=left.action_id)
    scene.days(2)
    assert [(n.state, n.fee) for n in scene.notices(consumer)] == [
        ("void", Decimal(40)),
        ("running", Decimal(40)),
    ]


def test_credits_lower_the_base_of_the_fee(scene: Scene, consumer: int):
    reminded(scene, consumer, "1000.00", late=20)
    scene.invoice(consumer, "-400.00", late=3)
    scene.day()
    (notice,) = scene.notices(consumer)
    assert (notice.principal, notice.fee) == (Decimal(600), Decimal(90))


def test_a_part_in_dispute_is_not_in_the_notice_and_gets_a_further_one_when_the_dispute_ends(
    scene: Scene, consumer: int
):
    item = reminded(scene, consumer, "400.00", late=20)
    (hold,) = scene.hold(consumer, item, amount=Decimal("200.00"), cause="dispute")
    scene.day()
    (first,) = scene.notices(consumer)
    assert (first.principal, first.fee) == (Decimal(200), Decimal(40))
    scene.at(first.last_day + DAY * 5).run("select tegoed.release_hold(:h)", h=hold)
    assert [(row.stage, row.amount) for row in scene.days(5)] == [
        ("notice14", Decimal(440))
    ]  # and 40 of costs
    second = scene.notices(consumer)[1]
    assert (second.principal, second.fee) == (Decimal(400), Decimal(20))  # 60 over 400, 40 claimed already
    left = scene.days(second.last_day + DAY * 5)
    assert [row.stage for row in left] == ["final_demand"]
    assert left[0].contact_on > second.last_day
