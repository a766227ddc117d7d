"""A login owns nothing: also no large object, which anybody may make in a database as PostgreSQL ships it."""

import pytest
from sqlalchemy import text

from app.adapters.database.engine import transaction
from app.errors import NotAllowed


@pytest.mark.parametrize("call", ["lo_create(0)", "lo_creat(-1)", "lo_from_bytea(0, 'x')"])
def test_no_login_makes_a_large_object(login, call):
    with pytest.raises(NotAllowed), transaction(login("auditor")) as connection:
        connection.execute(text(f"select pg_catalog.{call}"))
