"""What this computer remembers of its own sending, so that an older copy of a database is recognised."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class OutcomeMarker:
    """The number of the last outcome this station reported to a database, kept beside its settings."""

    path: Path
    key: str

    def read(self) -> int:
        """The last number; 0 when nothing was ever reported."""
        return int(self._all().get(self.key, 0))

    def write(self, number: int) -> None:
        """Remember `number`; never goes back."""
        known = self._all()
        if number <= known.get(self.key, 0):
            return
        self.path.parent.mkdir(parents=True, exist_ok=True)
        part = self.path.with_suffix(f".{os.getpid()}.part")
        part.write_text(json.dumps({**known, self.key: number}, sort_keys=True), "utf-8")
        part.replace(self.path)

    def _all(self) -> dict[str, int]:
        try:
            return json.loads(self.path.read_text("utf-8"))
        except FileNotFoundError:
            return {}
