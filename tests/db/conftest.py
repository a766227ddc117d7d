"""Databases of their own, for tests that change the schema or the roles."""

from collections.abc import Callable, Iterator
from itertools import count

import pytest

from app.adapters.database import install, upgrade
from app.adapters.database.embedded import EmbeddedServer


@pytest.fixture
def new_database(server: EmbeddedServer, installed) -> Iterator[Callable[..., str]]:
    """`new_database()` makes one more database and gives its name; `upgraded=False` leaves it empty."""
    numbers, made = count(1), []

    def make(*, upgraded: bool = True) -> str:
        name = f"{installed.name}_more{next(numbers)}"
        install.drop_database(server.admin_conninfo(), name)
        install.create_database(server.admin_conninfo(), name)
        made.append(name)
        if upgraded:
            upgrade.upgrade(server.admin_conninfo(), name)
        return name

    yield make
    for name in made:
        install.drop_database(server.admin_conninfo(), name)
