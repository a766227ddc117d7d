"""The print folder: letters as `.pdf` files, for print rooms and trials."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from pathlib import Path

from app.adapters.mail.folder import DropFolder, Dropped
from app.errors import PrinterAway


@dataclass(frozen=True, slots=True)
class PrintFolder:
    """Delivers letters into `folder`. That a file lies there does not say that it was posted."""

    folder: Path

    def deliver(
        self, letter: bytes, *, delivery_id: str, letter_date: date, customer_number: str, stage: str
    ) -> Dropped:
        """Lay `letter` down as one `.pdf` file, once (see `DropFolder.drop`).

        Raises `PrinterAway`, always before the act.
        """
        return DropFolder(self.folder, ".pdf", PrinterAway).drop(
            letter,
            delivery_id=delivery_id,
            letter_date=letter_date,
            customer_number=customer_number,
            stage=stage,
        )
