"""One data folder of the embedded server, made, started and stopped with PostgreSQL's own programs.

Nothing here decides when to start or stop: that is `embedded`.
"""

from __future__ import annotations

import os
import secrets
import shutil
import socket
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from app.adapters.database.account import Account
from app.adapters.database.binaries import Binaries, of_major
from app.errors import DatabaseAway

SUPERUSER = "postgres"
START_SECONDS = 60

# A desktop with one to five people on it; a shared server is tuned by its own administrator.
_TUNING: dict[str, str] = {
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",
    "max_connections": "60",
    "shared_buffers": "256MB",
    "work_mem": "64MB",
    "maintenance_work_mem": "256MB",
    "max_wal_size": "4GB",
    "jit": "off",
    "synchronous_commit": "on",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "lc_messages": "C",
    # The log must not carry what people typed: no statements, no parameters, no DETAIL with row values.
    "log_min_error_statement": "panic",
    "log_parameter_max_length_on_error": "0",
    "log_error_verbosity": "terse",
    "log_statement": "none",
}
_LOG_LIMIT = 10_000_000
_SHM_NEEDED = 512 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Cluster:
    """`folder` holds `data`, `log`, the port and the passwords; `account` runs it if not ourselves."""

    folder: Path
    binaries: Binaries
    account: Account | None = None
    settings: Mapping[str, str] = field(default_factory=dict[str, str])

    @property
    def data(self) -> Path:
        return self.folder / "data"

    @property
    def log(self) -> Path:
        return self.folder / "log" / "server.log"

    def exists(self) -> bool:
        """Whether the data folder was made (to its end: an unfinished one has another name)."""
        return (self.data / "PG_VERSION").is_file()

    def check_major(self) -> None:
        """Refuse data of another major version, with the way out."""
        if not self.exists():
            return
        made_with = int((self.data / "PG_VERSION").read_text("ascii"))
        if made_with == self.binaries.major:
            return
        raise DatabaseAway(
            f"The data in {self.data} is of PostgreSQL {made_with}, "
            f"the programs here are of PostgreSQL {self.binaries.version}.",
            code="postgres.major",
            remedy=_way_out(made_with, self.folder),
            data=made_with,
            programs=self.binaries.major,
        )

    def make(self, password: str) -> None:
        """Make the data folder, with `password` for the superuser; only whole or not at all."""
        fresh = self.folder / "data.new"
        shutil.rmtree(fresh, ignore_errors=True)
        fresh.mkdir(mode=0o700)
        password_file = self.folder / f"initial-{secrets.token_hex(4)}"
        password_file.touch(mode=0o600)
        if self.account is not None:
            self.account.own(fresh)
            self.account.own(password_file)
        try:
            password_file.write_text(f"{password}\n", "utf-8")
            arguments = [
                "-D",
                str(fresh),
                "-U",
                SUPERUSER,
                "-A",
                "scram-sha-256",
                "-E",
                "UTF8",
                *self._locale(),
            ]
            self._run("initdb", [*arguments, f"--pwfile={password_file}", "--no-instructions"])
        finally:
            password_file.unlink()
        with (fresh / "postgresql.conf").open("a", encoding="utf-8") as conf:
            conf.write("\ninclude_if_exists = 'tegoed.conf'  # rewritten at each start\n")
        fresh.rename(self.data)

    def start(self, port: int) -> None:
        """Start the server on `port` of the loopback; `DatabaseAway` with the end of its log."""
        self._configure(port)
        self._prepare_log()
        try:
            self._run("pg_ctl", [*self._ctl("start"), "-l", str(self.log), "-t", str(START_SECONDS)])
        except DatabaseAway as error:
            error.values["log"] = self.last_log_lines()
            raise

    def stop(self, mode: str = "fast") -> None:
        """Stop the server; `fast` undoes open transactions, `immediate` leaves recovery to the next start."""
        self._run("pg_ctl", [*self._ctl("stop"), "-m", mode, "-t", str(START_SECONDS)])

    def recorded_process(self) -> tuple[int, int] | None:
        """Process id and port that the server left in its pid file, None without one or half-written."""
        try:
            lines = (self.data / "postmaster.pid").read_text("utf-8", errors="replace").splitlines()
            return int(lines[0]), int(lines[3])
        except (OSError, IndexError, ValueError):
            return None

    def drop_stale_pid_file(self) -> bool:
        """Remove a pid file whose process is gone or is another program; whether it was removed.

        PostgreSQL itself trusts any living process of the same account: after a reboot that can be anything.
        """
        recorded = self.recorded_process()
        if recorded is None or _serves(recorded[0], self.data):
            return False
        (self.data / "postmaster.pid").unlink(missing_ok=True)
        return True

    def last_log_lines(self, count: int = 5) -> str:
        """The end of the server's log, empty when there is none."""
        try:
            return "\n".join(self.log.read_text("utf-8", errors="replace").splitlines()[-count:])
        except OSError:
            return ""

    def _locale(self) -> Sequence[str]:
        if self.binaries.major >= 17:
            return ("--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--locale=C")
        return ("--locale=C",) if sys.platform == "darwin" else ("--locale=C.UTF-8",)

    def _ctl(self, command: str) -> list[str]:
        return [command, "-D", str(self.data), "-w", "-s"]

    def _configure(self, port: int) -> None:
        values = {**_TUNING, **_shared_memory(), **self.settings, "port": str(port)}
        path = self.data / "tegoed.conf"
        quoted = (f"{key} = '{value}'\n" for key, value in values.items())
        path.write_text("# Written at each start; changes here are lost.\n" + "".join(quoted), "utf-8")
        path.chmod(0o600)
        if self.account is not None:
            self.account.own(path)

    def _prepare_log(self) -> None:
        self.log.parent.mkdir(mode=0o700, exist_ok=True)
        if self.log.exists() and self.log.stat().st_size > _LOG_LIMIT:
            self.log.replace(self.log.with_suffix(".old.log"))
        if self.account is not None:
            self.account.own(self.log.parent)

    def _run(self, program: str, arguments: Sequence[str]) -> None:
        # No pipes: the server inherits them from pg_ctl and reading would wait for its end.
        output = self.folder / f".{program}-{secrets.token_hex(4)}.out"
        who = self.account
        try:
            with output.open("wb") as sink:
                done = subprocess.run(  # noqa: S603 - PostgreSQL's own programs, no shell
                    [self.binaries.program(program), *arguments],
                    stdin=subprocess.DEVNULL,
                    stdout=sink,
                    stderr=sink,
                    cwd=self.folder,
                    env=_environment(),
                    check=False,
                    user=None if who is None else who.uid,
                    group=None if who is None else who.gid,
                    extra_groups=None if who is None else (),
                )
            said = output.read_text("utf-8", errors="replace").strip()
        finally:
            output.unlink(missing_ok=True)
        if done.returncode != 0:
            raise DatabaseAway(
                f"{program} failed: {said.splitlines()[-1] if said else done.returncode}.",
                code=f"postgres.{program}",
                remedy=f"The server's log is {self.log}.",
                retry_after=5.0,
                output=said,
            )


