"""Bringing a database to the schema of this code, and saying where it stands.

Two layers: revisions (tables, by Alembic) and the SQL files of `resources/sql` (functions, triggers,
policies, grants), idempotent and applied as a whole when one of them or a revision changed. All in one
transaction: a failed upgrade leaves the database as it was.
"""

from __future__ import annotations

import hashlib
from collections.abc import Generator, Iterable, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, cast

import psycopg
from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from psycopg import sql
from sqlalchemy import Connection, Engine, text

from app import config
from app.adapters.database.engine import make_engine, with_manners
from app.adapters.database.install import GROUPS, group_role, owner_role
from app.adapters.database.translation import translated
from app.errors import RuleBroken

SCHEMA = "tegoed"
SQL_FOLDER = config.RESOURCES / "sql"
LOCK_KEY = 7_236_401  # any number; the same in every version, so that upgrades wait for each other
KEPT_HERE = frozenset({"alembic_version", "applied_sql"})
_WAIT_FOR_UPGRADE = "5min"
_LOCK_TIMEOUT = "10s"
_STATEMENT_TIMEOUT = "60min"

State = Literal["current", "older", "newer", "missing"]


@dataclass(frozen=True, slots=True)
class Status:
    """Where a database stands: `revision` of its schema (None without one), `code_revision` of this code.

    `sql_current` says whether functions and policies are those of this code; `size` is in bytes.
    """

    revision: str | None
    code_revision: str | None
    sql_current: bool
    server_version: str
    size: int
    state: State


def upgrade(admin_conninfo: str, database: str) -> bool:
    """Bring `database` to the schema of this code; returns whether anything changed.

    Runs as the owner role. Raises `RuleBroken` when the database is newer than this code, `Conflict` when
    somebody keeps a table locked.
    """
    with owner_connection(admin_conninfo, database) as connection:
        return migrate(connection, database)


def migrate(connection: Connection, database: str, revision: str = "head", *, down: bool = False) -> bool:
    """Move the schema to `revision` on the owner's connection, in its transaction; whether anything changed.

    Functions, views and policies stand on the tables: before a revision runs they are taken away (by the
    files that begin with 000), and only the newest revision gets them back.
    """
    _refuse_newer(connection)
    connection.execute(text(f"CREATE SCHEMA IF NOT EXISTS {SCHEMA}"))
    before = _revision(connection)
    to_head = revision == "head" and not down
    if not (to_head and before == code_revision()):
        _run_files(connection, [each for each in rendered_sql(database) if each[0].startswith("000")])
        (command.downgrade if down else command.upgrade)(alembic_config(connection), revision)
    moved = _revision(connection) != before
    return (_apply_sql(connection, database, force=moved) if to_head else False) or moved


def status(conninfo: str, database: str) -> Status:
    """Where `database` stands; any login of it may ask."""
    with translated(), psycopg.connect(with_manners(conninfo, dbname=database)) as connection:
        row = connection.execute(
            "SELECT pg_catalog.current_setting('server_version'),"
            " pg_catalog.pg_database_size(pg_catalog.current_database())"
        ).fetchone()
        revision = _value(connection, f"SELECT version_num FROM {SCHEMA}.alembic_version")
        applied = _applied(connection)
    version, size = (str(row[0]), int(row[1])) if row else ("", 0)
    return Status(
        revision=revision,
        code_revision=code_revision(),
        sql_current=applied == {name: sha for name, _, sha in rendered_sql(database)},
        server_version=version,
        size=size,
        state=_state(revision),
    )


def require_current(found: Status) -> None:
    """`RuleBroken` saying what to do when schema and code do not fit each other."""
    if found.state == "newer":
        raise _too_new(found.revision)
    if found.state != "current" or not found.sql_current:
        raise RuleBroken(
            "The database is older than this Tegoed." if found.revision else "The database is empty.",
            code="schema.older",
            remedy="Run `tegoed db upgrade` as its administrator.",
            revision=found.revision,
        )


def code_revision() -> str | None:
    """The newest schema revision this code knows, None before the first."""
    return _script().get_current_head()


def alembic_config(connection: Connection | None = None) -> Config:
    """Alembic without an ini file; `migrations/env.py` takes the connection from it."""
    made = Config()
    made.set_main_option("script_location", str(config.MIGRATIONS).replace("%", "%%"))
    made.set_main_option("path_separator", "os")
    made.attributes["connection"] = connection
    made.attributes["schema"] = SCHEMA
    made.attributes["include_name"] = is_ours
    return made


def is_ours(name: str | None, kind: str, parents: Mapping[str, str | None]) -> bool:
    """Whether a thing found in a database is one that the models describe (Alembic's `include_name`)."""
    if kind == "schema":
        return name == SCHEMA
    return not (kind == "table" and parents.get("schema_name") == SCHEMA and name in KEPT_HERE)


@contextmanager
def owner_connection(admin_conninfo: str, database: str) -> Generator[Connection]:
    """One transaction as the owner of `database`, alone among upgrades and with time-outs set."""
    engine = make_engine(with_manners(admin_conninfo, dbname=database), pool_size=None)
    try:
        with translated(), _alone(engine) as connection, connection.begin():
            for name, value in (
                ("lock_timeout", _LOCK_TIMEOUT),
                ("statement_timeout", _STATEMENT_TIMEOUT),
                ("role", owner_role(database)),
            ):
                connection.execute(
                    text("SELECT pg_catalog.set_config(:name, :value, true)"), {"name": name, "value": value}
                )
            yield connection
    finally:
        engine.dispose()


