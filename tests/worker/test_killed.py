"""A worker that is killed, at every point and at any moment: nothing twice, nothing lost, doubts shown."""

import random

import pytest

POINTS_OF_RENDERING = ("renders claimed", "rendered, not stored", "rendering stored")


@pytest.mark.parametrize("kind", ["email", "letter"])
@pytest.mark.parametrize(
    ("point", "uncertain", "there"),
    [
        ("renders claimed", 0, 0),
        ("rendered, not stored", 0, 0),
        ("rendering stored", 0, 0),
        ("claimed", 0, 0),
        ("begun", 1, 0),
        ("file half there", 1, 0),
        ("file there", 1, 1),
        ("recorded", 0, 1),
        ("marker half written", 0, 1),
    ],
)
def test_killed_at(make_house, settled, kind, point, uncertain, there):
    house = make_house(3, kind)
    assert house.finish(house.job(point=point)) == -9
    house.account()
    house.leases_run_out()
    assert house.states()["uncertain"] == uncertain
    assert len(house.files()) == there
    assert house.work().sent.get("sent", 0) == 3 - there - uncertain + (1 if there and uncertain else 0), (
        "a worker goes on with the others by itself"
    )
    house.account()
    settled(house, 3)


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["email", "letter"])
def test_killed_at_any_moment(make_house, settled, kind):
    customers, kills = 250, 150
    house = make_house(customers, kind)
    moments = random.Random(f"moments {kind}")  # noqa: S311  (play, not secrets)
    answers = 0
    for number in range(kills):
        process = house.start(house.job(plans=number % 10 == 0))
        process.join(moments.uniform(0.02, 0.22))
        process.kill()
        process.join()
        if number % 10 == 9:
            house.leases_run_out()
            house.account()
            answers += house.answer_by_looking().total()
    settled(house, customers)
    assert len(house.rows("select id from tegoed.event where kind = 'delivery.answered'")) >= answers
