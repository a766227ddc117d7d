"""Who is recorded, who approves, and what a login can turn into: nobody but itself."""

import psycopg
import pytest

from app.adapters.database.engine import with_manners
from tests.db.access.world import OURS, THEIRS


@pytest.mark.parametrize(
    "trick",
    [
        "SELECT 1",
        "SET LOCAL ROLE {name}_approver",
        "SET LOCAL ROLE {name}_collector",
        "SET LOCAL tegoed.station = 'x'",
        "SELECT set_config('tegoed.actor', 'x', true), set_config('tegoed.user', 'x', true),"
        " set_config('app.user', 'x', true)",
        "SET LOCAL search_path = pg_temp, public, tegoed",
        "SET LOCAL row_security = off",
    ],
)
def test_nobody_approves_what_they_wrote(world, trick):
    refused = world.attempt(
        "approver", "SELECT tegoed.approve_action(1011)", before=trick.format(name=world.name)
    )
    assert refused.state in {"TG004", "42501"}
    assert world.attempt("manager", "SELECT tegoed.approve_action(1011)").state is None


def test_the_author_is_whoever_logged_in(world):
    written = (
        "WITH w AS MATERIALIZED (SELECT tegoed.write_by_hand(1001, 'reminder', 'email', array[1012],"
        " 'reminder') AS id) SELECT id FROM w"
    )
    with world.acting("collector") as connection:
        connection.execute(f"SET LOCAL ROLE {world.name}_collector".encode())
        connection.execute("SELECT set_config('tegoed.author', 'x', true)")
        (made,) = connection.execute(written.encode()).fetchone()
        found = connection.execute(
            "SELECT author, approval_required FROM tegoed.action WHERE id = %s", [made]
        ).fetchone()
    assert found == (world.login("collector"), True)


@pytest.mark.parametrize(
    "trick",
    [
        "SET LOCAL tegoed.station = '{station}'; SET LOCAL tegoed.reason = 'x'",
        "SELECT set_config('tegoed.actor', 'x', true)",
        "SET LOCAL ROLE {name}_collector",
        "SET LOCAL application_name = 'x'",
    ],
)
def test_a_setting_does_not_change_who_is_recorded(world, trick):
    before = (
        trick.format(name=world.name, station="00000000-0000-0000-0000-000000000001")
        + "; SELECT tegoed.place_hold(1001)"
    )
    me = world.login("collector")
    for query in (
        "SELECT actor FROM tegoed.event ORDER BY id DESC LIMIT 1",
        "SELECT placed_by FROM tegoed.hold ORDER BY placed_at DESC LIMIT 1",
        "SELECT actor FROM tegoed.audit_log ORDER BY id DESC LIMIT 1",
    ):
        assert world.attempt("collector", query, before=before).value == me, query


@pytest.mark.parametrize(
    "trick",
    [
        "SET LOCAL search_path = pg_temp, public",
        "SET LOCAL search_path = ''",
        "SET LOCAL row_security = off",
        "SET LOCAL timezone = 'Pacific/Kiritimati'",
        "SET LOCAL datestyle = 'SQL, DMY'",
        "SET LOCAL intervalstyle = 'sql_standard'",
    ],
)
def test_hostile_settings_change_nothing_in_a_definer_function(world, trick):
    plain = world.attempt(
        "everyone", "SELECT tegoed.my_companies(), tegoed.sees_all(), tegoed.sending_paused()"
    )
    hostile = world.attempt(
        "everyone", "SELECT tegoed.my_companies(), tegoed.sees_all(), tegoed.sending_paused()", before=trick
    )
    assert hostile.rows == plain.rows == [([OURS], True, False)]
    assert world.attempt("everyone", f"SELECT tegoed.place_hold({THEIRS} + 1)", before=trick).state == "TG005"
    assert world.attempt("everyone", "SELECT tegoed.place_hold(1001)", before=trick).state is None


def test_row_security_switched_off_is_an_error_and_no_way_in(world):
    assert (
        world.attempt(
            "everyone", "SELECT 1 FROM tegoed.customer", before="SET LOCAL row_security = off"
        ).state
        == "42501"
    )


