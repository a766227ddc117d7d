"""Imports that fail, are killed, or run beside each other and beside planning."""

import datetime as dt
import threading

import psycopg
import pytest
from sqlalchemy import text

from app.adapters.database.engine import make_sessions, session_scope
from app.errors import Conflict, DatabaseAway
from app.services.exchange import commands
from tests.db.exchange.books import MAPPING, TODAY, line, lines, make_books, private

RUNS = "select state from tegoed.import_run order by id"


def stale(books, on=TODAY):
    return books.one(
        "select tegoed.data_is_stale(c, :d) from tegoed.company c where c.id = :c", c=books.company, d=on
    )


def test_a_failed_import_stops_automatic_dunning_until_one_succeeds(books):
    books.take(*lines(range(3)))
    assert not stale(books)
    run = books.call(
        "select tegoed.open_import(:c, 'import', 'csv', 'complete', 'a', :d)", c=books.company, d=TODAY
    )
    books.call("select tegoed.fail_import(:r)", r=run)
    assert stale(books)
    books.take(*lines(range(3)))
    assert not stale(books)


def test_an_import_somebody_gave_up_stops_nothing(books):
    books.take(*lines(range(3)))
    run = books.call(
        "select tegoed.open_import(:c, 'import', 'csv', 'complete', 'a', :d)", c=books.company, d=TODAY
    )
    books.call("select tegoed.fail_import(:r, true)", r=run)
    assert not stale(books)
    assert books.rows(RUNS) == [("applied",), ("abandoned",)]


def test_additions_do_not_make_old_data_fresh(books):
    books.take(*lines(range(3)), as_of=TODAY - dt.timedelta(days=30))
    books.take(line("F9"), complete=False)
    assert stale(books)
    books.take(*lines(range(3)), line("F9"))
    assert not stale(books)


def test_an_older_file_does_not_make_the_data_older(books):
    books.take(*lines(range(3)))
    books.take(*lines(range(3)), as_of=TODAY - dt.timedelta(days=30))
    assert books.one("select data_as_of from tegoed.company") == TODAY - dt.timedelta(days=1)


@pytest.mark.parametrize("table", ["customer", "open_item", "movement", "import_run"])
def test_a_database_error_on_the_way_leaves_nothing_written(books, table):
    books.take(*lines(range(3)), line("F3", "50,00", original_amount="100,00"))
    before = books.snapshot()
    books.do(
        "create function public.disk_full() returns trigger language plpgsql as"
        " $$ begin raise exception using errcode = '53100', message = 'No space left on device'; end $$"
    )
    when = "when (new.state = 'applied')" if table == "import_run" else ""
    event = "update" if table == "import_run" else "insert"
    books.do(
        f"create trigger zz_full before {event} on tegoed.{table} for each row {when}"
        " execute function public.disk_full()"
    )
    try:
        with pytest.raises(DatabaseAway, match="short of"):
            books.take(*lines(range(3)), line("F3", "20,00", original_amount="100,00"), private("F9"))
    finally:
        books.do(f"drop trigger zz_full on tegoed.{table}")
        books.do("drop function public.disk_full()")
    assert books.snapshot() == before
    assert books.one("select count(*) from tegoed.import_line") == 0
    books.take(*lines(range(3)), private("F9"), confirm=["closing"])
    assert books.open_amounts()["F9"] == "100.00"


def killed_copy(driver, run, database):
    copying = "copy tegoed.import_line (run_id, line_no, place) from stdin"
    with driver.cursor() as cursor, cursor.copy(copying) as copy:
        copy.write_row((run, 1, "line 1"))
        with psycopg.connect(database.conninfo, autocommit=True) as admin:
            admin.execute("select pg_terminate_backend(%s, 5000)", [driver.info.backend_pid])
        for number in range(2, 200_000):
            copy.write_row((run, number, f"line {number}"))


def test_an_upload_killed_in_the_middle_leaves_nothing_and_the_next_import_works(books, database):
    engine, rows = books.desk, lines(range(50))
    with engine.connect() as connection:
        run = connection.execute(
            text("select tegoed.open_import(:c, 'import', 'csv', 'complete', 'a', :d)"),
            {"c": books.company, "d": TODAY},
        ).scalar_one()
        connection.commit()
        driver = connection.connection.driver_connection
        with pytest.raises(psycopg.OperationalError):
            killed_copy(driver, run, database)
        connection.invalidate()
    assert books.one("select count(*) from tegoed.import_line") == 0
    assert books.take(*rows)["new"] == 50


