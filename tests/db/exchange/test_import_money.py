"""What an item owes is always its original amount and its movements, whoever books them."""

import datetime as dt
from decimal import Decimal

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.db.exchange.books import TODAY, line, lines, private

ALL_ADD_UP = """
    select count(*) from tegoed.open_item oi
    where oi.outstanding <> oi.original_amount + coalesce((select sum(m.amount) from tegoed.movement m
                                                           where m.open_item_id = oi.id), 0)
"""


def movements(books, number):
    return [
        (kind, str(amount))
        for kind, amount in books.rows(
            "select kind, amount from tegoed.movement where open_item_id = :i order by id",
            i=books.item(number),
        )
    ]


def test_a_source_with_only_an_open_amount_is_equalled_by_one_movement(books):
    books.take(line("F1", "60,00", original_amount="100,00"), line("F2", "60,00"))
    assert books.open_amounts() == {"F1": "60.00", "F2": "60.00"}
    assert movements(books, "F1") == [("source_settlement", "-40.00")]
    assert movements(books, "F2") == []
    books.take(line("F1", "10,00", original_amount="100,00"), line("F2", "25,00"))
    assert books.open_amounts() == {"F1": "10.00", "F2": "25.00"}
    assert movements(books, "F1")[-1] == ("source_settlement", "-50.00")
    assert books.item("F2", "original_amount") == Decimal(60)


def test_a_corrected_original_amount_does_not_count_as_a_payment(books):
    books.take(line("F1", "100,00", original_amount="100,00"))
    books.take(line("F1", "80,00", original_amount="80,00"))
    assert books.open_amounts() == {"F1": "80.00"}
    assert movements(books, "F1") == []


def test_our_own_allocation_is_consumed_first_by_what_the_source_books_later(books):
    books.take(line("F1", "100,00"))
    books.allocate("F1", "-30")
    assert books.open_amounts() == {"F1": "70.00"}
    books.take(line("F1", "70,00"))  # the source has now booked the same thirty
    assert books.open_amounts() == {"F1": "70.00"}
    assert movements(books, "F1")[1:] == [("source_settlement", "-30.00"), ("taken_over", "30.00")]
    books.take(line("F1", "50,00"))  # and this is other money
    assert books.open_amounts() == {"F1": "50.00"}


def test_an_allocation_that_the_source_books_in_parts_counts_once(books):
    books.take(line("F1", "100,00"))
    books.allocate("F1", "-30")
    for open_amount in ("90,00", "80,00", "70,00"):
        books.take(line("F1", open_amount))
        assert books.open_amounts() == {"F1": "70.00"}


def test_a_reversal_of_our_own_counts_once_too(books):
    books.take(line("F1", "40,00", original_amount="100,00"))
    books.allocate("F1", "60")
    assert books.open_amounts() == {"F1": "100.00"}
    books.take(line("F1", "100,00", original_amount="100,00"))
    assert books.open_amounts() == {"F1": "100.00"}


@pytest.mark.parametrize("kind", ["allocation", "write_off"])
def test_an_item_that_vanishes_after_our_own_booking_is_closed_at_nothing(books, kind):
    books.take(*lines(range(10)), line("OWN", "100,00"))
    books.allocate("OWN", "-100", kind=kind)
    books.take(*lines(range(10)))
    assert books.item("OWN", "outstanding") == 0
    books.allocate("F1", "-30", kind=kind)
    books.take(*lines(range(2, 10)), line("F0"))
    assert books.item("F1", "outstanding") == 0


AMOUNTS = st.integers(0, 20_000).map(lambda cents: f"{cents // 100},{cents % 100:02}")
FILES = st.lists(
    st.tuples(
        st.dictionaries(st.sampled_from(["A", "B", "C"]), st.tuples(AMOUNTS, st.booleans()), max_size=3),
        st.lists(st.tuples(st.sampled_from(["A", "B", "C"]), st.integers(1, 5_000)), max_size=2),
    ),
    min_size=1,
    max_size=4,
)


@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(files=FILES)
def test_outstanding_is_the_original_amount_and_the_sum_of_the_movements_always(books, files):
    books.connection = f"file {next(books.numbers)}"
    known: set[str] = set()
    for contents, allocations in files:
        name = books.connection
        rows = [
            line(f"{name} {number}", amount, original_amount="150,00" if whole else "")
            for number, (amount, whole) in contents.items()
        ]
        books.take(line(f"{name} anchor"), *rows, confirm=["closing"])
        known |= contents.keys()
        assert books.one(ALL_ADD_UP) == 0
        awaiting = dict(
            books.rows(
                "select oi.document_number, sum(m.amount) from tegoed.movement m"
                " join tegoed.open_item oi on oi.id = m.open_item_id"
                " where m.kind <> 'source_settlement' group by 1"
            )
        )
        for number in known:
            said = Decimal(contents[number][0].replace(",", ".")) if number in contents else Decimal(0)
            owed = books.item(f"{name} {number}", "outstanding")
            assert owed == said + awaiting.get(f"{name} {number}", 0)
        for number, cents in allocations:
            if number in known and books.item(f"{name} {number}", "outstanding") * 100 >= cents:
                books.allocate(f"{name} {number}", f"-{cents / 100:.2f}")
    books.do("alter table tegoed.movement disable trigger refuse_change")
    books.do("delete from tegoed.movement")
    books.do("alter table tegoed.movement enable trigger refuse_change")
    books.do("delete from tegoed.open_item")


