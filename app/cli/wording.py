"""Codes of the engine as English sentences, for the command line."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from app.errors import TegoedError
from app.services.workflow.queries import ActionRow, ItemWhy
from app.services.workflow.reports import ForPeople, Waiting

CAUSES = (
    "manual", "promise", "arrangement", "dispute", "reply", "portal", "unreachable", "recalled", "legal",
)  # fmt: skip

REASONS: Mapping[str, str] = MappingProxyType(
    {
        "held": "it is on hold",
        "net": "credits cover what is overdue",
        "below_minimum": "what is overdue is below the minimum amount",
        "gap": "the last letter or mail was too short ago",
        "day_full": "this customer was contacted often enough today",
        "joins_waiting": "it joins what already waits",
        "due_estimated": "its due date is estimated, so no costs or 14-day letter",
        "already_noticed": "a 14-day letter was sent for it already",
        "already_charged": "its costs were charged already",
        "no_notice": "there is no valid 14-day letter",
        "never_demanded": "no written demand was ever really sent",
        "notice_not_posted": "nobody has said yet when the 14-day letter was posted",
        "data_not_covering": "the payments of the term's last day are not known yet",
        "earlier_term_runs": "the term of an earlier 14-day letter still runs",
        "stale_data": "the bookkeeping data are too old",
        "covered": "credits cover it",
        "not_overdue": "it is not overdue yet",
        "term_runs": "the term of its 14-day letter still runs",
        "contact_hours": "it is outside contact hours",
        "paused": "sending is paused",
        "unreachable": "no usable address is known",
        "paid": "it was paid",
        "nothing_left": "nothing of it was left",
        "workflow_changed": "the workflow changed",
        "going_live": "the company went live",
        "recalled": "somebody recalled it",
        "returned": "the approver sent it back",
        "not_sent": "somebody said it was not sent",
        "other_channel": "it goes another way",
        "law": "the law forbids it",
        "by_hand": "it was done by hand",
    }
)  # fmt: skip

SILENCES: Mapping[str, str] = MappingProxyType(
    {
        "company_off": "the company is off: nothing is planned and nothing leaves",
        "plan_only": "the company is in plan only: actions are planned, nothing leaves (tegoed company live)",
        "paused": "sending is paused in this whole database (tegoed resume-sending)",
        "no_data": "no complete file was ever imported, so nothing leaves by itself (tegoed import)",
        "import_failed": "the last import failed, so nothing leaves by itself until one succeeds (tegoed import)",
        "stale_data": "the bookkeeping data are too old, so nothing leaves by itself (tegoed import)",
    }
)  # fmt: skip
"""What keeps a whole company from sending."""

REMEDIES: Mapping[str, str] = MappingProxyType(
    {
        "database.away": "Look whether the server runs and the setting 'database' is right; tegoed doctor says more.",
        "database.login": "Ask an administrator for a login, or correct the user in the setting 'database'.",
        "not_allowed": "Ask an administrator for the role it needs.",
        "action.unknown": "`tegoed outbox list` and `tegoed why CUSTOMER` show the numbers of actions.",
        "why.unknown": "Give a customer number or a document number as the bookkeeping has it.",
        "stale": "Look at it again and repeat what you wanted.",
        "file.unreadable": "Check the name of the file and whether you may read it.",
        "cli.amount": "Write it as 100 or 100,50.",
        "cli.pair": "Write key=value, for instance city=Ede.",
    }
)  # fmt: skip
"""What to do, for errors that come without a remedy of their own."""


def complaint(error: TegoedError) -> str:
    """A known error as one or two lines: what happened, why, what to do."""
    remedy = error.remedy or REMEDIES.get(error.code, "")
    reason = str(error.values.get("reason") or "").strip().splitlines()
    lines = [f"{error.message} {remedy}".strip()]
    return "\n".join([*lines, *(f"  ({each.strip()})" for each in reason[-1:])])


_STEPS: Mapping[str, str] = MappingProxyType(
    {
        "reminder": "reminder", "demand": "demand", "notice14": "14-day letter", "final_demand": "final demand",
        "default_notice": "notice of default", "hand_over": "hand-over", "call": "call", "task": "task",
        "message": "message", "charge": "posting of costs",
    }
)  # fmt: skip


_WAITING: Mapping[str, str] = MappingProxyType(
    {
        "plan_only": "the company is in plan only", "planned": "planned",
        "awaiting_approval": "waits for approval", "approved": "in the outbox",
    }
)  # fmt: skip

_PEOPLE: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "call": ("call", "calls"), "task": ("task", "tasks"), "message": ("message", "messages"),
        "hand_over": ("claim to hand over", "claims to hand over"),
        "follow_up": ("follow-up", "follow-ups"),
        "failed": ("delivery that failed", "deliveries that failed"),
        "uncertain": ("delivery whose fate is unknown", "deliveries whose fate is unknown"),
        "unposted": ("14-day letter without a day of posting", "14-day letters without a day of posting"),
    }
)  # fmt: skip

FOLLOW_UPS: Mapping[str, str] = MappingProxyType(
    {
        "never_demanded": "costs or hand-over without any demand really sent", "returned": "the approver sent it back",
        "law": "the law forbade it", "unreachable": "no usable address", "late_sent": "it was sent after all",
        "unrenderable": "the letter could not be made", "posting_unknown": "when was the 14-day letter posted",
        "queue_unserved": "letters that nobody prints", "costs_remain": "paid, but costs remain: claim on or waive",
        "item_moved": "a held item moved to another customer", "promise": "a promise to check",
        "says_paid": "says it is paid", "wants_plan": "wants a payment plan", "disagrees": "disagrees",
        "wrong_number": "wrong phone number",
    }
)  # fmt: skip
"""Why a follow-up is there."""


def waiting_sentence(each: Waiting) -> str:
    """`5 final demands by letter wait for approval`, as one line of the day's report."""
    step = _STEPS.get(each.stage or each.kind, each.kind)
    by = f" by {each.kind}" if each.stage else ""
    why = f": {REASONS.get(each.reason, each.reason)}" if each.reason and each.state == "approved" else ""
    return f"{each.count} × {step}{by}, {_WAITING.get(each.state, each.state)}{why}"


