"""What an import does with a list of open items: new, changed, closed, back again, and never in doubt."""

import datetime as dt

import pytest

from app.errors import Conflict, NotFound, RuleBroken
from tests.db.exchange.books import TODAY, line, lines, private


def test_only_a_complete_run_closes(books):
    books.take(*lines(range(10)))
    added = books.take(line("F99"), complete=False)
    assert added["closed"] == 0
    assert len(books.open_amounts()) == 11
    closed = books.take(*lines(range(9)), line("F99"))
    assert closed["closed"] == 1
    assert "F9" not in books.open_amounts()
    assert books.item("F9", "not_in_source_since") == TODAY


def test_a_complete_run_closes_only_what_its_own_connection_brought(books):
    books.take(*lines(range(10)))
    books.connection = "webshop"
    books.take(*lines(range(20, 30)))
    assert len(books.open_amounts()) == 20


def test_a_period_closes_only_items_of_its_own_time(books):
    old = line("OLD", invoice_date="31-12-2025", due_date="30-01-2026")
    later = line("NEW", invoice_date="01-11-2026", due_date="10-11-2026")
    books.take(*lines(range(10)), old, later)
    run = books.call(
        "select tegoed.open_import(:c, 'import', 'xaf', 'complete', 'a.xaf', :d, null, :f, :u)",
        c=books.company, d=TODAY, f=dt.date(2026, 1, 1), u=dt.date(2026, 10, 31),
    )  # fmt: skip
    books.call("select tegoed.preview_import(:r)", r=run)
    books.call("select tegoed.apply_import(:r, '{closing}', :d)", r=run, d=TODAY)
    assert set(books.open_amounts()) == {"OLD", "NEW"}


def test_a_period_whose_opening_balance_is_complete_closes_older_items_too(books):
    books.take(line("OLD", invoice_date="31-12-2025", due_date="30-01-2026"), line("F1"))
    run = books.call(
        "select tegoed.open_import(:c, 'import', 'xaf', 'complete', 'a.xaf', :d, null, :f, :u)",
        c=books.company, d=TODAY, f=dt.date(2026, 1, 1), u=dt.date(2026, 12, 31),
    )  # fmt: skip
    books.call("select tegoed.preview_import(:r, null, '', true)", r=run)
    books.call("select tegoed.apply_import(:r, '{closing}', :d)", r=run, d=TODAY)
    assert books.open_amounts() == {}


def test_an_item_whose_key_stands_in_a_rejected_line_is_never_closed(books):
    books.take(*lines(range(10)))
    counts = books.take(*lines(range(9)), line("F9", due_date="31-02-2026"))
    assert (counts["rejected"], counts["closed"]) == (1, 0)
    assert books.open_amounts()["F9"] == "100.00"


def test_a_rejected_line_without_a_readable_key_makes_closing_need_a_word(books):
    books.take(*lines(range(10)))
    unreadable = line("F9", invoice_date="31-02-2026")
    with pytest.raises(RuleBroken, match="no readable number") as refused:
        books.take(*lines(range(9)), unreadable)
    assert refused.value.code == "import.closing"
    assert "--confirm-closing" in refused.value.remedy
    assert len(books.open_amounts()) == 10
    assert books.take(*lines(range(9)), unreadable, confirm=["closing"])["closed"] == 1


def test_more_than_a_fifth_of_the_items_vanishing_needs_a_word(books):
    books.take(*lines(range(10)))
    assert books.look(*lines(range(8)))["blocks"] == []
    with pytest.raises(RuleBroken, match="3 of 10 open items") as refused:
        books.take(*lines(range(7)))
    assert refused.value.values["amounts"] == {"EUR": "300.00"}
    assert len(books.open_amounts()) == 10
    books.take(*lines(range(7)), confirm=["closing"])
    assert len(books.open_amounts()) == 7


def test_more_than_a_fifth_of_the_amount_of_one_currency_vanishing_needs_a_word(books):
    dollars = [line("D1", "30,00", currency="USD"), line("D2", "70,00", currency="USD")]
    books.take(*lines(range(20)), *dollars)
    (block,) = books.look(*lines(range(20)), dollars[1])["blocks"]
    assert (block["code"], block["items"], block["amounts"]) == ("closing", 1, {"USD": "30.00"})


def test_an_item_that_comes_back_reopens_with_its_progress(books):
    books.take(*lines(range(10)), line("BACK", reminder_level="1", reminder_date="10-11-2026"))
    books.take(*lines(range(10)))
    assert books.item("BACK", "outstanding") == 0
    counts = books.take(*lines(range(10)), line("BACK", reminder_level="1", reminder_date="10-11-2026"))
    assert counts["reopened"] == 1
    assert books.open_amounts()["BACK"] == "100.00"
    assert books.item("BACK", "not_in_source_since") is None
    assert books.item("BACK", "rank_done") == 10
    assert books.one("select count(*) from tegoed.step_done") == 1


