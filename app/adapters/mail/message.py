"""One mail as bytes: the letter in text and HTML, for every transport the same."""

from __future__ import annotations

import hashlib
import io
import re
from datetime import UTC, datetime, time
from email.message import EmailMessage
from email.policy import SMTP
from functools import cache
from typing import cast

import css_inline
import segno
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup, escape

from app.adapters.mail.addresses import mail_address
from app.errors import Invalid
from app.services.correspondence.labels import (
    LETTERS,
    function_line,
    identity_line,
    labels,
    one_line,
)
from app.services.correspondence.rows import Communication
from app.services.correspondence.statement import Statement, statement
from app.services.correspondence.texts import LetterText, Merged, Paragraph, merge

_MESSAGE_ID = re.compile(r"<[!-;=?-~]+@[!-;=?-~]+>", re.ASCII)
_COLOR = re.compile(r"#[0-9A-Fa-f]{6}", re.ASCII)
_MODULE_PIXELS = 4


def render_mail(
    c: Communication,
    *,
    message_id: str,
    outbox_id: str,
    from_addr: str,
    reply_to: str,
    moment: datetime | None = None,
    text: LetterText | None = None,
) -> bytes:
    """The mail of `c` with CRLF line ends; equal arguments give equal bytes.

    `moment` is its Date (noon UTC of the letter's date when not given), `text` an edited text. The subject
    ends in our reference, by which an answer finds its dossier when all else is lost.

    `Auto-Submitted` is deliberately absent: it would keep back the out-of-office answers that the desk files
    (RFC 3834 forbids responders to answer marked mail), and the letter is a person's claim that expects an
    answer. We never answer mail by machine, so no loop can start.

    Raises `Invalid` for an address or Message-ID that cannot stand in a header, and what merging raises.
    """
    if not _MESSAGE_ID.fullmatch(message_id):
        raise Invalid("message_id", "This is not a Message-ID.", code="mail.message_id")
    merged, figures = merge(c, text), statement(c)
    plain, markup = _plain(c, merged, figures), _html(c, merged, figures, _cid(outbox_id))
    mail = EmailMessage(policy=SMTP)
    mail["From"] = mail_address(from_addr, display_name=c.sender.company_name, field="from_addr")
    mail["To"] = mail_address(c.addressee.email, display_name=c.addressee.name)
    mail["Reply-To"] = mail_address(reply_to, display_name=c.sender.company_name, field="reply_to")
    mail["Subject"] = _subject(c, merged)
    mail["Date"] = moment or datetime.combine(c.letter_date, time(12), UTC)
    mail["Message-ID"] = message_id
    mail["X-Outbox-Id"] = one_line(outbox_id)
    mail.set_content(plain, cte="quoted-printable")
    mail.add_alternative(markup, subtype="html", cte="quoted-printable")
    if figures.qr:
        _add_code(mail, figures.qr, _cid(outbox_id))
    mail["Content-Language"] = c.language  # at the end: becoming multipart would move it into a part
    _fix_boundaries(mail, outbox_id)
    return mail.as_bytes()


def _subject(c: Communication, merged: Merged) -> str:
    reference = one_line(c.our_reference)
    subject = one_line(merged.subject)
    return f"{subject} [{reference}]" if reference else subject


def _plain(c: Communication, merged: Merged, figures: Statement) -> str:
    text = _environment(html=False).get_template("mail.txt").render(_values(c, merged, figures))
    return re.sub(r"\n{3,}", "\n\n", text).replace("\u00a0", " ")


def _html(c: Communication, merged: Merged, figures: Statement, cid: str) -> str:
    values = _values(c, merged, figures)
    values["qr_source"] = f"cid:{cid}" if figures.qr else ""
    markup = _environment(html=True).get_template("mail.html").render(values)
    return _inliner().inline(re.sub(r"\n\s*\n", "\n", markup))


def _values(c: Communication, merged: Merged, figures: Statement) -> dict[str, object]:
    words, sender = labels(c.language), c.sender
    tables = [("", figures.head, figures.rows)] if figures.rows else []
    if figures.also_due:
        tables.append((words["also_due"], figures.head, figures.also_due))
    contact = (*sender.address_lines, sender.phone, sender.email, sender.website)
    return {
        "language": c.language,
        "accent": sender.accent if _COLOR.fullmatch(sender.accent) else "#1D5FB3",
        "company": one_line(sender.company_name),
        "trade_line": one_line(sender.trade_line),
        "merged": merged,
        "locked": [paragraph for paragraph in merged.body if paragraph.locked],
        "figures": figures,
        "tables": tables,
        "words": words.words,
        "words_of": _words_of,
        "complaint_line": one_line(sender.complaint_line),
        "signer": one_line(sender.signer_name) or one_line(sender.company_name),
        "function": function_line(sender, c.language),
        "details": " · ".join(one_line(part) for part in contact if part),
        "foot": identity_line(sender, c.language),
    }


def _words_of(paragraph: Paragraph) -> Markup:
    runs = (Markup("<b>{}</b>").format(run.text) if run.bold else escape(run.text) for run in paragraph.runs)
    return Markup("<p>{}</p>").format(Markup().join(runs))


def _add_code(mail: EmailMessage, payload: str, cid: str) -> None:
    picture = io.BytesIO()
    code = segno.make_qr(payload, error="m", boost_error=False, encoding="utf-8")
    code.save(picture, kind="png", scale=_MODULE_PIXELS, border=4)
    page = cast("list[EmailMessage]", mail.get_payload())[1]
    page.add_related(
        picture.getvalue(), "image", "png", cid=f"<{cid}>", filename="qr.png", disposition="inline"
    )


def _fix_boundaries(mail: EmailMessage, outbox_id: str) -> None:
    """Boundaries of our own: the library draws them by lot, and the same mail must be the same bytes."""
    for number, part in enumerate(part for part in mail.walk() if part.is_multipart()):
        part.set_boundary(f"=_{_digest(outbox_id)[:32]}_{number}")


def _cid(outbox_id: str) -> str:
    return f"qr.{_digest(outbox_id)[:24]}@tegoed.invalid"


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


@cache
def _environment(*, html: bool) -> Environment:
    """For the two wrappers that ship with the program; texts that people edit are never source here."""
    return Environment(
        loader=FileSystemLoader(LETTERS / "mail"),
        autoescape=html,  # noqa: S701 - the plain text part has nothing to escape
        undefined=StrictUndefined,
        keep_trailing_newline=True,
    )


@cache
def _inliner() -> css_inline.CSSInliner:
    # At-rules stay in the head: the dark colours cannot be written at the elements.
    return css_inline.CSSInliner(keep_at_rules=True, load_remote_stylesheets=False)
