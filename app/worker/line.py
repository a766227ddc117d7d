"""The worker's connection: every call of an engine function is a transaction of its own."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager

from sqlalchemy.orm import Session

from app.adapters.database.translation import translated
from app.bootstrap import Desk


@contextmanager
def engine_line(desk: Desk) -> Generator[Session]:
    """A session that commits each statement: one round trip a call, and no transaction open while acting.

    Use it for single calls only. Raises `DatabaseAway` when the connection goes.
    """
    with (
        translated(),
        desk.engine.connect() as connection,
        Session(connection.execution_options(isolation_level="AUTOCOMMIT")) as session,
    ):
        yield session
