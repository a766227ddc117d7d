"""tegoed outbox, outcome, approve, return, write: what waits to leave and what people decide about it."""

from __future__ import annotations

import argparse
import datetime as dt
from pathlib import Path

from sqlalchemy.orm import Session

from app.adapters.database.engine import session_scope
from app.bootstrap import Desk
from app.cli.answers import Answer, Commands, a_day, counted, table
from app.cli.planning import one
from app.errors import Invalid
from app.services.access import queries as access
from app.services.correspondence import commands, queries


def register(sub: Commands) -> None:
    _register_outbox(sub.add_parser("outbox", help="what waits to leave, left, or went wrong"))
    outcome = sub.add_parser("outcome", help="what a call or task ended in")
    outcome.add_argument("action", type=int)
    outcome.add_argument("code", help="promise, says_paid, wants_plan, disagrees, no_answer, …")
    outcome.add_argument("--note", default="")
    outcome.add_argument("--date", type=a_day, help="the day that was agreed")
    outcome.set_defaults(run=_outcome)
    approve = sub.add_parser("approve", help="approve what waits for it")
    approve.add_argument("actions", nargs="+", type=int, metavar="ACTION")
    approve.add_argument("--sha256", help="approve only if it still is what `outbox show` wrote")
    approve.set_defaults(run=_approve)
    back = sub.add_parser("return", help="send a communication back with a comment")
    back.add_argument("action", type=int)
    back.add_argument("comment")
    back.set_defaults(run=_return)
    write = sub.add_parser("write", help="a letter or mail by hand, in the text of a stage")
    write.add_argument("what", help="a customer number (all its overdue items) or a document number")
    write.add_argument("stage", choices=("reminder", "demand", "notice14", "final_demand", "default_notice"))
    write.add_argument("--by", choices=("email", "letter"), default="email")
    write.add_argument("--tone", choices=("friendly", "neutral", "firm"), default="neutral")
    write.add_argument("--company", metavar="CODE")
    write.add_argument(
        "--does-not-count", action="store_true", help="it does not stand for the step it equals"
    )
    write.set_defaults(run=_write)


def _register_outbox(parser: argparse.ArgumentParser) -> None:
    acts = parser.add_subparsers(dest="act", required=True)
    show = acts.add_parser("list", help="what waits; or --approval, --trouble, --unposted, --left")
    kinds = show.add_mutually_exclusive_group()
    for what in ("approval", "trouble", "unposted", "left"):
        kinds.add_argument(f"--{what}", dest="what", action="store_const", const=what)
    show.add_argument("--company", metavar="CODE")
    show.set_defaults(run=_list, what="waiting")
    view = acts.add_parser("show", help="write the rendered bytes of an action to files")
    view.add_argument("action", type=int)
    view.add_argument("--out", type=Path, default=Path())
    view.set_defaults(run=_show)
    recall = acts.add_parser("recall", help="take back what waits")
    recall.add_argument("action", type=int)
    choice = recall.add_mutually_exclusive_group()
    choice.add_argument("--postpone", type=a_day, metavar="DATE", help="default: three working days")
    choice.add_argument("--skip", action="store_true", help="the step counts as skipped")
    choice.add_argument("--stop", action="store_true", help="silent until released")
    recall.set_defaults(run=_recall)
    for name, text in (
        ("undo-skip", "the skipped step is to be taken after all"),
        ("send-now", "do not wait for the end of the recall window"),
        ("sent", "a failed or uncertain one was sent after all"),
        ("not-sent", "a failed or uncertain one was not sent"),
        ("other-channel", "send a failed or uncertain one another way"),
        ("not-posted", "a printed letter did not go to the post"),
        ("withdraw-approval", "take an approval back"),
    ):
        act = acts.add_parser(name, help=text)
        act.add_argument("action", type=int)
        act.set_defaults(run=_decide)
    posted = acts.add_parser("posted", help="printed letters went to the post")
    posted.add_argument("actions", nargs="+", type=int, metavar="ACTION")
    posted.add_argument("--on", type=a_day, required=True, metavar="DATE")
    posted.add_argument(
        "--all-of-them", action="store_true", help="also those paid, held or changed since printing"
    )
    posted.set_defaults(run=_posted)


def _companies(session: Session, code: str | None) -> list[int]:
    return [access.company(session, code).id] if code else [c.id for c in access.companies(session)]


def _list(desk: Desk, args: argparse.Namespace) -> Answer:
    with session_scope(desk.sessions) as session:
        rows = queries.outbox(session, _companies(session, args.company), what=args.what)
    head = ("action", "company", "customer", "name", "kind", "text", "state", "amount", "leaves", "remark")
    shown = [
        (
            r.action_id, r.company, r.customer, r.customer_name[:30], r.kind, r.stage,
            r.delivery_state if r.delivery_state in {"failed", "uncertain", "done"} else r.state,
            f"{r.amount} {r.currency}", r.attempted_at or r.not_before, r.error or "",
        )
        for r in rows
    ]  # fmt: skip
    return Answer(table(head, shown) or ["Nothing here."], {"outbox": rows})


