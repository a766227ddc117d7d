"""Connections to bookkeeping, their runs, and the landing table of an import."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

from sqlalchemy import BigInteger, Index, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from app.models.base import Actor, Base, BigId, Now, SmallId, key, one_of, optional_key


class SourceConnection(Base):
    """Where open items come from: a name, a format, and for CSV the mapping of its columns."""

    __tablename__ = "source_connection"
    __table_args__ = (UniqueConstraint("company_id", "name"),)

    id: Mapped[SmallId]
    company_id: Mapped[int] = key("company")
    name: Mapped[str]
    format: Mapped[str]
    mapping: Mapped[dict[str, Any] | None] = mapped_column(JSONB)
    version: Mapped[int] = mapped_column(server_default=text("1"))

    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012


class ImportRun(Base):
    """One import. *complete* closes what the file lacks, *additions* never does."""

    __tablename__ = "import_run"
    __table_args__ = (
        one_of("completeness", "complete", "additions"),
        one_of("state", "open", "previewed", "applied", "abandoned", "failed"),
        Index("ix_import_run_company_id", "company_id", "id"),
    )

    id: Mapped[BigId]
    company_id: Mapped[int] = key("company")
    connection_id: Mapped[int] = key("source_connection")
    file_name: Mapped[str]
    sha256: Mapped[str] = mapped_column(server_default="")
    completeness: Mapped[str]
    period_from: Mapped[dt.date | None]
    period_until: Mapped[dt.date | None]
    data_as_of: Mapped[dt.date]
    state: Mapped[str] = mapped_column(server_default="open")
    counts: Mapped[dict[str, Any] | None] = mapped_column(JSONB)
    control: Mapped[dict[str, Any] | None] = mapped_column(JSONB)
    started_by: Mapped[Actor]
    started_at: Mapped[Now]
    finished_at: Mapped[dt.datetime | None]


class ImportLine(Base):
    """One line of a file on its way in; unlogged, without row security, written by COPY only.

    A login may insert the named columns and nothing else: `uploaded_by` is filled by the database, and
    only definer functions read the lines, each for the caller's own run.
    """

    __tablename__ = "import_line"
    __table_args__ = (
        Index("ix_import_line_run_id", "run_id"),
        {"prefixes": ["UNLOGGED"]},
    )
    __mapper_args__ = {"primary_key": ["run_id", "line_no"]}  # noqa: RUF012

    run_id: Mapped[int] = mapped_column(BigInteger)
    uploaded_by: Mapped[Actor]
    line_no: Mapped[int]
    place: Mapped[str]
    error_code: Mapped[str | None]
    error: Mapped[str | None]
    customer_number: Mapped[str | None]
    customer_name: Mapped[str | None]
    customer_kind: Mapped[str | None]
    kvk: Mapped[str | None]
    vat_number: Mapped[str | None]
    iban: Mapped[str | None]
    email: Mapped[str | None]
    phone: Mapped[str | None]
    contact_name: Mapped[str | None]
    contact_gender: Mapped[str | None]
    street: Mapped[str | None]
    postcode: Mapped[str | None]
    city: Mapped[str | None]
    country: Mapped[str | None]
    language: Mapped[str | None]
    group_code: Mapped[str | None]
    profile_code: Mapped[str | None]
    collector: Mapped[str | None]
    salesperson: Mapped[str | None]
    payment_term: Mapped[int | None]
    document_type: Mapped[str | None]
    document_number: Mapped[str | None]
    document_year: Mapped[int | None]
    source_id: Mapped[str | None]
    your_reference: Mapped[str | None]
    description: Mapped[str | None]
    invoice_date: Mapped[dt.date | None]
    due_date: Mapped[dt.date | None]
    due_estimated: Mapped[bool | None]
    currency: Mapped[str | None]
    original_amount: Mapped[Decimal | None]
    open_amount: Mapped[Decimal | None]
    paid_on: Mapped[dt.date | None]
    reminder_level: Mapped[int | None]
    reminder_date: Mapped[dt.date | None]
    item_hash: Mapped[int | None] = mapped_column(BigInteger)
    customer_hash: Mapped[int | None] = mapped_column(BigInteger)


class ItemRenumbering(Base):
    """An old number and the new one that took its place, so that history can be read back."""

    __tablename__ = "item_renumbering"

    id: Mapped[BigId]
    company_id: Mapped[int] = key("company")
    customer_id: Mapped[int] = key("customer", index=True)
    import_run_id: Mapped[int | None] = optional_key("import_run")
    old_number: Mapped[str]
    new_number: Mapped[str]
    at: Mapped[Now]
