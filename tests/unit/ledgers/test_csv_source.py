import datetime as dt
import resource
import tracemalloc
from collections import deque
from decimal import Decimal

import pytest

from app.adapters.ledgers import guess_mapping, open_source
from app.errors import Invalid
from app.services.exchange.rows import LINE_COLUMNS
from tests.unit.ledgers.lines import HEADER, TODAY, accepted, read_text, rejected

ROW = "D1;Jansen BV;2025001;01-02-2025;15-02-2025;1.234,50"


def test_a_plain_dutch_list(tmp_path):
    (line,), source = read_text(tmp_path, f"{HEADER}\n{ROW}\n")
    assert line["customer_number"] == "D1"
    assert line["document_number"] == "2025001"
    assert line["document_year"] == 2025
    assert line["document_type"] == "invoice"
    assert line["due_date"] == dt.date(2025, 2, 15)
    assert not line["due_estimated"]
    assert line["open_amount"] == Decimal("1234.50")
    assert line["original_amount"] is None
    assert line["currency"] == "EUR"
    assert line["customer_kind"] is None
    assert line["place"] == "line 2"
    assert source.control.by_currency["EUR"].open_amount == Decimal("1234.50")
    assert source.control.difference is None
    assert source.completeness is None


@pytest.mark.parametrize("delimiter", [";", ",", "\t", "|"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "cp1252", "latin-1"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_separators_encodings_and_line_ends(tmp_path, delimiter, encoding, end):
    rows = [HEADER.split(";")]
    rows += [[f"D{n}", "Café Zoë", f"F{n}", "03-04-2025", "17-04-2025", f'"{n}.000,25"'] for n in range(1, 9)]
    text = end.join(delimiter.join(row) for row in rows) + end
    lines, _ = read_text(tmp_path, text, encoding=encoding)
    assert [line["open_amount"] for line in lines] == [Decimal(f"{n}000.25") for n in range(1, 9)]
    assert {line["customer_name"] for line in lines} == {"Café Zoë"}


@pytest.mark.parametrize(
    ("headers", "row"),
    [
        (
            "klantnr,klantnaam,boekstuk,datum,vervaldag,saldo,valuta",
            "17,Smit,V-9,2025-03-01,2025-03-15,1234.50,USD",
        ),
        (
            "Customer No.;Company;Invoice number;Invoice Date;Due date;Outstanding;Currency",
            "17;Smit;V-9;1/3/2025;15/3/2025;1,234.50;USD",
        ),
        (
            "Relatiecode;Relatienaam;Boekstuknr.;Boekdatum;Verval;Openstaand (EUR);Val.",
            "17;Smit;V-9;20250301;20250315;1234,5;USD",
        ),
        (
            "Valuta;Saldo;Vervaldatum;Factuurdatum;Factuurnr;Naam;Debiteur",
            "USD;€ 1.234,50;15-3-25;1-3-25;V-9;Smit;17",
        ),
    ],
)
def test_headers_of_several_programs(tmp_path, headers, row):
    (line,), _ = read_text(tmp_path, f"{headers}\n{row}\n")
    assert (line["customer_number"], line["customer_name"], line["document_number"]) == ("17", "Smit", "V-9")
    assert (line["invoice_date"], line["due_date"]) == (dt.date(2025, 3, 1), dt.date(2025, 3, 15))
    assert (line["open_amount"], line["currency"]) == (Decimal("1234.50"), "USD")


def test_a_title_above_a_blank_row_a_remark_and_the_total_below_are_no_items(tmp_path):
    text = (
        f"Openstaande posten per 22-11-2026\n;;;;;\n{HEADER}\n{ROW}\n\n"
        f"D2;Smit;2025002;01-02-2025;15-02-2025;100,00\n;;;;Totaal;1.334,60\nEinde van de lijst\n"
    )
    lines, source = read_text(tmp_path, text)
    assert len(accepted(lines)) == 2
    assert not rejected(lines)
    assert source.control.file_total == Decimal("1334.60")
    assert source.control.difference == Decimal("0.10")
    assert source.control.file_total_of == "total row on line 7"
    assert any("2 lines above the header" in note for note in source.notes)


def test_subtotals_do_not_hide_the_grand_total(tmp_path):
    second = "D2;S;2;1-2-2025;9-2-2025;5,00"
    text = f"{HEADER}\n{ROW}\n;;;;Subtotaal;1.234,50\n{HEADER}\n{second}\nTotaal;;;;;1.239,50\n"
    lines, source = read_text(tmp_path, text)
    assert len(lines) == 2
    assert source.control.difference == 0


def test_a_bad_day_is_named_with_place_value_and_remedy_and_keeps_its_key(tmp_path):
    text = f"{HEADER}\nD1;J;7;01-02-2025;31-02-2025;10,00\n{ROW}\n"
    lines, source = read_text(tmp_path, text)
    (bad,) = rejected(lines)
    assert bad["error_code"] == "date.none"
    assert bad["error"] == "Line 2: '31-02-2025' is not a day of the calendar. Correct it in the source."
    assert (bad["customer_number"], bad["document_number"]) == ("D1", "7")
    assert (bad["document_type"], bad["document_year"]) == ("invoice", 2025)
    assert bad["open_amount"] is None
    assert source.control.rejected == 1
    assert source.control.by_currency["EUR"].count == 1


def test_the_year_of_a_key_is_not_taken_from_the_due_date_of_a_bad_invoice_date(tmp_path):
    lines, _ = read_text(tmp_path, f"{HEADER}\nD1;J;7;32-12-2024;14-01-2025;10,00\n")
    assert (lines[0]["document_type"], lines[0]["document_year"]) == (None, None), "half a key is no key"


@pytest.mark.parametrize(
    ("row", "code"),
    [
        (";J;7;01-02-2025;15-02-2025;10,00", "customer.missing"),
        ("D1;J;;01-02-2025;15-02-2025;10,00", "number.missing"),
        ("D1;J;7;;;10,00", "date.missing"),
        ("D1;J;7;01-02-2025;15-02-2025;", "amount.missing"),
        ("D1;J;7;01-02-2025;15-02-2025;1,234.50", "amount.form"),
        ("D1;J;7;01-02-2025;15-02-2025;10,005", "amount.decimals"),
        ("D1;J;7;01-02-2025;45703;10,00", "date.serial"),
        ("D1;J;7;01-02-1925;15-02-2025;10,00", "date.year"),
        ("D1;Smit; Zoon;7;01-02-2025;15-02-2025;10,00", "row.cells"),
        ("D1;J;7", "row.cells"),
    ],
)
def test_what_is_wrong_with_a_row_has_a_code(tmp_path, row, code):
    lines, _ = read_text(tmp_path, f"{HEADER}\n{row}\n{ROW}\n{ROW}\n")
    assert [line["error_code"] for line in lines] == [code, None, None]
    assert lines[0]["error"].startswith("Line 2: ")


def test_a_shifted_row_has_no_certain_key(tmp_path):
    lines, _ = read_text(tmp_path, f"{HEADER}\nD1;Smit; Zoon;7;01-02-2025;15-02-2025;10,00\n{ROW}\n")
    assert (lines[0]["customer_number"], lines[0]["document_number"]) == (None, None)


def test_quotes_separators_and_line_ends_within_a_text(tmp_path):
    text = f'{HEADER}\nD1;"Smit; Van ""Rijn""\nen zonen";7;01-02-2025;15-02-2025;10,00\n{ROW}\n'
    lines, _ = read_text(tmp_path, text)
    assert lines[0]["customer_name"] == 'Smit; Van "Rijn"\nen zonen'
    assert [line["place"] for line in lines] == ["line 2", "line 4"]


def test_a_missing_due_date_is_the_customers_term_else_the_mappings_and_is_marked(tmp_path):
    header = f"{HEADER};Betaaltermijn"
    text = (
        f"{header}\nD1;J;1;01-02-2025;;5,00;14 dagen\nD1;J;2;01-02-2025;;5,00;\nD1;J;3;01-02-2025;;5,00;0\n"
    )
    lines, _ = read_text(tmp_path, text, corrections=["default_payment_term=21"])
    assert [line["due_date"].isoformat() for line in lines] == ["2025-02-15", "2025-02-22", "2025-02-01"]
    assert all(line["due_estimated"] for line in lines)
    assert [line["payment_term"] for line in lines] == [14, None, 0]


def test_a_business_only_by_its_number_or_the_sources_mark(tmp_path):
    header = "debnr;naam;kvk;btw-nummer;klantsoort;factuurnr;factuurdatum;openstaand"
    rows = [
        "1;A BV;12345678;;;1;01-02-2025;5,00",
        "2;B BV;n.v.t.;;;2;01-02-2025;5,00",
        "3;C;;NL123456782B01;;3;01-02-2025;5,00",
        "4;D;;123456782;;4;01-02-2025;5,00",
        "5;E;12345678;;Particulier;5;01-02-2025;5,00",
        "6;F;;;vereniging;6;01-02-2025;5,00",
        "7;G;1234567;;;7;01-02-2025;5,00",
    ]
    lines, _ = read_text(tmp_path, "\n".join([header, *rows]))
    kinds = [line["customer_kind"] for line in lines]
    assert kinds == ["business", None, "business", None, "consumer", "unknown", "business"]
    assert lines[3]["vat_number"] is None, "nine bare digits may be a citizen's number"
    assert lines[6]["kvk"] == "01234567"


@pytest.mark.parametrize(
    ("header", "rows"),
    [
        ("Bedrag;D/C", ["10,00;D", "4,00;C"]),
        ("Bedrag;Debet/Credit", ["10,00;Debet", "4,00;Credit"]),
        ("Debet;Credit", ["10,00;", ";4,00"]),
        ("Bedrag;D/C", ["10,00;D", "-4,00;C"]),
        ("Bedrag;Soort", ["10,00;Factuur", "-4,00;Creditnota"]),
        ("Bedrag;", ["10,00;", "4,00-;"]),
        ("Bedrag;", ["10,00;", "(4,00);"]),
    ],
)
def test_sign_by_minus_word_or_column(tmp_path, header, rows):
    text = f"Klantnr;Factuurnr;Datum;{header}\n" + "".join(
        f"D1;{n};01-02-2025;{r}\n" for n, r in enumerate(rows)
    )
    lines, _ = read_text(tmp_path, text)
    assert [line["open_amount"] for line in lines] == [Decimal(10), Decimal(-4)]
    assert [line["document_type"] for line in lines] == ["invoice", "credit_note"]


def test_an_unknown_sign_word_is_refused_not_guessed(tmp_path):
    text = "Klantnr;Factuurnr;Datum;Bedrag;D/C\nD1;1;01-02-2025;5,00;X\nD1;2;01-02-2025;5,00;D\n"
    lines, _ = read_text(tmp_path, text)
    assert lines[0]["error_code"] == "sign.unknown"
    assert "--map debit_words" in lines[0]["error"]
    assert lines[0]["document_type"] is None


def test_an_overpaid_invoice_stays_an_invoice_when_the_original_is_known(tmp_path):
    text = "Klantnr;Factuurnr;Datum;Factuurbedrag;Openstaand\nD1;1;01-02-2025;100,00;-5,00\n"
    (line,), _ = read_text(tmp_path, text)
    assert (line["document_type"], line["original_amount"]) == ("invoice", Decimal(100))


def test_a_latin_1_byte_in_utf_8_is_named_and_read(tmp_path):
    text = f"{HEADER}\n{ROW}\n".encode() + "D2;Café Zoë;8;01-02-2025;15-02-2025;1,00\n".encode()
    text += "D3;Löwenbräu;9;01-02-2025;15-02-2025;1,00\n".encode("latin-1")
    lines, source = read_text(tmp_path, text)
    assert [line["customer_name"] for line in lines[1:]] == ["Café Zoë", "Löwenbräu"]
    assert "Said to be UTF-8 but read as Windows-1252 from line 4, byte 0xF6." in source.notes


def test_equal_content_gives_equal_hashes_and_a_change_only_its_own(tmp_path):
    (first,), _ = read_text(tmp_path, f"{HEADER}\n{ROW}\n")
    (again,), _ = read_text(tmp_path, f"Titel\n{HEADER}\n{ROW}\n")
    (moved,), _ = read_text(tmp_path, f"{HEADER}\n{ROW.replace('1.234,50', '1.200,00')}\n")
    (renamed,), _ = read_text(tmp_path, f"{HEADER}\n{ROW.replace('Jansen', 'Janssen')}\n")
    (shorter,), _ = read_text(tmp_path, f"{HEADER}\n{ROW}\n", corrections=["default_payment_term=14"])
    hashes = [(line["item_hash"], line["customer_hash"]) for line in (first, again, moved, renamed, shorter)]
    assert hashes[0] == hashes[1]
    assert moved["item_hash"] != first["item_hash"]
    assert moved["customer_hash"] == first["customer_hash"]
    assert renamed["item_hash"] == first["item_hash"]
    assert renamed["customer_hash"] != first["customer_hash"]
    assert shorter["item_hash"] != first["item_hash"], "the same text now means another due date"
    assert all(-(2**63) <= value < 2**63 for pair in hashes for value in pair)


def test_currencies_are_not_added(tmp_path):
    text = f"{HEADER};Valuta\n{ROW};EUR\n{ROW};£\n"
    _, source = read_text(tmp_path, text)
    assert {code: total.count for code, total in source.control.by_currency.items()} == {"EUR": 1, "GBP": 1}


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "file.empty"),
        (b"\xef\xbb\xbf\n\n", "file.empty"),
        (f"{HEADER}\n".encode(), "file.no_items"),
        (b"PK\x03\x04" + bytes(50), "file.binary"),
        (b"%PDF-1.7", "file.binary"),
        (b"a;b\n\0\1\2;c\n", "file.binary"),
        (f"{HEADER}\n".encode() + b"x" * 3_000_000, "file.line_too_long"),
        (f'{HEADER}\n"D1;{"x" * 200_000}'.encode() + b"\n" * 9, "file.rows"),
        (b"naam;woonplaats\nJansen;Ede\n", "mapping.missing"),
        (b"<html><body>Login</body></html>", "file.xml_unknown"),
        (b"<?xml version='1.0'?><Invoice/>", "file.xml_unknown"),
    ],
)
def test_what_is_no_list_is_refused_clearly(tmp_path, content, code):
    path = tmp_path / "export.csv"
    path.write_bytes(content)
    with pytest.raises(Invalid) as refused:
        deque(open_source(path, today=TODAY).lines(), 0)
    assert refused.value.code == code
    assert refused.value.remedy


