"""A whole collection day of one company without a screen: execute what is due, then show what left.

When everything of the company goes to folders it has its own clock: ten o'clock on the given date, without a
recall window. Otherwise the date must be today, and real time counts.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from pathlib import Path
from zoneinfo import ZoneInfo

from app.adapters.database.engine import session_scope
from app.adapters.mail.outbox_folder import OutboxFolder
from app.adapters.printing.print_folder import PrintFolder
from app.bootstrap import Desk
from app.errors import RuleBroken
from app.services.access import queries as access
from app.services.access.queries import CompanyRow
from app.services.correspondence import queries
from app.services.workflow import reports
from app.worker.loop import Worker

CLOCK = dt.time(10)


@dataclass(frozen=True, slots=True)
class Day:
    """What a day came to: counts by what left, what waits and why, what needs a person; and the folder."""

    company: str
    name: str
    on: dt.date
    left: dict[str, int]
    waits: list[reports.Waiting]
    not_sent: dict[str, int]
    people: list[reports.ForPeople]
    folder: Path
    paused: str | None


def collection_day(desk: Desk, company: CompanyRow, *, date: dt.date | None, out: Path) -> Day:
    """Plan, render and send what is due for `company`; write everything that left that day to `out`.

    Raises `RuleBroken` for another date than today when a company sends for real.
    """
    with session_scope(desk.sessions) as session:
        today = access.today_of(session, company.id)
        on = date or reports.this_or_next_working_day(session, company.id, today)
        folders = reports.only_folders(session, company.id)
    if not folders and on != today:
        raise RuleBroken(
            f"{company.code} sends for real, so its day is today.",
            code="day.real",
            remedy="Leave --date out.",
        )
    now = dt.datetime.combine(on, CLOCK, ZoneInfo(company.timezone)) if folders else None
    done = Worker(desk).run_once(only=[company], now=now, on=on)
    folder = out / f"{on:%Y-%m-%d}" / company.code
    with session_scope(desk.sessions) as session:
        left = queries.left_on(session, [company.id], on)
        found = reports.day_report(session, company.id, on)
        for each in left:
            if each.document_id is not None and each.state == "done":
                _write(folder, each, queries.document(session, each.document_id), on)
    counts: dict[str, int] = {}
    for each in left:
        what = f"{each.channel} {each.stage or ''}{'' if each.state == 'done' else ' ' + each.state}".strip()
        counts[what] = counts.get(what, 0) + 1
    return Day(
        company.code, company.name, on, counts, found.waits, found.not_sent, found.people, folder, done.paused
    )


def _write(folder: Path, left: queries.LeftRow, content: bytes, on: dt.date) -> None:
    target = OutboxFolder(folder) if left.channel == "email" else PrintFolder(folder)
    target.deliver(
        content,
        delivery_id=str(left.delivery_id),
        letter_date=on,
        customer_number=left.customer,
        stage=left.stage or "",
    )
