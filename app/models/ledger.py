"""Open items (openstaande posten) and the movements that settle them."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

from sqlalchemy import BigInteger, Computed, Index, SmallInteger, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from app.models.base import Actor, Base, BigId, Now, company_of_parent, key, one_of, optional_key


class OpenItem(Base):
    """What a customer owes or has in credit; company and connection are its customer's.

    `outstanding` is computed from the original amount and `settled_amount`, which only the movement
    trigger writes. `rank_done`, `position_done`, `last_step_on` and `reminded_on` repeat what `step_done`
    says; the one function that writes progress keeps them.
    """

    __tablename__ = "open_item"
    __table_args__ = (
        one_of("kind", "invoice", "credit_note", "payment_on_account", "cost", "interest"),
        UniqueConstraint("connection_id", "source_key", name="uq_open_item_connection_id_source_key"),
        Index("ix_open_item_customer_id", "customer_id"),
        Index(
            "ix_open_item_open",
            "company_id",
            "customer_id",
            postgresql_where=text("outstanding <> 0"),
        ),
        Index("ix_open_item_document_number", "company_id", "document_number"),
    )

    id: Mapped[BigId]
    company_id: Mapped[int] = company_of_parent()
    customer_id: Mapped[int] = key("customer")
    connection_id: Mapped[int | None]
    source_key: Mapped[str | None]
    kind: Mapped[str] = mapped_column(server_default="invoice")
    document_number: Mapped[str]
    document_year: Mapped[int | None]
    invoice_date: Mapped[dt.date | None]
    due_date: Mapped[dt.date]
    due_estimated: Mapped[bool] = mapped_column(server_default=text("false"))
    currency: Mapped[str] = mapped_column(server_default="EUR")
    original_amount: Mapped[Decimal]
    settled_amount: Mapped[Decimal] = mapped_column(server_default=text("0"))
    outstanding: Mapped[Decimal] = mapped_column(Computed("original_amount + settled_amount", persisted=True))
    description: Mapped[str] = mapped_column(server_default="")
    your_reference: Mapped[str] = mapped_column(server_default="")
    source_hash: Mapped[int | None] = mapped_column(BigInteger)
    not_in_source_since: Mapped[dt.date | None]
    planning_from: Mapped[dt.date]
    progress_version_id: Mapped[int | None] = optional_key("workflow_version")
    position_done: Mapped[int] = mapped_column(SmallInteger, server_default=text("0"))
    rank_done: Mapped[int] = mapped_column(SmallInteger, server_default=text("0"))
    last_step_on: Mapped[dt.date | None]
    last_step_at: Mapped[dt.datetime | None]
    reminded_on: Mapped[dt.date | None]
    notice_id: Mapped[int | None] = mapped_column(BigInteger)
    notice_skipped: Mapped[bool] = mapped_column(server_default=text("false"))
    charged_notice_id: Mapped[int | None] = mapped_column(BigInteger, unique=True)
    parent_action_id: Mapped[int | None] = mapped_column(BigInteger)


class Movement(Base):
    """One change of an item's outstanding amount; never edited, only answered by another.

    `source_settlement`: what the bookkeeping says. `allocation`: our own, awaiting the source;
    `taken_over`: the part of such an allocation that the source has since booked itself.
    """

    __tablename__ = "movement"
    __table_args__ = (
        one_of("kind", "source_settlement", "allocation", "taken_over", "correction", "write_off"),
        Index("ix_movement_open_item_id", "open_item_id"),
    )

    id: Mapped[BigId]
    company_id: Mapped[int] = company_of_parent()
    open_item_id: Mapped[int] = key("open_item")
    kind: Mapped[str]
    amount: Mapped[Decimal]
    value_date: Mapped[dt.date]
    import_run_id: Mapped[int | None] = optional_key("import_run")
    reason: Mapped[str] = mapped_column(server_default="")
    created_at: Mapped[Now]
    created_by: Mapped[Actor]
