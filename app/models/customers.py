"""Customers (debiteuren), their groups and payment profiles."""

from __future__ import annotations

import datetime as dt

from sqlalchemy import BigInteger, CheckConstraint, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from app.models.base import Base, BigId, SmallId, key, one_of, optional_key


class CustomerGroup(Base):
    """Customers that are treated alike (klantgroep); may carry a workflow and a collector."""

    __tablename__ = "customer_group"
    __table_args__ = (UniqueConstraint("company_id", "code"),)

    id: Mapped[SmallId]
    company_id: Mapped[int] = key("company")
    code: Mapped[str]
    name: Mapped[str]
    workflow_id: Mapped[int | None] = optional_key("workflow")
    collector_id: Mapped[int | None] = optional_key("app_user")
    version: Mapped[int] = mapped_column(server_default=text("1"))

    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012


class PaymentProfile(Base):
    """How a customer usually pays (betaalprofiel); may carry a workflow and a tone."""

    __tablename__ = "payment_profile"
    __table_args__ = (
        UniqueConstraint("company_id", "code"),
        one_of("tone", "friendly", "neutral", "firm", nullable=True),
    )

    id: Mapped[SmallId]
    company_id: Mapped[int] = key("company")
    code: Mapped[str]
    name: Mapped[str]
    workflow_id: Mapped[int | None] = optional_key("workflow")
    tone: Mapped[str | None]
    version: Mapped[int] = mapped_column(server_default=text("1"))

    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012


class GroupProfileWorkflow(Base):
    """The workflow for one profile inside one group; goes before the group's own."""

    __tablename__ = "group_profile_workflow"

    group_id: Mapped[int] = key("customer_group", primary_key=True)
    profile_id: Mapped[int] = key("payment_profile", primary_key=True)
    company_id: Mapped[int] = key("company")
    workflow_id: Mapped[int] = key("workflow")


class Customer(Base):
    """Who owes (debiteur). `kind` unknown counts as consumer in every check of the law."""

    __tablename__ = "customer"
    __table_args__ = (
        one_of("kind", "consumer", "business", "government", "unknown"),
        one_of("kind_source", "none", "source", "registration", "hand"),
        one_of("contact_gender", "m", "f", ""),
        one_of("language", "nl", "en"),
        one_of("address_state", "good", "wrong"),
        one_of("email_state", "good", "wrong", "bounced"),
        one_of("phone_state", "good", "wrong"),
        CheckConstraint("tone in ('friendly', 'neutral', 'firm')", name="tone_known"),
        UniqueConstraint("connection_id", "number", name="uq_customer_connection_id_number"),
        Index("ix_customer_company_id", "company_id", "id"),
        Index("ix_customer_number", "company_id", "number"),
    )

    id: Mapped[BigId]
    company_id: Mapped[int] = key("company")
    connection_id: Mapped[int] = key("source_connection")
    number: Mapped[str]
    name: Mapped[str]
    kind: Mapped[str] = mapped_column(server_default="unknown")
    kind_source: Mapped[str] = mapped_column(server_default="none")
    kvk: Mapped[str] = mapped_column(server_default="")
    vat_number: Mapped[str] = mapped_column(server_default="")
    iban: Mapped[str] = mapped_column(server_default="")
    contact_name: Mapped[str] = mapped_column(server_default="")
    contact_gender: Mapped[str] = mapped_column(server_default="")
    street: Mapped[str] = mapped_column(server_default="")
    postcode: Mapped[str] = mapped_column(server_default="")
    city: Mapped[str] = mapped_column(server_default="")
    country: Mapped[str] = mapped_column(server_default="NL")
    address_state: Mapped[str] = mapped_column(server_default="good")
    email: Mapped[str] = mapped_column(server_default="")
    email_state: Mapped[str] = mapped_column(server_default="good")
    phone: Mapped[str] = mapped_column(server_default="")
    phone_state: Mapped[str] = mapped_column(server_default="good")
    language: Mapped[str] = mapped_column(server_default="nl")
    tone: Mapped[str | None]
    group_id: Mapped[int | None] = optional_key("customer_group")
    profile_id: Mapped[int | None] = optional_key("payment_profile")
    workflow_id: Mapped[int | None] = optional_key("workflow")
    collector_id: Mapped[int | None] = optional_key("app_user")
    salesperson_id: Mapped[int | None] = optional_key("app_user")
    payment_term: Mapped[int] = mapped_column(server_default=text("30"))
    source_hash: Mapped[int | None] = mapped_column(BigInteger)
    not_in_source_since: Mapped[dt.date | None]
    version: Mapped[int] = mapped_column(server_default=text("1"))

    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012
