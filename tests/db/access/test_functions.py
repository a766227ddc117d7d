"""The functions that change the engine's tables: asked by the wrong role, for another company, or with a trick."""

import pytest

from tests.db.access.world import EVERY_ROLE, OURS, THEIRS

RENDER, CLAIM = "md5('render' || {c})::uuid", "md5('claim' || {c})::uuid"
STATION = "md5('ours')::uuid"
# Who may call it, and the call for customer 1 of company c. Foreign ones must leave no trace at all.
CALLS = {
    "place_hold": ("collector", "SELECT tegoed.place_hold({c} + 1)"),
    "place_hold_items": ("collector", "SELECT tegoed.place_hold(1001, array[{c} + 11])"),
    "release_hold": ("collector", "SELECT tegoed.release_hold({c} + 10)"),
    "recall_action": ("collector", "SELECT tegoed.recall_action({c} + 12)"),
    "undo_skip": ("collector", "SELECT tegoed.undo_skip({c} + 15)"),
    "send_now": ("collector", "SELECT tegoed.send_now({c} + 12)"),
    "answer_delivery": ("collector", "SELECT tegoed.answer_delivery({c} + 16, 'sent')"),
    "posting_doubts": ("collector", "SELECT * FROM tegoed.posting_doubts(array[{c} + 11, {c} + 13])"),
    "confirm_posted": ("collector", "SELECT nullif(tegoed.confirm_posted(array[{c} + 13], current_date), 0)"),
    "not_posted": ("collector", "SELECT tegoed.not_posted({c} + 13)"),
    "write_by_hand": (
        "collector",
        "SELECT tegoed.write_by_hand({c} + 1, 'reminder', 'email', array[{c} + 11], 'reminder')",
    ),
    "write_by_hand_items": (
        "collector",
        "SELECT tegoed.write_by_hand(1001, 'reminder', 'email', array[{c} + 11], 'reminder')",
    ),
    "record_call": ("collector", "SELECT tegoed.record_call({c} + 15, 'promise')"),
    "approve_action": ("approver", "SELECT tegoed.approve_action({c} + 21)"),
    "return_action": ("approver", "SELECT tegoed.return_action({c} + 11, 'no')"),
    "withdraw_approval": ("approver", "SELECT tegoed.withdraw_approval({c} + 12)"),
    "rendered_sha": ("approver", "SELECT tegoed.rendered_sha({c} + 11)"),
    "plan_company": ("worker", "SELECT tegoed.plan_company({c}, current_date)"),
    "set_calendar": ("worker", "SELECT tegoed.set_calendar({c}, '{{}}', current_date, current_date + 500)"),
    "post_charge": ("worker", "SELECT nullif(tegoed.post_charge({c} + 14), 'gone')"),
    "claim_renders": ("worker", "SELECT action_id FROM tegoed.claim_renders(array[{c}], 10, '1 minute')"),
    "store_rendering": (
        "worker",
        f"SELECT nullif(tegoed.store_rendering({{c}} + 17, {RENDER}, '{{{{}}}}', 'RF', '{{{{}}}}',"
        f" '{{{{}}}}', '{{{{}}}}', '{{{{}}}}'), false)",
    ),
    "refuse_rendering": ("worker", f"SELECT tegoed.refuse_rendering({{c}} + 17, {RENDER}, 'no')"),
    "claim_deliveries": (
        "worker",
        f"SELECT delivery_id FROM tegoed.claim_deliveries({STATION}, array[{{c}}], array['email',"
        f" 'letter'], array[{{c}}], 10, '1 minute', now())",
    ),
    "renew_lease": (
        "worker",
        f"SELECT tegoed.renew_lease(array[{{c}}::bigint + 12], array[{CLAIM}], '1 minute')",
    ),
    "begin_act": ("worker", f"SELECT nullif(tegoed.begin_act({{c}} + 12, {CLAIM}) ->> 'verdict', 'gone')"),
    "record_outcome": ("worker", f"SELECT tegoed.record_outcome({{c}} + 12, {CLAIM}, 'sent')"),
    "publish_workflow": ("manager", "SELECT tegoed.publish_workflow({c} + 1)"),
    "go_live": ("manager", "SELECT tegoed.go_live({c})"),
    "open_import": (
        "collector",
        "SELECT tegoed.open_import({c}, 'books', 'csv', 'additions', 'f.csv', current_date)",
    ),
    "preview_import": ("collector", "SELECT tegoed.preview_import({c} + 1)"),
    "fail_import": ("collector", "SELECT tegoed.fail_import({c} + 1)"),
    "import_report": ("collector", "SELECT * FROM tegoed.import_report({c} + 1)"),
    "today_of": ("sales", "SELECT tegoed.today_of({c})"),
    "why_items": ("sales", "SELECT * FROM tegoed.why_items({c} + 1, current_date)"),
    "step_schedule": ("sales", "SELECT * FROM tegoed.step_schedule(array[{c}], current_date)"),
    "item_step": ("sales", "SELECT * FROM tegoed.item_step(array[{c}], current_date, array[{c} + 1])"),
    "customer_workflow": ("sales", "SELECT * FROM tegoed.customer_workflow(array[{c}], null)"),
    "active_hold": ("sales", "SELECT * FROM tegoed.active_hold(current_date) WHERE company_id = {c}"),
    "next_working": ("sales", "SELECT 1 FROM tegoed.company_calendar WHERE company_id = {c}"),
}
# What becomes of the call for our own company, where it is not done: states that only somebody who may see it hears.
OURS_ANSWERS = {"go_live": "TG003", "withdraw_approval": "TG003"}
MAY_BE_EMPTY = {
    "claim_deliveries",
    "posting_doubts",
    "renew_lease",
    "import_report",
    "place_hold_items",
    "write_by_hand_items",
}
COLLECTORS = {"collector", "approver", "manager", "everyone"}
ALLOWED = {
    "collector": COLLECTORS,
    "approver": COLLECTORS - {"collector"},
    "manager": {"manager", "everyone"},
}