def people_sentence(each: ForPeople) -> str:
    """`3 calls`, `1 follow-up: says it is paid`."""
    one, many = _PEOPLE.get(each.what, (each.what, each.what))
    cause = f": {FOLLOW_UPS.get(each.cause, each.cause.replace('_', ' '))}" if each.cause else ""
    return f"{each.count} {one if each.count == 1 else many}{cause}"


def left_sentence(what: str, count: int) -> str:
    """`6 × reminder by email` from `email reminder`."""
    channel, _, stage = what.partition(" ")
    stage, _, state = stage.partition(" ")
    return f"{count} × {_STEPS.get(stage, stage)} by {channel}" + (f" ({state})" if state else "")


def item_sentence(item: ItemWhy) -> str:
    """What comes for an item and when, or why nothing does."""
    step = _STEPS.get(item.stage or item.step_kind or "", "")
    start = f"{item.document_number}: {item.outstanding} {item.currency}, due {item.due_date:%d-%m-%Y}."
    reason = REASONS.get(item.reason or "", item.reason or "")
    rule = (
        f" Rule: {item.workflow} ({item.workflow_from}), {item.rule.replace('_', ' ')}." if item.rule else ""
    )
    when = f"{item.at_earliest:%d-%m-%Y}" if item.at_earliest else ""
    held = f" until {item.held_until:%d-%m-%Y}" if item.held_until else ""
    said: dict[str, str] = {
        "in_action": f"Is in action {item.action_id}.",
        "due": f"{step.capitalize()} is due now.",
        "joins": f"{step.capitalize()} goes along with what is due now.",
        "later": f"Next: {step}, at the earliest on {when}.",
        "held": f"Nothing comes: it is on hold{held}." + (f" Then: {step}." if step else ""),
        "covered": "Nothing is asked for it: credits cover it.",
        "set_off": "A credit: it is set off against what is overdue.",
        "cost": "Costs: they go along with their invoice.",
        "skip": f"The {step} is skipped: {reason}.",
        "waiting": f"The {step} waits: {reason}." + (f" At the earliest on {when}." if when else ""),
        "never_demanded": f"The {step} needs a person: {reason}.",
        "finished": "Nothing comes: all steps of its workflow are done.",
        "no_workflow": "Nothing comes: its customer has no workflow.",
    }
    return f"{start} {said.get(item.verdict, item.verdict)}{rule if step else ''}{_so_far(item)}"


def _so_far(item: ItemWhy) -> str:
    """What an item went through, and what of it is asked."""
    facts: list[str] = []
    if item.stage_done and item.last_step_on:
        facts.append(
            f"Last step: {_STEPS.get(item.stage_done, item.stage_done)} on {item.last_step_on:%d-%m-%Y}."
        )
    if item.outstanding > 0 and item.unheld != item.outstanding:
        facts.append(f"Not on hold: {item.unheld} {item.currency}.")
    if item.communication_on and item.verdict in {"later", "waiting"}:
        facts.append(f"The customer's next letter or mail: {item.communication_on:%d-%m-%Y}.")
    return "".join(f" {fact}" for fact in facts)


def rule_sentence(action: ActionRow) -> str:
    """Why an action is there."""
    known = action.explanation
    if known.get("rule") == "step":
        bundled = known.get("bundled") or 0
        return (
            f"Because of {known['workflow']} (from the {known['workflow_from']}), step {known['step']}: "
            f"{known['days']} {known['day_kind']} days after {str(known['after']).replace('_', ' ')}; "
            f"{known['items']} items" + (f", {bundled} of them bundled ahead" if bundled else "") + "."
        )
    if known.get("rule") == "by_hand":
        return f"By hand, by {known['by']}."
    return "; ".join(f"{key}: {value}" for key, value in known.items() if value not in (None, ""))