@pytest.mark.parametrize(
    "attempt",
    [
        "SET ROLE {name}_owner",
        "SET SESSION AUTHORIZATION {name}_owner",
        "SELECT set_config('role', '{name}_owner', false)",
        "SET SESSION AUTHORIZATION postgres",
        "SET ROLE postgres",
        "RESET SESSION AUTHORIZATION; SET ROLE {name}_owner",
        "GRANT {name}_administrator TO {login}",
        "GRANT {name}_owner TO {login}",
        "GRANT {login} TO {name}_portal",
        "ALTER ROLE {login} BYPASSRLS",
        "ALTER ROLE {login} SUPERUSER",
        "ALTER ROLE {login} CREATEROLE",
        "ALTER ROLE {name}_owner LOGIN",
        "CREATE ROLE x",
        "DROP ROLE {name}_portal",
        "ALTER TABLE tegoed.customer DISABLE ROW LEVEL SECURITY",
        "ALTER TABLE tegoed.customer OWNER TO {login}",
        "DROP POLICY reads ON tegoed.customer",
        "CREATE POLICY x ON tegoed.customer USING (true)",
        "DROP TRIGGER refuse_change ON tegoed.event",
        "ALTER TABLE tegoed.event DISABLE TRIGGER ALL",
        "CREATE TRIGGER x BEFORE INSERT ON tegoed.presence FOR EACH ROW EXECUTE FUNCTION tegoed.refuse_change()",
        "CREATE RULE x AS ON INSERT TO tegoed.import_line DO INSTEAD NOTHING",
        "SET session_replication_role = replica",
        "CREATE TEMP TABLE membership (user_id int, company_id int)",
        "CREATE TEMP VIEW customer AS SELECT 1",
        "SELECT 1 AS x INTO TEMP y",
        "CREATE TEMP SEQUENCE x",
        "CREATE FUNCTION pg_temp.f() RETURNS int LANGUAGE sql AS 'SELECT 1'",
        "CREATE FUNCTION public.f() RETURNS int LANGUAGE sql AS 'SELECT 1'",
        "CREATE FUNCTION tegoed.f() RETURNS int LANGUAGE sql AS 'SELECT 1'",
        "CREATE OPERATOR public.= (LEFTARG = int, RIGHTARG = text, FUNCTION = int4eq)",
        "CREATE TYPE public.t AS (a int)",
        "CREATE DOMAIN public.d AS int",
        "CREATE AGGREGATE public.a(int) (SFUNC = int4pl, STYPE = int)",
        "CREATE SCHEMA x",
        "CREATE TABLE public.x ()",
        "CREATE EXTENSION pg_trgm",
        "CREATE DATABASE x",
        "CREATE PUBLICATION x",
        "CREATE FOREIGN DATA WRAPPER x",
        "CREATE EVENT TRIGGER x ON sql_drop EXECUTE FUNCTION tegoed.f()",
        "ALTER FUNCTION tegoed.my_companies() RESET search_path",
        "DROP FUNCTION tegoed.my_companies() CASCADE",
        "ALTER SYSTEM SET fsync = off",
        "CREATE OR REPLACE FUNCTION tegoed.my_companies() RETURNS int[] LANGUAGE sql AS 'SELECT array[2000]'",
        "ALTER DATABASE {name} SET row_security = off",
        "SELECT nextval('tegoed.event_id_seq')",
        "SELECT setval('tegoed.event_id_seq', 1)",
        "COMMENT ON TABLE tegoed.customer IS 'x'",
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = '{name}_theirs_login'"
        " OR backend_type = 'checkpointer'",
        "SELECT pg_reload_conf()",
        "SELECT * FROM pg_ls_dir('.')",
        "VACUUM FULL tegoed.customer_nothing_of_mine",
    ],
)
def test_a_login_becomes_nobody_else_and_makes_nothing(world, attempt):
    with world.acting("theirs"):
        found = world.attempt("everyone", attempt.format(name=world.name, login=world.login("everyone")))
    assert found.state in {"42501", "42P01" if "VACUUM" in attempt else "42501", "25001"}, found.said


def test_granting_what_one_may_read_grants_nothing(world):
    for target in ("PUBLIC", f"{world.name}_portal"):
        portals = "SELECT has_table_privilege(%s, 'tegoed.customer', 'SELECT')"
        before = f"GRANT SELECT ON tegoed.customer TO {target}"
        assert world.attempt("everyone", portals, [f"{world.name}_portal"], before=before).value is False


def test_the_owner_has_no_door(world):
    password = world.server.password(world.login("everyone"))
    dsn = with_manners(
        world.server.conninfo(world.name, world.login("everyone")), user=world.owner, password=password
    )
    with pytest.raises(psycopg.OperationalError):
        psycopg.connect(dsn)
