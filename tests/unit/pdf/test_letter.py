"""The letter as the debtor holds it: read back from the PDF."""

from __future__ import annotations

import io
import re
import shutil
import subprocess
from dataclasses import replace

import pypdf
import pytest
import segno
from PIL import Image

from app.adapters.pdf.letter import render_letter
from app.adapters.pdf.sheet import SHEETS
from app.services.correspondence.statement import qr_payload
from tests.unit.letters.demo import (
    BUSINESS,
    LETTER_DATE,
    SENDER,
    D,
    all_letters,
    communication,
    consumer_notice,
    final_demand,
    item,
    with_credit,
)

MM = 72 / 25.4
needs_poppler = pytest.mark.skipif(shutil.which("pdftoppm") is None, reason="poppler-utils is not installed")


def opened(pdf: bytes) -> pypdf.PdfReader:
    return pypdf.PdfReader(io.BytesIO(pdf))


def pages_of(pdf: bytes) -> list[str]:
    return [re.sub(r"\s+", " ", page.extract_text()) for page in opened(pdf).pages]


def text_of(pdf: bytes) -> str:
    return " ".join(pages_of(pdf))


def placed(pdf: bytes) -> list[tuple[float, float, str]]:
    """Each drawn text of the first page with its place in millimetres from the top left."""
    found: list[tuple[float, float, str]] = []

    def visit(text, _cm, tm, _font, _size):
        if text.strip():
            found.append((tm[4] / MM, 297 - tm[5] / MM, text.strip("\n")))

    opened(pdf).pages[0].extract_text(visitor_text=visit)
    return found


@pytest.mark.parametrize(("name", "c"), list(all_letters()))
def test_every_letter_is_complete(name, c):
    pdf = render_letter(c)
    text = text_of(pdf)
    for needed in (
        *("Loodgietersbedrijf Smit & Van Rijn B.V." if c.addressee.attention else "Mevrouw J. van den Berg",),
        *(i.document_number for i in c.items),
        "NL91 ABNA 0417 1643 00",
        "RF69 1186 2202 6112 3",
        "KvK 00123456",
        "NL001234567B01",
        c.our_reference,
        "Sanne de Wit",
    ):
        assert needed in text, name
    assert "?" in text  # an offer to talk, always as a question
    assert "�" not in text


def test_the_mock_up_fits_one_page_and_says_it_in_order():
    pages = pages_of(render_letter(communication()))
    assert len(pages) == 1
    order = (
        "Aanmaning: wilt u € 6.318,22 betalen vóór 1 december 2026?",
        "Geachte heer Smit,",
        "Te betalen",
        "Betalingen tot en met 20 november 2026 zijn verwerkt.",
        "Zo betaalt u",
        "Lukt het niet",
        "laatste sommatie",
        "Dan hoeft u niets te doen",
        "Met vriendelijke groet,",
        "Bijlagen: 3 factuurkopieën",
        "1/1",
    )
    text = pages[0].replace("\u00a0", " ")
    where = [text.index(part) for part in order if part != "1/1"]
    assert where == sorted(where)
    assert "1/1" in text


def test_the_consumer_notice_is_on_one_page_with_its_locked_words():
    pages = pages_of(render_letter(consumer_notice()))
    assert len(pages) == 1
    text = pages[0].replace("\u00a0", " ")
    assert "binnen 14 dagen, gerekend vanaf de dag nadat deze brief bij u is bezorgd" in text
    assert "€ 45,00" in text
    assert "€ 345,00" in text
    assert "Uw gemeente geeft gratis schuldhulp" in text


def test_interest_and_costs_are_specified_by_period_and_rate():
    text = text_of(render_letter(final_demand()))
    for part in ("02-06-2026", "30-06-2026", "10,15%", "10,40%", "50,34", "512,20", "Ook vervallen"):
        assert part in text
    assert "wettelijke handelsrente (artikel 6:119a BW)" in text.replace("Wettelijke", "wettelijke")
    assert "Besluit vergoeding voor buitengerechtelijke incassokosten" in text


def test_credits_are_shown_as_less():
    text = text_of(render_letter(with_credit()))
    assert "–150,00" in text
    assert "wordt verrekend" in text
    assert "in behandeling: € 300,00" in text.replace("\u00a0", " ")


