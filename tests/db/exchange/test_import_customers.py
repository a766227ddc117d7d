"""Who a customer is, when numbers change hands, and where items go that move."""

import pytest

from app.adapters.database.engine import make_sessions, session_scope
from app.errors import Conflict, Invalid, RuleBroken
from app.services.exchange import commands
from tests.db.exchange.books import TODAY, line, lines, private


def kind(books, number="1001"):
    return books.rows("select kind, kind_source from tegoed.customer where number = :n", n=number)[0]


@pytest.mark.parametrize(
    ("cells", "found"),
    [
        ({"kvk": "12345678"}, ("business", "registration")),
        ({"kvk": "", "vat_number": "NL123456782B01"}, ("business", "registration")),
        ({"kvk": "", "customer_kind": "zakelijk"}, ("business", "source")),
        ({"kvk": "12345678", "customer_kind": "particulier"}, ("consumer", "source")),
        ({"kvk": "", "customer_name": "Jansen Holding B.V."}, ("unknown", "none")),
        ({"kvk": "", "customer_kind": "A-klant"}, ("unknown", "none")),
        ({"kvk": "12345678", "customer_kind": "A-klant"}, ("business", "registration")),
    ],
)
def test_kind_comes_only_from_registration_the_sources_mark_or_by_hand(books, cells, found):
    books.take(line("F1", **cells))
    assert kind(books) == found


def test_a_kind_given_by_hand_stays(books):
    books.take(line("F1", kvk=""))
    books.do("update tegoed.customer set kind = 'consumer', kind_source = 'hand'")
    books.take(line("F1", kvk="12345678"))
    assert kind(books) == ("consumer", "hand")


def test_customers_of_unknown_kind_are_listed_after_an_import(books):
    books.take(line("F1"), private("F2"))
    with session_scope(make_sessions(books.desk)) as session:
        found = commands.unknown_kinds(session, books.company)
    assert found.count == 1
    assert found.examples == ["1002 J. de Vries"]


def test_what_the_source_does_not_say_stays_as_it_was(books):
    books.take(line("F1"))
    books.do("update tegoed.customer set address_state = 'wrong', email_state = 'bounced'")
    books.take(line("F1", customer_name="Smit B.V.", street="", postcode="", city="", email=""))
    found = books.rows(
        "select name, street, postcode, email, address_state, email_state from tegoed.customer"
    )
    assert found == [
        ("Smit B.V.", "Kanaaldijk 41", "6710 AB", "boekhouding@smit.example", "wrong", "bounced")
    ]


def test_a_new_address_is_good_again(books):
    books.take(line("F1"))
    books.do("update tegoed.customer set address_state = 'wrong', email_state = 'bounced'")
    books.take(line("F1", street="Dijk 1", email="new@smit.example"))
    assert books.rows("select address_state, email_state from tegoed.customer") == [("good", "good")]


def customers(numbers, prefix="", **cells):
    """One item of each of these customers, each with a registration of their own."""
    return [
        line(
            f"F{n}",
            customer_number=f"{prefix}{n}",
            customer_name=f"Klant {n}",
            kvk=f"{10_000_000 + n}",
            **cells,
        )
        for n in numbers
    ]


def test_many_items_under_other_customers_apply_nothing_and_propose_a_list(books):
    books.take(*customers(range(100, 150)))
    before = books.snapshot()
    moved = [*customers(range(100, 102), prefix="9"), *customers(range(102, 150))]
    with pytest.raises(
        RuleBroken, match="2 of 50 known items stand under another customer number"
    ) as refused:
        books.take(*moved)
    assert refused.value.code == "import.moved"
    assert refused.value.values["renumbering"] == {"100": "9100", "101": "9101"}
    assert "--renumber FILE" in refused.value.remedy
    assert "--confirm-moved" in refused.value.remedy
    assert books.snapshot() == before


def test_up_to_one_item_in_fifty_may_move_without_a_word(books):
    books.take(*customers(range(100, 150)))
    assert books.look(*customers([100], prefix="9"), *customers(range(101, 150)))["blocks"] == []


@pytest.mark.parametrize(
    ("other", "blocked"),
    [
        ({"customer_name": "Iemand anders", "kvk": "99999999"}, True),
        ({"customer_name": "Iemand anders", "vat_number": "NL999999990B99"}, True),
        ({"customer_name": "Iemand anders", "iban": "NL91ABNA0417164300"}, True),
        ({"customer_name": "Iemand anders", "postcode": "9999 ZZ"}, True),
        ({"customer_name": "Andere naam"}, False),
        ({"kvk": "99999999"}, False),
    ],
)
def test_customers_with_another_name_and_another_registration_apply_nothing(books, other, blocked):
    usual = {"vat_number": "NL123456782B01", "iban": "NL20INGB0001234567"}
    books.take(line("F1", **usual))
    counts = books.look(line("F1", **{**usual, **other}))
    assert [block["code"] for block in counts["blocks"]] == (["renamed"] if blocked else [])


