"""The whole catalogue, so that a new table, view or function without its protection fails here."""

import re

import pytest

from app.adapters.database.install import GROUPS, group_role
from tests.db.access.world import EVERY_ROLE

# Without row security: the landing table of imports (COPY refuses it) and the two that say which version this is.
NO_ROW_SECURITY = {"import_line", "alembic_version", "applied_sql"}
ENGINE_TABLES = {
    "action", "action_item", "approval", "audit_log", "call_attempt", "company_calendar", "database_state",
    "delivery", "document", "document_chunk", "event", "hold", "import_line", "import_run",
    "item_renumbering", "letter_reference", "movement", "notice", "notice_item", "open_item",
    "source_connection", "station", "step_done", "workflow_next", "app_user", "membership",
    "alembic_version", "applied_sql",
}  # fmt: skip
# Who may write what without a function: every other verb on every table belongs to nobody.
WRITES = {
    ("company", "update"): {"administrator", "manager"},
    ("customer", "update"): {"collector", "approver", "manager"},
    ("customer_group", "insert"): {"manager"},
    ("customer_group", "update"): {"manager"},
    ("customer_group", "delete"): {"manager"},
    ("payment_profile", "insert"): {"manager"},
    ("payment_profile", "update"): {"manager"},
    ("payment_profile", "delete"): {"manager"},
    ("group_profile_workflow", "insert"): {"manager"},
    ("group_profile_workflow", "update"): {"manager"},
    ("group_profile_workflow", "delete"): {"manager"},
    ("workflow", "insert"): {"manager"},
    ("workflow", "update"): {"manager"},
    ("workflow_version", "insert"): {"manager"},
    ("workflow_step", "insert"): {"manager"},
    ("workflow_step", "update"): {"manager"},
    ("workflow_step", "delete"): {"manager"},
    ("outcome", "insert"): {"manager"},
    ("outcome", "update"): {"manager"},
    ("print_queue", "insert"): {"administrator"},
    ("print_queue", "update"): {"administrator"},
    ("presence", "insert"): {"collector", "approver", "manager"},
    ("presence", "update"): {"collector", "approver", "manager"},
    ("presence", "delete"): {"collector", "approver", "manager"},
    ("import_line", "insert"): {"collector", "approver", "manager", "administrator", "worker"},
}
# Definer functions a login may call that ask for no role themselves, and why that is right.
NO_ROLE_ASKED = {
    "my_companies": "says only what the caller may see",
    "my_user_id": "says only who the caller is",
    "sending_paused": "one flag of the whole database, no customer's matter",
    "import_report": "reads the caller's own run only",
    "import_examples": "reads the caller's own run only",
    "fail_import": "my_run(): the caller's own open run only",
    "why_items": "shows one customer that its caller may see, by company and for sales by salesperson",
    "posting_doubts": "granted to collectors only, and filters by my_companies()",
}
# … and that look at no single company.
NO_COMPANY = {
    "my_companies": "is the filter itself",
    "my_user_id": "about the caller",
    "sending_paused": "of the whole database",
    "pause_sending": "of the whole database",
    "resume_sending": "of the whole database",
    "register_station": "a station serves several companies",
    "create_company": "makes one",
}
ASKS_ROLE = re.compile(r"tegoed\.(require_role|has_role|locked_action|locked_customer)\(")
FILTERS = re.compile(r"tegoed\.(my_companies|require_company|locked_action|locked_customer|my_run)\(")
STRINGS = re.compile(r"'(?:[^']|'')*'")
COMMENTS = re.compile(r"--[^\n]*|/\*.*?\*/", re.DOTALL)
SOURCE = re.compile(
    r"\b(?P<word>from|join|into|update|using|analyze|table|truncate|lock)\s+(?:only\s+|lateral\s+)?"
    r"(?P<name>[a-z_][a-z0-9_]*(?:\.[a-z0-9_]+)?)\b(?!\s*\(|\.)"
)
NOT_A_SOURCE = {"set", "skip", "of", "select", "lateral", "nowait", "share", "loop", "errcode"}


@pytest.fixture(scope="module")
def tables(world) -> set[str]:
    found = world.see("SELECT tablename FROM pg_tables WHERE schemaname = 'tegoed'")
    return {name for (name,) in found}


