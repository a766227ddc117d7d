"""The embedded database server: adopted when it runs, started when not, stopped when nobody uses it.

The server belongs to no process of ours: it survives a killed owner, and whoever comes next adopts it. It
listens on the loopback only and asks everybody for a password (SCRAM). The passwords lie in a libpq password
file (0600) beside the data, and connection strings name that file, so that they hold no secret themselves.

Where the data is: `<home>/postgres`. As root without `TEGOED_HOME`: `/var/lib/tegoed/postgres`; as root with
a home that the server's account cannot reach: `/var/lib/tegoed/<hash of the home>/postgres`.
"""

from __future__ import annotations

import hashlib
import os
import secrets
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import cast

import platformdirs
import psycopg
from psycopg.conninfo import make_conninfo

from app.adapters.database.account import (
    SYSTEM_FOLDER,
    Account,
    is_root,
    reachable,
    reachable_binaries,
    server_account,
)
from app.adapters.database.binaries import find
from app.adapters.database.cluster import SUPERUSER, Cluster, free_port
from app.adapters.database.locks import FileLock, alone
from app.errors import DatabaseAway, NotFound

PATIENCE = 10.0
_LOCK_PATIENCE = 120.0
_PAUSE = 0.1


@dataclass(frozen=True, slots=True)
class EmbeddedServer:
    """A running embedded server that this process uses until `release`, `stop_if_unused` or its own end."""

    cluster: Cluster
    port: int
    use: FileLock

    @property
    def folder(self) -> Path:
        return self.cluster.folder

    def conninfo(self, dbname: str, login: str) -> str:
        """A connection string for a login whose password is recorded here; it carries no secret.

        `NotFound` when no password is recorded: use `password` when making the login.
        """
        if _recorded_password(self.folder, login) is None:
            raise NotFound(f"No password of {login} is recorded.", code="login.unrecorded", login=login)
        return _conninfo(self.folder, self.port, dbname, login)

    def admin_conninfo(self, dbname: str = SUPERUSER) -> str:
        """A connection string for the server's superuser: for setting up and upgrading only."""
        return self.conninfo(dbname, SUPERUSER)

    def password(self, login: str) -> str:
        """The recorded password of `login`, generated and recorded at the first asking."""
        with alone(self.folder / "start.lock", patience=_LOCK_PATIENCE):
            return _password(self.folder, login)

    def clients(self) -> int:
        """How many client connections there are, to any database, without the asking one."""
        with psycopg.connect(self.admin_conninfo()) as connection:
            row = connection.execute(
                "SELECT count(*) FROM pg_catalog.pg_stat_activity"
                " WHERE backend_type = 'client backend' AND pid <> pg_catalog.pg_backend_pid()"
            ).fetchone()
        return int(row[0]) if row else 0

    def stop_if_unused(self) -> bool:
        """Stop the server unless another process uses it or any client is connected; whether it stopped.

        Either way this process no longer counts as a user. A starter that comes meanwhile waits for the
        end of the stop and then starts it again.
        """
        try:
            with alone(self.folder / "start.lock", patience=_LOCK_PATIENCE):
                if not self.use.try_seize() or self.clients() > 0:
                    return False
                self.cluster.stop()
                return True
        finally:
            self.use.release()

    def stop(self, mode: str = "fast") -> None:
        """Stop the server whoever uses it."""
        self.cluster.stop(mode)
        self.use.release()

    def release(self) -> None:
        """No longer count as a user of the server, and let it run."""
        self.use.release()


def start(
    home: Path, *, settings: Mapping[str, str] | None = None, patience: float = PATIENCE
) -> EmbeddedServer:
    """The embedded server of `home`, adopted or started (and made at the first time).

    `settings` are PostgreSQL settings that win over ours when it is this call that starts it. Raises
    `DatabaseAway` when data and programs differ in major version, or when it does not answer within
    `patience` seconds (after a crash its pid file blocks some three seconds).
    """
    cluster = locate(home, settings=settings)
    cluster.check_major()
    use = FileLock(cluster.folder / "in-use.lock")
    use.share(patience=_LOCK_PATIENCE)
    try:
        port = _adopt(cluster) or _adopt_or_start(cluster, patience)
    except BaseException:
        use.release()
        raise
    return EmbeddedServer(cluster, port, use)


def locate(home: Path, *, settings: Mapping[str, str] | None = None) -> Cluster:
    """The cluster that belongs to `home` on this computer; makes its folder, starts nothing."""
    folder = folder_of(home)
    account = server_account(folder / "data")
    binaries = find()
    if account is not None:
        binaries = reachable_binaries(binaries, account)
    _make_folder(folder, account)
    return Cluster(folder, binaries, account, settings or {})


