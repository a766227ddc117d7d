"""Letters: the renderer against a bare canvas with the same words, per second of CPU."""

from __future__ import annotations

import datetime as dt
import io
import time
from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal

import segno
from reportlab.lib.pagesizes import A4
from reportlab.pdfgen.canvas import Canvas

from app.adapters.pdf import fonts
from app.adapters.pdf.letter import render_letter
from app.services.correspondence.rows import Addressee, Communication, LetterItem, Sender
from benchmarks.table import Figure

LETTERS = 60
ROUNDS = 5


def figures(_items: int, _runs: int) -> list[Figure]:
    """Letters a CPU second, ours and bare, alternating; the median ratio."""
    fonts.register()
    letter = _letter()
    render_letter(letter), _bare(letter)  # fonts and caches are warm before anything counts
    ours, bare = [], []
    for _ in range(ROUNDS):
        ours.append(_rate(lambda n: render_letter(replace(letter, action_id=n + 1))))
        bare.append(_rate(lambda n: _bare(replace(letter, action_id=n + 1))))
    middle = ROUNDS // 2
    return [
        Figure(
            "letters with QR per CPU second", sorted(ours)[middle], sorted(bare)[middle], 0.7,
            unit="/s", at_least=True,
        )
    ]  # fmt: skip


def _rate(make: Callable[[int], object]) -> float:
    started = time.process_time()
    for number in range(LETTERS):
        make(number)
    return LETTERS / (time.process_time() - started)


def _letter() -> Communication:
    day = dt.date(2026, 11, 23)
    items = tuple(
        LetterItem(
            item_id=n, document_number=f"2026{3900 + n}", invoice_date=day - dt.timedelta(60),
            due_date=day - dt.timedelta(30 - n), original_amount=Decimal("1210.00"), amount=Decimal("1210.00"),
            stage="demand", last_reminded_on=day - dt.timedelta(14),
        )
        for n in range(3)
    )  # fmt: skip
    return Communication(
        action_id=1, stage="demand", template="demand", tone="neutral", channel="letter", language="nl",
        currency="EUR", letter_date=day, pay_before=day + dt.timedelta(7), reference="RF8820260042",
        our_reference="AM-2026-11862-2",
        sender=Sender(
            company_name="Van Dalen Installatietechniek B.V.", address_lines=("Handelsweg 8", "3900 AA Veenendaal"),
            iban="NL91ABNA0417164300", account_name="Van Dalen Installatietechniek B.V.", phone="0318 09 80 00",
            email="debiteuren@vandalen.example", kvk="00123456", bic="ABNANL2A", signer_name="Sanne de Wit",
        ),
        addressee=Addressee(
            number="11862", name="Loodgietersbedrijf Smit & Van Rijn B.V.", street="Kanaaldijk 41",
            postcode="6710 AB", city="Ede", kind="business",
        ),
        items=items, total=Decimal("3630.00"), paid_through=day, next_stage="final_demand",
    )  # fmt: skip


_WORDS: list[tuple[float, float, str]] = []


def _bare(letter: Communication) -> bytes:
    """The words of our own letter at places, and the code as one path: what no letter can do without."""
    if not _WORDS:
        _WORDS.extend(_words_of(render_letter(letter)))
    file = io.BytesIO()
    canvas = Canvas(file, pagesize=A4, invariant=1)
    for x, y, words in _WORDS:
        canvas.setFont(fonts.REGULAR, 9)
        canvas.drawString(x, y, words)
    code = segno.make(
        "BCD\n002\n1\nSCT\n\nVan Dalen\nNL91ABNA0417164300\nEUR3630.00\n\n" + str(letter.action_id), error="m"
    )
    path = canvas.beginPath()
    for row, line in enumerate(code.matrix):
        for column, dark in enumerate(line):
            if dark:
                path.rect(400 + column * 2, 400 - row * 2, 2, 2)
    canvas.drawPath(path, stroke=0, fill=1)
    canvas.save()
    return file.getvalue()


def _words_of(pdf: bytes) -> list[tuple[float, float, str]]:
    from pypdf import PdfReader  # noqa: PLC0415  (only here, before anything is timed)

    lines = PdfReader(io.BytesIO(pdf)).pages[0].extract_text().splitlines()
    return [(70.0, 780.0 - 12.0 * n, line) for n, line in enumerate(lines)]
