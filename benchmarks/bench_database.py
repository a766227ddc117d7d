"""A server and a database for one measurement, thrown away afterwards."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Engine, text

from app.adapters.database import embedded, install, upgrade
from app.adapters.database.embedded import EmbeddedServer
from app.adapters.database.engine import make_engine

LOGIN = "bench"


@dataclass(frozen=True)
class Bench:
    """A database: `owner` for floors and filling, `login` as a person with every role."""

    server: EmbeddedServer
    name: str
    owner: Engine
    login: Engine
    home: Path

    def join(self, company: int) -> None:
        """Make the login a member of a company."""
        with self.owner.begin() as connection:
            connection.execute(
                text("insert into tegoed.app_user (login, name) values (:l, :l) on conflict do nothing"),
                {"l": LOGIN},
            )
            connection.execute(
                text(
                    "insert into tegoed.membership (user_id, company_id)"
                    " select id, :c from tegoed.app_user where login = :l on conflict do nothing"
                ),
                {"l": LOGIN, "c": company},
            )


@contextmanager
def server() -> Generator[tuple[EmbeddedServer, Path]]:
    """An embedded server with the product's own settings."""
    home = Path(tempfile.mkdtemp(prefix="tegoed-bench-"))
    home.chmod(0o711)
    started = embedded.start(home)
    try:
        yield started, home
    finally:
        started.stop("immediate")
        shutil.rmtree(home, ignore_errors=True)


@contextmanager
def database(running: EmbeddedServer, home: Path, name: str) -> Generator[Bench]:
    """A fresh database with a login that has every working role."""
    admin = running.admin_conninfo()
    install.create_database(admin, name)
    upgrade.upgrade(admin, name)
    install.add_login(
        admin,
        name,
        LOGIN,
        password=running.password(LOGIN),
        roles=("administrator", "manager", "worker"),
    )
    owner = make_engine(running.admin_conninfo(name), role=install.owner_role(name), pool_size=None)
    login = make_engine(running.conninfo(name, LOGIN))
    try:
        yield Bench(running, name, owner, login, home)
    finally:
        owner.dispose()
        login.dispose()
        install.drop_database(admin, name)