def silent(found) -> bool:
    """Refused, or done to nothing: not a row locked or written, nothing said."""
    nothing = all(value is None or value == "" for row in found.rows for value in row)
    return found.state in {"TG005", "TG003", "TG001"} or (found.state is None and nothing and not found.wrote)


@pytest.mark.parametrize("name", CALLS)
def test_another_companys_rows_are_out_of_reach_of_every_function(world, name):
    foreign = world.attempt("everyone", CALLS[name][1].format(c=THEIRS))
    assert silent(foreign), foreign
    assert "SECRET" not in foreign.said


@pytest.mark.parametrize("name", sorted(CALLS.keys() - MAY_BE_EMPTY))
def test_the_same_call_does_something_in_our_company(world, name):
    # else the refusals above would prove nothing
    ours = world.attempt("everyone", CALLS[name][1].format(c=OURS))
    assert ours.state == OURS_ANSWERS.get(name), ours.said
    assert ours.state or ours.wrote or ours.rows


@pytest.mark.parametrize("name", CALLS)
def test_who_left_every_company_reaches_nothing(world, name):
    assert silent(world.attempt("left", CALLS[name][1].format(c=OURS)))


@pytest.mark.parametrize(
    "who", ["auditor", "sales", "portal", "collector", "approver", "administrator", "worker"]
)
def test_a_call_needs_its_role(world, who):
    mixed = {
        "plan_company",
        "set_calendar",
        "post_charge",
        "open_import",
        "preview_import",
        "fail_import",
        "import_report",
    }
    for name, (role, call) in CALLS.items():
        if role in {who, "sales"} or name in mixed or who in ALLOWED.get(role, ()):
            continue
        assert world.attempt(who, call.format(c=OURS)).state in {"42501", "TG004"}, (who, name)


@pytest.mark.parametrize("who", ["auditor", "sales", "portal"])
def test_imports_plans_and_charges_are_not_for_readers(world, who):
    for name in (
        "plan_company",
        "set_calendar",
        "post_charge",
        "open_import",
        "preview_import",
        "fail_import",
        "import_report",
    ):
        assert world.attempt(who, CALLS[name][1].format(c=OURS)).state == "42501", name


def test_the_engines_own_functions_are_not_for_calling(world):
    internal = world.see(
        "SELECT format('%%s(%%s)', p.oid::regproc, (SELECT string_agg(format('null::%%s', t::regtype),"
        " ', ' ORDER BY no)"
        "  FROM unnest(p.proargtypes::oid[]) WITH ORDINALITY a(t, no)))"
        " FROM pg_proc p WHERE p.pronamespace = 'tegoed'::regnamespace AND p.provariadic = 0 AND NOT EXISTS"
        " (SELECT FROM unnest(%s::text[]) g WHERE has_function_privilege(%s || '_' || g, p.oid, 'EXECUTE'))",
        [list(EVERY_ROLE), world.name],
    )
    called = {call.split("(")[0].removeprefix("tegoed.") for (call,) in internal}
    assert called > {
        "plan_customers",
        "cancel_action",
        "take_steps",
        "undo_steps",
        "fail",
        "note_event",
        "set_station",
    }
    for (call,) in internal:
        assert world.attempt("everyone", f"SELECT {call}").state == "42501", call
    for variadic in (
        "locked_action(1012, 'collector')",
        "locked_customer(1001, 'collector')",
        "require_role('worker')",
    ):
        assert world.attempt("everyone", f"SELECT tegoed.{variadic}").state == "42501", variadic


