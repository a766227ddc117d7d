"""Mail addresses as a mail server takes them."""

from __future__ import annotations

import re
from email.headerregistry import Address

from app.errors import Invalid
from app.services.correspondence.labels import one_line

_LOCAL = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*", re.ASCII)
_LABEL = re.compile(r"[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?", re.ASCII)
_LONGEST, _LONGEST_LOCAL = 254, 64
# The old and the new standard send these to different domains, perhaps to different owners.
_AMBIGUOUS = re.compile("[ßς\u200c\u200d]")


def mail_address(text: str, *, display_name: str = "", field: str = "email") -> Address:
    """An address for a header, its domain in ASCII (`xn--…`), its name on one line.

    Raises `Invalid` for anything a plain SMTP server would refuse or could misread: no address, line breaks,
    letters outside ASCII before the `@`, or a domain that has two readings.
    """
    given = text.strip()
    local, at, domain = given.rpartition("@")
    if not at:
        raise _refused(field, "This is not a mail address.", "mail.address", text)
    if not local.isascii():
        raise _refused(
            field, "Before the @ only letters without accents can be sent to.", "mail.address_local", text
        )
    if not _LOCAL.fullmatch(local) or len(local) > _LONGEST_LOCAL:
        raise _refused(field, "This is not a mail address.", "mail.address", text)
    ascii_domain = _ascii_domain(domain, field, text)
    if len(local) + 1 + len(ascii_domain) > _LONGEST:
        raise _refused(field, "This mail address is too long.", "mail.address", text)
    return Address(display_name=one_line(display_name), username=local, domain=ascii_domain)


def _ascii_domain(domain: str, field: str, text: str) -> str:
    if _AMBIGUOUS.search(domain):
        raise _refused(
            field, "This domain can be read in two ways; enter it as xn--….", "mail.address_domain", text
        )
    try:
        labels = domain.encode("idna").decode("ascii").split(".")
    except UnicodeError as error:
        raise _refused(field, "This is not a mail domain.", "mail.address_domain", text) from error
    if len(labels) < 2 or not all(_LABEL.fullmatch(label) for label in labels):
        raise _refused(field, "This is not a mail domain.", "mail.address_domain", text)
    return ".".join(labels)


def _refused(field: str, message: str, code: str, address: str) -> Invalid:
    return Invalid(field, message, code=code, remedy="Correct the address.", address=address)
