import shutil

import psycopg
import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from app import models
from app.adapters.database import upgrade
from app.adapters.database.install import owner_role
from app.errors import RuleBroken

EXTRA = """
CREATE OR REPLACE FUNCTION tegoed.answer() RETURNS text LANGUAGE sql
    SET search_path = pg_catalog, tegoed, pg_temp AS $$ SELECT '{{prefix}}'::text $$;
GRANT EXECUTE ON FUNCTION tegoed.answer() TO {{collector}};
"""


@pytest.fixture
def sql_folder(monkeypatch, tmp_path):
    """A copy of the shipped SQL files, to change."""
    copy = tmp_path / "sql"
    shutil.copytree(upgrade.SQL_FOLDER, copy)
    monkeypatch.setattr(upgrade, "SQL_FOLDER", copy)
    return copy


def one(conninfo: str, query: str) -> object:
    with psycopg.connect(conninfo) as connection:
        return connection.execute(query.encode()).fetchone()[0]


def test_a_second_upgrade_changes_nothing(server, new_database):
    name = new_database()
    applied = "SELECT max(applied_at) FROM tegoed.applied_sql"
    before = one(server.admin_conninfo(name), applied)
    assert not upgrade.upgrade(server.admin_conninfo(), name)
    assert one(server.admin_conninfo(name), applied) == before


def test_a_changed_file_is_applied_once_with_its_names_filled_in(server, new_database, sql_folder):
    name = new_database()
    (sql_folder / "990_answer.sql").write_text(EXTRA, "utf-8")
    assert not upgrade.status(server.admin_conninfo(), name).sql_current

    assert upgrade.upgrade(server.admin_conninfo(), name)
    assert not upgrade.upgrade(server.admin_conninfo(), name)

    assert upgrade.status(server.admin_conninfo(), name).sql_current
    assert one(server.admin_conninfo(name), "SELECT tegoed.answer()") == f"{name}_"
    grantee = "SELECT has_function_privilege('{}_collector', 'tegoed.answer()', 'EXECUTE')"
    assert one(server.admin_conninfo(name), grantee.format(name))


def test_a_file_that_fails_is_named_with_its_line_and_leaves_all_as_it_was(server, new_database, sql_folder):
    name = new_database()
    (sql_folder / "990_answer.sql").write_text(EXTRA, "utf-8")
    (sql_folder / "991_wrong.sql").write_text("SELECT 1;\n\nSELEKT 2;\n", "utf-8")

    with pytest.raises(psycopg.errors.SyntaxError) as caught:
        upgrade.upgrade(server.admin_conninfo(), name)

    assert caught.value.__notes__[0] == "991_wrong.sql, line 3"
    assert one(server.admin_conninfo(name), "SELECT to_regproc('tegoed.answer')") is None
    assert one(server.admin_conninfo(name), "SELECT count(*) FROM tegoed.applied_sql WHERE name ~ '^99'") == 0


def test_the_schema_and_everything_in_it_belongs_to_the_owner(database):
    owners = (
        "SELECT coalesce(string_agg(DISTINCT pg_get_userbyid(relowner), ','), '') FROM pg_class"
        " WHERE relnamespace = 'tegoed'::regnamespace"
    )
    assert one(database.conninfo, owners) == owner_role(database.name)
    functions = owners.replace("pg_class", "pg_proc").replace("relowner", "proowner")
    assert one(database.conninfo, functions.replace("relnamespace", "pronamespace")) in {
        owner_role(database.name),
        "",
    }


def test_any_login_can_see_whether_it_fits_the_schema(database, login):
    engine = login("portal")
    found = upgrade.status(database.server.conninfo(database.name, login.name(engine)), database.name)
    upgrade.require_current(found)
    assert found.state == "current"
    assert found.revision == upgrade.code_revision() is not None
    assert found.size > 1_000_000
    assert found.server_version.split(".")[0].isdigit()


def test_an_empty_database_asks_for_an_upgrade(server, new_database):
    found = upgrade.status(server.admin_conninfo(), new_database(upgraded=False))
    assert found.state == "missing"
    with pytest.raises(RuleBroken, match="tegoed db upgrade"):
        upgrade.require_current(found)


def test_a_newer_database_asks_for_a_newer_program_and_is_left_alone(server, new_database):
    name = new_database()
    with psycopg.connect(server.admin_conninfo(name)) as connection:
        connection.execute("UPDATE tegoed.alembic_version SET version_num = 'from_the_future'")
    found = upgrade.status(server.admin_conninfo(), name)
    assert found.state == "newer"
    with pytest.raises(RuleBroken) as refused:
        upgrade.require_current(found)
    assert refused.value.code == "schema.newer"
    with pytest.raises(RuleBroken) as refused:
        upgrade.upgrade(server.admin_conninfo(), name)
    assert refused.value.code == "schema.newer"


def test_the_migrations_give_the_tables_of_the_models(owner):
    with owner.connect() as connection:
        options = {"include_schemas": True, "include_name": upgrade.is_ours, "compare_type": True}
        options["version_table_schema"] = upgrade.SCHEMA
        context = MigrationContext.configure(connection, opts=options)
        assert compare_metadata(context, models.metadata) == []


def test_it_goes_down_to_nothing_and_up_again(server, new_database):
    name = new_database()
    with upgrade.owner_connection(server.admin_conninfo(), name) as connection:
        assert upgrade.migrate(connection, name, "base", down=True)
        left = connection.scalars(
            text(
                "SELECT relname FROM pg_class WHERE relnamespace = 'tegoed'::regnamespace AND relkind = 'r'"
                " AND relname NOT IN ('alembic_version', 'applied_sql')"
            )
        )
        assert list(left) == []
    assert upgrade.upgrade(server.admin_conninfo(), name)
    upgrade.require_current(upgrade.status(server.admin_conninfo(), name))


def test_an_upgrade_waits_for_the_other(server, new_database):
    name = new_database(upgraded=False)
    with (
        upgrade.owner_connection(server.admin_conninfo(), name),
        psycopg.connect(server.admin_conninfo(name)) as other,
    ):
        row = other.execute("SELECT pg_try_advisory_lock(%s)", [upgrade.LOCK_KEY]).fetchone()
        assert row == (False,)


def test_a_statement_that_breaks_in_the_middle_of_a_revision_changes_nothing(server, new_database):
    name = new_database(upgraded=False)
    conninfo = server.admin_conninfo()
    with pytest.raises(DBAPIError), upgrade.owner_connection(conninfo, name) as connection:  # noqa: PT012
        upgrade.migrate(connection, name)
        connection.execute(text("SELECT 1 / 0"))
    assert upgrade.status(server.admin_conninfo(), name).state == "missing"
