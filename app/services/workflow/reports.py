"""What a business day came to: what waits for whom and why, what was not sent, what a person must do."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from sqlalchemy import text
from sqlalchemy.orm import Session


@dataclass(frozen=True, slots=True)
class DayReport:
    """Counts by description."""

    waits: dict[str, int]
    not_sent: dict[str, int]
    people: dict[str, int]


_WAITS = """
    select case when a.state = 'awaiting_approval' then format('for approval (%s %s)', a.kind, a.stage)
                when a.kind = 'charge' then 'to post costs'
                when c.state = 'plan_only' then format('because the company is in plan only (%s %s)', a.kind, a.stage)
                when a.state = 'approved' then format('in the outbox (%s %s%s)', a.kind, a.stage,
                    coalesce(': ' || (select e.facts ->> 'reason' from tegoed.event e
                        where e.action_id = a.id and e.kind = 'delivery.later' order by e.id desc limit 1), ''))
                else format('to be rendered (%s %s)', a.kind, a.stage) end, count(*)
    from tegoed.action a join tegoed.company c on c.id = a.company_id
    where a.company_id = :company and a.kind in ('email', 'letter', 'charge')
      and a.state in ('planned', 'awaiting_approval', 'approved') and a.business_date <= :on
    group by 1 order by 2 desc, 1
"""
_NOT_SENT = """
    select case s.verdict when 'held' then 'it is on hold' when 'covered' then 'credits cover it'
               else replace(coalesce(s.reason, s.verdict), '_', ' ') end, count(*)
    from tegoed.step_schedule(array[cast(:company as int)], :on) s
    where s.own_on <= :on and s.verdict in ('held', 'waiting', 'covered', 'never_demanded')
    group by 1 order by 2 desc, 1
"""
_PEOPLE = """
    select what, count(*) from (
        select case when a.kind = 'call' then 'calls'
                    when a.origin = 'follow_up' then 'follow-ups: ' || coalesce(a.cause, '')
                    else a.kind || 's' end as what
        from tegoed.action a
        where a.company_id = :company and a.kind in ('call', 'task', 'message', 'hand_over') and a.state = 'planned'
          and a.due_on <= :on
        union all
        select 'deliveries that are ' || d.state from tegoed.delivery d
        where d.company_id = :company and d.state in ('failed', 'uncertain')
        union all
        select '14-day letters without a day of posting' from tegoed.notice n
        where n.company_id = :company and n.state = 'pending'
    ) rows group by 1 order by 2 desc, 1
"""


def day_report(session: Session, company_id: int, on: dt.date) -> DayReport:
    """The report of a company on a business date."""
    asked = {"company": company_id, "on": on}

    def counts(statement: str) -> dict[str, int]:
        return {str(row[0]): int(row[1]) for row in session.execute(text(statement), asked)}

    return DayReport(counts(_WAITS), counts(_NOT_SENT), counts(_PEOPLE))


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
