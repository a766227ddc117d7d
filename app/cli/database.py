"""tegoed db, doctor, resume-sending."""

from __future__ import annotations

import argparse
import os
import shutil
import sys
from collections.abc import Sequence
from pathlib import Path

from psycopg.conninfo import conninfo_to_dict

from app import bootstrap
from app.adapters.database import backup, upgrade
from app.adapters.database.engine import session_scope
from app.bootstrap import Desk
from app.cli.answers import Answer, Commands, table
from app.cli.wording import complaint
from app.config import Config
from app.errors import RuleBroken, TegoedError
from app.services.access import commands, queries

ENOUGH = 1_000_000_000
"""Bytes of free disk below which a person should look."""


def register(sub: Commands) -> None:
    parser = sub.add_parser("db", help="the database: upgrade, status, backup, restore")
    acts = parser.add_subparsers(dest="act", required=True)
    acts.add_parser("upgrade", help="bring the database to this program's schema").set_defaults(
        run=upgrade_command
    )
    acts.add_parser("status", help="versions, size, whether sending is paused").set_defaults(run=_status)
    save = acts.add_parser("backup", help="back up into a new folder, while others go on working")
    save.add_argument("folder", type=Path)
    save.set_defaults(run=_backup)
    load = acts.add_parser("restore", help="restore a backup into a new database; sending stays paused")
    load.add_argument("folder", type=Path)
    load.add_argument("--into", required=True, metavar="NAME", help="the name of the new database")
    load.set_defaults(run=_restore)
    sub.add_parser("doctor", help="check database, folders and settings; say what to do").set_defaults(
        run=doctor_command
    )
    sub.add_parser("resume-sending", help="let a restored database send again").set_defaults(run=_resume)


def upgrade_command(desk: Desk, _: argparse.Namespace) -> Answer:
    """Bring the embedded database to this program's schema."""
    return _upgraded(bootstrap.admin_conninfo(desk), desk.database)


def upgrade_shared(settings: Config) -> Answer:
    """Bring the shared database of the settings to this program's schema, as its administrator."""
    name = str(conninfo_to_dict(settings.database).get("dbname") or bootstrap.DATABASE)
    return _upgraded(settings.database, name)


def _upgraded(conninfo: str, name: str) -> Answer:
    moved = upgrade.upgrade(conninfo, name)
    found = upgrade.status(conninfo, name)
    said = "was upgraded" if moved else "is up to date"
    return Answer(
        [f"The database {said}: schema {found.revision}."], {"upgraded": moved, "revision": found.revision}
    )


def _status(desk: Desk, _: argparse.Namespace) -> Answer:
    found = upgrade.status(desk.conninfo, desk.database)
    with session_scope(desk.sessions) as session:
        paused = queries.paused(session)
    facts = {
        "database": desk.database, "login": desk.login, "server": found.server_version, "schema": found.revision,
        "program": found.code_revision, "functions current": found.sql_current, "bytes": found.size,
        "sending paused": f"since {paused[0]:%d-%m-%Y %H:%M}: {paused[1]}" if paused else "no",
    }  # fmt: skip
    return Answer(table(("what", "value"), facts.items()), facts)


def _backup(desk: Desk, args: argparse.Namespace) -> Answer:
    made = backup.backup(bootstrap.admin_conninfo(desk), desk.database, args.folder.absolute())
    rows = sum(each.rows for each in made.tables.values())
    return Answer(
        [f"Backed up {len(made.tables)} tables with {rows} rows into {args.folder}."], {"rows": rows}
    )


def _restore(desk: Desk, args: argparse.Namespace) -> Answer:
    if desk.server is None:
        raise RuleBroken(
            "Restoring needs the administrator of the server.",
            code="restore.admin",
            remedy="Run it on the server, with an administrator in the setting 'database'.",
        )
    done = backup.restore(
        desk.server.admin_conninfo(), args.into, args.folder.absolute(), password_of=desk.server.password
    )
    lines = [
        f"Restored into {done.database}, equal to the backup of {done.manifest.made_at}.",
        "Nothing leaves from it until an administrator has looked and says: tegoed resume-sending",
    ]
    return Answer(lines, {"database": done.database, "new_logins": done.new_logins})


def _resume(desk: Desk, _: argparse.Namespace) -> Answer:
    with session_scope(desk.sessions) as session:
        was = commands.resume_sending(session)
    said = f"was paused since {was['was_paused']}: {was['reason']}" if was["was_paused"] else "was not paused"
    return Answer([f"Sending {said}. It is on."], was)


def doctor_command(desk: Desk, _: argparse.Namespace) -> Answer:
    """Each check with what to do; exit code 1 when something needs a person."""
    checks: list[tuple[str, bool, str]] = []
    found = upgrade.status(desk.conninfo, desk.database)
    current = found.state == "current" and found.sql_current
    checks.append(("database", current, "" if current else "run: tegoed db upgrade"))
    with session_scope(desk.sessions) as session:
        paused = queries.paused(session)
        companies = queries.companies(session)
    checks.append(("sending", paused is None, paused[1] + "; see: tegoed resume-sending" if paused else ""))
    for each in companies:
        fresh = each.data_as_of is not None
        checks.append(
            (
                f"data of {each.code}",
                fresh,
                "" if fresh else f"import: tegoed import FILE --company {each.code}",
            )
        )
    return _checked([*checks, *_of_this_computer(desk.config)])


def doctor_without_desk(settings: Config, error: TegoedError) -> Answer:
    """What can be checked when the database cannot be opened: first why not."""
    return _checked([("database", False, complaint(error).replace("\n", "")), *_of_this_computer(settings)])


def _of_this_computer(settings: Config) -> list[tuple[str, bool, str]]:
    free = shutil.disk_usage(_existing(settings.home)).free
    return [
        ("outbox", *_folder(settings.outbox)),
        ("print folder", *_folder(settings.print_folder)),
        ("disk", free > ENOUGH, f"{free // 1_000_000} MB free"),
        ("python", sys.version_info >= (3, 11), sys.version.split()[0]),
    ]


def _checked(checks: Sequence[tuple[str, bool, str]]) -> Answer:
    lines = table(
        ("check", "ok", "what to do"), [(name, "yes" if ok else "NO", what) for name, ok, what in checks]
    )
    facts = {"checks": [{"check": name, "ok": ok, "remedy": what} for name, ok, what in checks]}
    return Answer(lines, facts, code=0 if all(ok for _, ok, _ in checks) else 1)


def _existing(path: Path) -> Path:
    return path if path.exists() else _existing(path.parent)


def _folder(path: Path) -> tuple[bool, str]:
    writable = os.access(_existing(path), os.W_OK)
    return writable, str(path) if writable else f"{path} cannot be written; set another in tegoed.toml"
