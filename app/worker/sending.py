"""Sending: claim, check at the last moment, act, and say what became of it."""

from __future__ import annotations

import datetime as dt
import hashlib
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from app.adapters.database.translation import translated
from app.bootstrap import Desk
from app.errors import Conflict, MailRefused, OutsideError, PrinterAway
from app.services.correspondence import commands, queries
from app.services.correspondence.commands import Claimed
from app.services.correspondence.texts import version
from app.worker.line import engine_line
from app.worker.stations import OutcomeMarker

BATCH = 50
LEASE = dt.timedelta(minutes=2)
_RENEW_EVERY = 10
_TRIES = 5

Counts = dict[str, int]


@dataclass(frozen=True, slots=True)
class Sender:
    """One station sending for companies; `now` is the business clock of folder companies."""

    desk: Desk
    station: UUID
    companies: Sequence[int]
    now: dt.datetime | None
    marker: OutcomeMarker
    counts: Counts = field(default_factory=dict[str, int])

    def batch(self, session: Session, queues: Sequence[int], stop: Callable[[], bool]) -> bool:
        """Send what can be claimed at once; False when there was nothing."""
        claimed = commands.claim_deliveries(
            session,
            self.station,
            self.companies,
            queues=queues,
            limit=BATCH,
            lease=LEASE,
            now=self.now,
        )
        texts = queries.texts_of(session, [each.delivery_id for each in claimed])
        for place, each in enumerate(claimed):
            if stop():
                break
            if place and place % _RENEW_EVERY == 0:
                commands.renew_lease(session, claimed[place:], LEASE)
            text = texts.get(each.delivery_id)
            outcome = self.send(session, each, version(*text) if text else None)
            self.counts[outcome] = self.counts.get(outcome, 0) + 1
        return bool(claimed)

    def send(self, session: Session, claimed: Claimed, template_version: str | None) -> str:
        """One delivery: the verdict that kept it back, or the outcome of its act."""
        try:
            with translated():
                verdict, content = commands.begin_with_bytes(
                    session, claimed, template_version=template_version, now=self.now
                )
        except Conflict:
            return "busy"  # undone; its claim runs out and it is taken again
        if verdict["verdict"] != "send":
            return str(verdict["verdict"])
        outcome, error = self.act(claimed, verdict, content)
        recorded = _recorded(session, claimed, outcome, error)
        if recorded.get("outcome_no"):
            self.marker.write(int(recorded["outcome_no"]))
        return outcome

    def act(self, claimed: Claimed, verdict: dict[str, Any], content: bytes) -> tuple[str, str | None]:
        """The deed itself, outside any transaction. Only a failure known to be before it may be tried again."""
        if hashlib.sha256(content).hexdigest() != verdict["sha256"]:
            return "failed", "The stored bytes are not those that were approved."
        company = verdict["company"]
        folder = self.desk.outbox(company) if claimed.channel == "email" else self.desk.print_folder(company)
        try:
            folder.deliver(
                content,
                delivery_id=str(claimed.delivery_id),
                letter_date=dt.date.fromisoformat(verdict["on"]),
                customer_number=verdict["customer"],
                stage=verdict["stage"] or "",
            )
        except (MailRefused, PrinterAway) as error:
            return ("retry" if error.retry_after is not None else "failed"), str(error)
        except OutsideError as error:
            return "unknown", str(error)
        return "sent", None


def send_waiting(
    desk: Desk, station: UUID, companies: Sequence[int], *, now: dt.datetime | None,
    stop: Callable[[], bool] = lambda: False,
) -> Counts:  # fmt: skip
    """Send all that may leave now. Counts verdicts and outcomes by name.

    Raises `OutsideError` when this station cannot remember what it sent (see `OutcomeMarker.write`).
    """
    marker = OutcomeMarker(desk.config.settings / "outcomes.json", desk.marker_key)
    sender = Sender(desk, station, companies, now, marker)
    with engine_line(desk) as session:
        queues = queries.queues_served(session, companies)
        while not stop() and sender.batch(session, queues, stop):
            pass
    return sender.counts


def _recorded(session: Session, claimed: Claimed, outcome: str, error: str | None) -> dict[str, Any]:
    """Record an outcome; what was sent must be written down even when others are changing the same."""
    for left in reversed(range(_TRIES)):
        try:
            with translated():
                return commands.record_outcome(session, claimed, outcome, error)
        except Conflict:
            if not left:
                raise
            time.sleep(0.1)
    raise AssertionError  # the last try returns or raises
