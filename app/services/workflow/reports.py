"""What a business day came to: what waits for whom and why, what was not sent, what a person must do."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from sqlalchemy import text
from sqlalchemy.orm import Session


@dataclass(frozen=True, slots=True)
class Waiting:
    """How many communications or charges wait: in which state, which text, and why when that is known."""

    state: str
    kind: str
    stage: str | None
    reason: str | None
    count: int


@dataclass(frozen=True, slots=True)
class ForPeople:
    """How many things want a person: calls, tasks, follow-ups with their cause, deliveries in trouble."""

    what: str
    cause: str | None
    count: int


@dataclass(frozen=True, slots=True)
class DayReport:
    """What waits, items that got nothing by reason (codes of `step_schedule`), and what wants a person."""

    waits: list[Waiting]
    not_sent: dict[str, int]
    people: list[ForPeople]


_WAITS = """
    select case when c.state = 'plan_only' then 'plan_only' else a.state end, a.kind, a.stage,
           (select e.facts ->> 'reason' from tegoed.event e
            where e.action_id = a.id and e.kind = 'delivery.later' order by e.id desc limit 1), count(*)
    from tegoed.action a join tegoed.company c on c.id = a.company_id
    where a.company_id = :company and a.kind in ('email', 'letter', 'charge')
      and a.state in ('planned', 'awaiting_approval', 'approved') and a.business_date <= :on
    group by 1, 2, 3, 4 order by 5 desc, 1, 2, 3
"""
_NOT_SENT = """
    select case when s.verdict in ('held', 'covered') then s.verdict else coalesce(s.reason, s.verdict) end, count(*)
    from tegoed.step_schedule(array[cast(:company as int)], :on) s
    where s.own_on <= :on and s.verdict in ('held', 'waiting', 'covered', 'never_demanded')
    group by 1 order by 2 desc, 1
"""
_PEOPLE = """
    select what, cause, count(*) from (
        select case when a.origin = 'follow_up' then 'follow_up' else a.kind end as what,
               case when a.origin = 'follow_up' then a.cause end as cause
        from tegoed.action a
        where a.company_id = :company and a.kind in ('call', 'task', 'message', 'hand_over') and a.state = 'planned'
          and a.due_on <= :on
        union all
        select d.state, null from tegoed.delivery d
        where d.company_id = :company and d.state in ('failed', 'uncertain')
        union all
        select 'unposted', null from tegoed.notice n where n.company_id = :company and n.state = 'pending'
    ) rows group by 1, 2 order by 3 desc, 1, 2
"""


def day_report(session: Session, company_id: int, on: dt.date) -> DayReport:
    """The report of a company on a business date."""
    asked = {"company": company_id, "on": on}
    waits = session.execute(text(_WAITS), asked)
    not_sent = session.execute(text(_NOT_SENT), asked)
    people = session.execute(text(_PEOPLE), asked)
    return DayReport(
        [Waiting(*row) for row in waits],
        {str(row[0]): int(row[1]) for row in not_sent},
        [ForPeople(*row) for row in people],
    )


def this_or_next_working_day(session: Session, company_id: int, day: dt.date) -> dt.date:
    """`day` itself when the company works then, else the next day it does."""
    return session.execute(
        text("select tegoed.next_working(:company, :day)"), {"company": company_id, "day": day}
    ).scalar_one()


def only_folders(session: Session, company_id: int) -> bool:
    """Whether every mail and letter of a company goes to a folder, so that it may have its own clock."""
    return session.execute(
        text(
            "select mail_transport = 'folder' and not exists (select from tegoed.print_queue q"
            " where q.company_id = c.id and q.transport <> 'folder') from tegoed.company c where id = :company"
        ),
        {"company": company_id},
    ).scalar_one()
