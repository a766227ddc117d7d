"""The outbox folder: mails as `.eml` files, the default until a mail server is configured."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from pathlib import Path

from app.adapters.mail.folder import DropFolder, Dropped
from app.errors import MailRefused


@dataclass(frozen=True, slots=True)
class OutboxFolder:
    """Delivers mails into `folder`; nothing is ever sent to anybody."""

    folder: Path

    def deliver(
        self, mail: bytes, *, delivery_id: str, letter_date: date, customer_number: str, stage: str
    ) -> Dropped:
        """Lay `mail` down as one `.eml` file, once (see `DropFolder.drop`).

        Raises `MailRefused`, always before the act.
        """
        return DropFolder(self.folder, ".eml", MailRefused).drop(
            mail,
            delivery_id=delivery_id,
            letter_date=letter_date,
            customer_number=customer_number,
            stage=stage,
        )
