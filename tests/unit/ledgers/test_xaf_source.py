import datetime as dt
import re
import tracemalloc
from collections import defaultdict
from decimal import Decimal

import pytest

from app.errors import Invalid
from tests.unit.ledgers.lines import DATA, accepted, read, rejected

UNIT4 = DATA / "unit4-multivers-demo-2017-xaf32.xaf"
BANANA = DATA / "banana-2018-xaf32.xaf"
OFFICIAL = DATA / "official-test-xaf32.xaf"
D = Decimal


def per_customer(lines):
    sums = defaultdict(Decimal)
    for line in accepted(lines):
        sums[line["customer_number"], line["currency"]] += line["open_amount"]
    return dict(sums)


def test_unit4_open_items_are_the_balance_of_its_debtor_accounts():
    lines, source = read(UNIT4)
    assert len(lines) == 28
    assert not rejected(lines)
    control = source.control
    assert control.file_total_of == "balance of debtor accounts 1300, 1310"
    assert control.file_total == D("45370.34")
    assert control.difference == 0
    assert control.by_currency["EUR"].open_amount == D("38695.78")
    assert control.by_currency["GBP"].open_amount == D("5640.00")


def test_unit4_customers_and_items():
    lines, source = read(UNIT4)
    sums = per_customer(lines)
    assert sums["D1001", "EUR"] == D("11196.45")
    assert sums["D1013", "EUR"] == D("5445.00")
    assert sums["D1009", "GBP"] == D("5640.00")
    items = {line["document_number"]: line for line in lines}
    partly = items["20170004"]
    assert (partly["original_amount"], partly["open_amount"]) == (D("2916.10"), D("2734.60"))
    assert partly["paid_on"] == dt.date(2017, 2, 24)
    assert (partly["invoice_date"], partly["due_date"]) == (dt.date(2017, 1, 13), dt.date(2017, 1, 27))
    assert not partly["due_estimated"]
    assert partly["place"] == "sbLine 31 of subledger 2"
    settled = {"20170008", "20170025", "20170009", "20170021"}
    assert not settled & items.keys(), "paid items are not open"
    assert not any(line["customer_number"].startswith("C") for line in lines), "suppliers are left out"
    brokma = items["20170002"]
    assert brokma["customer_name"] == "Fa. Brokma Blokhutten v/h Gebr. Brokma"
    assert (brokma["contact_name"], brokma["contact_gender"]) == ("Mevr. M. van der Laan", "f")
    assert (brokma["street"], brokma["postcode"], brokma["city"]) == (
        "Frederik Hendrikplantsoen 23", "2346 GF", "LEIDEN",
    )  # fmt: skip
    assert items["20170030"]["contact_gender"] == "", "Mr. may be a lawyer's title"
    assert items["20170030"]["country"] == "US"
    assert source.period == (dt.date(2017, 1, 1), dt.date(2017, 5, 8))
    assert source.completeness == "complete"
    assert source.covers_earlier


def test_unit4_wrong_encoding_is_repaired_and_noted():
    _, source = read(UNIT4)
    assert source.notes == ["Said to be UTF-8 but read as Windows-1252 from line 100, byte 0xF6."]


@pytest.mark.parametrize("names", ["kept", "lost"])
def test_the_journal_tells_the_same_as_the_subledger(tmp_path, names):
    text = re.sub(rb"<subledgers>.*</subledgers>", b"", UNIT4.read_bytes(), flags=re.DOTALL)
    if names == "lost":
        text = re.sub(rb"[Dd]ebiteuren", b"Post", text)
    path = tmp_path / "journal.xaf"
    path.write_bytes(text)
    from_journal, source = read(path)
    from_subledger, _ = read(UNIT4)
    keys = ("customer_number", "document_type", "document_number", "document_year", "open_amount", "currency")
    assert {tuple(map(line.get, keys)) for line in from_journal} == {
        tuple(map(line.get, keys)) for line in from_subledger
    }
    assert all(line["due_estimated"] for line in from_journal)
    assert source.control.difference == 0


def test_banana_has_an_account_per_customer_and_no_references():
    lines, source = read(BANANA)
    assert per_customer(lines) == {
        ("11000", "EUR"): D("1063.50"),
        ("11020", "EUR"): D("4137.00"),
        ("11030", "EUR"): D("11800.00"),
    }
    (bad,) = rejected(lines)
    assert bad["error_code"] == "customer.missing"
    assert bad["error"].startswith("trLine 67 of transaction 67 in journal 1: ")
    assert source.control.file_total == D("19250.50")
    assert source.control.compared == D("17000.50")
    assert source.control.difference == D("2250.00"), "booked on the control account without a customer"
    assert len({line["source_id"] for line in accepted(lines)}) == 8
    pierre = next(line for line in lines if line["customer_number"] == "11030")
    assert pierre["customer_name"] == "Pierre Dupont"
    assert pierre["country"] == "FR"


