"""What each command answers: to people, to scripts (`--json`), and by its exit code."""

import datetime as dt
import json
import os
import shutil
import tempfile
from pathlib import Path

import pytest

from app import bootstrap, config
from app.cli import main
from tests.conftest import stop_server

WHO = "customer_number;customer_name;street;postcode;city;email;phone;kvk"
HEADER = f"{WHO};document_number;invoice_date;due_date;open_amount"
SENDER = ("street=Dijk 1", "postcode=1234 AB", "city=Ede", "email=d@abc.example", "iban=NL91ABNA0417164300")


@pytest.fixture(scope="module")
def desk():
    """An embedded database of this module, kept running between its commands."""
    home = Path(tempfile.mkdtemp(prefix="tegoed home "))
    home.chmod(0o711)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TEGOED_HOME", str(home))
        patch.delenv("TEGOED_DATABASE", raising=False)
        with bootstrap.open_desk(config.load()) as opened, opened.engine.connect():
            assert main(["company", "add", "ABC", "Abc Handel B.V.", *SENDER]) == 0
            assert main(["import", str(csv_file(home)), "--company", "ABC", "--complete"]) == 0
            assert main(["company", "live", "ABC"]) == 0
            assert main(["day", "--out", str(home / "out")]) == 0
            yield opened
    stop_server(home)
    shutil.rmtree(home)


def csv_file(folder: Path, *numbers: str, name: str = "open.csv") -> Path:
    today = dt.datetime.now(dt.UTC).date()
    made, due = (f"{today - dt.timedelta(days=days):%d-%m-%Y}" for days in (60, 30))
    rows = [
        f"{100 + n};Klant {n} B.V.;Dijk {n};1234 AB;Ede;k{n}@klant.example;0318 09 80 00;{12345600 + n}"
        f";F{n};{made};{due};1{n}0,00"
        for n in range(1, 7)
    ]
    path = folder / name
    path.write_text("\n".join([HEADER, *rows, *numbers, ""]), "utf-8")
    return path


@pytest.fixture
def tegoed(desk, capsys):
    """`tegoed("why F1")` gives the exit code, what people read, and what stood on standard error."""

    def run(words: str | list[str]) -> tuple[int, str, str]:
        capsys.readouterr()
        code = main(words.split() if isinstance(words, str) else words)
        said = capsys.readouterr()
        return code, said.out, said.err

    return run


@pytest.fixture
def ask(tegoed):
    def run(words: str | list[str], code: int = 0) -> dict:
        parts = words.split() if isinstance(words, str) else words
        found, out, _ = tegoed([*parts, "--json"])
        assert found == code, out
        return json.loads(out)

    return run


