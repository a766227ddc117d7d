"""One filled sample for all tests of a module; everything in it is undone at the end."""

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from sqlalchemy import Connection, text

from app.adapters.database import install
from app.adapters.database.engine import make_engine
from app.services.sample.fill import fill
from app.services.sample.rows import SampleReport

DATE = dt.date(2026, 11, 23)
CUSTOMERS = 240


@dataclass(frozen=True)
class Portfolio:
    """A filled sample on the owner's connection, in a transaction that is rolled back."""

    connection: Connection
    report: SampleReport

    def rows(self, statement: str, **values: object) -> list[tuple[object, ...]]:
        return [tuple(row) for row in self.connection.execute(text(statement), values)]

    def one(self, statement: str, **values: object) -> object:
        return self.connection.execute(text(statement), values).scalar_one()


@pytest.fixture(scope="module")
def portfolio(installed) -> Iterator[Portfolio]:
    """The sample as it is after filling. A test that plans in it does so in a savepoint of its own."""
    engine = make_engine(installed.conninfo, role=install.owner_role(installed.name), pool_size=None)
    with engine.connect() as connection, connection.begin() as whole:
        login = make_user(connection)
        yield Portfolio(connection, fill(connection, customers=CUSTOMERS, seed=1, date=DATE, login=login))
        whole.rollback()
    engine.dispose()


def make_user(connection: Connection) -> str:
    """The person who sits behind this connection, known to the database; gives the login."""
    connection.execute(
        text("INSERT INTO tegoed.app_user (login, name) VALUES (session_user, 'Eerste gebruiker')")
    )
    return connection.execute(text("SELECT session_user::text")).scalar_one()
