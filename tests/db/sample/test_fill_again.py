"""A sample is the same each time, goes into an empty database only, and agrees with the database's own doors."""

import datetime as dt

import pytest
from sqlalchemy import Connection, text

from app.adapters.database import install
from app.adapters.database.engine import make_engine
from app.errors import Invalid, NotFound, RuleBroken
from app.services.sample.fill import fill
from app.services.sample.tables import COLUMNS

DATE = dt.date(2026, 11, 22)
"""A Sunday: the data are then of the Friday before."""

MADE_ELSEWHERE = (
    "company", "customer_group", "payment_profile", "workflow", "workflow_version", "workflow_step", "workflow_next",
    "print_queue", "outcome", "source_connection", "import_run", "membership",
)  # fmt: skip


def make_user(connection: Connection) -> str:
    connection.execute(text("INSERT INTO tegoed.app_user (login, name) VALUES (session_user, 'Eerste')"))
    return connection.execute(text("SELECT session_user::text")).scalar_one()


def digests(connection: Connection) -> dict[str, str | None]:
    """A checksum of every table that the sample writes; the audit log alone knows when it was."""
    return {
        table: connection.execute(
            text(f"SELECT md5(string_agg(t::text, '|' ORDER BY t::text)) FROM tegoed.{table} t")
        ).scalar_one()
        for table in (*MADE_ELSEWHERE, *COLUMNS)
    }


def test_the_same_customers_seed_and_date_give_the_same_rows(server, new_database):
    seen: list[dict[str, str | None]] = []
    for seed in (7, 7, 8):
        name = new_database()
        engine = make_engine(server.admin_conninfo(name), role=install.owner_role(name), pool_size=None)
        with engine.begin() as connection:
            fill(connection, customers=100, seed=seed, date=DATE, login=make_user(connection))
            seen.append(digests(connection))
        engine.dispose()

    assert seen[0] == seen[1]
    assert {table for table, digest in seen[2].items() if digest != seen[0][table]} >= {
        "customer",
        "open_item",
    }
    assert seen[2]["company"] == seen[0]["company"]


def test_it_goes_into_an_empty_database_only(session):
    login = make_user(session.connection())
    fill(session, customers=100, seed=1, date=DATE, login=login)

    with pytest.raises(RuleBroken) as refused:
        fill(session, customers=100, seed=1, date=DATE, login=login)

    assert refused.value.code == "sample.not_empty"
    assert session.scalar(text("SELECT count(*) FROM tegoed.customer")) == 100


@pytest.mark.parametrize(("customers", "date"), [(99, DATE), (100_001, DATE), (100, dt.date(2015, 6, 1))])
def test_it_says_what_it_cannot_make(session, customers, date):
    login = make_user(session.connection())

    with pytest.raises(Invalid):
        fill(session, customers=customers, seed=1, date=date, login=login)


def test_a_person_who_is_not_known_gets_no_sample(session):
    with pytest.raises(NotFound):
        fill(session, customers=100, seed=1, date=DATE, login="niemand")


@pytest.mark.parametrize("date", [dt.date(2024, 2, 29), dt.date(2027, 1, 1), DATE])
def test_leap_days_holidays_and_sundays_are_dates_too(session, date):
    login = make_user(session.connection())
    fill(session, customers=100, seed=1, date=date, login=login)

    fresh = session.scalar(text("SELECT max(data_as_of) FROM tegoed.company"))
    assert date - dt.timedelta(days=3) <= fresh <= date
    assert session.scalar(text("SELECT max(value_date) FROM tegoed.movement")) <= fresh
    for company in session.scalars(text("SELECT id FROM tegoed.company")).all():
        planned = session.scalar(
            text("SELECT tegoed.plan_company(:company, :date)"),
            {"company": company, "date": date + dt.timedelta(days=3)},
        )
        assert planned["actions"] > 0


def test_its_companies_are_what_the_database_makes_for_an_administrator(session):
    login = make_user(session.connection())
    fill(session, customers=100, seed=1, date=DATE, login=login)
    first = session.scalar(text("SELECT min(id) FROM tegoed.company"))
    made = session.scalar(text("SELECT tegoed.create_company('NIEUW', 'Nieuw B.V.')"))
    holidays = "ARRAY(SELECT day FROM tegoed.company_calendar WHERE company_id = :first AND NOT working)"
    session.execute(
        text(
            f"SELECT tegoed.set_calendar(:made, {holidays}, min(day), max(day))"
            " FROM tegoed.company_calendar WHERE company_id = :first"
        ),
        {"made": made, "first": first},
    )

    for table in ("outcome", "company_calendar", "print_queue"):
        differing = session.scalar(
            text(
                f"SELECT count(*) FROM (SELECT to_jsonb(t) - 'company_id' - 'id' AS row, count(*) AS times"
                f" FROM tegoed.{table} t WHERE company_id IN (:first, :made) GROUP BY 1) r WHERE times <> 2"
            ),
            {"made": made, "first": first},
        )
        assert differing == 0, table


def test_new_rows_get_ids_behind_those_of_the_sample(session):
    login = make_user(session.connection())
    fill(session, customers=100, seed=1, date=DATE, login=login)

    for table in ("customer", "open_item", "action", "delivery", "notice", "step_done"):
        highest, following = session.execute(
            text(
                f"SELECT max(id), nextval(pg_get_serial_sequence('tegoed.{table}', 'id')) FROM tegoed.{table}"
            )
        ).one()
        assert following == highest + 1, table