def test_the_official_example_holds_purchases_only():
    with pytest.raises(Invalid) as refused:
        read(OFFICIAL)
    assert refused.value.code == "xaf.no_items"
    assert "purchases only" in str(refused.value)


def test_keys_are_the_same_when_the_file_is_exported_again(tmp_path):
    text = UNIT4.read_bytes().replace(b"<dateCreated>2017-05-08", b"<dateCreated>2017-06-09")
    path = tmp_path / "again.xaf"
    path.write_bytes(text)
    keys = ("document_type", "document_number", "document_year", "source_id", "item_hash", "customer_hash")
    first, second = ([tuple(map(line.get, keys)) for line in read(p)[0]] for p in (UNIT4, path))
    assert first == second


HEAD = """<?xml version="1.0" encoding="{encoding}"?>{before}<auditfile xmlns="{namespace}"><header>
<fiscalYear>2025</fiscalYear><startDate>2025-01-01</startDate><endDate>2025-12-31</endDate>
<curCode>EUR</curCode><dateCreated>2025-12-31</dateCreated></header><company><customersSuppliers>{customers}
</customersSuppliers><generalLedger><ledgerAccount><accID>1300</accID><accDesc>Debiteuren</accDesc>
<accTp>B</accTp></ledgerAccount></generalLedger><openingBalance><obLine><nr>1</nr><accID>1300</accID>
<amnt>{opened}</amnt><amntTp>D</amntTp></obLine>{opening}</openingBalance><transactions>{journals}
<subledgers>{subledgers}</subledgers></transactions></company></auditfile>"""
V32 = "http://www.auditfiles.nl/XAF/3.2"


def tags(**texts):
    return "".join(f"<{name}>{value}</{name}>" for name, value in texts.items())


def relation(number, kind="C", **texts):
    inner = tags(custSupID=number, custSupName=f"Naam {number}", custSupTp=kind, **texts)
    return f"<customerSupplier>{inner}</customerSupplier>"


def sb(nr, amount, side, customer="D1", **texts):
    inner = tags(nr=nr, jrnID="V", trNr=nr, trLineNr=1, amnt=amount, amntTp=side, custSupID=customer, **texts)
    return f"<sbLine>{inner}</sbLine>"


def invoice(nr, amount, ref, customer="D1", **texts):
    return sb(nr, amount, "D", customer, invRef=ref, invPurSalTp="S", invDt="2025-03-01", mutTp="I", **texts)


def payment(nr, amount, customer="D1", **texts):
    return sb(nr, amount, "C", customer, invPurSalTp="S", invDt="2025-04-01", mutTp="P", **texts)


def write(tmp_path, lines="", *, kind="CU", encoding="UTF-8", codec="utf-8", **parts):
    parts = {
        "customers": relation("D1") + relation("D2"), "opened": "0.00", "opening": "", "journals": "",
        "namespace": V32, "before": "", **parts,
    }  # fmt: skip
    subledgers = f"<subledger><sbType>{kind}</sbType>{lines}</subledger>" if lines else ""
    path = tmp_path / "audit.xaf"
    path.write_bytes(HEAD.format(encoding=encoding, subledgers=subledgers, **parts).encode(codec))
    return path


def opening(*lines):
    inner = "".join(lines).replace("sbLine>", "obSbLine>")
    return f"<obSubledgers><obSubledger><sbType>CU</sbType>{inner}</obSubledger></obSubledgers>"


def test_opening_and_period_make_one_item(tmp_path):
    brought = invoice(1, "100.00", "2024-9", invDueDt="2025-03-15")
    path = write(tmp_path, payment(2, "40.00", invRef="2024-9"), opening=opening(brought), opened="100.00")
    (line,), source = read(path)
    assert (line["original_amount"], line["open_amount"]) == (D(100), D(60))
    assert line["due_date"] == dt.date(2025, 3, 15)
    assert source.covers_earlier


def test_a_missing_due_date_is_estimated(tmp_path):
    (line,), _ = read(write(tmp_path, invoice(1, "100.00", "A")))
    assert (line["due_date"], line["due_estimated"]) == (dt.date(2025, 3, 31), True)


def test_a_payment_without_reference_is_a_payment_on_account(tmp_path):
    lines, source = read(write(tmp_path, invoice(1, "100.00", "A") + payment(2, "30.00", docRef="bank 7")))
    on_account = lines[1]
    assert (on_account["document_type"], on_account["open_amount"]) == ("payment", D(-30))
    assert (on_account["document_number"], on_account["source_id"]) == ("bank 7", "line:2025/V/2/1/bank 7")
    assert source.control.by_currency["EUR"].open_amount == D(70)


