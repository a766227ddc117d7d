"""What a database contains, as counts and sums that two databases can be compared by."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import psycopg
from psycopg import sql

# The text form of a row depends on these.
_TEXT_FORM = (
    "SET LOCAL timezone = 'UTC'; SET LOCAL datestyle = 'ISO, YMD'; SET LOCAL intervalstyle = 'iso_8601';"
    " SET LOCAL bytea_output = 'hex'; SET LOCAL extra_float_digits = 1"
)


@dataclass(frozen=True, slots=True)
class TableContents:
    """Rows of a table and a sum over the hashes of all of them, whatever their order."""

    rows: int
    sum: str


@dataclass(frozen=True, slots=True)
class Difference:
    """A table that is not the same in two databases; None where it is missing."""

    table: str
    expected: TableContents | None
    found: TableContents | None


def contents(connection: psycopg.Connection) -> dict[str, TableContents]:
    """Every table of the database that is not PostgreSQL's, in the connection's present transaction."""
    connection.execute(_TEXT_FORM)
    tables = connection.execute(
        "SELECT n.nspname, c.relname FROM pg_catalog.pg_class AS c"
        "  JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace"
        " WHERE c.relkind = 'r' AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'"
        "   AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend AS d"
        "                    WHERE d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass"
        "                      AND d.objid = c.oid AND d.deptype = 'e')"
        " ORDER BY 1, 2"
    ).fetchall()
    return {
        f"{schema}.{table}": _table(connection, sql.Identifier(schema, table)) for schema, table in tables
    }


def differences(
    expected: Mapping[str, TableContents], found: Mapping[str, TableContents]
) -> tuple[Difference, ...]:
    """The tables that differ, in name order; empty when two databases hold the same."""
    names = sorted({*expected, *found})
    pairs = (Difference(name, expected.get(name), found.get(name)) for name in names)
    return tuple(pair for pair in pairs if pair.expected != pair.found)


def _table(connection: psycopg.Connection, table: sql.Identifier) -> TableContents:
    # A sum of 120 bits of each row's hash: one pass, no sort, and no order to agree on.
    query = sql.SQL(
        "SELECT pg_catalog.count(*),"
        " pg_catalog.sum(('x' || pg_catalog.left(h, 15))::bit(60)::bigint::numeric) || ':' ||"
        " pg_catalog.sum(('x' || pg_catalog.right(h, 15))::bit(60)::bigint::numeric)"
        " FROM (SELECT pg_catalog.md5(t::text) AS h FROM {} AS t) AS hashed"
    ).format(table)
    row = connection.execute(query).fetchone()
    return TableContents(int(row[0]), str(row[1] or "")) if row else TableContents(0, "")