@pytest.fixture(scope="module")
def functions(world) -> dict[str, dict]:
    found = world.see(
        "SELECT to_jsonb(p) || jsonb_build_object('signature', p.oid::regprocedure::text, 'language', l.lanname,"
        "   'granted', (SELECT array_agg(r.rolname) FROM pg_roles r WHERE r.rolname = ANY (%s)"
        "               AND has_function_privilege(r.oid, p.oid, 'EXECUTE')),"
        "   'public', EXISTS (SELECT FROM aclexplode(coalesce(p.proacl, acldefault('f', p.proowner))) a"
        " WHERE a.grantee = 0),"
        "   'transition', (SELECT array_agg(n) FROM pg_trigger t, unnest(array[t.tgoldtable, t.tgnewtable]) n"
        "                  WHERE t.tgfoid = p.oid AND n IS NOT NULL))"
        " FROM pg_proc p JOIN pg_language l ON l.oid = p.prolang WHERE p.pronamespace = 'tegoed'::regnamespace",
        [[group_role(world.name, group) for group in GROUPS]],
    )
    return {row["signature"]: row for (row,) in found}


def test_every_table_has_row_security_and_a_policy_for_reading(world, tables):
    protected = world.see(
        "SELECT c.relname FROM pg_class c WHERE c.relnamespace = 'tegoed'::regnamespace AND c.relkind IN ('r', 'p')"
        " AND c.relrowsecurity AND NOT c.relforcerowsecurity AND EXISTS"
        " (SELECT FROM pg_policies p WHERE p.schemaname = 'tegoed' AND p.tablename = c.relname AND p.cmd = 'SELECT')"
    )
    assert tables - {name for (name,) in protected} == NO_ROW_SECURITY
    assert len(protected) > 30


def test_policies_are_restrictions_of_one_kind_and_none_is_for_all_verbs(world):
    # two permissive policies for one verb would be joined with OR, and one for ALL would widen each
    found = world.see(
        "SELECT tablename, cmd, count(*) FROM pg_policies WHERE schemaname = 'tegoed' GROUP BY 1, 2"
    )
    assert not [row for row in found if row[1] == "ALL" or row[2] > 1]


def test_views_show_what_their_reader_may_see_and_nothing_is_kept_apart_from_its_policies(world):
    found = world.see(
        "SELECT relname, relkind::text, coalesce(reloptions::text, '') FROM pg_class"
        " WHERE relnamespace = 'tegoed'::regnamespace AND relkind IN ('v', 'm', 'f')"
    )
    assert not [row for row in found if row[1] != "v" or "security_invoker=true" not in row[2]]


def test_only_the_owner_owns_anything_here(world):
    # the schema as_installed and what is in it are the tests' own, made by the server's superuser
    found = world.see(
        "SELECT r.rolname, d.classid::regclass::text, d.objid FROM pg_shdepend d JOIN pg_roles r ON r.oid = d.refobjid"
        " WHERE d.refclassid = 'pg_authid'::regclass AND d.deptype = 'o' AND r.rolname <> %s AND NOT r.rolsuper",
        [world.owner],
    )
    assert not [row for row in found if row[0].startswith(f"{world.name}_") and not row[0].endswith("_owner")]
    (owned,) = world.see(
        "SELECT count(*) FILTER (WHERE o.owner = %s), count(*) FROM ("
        " SELECT pg_get_userbyid(relowner) FROM pg_class WHERE relnamespace = 'tegoed'::regnamespace"
        " UNION ALL SELECT pg_get_userbyid(proowner) FROM pg_proc WHERE pronamespace = 'tegoed'::regnamespace"
        " UNION ALL SELECT pg_get_userbyid(nspowner) FROM pg_namespace WHERE nspname = 'tegoed') o(owner)",
        [world.owner],
    )
    assert owned[0] == owned[1] > 100


