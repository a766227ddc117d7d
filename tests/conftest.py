"""One real PostgreSQL server for the run, one database for each process of it.

A test asks for `database` (or `owner`, `login`, `session`, which bring it) and finds it as installed: what
it committed is deleted afterwards, and a connection it left open fails it. Nothing starts before it is asked.
"""

import os
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import psycopg
import pytest
from psycopg import sql
from sqlalchemy import Engine, text
from sqlalchemy.orm import Session

from app.adapters.database import embedded, install, upgrade
from app.adapters.database.embedded import EmbeddedServer
from app.adapters.database.engine import make_engine

HOME = "TEGOED_TEST_HOME"
# Tests lose nothing that matters when the machine stops.
FAST = {"fsync": "off", "full_page_writes": "off", "max_connections": "150", "shared_buffers": "128MB"}


@dataclass(frozen=True)
class Database:
    """A database of this run: `conninfo` is the server administrator's, without a password in it."""

    server: EmbeddedServer
    name: str

    @property
    def conninfo(self) -> str:
        return self.server.admin_conninfo(self.name)


@dataclass
class Logins:
    """Makes real logins with memberships; call it with role names, get an engine.

    The server's roles are made once for the whole run and used again by later tests; the rows in `app_user`
    and `membership` are made for each test.
    """

    database: Database
    owner: Engine
    engines: list[Engine] = field(default_factory=list)
    names: dict[int, str] = field(default_factory=dict)
    made: dict[tuple[str, ...], int] = field(default_factory=dict)

    def __call__(self, *roles: str, companies: Sequence[int] = (), name: str = "") -> Engine:
        """An engine as a new login in `roles`, member of `companies` (their ids)."""
        login = self._login(tuple(sorted(roles)))
        with self.owner.begin() as connection:
            user = connection.scalar(
                text("INSERT INTO tegoed.app_user (login, name) VALUES (:login, :name) RETURNING id"),
                {"login": login, "name": name or login},
            )
            for company in companies:
                connection.execute(
                    text("INSERT INTO tegoed.membership (user_id, company_id) VALUES (:user, :company)"),
                    {"user": user, "company": company},
                )
        engine = make_engine(self.database.server.conninfo(self.database.name, login))
        self.engines.append(engine)
        self.names[id(engine)] = login
        return engine

    def name(self, engine: Engine) -> str:
        """The login behind an engine made here."""
        return self.names[id(engine)]

    def _login(self, roles: tuple[str, ...]) -> str:
        count = self.made[roles] = self.made.get(roles, 0) + 1
        login = "_".join((self.database.name, "login", *roles, str(count)))[:63]
        known = _LOGINS.setdefault(self.database.name, set())
        if login not in known:
            server = self.database.server
            password = server.password(login)
            install.add_login(
                server.admin_conninfo(), self.database.name, login, password=password, roles=roles
            )
            known.add(login)
        return login


_LOGINS: dict[str, set[str]] = {}


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line(
        "markers",
        "needs_servers(*programs): needs these programs of the system (pdftotext, postgresql-15, …); "
        "skipped where they are missing, never in CI",
    )
    if not hasattr(config, "workerinput") and HOME not in os.environ:
        # Reachable for the server's account when we are root, and private to us when we are not.
        home = Path(tempfile.mkdtemp(prefix="tegoed test "))
        home.chmod(0o711)
        os.environ[HOME] = str(home)


def pytest_unconfigure(config: pytest.Config) -> None:
    home = os.environ.get(HOME)
    if hasattr(config, "workerinput") or home is None:
        return
    stop_server(Path(home))
    shutil.rmtree(home)
    del os.environ[HOME]


def stop_server(home: Path) -> None:
    """Stop the embedded server of `home` if there is one."""
    if (home / "postgres").exists():
        cluster = embedded.locate(home)
        if not cluster.drop_stale_pid_file() and cluster.recorded_process() is not None:
            cluster.stop("immediate")


def pytest_runtest_setup(item: pytest.Item) -> None:
    for marker in item.iter_markers("needs_servers"):
        missing = [program for program in marker.args if not _there(program)]
        if missing and os.environ.get("CI") != "true":
            pytest.skip(f"not installed: {', '.join(missing)}; tools/system-packages.sh tests says how")


@pytest.fixture(scope="session")
def server() -> Iterator[EmbeddedServer]:
    """The server of this run, shared by its processes."""
    started = embedded.start(Path(os.environ[HOME]), settings=FAST, patience=30.0)
    yield started
    started.release()


@pytest.fixture(scope="session")
def installed(server: EmbeddedServer) -> Database:
    """This process's database, installed and upgraded; take `database` in a test."""
    name = f"tegoed_{os.environ.get('PYTEST_XDIST_WORKER', 'main')}"
    install.drop_database(server.admin_conninfo(), name)
    install.create_database(server.admin_conninfo(), name)
    upgrade.upgrade(server.admin_conninfo(), name)
    return Database(server, name)


