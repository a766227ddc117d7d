"""The sample's companies: sender, calendar, print queue, outcomes, groups, profiles, published workflows.

What the database's own functions do for a signed-in administrator is done here by the owner, who is nobody's
member; tests compare the results.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping

from sqlalchemy import Connection, Insert, insert, text, update
from sqlalchemy.orm import InstrumentedAttribute

from app.domain.iban import make_dutch_iban
from app.models.access import AppUser, Company
from app.models.correspondence import PrintQueue
from app.models.customers import CustomerGroup, PaymentProfile
from app.models.exchange import ImportRun, SourceConnection
from app.models.workflow import Outcome, WorkflowVersion
from app.services.sample.days import WorkDays
from app.services.sample.rows import PublishedWorkflow, SampleCompany
from app.services.sample.tables import Blocks
from app.services.sample.words import CompanyWords, words
from app.services.workflow import shipped

# Older items are paid or written off by now: they never met a workflow of ours.
LIVE_FOR_DAYS = 395
MINIMUM_AMOUNT = "2.50"

_OUTCOMES: tuple[
    tuple[str, str, str, bool, bool, bool, str | None, int | None, str | None, int | None], ...
] = (
    ("promise", "Toezegging", "Promise to pay", True, True, True, "promise", 2, "call", None),
    ("says_paid", "Zegt betaald te hebben", "Says it is paid", True, True, True, "promise", 2, "task", None),
    ("wants_plan", "Wil een regeling", "Wants a plan", True, True, True, "arrangement", 2, "task", None),
    ("disagrees", "Oneens", "Disagrees", True, True, True, "dispute", 2, "task", None),
    ("no_answer", "Geen gehoor", "No answer", True, False, False, None, None, None, None),
    ("call_back", "Terugbellen", "Call back", True, False, False, None, None, None, None),
    ("wrong_number", "Verkeerd nummer", "Wrong number", True, False, True, None, None, "task", 0),
    ("done", "Gedaan", "Done", False, False, True, None, None, None, None),
)


def make_people(connection: Connection) -> dict[str, int]:
    """The invented colleagues, without a login that could sign in; user ids by login."""
    return {
        person["login"]: _made(connection, insert(AppUser).values(**person), AppUser.id)
        for person in words().people
    }


def make_company(
    connection: Connection, each: CompanyWords, people: Mapping[str, int], days: WorkDays, *, date: dt.date
) -> SampleCompany:
    """One company, live, its data fresh on `date`, with everything that planning needs."""
    company_id = _made(connection, insert(Company).values(**_sender(each, days, date)), Company.id)
    connection.execute(
        insert(Outcome),
        [_outcome(number, row) | {"company_id": company_id} for number, row in enumerate(_OUTCOMES, 1)],
    )
    queue_id = _made(
        connection, insert(PrintQueue).values(company_id=company_id, name="Letterhead"), PrintQueue.id
    )
    connection_id = _source(connection, company_id, days, date=date)
    profiles = {
        profile["code"]: _made(
            connection, insert(PaymentProfile).values(company_id=company_id, **profile), PaymentProfile.id
        )
        for profile in words().profiles
    }
    workflows = _workflows(connection, company_id, days.at(date - dt.timedelta(days=LIVE_FOR_DAYS)))
    published = {code: workflow for code, (_, workflow) in workflows.items()}
    groups = {
        group.code: _made(
            connection,
            insert(CustomerGroup).values(
                company_id=company_id,
                code=group.code,
                name=group.name,
                workflow_id=workflows[group.workflow][0] if group.workflow else None,
                collector_id=people["voorbeeld_sanne"],
            ),
            CustomerGroup.id,
        )
        for group in each.groups
    }
    connection.execute(
        update(Company)
        .where(Company.id == company_id)
        .values(default_workflow_id=workflows[each.default_workflow][0])
    )
    return SampleCompany(
        id=company_id,
        words=each,
        connection_id=connection_id,
        queue_id=queue_id,
        groups=groups,
        profiles=profiles,
        people=people,
        workflows=published,
    )


def add_calendar(blocks: Blocks, company_id: int, days: WorkDays) -> None:
    """The company's calendar: official Dutch days off and no others."""
    for row in days.rows():
        blocks.add("company_calendar", company_id, *row)


def _sender(each: CompanyWords, days: WorkDays, date: dt.date) -> dict[str, object]:
    return {
        **each.sender,
        "code": each.code,
        "iban": make_dutch_iban(each.bank, each.account),
        "account_name": each.sender["name"],
        "state": "live",
        "live_since": date - dt.timedelta(days=LIVE_FOR_DAYS),
        "data_as_of": days.previous(date),
        "minimum_amount": MINIMUM_AMOUNT,
    }


def _outcome(
    number: int,
    row: tuple[str, str, str, bool, bool, bool, str | None, int | None, str | None, int | None],
) -> dict[str, object]:
    names = (
        "code", "name_nl", "name_en", "attempt", "right_party", "finishes", "hold_cause", "hold_days",
        "follow_up_kind", "follow_up_days",
    )  # fmt: skip
    return {"position": number, **dict(zip(names, row, strict=True))}


def _source(connection: Connection, company_id: int, days: WorkDays, *, date: dt.date) -> int:
    """A bookkeeping connection and the run that brought the open items; the id of the connection."""
    connection_id = _made(
        connection,
        insert(SourceConnection).values(company_id=company_id, name="Voorbeeldportefeuille", format="sample"),
        SourceConnection.id,
    )
    at = days.at(days.previous(date), 7)
    _made(
        connection,
        insert(ImportRun).values(
            company_id=company_id,
            connection_id=connection_id,
            file_name="voorbeeldportefeuille",
            completeness="complete",
            data_as_of=days.previous(date),
            state="applied",
            started_by="sample",
            started_at=at,
            finished_at=at,
        ),
        ImportRun.id,
    )
    return connection_id


def _workflows(
    connection: Connection, company_id: int, at: dt.datetime
) -> dict[str, tuple[int, PublishedWorkflow]]:
    """The shipped workflows, published; workflow id and published version by code."""
    there: dict[str, tuple[int, PublishedWorkflow]] = {}
    for workflow in shipped.load():
        workflow_id, version_id = shipped.draft(connection, company_id, workflow)
        connection.execute(
            update(WorkflowVersion)
            .where(WorkflowVersion.id == version_id)
            .values(state="published", published_at=at, published_by="sample")
        )
        connection.execute(text("SELECT tegoed.refresh_next(:version)"), {"version": version_id})
        there[workflow.code] = workflow_id, PublishedWorkflow(version_id, workflow)
    return there


def _made(connection: Connection, statement: Insert, column: InstrumentedAttribute[int]) -> int:
    return connection.execute(statement.returning(column)).scalar_one()
