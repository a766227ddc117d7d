"""Sending: claim, check at the last moment, act, and say what became of it."""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Callable, Sequence
from typing import Any
from uuid import UUID

from app.adapters.database.engine import session_scope
from app.bootstrap import Desk
from app.errors import MailRefused, OutsideError, PrinterAway
from app.services.correspondence import commands, queries
from app.services.correspondence.commands import Claimed
from app.services.correspondence.texts import version
from app.worker.stations import OutcomeMarker

BATCH = 50
LEASE = dt.timedelta(minutes=2)

Counts = dict[str, int]


def send_waiting(
    desk: Desk, station: UUID, companies: Sequence[int], *, now: dt.datetime | None,
    stop: Callable[[], bool] = lambda: False,
) -> Counts:  # fmt: skip
    """Send all that may leave now. Counts verdicts and outcomes by name."""
    counts: Counts = {}
    marker = OutcomeMarker(desk.config.settings / "outcomes.json", desk.marker_key)
    while not stop():
        with session_scope(desk.sessions) as session:
            claimed = commands.claim_deliveries(
                session,
                station,
                companies,
                queues=queries.queues_served(session, companies),
                limit=BATCH,
                lease=LEASE,
                now=now,
            )
        for place, each in enumerate(claimed):
            if place and place % 10 == 0:
                with session_scope(desk.sessions) as session:
                    commands.renew_lease(session, claimed[place:], LEASE)
            outcome = _send(desk, each, now, marker)
            counts[outcome] = counts.get(outcome, 0) + 1
        if not claimed:
            break
    return counts


def _send(desk: Desk, claimed: Claimed, now: dt.datetime | None, marker: OutcomeMarker) -> str:
    with session_scope(desk.sessions) as session:
        text = queries.text_of(session, claimed.delivery_id)
        verdict = commands.begin_act(
            session, claimed, template_version=version(*text) if text else None, now=now
        )
        content = queries.document(session, verdict["document"]) if verdict["verdict"] == "send" else b""
    if verdict["verdict"] != "send":
        return str(verdict["verdict"])
    outcome, error = _act(desk, claimed, verdict, content)
    with session_scope(desk.sessions) as session:
        recorded = commands.record_outcome(session, claimed, outcome, error)
    if recorded.get("outcome_no"):
        marker.write(int(recorded["outcome_no"]))
    return outcome


def _act(desk: Desk, claimed: Claimed, verdict: dict[str, Any], content: bytes) -> tuple[str, str | None]:
    """The deed itself, outside any transaction. Only a failure known to be before it may be tried again."""
    if hashlib.sha256(content).hexdigest() != verdict["sha256"]:
        return "failed", "The stored bytes are not those that were approved."
    names: dict[str, Any] = {
        "delivery_id": str(claimed.delivery_id),
        "letter_date": dt.date.fromisoformat(verdict["on"]),
        "customer_number": verdict["customer"],
        "stage": verdict["stage"] or "",
    }
    try:
        if claimed.channel == "email":
            desk.outbox(verdict["company"]).deliver(content, **names)
        else:
            desk.print_folder(verdict["company"]).deliver(content, **names)
    except (MailRefused, PrinterAway) as error:
        return ("retry" if error.retry_after is not None else "failed"), str(error)
    except OutsideError as error:
        return "unknown", str(error)
    return "sent", None
