"""What all tables share: the schema, the naming of constraints, and small column makers."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Annotated

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    DateTime,
    ForeignKey,
    Identity,
    Integer,
    MetaData,
    Numeric,
    Text,
    func,
    text,
)
from sqlalchemy.orm import DeclarativeBase, MappedColumn, mapped_column

SCHEMA = "tegoed"

metadata = MetaData(
    schema=SCHEMA,
    naming_convention={
        "pk": "pk_%(table_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
    },
)


class Base(DeclarativeBase):
    """A table of Tegoed."""

    metadata = metadata
    type_annotation_map = {  # noqa: RUF012  (SQLAlchemy reads it as a plain class attribute)
        str: Text,
        Decimal: Numeric(14, 2),
        dt.datetime: DateTime(timezone=True),
    }


BigId = Annotated[int, mapped_column(BigInteger, Identity(always=True), primary_key=True)]
SmallId = Annotated[int, mapped_column(Identity(always=True), primary_key=True)]
Now = Annotated[dt.datetime, mapped_column(server_default=func.now())]
Actor = Annotated[str, mapped_column(server_default=text("session_user"))]


def key(target: str, *, index: bool = False, nullable: bool = False, **options: object) -> MappedColumn[int]:
    """A foreign key to `room.column`; deleting what others point to is always refused."""
    name, _, column = target.partition(".")
    return mapped_column(
        ForeignKey(f"{SCHEMA}.{name}.{column or 'id'}"),
        index=index,
        nullable=nullable,
        **options,  # pyright: ignore[reportArgumentType]
    )


def company_of_parent() -> MappedColumn[int]:
    """The company, repeated from the row's parent for row security.

    Tables that planning fills by the million have no foreign key of their own for it: the parent has one.
    """
    return mapped_column(Integer)


def engine_key(*, index: bool = False, **options: object) -> MappedColumn[int]:
    """A key that planning writes by the million, without a foreign key: the checks cost more than the rows.

    Only the engine's functions write these tables, from joins with the tables they point to, and nothing
    that is pointed to is ever deleted; a test compares.
    """
    return mapped_column(BigInteger, index=index, **options)  # pyright: ignore[reportArgumentType]


def optional_key(target: str, *, index: bool = False) -> MappedColumn[int | None]:
    """A foreign key that may be empty."""
    return key(target, index=index, nullable=True)  # pyright: ignore[reportReturnType]


def one_of(column: str, *words: str, nullable: bool = False) -> CheckConstraint:
    """A column that holds one of these words; a check, because native enums survive a downgrade."""
    listed = ", ".join(f"'{word}'" for word in words)
    rule = f"{column} in ({listed})"
    return CheckConstraint(f"{column} is null or {rule}" if nullable else rule, name=f"{column}_known")