def _show(desk: Desk, args: argparse.Namespace) -> Answer:
    with session_scope(desk.sessions) as session:
        files = queries.rendered(session, args.action)
        args.out.mkdir(parents=True, exist_ok=True)
        paths: list[str] = []
        for channel, document in files:
            path = args.out / f"{args.action}.{'eml' if channel == 'email' else 'pdf'}"
            path.write_bytes(queries.document(session, document))
            paths.append(str(path))
        sha = queries.rendered_sha(session, args.action) if paths else None
    lines = [*paths, f"sha256 {sha}"] if sha else paths
    return Answer(lines or ["It is not rendered yet."], {"files": paths, "sha256": sha})


def _recall(desk: Desk, args: argparse.Namespace) -> Answer:
    choice = "skip" if args.skip else "stop" if args.stop else "postpone"
    with session_scope(desk.sessions) as session:
        commands.recall(session, args.action, choice=choice, until=args.postpone)
    return Answer(
        [f"Action {args.action} is recalled ({choice})."], {"action": args.action, "choice": choice}
    )


def _decide(desk: Desk, args: argparse.Namespace) -> Answer:
    found: object = None
    with session_scope(desk.sessions) as session:
        if args.act == "undo-skip":
            commands.undo_skip(session, args.action)
        elif args.act == "send-now":
            found = commands.send_now(session, args.action)
        elif args.act == "not-posted":
            commands.not_posted(session, args.action)
        elif args.act == "withdraw-approval":
            commands.withdraw_approval(session, args.action)
        else:
            found = commands.answer(session, args.action, args.act.replace("-", "_"))
    return Answer(
        [f"Action {args.action}: {_decided(args.act, found)}"], {"action": args.action, "answer": found}
    )


def _decided(act: str, found: object) -> str:
    """What a decision came to, in words."""
    if act == "send-now" and isinstance(found, dt.datetime):
        return f"it may leave from {found.astimezone():%d-%m-%Y %H:%M}."
    if act == "other-channel" and isinstance(found, dict) and found.get("new_action"):  # pyright: ignore[reportUnknownMemberType]
        return f"it goes another way, as action {found['new_action']}."
    return {
        "undo-skip": "its steps are to be taken after all.",
        "not-posted": "it was not posted; its steps and its notice are undone.",
        "withdraw-approval": "its approval is taken back; it waits for approval again.",
        "sent": "it was sent, at the time of the attempt.",
        "not-sent": "it was not sent; its items are planned again.",
        "send-now": "it leaves now.",
    }.get(act, f"{act}.")


def _posted(desk: Desk, args: argparse.Namespace) -> Answer:
    with session_scope(desk.sessions) as session:
        doubts = {} if args.all_of_them else queries.posting_doubts(session, args.actions)
        sure = [a for a in args.actions if a not in doubts]
        count = commands.confirm_posted(session, sure, args.on)
    lines = [f"{counted(count, 'letter was', 'letters were')} posted on {args.on:%d-%m-%Y}."]
    lines += [f"Action {a} is taken out: an item was {why} since printing." for a, why in doubts.items()]
    if doubts:
        lines.append("Take these letters out of the pile and say not-posted, or use --all-of-them.")
    return Answer(lines, {"posted": count, "doubts": doubts}, code=1 if doubts else 0)


def _outcome(desk: Desk, args: argparse.Namespace) -> Answer:
    with session_scope(desk.sessions) as session:
        found = commands.record_call(session, args.action, args.code, note=args.note, on=args.date)
    said = "stays for another try" if found["state"] == "again" else "is done"
    held = f" Its items are silent until {found['held_until']}." if found.get("held_until") else ""
    return Answer([f"Action {args.action} {said}.{held}"], {"action": args.action, **found})


def _approve(desk: Desk, args: argparse.Namespace) -> Answer:
    if args.sha256 and len(args.actions) > 1:
        raise Invalid("sha256", "A check value is of one action.", code="approve.sha256")
    for action in args.actions:
        with session_scope(desk.sessions) as session:
            seen = args.sha256 or queries.rendered_sha(session, action)
        with session_scope(desk.sessions) as session:
            commands.approve(session, action, sha256=seen)
    return Answer([f"Approved: {', '.join(map(str, args.actions))}."], {"approved": args.actions})


def _return(desk: Desk, args: argparse.Namespace) -> Answer:
    with session_scope(desk.sessions) as session:
        commands.return_to_maker(session, args.action, args.comment)
    return Answer([f"Action {args.action} went back; its items are on hold."], {"returned": args.action})


def _write(desk: Desk, args: argparse.Namespace) -> Answer:
    with session_scope(desk.sessions) as session:
        found = one(session, args.what, args.company)
        items = [found.item_id] if found.item_id else queries.overdue_items(session, found.customer_id)
        if not items:
            raise Invalid("what", "Nothing of this customer is overdue.", code="write.nothing")
        made = commands.write_by_hand(
            session, found.customer_id, stage=args.stage, kind=args.by, items=items, tone=args.tone,
            counts=not args.does_not_count,
        )  # fmt: skip
    return Answer(
        [f"Action {made}: {args.stage} by {args.by} for {counted(len(items), 'item', 'items')}."],
        {"action": made},
    )
