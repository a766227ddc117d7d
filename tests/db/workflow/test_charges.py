"""Costs become an open item only after the term, on data that cover it, once a notice."""

import datetime as dt
from decimal import Decimal

import pytest

from tests.db.kit import DAY, Scene, step

LETTERS = (
    step("email", 5, "reminder"),
    step("letter", 10, "notice14"),
    step("charge", 1, after="notice_term"),
    step("letter", 7, "final_demand", after="previous_step"),
)


@pytest.fixture
def consumer(scene: Scene) -> int:
    scene.workflow("letters", LETTERS, default=True, contact_gap=3)
    return scene.customer(kind="consumer")


def noticed(scene: Scene, customer: int, *amounts: str) -> tuple[list[int], dt.date]:
    """Items in a 14-day letter that was posted; the items and the last day of its term."""
    items = [scene.invoice(customer, amount, late=5) for amount in amounts]
    scene.day()
    scene.at(scene.today + DAY * 7)
    scene.day()
    return items, scene.notices(customer)[-1].last_day


def days_after(scene: Scene, last: dt.date, count: int) -> None:
    """The days after a term; those within it, in which nothing can happen, are passed over."""
    scene.at(last).days(count)


def test_a_charge_waits_for_the_term_and_for_data_that_cover_its_last_day(scene: Scene, consumer: int):
    (item,), last = noticed(scene, consumer, "100.00")
    scene.at(last).settings(data_as_of=last)
    scene.plan()
    assert scene.actions(consumer, kind="charge") == []
    for late in range(1, 5):
        scene.at(last + DAY * late, fresh=False).plan()
        assert scene.actions(consumer, kind="charge") == []
    assert scene.why(item).reason == "data_not_covering"
    scene.settings(data_as_of=last + DAY)
    scene.plan()
    assert set(scene.charge().values()) == {"posted"}
    (cost,) = scene.costs(consumer)
    assert (cost.original_amount, cost.outstanding) == (Decimal(40), Decimal(40))


def test_a_charge_is_posted_once_a_notice(scene: Scene, consumer: int):
    _, last = noticed(scene, consumer, "100.00", "400.00")
    days_after(scene, last, 12)
    assert [cost.original_amount for cost in scene.costs(consumer)] == [Decimal(75)]


def test_part_paid_in_the_term_lowers_the_fee(scene: Scene, consumer: int):
    (item,), last = noticed(scene, consumer, "1000.00")
    scene.pay(item, "400.00", on=last)
    days_after(scene, last, 4)
    assert [cost.original_amount for cost in scene.costs(consumer)] == [Decimal(90)]


def test_paid_in_the_term_no_fee(scene: Scene, consumer: int):
    (item,), last = noticed(scene, consumer, "1000.00")
    scene.pay(item, "1000.00", on=last)
    days_after(scene, last, 4)
    assert scene.costs(consumer) == []


def test_part_paid_after_credits_were_set_off_counts_from_what_the_notice_claimed(
    scene: Scene, consumer: int
):
    credit = scene.invoice(consumer, "-400.00", late=9)
    (item,), last = noticed(scene, consumer, "1000.00")
    scene.pay(item, "300.00", on=last)
    days_after(scene, last, 4)
    assert scene.item(credit).outstanding == Decimal(-400)
    assert [cost.original_amount for cost in scene.costs(consumer)] == [Decimal(45)]  # over 300


def test_a_payment_in_the_term_that_became_known_later_corrects_the_charge(scene: Scene, consumer: int):
    (item,), last = noticed(scene, consumer, "1000.00")
    days_after(scene, last, 4)
    assert scene.costs(consumer)[0].outstanding == Decimal(150)
    scene.pay(item, "600.00", on=last)
    scene.run("select tegoed.correct_charges(array[cast(:i as bigint)])", i=item)
    assert scene.costs(consumer)[0].outstanding == Decimal(60)
    scene.run("select tegoed.correct_charges(array[cast(:i as bigint)])", i=item)
    assert scene.costs(consumer)[0].outstanding == Decimal(60)


def test_costs_that_were_paid_and_turn_out_undue_become_a_credit(scene: Scene, consumer: int):
    (item,), last = noticed(scene, consumer, "1000.00")
    days_after(scene, last, 4)
    (cost,) = scene.costs(consumer)
    scene.pay(cost.id, "150.00")
    scene.pay(item, "1000.00", on=last)
    scene.run("select tegoed.correct_charges(array[cast(:i as bigint)])", i=item)
    assert scene.costs(consumer)[0].outstanding == Decimal(-150)