def test_the_owner_cannot_log_in_and_nobody_is_a_member_of_it(world):
    powers = world.see(
        "SELECT rolname FROM pg_roles WHERE rolname LIKE %s AND (rolsuper OR rolbypassrls OR rolcreaterole"
        " OR rolcreatedb OR rolreplication)",
        [f"{world.name}%"],
    )
    assert powers == []
    assert world.see("SELECT rolcanlogin FROM pg_roles WHERE rolname = %s", [world.owner]) == [(False,)]
    members = world.see(
        "SELECT u.rolname FROM pg_roles u WHERE pg_has_role(u.oid, %s, 'MEMBER') AND NOT u.rolsuper AND"
        " u.rolname <> %s",
        [world.owner, world.owner],
    )
    assert members == []


def test_nobody_can_pass_a_role_on(world):
    found = world.see(
        "SELECT count(*) FROM pg_auth_members m JOIN pg_roles r ON r.oid = m.roleid"
        " JOIN pg_roles u ON u.oid = m.member"
        " WHERE m.admin_option AND r.rolname LIKE %s AND NOT u.rolsuper",
        [f"{world.name}%"],
    )
    assert found == [(0,)]


def test_clients_write_directly_only_what_people_edit(world, tables):
    found = world.see(
        "SELECT t, v, g FROM unnest(%s::text[]) t, unnest(array['insert', 'update', 'delete',"
        " 'truncate', 'references', 'trigger']) v,"
        " unnest(%s::text[]) g WHERE has_table_privilege(%s || '_' || g, format('tegoed.%%I', t), v) OR"
        " v IN ('insert', 'update', 'references')"
        " AND has_any_column_privilege(%s || '_' || g, format('tegoed.%%I', t), v)",
        [sorted(tables), list(GROUPS), world.name, world.name],
    )
    writes: dict[tuple[str, str], set[str]] = {}
    for table, verb, group in found:
        writes.setdefault((table, verb), set()).add(group)
    assert writes == WRITES


def test_every_table_is_either_edited_by_people_or_the_engines_own(tables):
    edited = {table for table, _ in WRITES} - {"import_line"}
    assert tables == edited | ENGINE_TABLES
    assert not edited & ENGINE_TABLES


def test_the_one_who_uploads_is_filled_in_by_the_database(world):
    (row,) = world.see(
        "SELECT bool_or(has_column_privilege(%s || '_' || g, 'tegoed.import_line', 'uploaded_by', v)),"
        " bool_or(has_any_column_privilege(%s || '_' || g, 'tegoed.import_line', 'select'))"
        " FROM unnest(%s::text[]) g, unnest(array['select', 'insert', 'update']) v",
        [world.name, world.name, list(GROUPS)],
    )
    assert row == (False, False)


def test_sequences_belong_to_the_owner_alone(world):
    found = world.see(
        "SELECT s.relname, g FROM pg_class s, unnest(%s::text[]) g, unnest(array['usage', 'select', 'update']) v"
        " WHERE s.relnamespace = 'tegoed'::regnamespace AND s.relkind = 'S' AND"
        " has_sequence_privilege(%s || '_' || g, s.oid, v)",
        [list(GROUPS), world.name],
    )
    assert found == []


def test_no_client_can_make_anything(world):
    found = world.see(
        "SELECT n.nspname, g FROM pg_namespace n, unnest(%s::text[]) g WHERE has_schema_privilege(%s ||"
        " '_' || g, n.oid, 'CREATE')",
        [list(GROUPS), world.name],
    )
    assert found == []
    (row,) = world.see(
        "SELECT bool_or(has_database_privilege(%s || '_' || g, %s, v)) FROM unnest(%s::text[]) g,"
        " unnest(array['CREATE', 'TEMP']) v",
        [world.name, world.name, list(GROUPS)],
    )
    assert row == (False,)


def test_the_portal_is_granted_only_which_version_this_is(world, tables):
    found = world.see(
        "SELECT t FROM unnest(%s::text[]) t WHERE has_any_column_privilege(%s, format('tegoed.%%I', t), 'select')",
        [sorted(tables), group_role(world.name, "portal")],
    )
    assert {name for (name,) in found} == {"alembic_version", "applied_sql"}


def test_no_function_is_everybodys(functions):
    assert [name for name, row in functions.items() if row["public"]] == []


def test_definer_functions_look_for_names_in_a_fixed_place(functions):
    for name, row in functions.items():
        if row["prosecdef"]:
            assert "search_path=pg_catalog, tegoed, pg_temp" in (row["proconfig"] or []), name


