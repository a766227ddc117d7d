"""The first day of somebody new: from an empty computer to letters in a folder, by the real command line."""

import datetime as dt
import email
import json
import os
import re
import subprocess
import sys
from email import policy
from io import BytesIO
from pathlib import Path

import pytest
from pypdf import PdfReader

ROOT = Path(__file__).resolve().parents[2]
XAF = ROOT / "tests" / "data" / "xaf" / "unit4-multivers-demo-2017-xaf32.xaf"
HEADER = "Relatie|Bedrijfsnaam|Straat|PC|Woonplaats|Mail|KvK-nummer|Nota|Notadatum|Vervalt op|Totaal|Nog open"
SENDER = (
    "street=Handelsweg 8", "postcode=3900 AA", "city=Veenendaal", "email=debiteuren@abc.example",
    "iban=NL91ABNA0417164300", "phone=0318 09 80 00", "kvk=12345678", "minimum_amount=1",
)  # fmt: skip


class Newcomer:
    """Types commands; each is a process of its own, as it would be for a person."""

    def __init__(self, home: Path) -> None:
        self.env = {**os.environ, "TEGOED_HOME": str(home), "PYTHONPATH": str(ROOT), "COLUMNS": "200"}

    def run(self, *words: str, code: int = 0) -> str:
        done = subprocess.run(
            [sys.executable, "-m", "app", *words],
            env=self.env, cwd=ROOT, capture_output=True, text=True, timeout=300, check=False,
        )  # fmt: skip
        assert done.returncode == code, f"{words}: {done.returncode}\n{done.stdout}\n{done.stderr}"
        assert "Traceback" not in done.stderr
        return done.stdout + done.stderr

    def ask(self, *words: str, code: int = 0) -> dict:
        return json.loads(self.run(*words, "--json", code=code))


def export(path: Path, *, paid: tuple[str, ...] = ()) -> Path:
    """A list of open items in a dialect of its own: pipes, points for thousands, days without zeros."""
    today = dt.datetime.now(dt.UTC).date()
    rows = [HEADER]
    for customer, name, mail, kvk, invoices in (
        (
            "501",
            "Smit & Van Rijn B.V.",
            "smit@smit.example",
            "12345678",
            (("N1", "1.210,00"), ("N2", "90,50")),
        ),
        ("502", "Bakkerij Ümit", "", "87654321", (("N3", "300,00"),)),
        ("503", "De Boer Bouw", "bouw@boer.example", "11223344", (("N4", "75,25"),)),
    ):
        for number, amount in invoices:
            if number in paid:
                continue
            made = today - dt.timedelta(days=50)
            due = made + dt.timedelta(days=30)
            rows.append(
                f"{customer}|{name}|Kade 1|6710 AB|Ede|{mail}|{kvk}|{number}|{made.day}-{made.month}-{made.year}"
                f"|{due.day}-{due.month}-{due.year}|{amount}|{amount}"
            )
    path.write_text("\r\n".join([*rows, ""]), "cp1252")
    return path


def text_of(path: Path) -> str:
    """What a reader sees of a letter or mail, attachments included, in single spaces."""
    if path.suffix == ".pdf":
        said = [page.extract_text() for page in PdfReader(path).pages]
    else:
        message = email.message_from_bytes(path.read_bytes(), policy=policy.default)
        said = [str(message["To"]), str(message["Subject"])]
        for part in message.walk():
            if part.get_content_type() == "text/plain":
                said.append(part.get_content())
            elif part.get_content_type() == "application/pdf":
                said += [page.extract_text() for page in PdfReader(BytesIO(part.get_content())).pages]
    return re.sub(r"\s+", " ", " ".join(said))


def letters(folder: Path) -> dict[str, str]:
    """Customer number to the text of what left for that customer."""
    found = {
        path.name.split("_")[1]: text_of(path)
        for path in folder.rglob("*")
        if path.suffix in {".pdf", ".eml"}
    }
    assert len(found) == len([p for p in folder.rglob("*") if p.is_file()])
    return found


@pytest.mark.slow
def test_a_newcomer_goes_from_an_export_to_letters_in_a_folder(tegoed_home, tmp_path):
    me, out = Newcomer(tegoed_home), tmp_path / "out"
    made = me.run("company", "add", "ABC", "Abc Handel B.V.")
    assert "Next: tegoed company set ABC" in made
    me.run("company", "set", "ABC", *SENDER)

    first = me.run("import", str(export(tmp_path / "a.csv")), "--company", "ABC", code=2)
    assert "--complete" in first
    shown = me.run("import", str(tmp_path / "a.csv"), "--company", "ABC", "--complete", "--dry-run")
    assert re.search(r"open_amount +← Nog open", shown)
    assert "nothing changed (dry run)" in shown
    taken = me.ask("import", str(tmp_path / "a.csv"), "--company", "ABC", "--complete")["files"][0]
    assert taken["counts"]["new"] == 4
    assert taken["control"]["currencies"]["EUR"]["open"] == "1675.75"

    audit = me.ask("import", str(XAF), "--company", "ABC", "--mapping", "unit4")["files"][0]
    assert (audit["counts"]["new"], audit["control"]["difference"]) == (28, "0.00")

    planned = me.run("plan", "--dry-run")
    assert "nothing written" in planned
    live = me.run("company", "live", "ABC")
    assert "waits for approval" in live
    day = me.ask("day", "--out", str(out))["days"][0]
    assert day["left"] == {}
    waiting = me.ask("outbox", "list", "--approval")["outbox"]
    assert {row["customer"] for row in waiting} >= {"501", "502", "503", "D1001"}
    me.run("approve", *(str(row["action_id"]) for row in waiting))

    # De Boer pays between approval and sending: his letter stays
    fewer = str(export(tmp_path / "b.csv", paid=("N4",)))
    again = me.ask("import", fewer, "--company", "ABC", "--confirm-closing")["files"][0]
    assert again["counts"]["closed"] == 1
    me.run("day", "--out", str(out))
    sent = letters(out)
    assert {"501", "502"} <= sent.keys()
    assert "503" not in sent
    assert all(
        each in sent["501"]
        for each in ("smit@smit.example", "Smit & Van Rijn", "N1", "N2", "1.210,00", "90,50", "1.300,50")
    )
    assert all(each in sent["502"] for each in ("Bakkerij Ümit", "N3", "300,00"))
    assert "N4" not in " ".join(sent.values())
    assert len([number for number in sent if number.startswith("D")]) >= 10

    before = {path: path.read_bytes() for path in out.rglob("*") if path.is_file()}
    me.run("day", "--out", str(out))
    assert {path: path.read_bytes() for path in out.rglob("*") if path.is_file()} == before

    why = me.run("why", "N1")
    assert "Last step: reminder" in why
    nothing = me.run("why", "503")
    assert "Nothing is open, so nothing comes." in nothing
