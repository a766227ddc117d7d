"""Locks between processes of one computer; the system frees them when a process dies, however it dies."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

from app.errors import DatabaseAway

_PAUSE = 0.05


class FileLock:
    """A lock on a file, held by many (`share`) or by one (`seize`); `release` gives it back.

    Windows knows no shared lock on a file: there `share` does nothing.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file: int | None = None

    def share(self, *, patience: float) -> None:
        """Hold it beside others; `DatabaseAway` when one process keeps it longer than `patience` seconds."""
        self._wait(patience, exclusive=False)

    def seize(self, *, patience: float) -> None:
        """Hold it alone; `DatabaseAway` when others keep it longer than `patience` seconds."""
        self._wait(patience, exclusive=True)

    def try_seize(self) -> bool:
        """Hold it alone if nobody else holds it; an own share is given up for it."""
        return self._attempt(exclusive=True)

    def release(self) -> None:
        """Give it back; without effect when not held."""
        if self._file is not None:
            os.close(self._file)
            self._file = None

    def _wait(self, patience: float, *, exclusive: bool) -> None:
        deadline = time.monotonic() + patience
        while not self._attempt(exclusive=exclusive):
            if time.monotonic() > deadline:
                raise DatabaseAway(
                    f"Another program is starting or stopping the database ({self._path}).",
                    code="postgres.locked",
                    retry_after=5.0,
                )
            time.sleep(_PAUSE)

    def _attempt(self, *, exclusive: bool) -> bool:
        if self._file is None:
            self._file = os.open(self._path, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            _lock(self._file, exclusive=exclusive)
        except OSError:
            return False
        return True


@contextmanager
def alone(path: Path, *, patience: float) -> Generator[None]:
    """Run the block while no other process is in a block on the same path."""
    lock = FileLock(path)
    lock.seize(patience=patience)
    try:
        yield
    finally:
        lock.release()


if sys.platform == "win32":
    import msvcrt

    def _lock(file: int, *, exclusive: bool) -> None:
        if exclusive:
            msvcrt.locking(file, msvcrt.LK_NBLCK, 1)

else:
    import fcntl

    def _lock(file: int, *, exclusive: bool) -> None:
        fcntl.flock(file, (fcntl.LOCK_EX if exclusive else fcntl.LOCK_SH) | fcntl.LOCK_NB)