def test_numbers_given_to_others_are_proposed_by_their_registration(books):
    books.take(*customers(range(100, 103)))
    rows = [
        line(f"N{n}", customer_number=f"{n + 1}", customer_name=f"Klant {n}", kvk=f"{10_000_000 + n}")
        for n in range(100, 103)
    ]
    (block,) = books.look(*rows, complete=False)["blocks"]
    assert block["code"] == "renamed"
    assert block["renumbering"] == {"100": "101", "101": "102", "102": "103"}


def hold(books, number):
    books.call(
        "select tegoed.place_hold(:c, array[cast(:i as bigint)], p_from => :d)",
        c=books.item(number, "customer_id"), i=books.item(number), d=TODAY,
    )  # fmt: skip


def renumber(books, numbers, *rows):
    with session_scope(make_sessions(books.desk)) as session:
        run, source = books.open(*rows, session=session)
        commands.preview(session, run, source, sha256="abc")
        commands.renumber(session, run, numbers)
        commands.preview(session, run, source)
        return commands.apply(session, run, on=TODAY)


def test_renumbering_keeps_holds_progress_and_documents(books):
    books.take(*customers(range(100, 110), reminder_level="1"))
    item, customer = books.item("F100"), books.item("F100", "customer_id")
    hold(books, "F100")
    books.do(
        "insert into tegoed.document (company_id, sha256, size, media_type) values (:c, 'x', 1, 'text/plain')",
        c=books.company,
    )
    swapped = [
        *customers([100], prefix="9", reminder_level="1"),
        *customers(range(101, 110), reminder_level="1"),
    ]
    counts = renumber(books, {"100": "9100"}, *swapped)
    assert (counts["moved"], counts["closed"], counts["new"]) == (0, 0, 0)
    assert (books.item("F100"), books.item("F100", "customer_id")) == (item, customer)
    assert books.one("select number from tegoed.customer where id = :c", c=customer) == "9100"
    assert books.item("F100", "rank_done") == 10
    assert (
        books.one("select count(*) from tegoed.active_hold(:d) where open_item_id = :i", d=TODAY, i=item) == 1
    )
    assert books.one("select count(*) from tegoed.document") == 1
    assert books.rows("select old_number, new_number from tegoed.item_renumbering") == [("100", "9100")]
    assert books.one("select sha256 from tegoed.import_run order by id desc limit 1") == "abc"


def test_numbers_can_change_places(books):
    books.take(*customers([100, 101]))
    a, b = books.item("F100", "customer_id"), books.item("F101", "customer_id")
    rows = [
        line("F100", customer_number="101", customer_name="Klant 100", kvk="10000100"),
        line("F101", customer_number="100", customer_name="Klant 101", kvk="10000101"),
    ]
    assert renumber(books, {"100": "101", "101": "100"}, *rows)["moved"] == 0
    assert (books.item("F100", "customer_id"), books.item("F101", "customer_id")) == (a, b)


@pytest.mark.parametrize(
    ("numbers", "error"),
    [({"404": "500"}, Invalid), ({"100": "101"}, Conflict), ({"100": "500", "101": "500"}, Conflict)],
)
def test_a_list_of_numbers_that_cannot_be_is_refused_whole(books, numbers, error):
    books.take(*customers([100, 101]))
    with pytest.raises(error):
        renumber(books, numbers, *customers([100, 101]))
    assert books.rows("select number from tegoed.customer order by 1") == [("100",), ("101",)]


def test_an_item_that_truly_moves_takes_its_hold_along_and_raises_a_follow_up(books):
    books.take(line("F1"), private("F2"))
    hold(books, "F1")
    counts = books.take(private("F1"), private("F2"), confirm=["moved"])
    assert counts["moved_items"] == 1
    new = books.item("F2", "customer_id")
    assert books.item("F1", "customer_id") == new
    assert books.one("select customer_id from tegoed.hold") == new
    (follow_up,) = books.rows("select customer_id, kind, cause, explanation ->> 'from' from tegoed.action")
    assert follow_up == (new, "task", "item_moved", "1001")


def test_an_item_that_moves_unheld_raises_no_follow_up(books):
    books.take(line("F1"), private("F2"))
    books.take(private("F1"), private("F2"), confirm=["moved"])
    assert books.one("select count(*) from tegoed.action") == 0


def test_an_item_that_truly_moves_leaves_what_waits(planned_books):
    books = planned_books
    books.take(*lines(range(3)), private("F9"))
    books.plan()
    action = books.one(
        "select id from tegoed.action where customer_id = :c", c=books.item("F1", "customer_id")
    )
    books.take(private("F1"), line("F0"), line("F2"), private("F9"), confirm=["moved"])
    left = books.rows(
        "select i.document_number from tegoed.action_item ai join tegoed.open_item i on i.id = ai.open_item_id"
        " where ai.action_id = :a order by 1",
        a=action,
    )
    assert left == [("F0",), ("F2",)]
