"""The one place that joins parts: settings, database, the signed-in person, the folders things leave to."""

from __future__ import annotations

import getpass
import re
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from psycopg.conninfo import conninfo_to_dict
from sqlalchemy import Engine, text
from sqlalchemy.orm import Session

from app.adapters.database import embedded, install, upgrade
from app.adapters.database.embedded import EmbeddedServer
from app.adapters.database.engine import Sessions, make_engine, make_sessions, session_scope
from app.adapters.mail.outbox_folder import OutboxFolder
from app.adapters.printing.print_folder import PrintFolder
from app.config import Config
from app.errors import Invalid

DATABASE = "tegoed"
FIRST_ROLES = ("administrator", "manager", "worker")


@dataclass(frozen=True, slots=True)
class Desk:
    """A signed-in person at a database. `server` is the embedded one, None for a shared server."""

    config: Config
    engine: Engine
    sessions: Sessions
    conninfo: str
    database: str
    login: str
    server: EmbeddedServer | None

    def session(self) -> object:
        """One session in one transaction, committed at the end; for `with`."""
        return session_scope(self.sessions)

    @property
    def marker_key(self) -> str:
        """What tells this database from others in the station's own notes."""
        parts = conninfo_to_dict(self.conninfo)
        where = (
            str(self.server.folder) if self.server else f"{parts.get('host', '')}:{parts.get('port', 5432)}"
        )
        return f"{where}/{self.database}"

    def outbox(self, company: str) -> OutboxFolder:
        """Where mails of a company go while it has no mail server."""
        return OutboxFolder(self.config.outbox / company)

    def print_folder(self, company: str) -> PrintFolder:
        """Where letters of a company go while its queues are folders."""
        return PrintFolder(self.config.print_folder / company)

    def close(self) -> None:
        """Let go of the database; an embedded server that nobody else uses is stopped."""
        self.engine.dispose()
        if self.server is not None:
            self.server.stop_if_unused()


@contextmanager
def open_desk(config: Config) -> Generator[Desk]:
    """The desk of these settings, closed at the end.

    Without a configured database the embedded one is started, and on first use made and upgraded. Raises
    `DatabaseAway` when it cannot be reached, `RuleBroken` when schema and program do not fit.
    """
    desk = _shared(config) if config.database else _embedded(config)
    try:
        yield desk
    finally:
        desk.close()


def admin_conninfo(desk: Desk) -> str:
    """The connection of a server administrator: the embedded superuser, else the login of the settings."""
    return desk.server.admin_conninfo(desk.database) if desk.server else desk.conninfo


@contextmanager
def owner_session(desk: Desk) -> Generator[Session]:
    """A session as the owner of everything, for setting up; needs the server's administrator."""
    with (
        upgrade.owner_connection(admin_conninfo(desk), desk.database) as connection,
        Session(connection) as session,
    ):
        yield session
        session.flush()


def _shared(config: Config) -> Desk:
    parts = conninfo_to_dict(config.database)
    if "password" in parts:
        raise Invalid(
            "database",
            "The setting 'database' holds a password.",
            remedy="Leave it out; put it in a libpq password file (chmod 600).",
            code="settings.secret",
        )
    database, login = str(parts.get("dbname") or DATABASE), str(parts.get("user") or getpass.getuser())
    upgrade.require_current(upgrade.status(config.database, database))
    return _desk(config, config.database, database, login, None)


def _embedded(config: Config) -> Desk:
    server = embedded.start(config.home)
    try:
        login = person_login()
        _make_first(server)
        upgrade.upgrade(server.admin_conninfo(), DATABASE)
        _make_person(server, login)
        return _desk(config, server.conninfo(DATABASE, login), DATABASE, login, server)
    except BaseException:
        server.release()
        raise


def _desk(config: Config, conninfo: str, database: str, login: str, server: EmbeddedServer | None) -> Desk:
    engine = make_engine(conninfo)
    return Desk(config, engine, make_sessions(engine), conninfo, database, login, server)


def person_login() -> str:
    """The login of this computer's user on the embedded server."""
    return "tegoed_" + (re.sub(r"[^a-z0-9_]", "_", getpass.getuser().casefold())[:40] or "user")


def _make_first(server: EmbeddedServer) -> None:
    with make_engine(server.admin_conninfo(), pool_size=None).connect() as connection:
        made = connection.execute(
            text("select 1 from pg_catalog.pg_database where datname = :name"), {"name": DATABASE}
        ).first()
    if made is None:
        install.create_database(server.admin_conninfo(), DATABASE)


def _make_person(server: EmbeddedServer, login: str) -> None:
    """The first person of an embedded database is administrator, manager and worker; others are added."""
    with upgrade.owner_connection(server.admin_conninfo(), DATABASE) as connection:
        known = connection.execute(text("select login from tegoed.app_user")).scalars().all()
        if login in known:
            return
        if known:
            raise Invalid(
                "login",
                f"{login} is not a user of this database.",
                remedy="Its first user is " + ", ".join(known) + ".",
                code="login.unknown",
            )
        install.add_login(
            server.admin_conninfo(), DATABASE, login, password=server.password(login), roles=FIRST_ROLES
        )
        connection.execute(
            text("insert into tegoed.app_user (login, name) values (:login, :name)"),
            {"login": login, "name": getpass.getuser()},
        )


def is_empty(desk: Desk) -> bool:
    """Whether the database holds no company at all."""
    with owner_session(desk) as session:
        return session.execute(text("select 1 from tegoed.company limit 1")).first() is None


def default_out(config: Config) -> Path:
    """Where a collection day is written when no folder is named."""
    return config.home / "day"
