"""tegoed plan, why, hold, release."""

from __future__ import annotations

import argparse
from decimal import Decimal, InvalidOperation
from typing import Any

from sqlalchemy.orm import Session

from app.adapters.database.engine import session_scope
from app.bootstrap import Desk
from app.cli.answers import Answer, Commands, a_day, near, table
from app.cli.wording import CAUSES, SILENCES, item_sentence, rule_sentence
from app.errors import Invalid, NotFound
from app.services.access import queries as access
from app.services.workflow import commands, queries
from app.services.workflow.queries import CustomerWhy, Found


def register(sub: Commands) -> None:
    plan = sub.add_parser("plan", help="decide what is due")
    plan.add_argument("--company", metavar="CODE", help="one company; all of yours when not given")
    plan.add_argument("--date", type=a_day, help="the business date, default today")
    plan.add_argument("--dry-run", action="store_true", help="say what would be planned, and plan nothing")
    plan.set_defaults(run=_plan)
    why = sub.add_parser("why", help="what comes next for an item or customer, when, and why (not)")
    why.add_argument("what", help="a customer number or document number")
    why.add_argument("--company", metavar="CODE")
    why.add_argument("--date", type=a_day)
    why.set_defaults(run=_why)
    hold = sub.add_parser("hold", help="silence a customer, an item, or a part of one")
    hold.add_argument("what", help="a customer number or document number")
    hold.add_argument("--company", metavar="CODE")
    hold.add_argument("--amount", help="hold only this part of the item")
    hold.add_argument("--until", type=a_day, help="its last day; until released when not given")
    hold.add_argument("--cause", default="manual", choices=CAUSES)
    hold.add_argument("--stops", default="all", help="all, or some of email,letter,call,charge")
    hold.add_argument("--reason", default="")
    hold.set_defaults(run=_hold)
    release = sub.add_parser("release", help="end a hold")
    release.add_argument("hold", type=int, help="its number, as `tegoed why` shows it")
    release.set_defaults(run=_release)


def one(session: Session, what: str, company: str | None) -> Found:
    """The one customer or item meant; `NotFound` or `Invalid` naming the candidates."""
    found = queries.find(session, what, company=company)
    if not found:
        raise NotFound(
            f"No customer or document {what!r} is known in your companies.", code="why.unknown", what=what
        )
    if len(found) > 1:
        raise Invalid(
            "what",
            f"{what!r} stands for more than one: " + "; ".join(each.label for each in found[:5]) + ".",
            remedy="Add --company CODE, or use the other number.",
            code="why.ambiguous",
        )
    return found[0]


def _plan(desk: Desk, args: argparse.Namespace) -> Answer:
    facts: dict[str, Any] = {}
    lines: list[str] = []
    with session_scope(desk.sessions) as session:
        mine = [access.company(session, args.company)] if args.company else access.companies(session)
    for company in mine:
        if company.state == "off":
            continue
        with session_scope(desk.sessions) as session:
            today = access.today_of(session, company.id)
            on = near(args.date, today) if args.date else today
            counts = commands.plan(session, company.id, on)
            steps = access.waiting_by_step(session, company.id) if args.dry_run else []
            if args.dry_run:
                session.rollback()
        facts[company.code] = {**counts, "date": on}
        lines.append(
            f"{company.code} on {on:%d-%m-%Y}: {counts['actions']} actions for {counts['items']} items, "
            f"{counts['joined']} items joined what waits, {counts['skipped']} steps skipped, "
            f"{counts['follow_ups']} follow-ups" + (" (dry run: nothing written)" if args.dry_run else "")
        )
        lines += table(("what waits then", "text", "number", "amount"), steps)
    return Answer(lines, {"dry_run": args.dry_run, "companies": facts})


def _why(desk: Desk, args: argparse.Namespace) -> Answer:
    with session_scope(desk.sessions) as session:
        found = one(session, args.what, args.company)
        today = access.today_of(session, found.company_id)
        on = near(args.date, today) if args.date else today
        told = queries.why(session, found.customer_id, on=on, item_id=found.item_id)
        silences = access.silences(session, found.company_id, on)
    lines = _why_lines(told)
    lines[1:1] = [f"  Nothing leaves: {SILENCES[code]}." for code in silences]
    return Answer(lines, {"why": told, "silences": silences})


def _why_lines(told: CustomerWhy) -> list[str]:
    lines = [f"{told.company} {told.number} {told.name} ({told.kind}), on {told.on:%d-%m-%Y}"]
    for action in told.actions:
        state = action.delivery_state if action.delivery_state in {"failed", "uncertain"} else action.state
        lines.append(
            f"  action {action.id}: {action.kind} {action.stage or action.cause or ''} {state},"
            f" {action.amount} {action.currency}. {rule_sentence(action)}"
        )
    for hold in told.holds:
        what = hold.document_number or "whole customer"
        part = f" for {hold.amount}" if hold.amount else ""
        until = f"until {hold.until:%d-%m-%Y}" if hold.until else "until released"
        lines.append(
            f"  hold {hold.id}: {what}{part}, {hold.cause}, {until}, stops {', '.join(hold.stops)}"
            + (f": {hold.reason}" if hold.reason else "")
        )
    if not told.items:
        lines.append("  Nothing is open, so nothing comes.")
    lines += [f"  {item_sentence(each)}" for each in told.items]
    return lines


def _hold(desk: Desk, args: argparse.Namespace) -> Answer:
    with session_scope(desk.sessions) as session:
        found = one(session, args.what, args.company)
        made = commands.place_hold(
            session,
            found.customer_id,
            items=None if found.item_id is None else [found.item_id],
            amount=_amount(args.amount),
            stops=[part.strip() for part in args.stops.split(",")],
            cause=args.cause,
            until=args.until,
            reason=args.reason,
        )
    number = made.result["holds"][0]
    until = f"until {args.until:%d-%m-%Y}" if args.until else "until released"
    return Answer([f"Hold {number}: {found.label} is silent {until}."], {"hold": number})


def _amount(text: str | None) -> Decimal | None:
    if text is None:
        return None
    try:
        return Decimal(text.replace(",", "."))
    except InvalidOperation as error:
        raise Invalid("amount", f"{text!r} is not an amount.", code="cli.amount") from error


def _release(desk: Desk, args: argparse.Namespace) -> Answer:
    with session_scope(desk.sessions) as session:
        commands.release_hold(session, args.hold)
    return Answer([f"Hold {args.hold} has ended."], {"hold": args.hold})
