"""Imports: lines on their way in, the differences shown, all good lines or nothing."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import psycopg
from sqlalchemy import text
from sqlalchemy.orm import Session

from app.services.exchange.rows import LINE_COLUMNS, ControlTotals, LedgerSource

_COPY = f"copy tegoed.import_line (run_id, {', '.join(LINE_COLUMNS)}) from stdin"
PROGRESS_EVERY = 20_000


@dataclass(frozen=True, slots=True)
class Opening:
    """What an import is told before its first line: whose, from where, how whole, how fresh."""

    company_id: int
    connection: str
    completeness: str
    file_name: str
    data_as_of: dt.date
    mapping: str | None = None


def open_run(session: Session, opening: Opening, source: LedgerSource) -> int:
    """Open an import run of this login; returns its id."""
    period = source.period or (None, None)
    return session.execute(
        text(
            "select tegoed.open_import(:company, :connection, :format, :completeness, :file, :as_of,"
            " cast(:mapping as jsonb), :from, :until)"
        ),
        {
            "company": opening.company_id,
            "connection": opening.connection,
            "format": source.format,
            "completeness": opening.completeness,
            "file": opening.file_name,
            "as_of": opening.data_as_of,
            "mapping": opening.mapping,
            "from": period[0],
            "until": period[1],
        },
    ).scalar_one()


def upload(
    session: Session, run: int, source: LedgerSource, *, progress: Callable[[int], None] = lambda _: None
) -> int:
    """Copy the lines of `source` into the run, in constant memory; how many there were."""
    driver = session.connection().connection.driver_connection
    assert isinstance(driver, psycopg.Connection)  # noqa: S101  (the only driver)
    count = 0
    with driver.cursor().copy(_COPY) as copy:
        write = copy.write_row
        for line in source.lines():
            write((run, *line))
            count += 1
            if count % PROGRESS_EVERY == 0:
                progress(count)
    return count


def preview(session: Session, run: int, source: LedgerSource, *, sha256: str = "") -> dict[str, Any]:
    """What the run would change: counts, what it would close, and what needs a person's word first."""
    return session.execute(
        text("select tegoed.preview_import(:run, cast(:control as jsonb), :sha, :earlier)"),
        {
            "run": run,
            "control": json.dumps(control_of(source.control)),
            "sha": sha256,
            "earlier": source.covers_earlier,
        },
    ).scalar_one()


def apply(
    session: Session, run: int, *, confirm: Sequence[str] = (), on: dt.date | None = None
) -> dict[str, Any]:
    """Apply a previewed run whole. `confirm` names the warnings a person accepted."""
    return session.execute(
        text("select tegoed.apply_import(:run, :confirm, :on)"),
        {"run": run, "confirm": list(confirm), "on": on},
    ).scalar_one()


def renumber(session: Session, run: int, numbers: Mapping[str, str]) -> int:
    """Give customers the numbers they have in this file; how many there were."""
    return session.execute(
        text("select tegoed.renumber_customers(:run, cast(:numbers as jsonb))"),
        {"run": run, "numbers": json.dumps(dict(numbers))},
    ).scalar_one()


@dataclass(frozen=True, slots=True)
class ReportLine:
    """A line of a file with its place, or an item that has none, and what is the matter with it."""

    kind: str
    place: str | None
    document_number: str | None
    customer_number: str | None
    what: str


def rejected(session: Session, run: int, *, limit: int = 200) -> list[ReportLine]:
    """The rejected lines of this login's run, with place and reason."""
    rows = session.execute(
        text("select * from tegoed.import_report(:run, :limit)"), {"run": run, "limit": limit}
    )
    return [ReportLine(*row) for row in rows]


def examples(session: Session, run: int, *, limit: int = 3) -> list[ReportLine]:
    """A few lines of each kind of difference: `new`, `changed`, `closed` and `unchanged`."""
    rows = session.execute(
        text("select * from tegoed.import_examples(:run, :limit)"), {"run": run, "limit": limit}
    )
    return [ReportLine(*row) for row in rows]


def end_run(session: Session, run: int, *, abandoned: bool) -> None:
    """Close a run that was not applied; a failed one stops automatic dunning until an import succeeds."""
    session.execute(text("select tegoed.fail_import(:run, :abandoned)"), {"run": run, "abandoned": abandoned})


def saved_mapping(session: Session, company_id: int, name: str) -> str | None:
    """The CSV mapping kept under a name, as JSON; None when there is none."""
    return session.execute(
        text("select mapping::text from tegoed.source_connection where company_id = :c and name = :name"),
        {"c": company_id, "name": name},
    ).scalar_one_or_none()


def control_of(control: ControlTotals) -> dict[str, Any]:
    """Control totals as they are kept with the run; amounts as text."""

    def words(amount: Decimal | None) -> str | None:
        return None if amount is None else str(amount)

    return {
        "currencies": {
            code: {"count": each.count, "open": str(each.open_amount)}
            for code, each in control.by_currency.items()
        },
        "rejected": control.rejected,
        "file_total": words(control.file_total),
        "file_total_of": control.file_total_of,
        "compared": str(control.compared),
        "difference": words(control.difference),
    }


@dataclass(frozen=True, slots=True)
class UnknownKinds:
    """Customers with something open whose kind nobody knows: how many, and the first few."""

    count: int
    examples: list[str]


def unknown_kinds(session: Session, company_id: int, *, limit: int = 5) -> UnknownKinds:
    """Customers that every check of the law takes for a consumer until somebody says what they are."""
    rows = session.execute(
        text(
            "select count(*) over (), cu.number || ' ' || cu.name from tegoed.customer cu"
            " where cu.company_id = :company and cu.kind = 'unknown' and exists (select from tegoed.open_item oi"
            "  where oi.company_id = :company and oi.customer_id = cu.id and oi.outstanding <> 0)"
            " order by cu.number limit :limit"
        ),
        {"company": company_id, "limit": limit},
    ).all()
    return UnknownKinds(rows[0][0] if rows else 0, [str(row[1]) for row in rows])
