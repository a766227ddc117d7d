"""A plain, large portfolio to measure with: one company, open items by the million."""

from __future__ import annotations

import datetime as dt
from collections.abc import Generator, Iterator
from contextlib import contextmanager

from sqlalchemy import Connection, text, update
from sqlalchemy.orm import Session

from app.errors import Invalid
from app.models.access import Company
from app.models.base import SCHEMA
from app.services.sample.companies import add_calendar, make_company, make_people
from app.services.sample.days import WorkDays
from app.services.sample.rows import SampleCompany
from app.services.sample.tables import Blocks, copy_rows, highest_id, settle_sequences
from app.services.sample.words import words

BLOCK = 50_000
_DAY = dt.timedelta(days=1)

_CUSTOMER = (
    "id", "company_id", "connection_id", "number", "name", "kind", "kind_source", "street", "postcode", "city",
    "email", "phone", "group_id",
)  # fmt: skip
_ITEM = (
    "id", "company_id", "customer_id", "connection_id", "source_key", "document_number", "document_year",
    "invoice_date", "due_date", "original_amount", "planning_from",
)  # fmt: skip


def fill_open_items(
    connection: Connection | Session,
    *,
    items: int = 1_000_000,
    per_customer: int = 5,
    due_share: float = 1.0,
    date: dt.date,
) -> int:
    """Make the first sample company with `items` open invoices and nothing in their past; gives its id.

    A `due_share` of the customers has items whose first step falls due by `date`; the items of the others
    are not due yet for a month. Works on the owner's connection and commits nothing. The database may hold
    other companies, but neither this one nor the sample. Raises `Invalid` for numbers that make no sense.
    """
    if items < 1 or per_customer < 1 or not 0 <= due_share <= 1:
        raise Invalid(
            "items", "Items and items a customer are at least 1, the share 0 to 1.", code="sample.items"
        )
    if isinstance(connection, Session):
        connection = connection.connection()
    days = WorkDays(date)
    company = make_company(connection, words().companies[0], make_people(connection), days, date=date)
    blocks = Blocks(connection)
    add_calendar(blocks, company.id, days)
    blocks.flush()
    connection.execute(update(Company).where(Company.id == company.id).values(minimum_amount=0))
    first_customer, first_item = (
        highest_id(connection, "customer") + 1,
        highest_id(connection, "open_item") + 1,
    )
    customers = -(-items // per_customer)
    for start in range(0, customers, BLOCK):
        numbers = range(start, min(start + BLOCK, customers))
        copy_rows(connection, "customer", _CUSTOMER, _customers(company, numbers, first_customer))
    due_customers = round(customers * due_share)
    with _references_checked_at_once(connection, "open_item"):
        for start in range(0, items, BLOCK):
            numbers = range(start, min(start + BLOCK, items))
            rows = _items(company, numbers, date, per_customer, due_customers, first_customer, first_item)
            copy_rows(connection, "open_item", _ITEM, rows)
    settle_sequences(connection)
    for table in ("customer", "open_item", "company_calendar"):
        connection.execute(text(f"ANALYZE {SCHEMA}.{table}"))
    return company.id


@contextmanager
def _references_checked_at_once(connection: Connection, table: str) -> Generator[None]:
    """Foreign keys of a table taken away and put back, which checks them by one join instead of row by row.

    Locks the table against everybody else until the transaction ends.
    """
    keys = connection.execute(
        text(
            "SELECT conname, pg_catalog.pg_get_constraintdef(oid) FROM pg_catalog.pg_constraint"
            " WHERE conrelid = CAST(:table AS regclass) AND contype = 'f' ORDER BY conname"
        ),
        {"table": f"{SCHEMA}.{table}"},
    ).all()
    for name, _ in keys:
        connection.execute(text(f'ALTER TABLE {SCHEMA}.{table} DROP CONSTRAINT "{name}"'))
    yield
    for name, definition in keys:
        connection.execute(text(f'ALTER TABLE {SCHEMA}.{table} ADD CONSTRAINT "{name}" {definition}'))


def _customers(company: SampleCompany, numbers: range, first_id: int) -> Iterator[tuple[object, ...]]:
    group = company.groups["AANN"]
    for n in numbers:
        yield (
            first_id + n, company.id, company.connection_id, f"B{n:07d}", f"Klant {n:07d} B.V.", "business", "source",
            f"Handelsweg {n % 400 + 1}", f"{3900 + n % 100} AA", "Veenendaal", f"klant{n}@klant.example",
            "+31 318 099999", group,
        )  # fmt: skip


def _items(
    company: SampleCompany,
    numbers: range,
    date: dt.date,
    per_customer: int,
    due_customers: int,
    first_customer: int,
    first_id: int,
) -> Iterator[tuple[object, ...]]:
    """Due items are 5 to 44 days late, so that the first step of every customer is due."""
    late = [(date - _DAY * (5 + n), date - _DAY * (35 + n)) for n in range(40)]
    young = [(date + _DAY * (30 + n), date - _DAY * n) for n in range(20)]
    for n in numbers:
        customer = n // per_customer
        due, invoiced = late[n * 7 % 40] if customer < due_customers else young[n % 20]
        number = f"2{n:09d}"
        yield (
            first_id + n, company.id, first_customer + customer, company.connection_id,
            f"invoice {number} {invoiced.year}", number, invoiced.year, invoiced, due, f"{100 + n % 900}.{n % 100:02d}",
            invoiced,
        )  # fmt: skip