def action_of(ask, customer: str) -> int:
    (row,) = [row for row in ask("outbox list")["outbox"] if row["customer"] == customer]
    return row["action_id"]


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        ("company show", 0, "ABC"),
        ("company show ABC", 0, "Handel"),
        ("company show NONE", 4, "`tegoed company show` lists yours"),
        ("company set ABC colour=red", 2, "Known: "),
        ("company set ABC city", 2, "key=value"),
        ("company set ABC recall_minutes=soon", 2, "must be a number"),
        ("company set ABC --workflow none", 2, "Known: consument, groot, zakelijk"),
        ("company add ABC Again", 2, "There is a company ABC already"),
        ("company live ABC", 2, "Only a company in plan only can go live"),
        ("why F1", 0, "reminder"),
        ("why 101", 0, "Klant 1 B.V."),
        ("why F404", 4, "Give a customer number or a document number"),
        ("why F1 --date 2126-01-01", 2, "Check the year"),
        ("plan --date 2126-01-01", 2, "Check the year"),
        ("plan --company NONE", 4, "no company"),
        ("plan --dry-run", 0, "dry run: nothing written"),
        ("day --date 2126-01-01", 2, "Check the year"),
        ("hold F404", 4, "No customer or document"),
        ("hold F1 --amount many", 2, "Write it as 100"),
        ("hold F1 --until 2020-01-01", 2, "cannot end before it starts"),
        ("release 999999", 4, ""),
        ("outbox list --trouble", 0, "Nothing here."),
        ("outbox list --unposted", 0, "Nothing here."),
        ("outbox show 999999", 0, "not rendered yet"),
        ("outbox recall 999999", 4, "show the numbers of actions"),
        ("outbox undo-skip 999999", 4, "no action 999999"),
        ("outbox send-now 999999", 4, "no action 999999"),
        ("outbox sent 999999", 4, "no action 999999"),
        ("outbox not-sent 999999", 4, "no action 999999"),
        ("outbox other-channel 999999", 4, "no action 999999"),
        ("outbox not-posted 999999", 4, "no action 999999"),
        ("outbox withdraw-approval 999999", 4, "no action 999999"),
        ("outbox posted 999999 --on 2026-11-20", 0, "0 letters were posted"),
        ("outcome 999999 promise", 4, "no action 999999"),
        ("approve 999999", 4, "no action 999999"),
        ("return 999999 why", 4, "no action 999999"),
        ("write F404 reminder", 4, "No customer or document"),
        ("import /nowhere.csv --company ABC", 5, "cannot be read"),
        ("sample", 2, "set TEGOED_HOME to a new folder"),
        ("db upgrade", 0, "is up to date"),
        ("db status", 0, "sending paused"),
        ("doctor", 0, "database"),
        ("resume-sending", 0, "was not paused"),
        ("worker --once", 0, "Sent: "),
    ],
)
def test_every_command_says_what_happened_and_what_to_do(tegoed, words, code, said):
    found, out, err = tegoed(words)
    assert found == code, out + err
    assert said in out + err
    assert (err == "") == (code in {0, 1})
    _, out, _ = tegoed(f"{words} --json")
    answer = json.loads(out)
    assert ("error" in answer) == (code > 1)


@pytest.mark.parametrize(
    "words", ["", "import", "hold", "outbox", "plan --date 31-02-2026", "write F1 shout", "db"]
)
def test_words_that_are_no_command_are_refused_with_the_way_to_ask(tegoed, capsys, words):
    with pytest.raises(SystemExit) as stopped:
        tegoed(words)
    assert stopped.value.code == 2
    assert "usage: tegoed" in capsys.readouterr().err


@pytest.mark.parametrize(
    "command", ["import", "plan", "why", "company", "outbox", "db", "day", "worker", "write"]
)
def test_every_command_explains_itself(tegoed, capsys, command):
    with pytest.raises(SystemExit) as stopped:
        tegoed(f"{command} --help")
    assert stopped.value.code == 0
    assert f"tegoed {command}" in capsys.readouterr().out


def test_a_hold_silences_and_its_release_brings_the_item_back(ask, tegoed):
    held = ask("hold F1 --cause dispute --reason wrong")["hold"]
    _, out, _ = tegoed("why F1")
    assert "Nothing comes: it is on hold." in out
    assert f"hold {held}: F1, dispute, until released" in out
    told = ask("why F1")["why"]
    assert told["holds"][0]["cause"] == "dispute"
    ask(f"release {held}")
    assert ask("why F1")["why"]["holds"] == []
    assert ask(f"release {held}", code=2)["error"] == "hold.ended"


def test_what_waits_can_be_shown_recalled_returned_and_approved(ask, tegoed, tmp_path):
    shown = ask(f"outbox show {action_of(ask, '102')} --out {tmp_path}")["files"]
    assert b"klant.example" in Path(shown[0]).read_bytes()
    skipped = action_of(ask, "102")
    assert ask(f"outbox recall {skipped} --skip")["choice"] == "skip"
    ask(f"outbox undo-skip {skipped}")
    ask(["return", str(action_of(ask, "103")), "not this customer"])
    assert "on hold" in tegoed("why F3")[1]
    approved = action_of(ask, "104")
    ask(f"approve {approved}")
    ask(f"outbox withdraw-approval {approved}")
    assert ask(f"approve {approved} 999999", code=4)["error"] == "action.unknown"
    ask(f"outbox send-now {approved}")
    assert ask(f"outbox sent {approved}", code=2)["error"]


