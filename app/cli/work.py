"""tegoed run, sample, day, worker."""

from __future__ import annotations

import argparse
import datetime as dt
import os
import signal
import sys
import time
from dataclasses import asdict
from pathlib import Path

from app import bootstrap
from app.adapters.database.engine import session_scope
from app.bootstrap import Desk
from app.cli.answers import Answer, Commands, a_day, counted, near
from app.cli.wording import REASONS, left_sentence, people_sentence, waiting_sentence
from app.errors import RuleBroken
from app.services.access import queries as access
from app.services.sample.fill import fill
from app.worker.day import Day, collection_day
from app.worker.loop import Worker

DEFAULT_CUSTOMERS = 500


def register(sub: Commands) -> None:
    run = sub.add_parser(
        "run", help="set up, fill an empty database with the sample, and do a collection day"
    )
    run.add_argument("--customers", type=int, default=DEFAULT_CUSTOMERS)
    run.set_defaults(run=_run)
    sample = sub.add_parser("sample", help="fill an empty database with a realistic portfolio")
    sample.add_argument("--customers", type=int, default=DEFAULT_CUSTOMERS)
    sample.add_argument("--seed", type=int, default=1)
    sample.add_argument("--date", type=a_day, help="the day its data are fresh on, default today")
    sample.set_defaults(run=_sample)
    day = sub.add_parser("day", help="a whole collection day: plan, execute what is due, report")
    day.add_argument("--date", type=a_day, help="default today, or the next working day")
    day.add_argument("--company", metavar="CODE", help="one company; all of yours when not given")
    day.add_argument(
        "--out", type=Path, metavar="DIR", help="where everything that left on that day is written"
    )
    day.set_defaults(run=_day)
    worker = sub.add_parser("worker", help="execute due work, until stopped")
    worker.add_argument("--once", action="store_true", help="what is due now, then end")
    worker.set_defaults(run=_worker)


def _run(desk: Desk, args: argparse.Namespace) -> Answer:
    lines: list[str] = []
    if bootstrap.is_empty(desk):
        print("The database is empty: making the sample portfolio …", file=sys.stderr)
        lines += _fill(desk, args.customers, 1, None).lines
    if not os.environ.get("DISPLAY"):
        lines.append("There is no screen.")
    told = _day(desk, argparse.Namespace(date=None, company=None, out=None))
    return Answer([*lines, *told.lines], told.facts)


def _sample(desk: Desk, args: argparse.Namespace) -> Answer:
    return _fill(desk, args.customers, args.seed, args.date)


def _fill(desk: Desk, customers: int, seed: int, date: dt.date | None) -> Answer:
    if not bootstrap.is_empty(desk):
        raise RuleBroken(
            "The database has companies already.",
            code="sample.not_empty",
            remedy="The sample needs an empty one: set TEGOED_HOME to a new folder.",
        )
    on, started = date or dt.datetime.now(dt.UTC).date(), time.monotonic()
    with bootstrap.owner_session(desk) as session:
        report = fill(session.connection(), customers=customers, seed=seed, date=on, login=desk.login)
    took = time.monotonic() - started
    return Answer(
        [f"The sample portfolio of {on:%d-%m-%Y} is made in {took:.0f} s: {report}."], asdict(report)
    )


def _day(desk: Desk, args: argparse.Namespace) -> Answer:
    with session_scope(desk.sessions) as session:
        mine = [access.company(session, args.company)] if args.company else access.companies(session)
    if not mine:
        return Answer(
            ["There is no company yet. Begin with: tegoed company add CODE NAME"], {"companies": []}
        )
    if args.date:
        near(args.date, dt.datetime.now(dt.UTC).date())
    out = args.out or bootstrap.default_out(desk.config)
    days = [collection_day(desk, each, date=args.date, out=out) for each in mine if each.state != "off"]
    return Answer([line for each in days for line in _told(each)], {"days": days})


def _told(day: Day) -> list[str]:
    lines = [f"{day.company} – {day.name}, {day.on:%A %d %B %Y}"]
    lines.append(
        "  left: " + (", ".join(left_sentence(what, n) for what, n in day.left.items()) or "nothing")
    )
    lines += [f"  waits: {waiting_sentence(each)}" for each in day.waits]
    lines += [
        f"  nothing for {counted(n, 'item', 'items')}: {REASONS.get(why, why)}"
        for why, n in day.not_sent.items()
    ]
    lines += [f"  needs a person: {people_sentence(each)}" for each in day.people]
    if day.paused:
        lines.append(f"  SENDING IS PAUSED: {day.paused}. An administrator can say: tegoed resume-sending")
    lines.append(f"  files: {day.folder}")
    return lines


def _worker(desk: Desk, args: argparse.Namespace) -> Answer:
    worker = Worker(desk)
    if args.once:
        done = worker.run_once()
        said = ", ".join(f"{n} {what}" for what, n in done.sent.items()) or "nothing was due"
        return Answer([f"Sent: {said}." + (f" Paused: {done.paused}." if done.paused else "")], asdict(done))

    def stop(_number: int, _frame: object) -> None:
        worker.stop()

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, stop)
    print("The worker runs; stop it with Ctrl+C.", file=sys.stderr)
    worker.run_forever()
    return Answer(["The worker stopped."], {"stopped": True})