def test_lines_of_runs_whose_program_died_are_cleaned_up_half_a_day_later(books):
    with session_scope(make_sessions(books.desk)) as session:
        run, source = books.open(*lines(range(3)), session=session)
        commands.preview(session, run, source)
    books.take(line("F9"))
    assert books.one("select count(*) from tegoed.import_line") == 3
    books.do("update tegoed.import_run set started_at = now() - interval '13 hours' where id = :r", r=run)
    books.take(line("F9"))
    assert books.one("select count(*) from tegoed.import_line") == 0
    assert books.rows(RUNS) == [("abandoned",), ("applied",), ("applied",)]


def test_lines_that_another_login_adds_to_a_run_are_not_taken(books, login):
    with session_scope(make_sessions(books.desk)) as session:
        run, source = books.open(line("F1"), session=session)
    other = login("collector", companies=[books.company])
    with session_scope(make_sessions(other)) as session:
        commands.upload(session, run, open_again(books, line("EVIL", "9999,00")))
    with session_scope(make_sessions(books.desk)) as session:
        assert commands.preview(session, run, source)["lines"] == 1
        commands.apply(session, run, on=TODAY)
    assert books.open_amounts() == {"F1": "100.00"}
    assert books.one("select count(*) from tegoed.import_line") == 0


def open_again(books, *rows):
    from app.adapters.ledgers.source import open_source  # noqa: PLC0415

    return open_source(books.file(*rows), mapping=MAPPING, today=TODAY)


def beside(first, second):
    """Run both at once from the start; what each gave or raised."""
    found, start = {}, threading.Barrier(2)

    def go(name, act):
        start.wait()
        try:
            found[name] = act()
        except Exception as error:  # noqa: BLE001  (the test looks at it)
            found[name] = error

    threads = [threading.Thread(target=go, args=each) for each in (("first", first), ("second", second))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    return found["first"], found["second"]


def test_the_same_import_twice_at_once_takes_each_item_once(books):
    rows = lines(range(40))
    found = beside(lambda: books.take(*rows), lambda: books.take(*rows))
    taken = [each for each in found if isinstance(each, dict)]
    assert taken, found
    assert all(isinstance(each, dict | Conflict) for each in found), found
    assert books.one("select count(*) from tegoed.open_item") == 40
    assert books.one("select count(*) from tegoed.customer") == 1


def test_planning_beside_an_import_plans_what_is_open_in_the_end(planned_books):
    books = planned_books
    books.take(*lines(range(20)), private("P1"))
    counts, planned = beside(lambda: books.take(*lines(range(1, 20)), private("P1", "0,00")), books.plan)
    assert isinstance(counts, dict), counts
    assert isinstance(planned, dict), planned
    asked = books.rows(
        "select i.document_number, i.outstanding from tegoed.action_item ai"
        " join tegoed.open_item i on i.id = ai.open_item_id join tegoed.action a on a.id = ai.action_id"
        " where a.state = 'planned'"
    )
    assert {number for number, _ in asked} == {f"F{n}" for n in range(1, 20)}
    assert all(amount > 0 for _, amount in asked)


def test_what_an_import_settles_is_cancelled_in_the_same_transaction(planned_books):
    books = planned_books
    books.take(line("F1"), private("F2"))
    books.plan()
    assert books.one("select count(*) from tegoed.action where state = 'planned'") == 2
    books.take(line("F1", "0,00"), private("F2"))
    states = dict(
        books.rows(
            "select c.number, a.state from tegoed.action a join tegoed.customer c on c.id = a.customer_id"
        )
    )
    assert states == {"1001": "cancelled", "1002": "planned"}


def test_what_an_import_brings_on_a_planned_day_is_planned_at_once(planned_books):
    books = planned_books
    books.take(line("F1"))
    books.plan()
    books.take(line("F1"), private("F2"))
    assert (
        books.one(
            "select count(*) from tegoed.action a join tegoed.customer c on c.id = a.customer_id"
            " where c.number = '1002'"
        )
        == 1
    )


def test_two_companies_with_the_same_numbers_do_not_touch(books, login, owner, tmp_path):
    other = make_books(login, owner, tmp_path, code="XYZ")
    books.take(*lines(range(3)))
    other.take(line("F0", "1,00"))
    assert books.open_amounts() == {"F0": "100.00", "F1": "100.00", "F2": "100.00"}
    assert other.open_amounts() == {"F0": "1.00"}


def test_an_import_of_one_changed_line_writes_that_item_only(books):
    books.take(*lines(range(20)))
    before = set(books.snapshot())
    books.take(line("F0", "40,00"), *lines(range(1, 20)))
    after = books.snapshot()
    assert len(set(after) - before) == 2  # the item and its movement
