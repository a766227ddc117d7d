"""What a login can read: its own companies, a salesperson their own customers, nobody anything else."""

import psycopg
import pytest

from app.adapters.database import install
from app.adapters.database.engine import with_manners
from tests.db.access.world import OURS, THEIRS

# Tables that carry no company, and what anybody with a role may see of them.
SHARED = {"app_user", "station", "database_state"}
WITHOUT_POLICY = {"import_line", "alembic_version", "applied_sql"}
# Not for salespeople: they span customers, or hold bytes of any of them.
NOT_FOR_SALES = {"document", "document_chunk", "approval", "import_run", "source_connection", "audit_log"}
NOT_FOR_WORKERS = {"audit_log"}
READERS = ("collector", "approver", "manager", "administrator", "auditor", "worker")


@pytest.fixture(scope="module")
def columns(world) -> dict[str, set[str]]:
    found = world.see(
        "SELECT table_name, array_agg(column_name::text) FROM information_schema.columns"
        " WHERE table_schema = 'tegoed' GROUP BY 1"
    )
    return {table: set(names) for table, names in found if table not in WITHOUT_POLICY}


def company_of(table: str) -> str:
    return "id" if table == "company" else "company_id"


def companies_in(rows) -> set[int]:
    return {company for (company,) in rows if company is not None}


def test_both_companies_have_rows_in_every_table(world, columns):
    # else a table that leaks could look as if it kept to itself
    for table in columns.keys() - SHARED:
        found = companies_in(world.see(f"SELECT DISTINCT {company_of(table)} FROM tegoed.{table}"))
        assert found == {OURS, THEIRS}, table


@pytest.mark.parametrize("who", READERS)
def test_a_member_reads_its_company_and_no_other(world, columns, who):
    for table in sorted(columns.keys() - SHARED):
        found = world.attempt(who, f"SELECT DISTINCT {company_of(table)} FROM tegoed.{table}")
        if table in (NOT_FOR_WORKERS if who == "worker" else ()):
            assert found.state == "42501", table
        else:
            assert companies_in(found.rows) == {OURS}, table


@pytest.mark.parametrize("who", ["left", "portal"])
def test_without_membership_or_in_the_portal_there_is_nothing_to_read(world, columns, who):
    for table in sorted(columns.keys() - {"station", "database_state", "audit_log", "app_user"}):
        found = world.attempt(who, f"SELECT 1 FROM tegoed.{table}")
        assert (found.state == "42501") if who == "portal" else found.rows == [], table
    others = world.attempt(who, "SELECT 1 FROM tegoed.audit_log WHERE company_id IS NOT NULL")
    assert others.rows == []


def test_without_a_role_one_cannot_even_connect(world):
    with pytest.raises(psycopg.OperationalError, match="CONNECT privilege"):
        world.connect("nobody")


def test_the_portal_reads_no_table_and_calls_no_function(world, columns):
    for table in SHARED | columns.keys():
        assert world.attempt("portal", f"SELECT 1 FROM tegoed.{table}").state == "42501", table
    assert world.attempt("portal", "SELECT tegoed.my_companies()").state == "42501"
    assert world.attempt("portal", "SELECT tegoed.today_of(1000)").state == "42501"


def test_a_salesperson_reads_their_own_customers_in_every_table(world, columns):
    mine = {1001}
    for table, names in sorted(columns.items()):
        if table in NOT_FOR_SALES | SHARED:
            continue
        if table == "customer":
            query = "SELECT DISTINCT id FROM tegoed.customer"
        elif "customer_id" in names:
            query = f"SELECT DISTINCT customer_id FROM tegoed.{table}"
        elif "open_item_id" in names:
            query = f"SELECT DISTINCT 1000 + (open_item_id - 1000) / 10 FROM tegoed.{table}"
        else:
            continue
        assert {value for (value,) in world.attempt("sales", query).rows} == mine, table
        assert world.see(query.replace("DISTINCT ", "DISTINCT ON (1) ")), table


