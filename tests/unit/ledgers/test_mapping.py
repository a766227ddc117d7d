import pytest

from app.adapters.ledgers import guess_mapping, open_source
from app.errors import Invalid
from app.services.exchange.rows import CsvMapping
from tests.unit.ledgers.lines import HEADER, TODAY, named

ROW = "D1;Jansen BV;2025001;01-02-2025;15-02-2025;1.234,50"


@pytest.fixture
def export(tmp_path):
    path = tmp_path / "export.csv"
    path.write_text(f"{HEADER};Betaaldag\n{ROW};20-02-2025\n", "utf-8")
    return path


def test_a_guess_tells_how_sure_it_is_and_shows_values(export):
    mapping = guess_mapping(export)
    assert mapping.columns["due_date"] == "Vervaldatum"
    assert mapping.evidence["due_date"].confidence == 1.0
    assert mapping.evidence["due_date"].samples == ("15-02-2025",)
    assert mapping.completeness is None


def test_a_mapping_is_remembered_exactly(export):
    mapping = guess_mapping(export).with_corrections(["completeness=complete", "default_payment_term=14"])
    assert CsvMapping.from_json(mapping.to_json()) == mapping


def test_corrections_name_a_header_a_number_or_nothing(export):
    mapping = guess_mapping(export)
    by_name = mapping.with_corrections(["due_date=betaaldag"])
    by_number = mapping.with_corrections(["due_date=7"])
    for corrected in (by_name, by_number):
        (line,) = open_source(export, mapping=corrected, today=TODAY).lines()
        assert named(line)["due_date"].isoformat() == "2025-02-20"
    (line,) = open_source(export, mapping=mapping.with_corrections(["due_date="]), today=TODAY).lines()
    assert named(line)["due_estimated"]


@pytest.mark.parametrize(
    ("correction", "field", "told"),
    [
        ("duedate=Vervaldatum", "duedate", "due_date"),
        ("due_date=Vervaldatm", "due_date", "Vervaldatum"),
        ("due_date=9", "due_date", "Vervaldatum"),
        ("due_date", "due_date", "field=header"),
        ("decimal=;", "decimal", ".,"),
        ("completeness=maybe", "completeness", "additions"),
        ("date_format=jjjj", "date_format", "dd-mm-yyyy"),
        ("header=perhaps", "header", "yes"),
        ("default_payment_term=400", "default_payment_term", "365"),
        ("encoding=klingon", "encoding", "klingon"),
    ],
)
def test_a_wrong_correction_names_what_would_be_right(export, correction, field, told):
    with pytest.raises(Invalid) as refused:
        guess_mapping(export).with_corrections([correction])
    assert refused.value.field == field
    assert told in str(refused.value)


def test_a_remembered_mapping_that_no_longer_fits_says_which_column_is_gone(export):
    mapping = guess_mapping(export)
    export.write_text(export.read_text("utf-8").replace("Vervaldatum", "Vervaldag"), "utf-8")
    with pytest.raises(Invalid) as refused:
        list(open_source(export, mapping=mapping, today=TODAY).lines())
    assert refused.value.field == "due_date"
    assert "Vervaldatum (for due_date)" in str(refused.value)
    assert "Vervaldag" in str(refused.value)


def test_missing_columns_are_named_with_what_the_file_has(tmp_path):
    path = tmp_path / "export.csv"
    path.write_text("Kleur;Factuurnummer;Factuurdatum;Openstaand\nrood;1;01-02-2025;5,00\n")
    with pytest.raises(Invalid) as refused:
        open_source(path, today=TODAY)
    assert refused.value.field == "customer_number"
    assert "--map customer_number=" in str(refused.value)
    assert "Kleur" in str(refused.value)


def test_a_header_that_stands_twice_is_read_by_its_number(tmp_path):
    path = tmp_path / "export.csv"
    path.write_text("Klantnr;Factuurnr;Datum;Datum;Openstaand\nD1;1;01-02-2025;15-02-2025;5,00\n")
    mapping = guess_mapping(path).with_corrections(["due_date=4"])
    (line,) = open_source(path, mapping=mapping, today=TODAY).lines()
    assert named(line)["invoice_date"].isoformat() == "2025-02-01"
    assert named(line)["due_date"].isoformat() == "2025-02-15"


def test_unknown_keys_in_a_remembered_mapping_are_refused():
    with pytest.raises(Invalid):
        CsvMapping.from_json('{"columns": {"colour": "Kleur"}}')
    with pytest.raises(Invalid):
        CsvMapping.from_json("not json")