def test_the_same_facts_give_the_same_bytes():
    assert render_letter(communication()) == render_letter(communication())
    assert render_letter(communication()) != render_letter(communication(enclosures=1))


def test_the_pdf_says_what_it_is_and_brings_its_fonts():
    reader = opened(render_letter(communication(language="en")))
    assert reader.metadata is not None
    assert reader.metadata.title is not None
    assert reader.metadata.title.startswith("Request for payment: would you pay €6,318.22 before")
    assert reader.metadata.creation_date is not None
    assert reader.metadata.creation_date.date() == LETTER_DATE
    assert reader.metadata.author == "Van Dalen Installatietechniek B.V."
    assert reader.trailer["/Root"]["/Lang"] == "en-GB"
    fonts = [font.get_object() for font in reader.pages[0]["/Resources"]["/Font"].values()]
    assert fonts
    assert all("+NotoSans" in f["/BaseFont"] and "/FontFile2" in f["/FontDescriptor"] for f in fonts)


def test_markup_in_names_stays_letters_also_from_other_alphabets():
    c = communication(
        sender=replace(SENDER, company_name="Łódź & Đorđević <b>GmbH</b>"),
        addressee=replace(BUSINESS, name="Smit & Van Rijn <b>", attention="{{ iban }} 漢"),
    )
    text = text_of(render_letter(c))
    assert "Smit & Van Rijn <b>" in text
    assert "Łódź & Đorđević <b>GmbH</b>" in text
    assert "t.a.v. {{ iban }} ?" in text


@pytest.mark.parametrize("count", [60, 400])
def test_long_tables_repeat_their_head_and_lose_no_invoice(count):
    items = tuple(item(f"INV{4000 + i}", "1234.56", late=30) for i in range(count))
    pages = pages_of(render_letter(communication(items=items)))
    assert re.findall(r"INV\d+", " ".join(pages)) == [i.document_number for i in items]
    for number, page in enumerate(pages, start=1):
        assert f"{number}/{len(pages)}" in page
        assert ("INV" in page) == ("Factuurdatum" in page)
        if number > 1:
            assert "vervolg" in page
            assert "AM-2026-11862-2" in page
    (with_total,) = (page for page in pages if "Te betalen" in page)
    assert "INV" in with_total, "the total never stands alone on a page"


CAPITAL = 2.6  # millimetres: the height of a capital above its baseline
WINDOWS = {"left": (35, 120), "right": (105, 190), "din_a": (20, 105), "din_b": (20, 105)}


@pytest.mark.parametrize("window", WINDOWS)
@pytest.mark.parametrize("lines", [3, 6])
def test_nothing_but_the_address_shows_in_the_window(window, lines):
    addressee = replace(BUSINESS, attention="" if lines == 3 else "de heer P. Smit")
    if lines == 6:
        addressee = replace(addressee, street="Kanaaldijk 41\nGebouw C", country="BE", postcode="9000")
    sheet = SHEETS[window]
    left, right = WINDOWS[window]
    top, bottom = {"din_a": (44.7, 72), "din_b": (62.7, 90)}.get(window, (48, 79.2))
    inside = [
        text
        for x, y, text in placed(
            render_letter(communication(sender=replace(SENDER, window=window), addressee=addressee))
        )
        if left - 0.1 <= x < right and top + CAPITAL < y <= bottom
    ]
    assert len(inside) == lines
    assert inside[0].startswith("Loodgietersbedrijf")
    assert inside[-1] == ("6710 AB  EDE" if lines == 3 else "BELGIË")
    assert sheet.folds


def test_a_name_too_long_for_the_window_keeps_street_town_and_country():
    addressee = replace(
        BUSINESS,
        name="Stichting tot Bevordering van " + "Arbeidsongeschiktheidsverzekeringen en " * 4,
        attention="mevrouw " + "Wolfeschlegelsteinhausenbergerdorff" * 2,
        street="Kanaaldijk 41\nGebouw C\nIngang 2",
        country="BE",
        postcode="9000",
    )
    found = placed(render_letter(communication(addressee=addressee)))
    inside = [text for x, y, text in found if x >= 105 and 48 < y <= 79.2]
    assert inside[0].startswith("Stichting tot Bevordering")
    assert inside[1:] == ["Kanaaldijk 41", "Gebouw C", "Ingang 2", "9000 EDE", "BELGIË"]


