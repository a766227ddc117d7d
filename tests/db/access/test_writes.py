"""What a login changes without a function: what people edit, in their own company, pointing nowhere else."""

from concurrent.futures import ThreadPoolExecutor

import psycopg
import pytest

from tests.db.access.world import EVERY_ROLE, OURS, THEIRS

ENGINE = (
    "action",
    "action_item",
    "delivery",
    "step_done",
    "hold",
    "notice",
    "movement",
    "open_item",
    "import_line",
    "event",
    "document",
    "document_chunk",
    "approval",
    "notice_item",
    "letter_reference",
    "call_attempt",
    "audit_log",
)
WITHOUT_WRITES = ("auditor", "sales", "portal")


@pytest.fixture(scope="module")
def one_column(world) -> dict[str, str]:
    """A column of each table that an UPDATE may name."""
    found = world.see(
        "SELECT table_name, min(column_name::text) FROM information_schema.columns"
        " WHERE table_schema = 'tegoed' AND is_identity = 'NO' AND is_generated = 'NEVER' GROUP BY 1"
    )
    return dict(found)


@pytest.mark.parametrize("who", [*EVERY_ROLE, "everyone", "portal"])
def test_nobody_writes_the_engines_tables(world, one_column, who):
    for table in ENGINE:
        column = one_column[table]
        attempts = [
            f"UPDATE tegoed.{table} SET {column} = {column}",
            f"DELETE FROM tegoed.{table}",
            f"TRUNCATE tegoed.{table}",
            f"SELECT 1 FROM tegoed.{table} FOR UPDATE",
        ]
        if table != "import_line":
            attempts.append(f"INSERT INTO tegoed.{table} ({column}) VALUES (NULL)")
        for attempt in attempts:
            assert world.attempt(who, attempt).state == "42501", attempt


@pytest.mark.parametrize("who", WITHOUT_WRITES)
def test_the_auditor_the_salesperson_and_the_portal_change_nothing(world, one_column, who):
    for table, column in one_column.items():
        for attempt in (
            f"UPDATE tegoed.{table} SET {column} = {column}",
            f"DELETE FROM tegoed.{table}",
            f"INSERT INTO tegoed.{table} ({column}) VALUES (NULL)",
            f"TRUNCATE tegoed.{table} CASCADE",
        ):
            assert world.attempt(who, attempt).state == "42501", attempt


@pytest.mark.parametrize("table", ["audit_log", "event", "movement", "approval"])
def test_not_even_the_owner_rewrites_history(world, one_column, table):
    column = one_column[table]
    for attempt in (
        f"UPDATE tegoed.{table} SET {column} = {column}",
        f"DELETE FROM tegoed.{table}",
        f"TRUNCATE tegoed.{table} CASCADE",
    ):
        with pytest.raises(psycopg.Error) as refusal:
            world.run(f"BEGIN; SET LOCAL ROLE {world.owner}; {attempt}; COMMIT")
        world.run("ROLLBACK")
        assert refusal.value.sqlstate == "TG004", attempt


@pytest.mark.parametrize(
    ("who", "change"),
    [
        ("everyone", "UPDATE tegoed.company SET name = name"),
        ("everyone", "UPDATE tegoed.customer SET email = email"),
        ("everyone", "UPDATE tegoed.customer_group SET name = name"),
        ("everyone", "UPDATE tegoed.payment_profile SET name = name"),
        ("everyone", "UPDATE tegoed.group_profile_workflow SET workflow_id = workflow_id"),
        ("everyone", "UPDATE tegoed.workflow SET name = name"),
        ("everyone", "UPDATE tegoed.workflow_step SET days = days"),
        ("everyone", "UPDATE tegoed.outcome SET name_en = name_en"),
        ("everyone", "UPDATE tegoed.print_queue SET name = name"),
        ("manager", "UPDATE tegoed.presence SET kind = 'calling'"),
        ("everyone", "DELETE FROM tegoed.group_profile_workflow"),
        ("everyone", "DELETE FROM tegoed.workflow_step"),
        ("manager", "DELETE FROM tegoed.presence"),
    ],
)
def test_a_change_of_everything_changes_our_rows_only(world, change, who):
    kept = world.attempt(who, f"{change} RETURNING *")
    assert kept.state is None
    assert kept.touched > 0
    table = change.replace("DELETE FROM", "UPDATE").split()[1]
    column = "id" if table == "tegoed.company" else "company_id"
    foreign = world.attempt(who, f"{change} WHERE {column} = {THEIRS}")
    assert (foreign.state, foreign.touched) == (None, 0)
    with world.acting(who) as connection:
        found = connection.execute(
            f"WITH x AS ({change} RETURNING {column} AS c) SELECT DISTINCT c FROM x".encode()
        )
        assert found.fetchall() == [(OURS,)]