def test_match_keys_bring_payments_to_their_invoice(tmp_path):
    paid = invoice(1, "100.00", "A", matchKeyID="m1") + payment(2, "30.00", matchKeyID="m1")
    (line,), _ = read(write(tmp_path, paid))
    assert (line["document_number"], line["open_amount"]) == ("A", D(70))


def test_one_payment_matched_with_two_invoices_settles_both(tmp_path):
    paid = invoice(1, "60.00", "A", matchKeyID="m") + invoice(2, "40.00", "B", matchKeyID="m")
    rest = payment(3, "100.00", matchKeyID="m") + invoice(4, "5.00", "C")
    lines, source = read(write(tmp_path, paid + rest))
    assert [line["document_number"] for line in lines] == ["C"]
    assert source.control.compared == D(5)


def test_a_credit_note_and_an_overpaid_invoice_keep_their_kind(tmp_path):
    credit = sb(1, "25.00", "C", invRef="CN1", invPurSalTp="S", invDt="2025-03-01", mutTp="I")
    overpaid = invoice(2, "100.00", "A") + payment(3, "110.00", invRef="A")
    lines, _ = read(write(tmp_path, credit + overpaid))
    assert [(line["document_type"], line["open_amount"]) for line in lines] == [
        ("credit_note", D(-25)),
        ("invoice", D(-10)),
    ]


def test_the_same_reference_of_two_customers_is_two_items(tmp_path):
    lines, _ = read(write(tmp_path, invoice(1, "1.00", "A") + payment(2, "1.00", "D2", invRef="A")))
    assert [line["customer_number"] for line in lines] == ["D1", "D2"]


def test_a_mixed_subledger_is_split_by_sale_and_purchase_then_by_relation(tmp_path):
    customers = relation("D1", "C") + relation("K1", "S") + relation("B1", "B")
    plain = sb(1, "10.00", "D", "D1", invRef="A", invDt="2025-03-01", mutTp="I")
    supplier = sb(2, "20.00", "C", "K1", invRef="X", invDt="2025-03-01", mutTp="I")
    both = sb(3, "30.00", "D", "B1", invRef="B", invDt="2025-03-01", mutTp="I")
    lines, _ = read(write(tmp_path, plain + supplier + both, kind="CS", customers=customers))
    assert [line["document_number"] for line in accepted(lines)] == ["A"]
    (bad,) = rejected(lines)
    assert (bad["error_code"], bad["document_number"]) == ("xaf.side_unknown", "B")


def test_where_d_is_debtor_c_is_creditor(tmp_path):
    customers = relation("D1", "D") + relation("K1", "C")
    plain = sb(1, "10.00", "D", "D1", invRef="A", invDt="2025-03-01", mutTp="I")
    supplier = sb(2, "20.00", "C", "K1", invRef="X", invDt="2025-03-01", mutTp="I")
    lines, _ = read(write(tmp_path, plain + supplier, kind="CS", customers=customers))
    assert [line["customer_number"] for line in lines] == ["D1"]


@pytest.mark.parametrize(
    ("spoilt", "code"),
    [
        (payment(2, "40,00", invRef="A"), "amount.form"),
        (payment(2, "40.00", invRef="A").replace(">C<", ">X<"), "sign.unknown"),
        (payment(2, "40.00", invRef="A").replace("2025-04-01", "2025-02-31"), "date.none"),
    ],
)
def test_an_item_with_a_line_that_cannot_be_read_is_refused_whole(tmp_path, spoilt, code):
    lines, source = read(write(tmp_path, invoice(1, "100.00", "A") + spoilt + invoice(3, "5.00", "B")))
    (bad,) = rejected(lines)
    assert bad["error_code"] == code
    assert bad["error"].startswith("sbLine 2 of subledger 1: ")
    assert (bad["customer_number"], bad["document_type"], bad["document_number"]) == ("D1", "invoice", "A")
    assert bad["document_year"] == 2025
    assert [line["document_number"] for line in accepted(lines)] == ["B"]
    assert source.control.rejected == 1


def test_a_foreign_item_is_demanded_in_its_currency_until_a_line_lacks_it(tmp_path):
    pounds = "<currency><curCode>GBP</curCode><curAmnt>80.00</curAmnt></currency>"
    line = invoice(1, "100.00", "A").replace("</sbLine>", f"{pounds}</sbLine>")
    (foreign,), source = read(write(tmp_path, line))
    assert (foreign["currency"], foreign["open_amount"]) == ("GBP", D(80))
    assert source.control.compared == D(100), "compared with the ledger at its booked value"
    (mixed,), _ = read(write(tmp_path, line + payment(2, "50.00", invRef="A")))
    assert (mixed["currency"], mixed["open_amount"]) == ("EUR", D(50))


JOURNAL = (
    "<journal><jrnID>B</jrnID><jrnTp>B</jrnTp>"
    "<transaction><nr>1</nr><trDt>2025-02-01</trDt>{}</transaction></journal>"
)


