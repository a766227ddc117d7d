"""A company at its desk on an ordinary Monday."""

import pytest
from sqlalchemy.orm import Session

from tests.db.kit import Scene, open_scene


@pytest.fixture
def scene(session: Session) -> Scene:
    return open_scene(session)