@pytest.mark.parametrize(
    "insert",
    [
        "INSERT INTO tegoed.customer_group (company_id, code, name) VALUES ({c}, 'x', 'x')",
        "INSERT INTO tegoed.payment_profile (company_id, code, name) VALUES ({c}, 'x', 'x')",
        "INSERT INTO tegoed.workflow (company_id, code, name) VALUES ({c}, 'x', 'x')",
        "INSERT INTO tegoed.workflow_version (company_id, workflow_id, number) VALUES ({c}, {c}, 9)",
        "INSERT INTO tegoed.workflow_step (version_id, position, company_id, kind, rank, days) VALUES"
        " ({c} + 1, 9, {c}, 'call', 30, 1)",
        "INSERT INTO tegoed.outcome (company_id, code, position, name_nl, name_en) VALUES ({c}, 'x', 9, 'x', 'x')",
        "INSERT INTO tegoed.print_queue (company_id, name) VALUES ({c}, 'x')",
        "INSERT INTO tegoed.presence (user_id, station_id, customer_id, company_id, kind, expires_at)"
        " SELECT tegoed.my_user_id(), gen_random_uuid(), {c} + 1, {c}, 'open', now()",
    ],
)
def test_a_row_is_added_to_our_company_only(world, insert):
    assert world.attempt("everyone", insert.format(c=OURS)).state is None
    assert world.attempt("everyone", insert.format(c=THEIRS)).state == "42501"


CROSSING = [
    ("customer", "UPDATE tegoed.customer SET group_id = {c} WHERE id = 1001"),
    ("customer", "UPDATE tegoed.customer SET profile_id = {c} WHERE id = 1001"),
    ("customer", "UPDATE tegoed.customer SET workflow_id = {c} WHERE id = 1001"),
    ("company", "UPDATE tegoed.company SET default_workflow_id = {c} WHERE id = 1000"),
    ("customer_group", "UPDATE tegoed.customer_group SET workflow_id = {c} WHERE id = 1000"),
    (
        "customer_group",
        "INSERT INTO tegoed.customer_group (company_id, code, name, workflow_id) VALUES (1000, 'x', 'x', {c})",
    ),
    ("payment_profile", "UPDATE tegoed.payment_profile SET workflow_id = {c} WHERE id = 1000"),
    (
        "payment_profile",
        "INSERT INTO tegoed.payment_profile (company_id, code, name, workflow_id) VALUES (1000, 'x', 'x', {c})",
    ),
    ("group_profile_workflow", "UPDATE tegoed.group_profile_workflow SET workflow_id = {c}"),
    (
        "group_profile_workflow",
        "INSERT INTO tegoed.group_profile_workflow (group_id, profile_id, company_id, workflow_id)"
        " SELECT {c}, p.id, 1000, 1000 FROM tegoed.payment_profile p WHERE code = 'q'",
    ),
    (
        "group_profile_workflow",
        "INSERT INTO tegoed.group_profile_workflow (group_id, profile_id, company_id, workflow_id)"
        " SELECT g.id, {c}, 1000, 1000 FROM tegoed.customer_group g WHERE code = 'q'",
    ),
    (
        "workflow_version",
        "INSERT INTO tegoed.workflow_version (company_id, workflow_id, number) VALUES (1000, {c}, 9)",
    ),
    (
        "workflow_step",
        "INSERT INTO tegoed.workflow_step (version_id, position, company_id, kind, rank, days)"
        " VALUES ({c} + 1, 9, 1000, 'call', 30, 1)",
    ),
    (
        "workflow_step",
        "UPDATE tegoed.workflow_step SET version_id = {c} + 1, position = 12 WHERE version_id = 1001 AND position = 1",
    ),
    (
        "presence",
        "INSERT INTO tegoed.presence (user_id, station_id, customer_id, company_id, kind, expires_at)"
        " SELECT tegoed.my_user_id(), gen_random_uuid(), {c} + 1, 1000, 'open', now()",
    ),
]


@pytest.mark.parametrize(("table", "change"), CROSSING)
def test_a_row_of_ours_never_points_to_one_of_theirs(world, table, change):
    before = (
        "INSERT INTO tegoed.customer_group (company_id, code, name) VALUES (1000, 'q', 'q');"
        " INSERT INTO tegoed.payment_profile (company_id, code, name) VALUES (1000, 'q', 'q')"
    )
    ours = world.attempt("everyone", change.format(c=OURS), before=before)
    assert (ours.state, ours.touched) == (None, 1)
    assert world.attempt("everyone", change.format(c=THEIRS), before=before).state in {"TG005", "42501"}
    missing = world.attempt("everyone", change.format(c=987654), before=before)
    assert missing.state in {"TG005", "42501"}