def test_a_letter_by_hand_goes_to_somebody_else_for_approval(ask, tegoed):
    made = ask("write F5 demand --by letter")["action"]
    code, _, err = tegoed(f"approve {made}")
    assert code in {2, 3}, err
    assert made in [row["action_id"] for row in ask("outbox list")["outbox"]]


def test_an_import_shows_its_mapping_examples_totals_and_what_needs_a_word(ask, tegoed, tmp_path):
    today = dt.datetime.now(dt.UTC).date()
    bad = f"107;Klant 7;Dijk;1234 AB;Ede;;;;F7;31-02-2026;{today:%d-%m-%Y};10,00"
    total = ";;;;;;;;Totaal;;;999,00"
    path = csv_file(tmp_path, bad, total)
    code, out, _ = tegoed(
        ["import", str(path), "--company", "ABC", "--mapping", "other", "--additions", "--dry-run"]
    )
    assert code == 1
    assert "open_amount      ← open_amount" in out
    assert "!! CONTROL TOTAL" in out
    assert "DIFFERENCE" in out
    assert "Line 8: '31-02-2026' is not a day of the calendar" in out
    assert "new: line 2: F1 of customer 101, 110.00 EUR open" in out
    few = tmp_path / "few.csv"
    few.write_text("\n".join([*path.read_text("utf-8").splitlines()[:2], ""]), "utf-8")
    code, out, _ = tegoed(["import", str(few), "--company", "ABC", "--dry-run"])
    assert code == 1
    assert "unchanged: line 2: F1" in out
    assert "closed: F2 of customer" in out or "closed: F2," in out
    assert "NEEDS YOUR WORD: 5 of 6 open items" in out
    facts = ask(["import", str(few), "--company", "ABC", "--dry-run"], code=1)["files"][0]
    assert facts["mapping"]["kept"] is True
    assert {each["kind"] for each in facts["examples"]} == {"unchanged", "closed"}


def test_a_mapping_is_kept_under_its_name_with_the_answer_to_complete(ask, tmp_path):
    path = str(csv_file(tmp_path))
    assert ask(["import", path, "--company", "ABC"])["files"][0]["counts"]["unchanged"] == 6
    assert (
        ask(["import", path, "--company", "ABC", "--mapping", "new"], code=2)["error"]
        == "import.completeness"
    )


def test_a_backup_is_restored_into_a_database_of_its_own(ask, tegoed, tmp_path):
    assert ask(["db", "backup", str(tmp_path / "b")])["rows"] > 0
    code, out, err = tegoed(["db", "restore", str(tmp_path / "b"), "--into", "second"])
    assert code == 0, err
    assert "resume-sending" in out


@pytest.mark.parametrize(
    ("conninfo", "code", "said"),
    [
        ("host=127.0.0.1 port=1 dbname=tegoed", 5, "cannot be reached"),
        ("host=127.0.0.1 password=secret", 2, "holds a password"),
        ("host=127.0.0.1 nonsense=1", 2, "connection string"),
    ],
)
def test_a_database_that_cannot_be_used_is_said_plainly(tegoed, conninfo, code, said):
    found, out, err = tegoed(["--database", conninfo, "company", "show"])
    assert found == code, out + err
    assert said in err
    assert "Traceback" not in err
    found, out, _ = tegoed(["--database", conninfo, "doctor"])
    assert found == 1
    assert "database" in out
    assert "NO" in out


def test_a_wrong_login_is_told_whom_to_ask(desk, tegoed):
    socket = dict(part.split("=", 1) for part in desk.conninfo.replace("'", "").split() if "=" in part)
    server = f"host={socket['host']} port={socket.get('port', '5432')} dbname=tegoed"
    where = f"{server} user=nobody_known passfile=/dev/null"
    code, _, err = tegoed(["--database", where, "company", "show"])
    assert code in {3, 5}, err
    assert "Traceback" not in err
    assert "login" in err or "reached" in err


def test_the_home_folder_of_these_tests_is_their_own(desk):
    assert os.environ["TEGOED_HOME"] in str(desk.config.home)
