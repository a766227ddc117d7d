"""What a command changed: topics and customers, for every open view to re-read."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any


class Topic(StrEnum):
    """What a view can be about."""

    COMPANIES = "companies"
    ACTIONS = "actions"
    OUTBOX = "outbox"
    HOLDS = "holds"
    LEDGER = "ledger"


@dataclass(frozen=True, slots=True)
class Changes:
    """The topics a command touched, the customer it was about, and what it has to say."""

    topics: frozenset[Topic]
    customer: int | None = None
    result: dict[str, Any] = field(default_factory=dict[str, Any])


def changed(*topics: Topic, customer: int | None = None, **result: object) -> Changes:
    """A `Changes` of these topics."""
    return Changes(frozenset(topics), customer, dict(result))