def test_a_payment_after_the_term_leaves_the_charge(scene: Scene, consumer: int):
    (item,), last = noticed(scene, consumer, "1000.00")
    days_after(scene, last, 4)
    scene.pay(item, "1000.00", on=last + DAY)
    scene.run("select tegoed.correct_charges(array[cast(:i as bigint)])", i=item)
    assert scene.costs(consumer)[0].outstanding == Decimal(150)


def test_a_void_notice_takes_its_charge_back(scene: Scene, consumer: int):
    _, last = noticed(scene, consumer, "1000.00")
    days_after(scene, last, 4)
    (notice,) = scene.notices(consumer)
    scene.run("select tegoed.void_notice(:n, 'returned')", n=notice.id)
    assert scene.costs(consumer)[0].outstanding == Decimal(0)


def test_costs_have_no_steps_and_are_never_a_base_of_costs(scene: Scene, consumer: int):
    _, last = noticed(scene, consumer, "1000.00")
    days_after(scene, last, 15)
    (cost,) = scene.costs(consumer)
    assert scene.steps(cost.id) == []
    assert scene.why(cost.id).verdict in {"cost", "in_action"}
    (demand,) = [row for row in scene.actions(consumer) if row.stage == "final_demand"]
    assert demand.amount == Decimal(1150)
    assert scene.seats(demand.id)[cost.id].role == "cost"


def test_a_disputed_item_is_not_in_the_base_of_the_charge(scene: Scene, consumer: int):
    (_, disputed), last = noticed(scene, consumer, "500.00", "500.00")
    scene.hold(consumer, disputed, cause="dispute")
    days_after(scene, last, 4)
    assert [cost.original_amount for cost in scene.costs(consumer)] == [Decimal(75)]


def test_two_notices_whose_terms_are_over_are_charged_on_one_day_one_item_each(scene: Scene, consumer: int):
    noticed(scene, consumer, "1000.00")
    scene.settings(data_as_of=scene.today)
    later = scene.invoice(consumer, "1000.00", late=9)
    for _ in range(45):  # letters leave by hand of the clock, the data stay old
        scene.at(scene.today + DAY, fresh=False)
        scene.settings(freshness_days=60)
        scene.plan()
        scene.render()
        scene.approve()
        scene.send()
        scene.post()
    assert scene.item(later).notice_id is not None
    assert scene.costs(consumer) == []
    scene.day(scene.today + DAY)
    assert [cost.original_amount for cost in scene.costs(consumer)] == [Decimal(150), Decimal(150)]


def test_a_natural_person_without_a_notice_is_never_charged(scene: Scene):
    steps = (step("email", 5, "reminder"), step("charge", 10), step("email", 20, "demand"))
    scene.workflow("bold", steps, default=True)
    consumer = scene.customer(kind="unknown")
    scene.invoice(consumer, late=5)
    scene.days(20)
    assert scene.costs(consumer) == []


def test_a_business_is_charged_without_a_notice(scene: Scene):
    scene.workflow("trade", (step("email", 5, "reminder"), step("charge", 10)), default=True)
    business = scene.customer(kind="business")
    scene.invoice(business, "500.00", late=5)
    scene.days(10)
    assert [cost.original_amount for cost in scene.costs(business)] == [Decimal(75)]


def test_vat_on_costs_only_where_the_company_says_so(scene: Scene, consumer: int):
    scene.settings(charge_vat=True)
    _, last = noticed(scene, consumer, "500.00")
    days_after(scene, last, 4)
    assert [cost.original_amount for cost in scene.costs(consumer)] == [Decimal("90.75")]
    (notice,) = scene.notices(consumer)
    assert (notice.fee, notice.vat) == (Decimal(75), Decimal("15.75"))


def test_a_skipped_14_day_letter_also_skips_its_charge(scene: Scene, consumer: int):
    item = scene.invoice(consumer, "500.00", late=5)
    scene.day()
    scene.at(scene.today + DAY * 7).plan()
    (letter,) = scene.actions(consumer, kind="letter")
    scene.run("select tegoed.recall_action(:a, 'skip')", a=letter.id)
    scene.days(40)
    assert scene.costs(consumer) == []
    assert scene.item(item).notice_skipped
    assert [(s.stage, s.skipped) for s in scene.steps(item)] == [
        ("reminder", False), ("notice14", True), (None, True), ("final_demand", False),
    ]  # fmt: skip
