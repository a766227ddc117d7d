"""A folder that receives each delivery as one file, whole or not at all.

Mail and print folders share it. Whatever goes wrong here goes wrong before the file has its name: the
delivery did not happen and may be tried again.
"""

from __future__ import annotations

import errno
import os
import re
import uuid
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from app.errors import MailRefused, PrinterAway

_STAGE_CODES = {
    "reminder": "HE",
    "demand": "AM",
    "notice14": "VD",
    "final_demand": "LS",
    "default_notice": "IG",
}
_UNSAFE = re.compile(r"[^A-Za-z0-9.-]+")
_FULL = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})
_DENIED = frozenset({errno.EACCES, errno.EPERM, errno.EROFS})
_NO_LINKS = frozenset({errno.EPERM, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOSYS, errno.EMLINK})
_RETRY_FULL = 300.0


@dataclass(slots=True)
class _Contents:
    """What lies in a folder as of its modification time; `names` by delivery id and suffix."""

    changed: int
    names: dict[str, str]


# Reading a folder anew for each of 100,000 letters would take longer than making them.
_FOLDERS: dict[Path, _Contents] = {}


@dataclass(frozen=True, slots=True)
class Dropped:
    """Where a delivery lies; `already_there` when the very same one was found and nothing was written."""

    path: Path
    already_there: bool


@dataclass(frozen=True, slots=True)
class DropFolder:
    """One folder for one kind of file.

    `suffix` is `.eml` or `.pdf`; `refusal` is the error of its users.
    """

    folder: Path
    suffix: str
    refusal: type[MailRefused | PrinterAway]

    def drop(
        self, content: bytes, *, delivery_id: str, letter_date: date, customer_number: str, stage: str
    ) -> Dropped:
        """Put `content` down under `2026-11-23_10023_AM_<delivery id>`, never over another file.

        The same delivery again is recognised by its id and left alone. Raises `refusal`, always before the
        act: folder not writable, disk full, or another content under this id.
        """
        if not delivery_id:
            raise ValueError("A delivery has an id.")
        name = file_name(delivery_id, letter_date, customer_number, stage) + self.suffix
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            known = _contents(self.folder).get(f"{_safe(delivery_id)}{self.suffix}")
            if known and (path := self.folder / known).exists():
                return self._recognised(path, content)
            part = self._written(content, delivery_id)
            try:
                dropped = self._named(part, self.folder / name, content)
            finally:
                part.unlink(missing_ok=True)
        except OSError as error:
            raise self._refused(error) from error
        # after the last change of the folder by us: its time says whether others changed it since
        _remember(dropped.path)
        return dropped

    def _recognised(self, path: Path, content: bytes) -> Dropped:
        if path.read_bytes() == content:
            return Dropped(path, already_there=True)
        raise self.refusal(
            f"{path.name} already lies in the folder with another content.",
            code="folder.other_content",
            remedy="Look at that file before this delivery is decided on.",
            path=str(path),
        )

    def _written(self, content: bytes, delivery_id: str) -> Path:
        part = self.folder / f".{_safe(delivery_id)}.{uuid.uuid4().hex}.part"
        try:
            with part.open("xb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
        except OSError:
            part.unlink(missing_ok=True)
            raise
        return part

    def _named(self, part: Path, path: Path, content: bytes) -> Dropped:
        try:
            os.link(part, path)
        except FileExistsError:
            return self._recognised(path, content)
        except OSError as error:
            if error.errno not in _NO_LINKS:
                raise
            if not _moved(part, path):
                return self._recognised(path, content)
        _sync_folder(self.folder)
        return Dropped(path, already_there=False)

    def _refused(self, error: OSError) -> MailRefused | PrinterAway:
        folder, reason = str(self.folder), error.strerror or str(error)
        if error.errno in _FULL:
            return self.refusal(
                f"The disk of {self.folder} is full.",
                code="folder.full",
                remedy="Make room; it is tried again.",
                retry_after=_RETRY_FULL,
                folder=folder,
                reason=reason,
            )
        if error.errno in _DENIED:
            return self.refusal(
                f"The folder {self.folder} cannot be written.",
                code="folder.denied",
                remedy="Give this user the right to write there, or choose another folder.",
                folder=folder,
                reason=reason,
            )
        return self.refusal(
            f"The folder {self.folder} cannot be used: {reason}.",
            code="folder.unusable",
            remedy="Choose another folder.",
            folder=folder,
            reason=reason,
        )


def file_name(delivery_id: str, letter_date: date, customer_number: str, stage: str) -> str:
    """`2026-11-23_10023_AM_<delivery id>`: sorted by day, safe on every file system."""
    code = _STAGE_CODES.get(stage, _safe(stage).upper()[:12] or "X")
    return f"{letter_date:%Y-%m-%d}_{_safe(customer_number)[:40] or '0'}_{code}_{_safe(delivery_id)}"


def _contents(folder: Path) -> dict[str, str]:
    """File names by delivery id, read again when the folder changed by other hands than ours."""
    changed = folder.stat().st_mtime_ns
    known = _FOLDERS.get(folder)
    if known is None or known.changed != changed:
        with os.scandir(folder) as entries:
            names = [entry.name for entry in entries if not entry.name.startswith(".")]
        known = _FOLDERS[folder] = _Contents(changed, {_id_in(name): name for name in names})
    return known.names


def _id_in(name: str) -> str:
    return name.rpartition("_")[2]


def _remember(path: Path) -> None:
    known = _FOLDERS.get(path.parent)
    if known is not None:
        known.names[_id_in(path.name)] = path.name
        known.changed = path.parent.stat().st_mtime_ns


def _safe(text: str) -> str:
    return _UNSAFE.sub("-", text).strip(".-")


def _moved(part: Path, path: Path) -> bool:
    """For file systems without hard links: take the name first, then move; False when it was taken."""
    try:
        with path.open("xb"):
            pass
    except FileExistsError:
        return False
    try:
        part.replace(path)
    except OSError:
        path.unlink(missing_ok=True)
        raise
    return True


def _sync_folder(folder: Path) -> None:
    """The name itself must survive a power cut too; Windows cannot open folders and needs no such step."""
    if os.name == "nt":
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