@dataclass(frozen=True)
class Cleaning:
    """A connection kept for the whole run, and the statements that put every table back as installed."""

    admin: psycopg.Connection
    statements: bytes


@pytest.fixture(scope="session")
def _cleaning(installed: Database) -> Iterator[Cleaning]:
    with psycopg.connect(installed.conninfo, autocommit=True) as admin:
        yield Cleaning(admin, _cleaning_statements(admin).encode())


@pytest.fixture
def database(installed: Database, _cleaning: Cleaning) -> Iterator[Database]:
    """A database as installed. Fails the test that leaves a connection open."""
    yield installed
    left = _left_connections(_cleaning.admin)
    _cleaning.admin.execute(_cleaning.statements)
    if left:
        pytest.fail(f"connections left open: {'; '.join(left)}")


@pytest.fixture
def owner(database: Database) -> Iterator[Engine]:
    """An engine as the owner of everything (past row security): to prepare and to look."""
    engine = make_engine(database.conninfo, role=install.owner_role(database.name), pool_size=None)
    yield engine
    engine.dispose()


@pytest.fixture
def login(database: Database, owner: Engine) -> Iterator[Callable[..., Engine]]:
    """`login("collector", companies=[1])` gives an engine as a real login with these rights."""
    logins = Logins(database, owner)
    yield logins
    for engine in logins.engines:
        engine.dispose()


@pytest.fixture
def tegoed_home(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A new, empty `TEGOED_HOME` for this test, in the environment too; its server is stopped afterwards."""
    home = Path(tempfile.mkdtemp(prefix="tegoed home "))
    home.chmod(0o711)
    monkeypatch.setenv("TEGOED_HOME", str(home))
    monkeypatch.delenv("TEGOED_DATABASE", raising=False)
    yield home
    stop_server(home)
    shutil.rmtree(home)


@pytest.fixture
def session(owner: Engine) -> Iterator[Session]:
    """A session of the owner whose work is undone at the end, commits included."""
    with owner.connect() as connection, connection.begin() as whole:
        with Session(connection, join_transaction_mode="create_savepoint") as made:
            yield made
        whole.rollback()


def _there(program: str) -> bool:
    name, _, major = program.partition("-")
    if name == "postgresql":
        return Path(f"/usr/lib/postgresql/{major}/bin/postgres").is_file()
    return shutil.which(program) is not None


def _left_connections(admin: psycopg.Connection) -> list[str]:
    """Who else is still connected here once ended connections had the time to go; ends them."""
    deadline = time.monotonic() + 2
    while True:
        rows = admin.execute(
            "SELECT pid, usename, state, left(query, 80) FROM pg_stat_activity"
            " WHERE datname = current_database() AND backend_type = 'client backend'"
            " AND pid <> pg_backend_pid()"
        ).fetchall()
        if not rows or time.monotonic() > deadline:
            break
        admin.execute("SELECT pg_sleep(0.01)")
    for row in rows:
        admin.execute("SELECT pg_terminate_backend(%s, 5000)", [row[0]])
    return [f"{user} ({state}): {query}" for _, user, state, query in rows]


def _cleaning_statements(connection: psycopg.Connection) -> str:
    """DELETE for each table; rows that came with the installation are kept aside and put back."""
    statements = [sql.SQL("BEGIN; SET LOCAL session_replication_role = replica")]
    connection.execute("CREATE SCHEMA IF NOT EXISTS as_installed")
    for schema, table in _tables(connection):
        there = sql.Identifier(schema, table)
        statements.append(sql.SQL("DELETE FROM {}").format(there))
        filled = connection.execute(sql.SQL("SELECT EXISTS (SELECT FROM {})").format(there)).fetchone()
        if filled and filled[0]:
            aside, columns = sql.Identifier("as_installed", table), _columns(connection, schema, table)
            connection.execute(sql.SQL("CREATE TABLE {} AS TABLE {}").format(aside, there))
            statements.append(
                sql.SQL("INSERT INTO {} ({}) OVERRIDING SYSTEM VALUE SELECT {} FROM {}").format(
                    there, columns, columns, aside
                )
            )
    return sql.SQL("; ").join([*statements, sql.SQL("COMMIT")]).as_string(connection)


def _tables(connection: psycopg.Connection) -> list[tuple[str, str]]:
    rows = connection.execute(
        "SELECT schemaname, tablename FROM pg_tables WHERE schemaname = %s AND tablename <> ALL (%s)",
        [upgrade.SCHEMA, sorted(upgrade.KEPT_HERE)],
    ).fetchall()
    return [(str(schema), str(table)) for schema, table in rows]


def _columns(connection: psycopg.Connection, schema: str, table: str) -> sql.Composed:
    rows = connection.execute(
        "SELECT column_name FROM information_schema.columns"
        " WHERE table_schema = %s AND table_name = %s AND is_generated = 'NEVER' ORDER BY ordinal_position",
        [schema, table],
    ).fetchall()
    return sql.SQL(", ").join(sql.Identifier(row[0]) for row in rows)