def test_every_table_of_a_customer_is_kept_from_other_salespeople(world, columns):
    for table in sorted(NOT_FOR_SALES):
        found = world.attempt("sales", f"SELECT 1 FROM tegoed.{table}")
        assert found.rows == [], table
    # a table whose rows lead to a customer in another way must be on that list or have a rule of its own
    leads = {
        table
        for (table,) in world.see(
            "WITH RECURSIVE led(oid) AS (SELECT 'tegoed.customer'::regclass::oid UNION"
            " SELECT f.conrelid FROM pg_constraint f JOIN led ON f.confrelid = led.oid WHERE f.contype = 'f')"
            " SELECT relname FROM led JOIN pg_class c ON c.oid = led.oid"
        )
    }
    bare = {t for t in leads if not columns[t] & {"customer_id", "open_item_id"}} - {"customer"}
    assert bare <= NOT_FOR_SALES


def test_a_salesperson_who_is_also_a_collector_sees_all_customers(world):
    assert len(world.attempt("everyone", "SELECT 1 FROM tegoed.customer").rows) == 2


def test_one_sees_colleagues_and_not_the_people_of_other_companies(world):
    theirs = world.login("theirs")
    seen = {name for (name,) in world.attempt("collector", "SELECT login FROM tegoed.app_user").rows}
    assert world.login("manager") in seen
    assert theirs not in seen
    assert (
        world.attempt("left", "SELECT login FROM tegoed.app_user WHERE login <> session_user").touched > 0
    )  # administrator
    assert (
        world.attempt("administrator", "SELECT 1 FROM tegoed.app_user WHERE login = %s", [theirs]).touched
        == 1
    )


def test_what_belongs_to_no_company_is_for_auditors_and_administrators(world):
    query = "SELECT DISTINCT table_name FROM tegoed.audit_log WHERE company_id IS NULL"
    assert ("app_user",) in world.attempt("auditor", query).rows
    assert ("app_user",) in world.attempt("administrator", query).rows
    assert world.attempt("collector", query).rows == []


@pytest.mark.parametrize("who", [*READERS, "sales", "everyone"])
@pytest.mark.parametrize(
    "query",
    [
        "SELECT 1 FROM tegoed.import_line",
        "COPY tegoed.import_line TO STDOUT",
        "SELECT count(*) FROM tegoed.import_line",
        "DELETE FROM tegoed.import_line WHERE run_id = 1000",
    ],
)
def test_nobody_reads_import_lines(world, who, query):
    assert world.attempt(who, query).state == "42501"


@pytest.mark.parametrize(
    "query",
    [
        "SELECT name::int FROM tegoed.customer",
        "SELECT 1 FROM tegoed.customer WHERE name::int > 0",
        "SELECT 1 FROM tegoed.customer WHERE (1 / (length(name) - 10)) > 0 AND name::int > 0",
        "SELECT 1 FROM tegoed.customer c, tegoed.open_item i WHERE i.customer_id = c.id AND c.name::numeric > 0",
        "SELECT 1 FROM tegoed.customer WHERE name > '' ORDER BY name::int",
        "SELECT 1 FROM tegoed.customer GROUP BY name::int HAVING max(name::int) > 0",
        "SELECT count(*) FILTER (WHERE name::int > 0) FROM tegoed.customer",
        "SELECT 1 FROM tegoed.document_chunk WHERE convert_from(content, 'UTF8')::text <> '' AND no = 0",
        "SELECT c.name::int FROM tegoed.customer c WHERE c.id IN (SELECT customer_id FROM tegoed.event)",
    ],
)
def test_a_condition_that_fails_never_sees_rows_of_another_company(world, query):
    # our names are numbers, theirs are not: a cast before the policy would fail and print one
    found = world.attempt("everyone", query)
    assert (found.state, found.said) == (None, "")
    with pytest.raises(psycopg.errors.InvalidTextRepresentation, match="SECRET2001"):
        world.see("SELECT 1 FROM tegoed.customer WHERE name::int > 0 AND id = 2001")