def test_a_nul_byte_far_in_the_file_is_named(tmp_path):
    path = tmp_path / "export.csv"
    path.write_bytes(f"{HEADER}\n".encode() + f"{ROW}\n".encode() * 20_000 + b"D1;\0\n")
    with pytest.raises(Invalid, match="Line 20002 holds a NUL byte"):
        deque(open_source(path, today=TODAY).lines(), 0)


def test_a_missing_file_is_an_outside_error(tmp_path):
    from app.errors import SourceAway  # noqa: PLC0415 only here

    with pytest.raises(SourceAway):
        open_source(tmp_path / "none.csv", today=TODAY)


def test_amounts_that_may_be_thousands_are_asked_about(tmp_path):
    path = tmp_path / "export.csv"
    path.write_text(f"{HEADER}\n{ROW.replace('1.234,50', '1.234')}\n")
    mapping = guess_mapping(path)
    with pytest.raises(Invalid) as asked:
        open_source(path, mapping=mapping, today=TODAY)
    assert asked.value.code == "mapping.decimal"
    assert "--map decimal=," in str(asked.value)
    assert "1.234" in str(asked.value)
    decided = mapping.with_corrections(["decimal=,", "thousands=."])
    lines = list(open_source(path, mapping=decided, today=TODAY).lines())
    assert lines[0][LINE_COLUMNS.index("open_amount")] == Decimal(1234)


