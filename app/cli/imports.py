"""tegoed import: files of open items."""

from __future__ import annotations

import argparse
import csv
import datetime as dt
import hashlib
import sys
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from sqlalchemy.orm import Session

from app.adapters.database.engine import session_scope
from app.adapters.ledgers.guessing import guess_mapping
from app.adapters.ledgers.source import detect_format, open_source
from app.adapters.ledgers.text import head_of
from app.bootstrap import Desk
from app.cli import import_words as words
from app.cli.answers import Answer, Commands, a_day, counted, near
from app.errors import DatabaseAway, Invalid
from app.services.access import queries as access
from app.services.exchange import commands
from app.services.exchange.commands import Opening, ReportLine, UnknownKinds
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
    parser.add_argument("--as-of", type=a_day, metavar="DATE", help="last day the file covers")
    parser.add_argument("--dry-run", action="store_true", help="show what would change, and change nothing")
    parser.add_argument("--confirm-closing", action="store_true", help="yes, so many items may be closed")
    parser.add_argument("--confirm-moved", action="store_true", help="yes, items moved to other customers")
    parser.add_argument("--renumber", type=Path, metavar="CSV", help="old;new customer numbers")
    parser.add_argument("--date", type=a_day, help="the business date (folder companies)")
    parser.set_defaults(run=_import)


@dataclass(frozen=True, slots=True)
class Reading:
    """A file on its way in: what it is, how it is read, and whether its mapping was kept from before."""

    path: Path
    source: LedgerSource
    mapping: CsvMapping | None
    kept: bool


def _import(desk: Desk, args: argparse.Namespace) -> Answer:
    lines: list[str] = []
    facts: list[dict[str, Any]] = []
    code = 0
    for path in args.files:
        found = import_file(desk, path, args)
        lines += found.lines
        facts.append(found.facts)
        code = max(code, found.code)
    return Answer(lines, {"files": facts}, code=code)


def import_file(desk: Desk, path: Path, args: argparse.Namespace) -> Answer:
    """Import one file: all its good lines, or nothing.

    A run that fails is remembered as failed, which stops automatic dunning until one succeeds; one that a
    person gave up, or a dry run, is not.
    """
    with session_scope(desk.sessions) as session:
        company = access.company(session, args.company)
        today = access.today_of(session, company.id)
        if args.date:
            near(args.date, today)
        mapping, kept = _mapping(session, company.id, path, args)
    source = open_source(path, format=args.format, mapping=mapping, today=args.date or today)
    completeness = _completeness(args, source, mapping)
    if mapping is not None:
        mapping = replace(mapping, completeness=completeness)
    opening = Opening(
        company_id=company.id,
        connection=args.mapping,
        completeness=completeness,
        file_name=path.name,
        data_as_of=args.as_of or _as_of(source, args.date or today),
        mapping=mapping.to_json() if mapping and not args.dry_run else None,
    )
    with session_scope(desk.sessions) as session:
        run = commands.open_run(session, opening, source)
    try:
        return _take(desk, run, company.id, Reading(path, source, mapping, kept), args)
    except BaseException as error:
        given_up = args.dry_run or isinstance(error, KeyboardInterrupt)
        with suppress(DatabaseAway), session_scope(desk.sessions) as session:
            commands.end_run(session, run, abandoned=given_up)
        raise


def _take(desk: Desk, run: int, company_id: int, reading: Reading, args: argparse.Namespace) -> Answer:
    """Upload, compare and apply in one transaction, so that a killed import leaves no line behind."""
    source, shown = reading.source, list[ReportLine]()
    with session_scope(desk.sessions) as session:
        commands.upload(session, run, source, progress=_progress)
        counts = commands.preview(session, run, source, sha256=_sha256(reading.path))
        rejected = commands.rejected(session, run)
        if args.renumber:
            commands.renumber(session, run, _numbers(args.renumber))
            counts = commands.preview(session, run, source)
        if args.dry_run:
            shown = commands.examples(session, run)
            unknown = UnknownKinds(0, [])
            session.rollback()
        else:
            counts = commands.apply(session, run, confirm=_confirmed(args), on=args.date)
            unknown = commands.unknown_kinds(session, company_id)
    if args.dry_run:
        with session_scope(desk.sessions) as session:
            commands.end_run(session, run, abandoned=True)
    done = ", nothing changed (dry run)." if args.dry_run else "."
    lines = [
        f"{reading.path.name}: {counted(counts['lines'], 'line', 'lines')} read as {source.format}{done}"
    ]
    lines += words.control_lines(source)
    if reading.mapping is not None and (args.dry_run or not reading.kept):
        lines += words.mapping_lines(reading.mapping, args.mapping, kept=reading.kept)
    lines += words.difference_lines(counts, shown)
    lines += [f"  {note}" for note in source.notes]
    lines += words.rejected_lines(rejected, counts["rejected"])
    blocks: list[dict[str, Any]] = counts["blocks"] if args.dry_run else []
    for block in blocks:
        lines += [words.block_line(block), *words.renumbering_lines(block)]
    lines += words.after_lines(counts, unknown)
    facts = {
        "file": reading.path.name, "run": run, "counts": counts, "notes": source.notes, "rejected": rejected,
        "examples": shown, "mapping": _mapping_facts(reading), "unknown_kinds": unknown,
        "control": commands.control_of(source.control), "dry_run": args.dry_run,
    }  # fmt: skip
    doubts = counts["rejected"] or source.control.difference or blocks
    return Answer(lines, facts, code=1 if doubts else 0)


def _mapping_facts(reading: Reading) -> dict[str, Any] | None:
    mapping = reading.mapping
    if mapping is None:
        return None
    return {
        "kept": reading.kept,
        "columns": {
            field: {
                "column": column,
                "confidence": mapping.evidence[field].confidence if field in mapping.evidence else None,
                "samples": mapping.evidence[field].samples if field in mapping.evidence else (),
            }
            for field, column in mapping.columns.items()
        },
    }


def _mapping(
    session: Session, company_id: int, path: Path, args: argparse.Namespace
) -> tuple[CsvMapping | None, bool]:
    """The saved mapping of this name, else a guess; either corrected by --map. None for other formats."""
    if (args.format or detect_format(path, head_of(path))) != "csv":
        return None, False
    kept = commands.saved_mapping(session, company_id, args.mapping)
    mapping = CsvMapping.from_json(kept) if kept else guess_mapping(path)
    return mapping.with_corrections(args.map), kept is not None


def _completeness(args: argparse.Namespace, source: LedgerSource, mapping: CsvMapping | None) -> str:
    if args.complete or args.additions:
        return "complete" if args.complete else "additions"
    known = source.completeness or (mapping.completeness if mapping else None)
    if known is None:
        raise Invalid(
            "completeness",
            "Does the file hold all open items, or only some?",
            remedy="Say --complete (what is missing is closed) or --additions (nothing is closed);"
            " the answer is kept with the mapping.",
            code="import.completeness",
        )
    return known


def _as_of(source: LedgerSource, today: dt.date) -> dt.date:
    return min(source.period[1], today) if source.period else today - dt.timedelta(days=1)


def _confirmed(args: argparse.Namespace) -> list[str]:
    return (["closing"] if args.confirm_closing else []) + (
        ["moved", "renamed"] if args.confirm_moved else []
    )


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
        print(f"\r{count} lines …", end="", file=sys.stderr, flush=True)
