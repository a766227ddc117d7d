"""What invented customers did with their invoices."""

import datetime as dt
from random import Random

import pytest

from app.services.sample.customers import make_party
from app.services.sample.days import WorkDays
from app.services.sample.invoices import YEARS_BACK_DAYS, Invoicing
from app.services.sample.rows import Bill, Payment, SampleCompany, Silence, euros
from app.services.sample.words import words

DATE = dt.date(2026, 11, 23)
DAYS = WorkDays(DATE)


def all_bills() -> list[Bill]:
    company = SampleCompany(1, words().companies[0], 1, 1, {}, {}, {}, {})
    invoicing = Invoicing(DAYS, DATE, first_id=1)
    bills: list[Bill] = []
    for n in range(400):
        random = Random(n)  # noqa: S311
        party = make_party(random, company.words, customer_id=n, number=str(n), showcase=None)
        bills += invoicing.bills(random, company, party)
    return bills


@pytest.fixture(scope="module")
def bills() -> list[Bill]:
    return all_bills()


def test_nothing_is_paid_after_the_last_bank_statement_or_more_than_once(bills):
    for bill in bills:
        assert all(payment.day < DATE for payment in bill.payments)
        assert bill.rest == 0 or (bill.rest > 0) == (bill.cents > 0)
        assert abs(bill.rest) <= abs(bill.cents)


def test_there_is_every_way_to_pay(bills):
    invoices = [bill for bill in bills if bill.kind == "invoice"]
    paid_on = {bill.id: bill.payments[-1].day - bill.due_date for bill in invoices if bill.rest == 0}

    assert any(late.days < -3 for late in paid_on.values())
    assert any(late.days > 40 for late in paid_on.values())
    assert any(0 < bill.rest < bill.cents for bill in invoices)
    assert any(bill.rest == bill.cents and bill.due_date < DATE - dt.timedelta(days=60) for bill in invoices)
    assert any(payment.kind == "write_off" for bill in invoices for payment in bill.payments)
    assert any(bill.silences for bill in invoices)
    assert {"invoice", "credit_note", "payment_on_account"} == {bill.kind for bill in bills}
    assert any(bill.rest < 0 for bill in bills)


def test_two_years_of_invoices_carry_numbers_of_their_own(bills):
    assert len({bill.number for bill in bills}) == len({bill.id for bill in bills}) == len(bills)
    assert min(bill.invoice_date for bill in bills) >= DATE - dt.timedelta(days=YEARS_BACK_DAYS + 5)
    assert max(bill.invoice_date for bill in bills) < DATE


def test_a_payment_is_known_the_day_after(bills):
    bill = Bill(1, "invoice", "1", DATE, DATE, 10_000, payments=[Payment(dt.date(2026, 11, 10), -4_000)])

    assert bill.open_on(dt.date(2026, 11, 10)) == 10_000
    assert bill.open_on(dt.date(2026, 11, 11)) == bill.rest == 6_000


def test_a_hold_speaks_until_its_last_day_or_its_release():
    running = Silence(dt.date(2026, 11, 2), None, None, "dispute", "")
    ended = Silence(dt.date(2026, 11, 2), dt.date(2026, 11, 6), None, "promise", "")
    released = Silence(dt.date(2026, 11, 2), None, dt.date(2026, 11, 4), "dispute", "")

    assert [silence.speaks_on(dt.date(2026, 11, 5)) for silence in (running, ended, released)] == [
        True,
        True,
        False,
    ]
    assert not ended.speaks_on(dt.date(2026, 11, 7))
    assert not running.speaks_on(dt.date(2026, 11, 1))


@pytest.mark.parametrize(
    ("cents", "written"), [(5, "0.05"), (-5, "-0.05"), (-12345, "-123.45"), (100, "1.00")]
)
def test_cents_are_written_as_the_database_reads_them(cents, written):
    assert euros(cents) == written
