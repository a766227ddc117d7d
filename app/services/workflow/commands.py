"""Planning and holds."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from sqlalchemy import text
from sqlalchemy.orm import Session

from app.services.changes import Changes, Topic, changed


def plan(session: Session, company_id: int, on: dt.date, *, once: bool = False) -> dict[str, Any]:
    """Plan a company for a business date; with `once` nothing when that date was planned already.

    Returns counts of actions, items, joined items, skipped steps and follow-ups.
    """
    return session.execute(
        text("select tegoed.plan_company(:c, :on, :once)"), {"c": company_id, "on": on, "once": once}
    ).scalar_one()


def place_hold(
    session: Session,
    customer_id: int,
    *,
    items: Sequence[int] | None = None,
    amount: Decimal | None = None,
    stops: Sequence[str] = ("all",),
    cause: str = "manual",
    until: dt.date | None = None,
    reason: str = "",
) -> Changes:
    """Silence a customer, items, or a part of one item; what waits for them is looked at again at once."""
    holds = session.execute(
        text("select tegoed.place_hold(:c, :items, :amount, :stops, :cause, null, :until, :reason)"),
        {
            "c": customer_id,
            "items": None if items is None else list(items),
            "amount": amount,
            "stops": list(stops),
            "cause": cause,
            "until": until,
            "reason": reason,
        },
    ).scalar_one()
    return changed(Topic.HOLDS, Topic.ACTIONS, customer=customer_id, holds=list(holds))


def release_hold(session: Session, hold_id: int) -> Changes:
    """End a hold now; its customer is planned again, due from the next working day."""
    session.execute(text("select tegoed.release_hold(:h)"), {"h": hold_id})
    return changed(Topic.HOLDS, Topic.ACTIONS)