def free_port(preferred: int | None) -> int:
    """`preferred` when nobody listens there, else any free port of the loopback."""
    for port in (preferred, 0):
        if port is None:
            continue
        with socket.socket() as probe:
            if sys.platform != "win32":
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return int(probe.getsockname()[1])
    raise DatabaseAway("No port of the loopback is free.", code="postgres.port", retry_after=5.0)


def _environment() -> dict[str, str]:
    """Ours without what would steer PostgreSQL's programs elsewhere."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("PG", "LC_", "LANG"))}
    return {**kept, "LC_ALL": "C", "TZ": "UTC"}


def _shared_memory() -> dict[str, str]:
    """Containers often have 64 MB in /dev/shm, too little for a parallel query: use files there."""
    if not sys.platform.startswith("linux"):
        return {}
    try:
        free = os.statvfs("/dev/shm")  # noqa: S108 - only its size is asked
    except OSError:
        return {"dynamic_shared_memory_type": "mmap"}
    enough = free.f_frsize * free.f_bavail >= _SHM_NEEDED
    return {} if enough else {"dynamic_shared_memory_type": "mmap"}


def _serves(pid: int, data: Path) -> bool:
    """Whether process `pid` is a server on `data`; a living process we cannot ask counts as one."""
    if sys.platform == "win32":
        return True
    process = Path("/proc") / str(pid)
    if Path("/proc/self/cmdline").exists():
        try:
            return os.fsencode(data) in (process / "cmdline").read_bytes()
        except FileNotFoundError:
            return False
        except OSError:
            return True
    asked = subprocess.run(  # noqa: S603 - one number
        ["/bin/ps", "-ww", "-o", "args=", "-p", str(pid)], capture_output=True, text=True, check=False
    )
    if asked.returncode != 0:
        return asked.stderr.strip() != ""
    return str(data) in asked.stdout


def _way_out(made_with: int, folder: Path) -> str:
    there = of_major(made_with)
    if there is not None:
        use_it = f"Start once with TEGOED_PG_BIN={there.folder} and run `tegoed db backup`"
    else:
        use_it = f"Run `tegoed db backup` with the Tegoed that made it, or install PostgreSQL {made_with}"
    return f"{use_it}; then move {folder} away and run `tegoed db restore`."
