import json

import psycopg
import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from app.adapters.database.engine import make_engine, make_sessions, session_scope, transaction
from app.adapters.database.translation import translated
from app.errors import Conflict, DatabaseAway, Invalid, NotAllowed, NotFound, RuleBroken

RAISE = "DO $$ BEGIN RAISE EXCEPTION USING ERRCODE = '{}', MESSAGE = 'It is too late.', DETAIL = '{}'; END $$"


def fail_with(engine, state: str, detail: str = "") -> None:
    with transaction(engine) as connection:
        connection.connection.driver_connection.execute(RAISE.format(state, detail))


@pytest.mark.parametrize(
    ("state", "kind"),
    [
        ("TG001", Invalid),
        ("TG002", RuleBroken),
        ("TG003", Conflict),
        ("TG004", NotAllowed),
        ("TG005", NotFound),
        ("42501", NotAllowed),
        ("40001", Conflict),
        ("40P01", Conflict),
        ("55P03", Conflict),
        ("53100", DatabaseAway),
    ],
)
def test_what_the_database_refuses_is_an_error_of_ours(owner, state, kind):
    with pytest.raises(kind) as caught:
        fail_with(owner, state)
    assert type(caught.value) is kind
    assert caught.value.__cause__ is not None


def test_our_functions_say_code_field_remedy_and_values(owner):
    values = {"on": "2026-01-02"}
    detail = {"code": "promise.past", "remedy": "Choose a later day.", "field": "on", "values": values}
    with pytest.raises(Invalid) as caught:
        fail_with(owner, "TG001", json.dumps(detail))
    error = caught.value
    assert str(error) == "It is too late. Choose a later day."
    assert error.code == "promise.past"
    assert error.field == "on"
    assert error.values == {"field": "on", "on": "2026-01-02"}


def test_values_may_have_any_name(owner):
    with pytest.raises(RuleBroken) as caught:
        fail_with(owner, "TG002", json.dumps({"values": {"message": 1, "code": 2, "self": 3}}))
    assert caught.value.message == "It is too late."
    assert caught.value.values == {"message": 1, "code": 2, "self": 3}


def test_a_detail_that_is_no_json_is_kept(owner):
    with pytest.raises(RuleBroken) as caught:
        fail_with(owner, "TG002", "row 7")
    assert caught.value.values == {"detail": "row 7"}


def test_anything_else_is_a_bug_and_stays_what_it_is(owner):
    with pytest.raises(DBAPIError), transaction(owner) as connection:
        connection.execute(text("SELECT 1 / 0"))


def test_a_statement_on_the_bare_driver_is_translated_too(owner):
    with pytest.raises(RuleBroken), transaction(owner) as connection:
        connection.connection.driver_connection.execute(RAISE.format("TG002", ""))


def test_what_was_done_before_the_error_is_undone(database, owner):
    with pytest.raises(RuleBroken), session_scope(make_sessions(owner)) as session:  # noqa: PT012
        session.execute(text("CREATE TABLE tegoed.undone ()"))
        session.connection().connection.driver_connection.execute(RAISE.format("TG002", ""))
    with transaction(owner) as connection:
        assert connection.scalar(text("SELECT to_regclass('tegoed.undone')")) is None


def test_a_lost_connection_says_when_to_try_again_and_the_next_one_works(database, login):
    engine = login("collector")
    with pytest.raises(DatabaseAway) as caught, transaction(engine) as connection:  # noqa: PT012
        mine = connection.scalar(text("SELECT pg_backend_pid()"))
        with psycopg.connect(database.conninfo) as admin:
            admin.execute("SELECT pg_terminate_backend(%s, 5000)", [mine])
        connection.execute(text("SELECT 1"))
    assert caught.value.retry_after == 5
    with transaction(engine) as connection:
        assert connection.scalar(text("SELECT 1")) == 1


def test_a_server_that_is_not_there_is_away():
    engine = make_engine("host=127.0.0.1 port=1 dbname=none user=nobody")
    with pytest.raises(DatabaseAway), transaction(engine):
        pass
    with pytest.raises(DatabaseAway), translated():
        psycopg.connect("host=127.0.0.1 port=1 dbname=none user=nobody")


def test_the_second_of_a_kind_is_a_conflict_that_names_the_rule(owner):
    add = text("INSERT INTO tegoed.app_user (login, name) VALUES ('twice', 'Twice')")
    with pytest.raises(Conflict) as caught, transaction(owner) as connection:  # noqa: PT012
        connection.execute(add)
        connection.execute(add)
    assert "login" in str(caught.value.values["constraint"])


def test_every_session_is_in_utc_and_finds_nothing_of_ours_unnamed(login):
    with transaction(login("collector")) as connection:
        assert connection.scalar(text("SHOW timezone")) == "UTC"
        assert connection.scalar(text("SHOW application_name")) == "tegoed"
        assert connection.scalar(text("SELECT to_regclass('company')")) is None
        assert connection.scalar(text("SELECT to_regclass('tegoed.company')")) is not None
