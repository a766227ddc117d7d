"""The stages of dunning and their rank: what is higher is never followed by what is lower."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from enum import IntEnum

from app.errors import Invalid


class Stage(IntEnum):
    """A ranked stage; its value is its rank, with room between for a company's own stages."""

    REMINDER = 10
    DEMAND = 20
    NOTICE14 = 30
    FINAL_DEMAND = 40
    DEFAULT_NOTICE = 50
    HAND_OVER = 60

    @property
    def code(self) -> str:
        """The name by which the stage is stored: `reminder`, `notice14`, ..."""
        return self.name.lower()


RANKS: Mapping[str, int] = {stage.code: stage.value for stage in Stage}


def rank_of(code: str, own_ranks: Mapping[str, int] | None = None) -> int:
    """The rank of a shipped stage or of a company's own; `Invalid` for an unknown stage."""
    rank = RANKS.get(code, (own_ranks or {}).get(code))
    if rank is None:
        raise Invalid("stage", "There is no such stage.", code="unknown_stage", stage=code)
    return rank


def check_own_ranks(own_ranks: Mapping[str, int]) -> None:
    """Refuse, with `Invalid`, own stages that rename a shipped one, share a rank, or have none above zero."""
    taken = set(RANKS.values())
    for code, rank in own_ranks.items():
        if code in RANKS:
            raise Invalid("stage", "A shipped stage keeps its rank.", code="shipped_stage", stage=code)
        if rank <= 0 or rank in taken:
            raise Invalid("rank", "Each stage has a rank of its own, above 0.", code="rank_taken", stage=code)
        taken.add(rank)


def highest(codes: Iterable[str], own_ranks: Mapping[str, int] | None = None) -> str | None:
    """The stage that sets the text of a letter: the highest of those of its items; None for none."""
    return max(codes, key=lambda code: rank_of(code, own_ranks), default=None)