def test_nothing_runs_off_the_sheet_with_extreme_facts():
    c = communication(
        items=(
            item("VERY-LONG-DOCUMENT-NUMBER-2026-000000001234567", "999999999999.99", due_estimated=True),
            item("C" * 35, "-0.01", role="set_off", your_reference="Hoofdvestigingsinkoopreferentie" * 5),
        ),
        sender=replace(SENDER, email="", bic="", phone="", signer_phone="", complaint_line="Klacht? " * 40),
        payment_link="https://betalen.vandalen.example/" + "6KQ2" * 30,
    )
    pdf = render_letter(c)
    text = text_of(pdf).replace("\u00a0", " ")
    assert "€ 999.999.999.999,98" in text
    assert "18-10-2026*" in text
    assert "Deze datum hebben wij geschat." in text
    assert all(8 < x < 191 and 5 < y < 292 for x, y, _ in placed(pdf))


def test_a_foreign_currency_letter_has_no_code_and_the_bic():
    text = text_of(render_letter(communication(currency="USD")))
    assert "USD 6.318,22" in text.replace("\u00a0", " ")
    assert "Scan met uw bank-app" not in text
    assert "BIC ABNANL2A" in text


def test_a_logo_takes_the_place_of_the_initial():
    picture = io.BytesIO()
    Image.new("RGBA", (60, 40), (29, 95, 179, 200)).save(picture, "PNG")
    c = communication(sender=replace(SENDER, logo=picture.getvalue()))
    assert len(opened(render_letter(c)).pages[0].images) >= 1
    assert render_letter(c) == render_letter(c)


@needs_poppler
@pytest.mark.parametrize("window", WINDOWS)
def test_the_code_on_paper_is_the_code_of_the_payment(window, tmp_path):
    """Module by module: what a camera would see against what the payload encodes."""
    c = communication(sender=replace(SENDER, window=window))
    (tmp_path / "letter.pdf").write_bytes(render_letter(c))
    subprocess.run(
        ["pdftoppm", "-r", "300", "-gray", "-singlefile", tmp_path / "letter.pdf", tmp_path / "page"],
        check=True,
    )
    with Image.open(tmp_path / "page.pgm") as page:
        seen = page.point(lambda shade: 255 if shade < 128 else 0)
    wanted = segno.make_qr(qr_payload(c), error="m", boost_error=False, encoding="utf-8").matrix
    left, top, side = _code_place((tmp_path / "letter.pdf").read_bytes())
    assert side / 300 * 25.4 >= 0.5, "a module under half a millimetre is lost on an office printer"
    end = len(wanted) * side
    above = (left - 4 * side, top - 4 * side, left + end + 4 * side, top - 1)
    below = (left - 4 * side, top + end + 2, left + end + 4 * side, top + end + 4 * side)
    for quiet in (above, below):
        assert seen.crop(tuple(map(int, quiet))).getbbox() is None, "the code needs white around it"
    for row, line in enumerate(wanted):
        for column, module in enumerate(line):
            at = (int(left + (column + 0.5) * side), int(top + (row + 0.5) * side))
            assert bool(seen.getpixel(at)) == bool(module), (row, column)


def _code_place(pdf: bytes) -> tuple[float, float, float]:
    """Left, top and side of a module, in pixels of a 300 dpi picture."""
    content = opened(pdf).pages[0].get_contents()
    assert content is not None
    found = re.search(rb"([\d.]+) 0 0 -[\d.]+ ([\d.]+) ([\d.]+) cm", content.get_data())
    assert found is not None
    side, x, y = map(float, found.groups())
    return x / 72 * 300, (297 * MM - y) / 72 * 300, side / 72 * 300


@needs_poppler
def test_poppler_reads_the_letter_as_written(tmp_path):
    (tmp_path / "letter.pdf").write_bytes(render_letter(final_demand()))
    read = subprocess.run(
        ["pdftotext", "-layout", tmp_path / "letter.pdf", "-"], check=True, capture_output=True, text=True
    )
    row = next(line for line in read.stdout.splitlines() if "20261877" in line)
    assert row.split() == ["20261877", "02-05-2026", "01-06-2026", "175", "1.210,00", "1.210,00"]
    assert f"{LETTER_DATE.day} november 2026" in read.stdout
    assert D("5316.61") == final_demand().total
