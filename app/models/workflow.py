"""Workflows, the actions they lead to, progress per item, and the holds that silence it."""

from __future__ import annotations

import datetime as dt
import uuid
from decimal import Decimal
from typing import Any

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    ForeignKeyConstraint,
    Index,
    SmallInteger,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.orm import Mapped, mapped_column

from app.models.base import (
    SCHEMA,
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

KINDS = ("email", "letter", "call", "task", "message", "charge", "hand_over")
CAUSES = (
    "manual", "promise", "arrangement", "dispute", "reply", "portal", "unreachable", "recalled", "legal",
)  # fmt: skip
WAITING = text("state in ('planned', 'awaiting_approval', 'approved')")


class Workflow(Base):
    """A way of treating late items; its steps live in versions."""

    __tablename__ = "workflow"
    __table_args__ = (UniqueConstraint("company_id", "code"),)

    id: Mapped[SmallId]
    company_id: Mapped[int] = key("company")
    code: Mapped[str]
    name: Mapped[str]


class WorkflowVersion(Base):
    """The steps as they were agreed at one time; at most one version of a workflow is published."""

    __tablename__ = "workflow_version"
    __table_args__ = (
        one_of("state", "draft", "published", "retired"),
        CheckConstraint("contact_gap between 1 and 60", name="contact_gap_range"),
        CheckConstraint("bundle_ahead between 0 and 30", name="bundle_ahead_range"),
        UniqueConstraint("workflow_id", "number"),
        Index(
            "uq_workflow_version_published",
            "workflow_id",
            unique=True,
            postgresql_where=text("state = 'published'"),
        ),
    )

    id: Mapped[SmallId]
    company_id: Mapped[int] = key("company")
    workflow_id: Mapped[int] = key("workflow")
    number: Mapped[int]
    state: Mapped[str] = mapped_column(server_default="draft")
    contact_gap: Mapped[int] = mapped_column(server_default=text("7"))
    bundle_ahead: Mapped[int] = mapped_column(server_default=text("5"))
    published_at: Mapped[dt.datetime | None]
    published_by: Mapped[str | None]


class WorkflowStep(Base):
    """One step: when it falls due, what it does, for whom."""

    __tablename__ = "workflow_step"
    __table_args__ = (
        one_of("kind", *KINDS),
        one_of("day_kind", "calendar", "business"),
        one_of("after", "due_date", "previous_step", "notice_term"),
        one_of("if_unreachable", "letter", "call", "follow_up"),
        one_of("copy_channel", "email", "letter", nullable=True),
        one_of("tone", "friendly", "neutral", "firm", nullable=True),
        CheckConstraint("position > 0", name="position_positive"),
        CheckConstraint(
            "(stage is null) = (kind in ('call', 'task', 'message', 'charge'))", name="stage_ranked"
        ),
        CheckConstraint("(template is not null) = (kind in ('email', 'letter'))", name="template_written"),
    )

    version_id: Mapped[int] = key("workflow_version", primary_key=True)
    position: Mapped[int] = mapped_column(SmallInteger, primary_key=True)
    company_id: Mapped[int] = key("company")
    kind: Mapped[str]
    stage: Mapped[str | None]
    rank: Mapped[int] = mapped_column(SmallInteger)
    title: Mapped[str] = mapped_column(server_default="")
    days: Mapped[int]
    day_kind: Mapped[str] = mapped_column(server_default="calendar")
    after: Mapped[str] = mapped_column(server_default="due_date")
    min_interval: Mapped[int] = mapped_column(server_default=text("0"))
    template: Mapped[str | None]
    tone: Mapped[str | None]
    approval: Mapped[bool] = mapped_column(server_default=text("false"))
    minimum_amount: Mapped[Decimal] = mapped_column(server_default=text("0"))
    customer_kinds: Mapped[list[str] | None] = mapped_column(ARRAY(Text))
    profile_ids: Mapped[list[int] | None] = mapped_column(ARRAY(BigInteger))
    if_unreachable: Mapped[str] = mapped_column(server_default="letter")
    copy_channel: Mapped[str | None]
    max_attempts: Mapped[int] = mapped_column(server_default=text("3"))
    give_up_after: Mapped[int] = mapped_column(server_default=text("5"))
    pay_within: Mapped[int] = mapped_column(server_default=text("7"))


class WorkflowNext(Base):
    """The step that follows `position_done` for a kind of customer and profile (0 = any other).

    Made when a version is published, so that planning finds a step by one join.
    """

    __tablename__ = "workflow_next"
    __table_args__ = (
        ForeignKeyConstraint(
            ["version_id", "position"],
            [f"{SCHEMA}.workflow_step.version_id", f"{SCHEMA}.workflow_step.position"],
        ),
    )

    version_id: Mapped[int] = key("workflow_version", primary_key=True)
    position_done: Mapped[int] = mapped_column(SmallInteger, primary_key=True)
    customer_kind: Mapped[str] = mapped_column(primary_key=True)
    profile_id: Mapped[int] = mapped_column(primary_key=True)
    company_id: Mapped[int] = key("company")
    position: Mapped[int] = mapped_column(SmallInteger)
    following: Mapped[int | None] = mapped_column(SmallInteger)


class Action(Base):
    """One due deed, of the machine or of a person.

    `origin`: *workflow*, *by_hand* (with its author) or *follow_up*. `facts` are what its rendering was
    made from, `explanation` why it is there. Only definer functions write it.
    """

    __tablename__ = "action"
    __table_args__ = (
        one_of("kind", *KINDS),
        one_of("origin", "workflow", "by_hand", "follow_up"),
        one_of("state", "planned", "awaiting_approval", "approved", "sending", "done", "cancelled"),
        CheckConstraint("(state = 'cancelled') = (cancel_reason is not null)", name="cancel_reason_given"),
        Index("ix_action_customer_id", "customer_id", "id"),
        Index(
            "ix_action_worklist",
            "company_id",
            "class",
            text("score desc"),
            "id",
            postgresql_where=WAITING,
        ),
        Index(
            "ix_action_render",
            "company_id",
            "id",
            postgresql_where=text("state = 'planned' and kind in ('email', 'letter')"),
        ),
    )

    id: Mapped[BigId]
    company_id: Mapped[int] = company_of_parent()
    customer_id: Mapped[int] = engine_key()
    kind: Mapped[str]
    origin: Mapped[str]
    stage: Mapped[str | None]
    rank: Mapped[int] = mapped_column(SmallInteger, server_default=text("0"))
    version_id: Mapped[int | None]
    position: Mapped[int | None] = mapped_column(SmallInteger)
    template: Mapped[str | None]
    tone: Mapped[str | None]
    currency: Mapped[str] = mapped_column(server_default="EUR")
    state: Mapped[str] = mapped_column(server_default="planned")
    cancel_reason: Mapped[str | None]
    business_date: Mapped[dt.date]
    due_on: Mapped[dt.date]
    not_before: Mapped[dt.datetime | None]
    amount: Mapped[Decimal] = mapped_column(server_default=text("0"))
    days_overdue: Mapped[int] = mapped_column(server_default=text("0"))
    class_: Mapped[int] = mapped_column("class", SmallInteger)
    score: Mapped[Decimal] = mapped_column(server_default=text("0"))
    approval_required: Mapped[bool] = mapped_column(server_default=text("false"))
    author: Mapped[str | None]
    counts_as_step: Mapped[bool] = mapped_column(server_default=text("true"))
    letter_date: Mapped[dt.date | None]
    facts: Mapped[dict[str, Any] | None] = mapped_column(JSONB)
    facts_digest: Mapped[str | None]
    reference: Mapped[str | None]
    render_token: Mapped[uuid.UUID | None]
    render_lease: Mapped[dt.datetime | None]
    rendered_at: Mapped[dt.datetime | None]
    explanation: Mapped[dict[str, Any]] = mapped_column(JSONB)
    cause: Mapped[str | None]
    parent_action_id: Mapped[int | None] = optional_key("action")
    attempts: Mapped[int] = mapped_column(SmallInteger, server_default=text("0"))
    outcome: Mapped[str | None]
    created_at: Mapped[Now]
    ended_at: Mapped[dt.datetime | None]


class ActionItem(Base):
    """An item in an action, with its own step and the amount asked for it.

    `live_step`: the action came from a workflow step of this item and is neither done nor cancelled; an
    item has at most one such.
    """

    __tablename__ = "action_item"
    __table_args__ = (
        one_of("role", "demand", "also_due", "set_off", "covered", "cost"),
        Index("uq_action_item_live_step", "open_item_id", unique=True, postgresql_where=text("live_step")),
        Index("ix_action_item_open_item_id", "open_item_id"),
    )

    action_id: Mapped[int] = engine_key(primary_key=True)
    open_item_id: Mapped[int] = engine_key(primary_key=True)
    company_id: Mapped[int] = company_of_parent()
    role: Mapped[str]
    stage: Mapped[str | None]
    rank: Mapped[int] = mapped_column(SmallInteger, server_default=text("0"))
    version_id: Mapped[int | None]
    position: Mapped[int | None] = mapped_column(SmallInteger)
    amount: Mapped[Decimal]
    live_step: Mapped[bool] = mapped_column(server_default=text("false"))


class StepDone(Base):
    """One step an item took or skipped; stepping back sets `undone_at`, nothing is deleted."""

    __tablename__ = "step_done"
    __table_args__ = (
        Index("ix_step_done_open_item_id", "open_item_id", "id"),
        Index("ix_step_done_action_id", "action_id"),
    )

    id: Mapped[BigId]
    company_id: Mapped[int] = company_of_parent()
    open_item_id: Mapped[int] = key("open_item")
    version_id: Mapped[int | None] = optional_key("workflow_version")
    position: Mapped[int] = mapped_column(SmallInteger)
    stage: Mapped[str | None]
    rank: Mapped[int] = mapped_column(SmallInteger)
    action_id: Mapped[int | None] = optional_key("action")
    at: Mapped[dt.datetime]
    on_date: Mapped[dt.date]
    written: Mapped[bool]
    skipped: Mapped[bool] = mapped_column(server_default=text("false"))
    reason: Mapped[str] = mapped_column(server_default="")
    undone_at: Mapped[dt.datetime | None]
    undone_by: Mapped[str | None]


class Hold(Base):
    """What silences an item or a customer, wholly or for an amount, until when and why."""

    __tablename__ = "hold"
    __table_args__ = (
        one_of("cause", *CAUSES),
        CheckConstraint(
            "amount is null or (amount > 0 and open_item_id is not null and stops = '{all}')",
            name="part_of_item",
        ),
        CheckConstraint(
            "stops <> '{}' and stops <@ array['email', 'letter', 'call', 'charge', 'all']", name="stops_known"
        ),
        CheckConstraint("until is null or until >= starts", name="ends_after_start"),
        Index("ix_hold_customer_id", "customer_id", postgresql_where=text("released_at is null")),
        Index("ix_hold_open_item_id", "open_item_id", postgresql_where=text("released_at is null")),
        Index("ix_hold_ended_on", "company_id", "ended_on"),
    )

    id: Mapped[BigId]
    company_id: Mapped[int] = key("company")
    customer_id: Mapped[int] = key("customer")
    open_item_id: Mapped[int | None] = optional_key("open_item")
    amount: Mapped[Decimal | None]
    stops: Mapped[list[str]] = mapped_column(ARRAY(Text), server_default=text("'{all}'"))
    cause: Mapped[str]
    source_kind: Mapped[str | None]
    source_id: Mapped[int | None] = mapped_column(BigInteger)
    starts: Mapped[dt.date]
    until: Mapped[dt.date | None]
    released_at: Mapped[dt.datetime | None]
    released_by: Mapped[str | None]
    ended_on: Mapped[dt.date | None]
    reason: Mapped[str] = mapped_column(server_default="")
    placed_by: Mapped[Actor]
    placed_at: Mapped[Now]


class Outcome(Base):
    """What a call or task can end in, and what follows from it."""

    __tablename__ = "outcome"
    __table_args__ = (
        one_of("hold_cause", *CAUSES, nullable=True),
        one_of("follow_up_kind", "call", "task", nullable=True),
    )

    company_id: Mapped[int] = key("company", primary_key=True)
    code: Mapped[str] = mapped_column(primary_key=True)
    position: Mapped[int] = mapped_column(SmallInteger)
    name_nl: Mapped[str]
    name_en: Mapped[str]
    attempt: Mapped[bool] = mapped_column(server_default=text("true"))
    right_party: Mapped[bool] = mapped_column(server_default=text("false"))
    finishes: Mapped[bool] = mapped_column(server_default=text("true"))
    hold_cause: Mapped[str | None]
    hold_days: Mapped[int | None]
    hold_stops: Mapped[list[str]] = mapped_column(ARRAY(Text), server_default=text("'{all}'"))
    follow_up_kind: Mapped[str | None]
    follow_up_days: Mapped[int | None]


class CallAttempt(Base):
    """One try to reach a customer by phone; counts as a contact of that day."""

    __tablename__ = "call_attempt"
    __table_args__ = (Index("ix_call_attempt_company_id", "company_id", "on_date", "customer_id"),)

    id: Mapped[BigId]
    company_id: Mapped[int] = key("company")
    customer_id: Mapped[int] = key("customer")
    action_id: Mapped[int] = key("action")
    at: Mapped[dt.datetime]
    on_date: Mapped[dt.date]
    outcome: Mapped[str]
    right_party: Mapped[bool]
    note: Mapped[str] = mapped_column(server_default="")
    made_by: Mapped[Actor]
