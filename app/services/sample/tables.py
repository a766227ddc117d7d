"""Rows on their way into the database: gathered per table, written by COPY in blocks.

COPY takes the ids it is given, also for identity columns, so that a sample is the same to the last digit
each time; `settle_sequences` lets the identities go on behind them. Only the owner may do this: COPY is
refused to everybody else on tables with row security.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import cast

import psycopg
from psycopg import sql
from sqlalchemy import Connection, text

from app.models.base import SCHEMA

Row = tuple[object, ...]

# In the order in which foreign keys allow them.
COLUMNS: Mapping[str, tuple[str, ...]] = {
    "company_calendar": (
        "company_id", "day", "working", "working_no", "next_working", "previous_working", "following_working",
    ),
    "customer": (
        "id", "company_id", "connection_id", "number", "name", "kind", "kind_source", "kvk", "vat_number", "iban",
        "contact_name", "contact_gender", "street", "postcode", "city", "country", "address_state", "email",
        "email_state", "phone", "phone_state", "language", "group_id", "profile_id", "collector_id",
        "salesperson_id", "payment_term",
    ),
    "open_item": (
        "id", "company_id", "customer_id", "connection_id", "source_key", "kind", "document_number",
        "document_year", "invoice_date", "due_date", "due_estimated", "currency", "original_amount", "description",
        "your_reference", "planning_from", "notice_id", "charged_notice_id", "parent_action_id",
    ),
    "movement": (
        "company_id", "open_item_id", "kind", "amount", "value_date", "reason", "created_at",
        "created_by",
    ),
    "action": (
        "id", "company_id", "customer_id", "kind", "origin", "stage", "rank", "version_id", "position", "template",
        "tone", "currency", "state", "business_date", "due_on", "amount", "days_overdue", "class", "score",
        "approval_required", "counts_as_step", "letter_date", "cause", "parent_action_id", "attempts", "outcome",
        "explanation", "created_at", "ended_at",
    ),
    "action_item": (
        "action_id", "open_item_id", "company_id", "role", "stage", "rank", "version_id", "position", "amount",
        "live_step",
    ),
    "delivery": (
        "id", "action_id", "company_id", "customer_id", "channel", "state", "recipient", "queue_id", "attempts",
        "contact_on", "attempted_at", "finished_at", "error", "posted_on",
    ),
    "notice": (
        "id", "company_id", "customer_id", "action_id", "delivery_id", "currency", "state", "sent_on", "posted_on",
        "delivered_on", "last_day", "principal", "fee", "vat",
    ),
    "notice_item": ("notice_id", "open_item_id", "company_id", "principal"),
    "step_done": (
        "id", "company_id", "open_item_id", "version_id", "position", "stage", "rank", "action_id", "at",
        "on_date", "written", "skipped", "reason",
    ),
    "hold": (
        "company_id", "customer_id", "open_item_id", "amount", "stops", "cause", "source_kind", "source_id",
        "starts", "until", "released_at", "released_by", "ended_on", "reason", "placed_by", "placed_at",
    ),
    "call_attempt": (
        "company_id", "customer_id", "action_id", "at", "on_date", "outcome", "right_party", "note", "made_by",
    ),
    "event": ("company_id", "customer_id", "action_id", "delivery_id", "open_item_id", "kind", "at", "actor", "facts"),
}  # fmt: skip


class Blocks:
    """Rows per table; `add` gathers, `flush` writes them and forgets them, `counts` says how many were made."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._rows: dict[str, list[Row]] = {table: [] for table in COLUMNS}
        self.counts: Counter[str] = Counter()

    def add(self, table: str, *values: object) -> None:
        """One row, its values in the order of `COLUMNS[table]`."""
        self._rows[table].append(values)

    def flush(self) -> None:
        """Write what was gathered, parents before children."""
        for table, rows in self._rows.items():
            if rows:
                copy_rows(self._connection, table, COLUMNS[table], rows)
                self.counts[table] += len(rows)
                rows.clear()


def copy_rows(connection: Connection, table: str, columns: tuple[str, ...], rows: Iterable[Row]) -> None:
    """COPY rows into a table, in the transaction of `connection`."""
    statement = sql.SQL("COPY {} ({}) FROM STDIN").format(
        sql.Identifier(SCHEMA, table), sql.SQL(", ").join(map(sql.Identifier, columns))
    )
    with driver_connection(connection).cursor() as cursor, cursor.copy(statement) as copy:
        for row in rows:
            copy.write_row(row)


def driver_connection(connection: Connection) -> psycopg.Connection:
    """The connection of psycopg under a SQLAlchemy one: COPY has no other door."""
    return cast("psycopg.Connection", connection.connection.driver_connection)


def settle_sequences(connection: Connection) -> None:
    """Let each identity go on behind the highest id there is."""
    for table, columns in COLUMNS.items():
        if columns[0] == "id":
            connection.execute(
                text(
                    "SELECT setval(pg_get_serial_sequence(:name, 'id'), max(id))"
                    f" FROM {SCHEMA}.{table} HAVING max(id) IS NOT NULL"
                ),
                {"name": f"{SCHEMA}.{table}"},
            )


def highest_id(connection: Connection, table: str) -> int:
    """The highest id of a table, 0 when it is empty."""
    return connection.execute(text(f"SELECT coalesce(max(id), 0) FROM {SCHEMA}.{table}")).scalar_one()
