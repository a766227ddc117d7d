"""The `tegoed` command: reads the words, opens the desk, prints the answer.

Exit codes: 0 done; 1 done, but something needs a person; 2 asked wrongly; 3 not allowed; 4 not found; 5 something
outside is away; 130 interrupted.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence

from psycopg import ProgrammingError
from psycopg.conninfo import conninfo_to_dict

from app import __version__, bootstrap, config
from app.adapters.database.translation import translated
from app.cli import companies, database, imports, outbox, planning, work
from app.cli.answers import Answer, plain
from app.cli.wording import REMEDIES, complaint
from app.errors import Invalid, TegoedError

ROOMS = (work, imports, planning, outbox, companies, database)


def main(words: Sequence[str] | None = None) -> int:
    """Run one command; returns its exit code."""
    given = list(sys.argv[1:] if words is None else words)
    # --json may stand anywhere: a script adds it at the end
    args = _parser().parse_args([word for word in given if word != "--json"])
    args.json = "--json" in given
    try:
        answer = _answered(args)
    except TegoedError as error:
        _complain(error, as_json=args.json)
        return error.exit_code
    except KeyboardInterrupt:
        print("Interrupted; nothing was left half-done.", file=sys.stderr)
        return 130
    try:
        answer.print(as_json=args.json)
    except BrokenPipeError:
        sys.stderr.close()  # the reader went away; the work is done
    return answer.code


def _answered(args: argparse.Namespace) -> Answer:
    settings = config.load(overrides={"database": args.database})
    try:
        _check_conninfo(settings.database)
        if args.run is database.upgrade_command and settings.database:
            # a desk opens only on a database that fits; this is the command that makes it fit
            with translated():
                return database.upgrade_shared(settings)
        with translated(), bootstrap.open_desk(settings) as desk:
            return args.run(desk, args)
    except TegoedError as error:
        if args.run is database.doctor_command:
            return database.doctor_without_desk(settings, error)
        raise


def _check_conninfo(conninfo: str) -> None:
    try:
        conninfo_to_dict(conninfo)
    except ProgrammingError as error:
        raise Invalid(
            "database",
            f"{conninfo!r} is no connection string: {str(error).strip()}.",
            remedy="Write it as host=… dbname=… user=…",
            code="settings.database",
        ) from error


def _complain(error: TegoedError, *, as_json: bool) -> None:
    if as_json:
        facts = {
            "error": error.code,
            "message": error.message,
            "remedy": error.remedy or REMEDIES.get(error.code, ""),
            "values": error.values,
        }
        print(json.dumps(facts, default=plain, ensure_ascii=False))
    else:
        print(f"tegoed: {complaint(error)}", file=sys.stderr)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="tegoed",
        description="Open items in, reminders out: never twice, never wrongly, always with the why.",
    )
    parser.add_argument("--version", action="version", version=f"tegoed {__version__}")
    parser.add_argument("--json", action="store_true", help="answer as JSON, for scripts")
    parser.add_argument(
        "--database", metavar="CONNINFO", help="a shared server; the embedded one when not given"
    )
    sub = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for room in ROOMS:
        room.register(sub)
    return parser
