"""Two companies that mirror each other, and people who try to reach beyond their own.

The world is made once for a file. Each attempt runs on the person's own connection, in a transaction that
is undone, so that a hundred of them cost no more than a hundred statements.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import psycopg

from app.adapters.database import install

OURS, THEIRS = 1000, 2000
EVERY_ROLE = tuple(group for group in install.GROUPS if group != "portal")
# who → (roles, companies). `everyone` has every right there is, in our company only.
PEOPLE: dict[str, tuple[tuple[str, ...], tuple[int, ...]]] = {
    **{group: ((group,), (OURS,)) for group in install.GROUPS},
    "everyone": (EVERY_ROLE, (OURS,)),
    "theirs": (EVERY_ROLE, (THEIRS,)),
    "left": (EVERY_ROLE, ()),
    "nobody": ((), (OURS,)),
}


@dataclass(frozen=True)
class Outcome:
    """What became of an attempt.

    `state` is the SQLSTATE of its refusal, None when it went through; `wrote` whether the database changed
    or locked a row for it.
    """

    state: str | None
    said: str
    rows: list[tuple[Any, ...]]
    touched: int
    wrote: bool

    @property
    def value(self) -> Any:
        return self.rows[0][0]


@dataclass
class World:
    """The database with both companies in it; `attempt` acts as a person, `see` looks as its owner."""

    server: Any
    name: str
    admin: psycopg.Connection
    open: dict[str, psycopg.Connection] = field(default_factory=dict)

    def login(self, who: str) -> str:
        return f"{self.name}_{who}_login"

    @property
    def owner(self) -> str:
        return install.owner_role(self.name)

    def connect(self, who: str) -> psycopg.Connection:
        return psycopg.connect(self.server.conninfo(self.name, self.login(who)), autocommit=True)

    @contextmanager
    def acting(self, who: str) -> Iterator[psycopg.Connection]:
        """A transaction of this person, undone at its end."""
        if who not in self.open:
            self.open[who] = self.connect(who)
        with self.open[who].transaction(force_rollback=True):
            yield self.open[who]

    def attempt(self, who: str, query: str, values: Sequence[object] = (), *, before: str = "") -> Outcome:
        with self.acting(who) as connection:
            if before:
                connection.execute(before.encode())
            return _tried(connection, query, values)

    def run(self, query: str) -> None:
        """Something only the server's administrator does."""
        self.admin.execute(query.encode())

    def see(self, query: str, values: Sequence[object] = ()) -> list[tuple[Any, ...]]:
        return self.admin.execute(query.encode(), values or None).fetchall()


def _tried(connection: psycopg.Connection, query: str, values: Sequence[object]) -> Outcome:
    try:
        with connection.transaction():
            cursor = connection.execute(query.encode(), values or None)
            rows = cursor.fetchall() if cursor.description else []
            touched = cursor.rowcount
            wrote = connection.execute("SELECT pg_current_xact_id_if_assigned() IS NOT NULL").fetchone()
    except psycopg.Error as error:
        diag = error.diag
        said = "\n".join(filter(None, (str(error), diag.message_detail, diag.message_hint, diag.context)))
        return Outcome(state=error.sqlstate or "?", said=said, rows=[], touched=0, wrote=False)
    return Outcome(state=None, said="", rows=rows, touched=touched, wrote=bool(wrote and wrote[0]))
