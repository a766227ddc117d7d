"""What is sent and by which way: deliveries, their stored bytes, notices of law, print queues."""

from __future__ import annotations

import datetime as dt
import uuid
from decimal import Decimal

from sqlalchemy import BigInteger, Index, LargeBinary, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from app.models.base import (
    Actor,
    Base,
    BigId,
    Now,
    SmallId,
    company_of_parent,
    engine_key,
    key,
    one_of,
    optional_key,
)


class PrintQueue(Base):
    """Where letters of a company wait for paper (for example *Letterhead*)."""

    __tablename__ = "print_queue"
    __table_args__ = (UniqueConstraint("company_id", "name"), one_of("transport", "folder"))

    id: Mapped[SmallId]
    company_id: Mapped[int] = key("company")
    name: Mapped[str]
    transport: Mapped[str] = mapped_column(server_default="folder")
    served_at: Mapped[dt.datetime | None]


class Document(Base):
    """A file kept in the database, once per company and content; its bytes are in `document_chunk`."""

    __tablename__ = "document"
    __table_args__ = (UniqueConstraint("company_id", "sha256"),)

    id: Mapped[BigId]
    company_id: Mapped[int] = key("company")
    sha256: Mapped[str]
    size: Mapped[int] = mapped_column(BigInteger)
    media_type: Mapped[str]
    created_by: Mapped[Actor]
    created_at: Mapped[Now]


class DocumentChunk(Base):
    """At most 1 MiB of a document."""

    __tablename__ = "document_chunk"

    document_id: Mapped[int] = key("document", primary_key=True)
    no: Mapped[int] = mapped_column(primary_key=True)
    company_id: Mapped[int] = company_of_parent()
    content: Mapped[bytes] = mapped_column(LargeBinary)


class Delivery(Base):
    """One sending of an action by one channel.

    `waiting → claimed → sending → done | failed | uncertain | withdrawn`. `contact_on` is the company's
    date on which it counted as a contact. A second delivery of the same channel cannot exist.
    """

    __tablename__ = "delivery"
    __table_args__ = (
        one_of("channel", "email", "letter"),
        one_of("state", "waiting", "claimed", "sending", "done", "failed", "uncertain", "withdrawn"),
        UniqueConstraint("action_id", "channel"),
        Index("ix_delivery_due", "not_before", "id", postgresql_where=text("state = 'waiting'")),
        Index("ix_delivery_lease", "lease_until", postgresql_where=text("state in ('claimed', 'sending')")),
        Index(
            "ix_delivery_contact",
            "company_id",
            "contact_on",
            "customer_id",
            postgresql_where=text("contact_on is not null"),
        ),
        Index("ix_delivery_trouble", "company_id", postgresql_where=text("state in ('failed', 'uncertain')")),
    )

    id: Mapped[BigId]
    action_id: Mapped[int] = engine_key()
    company_id: Mapped[int] = company_of_parent()
    customer_id: Mapped[int] = engine_key()
    channel: Mapped[str]
    is_primary: Mapped[bool] = mapped_column(server_default=text("true"))
    state: Mapped[str] = mapped_column(server_default="waiting")
    recipient: Mapped[str] = mapped_column(server_default="")
    queue_id: Mapped[int | None] = optional_key("print_queue")
    document_id: Mapped[int | None] = optional_key("document")
    sha256: Mapped[str | None]
    message_id: Mapped[str | None]
    not_before: Mapped[dt.datetime | None]
    token: Mapped[uuid.UUID | None]
    lease_until: Mapped[dt.datetime | None]
    station_id: Mapped[uuid.UUID | None]
    attempts: Mapped[int] = mapped_column(server_default=text("0"))
    contact_on: Mapped[dt.date | None]
    attempted_at: Mapped[dt.datetime | None]
    finished_at: Mapped[dt.datetime | None]
    error: Mapped[str | None]
    posted_on: Mapped[dt.date | None]


class Approval(Base):
    """A decision on the exact bytes of a communication, by somebody who did not write it."""

    __tablename__ = "approval"
    __table_args__ = (
        one_of("decision", "approved", "returned", "withdrawn"),
        Index("ix_approval_action_id", "action_id"),
    )

    id: Mapped[BigId]
    company_id: Mapped[int] = key("company")
    action_id: Mapped[int] = key("action")
    decision: Mapped[str]
    sha256: Mapped[str]
    comment: Mapped[str] = mapped_column(server_default="")
    decided_by: Mapped[Actor]
    decided_at: Mapped[Now]


class Notice(Base):
    """A 14-day letter (art. 6:96(6) BW): what it claimed, and the term that runs from its delivery.

    `pending` until somebody says when it was posted, then `running`; `charged` once its fee is an open
    item; `void` when it was never delivered.
    """

    __tablename__ = "notice"
    __table_args__ = (
        one_of("state", "pending", "running", "charged", "paid", "void"),
        Index("ix_notice_customer_id", "customer_id", "currency"),
        UniqueConstraint("delivery_id"),
    )

    id: Mapped[BigId]
    company_id: Mapped[int] = key("company")
    customer_id: Mapped[int] = key("customer")
    action_id: Mapped[int] = key("action", index=True)
    delivery_id: Mapped[int] = key("delivery")
    currency: Mapped[str]
    state: Mapped[str] = mapped_column(server_default="pending")
    sent_on: Mapped[dt.date]
    posted_on: Mapped[dt.date | None]
    delivered_on: Mapped[dt.date | None]
    last_day: Mapped[dt.date | None]
    principal: Mapped[Decimal]
    fee: Mapped[Decimal]
    vat: Mapped[Decimal]
    void_reason: Mapped[str | None]


class NoticeItem(Base):
    """An item in a notice and the principal it stood for there."""

    __tablename__ = "notice_item"
    __table_args__ = (Index("ix_notice_item_open_item_id", "open_item_id"),)

    notice_id: Mapped[int] = key("notice", primary_key=True)
    open_item_id: Mapped[int] = key("open_item", primary_key=True)
    company_id: Mapped[int] = company_of_parent()
    principal: Mapped[Decimal]


class LetterReference(Base):
    """The payment reference printed in a communication; its items are those of the action."""

    __tablename__ = "letter_reference"

    action_id: Mapped[int] = key("action", primary_key=True)
    company_id: Mapped[int] = key("company")
    customer_id: Mapped[int] = key("customer", index=True)
    reference: Mapped[str] = mapped_column(unique=True)
    created_at: Mapped[Now]
