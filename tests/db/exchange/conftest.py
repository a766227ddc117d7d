from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import Engine

from tests.db.exchange.books import Books, make_books


@pytest.fixture
def books(login: Callable[..., Engine], owner: Engine, tmp_path: Path) -> Books:
    """A company in plan only with an empty ledger."""
    return make_books(login, owner, tmp_path)


@pytest.fixture
def planned_books(login: Callable[..., Engine], owner: Engine, tmp_path: Path) -> Books:
    """A company in plan only with the shipped workflows, so that its items can be planned."""
    return make_books(login, owner, tmp_path, workflows=True)
