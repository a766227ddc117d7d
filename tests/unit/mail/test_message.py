"""The mail as a mail program reads it."""

from __future__ import annotations

import email
import email.policy
import io
import re
from dataclasses import replace
from datetime import UTC, datetime
from email.message import EmailMessage
from html.parser import HTMLParser

import pytest
from PIL import Image

from app.adapters.mail.message import render_mail
from app.errors import Invalid
from tests.unit.letters.demo import (
    BUSINESS,
    SENDER,
    all_letters,
    communication,
    consumer_notice,
    final_demand,
)


def mailed(c, **changes) -> bytes:
    arguments = {
        "message_id": "<4711.1@vandalen.example>",
        "outbox_id": "0198-77",
        "from_addr": "debiteuren@vandalen.example",
        "reply_to": "debiteuren+4711@vandalen.example",
    }
    return render_mail(replace(c, channel="email"), **{**arguments, **changes})


def read(raw: bytes) -> EmailMessage:
    message = email.message_from_bytes(raw, policy=email.policy.default)
    assert isinstance(message, EmailMessage)
    return message


def part(message: EmailMessage, kind: str) -> str:
    body = message.get_body((kind,))
    assert body is not None
    return body.get_content()


class Words(HTMLParser):
    """What a reader sees, and which elements there are."""

    def __init__(self, markup: str) -> None:
        super().__init__()
        self.text = ""
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self._hidden = False
        self.feed(markup)

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        self._hidden = self._hidden or tag in {"style", "title"}

    def handle_endtag(self, tag):
        if tag in {"style", "title"}:
            self._hidden = False

    def handle_data(self, data):
        self.text += "" if self._hidden else data + " "


@pytest.mark.parametrize(("name", "c"), list(all_letters()))
def test_text_and_html_say_the_same(name, c):
    message = read(mailed(c))
    plain = re.sub(r"\s+", " ", part(message, "plain"))
    page = re.sub(r"\s+", " ", Words(part(message, "html")).text.replace("\u00a0", " "))
    for i in c.items:
        assert i.document_number in plain
        assert i.document_number in page
    for needed in ("NL91 ABNA 0417 1643 00", "RF69 1186 2202 6112 3", "Sanne de Wit", "KvK 00123456"):
        assert needed in plain, name
        assert needed in page, name
    assert ("deze e-mail" if c.language == "nl" else "this e-mail") in plain
    assert "deze brief" not in plain + page
    assert message["Content-Language"] == c.language


def test_the_headers_carry_what_brings_an_answer_home():
    message = read(mailed(communication()))
    assert message["Message-ID"] == "<4711.1@vandalen.example>"
    assert message["X-Outbox-Id"] == "0198-77"
    assert message["Reply-To"].addresses[0].addr_spec == "debiteuren+4711@vandalen.example"
    assert message["From"].addresses[0].display_name == "Van Dalen Installatietechniek B.V."
    assert message["To"].addresses[0].addr_spec == "crediteuren@smitvanrijn.example"
    assert message["Subject"].endswith("betalen vóór 1 december 2026? [AM-2026-11862-2]")
    assert message["Auto-Submitted"] is None
    assert message["Date"].datetime.date().isoformat() == "2026-11-23"


def test_the_moment_given_is_the_date():
    moment = datetime(2026, 11, 23, 9, 15, tzinfo=UTC)
    assert read(mailed(communication(), moment=moment))["Date"].datetime == moment


def test_the_same_mail_is_the_same_bytes_with_smtp_line_ends():
    raw = mailed(consumer_notice())
    assert raw == mailed(consumer_notice())
    assert raw != mailed(consumer_notice(), outbox_id="0198-78")
    assert b"\n" not in raw.replace(b"\r\n", b"")
    assert max(map(len, raw.split(b"\r\n"))) <= 998
    assert raw.isascii()


def test_names_cannot_write_headers_or_markup():
    hostile = replace(
        BUSINESS,
        name='Smit & Van Rijn <b>"\r\nBcc: spy@evil.example\r\n\r\n<script>',
        salutation_name="Smit</p><script>alert(1)</script>",
    )
    sender = replace(SENDER, company_name="Dalen\nX-Evil: 1", accent='red"><script>')
    raw = mailed(communication(addressee=hostile, sender=sender, our_reference="A\r\nBcc: spy@evil.example"))
    message = read(raw)
    assert message["Bcc"] is None
    assert message["X-Evil"] is None
    assert len(message["To"].addresses) == 1
    page = Words(part(message, "html"))
    assert "script" not in [tag for tag, _ in page.tags]
    assert "Smit</p><script>alert(1)</script>," in page.text


@pytest.mark.parametrize(
    "address",
    [
        *("", "nobody", "a@b", "a b@c.nl", "a@b@c.nl", "<a@b.nl>", "a@b.nl, c@d.nl", "a..b@c.nl"),
        *("jan@x.nl\r\nBcc: y@z.nl", "jän@x.nl", "jan@straße.example", "jan@-x.nl", "a@" + "x" * 64 + ".nl"),
        "x" * 65 + "@y.nl",
    ],
)
def test_an_address_that_cannot_be_mailed_is_refused(address):
    with pytest.raises(Invalid) as refused:
        mailed(communication(addressee=replace(BUSINESS, email=address)))
    assert refused.value.field == "email"


def test_a_domain_with_accents_is_written_as_servers_know_it():
    message = read(mailed(communication(addressee=replace(BUSINESS, email=" info@café.example "))))
    assert message["To"].addresses[0].addr_spec == "info@xn--caf-dma.example"


@pytest.mark.parametrize("wrong", ["", "no-brackets@x", "<a@b>\r\nBcc: x@y.nl", "<a b@c>"])
def test_a_message_id_that_is_none_is_refused(wrong):
    with pytest.raises(Invalid):
        mailed(communication(), message_id=wrong)


def test_the_code_is_shown_inline_and_only_for_euros():
    message = read(mailed(communication()))
    (picture,) = (p for p in message.walk() if p.get_content_type() == "image/png")
    image = next(dict(a) for tag, a in Words(part(message, "html")).tags if tag == "img")
    assert image["src"] == f"cid:{picture['Content-ID'].strip('<>')}"
    assert image["alt"]
    with Image.open(io.BytesIO(picture.get_content())) as code:
        assert code.width >= 140
    in_dollars = read(mailed(communication(currency="USD")))
    assert [p.get_content_type() for p in in_dollars.walk()] == [
        *("multipart/alternative", "text/plain", "text/html"),
    ]


def test_styles_are_at_the_elements_and_nothing_is_fetched():
    markup = part(read(mailed(final_demand())), "html")
    page = Words(markup)
    cells = [a for tag, a in page.tags if tag == "td"]
    assert sum("style" in a for a in cells) >= len(cells) - 3, "all but bare frames"
    assert not re.search(r"https?://|url\(|<link|<script", markup)
    assert "prefers-color-scheme: dark" in markup
    assert '<html lang="nl"' in markup


def test_the_locked_words_stand_in_both_parts():
    message = read(mailed(consumer_notice()))
    words = "binnen 14 dagen, gerekend vanaf de dag nadat deze e-mail bij u is bezorgd"
    assert words in part(message, "plain")
    assert words in part(message, "html")
    assert "€ 45,00" in part(message, "plain")


def test_interest_is_specified_in_the_text_part_too():
    plain = part(read(mailed(final_demand())), "plain")
    assert "01-07-2026 – 23-11-2026: 146 dagen, 10,40% over 1.210,00 = 50,34" in plain
    assert "Ook vervallen" in plain
