"""Backing up to a folder and restoring from it, with the server's own tools.

A backup is a folder: `database.dump` (pg_dump, custom format), `roles.sql` (all roles, without passwords) and
`manifest.json` with the SHA-256 of both, what every table held, and who had which role. It is whole or not
there. A restore makes a new database, proves it equal to the manifest, upgrades it and leaves sending paused.
"""

from __future__ import annotations

import hashlib
import json
import os
import secrets
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, cast

import psycopg
from psycopg.conninfo import conninfo_to_dict, make_conninfo
from sqlalchemy import text

from app.adapters.database import binaries, install
from app.adapters.database.binaries import Binaries
from app.adapters.database.contents import Difference, TableContents, contents, differences
from app.adapters.database.engine import with_manners
from app.adapters.database.translation import translated
from app.adapters.database.upgrade import SCHEMA, owner_connection, status, upgrade
from app.errors import Conflict, DatabaseAway, Invalid, RuleBroken

FORMAT = 1
DUMP, ROLES, MANIFEST = "database.dump", "roles.sql", "manifest.json"
_FOR_TOOLS = ("host", "hostaddr", "port", "user", "sslmode", "sslrootcert", "sslcert", "sslkey", "service")


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a backup holds: `files` are SHA-256 sums, `logins` the groups of each login."""

    made_at: str
    database: str
    revision: str | None
    server_version: str
    files: dict[str, str]
    tables: dict[str, TableContents]
    logins: dict[str, list[str]]
    format: int = FORMAT


@dataclass(frozen=True, slots=True)
class Restored:
    """A restored database; `new_logins` did not exist on this server and need a password to get in."""

    database: str
    manifest: Manifest
    new_logins: tuple[str, ...]


def backup(admin_conninfo: str, database: str, folder: Path) -> Manifest:
    """Back `database` up into the new folder `folder`, all from one moment, while others go on working.

    `Conflict` when the folder is there already, `DatabaseAway` when the tools fail or are missing.
    """
    if folder.exists():
        raise Conflict(f"{folder} is there already.", code="backup.exists", remedy="Name a new folder.")
    folder.parent.mkdir(parents=True, exist_ok=True)
    draft = Path(tempfile.mkdtemp(prefix=f".{folder.name}-", dir=folder.parent))
    try:
        manifest = _write(admin_conninfo, database, draft)
        draft.rename(folder)
    except BaseException:
        shutil.rmtree(draft, ignore_errors=True)
        raise
    return manifest


def read_manifest(folder: Path) -> Manifest:
    """The manifest of a backup whose files are unharmed; `Invalid` names the file that is not."""
    try:
        raw = cast("dict[str, Any]", json.loads((folder / MANIFEST).read_text("utf-8")))
        raw["tables"] = {name: TableContents(**each) for name, each in raw["tables"].items()}
        manifest = Manifest(**raw)
    except (OSError, ValueError, TypeError, KeyError, AttributeError) as error:
        raise Invalid("folder", f"{folder} is no backup of Tegoed.", code="backup.unknown") from error
    if manifest.format > FORMAT:
        raise RuleBroken(
            "The backup was made by a newer Tegoed.", code="backup.newer", remedy="Install that one."
        )
    for name, expected in manifest.files.items():
        path = folder / name
        if not path.is_file() or _sha256(path) != expected:
            raise Invalid("folder", f"{path} is not the file that was backed up.", code="backup.harmed")
    return manifest


def verify(admin_conninfo: str, database: str, folder: Path) -> tuple[Difference, ...]:
    """The tables in which `database` differs from the backup; empty when all rows are the same."""
    return _compare(admin_conninfo, database, read_manifest(folder))


def restore(
    admin_conninfo: str,
    database: str,
    folder: Path,
    *,
    password_of: Callable[[str], str] | None = None,
) -> Restored:
    """Restore the backup in `folder` into the new database `database`, upgraded, with sending paused.

    Logins get their groups again; one that this server lacks is made with `password_of(login)`, or with a
    password nobody knows. `Conflict` when the database is there already; `RuleBroken` when the restored rows
    are not those of the manifest. A failed restore leaves no database behind.
    """
    manifest = read_manifest(folder)
    install.create_database(admin_conninfo, database)
    try:
        _load(admin_conninfo, database, folder)
        _require_equal(_compare(admin_conninfo, database, manifest))
        with owner_connection(admin_conninfo, database) as connection:
            # Rights were not restored: their files must run again, also when this database has its old name.
            connection.execute(text(f"DELETE FROM {SCHEMA}.applied_sql"))
        upgrade(admin_conninfo, database)
        with owner_connection(admin_conninfo, database) as connection:
            connection.execute(text(f"SELECT {SCHEMA}.pause_sending('restored')"))
        made = _restore_logins(admin_conninfo, database, manifest.logins, password_of)
    except BaseException:
        install.drop_database(admin_conninfo, database)
        raise
    return Restored(database, manifest, made)


def _write(admin_conninfo: str, database: str, draft: Path) -> Manifest:
    dsn = with_manners(admin_conninfo, dbname=database)
    where = status(admin_conninfo, database)
    if where.revision is None:
        raise RuleBroken(
            f"{database} is empty.", code="schema.older", remedy="Run `tegoed db upgrade` first."
        )
    with translated(), psycopg.connect(dsn) as connection:
        tools = _tools(connection)
        connection.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
        connection.read_only = True
        row = connection.execute("SELECT pg_catalog.pg_export_snapshot()").fetchone()
        snapshot = str(row[0]) if row else ""
        held = contents(connection)
        logins = _logins(connection, database)
        target = str(draft / DUMP)
        _run(tools, "pg_dump", dsn, ["-Fc", f"--snapshot={snapshot}", "-f", target], database=database)
        roles = ["--roles-only", "--no-role-passwords", "-f", str(draft / ROLES)]
        _run(tools, "pg_dumpall", dsn, roles, database=database)
    manifest = Manifest(
        made_at=datetime.now(UTC).isoformat(timespec="seconds"),
        database=database,
        revision=where.revision,
        server_version=where.server_version,
        files={name: _sha256(draft / name) for name in (DUMP, ROLES)},
        tables=held,
        logins=logins,
    )
    (draft / MANIFEST).write_text(json.dumps(asdict(manifest), indent=1, ensure_ascii=False), "utf-8")
    return manifest


def _load(admin_conninfo: str, database: str, folder: Path) -> None:
    dsn = with_manners(admin_conninfo, dbname=database)
    with translated(), psycopg.connect(dsn) as connection:
        tools = _tools(connection)
    with tempfile.TemporaryDirectory() as scratch:
        listed = Path(scratch) / "list"
        _run(tools, "pg_restore", None, ["-l", "-f", str(listed), str(folder / DUMP)], database=database)
        # Policies name the group roles of the database that was backed up; the upgrade makes ours.
        kept = [line for line in listed.read_text("utf-8").splitlines(keepends=True) if not _is_policy(line)]
        listed.write_text("".join(kept), "utf-8")
        how = ["--no-owner", "--no-acl", f"--role={install.owner_role(database)}", "--single-transaction"]
        _run(tools, "pg_restore", dsn, [*how, "-L", str(listed), str(folder / DUMP)], database=database)


def _is_policy(line: str) -> bool:
    """Whether a line of a restore list (`id; oid oid KIND schema name owner`) is a policy or its comment."""
    words = line.partition(";")[2].split()[2:]
    return words[:1] == ["POLICY"] or (words[:1] == ["COMMENT"] and "POLICY" in words[2:3])


def _require_equal(different: Sequence[Difference]) -> None:
    if different:
        names = ", ".join(each.table for each in different)
        raise RuleBroken(f"The restored rows differ in {names}.", code="backup.different", tables=names)


def _compare(admin_conninfo: str, database: str, manifest: Manifest) -> tuple[Difference, ...]:
    with translated(), psycopg.connect(with_manners(admin_conninfo, dbname=database)) as connection:
        return differences(manifest.tables, contents(connection))


def _logins(connection: psycopg.Connection, database: str) -> dict[str, list[str]]:
    rows = connection.execute(
        "SELECT u.rolname, g.rolname FROM pg_catalog.pg_auth_members AS m"
        "  JOIN pg_catalog.pg_roles AS g ON g.oid = m.roleid"
        "  JOIN pg_catalog.pg_roles AS u ON u.oid = m.member"
        " WHERE u.rolcanlogin AND g.rolname = ANY (%s) ORDER BY 1, 2",
        [[install.group_role(database, group) for group in install.GROUPS]],
    ).fetchall()
    found: dict[str, list[str]] = {}
    for login, role in rows:
        found.setdefault(str(login), []).append(str(role).removeprefix(f"{database}_"))
    return found


def _restore_logins(
    admin_conninfo: str,
    database: str,
    logins: Mapping[str, Sequence[str]],
    password_of: Callable[[str], str] | None,
) -> tuple[str, ...]:
    made: list[str] = []
    for login, groups in logins.items():
        password = None
        if not install.login_exists(admin_conninfo, login):
            password = password_of(login) if password_of else secrets.token_urlsafe(32)
            made.append(login)
        install.add_login(admin_conninfo, database, login, password=password, roles=groups)
    return tuple(made)


def _tools(connection: psycopg.Connection) -> Binaries:
    """The tools of the server's own major version: others dump what they cannot restore."""
    major = connection.info.server_version // 10000
    found = binaries.of_major(major)
    if found is None:
        raise DatabaseAway(
            f"Backup and restore need the tools of PostgreSQL {major}, which are not on this computer.",
            code="postgres.tools",
            remedy=f"Install them (Debian: apt-get install postgresql-client-{major}) or name their folder"
            " with TEGOED_PG_BIN.",
        )
    return found


def _run(tools: Binaries, program: str, dsn: str | None, arguments: Sequence[str], *, database: str) -> None:
    environment = {k: v for k, v in os.environ.items() if not k.startswith("PG") or k == "PGSSLROOTCERT"}
    environment["LC_ALL"] = "C"
    target: list[str] = []
    if dsn is not None:
        # Secrets go by the environment: everybody can read a command line.
        given = conninfo_to_dict(dsn)
        environment |= {
            name: str(given[key])
            for key, name in (("password", "PGPASSWORD"), ("passfile", "PGPASSFILE"))
            if given.get(key)
        }
        short = {key: given[key] for key in _FOR_TOOLS if given.get(key)}
        target = ["-d", make_conninfo(**short, dbname=database)]  # pyright: ignore[reportArgumentType]
    done = subprocess.run(  # noqa: S603 - PostgreSQL's own programs, no shell
        [tools.program(program), *target, *arguments],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        errors="replace",
        env=environment,
        check=False,
    )
    if done.returncode != 0:
        said = done.stderr.strip()
        raise DatabaseAway(
            f"{program} failed: {said.splitlines()[-1] if said else done.returncode}.",
            code=f"postgres.{program}",
            output=said,
        )


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
