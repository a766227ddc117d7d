"""Rendering, sending and what people decide about it: each a call of the engine's function of that name."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.orm import Session

from app.services.changes import Changes, Topic, changed


@dataclass(frozen=True, slots=True)
class RenderJob:
    """An action to render under a lease, the facts to render from, and its deliveries."""

    action_id: int
    token: UUID
    facts: dict[str, Any]
    deliveries: list[dict[str, Any]]


@dataclass(frozen=True, slots=True)
class Rendered:
    """The bytes of one delivery."""

    delivery_id: int
    message_id: str
    media_type: str
    content: bytes


@dataclass(frozen=True, slots=True)
class Claimed:
    """A delivery this station may try to send."""

    delivery_id: int
    token: UUID
    company_id: int
    channel: str


def claim_renders(
    session: Session, companies: Sequence[int], *, limit: int, lease: dt.timedelta, now: dt.datetime | None
) -> list[RenderJob]:
    """Take actions to render; those with nothing left to say are cancelled on the way."""
    rows = session.execute(
        text("select * from tegoed.claim_renders(:companies, :limit, :lease, :now)"),
        {"companies": list(companies), "limit": limit, "lease": lease, "now": now},
    )
    return [RenderJob(*row) for row in rows]


def store_rendering(
    session: Session, job: RenderJob, *, reference: str, rendered: Sequence[Rendered], now: dt.datetime | None
) -> bool:
    """Keep what was rendered; False when the lease was lost."""
    return session.execute(
        text(
            "select tegoed.store_rendering(:action, :token, cast(:facts as jsonb), :reference, :deliveries,"
            " :message_ids, :media_types, :contents, :now)"
        ),
        {
            "action": job.action_id,
            "token": job.token,
            "facts": json.dumps(_kept(job.facts)),
            "reference": reference,
            "deliveries": [each.delivery_id for each in rendered],
            "message_ids": [each.message_id for each in rendered],
            "media_types": [each.media_type for each in rendered],
            "contents": [each.content for each in rendered],
            "now": now,
        },
    ).scalar_one()


def _kept(facts: dict[str, Any]) -> dict[str, Any]:
    """The facts as they are stored: the picture of the letterhead stays with its company."""
    return {**facts, "shown": {**facts["shown"], "logo": None}}


def claim_deliveries(
    session: Session,
    station: UUID,
    companies: Sequence[int],
    *,
    queues: Sequence[int],
    limit: int,
    lease: dt.timedelta,
    now: dt.datetime | None,
) -> list[Claimed]:
    """Take what may leave now, by mail and on the print queues this station serves."""
    rows = session.execute(
        text(
            "select delivery_id, token, company_id, channel from tegoed.claim_deliveries("
            ":station, :companies, '{email,letter}', :queues, :limit, :lease, :now)"
        ),
        {
            "station": station,
            "companies": list(companies),
            "queues": list(queues),
            "limit": limit,
            "lease": lease,
            "now": now,
        },
    )
    return [Claimed(*row) for row in rows]


def renew_lease(session: Session, claimed: Sequence[Claimed], lease: dt.timedelta) -> None:
    """Keep the leases of these deliveries alive."""
    session.execute(
        text("select tegoed.renew_lease(:ids, :tokens, :lease)"),
        {"ids": [c.delivery_id for c in claimed], "tokens": [c.token for c in claimed], "lease": lease},
    )


def begin_act(
    session: Session, claimed: Claimed, *, template_version: str | None, now: dt.datetime | None
) -> dict[str, Any]:
    """The last check; the answer's `verdict` says whether it may be sent (see the function)."""
    return session.execute(
        text("select tegoed.begin_act(:id, :token, :version, :now)"),
        {"id": claimed.delivery_id, "token": claimed.token, "version": template_version, "now": now},
    ).scalar_one()


def begin_with_bytes(
    session: Session, claimed: Claimed, *, template_version: str | None, now: dt.datetime | None
) -> tuple[dict[str, Any], bytes]:
    """`begin_act`, and in the same round trip the bytes to send when it says so."""
    row = session.execute(
        text(
            "with begun as materialized (select tegoed.begin_act(:id, :token, :version, :now) as verdict)"
            " select verdict, (select string_agg(c.content, '' order by c.no) from tegoed.document_chunk c"
            " where c.document_id = (verdict ->> 'document')::bigint) from begun"
        ),
        {"id": claimed.delivery_id, "token": claimed.token, "version": template_version, "now": now},
    ).one()
    return row[0], bytes(row[1] or b"")


def record_outcome(
    session: Session, claimed: Claimed, outcome: str, error: str | None = None
) -> dict[str, Any]:
    """Record `sent`, `retry`, `failed` or `unknown` for a delivery that was begun."""
    return session.execute(
        text("select tegoed.record_outcome(:id, :token, :outcome, :error)"),
        {"id": claimed.delivery_id, "token": claimed.token, "outcome": outcome, "error": error},
    ).scalar_one()