def test_without_a_header_the_values_tell(tmp_path):
    rows = [
        f"{1000 + n // 2};Klant {'ABC'[n // 2]} BV;F2025{n:03};0{n + 1}-02-2025;1{n}-03-2025;{n},50;m@x.nl"
        for n in range(6)
    ]
    lines, source = read_text(tmp_path, "\n".join(rows))
    assert not source.mapping.header
    first = lines[3]
    assert (first["customer_number"], first["document_number"]) == ("1001", "F2025003")
    assert (first["invoice_date"], first["due_date"]) == (dt.date(2025, 2, 4), dt.date(2025, 3, 13))
    assert first["customer_name"] == "Klant B BV"
    assert first["email"] == "m@x.nl"


def _long_file(path, rows):
    with path.open("w") as file:
        file.write(f"{HEADER}\n")
        for n in range(rows):
            file.write(f"D{n};Klant nummer {n} met naam;F{n};01-02-2025;{n % 28 + 1}-03-2025;{n},50\n")


def test_memory_does_not_grow_with_the_file(tmp_path):
    path = tmp_path / "long.csv"
    peaks = []
    for rows in (8_000, 24_000):
        _long_file(path, rows)
        source = open_source(path, today=TODAY)
        tracemalloc.start()
        count = sum(1 for _ in source.lines())
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
        assert count == rows
    assert peaks[1] < peaks[0] * 1.2 + 1_000_000
    assert peaks[1] < 30_000_000


@pytest.mark.slow
def test_a_very_large_file_is_read_in_little_memory(tmp_path):
    path = tmp_path / "long.csv"
    _long_file(path, 2_000_000)
    assert path.stat().st_size > 110_000_000
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    source = open_source(path, today=TODAY)
    assert sum(1 for _ in source.lines()) == 2_000_000
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 60_000