def test_every_reference_a_client_may_write_is_checked_for_its_company(world):
    references = world.see(
        "SELECT c.relname, a.attname FROM pg_constraint f JOIN pg_class c ON c.oid = f.conrelid"
        " JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = ANY (f.conkey)"
        " WHERE f.contype = 'f' AND f.connamespace = 'tegoed'::regnamespace AND a.attname <> 'company_id'"
        " AND EXISTS (SELECT FROM pg_attribute t WHERE t.attrelid = f.confrelid AND t.attname = 'company_id')"
        " AND EXISTS (SELECT FROM unnest(%s::text[]) g WHERE has_column_privilege(%s || '_' || g,"
        " c.oid, a.attname, 'INSERT')"
        "             OR has_column_privilege(%s || '_' || g, c.oid, a.attname, 'UPDATE'))",
        [list(EVERY_ROLE), world.name, world.name],
    )
    guarded = {
        (table, arguments[at].decode())
        for table, raw in world.see(
            "SELECT c.relname, t.tgargs FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid WHERE"
            " t.tgname = 'same_company'"
        )
        for arguments in [bytes(raw).split(b"\0")]
        for at in range(1, len(arguments) - 1, 2)
    }
    assert set(references) <= guarded
    assert {table for table, _ in references} == {table for table, _ in CROSSING}


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE tegoed.workflow_step SET days = 1 WHERE version_id = 1000",
        "DELETE FROM tegoed.workflow_step WHERE version_id = 1000",
        "UPDATE tegoed.workflow_step SET version_id = 1000, position = 9 WHERE version_id = 1001 AND position = 1",
        "INSERT INTO tegoed.workflow_step (version_id, position, company_id, kind, rank, days) VALUES"
        " (1000, 9, 1000, 'call', 30, 1)",
        "INSERT INTO tegoed.workflow_version (company_id, workflow_id, number, state) VALUES (1000,"
        " 1000, 9, 'published')",
        "UPDATE tegoed.workflow_version SET state = 'draft' WHERE id = 1000",
    ],
)
def test_a_published_version_is_fixed(world, change):
    found = world.attempt("everyone", change)
    assert found.state in {"42501", "TG003"} or found.touched == 0
    draft = change.replace("1000,", "1001,", 1).replace("= 1000", "= 1001")
    if "workflow_step" in change and "position = 9" not in change:
        assert world.attempt("everyone", draft).touched > 0


@pytest.mark.parametrize("isolation", ["READ COMMITTED", "REPEATABLE READ", "SERIALIZABLE"])
@pytest.mark.parametrize(
    "change",
    [
        "UPDATE tegoed.workflow_step SET days = 77 WHERE version_id = 1001",
        "DELETE FROM tegoed.workflow_step WHERE version_id = 1001 AND position = 2",
        "INSERT INTO tegoed.workflow_step (version_id, position, company_id, kind, rank, days) VALUES"
        " (1001, 9, 1000, 'call', 30, 1)",
    ],
)
def test_a_transaction_from_before_publishing_cannot_edit_the_published_version(world, isolation, change):
    editor = world.connect("manager")
    editor.execute(f"BEGIN ISOLATION LEVEL {isolation}".encode())
    editor.execute("SELECT state FROM tegoed.workflow_version WHERE id = 1001")
    with world.connect("everyone") as publisher:
        publisher.execute("SELECT tegoed.publish_workflow(1001)")
    try:
        with pytest.raises(psycopg.Error) as refusal:
            _changed(editor, change)
        assert refusal.value.sqlstate in {"40001", "42501", "TG003"}
    finally:
        editor.close()
        _back_to_draft(world)


def test_an_edit_that_waits_for_publishing_comes_too_late(world):
    with (
        ThreadPoolExecutor(1) as pool,
        world.connect("manager") as editor,
        world.connect("everyone") as publisher,
    ):
        publisher.execute("BEGIN")
        publisher.execute("SELECT tegoed.publish_workflow(1001)")
        editing = pool.submit(
            editor.execute, "UPDATE tegoed.workflow_step SET days = 77 WHERE version_id = 1001"
        )
        _until_waiting(world, "manager")
        publisher.execute("COMMIT")
        refusal = editing.exception()
    _back_to_draft(world)
    assert isinstance(refusal, psycopg.Error)
    assert refusal.sqlstate == "TG003"


