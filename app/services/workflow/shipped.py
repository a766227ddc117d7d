"""The workflows that come with Tegoed: read from `resources/workflows`, put into a company, published."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, fields
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, insert, select, text
from sqlalchemy.orm import Session

from app import config
from app.domain.stages import rank_of
from app.errors import Invalid
from app.models.workflow import Workflow, WorkflowStep, WorkflowVersion

FOLDER = config.RESOURCES / "workflows"


@dataclass(frozen=True, slots=True, kw_only=True)
class ShippedStep:
    """One step as its file says it; see `WorkflowStep` for what each value does.

    `rank` is that of its stage; an unranked step (call, task, message, charge) has the rank of the ranked
    step before it, 0 when there is none.
    """

    position: int
    rank: int
    title: str
    kind: str
    days: int
    stage: str | None = None
    day_kind: str = "calendar"
    after: str = "due_date"
    min_interval: int = 0
    template: str | None = None
    tone: str | None = None
    approval: bool = False
    minimum_amount: Decimal = Decimal(0)
    customer_kinds: tuple[str, ...] | None = None
    if_unreachable: str = "letter"
    copy_channel: str | None = None
    max_attempts: int = 3
    give_up_after: int = 5
    pay_within: int = 7

    @property
    def written(self) -> bool:
        return self.kind in {"email", "letter"}


@dataclass(frozen=True, slots=True)
class ShippedWorkflow:
    """A workflow that comes with Tegoed."""

    code: str
    name: str
    contact_gap: int
    bundle_ahead: int
    steps: tuple[ShippedStep, ...]


@cache
def load() -> tuple[ShippedWorkflow, ...]:
    """All shipped workflows by code. Raises `Invalid` naming the file that does not fit."""
    return tuple(sorted((_read(path) for path in FOLDER.glob("*.toml")), key=lambda shipped: shipped.code))


def install(session: Session, company_id: int) -> dict[str, int]:
    """Put the shipped workflows into a company and publish them; workflow ids by code.

    A workflow whose code the company has already is left alone, whatever its steps are by now. Needs the
    rights of a manager of the company; nothing is committed.
    """
    there = _codes(session, company_id)
    for shipped in load():
        if shipped.code not in there:
            there[shipped.code], version_id = draft(session, company_id, shipped)
            session.execute(text("SELECT tegoed.publish_workflow(:version)"), {"version": version_id})
    return {shipped.code: there[shipped.code] for shipped in load()}


def draft(connection: Session | Connection, company_id: int, shipped: ShippedWorkflow) -> tuple[int, int]:
    """Write a shipped workflow as a draft; the ids of the workflow and of its first version."""
    workflow_id = connection.execute(
        insert(Workflow)
        .values(company_id=company_id, code=shipped.code, name=shipped.name)
        .returning(Workflow.id)
    ).scalar_one()
    version_id = connection.execute(
        insert(WorkflowVersion)
        .values(
            company_id=company_id,
            workflow_id=workflow_id,
            number=1,
            contact_gap=shipped.contact_gap,
            bundle_ahead=shipped.bundle_ahead,
        )
        .returning(WorkflowVersion.id)
    ).scalar_one()
    connection.execute(
        insert(WorkflowStep.__table__),  # pyright: ignore[reportArgumentType]
        [_row(step) | {"company_id": company_id, "version_id": version_id} for step in shipped.steps],
    )
    return workflow_id, version_id


def _codes(session: Session, company_id: int) -> dict[str, int]:
    rows = session.execute(select(Workflow.code, Workflow.id).where(Workflow.company_id == company_id))
    return dict(rows.all())


def _row(step: ShippedStep) -> dict[str, object]:
    row: dict[str, object] = {field.name: getattr(step, field.name) for field in fields(step)}
    row["customer_kinds"] = list(step.customer_kinds) if step.customer_kinds else None
    return row


def _read(path: Path) -> ShippedWorkflow:
    try:
        written = tomllib.loads(path.read_text("utf-8"))
        steps: list[ShippedStep] = []
        for position, values in enumerate(written.pop("steps"), 1):
            steps.append(_step(position, steps[-1].rank if steps else 0, values))
        shipped = ShippedWorkflow(**written, steps=tuple(steps))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, KeyError, TypeError) as error:
        raise Invalid(
            path.name, f"{path.name} is not a workflow: {error}.", code="workflow.unreadable"
        ) from error
    _check(path.name, shipped)
    return shipped


def _step(position: int, rank_before: int, values: Mapping[str, Any]) -> ShippedStep:
    stage = values.get("stage")
    kinds = values.get("customer_kinds")
    changed: dict[str, Any] = {
        "minimum_amount": Decimal(values.get("minimum_amount", "0")),
        "customer_kinds": tuple(kinds) if kinds else None,
    }
    rank = rank_before if stage is None else rank_of(stage)
    return ShippedStep(position=position, rank=rank, **{**values, **changed})


def _check(name: str, shipped: ShippedWorkflow) -> None:
    """Stages rise, and only written steps have a text: what the database would refuse, said with the file."""
    ranks = [step.rank for step in shipped.steps]
    if ranks != sorted(ranks):
        raise Invalid(
            name, f"{name}: the stages of a workflow must rise from step to step.", code="workflow.rank"
        )
    for step in shipped.steps:
        if (step.template is not None) != step.written:
            raise Invalid(
                name, f"{name}: step {step.position} and its template do not fit.", code="workflow.template"
            )
