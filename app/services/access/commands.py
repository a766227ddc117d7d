"""Companies made, changed, given a calendar and taken live."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any

from sqlalchemy import text
from sqlalchemy.orm import Session

from app.domain.calendar import official_days
from app.domain.iban import check_iban
from app.errors import Conflict, Invalid
from app.models.access import Company
from app.services.access.queries import company
from app.services.changes import Changes, Topic, changed

CALENDAR_FROM = dt.date(2015, 1, 1)
CALENDAR_YEARS_AHEAD = 4
LARGEST_LOGO = 1_048_576
"""A calendar reaches to the end of the year this many years on; planning needs four hundred days."""

SETTINGS: Mapping[str, type] = {
    "name": str, "timezone": str, "language": str, "currency": str, "country": str, "trade_line": str,
    "street": str, "postcode": str, "city": str, "phone": str, "phone_hours": str, "email": str,
    "website": str, "kvk": str, "vat_number": str, "iban": str, "bic": str, "account_name": str,
    "signer_name": str, "signer_function": str, "signer_phone": str, "accent": str, "letter_window": str,
    "tone": str, "reference_kind": str, "recall_minutes": int, "freshness_days": int, "bytes_valid_days": int,
    "max_contacts_per_day": int, "minimum_amount": Decimal, "four_eyes": bool, "charge_vat": bool,
    "claim_interest": bool,
}  # fmt: skip
"""What `company set` can change, and the kind of each value."""


def create_company(session: Session, code: str, name: str, *, today: dt.date) -> int:
    """A new company in *plan only*, with its calendar; returns its id."""
    made: int = session.execute(
        text("select tegoed.create_company(:code, :name)"), {"code": code, "name": name}
    ).scalar_one()
    set_calendar(session, made, today=today)
    return made


def set_calendar(session: Session, company_id: int, *, today: dt.date) -> None:
    """Make the company's calendar anew, with the Dutch official days, until some years after `today`."""
    until = dt.date(today.year + CALENDAR_YEARS_AHEAD, 12, 31)
    holidays = [day for year in range(CALENDAR_FROM.year, until.year + 1) for day in official_days(year)]
    session.execute(
        text("select tegoed.set_calendar(:c, :holidays, :from, :until)"),
        {"c": company_id, "holidays": holidays, "from": CALENDAR_FROM, "until": until},
    )


def set_company(session: Session, code: str, values: Mapping[str, str]) -> Changes:
    """Change settings of a company, given as text; all or none.

    Raises `Invalid` naming the setting and the known ones, or what its value must be; `Conflict` when
    somebody changed the company in the meantime.
    """
    found = session.get(Company, company(session, code).id)
    if found is None:
        raise Conflict("The company changed in the meantime.", code="stale")
    for key, value in values.items():
        setattr(found, key, _value(key, value))
    session.flush()
    return changed(Topic.COMPANIES)


def _value(key: str, value: str) -> object:
    kind = SETTINGS.get(key)
    if kind is None:
        raise Invalid(
            key,
            f"{key!r} is not a setting of a company.",
            remedy=f"Known: {', '.join(sorted(SETTINGS))}.",
            code="company.setting",
        )
    if kind is bool:
        return _yes_or_no(key, value)
    if key == "iban":
        return check_iban(value)
    try:
        return kind(value)
    except (ValueError, InvalidOperation) as error:
        raise Invalid(key, f"{key} must be a number, not {value!r}.", code="company.value") from error


def _yes_or_no(key: str, value: str) -> bool:
    words = {"yes": True, "no": False, "ja": True, "nee": False, "true": True, "false": False}
    if value.casefold() not in words:
        raise Invalid(key, f"{key} is yes or no, not {value!r}.", code="company.value")
    return words[value.casefold()]


def go_live(
    session: Session, company_id: int, *, start: Mapping[str, str], on: dt.date | None = None
) -> dict[str, Any]:
    """Take a company from *plan only* to *live*; `start` gives the first stage per ageing bucket."""
    return session.execute(
        text("select tegoed.go_live(:c, cast(:start as jsonb), :on)"),
        {"c": company_id, "start": json.dumps(dict(start)), "on": on},
    ).scalar_one()


def resume_sending(session: Session) -> dict[str, Any]:
    """Let this database send again after a restore or a copy was found; for an administrator."""
    return session.execute(text("select tegoed.resume_sending()")).scalar_one()


def set_default_workflow(session: Session, code: str, workflow: str) -> Changes:
    """The workflow of customers that have no other; `Invalid` naming the company's workflows."""
    found = company(session, code)
    rows = session.execute(
        text("select code, id from tegoed.workflow where company_id = :c"), {"c": found.id}
    )
    known: dict[str, int] = {row[0]: row[1] for row in rows}
    if workflow not in known:
        raise Invalid(
            "workflow",
            f"{found.code} has no workflow {workflow!r}.",
            remedy=f"Known: {', '.join(sorted(known))}.",
            code="workflow.unknown",
        )
    session.execute(
        text("update tegoed.company set default_workflow_id = :w, version = version + 1 where id = :c"),
        {"w": known[workflow], "c": found.id},
    )
    session.expire_all()
    return changed(Topic.COMPANIES, Topic.ACTIONS)


def set_logo(session: Session, code: str, path: str) -> Changes:
    """The picture of the letterhead, a PNG of at most 1 MiB."""
    try:
        content = Path(path).read_bytes()
    except OSError as error:
        raise Invalid("logo", f"{path} cannot be read: {error.strerror}.", code="file.unreadable") from error
    if not content.startswith(b"\x89PNG\r\n\x1a\n") or len(content) > LARGEST_LOGO:
        raise Invalid("logo", f"{path} is not a PNG of at most 1 MiB.", code="company.logo")
    session.execute(
        text("update tegoed.company set logo = :logo, version = version + 1 where id = :c"),
        {"logo": content, "c": company(session, code).id},
    )
    session.expire_all()
    return changed(Topic.COMPANIES)