def test_currencies_are_never_summed(books):
    counts = books.look(line("F1"), line("D1", "70,00", currency="USD"))
    assert counts["new"] == 2
    books.take(*lines(range(4)), line("D1", "70,00", currency="USD"))
    (block,) = books.look(line("F1"))["blocks"]
    assert block["amounts"] == {"EUR": "300.00", "USD": "70.00"}


def test_a_payment_on_account_is_a_credit_and_not_an_invoice(books):
    books.take(line("F1"), line("C1", "-25,00"))
    assert books.item("C1", "kind") == "credit_note"
    assert books.item("C1", "outstanding") == -25


def test_a_settlement_has_the_value_date_the_source_gives_else_the_day_the_data_cover(books):
    books.take(line("F1"), line("F2"))
    books.take(line("F1", "50,00", paid_on="12-11-2026"), line("F2", "50,00"), as_of=dt.date(2026, 11, 18))
    dates = "select value_date from tegoed.movement where open_item_id = :i"
    assert books.one(dates, i=books.item("F1")) == dt.date(2026, 11, 12)
    assert books.one(dates, i=books.item("F2")) == dt.date(2026, 11, 18)


CHARGED_NOTICE = """
    with a as (
        insert into tegoed.action (company_id, customer_id, kind, origin, business_date, due_on, class, counts_as_step,
            explanation, state)
        values (:c, :cu, 'letter', 'workflow', '2026-10-25', '2026-10-25', 5, true, '{}', 'done') returning id
    ), d as (
        insert into tegoed.delivery (action_id, company_id, customer_id, channel, recipient)
        select a.id, :c, :cu, 'letter', '' from a returning id, action_id
    ), n as (
        insert into tegoed.notice (company_id, customer_id, currency, action_id, delivery_id, state, sent_on, posted_on,
            delivered_on, last_day, principal, fee, vat)
        select :c, :cu, 'EUR', d.action_id, d.id, 'charged', '2026-10-25', '2026-10-25', '2026-10-28', '2026-11-11',
            100, 40, 0
        from d returning id
    ), k as (
        insert into tegoed.open_item (company_id, customer_id, kind, document_number, due_date, original_amount,
            planning_from, charged_notice_id)
        select :c, :cu, 'cost', 'K1', '2026-11-12', 40, '2026-11-12', n.id from n
    )
    insert into tegoed.notice_item (notice_id, open_item_id, company_id, principal) select n.id, :i, :c, 100 from n
"""


@pytest.mark.parametrize(("paid_on", "left"), [("10-11-2026", 0), ("18-11-2026", 40)])
def test_a_payment_dated_within_the_term_of_a_notice_takes_the_costs_back(books, paid_on, left):
    books.take(private("P1"), *lines(range(10)))
    item, customer = books.item("P1"), books.item("P1", "customer_id")
    books.do(CHARGED_NOTICE, c=books.company, cu=customer, i=item)
    books.take(private("P1", "0,00", paid_on=paid_on), *lines(range(10)))
    assert books.item("P1", "outstanding") == 0
    assert books.item("K1", "outstanding") == left


def test_an_estimated_due_date_is_marked_and_counted(books):
    counts = books.take(line("F1", due_date=""), line("F2"))
    assert counts["estimated"] == 1
    assert books.item("F1", "due_estimated")
    assert books.item("F1", "due_date") == dt.date(2026, 11, 4)
    assert not books.item("F2", "due_estimated")


def test_the_level_and_date_of_the_last_reminder_come_along(books):
    books.take(
        line("F0", reminder_level="0"),
        line("F1", reminder_level="1", reminder_date="12-11-2026"),
        line("F3", reminder_level="3"),
    )
    rows = books.rows(
        "select i.document_number, s.stage, s.on_date, s.skipped, s.reason, i.reminded_on"
        " from tegoed.step_done s join tegoed.open_item i on i.id = s.open_item_id order by 1"
    )
    assert rows == [
        ("F1", "reminder", dt.date(2026, 11, 12), True, "imported", None),
        ("F3", "demand", TODAY - dt.timedelta(days=1), True, "imported", None),
    ]
    assert books.item("F3", "notice_id") is None
