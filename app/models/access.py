"""Companies, people and what they may see; the audit log; the state of this database as a sender."""

from __future__ import annotations

import datetime as dt
import uuid
from decimal import Decimal
from typing import Any

from sqlalchemy import BigInteger, CheckConstraint, Date, ForeignKey, Index, LargeBinary, text
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.orm import Mapped, mapped_column

from app.models.base import SCHEMA, Actor, Base, BigId, Now, SmallId, key, one_of


class Company(Base):
    """One of our operating companies (administratie); everything else belongs to one.

    `state`: *off*, *plan_only* (actions are visible, nothing leaves) or *live*. `data_as_of` is the last
    day that the bookkeeping data cover, `planned_for` the last business date that was planned.
    """

    __tablename__ = "company"
    __table_args__ = (
        one_of("state", "off", "plan_only", "live"),
        one_of("language", "nl", "en"),
        one_of("letter_window", "left", "right", "din_a", "din_b"),
        one_of("mail_transport", "folder"),
        one_of("reference_kind", "rf", "kenmerk"),
        one_of("tone", "friendly", "neutral", "firm"),
        CheckConstraint("recall_minutes between 0 and 1440", name="recall_minutes_range"),
        CheckConstraint("freshness_days between 0 and 60", name="freshness_days_range"),
        CheckConstraint("max_contacts_per_day between 1 and 3", name="max_contacts_range"),
        CheckConstraint("octet_length(logo) <= 1048576", name="logo_size"),
    )

    id: Mapped[SmallId]
    code: Mapped[str] = mapped_column(unique=True)
    name: Mapped[str]
    state: Mapped[str] = mapped_column(server_default="plan_only")
    live_since: Mapped[dt.date | None]
    timezone: Mapped[str] = mapped_column(server_default="Europe/Amsterdam")
    language: Mapped[str] = mapped_column(server_default="nl")
    currency: Mapped[str] = mapped_column(server_default="EUR")
    country: Mapped[str] = mapped_column(server_default="NL")
    trade_line: Mapped[str] = mapped_column(server_default="")
    street: Mapped[str] = mapped_column(server_default="")
    postcode: Mapped[str] = mapped_column(server_default="")
    city: Mapped[str] = mapped_column(server_default="")
    phone: Mapped[str] = mapped_column(server_default="")
    phone_hours: Mapped[str] = mapped_column(server_default="")
    email: Mapped[str] = mapped_column(server_default="")
    website: Mapped[str] = mapped_column(server_default="")
    kvk: Mapped[str] = mapped_column(server_default="")
    vat_number: Mapped[str] = mapped_column(server_default="")
    iban: Mapped[str] = mapped_column(server_default="")
    bic: Mapped[str] = mapped_column(server_default="")
    account_name: Mapped[str] = mapped_column(server_default="")
    signer_name: Mapped[str] = mapped_column(server_default="")
    signer_function: Mapped[str] = mapped_column(server_default="")
    signer_phone: Mapped[str] = mapped_column(server_default="")
    accent: Mapped[str] = mapped_column(server_default="#1D5FB3")
    logo: Mapped[bytes | None] = mapped_column(LargeBinary)
    letter_window: Mapped[str] = mapped_column(server_default="right")
    tone: Mapped[str] = mapped_column(server_default="neutral")
    reference_kind: Mapped[str] = mapped_column(server_default="rf")
    mail_transport: Mapped[str] = mapped_column(server_default="folder")
    recall_minutes: Mapped[int] = mapped_column(server_default=text("30"))
    freshness_days: Mapped[int] = mapped_column(server_default=text("3"))
    bytes_valid_days: Mapped[int] = mapped_column(server_default=text("3"))
    max_contacts_per_day: Mapped[int] = mapped_column(server_default=text("3"))
    minimum_amount: Mapped[Decimal] = mapped_column(server_default=text("0"))
    four_eyes: Mapped[bool] = mapped_column(server_default=text("true"))
    charge_vat: Mapped[bool] = mapped_column(server_default=text("false"))
    claim_interest: Mapped[bool] = mapped_column(server_default=text("true"))
    days_off: Mapped[list[dt.date]] = mapped_column(ARRAY(Date), server_default=text("'{}'"))
    default_workflow_id: Mapped[int | None] = mapped_column(
        ForeignKey(f"{SCHEMA}.workflow.id", use_alter=True)
    )
    first_run_to_approval: Mapped[bool] = mapped_column(server_default=text("false"))
    planned_for: Mapped[dt.date | None]
    data_as_of: Mapped[dt.date | None]
    import_failed_at: Mapped[dt.datetime | None]
    version: Mapped[int] = mapped_column(server_default=text("1"))

    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012


class CompanyCalendar(Base):
    """The days of a company: `working_no` counts working days, so that adding *n* of them is one join."""

    __tablename__ = "company_calendar"
    __table_args__ = (
        Index(
            "uq_company_calendar_working_no",
            "company_id",
            "working_no",
            unique=True,
            postgresql_where=text("working"),
        ),
    )

    company_id: Mapped[int] = key("company", primary_key=True)
    day: Mapped[dt.date] = mapped_column(primary_key=True)
    working: Mapped[bool]
    working_no: Mapped[int]
    next_working: Mapped[dt.date]
    previous_working: Mapped[dt.date]
    following_working: Mapped[dt.date]


class AppUser(Base):
    """A person or server with a login of its own; `login` is the name PostgreSQL knows."""

    __tablename__ = "app_user"

    id: Mapped[SmallId]
    login: Mapped[str] = mapped_column(unique=True)
    name: Mapped[str]
    email: Mapped[str] = mapped_column(server_default="")
    created_at: Mapped[Now]


class Membership(Base):
    """A person may work in a company."""

    __tablename__ = "membership"

    user_id: Mapped[int] = key("app_user", primary_key=True)
    company_id: Mapped[int] = key("company", primary_key=True)


class AuditLog(Base):
    """Who changed what, when and why; written by triggers, changed by nobody."""

    __tablename__ = "audit_log"
    __table_args__ = (one_of("operation", "insert", "update", "delete"),)

    id: Mapped[BigId]
    at: Mapped[Now]
    actor: Mapped[Actor]
    station: Mapped[str | None]
    company_id: Mapped[int | None] = mapped_column(index=True)
    table_name: Mapped[str]
    row_key: Mapped[str]
    operation: Mapped[str]
    changed: Mapped[dict[str, Any]] = mapped_column(JSONB)
    reason: Mapped[str | None]


class Station(Base):
    """A computer that sends; `outcome_no` is the last outcome it reported here."""

    __tablename__ = "station"

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    name: Mapped[str]
    login: Mapped[Actor]
    outcome_no: Mapped[int] = mapped_column(BigInteger, server_default=text("0"))
    seen_at: Mapped[Now]


class DatabaseState(Base):
    """One row: which server and database this is, and whether sending is paused.

    A restored or cloned database finds another identity than the one recorded, and pauses.
    """

    __tablename__ = "database_state"
    __table_args__ = (CheckConstraint("one", name="one_row"),)

    one: Mapped[bool] = mapped_column(primary_key=True, server_default=text("true"))
    system_identifier: Mapped[int | None] = mapped_column(BigInteger)
    database_oid: Mapped[int | None] = mapped_column(BigInteger)
    paused_at: Mapped[dt.datetime | None]
    paused_reason: Mapped[str | None]
