"""The world of these tests, made once for a file: see `world.py`."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from psycopg import sql

from app.adapters.database import install
from tests.db.access.world import PEOPLE, World


@pytest.fixture(scope="module")
def world(installed, _cleaning) -> Iterator[World]:
    """Both companies and all people, for the tests of one file."""
    made = World(installed.server, installed.name, _cleaning.admin)
    _add_people(made)
    body = Path(__file__).with_name("world.sql").read_text("utf-8")
    with made.admin.transaction():
        made.admin.execute(sql.SQL("SET LOCAL ROLE {}").format(sql.Identifier(made.owner)))
        made.admin.execute(body.format(prefix=installed.name).encode())
        for who, (_, companies) in PEOPLE.items():
            made.admin.execute(
                "INSERT INTO tegoed.membership SELECT id, unnest(%s::int[]) FROM tegoed.app_user WHERE login = %s",
                [list(companies), made.login(who)],
            )
    yield made
    for connection in made.open.values():
        connection.close()
    made.admin.execute(_cleaning.statements)


def _add_people(world: World) -> None:
    for who, (roles, _) in PEOPLE.items():
        login = world.login(who)
        install.add_login(
            world.server.admin_conninfo(),
            world.name,
            login,
            password=world.server.password(login),
            roles=roles,
        )
        world.admin.execute("INSERT INTO tegoed.app_user (login, name) VALUES (%s, %s)", [login, who])
