"""Why: what comes next for an item or a customer, when, and what stands in its way."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from sqlalchemy import text
from sqlalchemy.orm import Session

from app.errors import NotFound


@dataclass(frozen=True, slots=True)
class ItemWhy:
    """One open item: its next step, date and verdict, and what silences it.

    `verdict` and `reason` are codes of `tegoed.step_schedule`; `at_earliest` is the first day on which the
    step can really be taken, `communication_on` the customer's next communication.
    """

    item_id: int
    document_number: str
    kind: str
    currency: str
    outstanding: Decimal
    unheld: Decimal
    due_date: dt.date
    stage_done: str | None
    last_step_on: dt.date | None
    step_kind: str | None
    stage: str | None
    own_on: dt.date | None
    verdict: str
    reason: str | None
    held_until: dt.date | None
    communication_on: dt.date | None
    at_earliest: dt.date | None
    action_id: int | None
    workflow: str | None
    workflow_from: str | None
    rule: str | None


@dataclass(frozen=True, slots=True)
class HoldRow:
    """A hold that counts today."""

    id: int
    document_number: str | None
    amount: Decimal | None
    stops: list[str]
    cause: str
    starts: dt.date
    until: dt.date | None
    reason: str
    placed_by: str


@dataclass(frozen=True, slots=True)
class ActionRow:
    """An action of a customer that is not ended, with what made it."""

    id: int
    kind: str
    stage: str | None
    state: str
    delivery_state: str | None
    amount: Decimal
    currency: str
    due_on: dt.date
    cause: str | None
    explanation: dict[str, Any]


@dataclass(frozen=True, slots=True)
class CustomerWhy:
    """Everything that says why something comes for a customer, or nothing."""

    customer_id: int
    company: str
    number: str
    name: str
    kind: str
    on: dt.date
    items: list[ItemWhy]
    holds: list[HoldRow]
    actions: list[ActionRow]


_ITEMS = "select * from tegoed.why_items(:customer, :on, :item)"
_HOLDS = """
    select h.id, oi.document_number, h.amount, h.stops, h.cause, h.starts, h.until, h.reason, h.placed_by
    from tegoed.active_hold(:on) h left join tegoed.open_item oi on oi.id = h.open_item_id
    where h.customer_id = :customer
      and (cast(:item as bigint) is null or coalesce(h.open_item_id, :item) = :item)
    order by h.id
"""
_ACTIONS = """
    select a.id, a.kind, a.stage, a.state, d.state, a.amount, a.currency, a.due_on, a.cause, a.explanation
    from tegoed.action a
    left join tegoed.delivery d on d.action_id = a.id and d.is_primary
    where a.customer_id = :customer
      and (a.state in ('planned', 'awaiting_approval', 'approved', 'sending')
           or d.state in ('failed', 'uncertain'))
      and (cast(:item as bigint) is null or exists (
          select from tegoed.action_item ai where ai.action_id = a.id and ai.open_item_id = :item))
    order by a.class, a.score desc, a.id
"""


def why(session: Session, customer_id: int, *, on: dt.date, item_id: int | None = None) -> CustomerWhy:
    """The schedule of one customer (or one item of it) on a business date, with holds and open actions."""
    head = session.execute(
        text(
            "select cu.company_id, c.code, cu.number, cu.name, cu.kind from tegoed.customer cu"
            " join tegoed.company c on c.id = cu.company_id where cu.id = :customer"
        ),
        {"customer": customer_id},
    ).first()
    if head is None:
        raise NotFound("There is no such customer, or you may not see it.", code="customer.unknown")
    asked = {"company": head[0], "customer": customer_id, "on": on, "item": item_id}
    return CustomerWhy(
        customer_id=customer_id,
        company=head[1],
        number=head[2],
        name=head[3],
        kind=head[4],
        on=on,
        items=[ItemWhy(*row) for row in session.execute(text(_ITEMS), asked)],
        holds=[HoldRow(*row) for row in session.execute(text(_HOLDS), asked)],
        actions=[ActionRow(*row) for row in session.execute(text(_ACTIONS), asked)],
    )


@dataclass(frozen=True, slots=True)
class Found:
    """What a number typed by a person stands for: a customer, or one item of it."""

    company_id: int
    customer_id: int
    item_id: int | None
    label: str


_FIND = """
    select cu.company_id, cu.id, null::bigint, format('%s: customer %s, %s', c.code, cu.number, cu.name)
    from tegoed.customer cu join tegoed.company c on c.id = cu.company_id
    where cu.number = :what and (cast(:company as text) is null or upper(c.code) = upper(:company))
    union all
    select oi.company_id, oi.customer_id, oi.id,
           format('%s: item %s of customer %s', c.code, oi.document_number, cu.number)
    from tegoed.open_item oi join tegoed.company c on c.id = oi.company_id
    join tegoed.customer cu on cu.id = oi.customer_id
    where oi.document_number = :what and (cast(:company as text) is null or upper(c.code) = upper(:company))
    limit 50
"""


def find(session: Session, what: str, *, company: str | None = None) -> list[Found]:
    """Customers and items with this number, in the companies this login may see."""
    return [Found(*row) for row in session.execute(text(_FIND), {"what": what, "company": company})]
