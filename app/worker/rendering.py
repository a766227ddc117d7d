"""Rendering: facts under a lease become the bytes of letters and mails."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import replace
from email.utils import format_datetime, parsedate_to_datetime
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from app.adapters.database.translation import translated
from app.adapters.mail.message import render_mail
from app.adapters.pdf.letter import render_letter
from app.bootstrap import Desk
from app.errors import Conflict, UserError
from app.services.correspondence import commands
from app.services.correspondence.commands import Rendered, RenderJob
from app.services.correspondence.compose import compose, reference_for
from app.services.correspondence.rows import Communication
from app.services.correspondence.texts import version
from app.worker.line import engine_line

BATCH = 20
LEASE = dt.timedelta(minutes=5)


def render_waiting(desk: Desk, companies: Sequence[int], now: dt.datetime | None) -> dict[str, int]:
    """Render all that waits for it.

    Counts `rendered`, `unrenderable` (a person gets it) and `overtaken` (its facts changed meanwhile).
    """
    counts = {"rendered": 0, "unrenderable": 0, "overtaken": 0}
    with engine_line(desk) as session:
        while jobs := commands.claim_renders(session, companies, limit=BATCH, lease=LEASE, now=now):
            for job in jobs:
                counts[_render(session, job, now)] += 1
    return counts


def _render(session: Session, job: RenderJob, now: dt.datetime | None) -> str:
    try:
        made = compose(job.facts)
        job.facts["shown"]["template_version"] = version(made.template, made.language)
        rendered = [_bytes(made, each, job) for each in job.deliveries]
    except UserError as error:
        commands.refuse_rendering(session, job, str(error))
        return "unrenderable"
    reference = reference_for(job.facts)
    try:
        with translated():
            kept = commands.store_rendering(session, job, reference=reference, rendered=rendered, now=now)
    except Conflict:
        return "overtaken"  # its lease runs out and it is rendered again
    return "rendered" if kept else "overtaken"


def _bytes(made: Communication, delivery: dict[str, object], job: RenderJob) -> Rendered:
    number, message_id = int(str(delivery["id"])), str(delivery["message_id"])
    if delivery["channel"] == "letter":
        letter = replace(made, channel="letter")
        return Rendered(number, message_id, "application/pdf", render_letter(letter))
    sender = made.sender.email
    mail = render_mail(
        replace(made, channel="email"),
        message_id=message_id,
        outbox_id=str(number),
        from_addr=sender,
        reply_to=plus_address(sender, job.action_id),
        moment=_moment(job),
    )
    return Rendered(number, message_id, "message/rfc822", mail)


def plus_address(address: str, action_id: int) -> str:
    """The address whose answers find their action again: `debiteuren+a123@…`."""
    name, at, domain = address.partition("@")
    return f"{name}+a{action_id}{at}{domain}"


def _moment(job: RenderJob) -> dt.datetime:
    zone = ZoneInfo(job.facts["shown"]["sender"]["timezone"])
    noon = dt.datetime.fromisoformat(f"{job.facts['shown']['letter_date']}T10:00:00").replace(tzinfo=zone)
    return parsedate_to_datetime(format_datetime(noon))