def test_the_key_of_an_item_never_holds_its_customer(books):
    books.take(*lines(range(60)))
    before = books.item("F7")
    books.take(*lines(range(7)), private("F7"), *lines(range(8, 60)))
    assert books.item("F7") == before
    assert books.one("select c.number from tegoed.customer c join tegoed.open_item i on i.customer_id = c.id"
                     " where i.document_number = 'F7'") == "1002"  # fmt: skip


def test_the_source_id_is_the_key_even_when_the_number_changes(books):
    books.take(line("F1", source_id="a-1"), line("F2", source_id="a-2"))
    before = books.item("F1")
    books.take(line("F1-corrected", source_id="a-1"), line("F2", source_id="a-2"))
    assert books.item("F1-corrected") == before


def test_the_same_number_in_another_year_is_another_item(books):
    books.take(line("F1"), line("F1", invoice_date="05-10-2025", due_date="04-11-2025"))
    assert books.one("select count(*) from tegoed.open_item") == 2


def test_a_document_twice_in_one_file_is_taken_neither_time_and_both_places_are_named(books):
    counts = books.look(line("F1"), line("F2"), line("F1", "50,00"))
    assert (counts["new"], counts["rejected"]) == (1, 2)
    first, second = counts["rejected_lines"]
    assert first.startswith("Line 2: document F1")
    assert second.startswith("Line 4: document F1")
    assert all("line 2 and line 4" in each for each in (first, second))


def test_a_known_item_that_stands_twice_is_neither_changed_nor_closed(books):
    books.take(*lines(range(10)))
    books.take(*lines(range(10)), line("F3", "1,00"))
    assert books.open_amounts()["F3"] == "100.00"


def test_the_same_file_again_writes_no_row(books):
    rows = [
        *lines(range(10), reminder_level="1"),
        private("P1"),
        line("C1", "-25,00"),
        line("L1", "40,00", original_amount="60,00"),
    ]
    books.take(*rows)
    before = books.snapshot()
    counts = books.take(*rows)
    assert (counts["unchanged"], counts["changed"], counts["new"]) == (13, 0, 0)
    assert books.snapshot() == before


def test_a_customer_that_two_lines_describe_differently_stays_as_the_first_says(books):
    rows = [line("F1"), line("F2", customer_name="Smit & v. Rijn")]
    books.take(*rows)
    before = books.snapshot()
    books.take(*rows)
    assert books.snapshot() == before
    assert books.one("select name from tegoed.customer") == "Smit & Van Rijn B.V."


def test_an_import_for_a_company_one_may_not_see_is_refused(books, login):
    books.desk = login("collector", "worker")
    with pytest.raises(NotFound, match="no such company"):
        books.take(line("F1"))


def test_nobody_can_preview_or_apply_the_run_of_another(books, login):
    run = books.call(
        "select tegoed.open_import(:c, 'import', 'csv', 'complete', 'a', :d)", c=books.company, d=TODAY
    )
    books.desk = login("collector", companies=[books.company])
    with pytest.raises(NotFound, match="open import of yours"):
        books.call("select tegoed.preview_import(:r)", r=run)
    with pytest.raises(NotFound, match="open import of yours"):
        books.call("select tegoed.apply_import(:r)", r=run)


def test_a_run_is_applied_once(books):
    books.take(line("F1"))
    run = books.one("select max(id) from tegoed.import_run")
    with pytest.raises(NotFound):
        books.call("select tegoed.apply_import(:r)", r=run)


def test_nothing_is_applied_that_nobody_looked_at(books):
    run = books.call(
        "select tegoed.open_import(:c, 'import', 'csv', 'complete', 'a', :d)", c=books.company, d=TODAY
    )
    with pytest.raises(RuleBroken, match="Look at the differences first"):
        books.call("select tegoed.apply_import(:r)", r=run)


def test_a_look_that_another_import_overtook_is_not_applied(books):
    run = books.call(
        "select tegoed.open_import(:c, 'import', 'csv', 'complete', 'a', :d)", c=books.company, d=TODAY
    )
    books.call("select tegoed.preview_import(:r)", r=run)
    books.take(*lines(range(3)))
    with pytest.raises(Conflict, match="Another import of the same source") as refused:
        books.call("select tegoed.apply_import(:r)", r=run)
    assert refused.value.code == "import.overtaken"
    assert len(books.open_amounts()) == 3
