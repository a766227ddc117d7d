"""Companies as the signed-in person may see them."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from sqlalchemy import func, select, text
from sqlalchemy.orm import Session

from app.errors import NotFound
from app.models.access import Company


@dataclass(frozen=True, slots=True)
class CompanyRow:
    """A company and how fresh its figures are."""

    id: int
    code: str
    name: str
    state: str
    data_as_of: dt.date | None
    planned_for: dt.date | None
    mail_transport: str
    timezone: str


_COLUMNS = (
    Company.id, Company.code, Company.name, Company.state, Company.data_as_of, Company.planned_for,
    Company.mail_transport, Company.timezone,
)  # fmt: skip


def companies(session: Session) -> list[CompanyRow]:
    """The companies this login may work in, by code."""
    return [CompanyRow(*row) for row in session.execute(select(*_COLUMNS).order_by(Company.code))]


def company(session: Session, code: str) -> CompanyRow:
    """One company by its code, in any case; `NotFound` when there is none or it may not be seen."""
    row = session.execute(select(*_COLUMNS).where(func.upper(Company.code) == code.upper())).first()
    if row is None:
        raise NotFound(
            f"There is no company {code!r}, or you may not see it.",
            code="company.unknown",
            remedy="`tegoed company show` lists yours.",
            company=code,
        )
    return CompanyRow(*row)


def today_of(session: Session, company_id: int) -> dt.date:
    """Today in the company's time zone, by the database's clock."""
    return session.execute(text("select tegoed.today_of(:c)"), {"c": company_id}).scalar_one()


def paused(session: Session) -> tuple[dt.datetime, str] | None:
    """Since when and why sending is paused; None when it is not."""
    row = session.execute(text("select paused_at, paused_reason from tegoed.database_state")).first()
    return None if row is None or row[0] is None else (row[0], row[1] or "")


def waiting_by_step(session: Session, company_id: int) -> list[tuple[str, str, int, str]]:
    """What waits in a company: kind, text, number and amount with currency, in the order of the steps."""
    rows = session.execute(
        text(
            "select kind, coalesce(stage, ''), count(*), sum(amount) || ' ' || currency from tegoed.action"
            " where company_id = :c and state in ('planned', 'awaiting_approval', 'approved')"
            " group by kind, stage, currency, rank order by rank, kind"
        ),
        {"c": company_id},
    )
    return [(str(r[0]), str(r[1]), int(r[2]), str(r[3])) for r in rows]


_SILENCES = """
    select case c.state when 'off' then 'company_off' when 'plan_only' then 'plan_only' end,
           case when s.paused_at is not null then 'paused' end,
           case when c.data_as_of is null then 'no_data' when c.import_failed_at is not null then 'import_failed'
                when d.working_no - a.working_no > c.freshness_days then 'stale_data' end
    from tegoed.company c
    left join tegoed.database_state s on true
    left join tegoed.company_calendar d on d.company_id = c.id and d.day = :on
    left join tegoed.company_calendar a on a.company_id = c.id and a.day = least(c.data_as_of, :on)
    where c.id = :company
"""


def silences(session: Session, company_id: int, on: dt.date) -> list[str]:
    """Codes of what keeps a whole company from sending on a day; empty when nothing does."""
    row = session.execute(text(_SILENCES), {"company": company_id, "on": on}).one()
    return [str(code) for code in row if code is not None]