@pytest.mark.parametrize(
    "query",
    [
        "EXPLAIN (ANALYZE, VERBOSE) SELECT name FROM tegoed.customer WHERE name > ''",
        "EXPLAIN (ANALYZE, VERBOSE) SELECT max(name) FROM tegoed.customer",
        "SELECT concat(most_common_vals, histogram_bounds) FROM pg_stats WHERE schemaname = 'tegoed'",
    ],
)
def test_plans_and_statistics_show_no_value_of_another_company(world, query):
    world.run("ANALYZE tegoed.customer, tegoed.import_line")
    found = world.attempt("everyone", query)
    assert found.state is None
    assert "SECRET" not in str(found.rows)
    assert query.startswith("EXPLAIN") or "SECRET" in str(world.see(query))


@pytest.mark.parametrize(
    "query",
    [
        "SELECT * FROM pg_authid",
        "SELECT * FROM pg_shadow",
        "SELECT * FROM pg_statistic",
        "SELECT * FROM pg_user_mapping",
        "SELECT pg_read_file('pg_hba.conf')",
        "SELECT * FROM pg_hba_file_rules",
        "COPY tegoed.customer TO '/tmp/x'",
        "COPY (SELECT 1) TO PROGRAM 'true'",
        "SELECT lo_import('/etc/passwd')",
    ],
)
def test_the_servers_own_secrets_are_out_of_reach(world, query):
    assert world.attempt("everyone", query).state == "42501"


def test_what_others_are_doing_is_hidden(world):
    with world.acting("theirs") as connection:
        connection.execute("SELECT 'SECRET' WHERE 1 = 1")
        found = world.attempt(
            "everyone", "SELECT query FROM pg_stat_activity WHERE usename = %s", [world.login("theirs")]
        )
    assert found.rows
    assert "SECRET" not in str(found.rows)


def test_a_login_cannot_enter_another_database(world, new_database):
    other = new_database(upgraded=False)
    with pytest.raises(psycopg.OperationalError, match="CONNECT privilege"):
        psycopg.connect(with_manners(world.server.conninfo(other, world.login("everyone"))))
    assert install.database_exists(world.admin, other)


def test_notices_carry_numbers_only(world):
    """NOTIFY reaches every login; so it says which rows, never what is in them."""
    listener = world.connect("everyone")
    listener.execute("LISTEN tegoed")
    with world.connect("theirs") as sender:
        sender.execute(
            "SELECT tegoed.place_hold(2001, NULL, NULL, '{all}', 'manual', NULL, current_date, 'SECRET')"
        )
    said = [notice.payload for notice in listener.notifies(timeout=1, stop_after=1)]
    listener.close()
    assert said
    assert "SECRET" not in str(said)


def test_the_same_answer_for_what_is_missing_and_what_is_anothers(world):
    calls = (
        "SELECT tegoed.recall_action(%s)",
        "SELECT tegoed.place_hold(%s)",
        "SELECT tegoed.release_hold(%s)",
        "SELECT tegoed.record_outcome(%s, gen_random_uuid(), 'sent')",
        "SELECT tegoed.set_calendar(%s, '{}', current_date, current_date)",
        "SELECT tegoed.plan_company(%s, current_date)",
        "SELECT tegoed.publish_workflow(%s)",
        "SELECT tegoed.preview_import(%s)",
        "UPDATE tegoed.customer SET group_id = %s",
        "UPDATE tegoed.company SET default_workflow_id = %s",
        "SELECT tegoed.today_of(%s)",
        "SELECT tegoed.rendered_sha(%s)",
    )
    for call in calls:
        foreign, missing = (
            world.attempt("everyone", call, [number])
            for number in (2011 if "action" in call else 2000, 987654)
        )
        assert foreign.state == missing.state, call
        assert foreign.rows == missing.rows, call
        assert foreign.said.replace("2011", "987654").replace("2000", "987654") == missing.said, call


def test_why_shows_a_salesperson_their_own_customers_only(world):
    """It is a definer function and past row security, so it must look itself."""
    asked = "SELECT w.open_item_id FROM generate_series(1001, 1010) c, tegoed.why_items(c, current_date) w"
    mine = world.attempt("sales", "SELECT id FROM tegoed.open_item").rows
    everything = world.attempt("collector", asked).rows
    shown = world.attempt("sales", asked).rows
    assert shown
    assert {tuple(row) for row in shown} <= {tuple(row) for row in mine}
    assert len(everything) > len(shown)
