"""Connections to the database, all with the same manners, and the two doors to a transaction.

Every session is in UTC and has nothing of ours on its `search_path`: a statement names its schema, so that
no table made by somebody else can stand in for ours.
"""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from typing import TypeAlias

import psycopg
from psycopg import conninfo as libpq
from psycopg import sql
from sqlalchemy import Connection, Engine, create_engine
from sqlalchemy.orm import Session, sessionmaker
from sqlalchemy.pool import NullPool

from app.adapters.database.translation import translated

APPLICATION = "tegoed"
CONNECT_TIMEOUT = 10

Sessions: TypeAlias = sessionmaker[Session]

_OPTIONS = "-c timezone=UTC -c search_path=pg_catalog,pg_temp"
_MANNERS = {
    "connect_timeout": CONNECT_TIMEOUT,
    "keepalives_idle": 30,
    "keepalives_interval": 10,
    "keepalives_count": 3,
}


def with_manners(conninfo: str, **changes: object) -> str:
    """`conninfo` with our session settings added, each where the caller's string does not say otherwise.

    `changes` (dbname, user, …) win over the string; time zone and search path cannot be overridden.
    """
    given = libpq.conninfo_to_dict(conninfo)
    merged: dict[str, object] = {"application_name": APPLICATION, **_MANNERS, **given, **changes}
    asked = str(merged.get("options") or "")
    merged["options"] = asked if asked.endswith(_OPTIONS) else f"{asked} {_OPTIONS}".strip()
    return libpq.make_conninfo(**merged)  # pyright: ignore[reportArgumentType]


def make_engine(conninfo: str, *, role: str | None = None, pool_size: int | None = 5) -> Engine:
    """An engine on a libpq connection string (several hosts, `passfile` and `service` work as in libpq).

    `role` is taken with SET ROLE on every new connection. `pool_size` None keeps no connection open
    between transactions. Connects lazily, so it raises nothing yet.
    """
    full = with_manners(conninfo)

    def connect() -> psycopg.Connection:
        connection = psycopg.connect(full)
        if role is not None:
            _take_role(connection, role)
        return connection

    url = "postgresql+psycopg://"
    if pool_size is None:
        return create_engine(url, creator=connect, poolclass=NullPool)
    return create_engine(url, creator=connect, pool_size=pool_size, max_overflow=5, pool_pre_ping=True)


def make_sessions(engine: Engine) -> Sessions:
    """Sessions on `engine`; objects stay readable after commit, nothing is written before asked."""
    return sessionmaker(engine, expire_on_commit=False)


@contextmanager
def transaction(engine: Engine) -> Generator[Connection]:
    """One transaction, committed at the end or undone; raises `TegoedError` for what the database refuses."""
    with translated(), engine.begin() as connection:
        yield connection


@contextmanager
def session_scope(sessions: Sessions) -> Generator[Session]:
    """One session in one transaction, committed at the end or undone; errors as in `transaction`."""
    with translated(), sessions.begin() as session:
        yield session


def _take_role(connection: psycopg.Connection, role: str) -> None:
    connection.execute(sql.SQL("SET ROLE {}").format(sql.Identifier(role)))
    connection.commit()
