"""What people write themselves."""

import pytest

from app.adapters.database.translation import translated
from app.errors import Invalid, NotAllowed
from app.services.correspondence import commands
from tests.db.kit import DAY


@pytest.fixture
def owing(scene):
    scene.settings(four_eyes=False)
    customer = scene.customer()
    return customer, scene.invoice(customer, 100, late=5)


def write(scene, customer, items, stage="demand", **more):
    return commands.write_by_hand(
        scene.session, customer, stage=stage, kind="email", items=list(items), **more
    )


def leave(scene):
    scene.render()
    scene.send()


def test_an_item_below_the_text_advances_to_it(scene, owing):
    customer, item = owing
    write(scene, customer, [item])
    leave(scene)
    assert [each.stage for each in scene.steps(item)] == ["demand"]
    assert scene.item(item).rank_done == 20
    assert scene.why(item).stage == "notice14"


def test_its_planned_written_step_is_dropped(scene, owing):
    customer, item = owing
    scene.plan()
    planned = scene.actions(customer)[0]
    by_hand = write(scene, customer, [item])
    assert scene.actions(id=planned.id)[0].cancel_reason == "by_hand"
    leave(scene)
    assert [each.action_id for each in scene.left()] == [by_hand]


def test_other_items_of_the_planned_step_stay(scene, owing):
    customer, item = owing
    other = scene.invoice(customer, 50, late=5)
    scene.plan()
    planned = scene.actions(customer)[0].id
    write(scene, customer, [item])
    assert set(scene.seats(planned)) == {other}


def test_an_item_past_the_text_only_restarts_its_interval(scene, owing):
    customer, item = owing
    scene.day()
    scene.days(9)
    assert scene.item(item).rank_done == 20
    write(scene, customer, [item], stage="reminder")
    leave(scene)
    found = scene.item(item)
    assert (found.rank_done, found.position_done, found.last_step_on) == (20, 2, scene.today)
    assert scene.why(item).stage == "notice14"


def test_what_does_not_count_leaves_the_item_where_it_was(scene, owing):
    customer, item = owing
    scene.plan()
    write(scene, customer, [item], counts=False)
    leave(scene)
    assert [each.stage for each in scene.steps(item) if each.stage == "demand"] == []
    assert len(scene.actions(customer, state="cancelled")) == 0, "the planned step was not dropped"


def test_four_eyes_bind_what_is_written_by_hand(scene, owing):
    customer, item = owing
    scene.settings(four_eyes=True)
    action = write(scene, customer, [item])
    scene.render()
    assert scene.actions(id=action)[0].state == "awaiting_approval"
    with pytest.raises(NotAllowed, match="yourself"), translated(), scene.session.begin_nested():
        commands.approve(scene.session, action)
    scene.run("update tegoed.action set author = 'somebody_else' where id = :a", a=action)
    scene.approve(action)
    scene.send()
    assert [each.action_id for each in scene.left()] == [action]


def test_by_hand_leaves_in_the_gap_and_on_stale_data(scene, owing):
    customer, item = owing
    scene.day()
    scene.at(scene.today + DAY, fresh=False)
    scene.settings(data_as_of=scene.today - DAY * 30)
    action = write(scene, customer, [item], stage="reminder")
    leave(scene)
    assert [each.action_id for each in scene.left()] == [action]


def test_by_hand_stops_for_paid_and_held_items_too(scene, owing):
    customer, item = owing
    write(scene, customer, [item])
    scene.pay(item, 100)
    leave(scene)
    assert scene.left() == []
    assert scene.actions(customer)[0].cancel_reason == "paid"


@pytest.mark.parametrize("wrong", ["paid", "of another", "in another currency"])
def test_only_open_items_of_one_customer_in_one_currency(scene, owing, wrong):
    customer, item = owing
    if wrong == "paid":
        scene.pay(item, 100)
        items = [item]
    elif wrong == "of another":
        items = [item, scene.invoice(scene.customer(), 10, late=5)]
    else:
        items = [item, scene.invoice(customer, 10, late=5, currency="USD")]
    with pytest.raises(Invalid), translated(), scene.session.begin_nested():
        write(scene, customer, items)