def test_a_payment_of_an_invoice_from_before_the_file_is_not_set_off(tmp_path):
    paid = tags(nr=1, accID=1300, amnt="40.00", amntTp="C", custSupID="D1", invRef="2024-9")
    path = write(tmp_path, journals=JOURNAL.format(f"<trLine>{paid}</trLine>"), opened="100.00")
    lines, source = read(path)
    assert lines[0]["error_code"] == "xaf.invoice_missing"
    assert (lines[0]["document_type"], lines[0]["document_number"]) == (None, "2024-9")
    assert not source.covers_earlier, "what is absent may still be open"


def test_debtor_lines_without_any_customer_are_not_taken_for_nothing_owed(tmp_path):
    booked = tags(nr=1, accID=1300, amnt="40.00", amntTp="D", invRef="A")
    with pytest.raises(Invalid, match="none of the 1 lines on account 1300 names a customer"):
        read(write(tmp_path, journals=JOURNAL.format(f"<trLine>{booked}</trLine>")))


BOMB = '<!DOCTYPE a [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;"><!ENTITY c "&b;&b;&b;&b;">]>'
EXTERNAL = '<!DOCTYPE a [<!ENTITY a SYSTEM "file:///etc/passwd">]>'


@pytest.mark.parametrize("before", [BOMB, EXTERNAL, '<!DOCTYPE auditfile SYSTEM "http://127.0.0.1:9/x.dtd">'])
@pytest.mark.parametrize("codec", ["utf-8", "utf-16"])
def test_declarations_and_entities_are_refused(tmp_path, before, codec):
    path = write(tmp_path, invoice(1, "1.00", "A"), before=before, codec=codec, encoding=codec)
    with pytest.raises(Invalid) as refused:
        read(path)
    assert refused.value.code == "xaf.declaration"


def test_a_declaration_behind_a_long_comment_is_refused_too(tmp_path):
    path = write(tmp_path, invoice(1, "1.00", "&a;"), before=f"<!--{'x' * 400_000}-->{EXTERNAL}")
    with pytest.raises(Invalid) as refused:
        read(path, format="xaf")
    assert refused.value.code == "xaf.declaration"


@pytest.mark.parametrize(
    "namespace",
    ["http://www.auditfiles.nl/XAF/4.0", "urn:StandardAuditFile", "http://www.auditfiles.nl/XAF/3.3"],
)
def test_other_versions_are_refused(tmp_path, namespace):
    with pytest.raises(Invalid, match=re.escape(namespace)):
        read(write(tmp_path, invoice(1, "1.00", "A"), namespace=namespace))


def test_version_3_1_is_read(tmp_path):
    lines, _ = read(write(tmp_path, invoice(1, "1.00", "A"), namespace=V32.replace("3.2", "3.1")))
    assert len(lines) == 1


@pytest.mark.parametrize(
    ("encoding", "codec"),
    [("UTF-8", "utf-8-sig"), ("ISO-8859-1", "cp1252"), ("UTF-8", "cp1252"), ("ISO-8859-1", "utf-8"),
     ("windows-1252", "cp1252"), ("ISO-8859-15", "iso8859-15"), ("UTF-16", "utf-16")],
)  # fmt: skip
def test_declared_and_real_encodings(tmp_path, encoding, codec):
    path = write(tmp_path, invoice(1, "1.00", "A", desc="Zoë € 5"), encoding=encoding, codec=codec)
    (line,), source = read(path)
    assert line["description"] == "Zoë € 5"
    told = any(note.startswith("Said to be") for note in source.notes)
    assert told == ((encoding, codec) in {("UTF-8", "cp1252"), ("ISO-8859-1", "utf-8")})


def test_a_cut_off_file_is_named_with_its_line(tmp_path):
    path = tmp_path / "cut.xaf"
    path.write_bytes(UNIT4.read_bytes()[:100_000])
    with pytest.raises(Invalid) as refused:
        read(path)
    assert refused.value.code == "xaf.broken"
    assert re.search(r"at line \d{4}", str(refused.value))


def test_an_oversized_text_is_refused(tmp_path):
    path = write(tmp_path, invoice(1, "1.00", "A", desc="x" * 11_000_000))
    with pytest.raises(Invalid) as refused:
        read(path)
    assert refused.value.code == "xaf.broken"


def test_memory_follows_the_items_not_the_lines(tmp_path):
    peaks = []
    for count in (1_000, 4_000):
        lines = invoice(1, f"{count}.00", "A") + "".join(
            payment(n, "1.00", invRef="A") for n in range(2, count)
        )
        path = write(tmp_path, lines)
        tracemalloc.start()
        (line,), _ = read(path)
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
        assert line["open_amount"] == D(2)
    assert peaks[1] < peaks[0] * 1.2