def rendered_sql(database: str, folder: Path | None = None) -> list[tuple[str, str, str]]:
    """Name, text with its placeholders filled in, and the text's SHA-256, for each SQL file in name order."""
    values = _placeholders(database)
    rendered: list[tuple[str, str, str]] = []
    for path in sorted((folder or SQL_FOLDER).glob("*.sql")):
        body = path.read_text("utf-8")
        for key, value in values.items():
            body = body.replace("{{" + key + "}}", value)
        rendered.append((path.name, body, hashlib.sha256(body.encode()).hexdigest()))
    return rendered


@contextmanager
def _alone(engine: Engine) -> Generator[Connection]:
    with engine.connect() as connection:
        connection.execute(text(f"SET lock_timeout = '{_WAIT_FOR_UPGRADE}'"))
        connection.execute(text("SELECT pg_catalog.pg_advisory_lock(:key)"), {"key": LOCK_KEY})
        connection.commit()
        # The connection is closed at the end and takes the lock with it.
        yield connection


def _apply_sql(connection: Connection, database: str, *, force: bool) -> bool:
    connection.execute(
        text(
            f"CREATE TABLE IF NOT EXISTS {SCHEMA}.applied_sql"
            " (name text PRIMARY KEY, sha256 text NOT NULL, applied_at timestamptz NOT NULL DEFAULT now())"
        )
    )
    wanted = rendered_sql(database)
    driver = _driver(connection)
    if not force and _applied(driver) == {name: sha for name, _, sha in wanted}:
        return False
    _run_files(connection, wanted)
    record = sql.Identifier(SCHEMA, "applied_sql")
    driver.execute(sql.SQL("DELETE FROM {}").format(record))
    with driver.cursor() as cursor:
        cursor.executemany(
            sql.SQL("INSERT INTO {} (name, sha256) VALUES (%s, %s)").format(record),
            [(name, sha) for name, _, sha in wanted],
        )
    _let_everyone_see_the_version(driver, database)
    return True


def _run_files(connection: Connection, files: Iterable[tuple[str, str, str]]) -> None:
    for name, body, _ in files:
        _run_file(_driver(connection), name, body)


def _driver(connection: Connection) -> psycopg.Connection:
    return cast("psycopg.Connection", connection.connection.driver_connection)


def _run_file(driver: psycopg.Connection, name: str, body: str) -> None:
    try:
        # Without parameters psycopg uses the simple protocol: the whole file, dollar quotes and all.
        driver.execute(body.encode())
    except psycopg.Error as error:
        position = error.diag.statement_position
        line = body[: int(position)].count("\n") + 1 if position else None
        error.add_note(f"{name}, line {line}" if line else name)
        if error.diag.context:
            error.add_note(error.diag.context)
        raise


def _let_everyone_see_the_version(driver: psycopg.Connection, database: str) -> None:
    """Each client checks at its start whether it fits the schema."""
    groups = sql.SQL(", ").join(sql.Identifier(group_role(database, group)) for group in GROUPS)
    schema = sql.Identifier(SCHEMA)
    driver.execute(sql.SQL("GRANT USAGE ON SCHEMA {} TO {}").format(schema, groups))
    for table in sorted(KEPT_HERE):
        grant = sql.SQL("GRANT SELECT ON {}.{} TO {}").format(schema, sql.Identifier(table), groups)
        driver.execute(grant)


def _placeholders(database: str) -> dict[str, str]:
    identifiers = {"owner": owner_role(database), "database": database}
    identifiers |= {group: group_role(database, group) for group in GROUPS}
    quoted = {key: '"' + name.replace('"', '""') + '"' for key, name in identifiers.items()}
    return {**quoted, "prefix": f"{database}_"}


def _applied(connection: psycopg.Connection) -> dict[str, str]:
    if not _table_exists(connection, "applied_sql"):
        return {}
    query = sql.SQL("SELECT name, sha256 FROM {}.applied_sql").format(sql.Identifier(SCHEMA))
    return dict(connection.execute(query).fetchall())


def _value(connection: psycopg.Connection, query: str) -> str | None:
    if not _table_exists(connection, "alembic_version"):
        return None
    row = connection.execute(query.encode()).fetchone()
    return str(row[0]) if row else None


def _table_exists(connection: psycopg.Connection, table: str) -> bool:
    row = connection.execute("SELECT pg_catalog.to_regclass(%s)", [f"{SCHEMA}.{table}"]).fetchone()
    return bool(row and row[0])


def _revision(connection: Connection) -> str | None:
    exists = connection.scalar(
        text("SELECT pg_catalog.to_regclass(:name)"), {"name": f"{SCHEMA}.alembic_version"}
    )
    if exists is None:
        return None
    found: object = connection.scalar(text(f"SELECT version_num FROM {SCHEMA}.alembic_version"))
    return None if found is None else str(found)


def _script() -> ScriptDirectory:
    return ScriptDirectory.from_config(alembic_config())


def _known_revisions() -> Iterable[str]:
    return (script.revision for script in _script().walk_revisions())


def _state(revision: str | None) -> State:
    if revision is None:
        return "missing"
    if revision == code_revision():
        return "current"
    return "older" if revision in set(_known_revisions()) else "newer"


def _refuse_newer(connection: Connection) -> None:
    revision = _revision(connection)
    if _state(revision) == "newer":
        raise _too_new(revision)


def _too_new(revision: str | None) -> RuleBroken:
    return RuleBroken(
        "The database is newer than this Tegoed.",
        code="schema.newer",
        remedy="Install the Tegoed that the database was upgraded with, or a newer one.",
        revision=revision,
    )