def test_no_function_is_forgotten_here(world):
    granted = world.see(
        "SELECT DISTINCT p.proname FROM pg_proc p, unnest(array['collector', 'approver', 'manager', 'worker']) g"
        " WHERE p.pronamespace = 'tegoed'::regnamespace AND p.prosecdef AND has_function_privilege(%s"
        " || '_' || g, p.oid, 'EXECUTE')",
        [world.name],
    )
    whole_database = {"my_companies", "my_user_id", "sending_paused", "register_station", "pause_sending"}
    in_own_tests = {"apply_import", "renumber_customers", "import_examples", "tend_deliveries"}
    assert {name for (name,) in granted} - CALLS.keys() - whole_database - in_own_tests == set()


@pytest.mark.parametrize("token", ["gen_random_uuid()", "null", "md5('claim2000')::uuid"])
def test_a_guessed_token_moves_nothing(world, token):
    assert world.attempt("everyone", f"SELECT tegoed.begin_act(1012, {token}) ->> 'verdict'").value == "gone"
    late = world.attempt("everyone", f"SELECT tegoed.record_outcome(1012, {token}, 'sent')")
    assert late.value["late"] is True
    after = world.attempt(
        "everyone",
        "SELECT state FROM tegoed.delivery WHERE id = 1012",
        before=f"SELECT tegoed.record_outcome(1012, {token}, 'failed')",
    )
    assert after.value == "claimed"
    assert (
        world.attempt(
            "everyone",
            f"SELECT tegoed.store_rendering(1017, {token}, '{{}}', 'x', '{{}}', '{{}}', '{{}}', '{{}}')",
        ).value
        is False
    )
    after = world.attempt(
        "everyone",
        "SELECT state FROM tegoed.action WHERE id = 1017",
        before=f"SELECT tegoed.refuse_rendering(1017, {token}, 'x')",
    )
    assert after.value == "planned"


def test_a_claim_takes_our_deliveries_only_whatever_companies_it_names(world):
    release = "SELECT tegoed.approve_action(1021), tegoed.send_now(1021)"
    query = (
        "SELECT DISTINCT company_id FROM tegoed.claim_deliveries(md5('ours')::uuid, array[1000, 2000],"
        " array['email', 'letter'],"
        " array[1000, 2000], 100, '1 minute', now() + interval '3 days')"
    )
    assert world.attempt("everyone", query, before=release).rows == [(OURS,)]
    rendering = (
        "SELECT DISTINCT a.company_id FROM tegoed.claim_renders(array[1000, 2000], 100, '1 minute') r"
        " JOIN tegoed.action a ON a.id = r.action_id"
    )
    assert world.attempt("everyone", rendering).rows == [(OURS,)]


def test_leases_are_tended_in_our_companies_only(world):
    lease = "UPDATE tegoed.delivery SET lease_until = now() {} interval '1 hour' WHERE state = 'claimed'"
    world.run(lease.format("-"))
    tended = world.attempt("everyone", "SELECT tegoed.tend_deliveries() ->> 'back'")
    world.run(lease.format("+"))
    assert tended.value == "2"
    assert world.attempt("collector", "SELECT tegoed.tend_deliveries()").state == "42501"


def test_pausing_and_resuming_are_for_those_who_answer_for_it(world):
    for who in ("collector", "manager", "sales", "auditor", "portal"):
        assert world.attempt(who, "SELECT tegoed.pause_sending('x')").state == "42501", who
    for who in ("collector", "manager", "sales", "auditor", "portal", "worker"):
        assert world.attempt(who, "SELECT tegoed.resume_sending()").state == "42501", who
        assert world.attempt(who, "SELECT tegoed.create_company('X', 'X')").state == "42501", who
    assert world.attempt("administrator", "SELECT tegoed.resume_sending()").state is None