def tend_deliveries(session: Session, now: dt.datetime | None = None) -> dict[str, Any]:
    """Return expired claims, mark what was being sent as uncertain, render again what got too old."""
    return session.execute(text("select tegoed.tend_deliveries(:now)"), {"now": now}).scalar_one()


def register_station(session: Session, station: UUID, name: str, outcome_no: int) -> dict[str, Any]:
    """Say who sends; the answer tells whether sending is paused, and why."""
    return session.execute(
        text("select tegoed.register_station(:station, :name, :no)"),
        {"station": station, "name": name, "no": outcome_no},
    ).scalar_one()


def post_charge(session: Session, action_id: int, now: dt.datetime | None = None) -> str:
    """Post the costs of a charge action; says what became of it."""
    return session.execute(
        text("select tegoed.post_charge(:action, :now)"), {"action": action_id, "now": now}
    ).scalar_one()


def approve(session: Session, action_id: int, *, sha256: str | None = None) -> Changes:
    """Approve an action; with `sha256` only if it still is what was looked at."""
    session.execute(text("select tegoed.approve_action(:a, :sha)"), {"a": action_id, "sha": sha256})
    return changed(Topic.OUTBOX, Topic.ACTIONS)


def return_to_maker(session: Session, action_id: int, comment: str) -> Changes:
    """Send an action back with a comment; its items are held until somebody releases them."""
    session.execute(text("select tegoed.return_action(:a, :comment)"), {"a": action_id, "comment": comment})
    return changed(Topic.OUTBOX, Topic.ACTIONS, Topic.HOLDS)


def withdraw_approval(session: Session, action_id: int) -> Changes:
    """Take an approval back before it leaves."""
    session.execute(text("select tegoed.withdraw_approval(:a)"), {"a": action_id})
    return changed(Topic.OUTBOX)


def recall(session: Session, action_id: int, *, choice: str, until: dt.date | None = None) -> Changes:
    """Take back what waits: `postpone`, `skip` or `stop`."""
    session.execute(
        text("select tegoed.recall_action(:a, :choice, :until)"),
        {"a": action_id, "choice": choice, "until": until},
    )
    return changed(Topic.OUTBOX, Topic.ACTIONS, Topic.HOLDS)


def undo_skip(session: Session, action_id: int) -> Changes:
    """Undo the skip of an action's steps."""
    session.execute(text("select tegoed.undo_skip(:a)"), {"a": action_id})
    return changed(Topic.ACTIONS)


def send_now(session: Session, action_id: int) -> dt.datetime | None:
    """End the recall window; the moment it may leave (contact hours still count)."""
    return session.execute(text("select tegoed.send_now(:a)"), {"a": action_id}).scalar_one()


def answer(session: Session, action_id: int, what: str) -> dict[str, Any]:
    """Say what became of a failed or uncertain delivery: `sent`, `not_sent`, `other_channel`."""
    return session.execute(
        text("select tegoed.answer_delivery(:a, :what)"), {"a": action_id, "what": what}
    ).scalar_one()


def confirm_posted(session: Session, actions: Sequence[int], on: dt.date) -> int:
    """Letters were posted on a day; the terms of notices among them start. How many there were."""
    return session.execute(
        text("select tegoed.confirm_posted(:actions, :on)"), {"actions": list(actions), "on": on}
    ).scalar_one()


def not_posted(session: Session, action_id: int) -> Changes:
    """A printed letter did not leave: its steps and its notice are undone."""
    session.execute(text("select tegoed.not_posted(:a)"), {"a": action_id})
    return changed(Topic.OUTBOX, Topic.ACTIONS)


def write_by_hand(
    session: Session, customer_id: int, *, stage: str, kind: str, items: Sequence[int], tone: str = "neutral",
    counts: bool = True,
) -> int:  # fmt: skip
    """A communication by hand in the text of `stage`; counts as that step unless said otherwise."""
    return session.execute(
        text("select tegoed.write_by_hand(:c, :stage, :kind, :items, :stage, :tone, :counts)"),
        {
            "c": customer_id,
            "stage": stage,
            "kind": kind,
            "items": list(items),
            "tone": tone,
            "counts": counts,
        },
    ).scalar_one()


def record_call(
    session: Session, action_id: int, outcome: str, *, note: str = "", on: dt.date | None = None
) -> dict[str, Any]:
    """What a call or task ended in; places the hold and follow-up of that outcome."""
    return session.execute(
        text("select tegoed.record_call(:a, :outcome, :note, :on)"),
        {"a": action_id, "outcome": outcome, "note": note, "on": on},
    ).scalar_one()


def refuse_rendering(session: Session, job: RenderJob, reason: str) -> None:
    """The letter could not be made (an address or amount that does not fit): a person must look."""
    session.execute(
        text("select tegoed.refuse_rendering(:a, :token, :reason)"),
        {"a": job.action_id, "token": job.token, "reason": reason},
    )
