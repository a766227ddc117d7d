"""Codes of the engine as English sentences, for the command line."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from app.services.workflow.queries import ActionRow, ItemWhy

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

_STEPS: Mapping[str, str] = MappingProxyType(
    {
        "reminder": "reminder", "demand": "demand", "notice14": "14-day letter", "final_demand": "final demand",
        "default_notice": "notice of default", "hand_over": "hand-over", "call": "call", "task": "task",
        "message": "message", "charge": "posting of costs",
    }
)  # fmt: skip


def item_sentence(item: ItemWhy) -> str:
    """What comes for an item and when, or why nothing does."""
    step = _STEPS.get(item.stage or item.step_kind or "", "")
    start = f"{item.document_number}: {item.outstanding} {item.currency}, due {item.due_date:%d-%m-%Y}."
    reason = REASONS.get(item.reason or "", item.reason or "")
    rule = f" Rule: {item.workflow} ({item.workflow_from}), {item.rule.replace('_', ' ')}." if item.rule else ""
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
    return f"{start} {said.get(item.verdict, item.verdict)}{rule if step else ''}"


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
