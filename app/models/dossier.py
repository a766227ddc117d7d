"""The timeline of a customer, and who has the dossier open."""

from __future__ import annotations

import datetime as dt
import uuid
from typing import Any

from sqlalchemy import BigInteger, Index
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from app.models.base import Actor, Base, BigId, Now, company_of_parent, key, one_of


class Event(Base):
    """One line of the timeline; each change of state writes one in its own transaction."""

    __tablename__ = "event"
    __table_args__ = (
        Index("ix_event_customer_id", "customer_id", "id"),
        Index("ix_event_action_id", "action_id"),
    )

    id: Mapped[BigId]
    company_id: Mapped[int] = company_of_parent()
    customer_id: Mapped[int | None] = mapped_column(BigInteger)
    action_id: Mapped[int | None] = mapped_column(BigInteger)
    delivery_id: Mapped[int | None] = mapped_column(BigInteger)
    open_item_id: Mapped[int | None] = mapped_column(BigInteger)
    kind: Mapped[str]
    at: Mapped[Now]
    actor: Mapped[Actor]
    station_id: Mapped[uuid.UUID | None]
    facts: Mapped[dict[str, Any] | None] = mapped_column(JSONB)


class Presence(Base):
    """Somebody has a dossier open, or is calling; expires by the database's clock."""

    __tablename__ = "presence"
    __table_args__ = (one_of("kind", "open", "calling"),)

    user_id: Mapped[int] = key("app_user", primary_key=True)
    station_id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    customer_id: Mapped[int] = key("customer", primary_key=True, index=True)
    company_id: Mapped[int] = key("company")
    kind: Mapped[str]
    expires_at: Mapped[dt.datetime]