def folder_of(home: Path) -> Path:
    """Where the embedded server of `home` keeps its data (see the head of this file); makes nothing."""
    account = server_account(home / "postgres" / "data") if is_root() else None
    if account is None:
        return home / "postgres"
    if home == platformdirs.user_data_path("tegoed", appauthor=False):
        return SYSTEM_FOLDER / "postgres"
    if reachable(home, account):
        return home / "postgres"
    return SYSTEM_FOLDER / hashlib.sha256(os.fsencode(home)).hexdigest()[:12] / "postgres"


def _make_folder(folder: Path, account: Account | None) -> None:
    """The folder itself; below /var/lib/tegoed the server's account must be able to pass through."""
    try:
        if SYSTEM_FOLDER in folder.parents:
            for parent in (SYSTEM_FOLDER, *([folder.parent] if folder.parent != SYSTEM_FOLDER else [])):
                parent.mkdir(parents=True, exist_ok=True)
                parent.chmod(0o755)
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        # The account may pass to its own data and log, and list nothing: the passwords stay ours.
        folder.chmod(0o700 if account is None else 0o711)
    except PermissionError as error:
        raise DatabaseAway(
            f"{folder} belongs to another account.",
            code="postgres.folder",
            remedy="Start Tegoed as that account, or name another folder with TEGOED_HOME.",
        ) from error


def _adopt(cluster: Cluster) -> int | None:
    """The port of the running server of this data folder, None when it does not answer.

    The password proves the server to us as well (SCRAM), and it names its data folder.
    """
    recorded = cluster.recorded_process()
    if recorded is None or _recorded_password(cluster.folder, SUPERUSER) is None:
        return None
    try:
        with psycopg.connect(_conninfo(cluster.folder, recorded[1], SUPERUSER, SUPERUSER)) as connection:
            row = connection.execute("SELECT pg_catalog.current_setting('data_directory')").fetchone()
    except psycopg.OperationalError:
        return None
    same = row is not None and Path(cast("str", row[0])).resolve() == cluster.data.resolve()
    return recorded[1] if same else None


def _adopt_or_start(cluster: Cluster, patience: float) -> int:
    with alone(cluster.folder / "start.lock", patience=_LOCK_PATIENCE):
        if not cluster.exists():
            cluster.make(_password(cluster.folder, SUPERUSER))
        deadline = time.monotonic() + patience
        while True:
            port = _adopt(cluster)
            if port is not None:
                return port
            try:
                return _start_once(cluster)
            except DatabaseAway:
                if time.monotonic() > deadline:
                    raise
            time.sleep(_PAUSE)


def _start_once(cluster: Cluster) -> int:
    cluster.drop_stale_pid_file()
    record = cluster.folder / "port"
    port = free_port(_read_port(record))
    cluster.start(port)
    record.write_text(f"{port}\n", "ascii")
    started = _adopt(cluster)
    if started is None:
        raise DatabaseAway(
            "The database server started but does not accept its own password.",
            code="postgres.password",
            remedy=f"Its password file is {cluster.folder / 'passwords'}.",
        )
    return started


def _read_port(record: Path) -> int | None:
    try:
        return int(record.read_text("ascii"))
    except (OSError, ValueError):
        return None


def _conninfo(folder: Path, port: int, dbname: str, login: str) -> str:
    # require_auth: whoever took our port while the server was down must not get a clear password out of us.
    return make_conninfo(
        host="127.0.0.1",
        port=port,
        dbname=dbname,
        user=login,
        passfile=str(folder / "passwords"),
        require_auth="scram-sha-256",
        sslmode="disable",
        connect_timeout=5,
    )


def _recorded_password(folder: Path, login: str) -> str | None:
    try:
        lines = (folder / "passwords").read_text("utf-8").splitlines()
    except FileNotFoundError:
        return None
    start_of_line = f"127.0.0.1:*:*:{_escaped(login)}:"
    return next((line[len(start_of_line) :] for line in lines if line.startswith(start_of_line)), None)


def _password(folder: Path, login: str) -> str:
    """The recorded password, made first if need be; call it under the start lock."""
    known = _recorded_password(folder, login)
    if known is not None:
        return known
    fresh = secrets.token_urlsafe(24)
    path, draft = folder / "passwords", folder / "passwords.new"
    before = path.read_text("utf-8") if path.exists() else ""
    draft.unlink(missing_ok=True)
    draft.touch(mode=0o600)
    draft.write_text(f"{before}127.0.0.1:*:*:{_escaped(login)}:{fresh}\n", "utf-8")
    draft.replace(path)
    return fresh


def _escaped(value: str) -> str:
    return value.replace("\\", "\\\\").replace(":", "\\:")
