"""tegoed company: add, show, set, live."""

from __future__ import annotations

import argparse
import datetime as dt

from sqlalchemy import select

from app.adapters.database.engine import session_scope
from app.bootstrap import Desk
from app.cli.answers import Answer, Commands, a_day, counted, table
from app.errors import Invalid
from app.models.access import Company
from app.services.access import commands, queries
from app.services.workflow import shipped


def register(sub: Commands) -> None:
    parser = sub.add_parser("company", help="our companies: add, show, set, live")
    acts = parser.add_subparsers(dest="act", required=True)
    add = acts.add_parser("add", help="a new company, in plan only, with the shipped workflows")
    add.add_argument("code")
    add.add_argument("name")
    add.add_argument("values", nargs="*", metavar="key=value", help="settings, as for set")
    add.set_defaults(run=_add)
    show = acts.add_parser("show", help="one company with its settings, or all")
    show.add_argument("code", nargs="?")
    show.set_defaults(run=_show)
    change = acts.add_parser("set", help="change settings: sender, IBAN, gaps, recall window, …")
    change.add_argument("code")
    change.add_argument("values", nargs="*", metavar="key=value")
    change.add_argument("--workflow", metavar="CODE", help="the default workflow")
    change.add_argument("--logo", metavar="PNG", help="the letterhead's picture")
    change.add_argument("--calendar", action="store_true", help="make the calendar anew, four years on")
    change.set_defaults(run=_set)
    live = acts.add_parser("live", help="from plan only to live; the first run waits for approval")
    live.add_argument("code")
    live.add_argument(
        "--start", action="append", default=[], metavar="BUCKET=STAGE",
        help="first stage for items of an age: not_due, d1_30, d31_60, d61_90, d90_plus",
    )  # fmt: skip
    live.add_argument("--date", type=a_day, help="the business date (folder companies)")
    live.add_argument(
        "--dry-run", action="store_true", help="show the counts per step and text, and change nothing"
    )
    live.set_defaults(run=_live)


def pairs(values: list[str]) -> dict[str, str]:
    """`key=value` words as a mapping; `Invalid` for a word without =."""
    found: dict[str, str] = {}
    for each in values:
        key, equals, value = each.partition("=")
        if not equals:
            raise Invalid(each, f"{each!r} is not key=value.", code="cli.pair")
        found[key.strip()] = value.strip()
    return found


def _add(desk: Desk, args: argparse.Namespace) -> Answer:
    with session_scope(desk.sessions) as session:
        made = commands.create_company(session, args.code, args.name, today=dt.datetime.now(dt.UTC).date())
        workflows = shipped.install(session, made)
        commands.set_default_workflow(session, args.code, "zakelijk")
        commands.set_company(session, args.code, pairs(args.values))
    lines = [
        f"{args.code} is made, in plan only: actions are planned and nothing leaves.",
        f"Workflows: {', '.join(sorted(workflows))}; default zakelijk.",
        f"Next: tegoed company set {args.code} street=… postcode=… city=… email=… iban=…",
        f"then: tegoed import FILE --company {args.code}",
    ]
    return Answer(lines, {"company": args.code, "id": made, "workflows": workflows})


def _show(desk: Desk, args: argparse.Namespace) -> Answer:
    with session_scope(desk.sessions) as session:
        if args.code is None:
            rows = queries.companies(session)
            head = ("code", "name", "state", "data until", "planned for")
            lines = table(head, [(r.code, r.name, r.state, r.data_as_of, r.planned_for) for r in rows])
            return Answer(
                lines or ["No companies yet. Begin with: tegoed company add CODE NAME"], {"companies": rows}
            )
        found = queries.company(session, args.code)
        row = session.execute(select(Company.__table__).where(Company.id == found.id)).mappings().one()
    facts = {key: value for key, value in row.items() if key not in {"logo", "version"}}
    facts["logo"] = f"{len(row['logo'])} bytes" if row["logo"] else ""
    return Answer(table(("setting", "value"), facts.items()), facts)


def _set(desk: Desk, args: argparse.Namespace) -> Answer:
    with session_scope(desk.sessions) as session:
        if args.values:
            commands.set_company(session, args.code, pairs(args.values))
        if args.workflow:
            commands.set_default_workflow(session, args.code, args.workflow)
        if args.logo:
            commands.set_logo(session, args.code, args.logo)
        if args.calendar:
            found = queries.company(session, args.code)
            commands.set_calendar(session, found.id, today=queries.today_of(session, found.id))
    return Answer([f"{args.code} is changed."], {"company": args.code})


def _live(desk: Desk, args: argparse.Namespace) -> Answer:
    with session_scope(desk.sessions) as session:
        found = queries.company(session, args.code)
        counts = commands.go_live(session, found.id, start=pairs(args.start), on=args.date)
        steps = queries.waiting_by_step(session, found.id)
        if args.dry_run:
            session.rollback()
    said = "would be live" if args.dry_run else "is live"
    first = (
        f"Its first run waits for approval: {counted(counts['actions'], 'action', 'actions')} about "
        f"{counted(counts['items'], 'item', 'items')}."
        if counts["actions"]
        else "Nothing is due today; the first day that plans something waits for approval."
    )
    lines = [f"{found.code} {said}. {first}", *table(("what", "text", "number", "amount"), steps)]
    if counts["actions"] and not args.dry_run:
        lines.append("They are made by the worker or the day; then: tegoed outbox list --approval")
    return Answer(lines, {"company": found.code, **counts, "steps": [list(map(str, s)) for s in steps]})
