"""What a person must look at although nothing is due; each is asked once."""

from decimal import Decimal

import pytest

from tests.db.kit import DAY, MONDAY, Scene, step

LETTERS = (
    step("letter", 5, "notice14"),
    step("charge", 1, after="notice_term"),
    step("letter", 40, "final_demand"),
)


@pytest.fixture
def consumer(scene: Scene) -> int:
    scene.workflow("letters", LETTERS, default=True)
    return scene.customer(kind="consumer")


def test_a_14_day_letter_without_a_day_of_posting_is_asked_for_after_two_working_days(
    scene: Scene, consumer: int
):
    scene.invoice(consumer, late=7)
    scene.at(MONDAY + DAY * 3).day(post=False)  # a Thursday
    for day, expected in ((4, []), (5, []), (6, []), (7, ["posting_unknown"]), (8, ["posting_unknown"])):
        scene.plan(MONDAY + DAY * day)
        assert scene.follow_ups(consumer) == expected
    (asked,) = scene.actions(consumer, origin="follow_up")
    scene.run("select tegoed.record_call(:a, 'done')", a=asked.id)
    scene.plan(MONDAY + DAY * 9)
    assert scene.follow_ups(consumer) == []


def test_a_posted_letter_is_not_asked_for(scene: Scene, consumer: int):
    scene.invoice(consumer, late=7)
    scene.day()
    scene.days(4)
    assert scene.follow_ups(consumer) == []


def test_costs_that_remain_when_the_principal_is_paid_are_asked_about_once(scene: Scene, consumer: int):
    item = scene.invoice(consumer, "500.00", late=7)
    scene.step_taken(item, rank=10, stage="reminder", on=MONDAY - DAY * 7)
    scene.day()
    scene.days(scene.notices(consumer)[0].last_day + DAY * 4)
    assert [cost.outstanding for cost in scene.costs(consumer)] == [Decimal(75)]
    assert scene.follow_ups(consumer) == []
    scene.pay(item, "500.00")
    scene.plan(scene.today + DAY)
    scene.plan(scene.today + DAY)
    assert scene.follow_ups(consumer) == ["costs_remain"]


def test_a_queue_that_nobody_served_for_a_day_is_a_follow_up(scene: Scene, consumer: int):
    scene.invoice(consumer, late=7)
    scene.plan()
    scene.render()
    scene.approve()
    scene.plan()
    assert scene.follow_ups() == []
    scene.plan(MONDAY + DAY)
    scene.plan(MONDAY + DAY)
    assert scene.follow_ups() == ["queue_unserved"]
    (asked,) = scene.actions(origin="follow_up")
    assert (asked.explanation["queue"], asked.explanation["letters"]) == ("Letterhead", 1)


def test_a_letter_that_waits_for_approval_does_not_make_its_queue_unserved(scene: Scene, consumer: int):
    scene.workflow("approved", (step("letter", 5, "reminder", approval=True),), default=True)
    scene.invoice(consumer, late=7)
    scene.plan()
    scene.render()
    scene.plan(MONDAY + DAY * 2)
    assert scene.follow_ups() == []
