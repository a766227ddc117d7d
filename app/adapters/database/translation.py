"""The one border where what the database says becomes an error of ours.

Our SQL functions raise SQLSTATE TG001 to TG005 with the English sentence as MESSAGE and a JSON object as
DETAIL (optional keys `code`, `remedy`, `field`, `values`). What is not listed here is a bug and passes
through as it is.
"""

from __future__ import annotations

import json
from collections.abc import Generator
from contextlib import contextmanager
from typing import cast

import psycopg
from psycopg.errors import Diagnostic
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm.exc import StaleDataError

from app.errors import Conflict, DatabaseAway, Invalid, NotAllowed, NotFound, RuleBroken, TegoedError

RETRY_AFTER = 5.0
RETRY_WHEN_SHORT = 60.0

_OURS: dict[str, type[RuleBroken | Conflict | NotAllowed | NotFound]] = {
    "TG002": RuleBroken,
    "TG003": Conflict,
    "TG004": NotAllowed,
    "TG005": NotFound,
}
_AWAY = {
    "57P01",  # an administrator ended the connection
    "57P02",  # the server crashed
    "57P03",  # the server is starting or stopping
    "57P05",  # idle too long
    "53300",  # too many connections
    "25006",  # a standby answered
}
_SHORT = {
    "53100",  # its disk is full
    "53200",  # out of memory
    "58030",  # it cannot read or write its files
}


@contextmanager
def translated() -> Generator[None]:
    """Raise `TegoedError`s for driver errors inside the block; unknown ones pass unchanged."""
    try:
        yield
    except (psycopg.Error, DBAPIError, StaleDataError) as error:
        known = translate(error)
        if known is None:
            raise
        raise known from error


def translate(error: BaseException) -> TegoedError | None:
    """The error of ours that a driver error stands for, None when it is a bug."""
    if isinstance(error, StaleDataError):
        return Conflict("Somebody else changed this in the meantime.", code="stale")
    cause = error.orig if isinstance(error, DBAPIError) else error
    if not isinstance(cause, psycopg.Error):
        return None
    state = cause.sqlstate
    if state is None:
        return _without_state(cause)
    if state == "TG001" or state in _OURS:
        return _raised_by_us(state, cause.diag)
    return _of_the_server(state, cause.diag)


def _raised_by_us(state: str, diag: Diagnostic) -> TegoedError:
    message = diag.message_primary or state
    detail = _detail(diag.message_detail)
    code, remedy = str(detail.get("code") or ""), str(detail.get("remedy") or "")
    error: TegoedError
    if state == "TG001":
        error = Invalid(str(detail.get("field") or ""), message, code=code, remedy=remedy)
    else:
        error = _OURS[state](message, code=code, remedy=remedy)
        if "field" in detail:
            error.values["field"] = detail["field"]
    values = detail.get("values")
    if isinstance(values, dict):
        error.values.update(cast("dict[str, object]", values))
    return error


def _detail(text: str | None) -> dict[str, object]:
    if not text:
        return {}
    try:
        detail: object = json.loads(text)
    except json.JSONDecodeError:
        return {"values": {"detail": text}}
    return cast("dict[str, object]", detail) if isinstance(detail, dict) else {"values": {"detail": detail}}


def _of_the_server(state: str, diag: Diagnostic) -> TegoedError | None:
    said = diag.message_primary or ""
    error: TegoedError | None = None
    if state == "42501":
        error = NotAllowed("You may not do this.", code="not_allowed", reason=said)
    elif state in {"40001", "40P01"}:
        error = Conflict("Somebody else was changing the same.", code="serialization", remedy="Try again.")
    elif state == "55P03":
        error = Conflict("Somebody else keeps this locked.", code="busy", remedy="Try again.")
    elif state == "23505":
        error = Conflict("This exists already.", code="exists", constraint=diag.constraint_name or "")
    elif state in {"28P01", "28000"}:
        error = _refused(said)
    elif state in _SHORT:
        error = DatabaseAway(
            "The database server is short of something it needs.",
            code="database.short",
            remedy="Make room on its disk or give it memory; it is tried again.",
            retry_after=RETRY_WHEN_SHORT,
            reason=said,
        )
    elif state in _AWAY or state.startswith("08"):
        error = _away(said)
    return error


def _without_state(error: psycopg.Error) -> TegoedError | None:
    """Errors of the connection itself: libpq gives no SQLSTATE when connecting fails or a line breaks."""
    text = str(error)
    if "authentication failed" in text or "no pg_hba.conf entry" in text:
        return _refused(text)
    if isinstance(error, psycopg.OperationalError):
        return _away(text)
    if isinstance(error, psycopg.InterfaceError) and "closed" in text:
        return _away(text)
    return None


def _away(reason: str) -> DatabaseAway:
    return DatabaseAway(
        "The database cannot be reached.", code="database.away", retry_after=RETRY_AFTER, reason=reason
    )


def _refused(reason: str) -> NotAllowed:
    return NotAllowed("The database does not accept this login.", code="database.login", reason=reason)
