"""What waits, what left and what went wrong; and the stored bytes."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import cast

from sqlalchemy import text
from sqlalchemy.orm import Session

from app.errors import NotFound
from app.services.correspondence.rows import TemplateName


@dataclass(frozen=True, slots=True)
class OutboxRow:
    """One action with a delivery: what, for whom, in which state, and when it may leave."""

    action_id: int
    company: str
    customer: str
    customer_name: str
    kind: str
    stage: str | None
    state: str
    delivery_state: str | None
    amount: Decimal
    currency: str
    not_before: dt.datetime | None
    attempted_at: dt.datetime | None
    approval_required: bool
    error: str | None
    reason: str | None


_OUTBOX = """
    select a.id, c.code, cu.number, cu.name, a.kind, a.stage, a.state, d.state, a.amount, a.currency,
           d.not_before, d.attempted_at, a.approval_required, d.error, a.cancel_reason
    from tegoed.action a
    join tegoed.company c on c.id = a.company_id
    join tegoed.customer cu on cu.id = a.customer_id
    left join lateral (
        select * from tegoed.delivery x where x.action_id = a.id order by x.is_primary desc, x.id limit 1
    ) d on true
    where a.company_id = any (:companies) and a.kind in ('email', 'letter')
      and case :what when 'waiting' then a.state in ('planned', 'awaiting_approval', 'approved')
          when 'approval' then a.state = 'awaiting_approval'
          when 'trouble' then d.state in ('failed', 'uncertain')
          when 'unposted' then d.channel = 'letter' and d.state = 'done' and d.posted_on is null
          else d.state = 'done' end
    order by a.id limit :limit
"""


def outbox(session: Session, companies: Sequence[int], *, what: str, limit: int = 200) -> list[OutboxRow]:
    """Communications that are `waiting`, need `approval`, are in `trouble`, `unposted` or have `left`."""
    rows = session.execute(text(_OUTBOX), {"companies": list(companies), "what": what, "limit": limit})
    return [OutboxRow(*row) for row in rows]


def queues_served(session: Session, companies: Sequence[int]) -> list[int]:
    """The print queues this station can serve: every folder queue of these companies."""
    return list(
        session.execute(
            text("select id from tegoed.print_queue where company_id = any (:c) and transport = 'folder'"),
            {"c": list(companies)},
        ).scalars()
    )


def texts_of(session: Session, deliveries: Sequence[int]) -> dict[int, tuple[TemplateName, str]]:
    """Template and language of deliveries, to tell whether their text has changed since."""
    rows = session.execute(
        text(
            "select d.id, a.template, cu.language from tegoed.delivery d join tegoed.action a on a.id = d.action_id"
            " join tegoed.customer cu on cu.id = a.customer_id where d.id = any (:ids) and a.template is not null"
        ),
        {"ids": list(deliveries)},
    )
    return {int(row[0]): (cast("TemplateName", row[1]), str(row[2])) for row in rows}


def document(session: Session, document_id: int) -> bytes:
    """The bytes of a stored document; `NotFound` when it may not be seen."""
    chunks = session.execute(
        text("select content from tegoed.document_chunk where document_id = :id order by no"),
        {"id": document_id},
    ).scalars()
    content = b"".join(bytes(each) for each in chunks)
    if not content:
        raise NotFound("There is no such document.", code="document.unknown")
    return content


@dataclass(frozen=True, slots=True)
class LeftRow:
    """One delivery that left: where its bytes are, and of whom."""

    delivery_id: int
    action_id: int
    company: str
    customer: str
    channel: str
    stage: str | None
    amount: Decimal
    document_id: int | None
    state: str


def left_on(session: Session, companies: Sequence[int], day: dt.date) -> list[LeftRow]:
    """Everything that left, or may have left, on a business day, in this run or earlier."""
    rows = session.execute(
        text(
            "select d.id, a.id, c.code, cu.number, d.channel, a.stage, a.amount, d.document_id, d.state"
            " from tegoed.delivery d join tegoed.action a on a.id = d.action_id"
            " join tegoed.company c on c.id = d.company_id join tegoed.customer cu on cu.id = d.customer_id"
            " where d.company_id = any (:c) and d.contact_on = :day"
            " and d.state in ('done', 'sending', 'uncertain')"
            " order by c.code, d.channel, d.id"
        ),
        {"c": list(companies), "day": day},
    )
    return [LeftRow(*row) for row in rows]


def rendered(session: Session, action_id: int) -> list[tuple[str, int]]:
    """Channel and document of each delivery of an action that has been rendered."""
    rows = session.execute(
        text(
            "select channel, document_id from tegoed.delivery where action_id = :a and document_id is not null"
        ),
        {"a": action_id},
    )
    return [(str(row[0]), int(row[1])) for row in rows]


def posting_doubts(session: Session, actions: Sequence[int]) -> dict[int, str]:
    """Printed letters of which an item was paid, held or changed since: the action and what happened."""
    rows = session.execute(text("select * from tegoed.posting_doubts(:a)"), {"a": list(actions)})
    return {int(row[0]): str(row[1]) for row in rows}


def overdue_items(session: Session, customer_id: int) -> list[int]:
    """The customer's overdue invoices in the currency of the oldest."""
    rows = session.execute(
        text(
            "select oi.id from tegoed.open_item oi where oi.customer_id = :c and oi.kind = 'invoice'"
            " and oi.outstanding > 0 and oi.due_date < tegoed.today_of(oi.company_id)"
            " and oi.currency = (select x.currency from tegoed.open_item x where x.customer_id = :c"
            "   and x.kind = 'invoice' and x.outstanding > 0 order by x.due_date limit 1) order by oi.due_date"
        ),
        {"c": customer_id},
    )
    return list(rows.scalars())


def rendered_sha(session: Session, action_id: int) -> str | None:
    """The check value over the bytes an action would send; None when nothing is rendered."""
    return session.execute(text("select tegoed.rendered_sha(:a)"), {"a": action_id}).scalar_one()