def test_functions_name_their_tables_with_the_schema(functions):
    # also those that only definer functions call: they run as the owner too
    found = {name: bare for name, row in functions.items() if (bare := _bare_sources(row))}
    assert found == {}
    assert _bare_sources({"prosrc": "select 1 from customer c", "transition": None}) == {"customer"}


def test_functions_neither_use_temporary_objects_nor_build_statements(functions):
    pattern = re.compile(r"\bpg_temp\b|\btemp(orary)?\s+table\b|\bexecute\s|\bset_config\(")
    found = {name for name, row in functions.items() if pattern.search(_plain(row["prosrc"]))}
    # a transaction's station and join method; the company check builds its query from the catalogue's names
    assert found <= {"tegoed.set_station(uuid)", "tegoed.join_by_hash(boolean)", "tegoed.same_company()"}


def test_each_definer_function_of_a_login_asks_for_a_role_or_is_listed(functions):
    asks_none = {
        row["proname"]
        for row in functions.values()
        if row["prosecdef"] and row["granted"] and not ASKS_ROLE.search(_plain(row["prosrc"]))
    }
    assert asks_none == set(NO_ROLE_ASKED)


def test_each_definer_function_of_a_login_keeps_to_its_companies_or_is_listed(functions):
    unfiltered = {
        row["proname"]
        for row in functions.values()
        if row["prosecdef"] and row["granted"] and not FILTERS.search(_plain(row["prosrc"]))
    }
    assert unfiltered == set(NO_COMPANY)


def test_the_auditor_the_salesperson_and_the_portal_are_granted_no_function_that_writes(functions, world):
    for group in ("auditor", "sales", "portal"):
        role = group_role(world.name, group)
        granted = {name for name, row in functions.items() if role in (row["granted"] or [])}
        assert not [n for n in granted if functions[n]["provolatile"] == "v"], group
    assert not granted


def test_what_a_login_may_call_needs_nothing_that_it_may_not(functions):
    callers: dict[str, set[str]] = {}
    for row in functions.values():
        callers.setdefault(row["proname"], set()).update(row["granted"] or [])
    for name, row in functions.items():
        if not row["prosecdef"]:
            for called in re.findall(r"tegoed\.([a-z_0-9]+)\(", _plain(row["prosrc"])):
                assert set(row["granted"] or []) <= callers[called], f"{name} calls {called}"


def test_trigger_functions_cannot_be_called(functions):
    assert not [name for name, row in functions.items() if row["prorettype"] == 2279 and row["granted"]]


def test_what_people_edit_is_audited(world):
    found = world.see(
        "SELECT c.relname FROM pg_class c WHERE c.oid IN (SELECT t.tgrelid FROM pg_trigger t"
        " JOIN pg_proc p ON p.oid = t.tgfoid WHERE p.proname = 'write_audit' AND t.tgenabled = 'O')"
    )
    edited = {table for table, _ in WRITES}
    # presence says who looks, not what changed; import lines are counted in their run
    assert edited - {name for (name,) in found} == {"presence", "import_line"}


def _plain(body: str) -> str:
    return COMMENTS.sub(" ", STRINGS.sub("''", body.lower()))


def _bare_sources(row: dict) -> set[str]:
    """Names a body reads from or writes to without saying the schema, apart from its own."""
    body = _plain(row["prosrc"])
    own = set(re.findall(r"\b([a-z_][a-z0-9_]*)\s+as\s+(?:not\s+)?(?:materialized\s*)?\(", body))
    own |= set(row["transition"] or [])
    found = set()
    for match in SOURCE.finditer(body):
        name, before = match["name"], body[: match.start()].rstrip()
        is_value = match["word"] == "from" and re.search(r"\bdistinct$|\(\w*\s*$|extract\([^)]*$", before)
        in_plpgsql = match["word"] == "into" and not re.search(r"\b(insert|merge)$", before)
        if "." not in name and name not in own | NOT_A_SOURCE and not is_value and not in_plpgsql:
            found.add(name)
    return found


def test_every_role_has_somebody_in_these_tests():
    assert set(EVERY_ROLE) == set(GROUPS) - {"portal"}