def test_publishing_waits_for_an_edit_under_way_and_takes_it_along(world):
    editor = world.connect("manager")
    editor.execute("BEGIN")
    editor.execute("UPDATE tegoed.workflow_step SET position = 5 WHERE version_id = 1001 AND position = 2")
    with ThreadPoolExecutor(1) as pool, world.connect("everyone") as publisher:
        publisher.execute("BEGIN")
        publishing = pool.submit(publisher.execute, "SELECT tegoed.publish_workflow(1001)")
        _until_waiting(world, "everyone")
        editor.execute("COMMIT")
        publishing.result()
        found = publisher.execute(
            "SELECT DISTINCT position FROM tegoed.workflow_next WHERE version_id = 1001 ORDER BY 1"
        ).fetchall()
        publisher.execute("ROLLBACK")
    editor.execute("UPDATE tegoed.workflow_step SET position = 2 WHERE version_id = 1001 AND position = 5")
    editor.close()
    assert found == [(1,), (5,)]


def _changed(editor: psycopg.Connection, change: str) -> None:
    if not editor.execute(change.encode()).rowcount:
        raise psycopg.errors.InsufficientPrivilege


def _until_waiting(world, who: str) -> None:
    query = "SELECT count(*) = 1 FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND usename = %s"
    for _ in range(500):
        if world.see(query, [world.login(who)]) == [(True,)]:
            return
        world.see("SELECT pg_sleep(0.01)")
    pytest.fail(f"{who} never waited")


def _back_to_draft(world) -> None:
    with world.admin.transaction():
        world.run(f"SET LOCAL ROLE {world.owner}")
        world.run("DELETE FROM tegoed.workflow_next WHERE version_id = 1001")
        world.run("UPDATE tegoed.workflow_version SET state = 'draft' WHERE id = 1001")
        world.run("UPDATE tegoed.workflow_version SET state = 'published' WHERE id = 1000")


def test_nobody_says_they_are_somebody_else_in_a_presence(world):
    insert = (
        "INSERT INTO tegoed.presence (user_id, station_id, customer_id, company_id, kind, expires_at)"
        " SELECT id, gen_random_uuid(), 1001, 1000, 'open', now() FROM tegoed.app_user WHERE login = %s"
    )
    assert world.attempt("collector", insert, [world.login("collector")]).state is None
    assert world.attempt("collector", insert, [world.login("manager")]).state == "42501"
    assert world.attempt("collector", "UPDATE tegoed.presence SET expires_at = now()").touched == 0
    assert world.attempt("collector", "DELETE FROM tegoed.presence").touched == 0
    assert (
        world.attempt("collector", "UPDATE tegoed.presence SET user_id = tegoed.my_user_id()").state
        == "42501"
    )


def test_nobody_keeps_a_dossier_for_ever(world):
    for change in (
        "UPDATE tegoed.presence SET expires_at = 'infinity' RETURNING expires_at - now() <= '46 seconds'",
        "INSERT INTO tegoed.presence (user_id, station_id, customer_id, company_id, kind, expires_at)"
        " VALUES (tegoed.my_user_id(),"
        " gen_random_uuid(), 1001, 1000, 'calling', 'infinity') RETURNING expires_at - now() <= '46 seconds'",
    ):
        assert world.attempt("manager", change).value is True


@pytest.mark.parametrize(
    ("who", "column"),
    [
        ("administrator", "state"),
        ("administrator", "planned_for"),
        ("administrator", "data_as_of"),
        ("administrator", "first_run_to_approval"),
        ("administrator", "mail_transport"),
        ("administrator", "default_workflow_id"),
        ("manager", "four_eyes"),
        ("manager", "iban"),
        ("collector", "four_eyes"),
        ("collector", "name"),
        ("worker", "import_failed_at"),
    ],
)
def test_columns_of_a_company_belong_to_one_role(world, who, column):
    assert world.attempt(who, f"UPDATE tegoed.company SET {column} = {column}").state == "42501"


@pytest.mark.parametrize(
    "column",
    ["company_id", "connection_id", "number", "name", "salesperson_id", "source_hash", "iban", "street"],
)
def test_what_the_bookkeeping_says_of_a_customer_is_not_edited(world, column):
    assert world.attempt("everyone", f"UPDATE tegoed.customer SET {column} = {column}").state == "42501"


def test_switching_four_eyes_off_is_audited_with_the_one_who_did_it(world):
    before = "SET LOCAL tegoed.station = 'somebody else'; UPDATE tegoed.company SET four_eyes = false WHERE id = 1000"
    found = world.attempt(
        "administrator",
        "SELECT actor, changed -> 'four_eyes' FROM tegoed.audit_log WHERE table_name = 'company' ORDER"
        " BY id DESC LIMIT 1",
        before=before,
    )
    assert found.rows == [(world.login("administrator"), [True, False])]
