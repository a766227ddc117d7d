import pytest

from app.domain.stages import RANKS, Stage, check_own_ranks, highest, rank_of
from app.errors import Invalid


def test_the_order_of_dunning():
    assert sorted(RANKS, key=rank_of) == [
        "reminder",
        "demand",
        "notice14",
        "final_demand",
        "default_notice",
        "hand_over",
    ]
    assert [stage.value for stage in Stage] == [10, 20, 30, 40, 50, 60]
    assert Stage.REMINDER < Stage.DEMAND < Stage.NOTICE14


def test_the_highest_stage_sets_the_text():
    assert highest(["reminder", "final_demand", "notice14"]) == "final_demand"
    assert highest([]) is None


def test_own_stages_stand_between_the_shipped_ones():
    own = {"second_reminder": 15}
    check_own_ranks(own)
    assert highest(["reminder", "second_reminder"], own) == "second_reminder"
    assert highest(["demand", "second_reminder"], own) == "demand"


@pytest.mark.parametrize("own", [{"reminder": 70}, {"x": 10}, {"x": 0}, {"x": 15, "y": 15}])
def test_own_stages_cannot_blur_the_order(own):
    with pytest.raises(Invalid):
        check_own_ranks(own)


def test_an_unknown_stage_is_refused():
    with pytest.raises(Invalid) as caught:
        rank_of("call")
    assert caught.value.code == "unknown_stage"
