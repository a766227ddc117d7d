"""What this computer remembers of its own sending, so that an older copy of a database is recognised."""

from __future__ import annotations

import json
import uuid
from dataclasses import dataclass
from pathlib import Path

from app.errors import OutsideError


@dataclass(frozen=True, slots=True)
class OutcomeMarker:
    """The number of the last outcome this station reported to a database, kept beside its settings."""

    path: Path
    key: str

    def read(self) -> int:
        """The last number; 0 when nothing was ever reported. Raises `OutsideError` when it cannot be read."""
        try:
            return int(self._all().get(self.key, 0))
        except (OSError, ValueError) as error:
            raise self._forgotten("read", error) from error

    def write(self, number: int) -> None:
        """Remember `number`; never goes back.

        Raises `OutsideError` when it cannot be written: a station that forgets would not recognise an older
        copy of the database, so it sends no more until it can.
        """
        try:
            known = self._all()
            if number <= known.get(self.key, 0):
                return
            self._replace({**known, self.key: number})
        except (OSError, ValueError) as error:
            raise self._forgotten("write down", error) from error

    def _forgotten(self, what: str, error: Exception) -> OutsideError:
        return OutsideError(
            f"This station cannot {what} what it sent: {error}.",
            code="station.forgets",
            remedy=f"See to {self.path}; nothing leaves from here until then.",
            retry_after=60.0,
            path=str(self.path),
        )

    def _replace(self, numbers: dict[str, int]) -> None:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        part = self.path.with_suffix(f".{uuid.uuid4().hex}.part")
        try:
            part.write_text(json.dumps(numbers, sort_keys=True), "utf-8")
            part.replace(self.path)
        finally:
            part.unlink(missing_ok=True)

    def _all(self) -> dict[str, int]:
        try:
            return json.loads(self.path.read_text("utf-8"))
        except FileNotFoundError:
            return {}
