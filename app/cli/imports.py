"""tegoed import: files of open items."""

from __future__ import annotations

import argparse
import csv
import datetime as dt
import hashlib
import sys
from pathlib import Path
from typing import Any

from sqlalchemy.orm import Session

from app.adapters.database.engine import session_scope
from app.adapters.ledgers.guessing import guess_mapping
from app.adapters.ledgers.source import detect_format, open_source
from app.adapters.ledgers.text import head_of
from app.bootstrap import Desk
from app.cli.answers import Answer, Commands, counted
from app.errors import Invalid, TegoedError
from app.services.access import queries as access
from app.services.exchange import commands
from app.services.exchange.commands import Opening
from app.services.exchange.rows import CsvMapping, LedgerSource


def register(sub: Commands) -> None:
    parser = sub.add_parser("import", help="read open items from CSV or XAF files")
    parser.add_argument("files", nargs="+", type=Path, metavar="FILE")
    parser.add_argument("--company", required=True, metavar="CODE")
    parser.add_argument("--format", choices=("csv", "xaf"), help="look at the content when not given")
    parser.add_argument(
        "--mapping", default="import", metavar="NAME", help="the name the mapping is kept under"
    )
    parser.add_argument(
        "--map", action="append", default=[], metavar="FIELD=HEADER", help="correct the guessed mapping"
    )
    whole = parser.add_mutually_exclusive_group()
    whole.add_argument(
        "--complete", action="store_true", help="the file has all open items: others are closed"
    )
    whole.add_argument("--additions", action="store_true", help="the file only adds and changes")
    parser.add_argument(
        "--as-of", type=dt.date.fromisoformat, metavar="DATE", help="last day the file covers"
    )
    parser.add_argument("--dry-run", action="store_true", help="show what would change, and change nothing")
    parser.add_argument("--confirm-closing", action="store_true", help="yes, so many items may be closed")
    parser.add_argument("--confirm-moved", action="store_true", help="yes, items moved to other customers")
    parser.add_argument("--renumber", type=Path, metavar="CSV", help="old;new customer numbers")
    parser.add_argument("--date", type=dt.date.fromisoformat, help="the business date (folder companies)")
    parser.set_defaults(run=_import)


def _import(desk: Desk, args: argparse.Namespace) -> Answer:
    lines: list[str] = []
    facts: list[dict[str, Any]] = []
    for path in args.files:
        found = import_file(desk, path, args)
        lines += found.lines
        facts.append(found.facts)
    rejected = any(each["counts"]["rejected"] for each in facts)
    return Answer(lines, {"files": facts}, code=1 if rejected else 0)


def import_file(desk: Desk, path: Path, args: argparse.Namespace) -> Answer:
    """Import one file: all its good lines, or nothing."""
    with session_scope(desk.sessions) as session:
        company = access.company(session, args.company)
        today = args.date or access.today_of(session, company.id)
        mapping = _mapping(session, company.id, path, args)
    source = open_source(path, format=args.format, mapping=mapping, today=today)
    opening = Opening(
        company_id=company.id,
        connection=args.mapping,
        completeness=_completeness(args, source, mapping),
        file_name=path.name,
        data_as_of=args.as_of or _as_of(source, today),
        mapping=mapping.to_json() if mapping and not args.dry_run else None,
    )
    with session_scope(desk.sessions) as session:
        run = commands.open_run(session, opening, source)
    try:
        return _take(desk, run, path, source, args)
    except BaseException as error:
        with session_scope(desk.sessions) as session:
            commands.end_run(session, run, abandoned=not isinstance(error, TegoedError) or args.dry_run)
        raise


def _take(desk: Desk, run: int, path: Path, source: LedgerSource, args: argparse.Namespace) -> Answer:
    with session_scope(desk.sessions) as session:
        commands.upload(session, run, source, progress=_progress)
        counts = commands.preview(session, run, source, sha256=_sha256(path))
        rejected = commands.rejected(session, run)
    with session_scope(desk.sessions) as session:
        if args.dry_run:
            commands.end_run(session, run, abandoned=True)
        else:
            if args.renumber:
                commands.renumber(session, run, _numbers(args.renumber))
                counts = commands.preview(session, run, source)
            counts = commands.apply(session, run, confirm=_confirmed(args), on=args.date)
    lines = [
        f"{path.name}: {counted(counts['lines'], 'line', 'lines')} read as {source.format}"
        + (", nothing changed (dry run)." if args.dry_run else "."),
        f"  new {counts['new']}, changed {counts['changed']}, closed {counts['closed']},"
        f" unchanged {counts['unchanged']}, rejected {counts['rejected']}",
        *(f"  {note}" for note in source.notes),
        *_control_lines(source),
        *(f"  rejected: {each.what}" for each in rejected),
        *(f"  needs your word: {block}" for block in counts["blocks"] if args.dry_run),
    ]
    if counts.get("estimated"):
        lines.append(f"  {counts['estimated']} due dates were estimated: no costs or 14-day letter on those.")
    facts = {
        "file": path.name, "run": run, "counts": counts, "notes": source.notes, "rejected": rejected,
        "control": commands.control_of(source.control), "dry_run": args.dry_run,
    }  # fmt: skip
    return Answer(lines, facts)


def _mapping(session: Session, company_id: int, path: Path, args: argparse.Namespace) -> CsvMapping | None:
    """The saved mapping of this name, else a guess; either corrected by --map."""
    if (args.format or detect_format(path, head_of(path))) != "csv":
        return None
    kept = commands.saved_mapping(session, company_id, args.mapping)
    mapping = CsvMapping.from_json(kept) if kept else guess_mapping(path)
    return mapping.with_corrections(args.map)


def _completeness(args: argparse.Namespace, source: LedgerSource, mapping: CsvMapping | None) -> str:
    if args.complete or args.additions:
        return "complete" if args.complete else "additions"
    known = source.completeness or (mapping.completeness if mapping else None)
    if known is None:
        raise Invalid(
            "completeness",
            "Does the file hold all open items, or only some?",
            remedy="Say --complete (what is missing is closed) or --additions; "
            "--map completeness=complete remembers it.",
            code="import.completeness",
        )
    return known


def _as_of(source: LedgerSource, today: dt.date) -> dt.date:
    return min(source.period[1], today) if source.period else today - dt.timedelta(days=1)


def _confirmed(args: argparse.Namespace) -> list[str]:
    return (["closing"] if args.confirm_closing else []) + (
        ["moved", "renamed"] if args.confirm_moved else []
    )


def _control_lines(source: LedgerSource) -> list[str]:
    control = source.control
    lines = [
        f"  {code}: {each.count} items, {each.open_amount} open" for code, each in control.by_currency.items()
    ]
    if control.file_total is not None:
        lines.append(
            f"  the file's own total ({control.file_total_of}) is {control.file_total}: "
            + ("it agrees." if not control.difference else f"DIFFERENCE {control.difference}.")
        )
    return lines


def _numbers(path: Path) -> dict[str, str]:
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            rows = list(csv.reader(file, delimiter=";"))
    except (OSError, UnicodeDecodeError) as error:
        raise Invalid("renumber", f"{path} cannot be read: {error}.", code="file.unreadable") from error
    if any(len(row) != 2 for row in rows):
        raise Invalid("renumber", f"{path}: each line is old;new.", code="renumber.form")
    return {old.strip(): new.strip() for old, new in rows}


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _progress(count: int) -> None:
    if sys.stderr.isatty():
        print(f"\r{count} lines", end="", file=sys.stderr)
