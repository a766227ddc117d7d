"""The errors Tegoed knows how to talk about.

Every known error carries a `code` (what happened, stable for scripts and translations) and `values`
(what it happened to). The sentence a person reads is made where it is shown, from both; `str(error)`
is the English one. Anything that is not a `TegoedError` is a bug.
"""

from __future__ import annotations

from typing import ClassVar


class TegoedError(Exception):
    """A known error: `code` names it, `values` say what it is about, `remedy` what to do."""

    exit_code: ClassVar[int] = 1

    def __init__(self, message: str, *, code: str = "", remedy: str = "", **values: object) -> None:
        super().__init__(message)
        self.message = message
        self.code = code or type(self).__name__
        self.remedy = remedy
        self.values = values

    def __str__(self) -> str:
        return f"{self.message} {self.remedy}".rstrip()


class UserError(TegoedError):
    """Something the person can mend by asking for it differently."""

    exit_code = 2


class Invalid(UserError):
    """A value does not fit its field; `field` says which."""

    def __init__(
        self, field: str, message: str, *, code: str = "", remedy: str = "", **values: object
    ) -> None:
        super().__init__(message, code=code, remedy=remedy, field=field, **values)
        self.field = field


class RuleBroken(UserError):
    """A rule of the product or of the law forbids it."""


class Conflict(UserError):
    """Somebody else changed it in the meantime; look again before changing it."""


class NotAllowed(UserError):
    """The signed-in person may not do this."""

    exit_code = 3


class NotFound(UserError):
    """There is no such thing, or the signed-in person may not see it."""

    exit_code = 4


class OutsideError(TegoedError):
    """Something outside Tegoed is away; `retry_after` is in seconds, None when waiting does not help."""

    exit_code = 5

    def __init__(
        self,
        message: str,
        *,
        code: str = "",
        remedy: str = "",
        retry_after: float | None = None,
        **values: object,
    ) -> None:
        super().__init__(message, code=code, remedy=remedy, **values)
        self.retry_after = retry_after


class DatabaseAway(OutsideError):
    """The database cannot be reached, or went away under a transaction (which is then undone)."""


class MailRefused(OutsideError):
    """The mail transport did not take the message."""


class PrinterAway(OutsideError):
    """The print queue cannot be reached or cannot be written."""


class SourceAway(OutsideError):
    """A bookkeeping source or its file cannot be read."""
