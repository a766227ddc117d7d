"""A realistic portfolio in an empty database: three companies, their customers and two years of history."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from random import Random

from sqlalchemy import Connection, insert, select, text, update
from sqlalchemy.orm import Session

from app.errors import Invalid, NotFound, RuleBroken
from app.models.access import AppUser, Company, Membership
from app.models.base import SCHEMA
from app.services.sample.companies import add_calendar, make_company, make_people
from app.services.sample.course import Rules
from app.services.sample.customers import make_party, showcases, smit_and_van_rijn
from app.services.sample.days import FIRST_DAY, WorkDays
from app.services.sample.history import History
from app.services.sample.invoices import YEARS_BACK_DAYS, Invoicing
from app.services.sample.recorder import Recorder
from app.services.sample.rows import Bill, Party, SampleCompany, SampleReport, Silence
from app.services.sample.tables import COLUMNS, Blocks, settle_sequences
from app.services.sample.words import words

LEAST_CUSTOMERS = 100
MOST_CUSTOMERS = 100_000
BLOCK = 500
_FIRST_NUMBERS = {"VDI": 11862, "DGH": 20001, "KGH": 30001}
_DAY = dt.timedelta(days=1)


def fill(
    connection: Connection | Session, *, customers: int, seed: int, date: dt.date, login: str
) -> SampleReport:
    """Fill an empty database with a portfolio of `customers` as it stands on `date`.

    The same customers, seed and date give the same rows; nothing depends on the clock. Works on the owner's
    connection and commits nothing. `login`, who must be known, becomes a member of all companies. Raises
    `Invalid` for a number of customers or a date out of range, `NotFound` for an unknown login, `RuleBroken`
    when there is a company already: a sample is never mixed with real customers.
    """
    if isinstance(connection, Session):
        connection = connection.connection()
    user_id = _check(connection, customers, date, login)
    days = WorkDays(date)
    blocks = Blocks(connection)
    recorder = Recorder(blocks, days)
    invoicing = Invoicing(days, date, first_id=1)
    rules = Rules(days, date)
    history = History(recorder, invoicing, rules)
    people = make_people(connection)
    counts: dict[str, int] = {}
    first_id = 1
    for each, share in zip(words().companies, _shares(customers), strict=True):
        company = make_company(connection, each, people, days, date=date)
        connection.execute(insert(Membership).values(user_id=user_id, company_id=company.id))
        connection.execute(update(Company).where(Company.id == company.id).values(planned_for=rules.until))
        add_calendar(blocks, company.id, days)
        recorder.company = company
        for number, party in enumerate(_parties(seed, company, first_id, share), 1):
            _tell(
                Random(f"{seed} {party.number} past"),  # noqa: S311  (play, not secrets)
                company,
                party,
                invoicing,
                history,
                recorder,
                blocks,
                date,
            )
            if number % BLOCK == 0:
                blocks.flush()
        blocks.flush()
        counts[each.code] = share
        first_id += share
    _finish(connection)
    return SampleReport(date=date, seed=seed, customers=customers, companies=counts, rows=dict(blocks.counts))


def _check(connection: Connection, customers: int, date: dt.date, login: str) -> int:
    if not LEAST_CUSTOMERS <= customers <= MOST_CUSTOMERS:
        raise Invalid(
            "customers",
            f"A sample has {LEAST_CUSTOMERS} to {MOST_CUSTOMERS} customers.",
            code="sample.customers",
            customers=customers,
        )
    if date < FIRST_DAY + _DAY * (YEARS_BACK_DAYS + 365) or date.year > 2100:
        raise Invalid("date", "A sample's date lies between 2018 and 2100.", code="sample.date", date=date)
    user_id = connection.execute(select(AppUser.id).where(AppUser.login == login)).scalar()
    if user_id is None:
        raise NotFound(
            f"There is no user {login}.",
            code="user.unknown",
            remedy="Add it with `tegoed db add-user`.",
            login=login,
        )
    if connection.execute(select(Company.id).limit(1)).scalar() is not None:
        raise RuleBroken(
            "There are companies in this database already.",
            code="sample.not_empty",
            remedy="Fill a sample into an empty database; TEGOED_HOME names another place for one.",
        )
    return user_id


def _shares(customers: int) -> list[int]:
    """How many customers each company has: its percentage, the first one the rest."""
    shares = [customers * each.share // 100 for each in words().companies]
    return [customers - sum(shares[1:]), *shares[1:]]


def _parties(seed: int, company: SampleCompany, first_id: int, count: int) -> Iterator[Party]:
    special = showcases(company.words)
    first_number = _FIRST_NUMBERS[company.words.code]
    for index in range(count):
        number = str(first_number + index)
        party = make_party(
            Random(f"{seed} {number}"),  # noqa: S311  (play, not secrets)
            company.words,
            customer_id=first_id + index,
            number=number,
            showcase=special[index] if index < len(special) else None,
        )
        yield smit_and_van_rijn(party) if number == "11862" else party


def _tell(
    random: Random,
    company: SampleCompany,
    party: Party,
    invoicing: Invoicing,
    history: History,
    recorder: Recorder,
    blocks: Blocks,
    date: dt.date,
) -> None:
    """One customer with its bills and its past."""
    bills = invoicing.bills(random, company, party)
    blanket = _blanket(random, party, date)
    costs = history.play(random, party, bills, company.workflow_of(party.group), blanket)
    _add_customer(blocks, company, party)
    for bill in (*bills, *costs):
        recorder.bill(party, bill)
        for silence in bill.silences:
            recorder.hold(party, silence, bill=bill)
    _part_hold(random, party, bills, recorder, date)
    if blanket:
        recorder.hold(party, blanket, bill=None)


def _blanket(random: Random, party: Party, date: dt.date) -> Silence | None:
    """Some customers are left alone as a whole, by hand: now, or until some days ago."""
    draw = random.random()
    if party.showcase is not None or draw > 0.012:
        return None
    if draw < 0.004:
        return Silence(date - _DAY * 40, None, None, "legal", "Dossier bij advocaat")
    if draw < 0.008:
        return Silence(
            date - _DAY * 9, date + _DAY * random.randrange(3, 20), None, "manual", "Overleg met directie"
        )
    return Silence(
        date - _DAY * 30, date - _DAY * random.randrange(2, 12), None, "manual", "Wacht op verkoop"
    )


def _part_hold(
    random: Random, party: Party, bills: Sequence[Bill], recorder: Recorder, date: dt.date
) -> None:
    """A part of an invoice in dispute; the rest goes on."""
    for bill in bills:
        if bill.kind == "invoice" and bill.due_date < date and bill.rest > 20_000 and random.random() < 0.03:
            silence = Silence(
                date - _DAY * 3, date + _DAY * 11, None, "dispute", "Deel van de levering ontbreekt"
            )
            recorder.hold(party, silence, bill=bill, cents=bill.rest * 30 // 100)


def _add_customer(blocks: Blocks, company: SampleCompany, party: Party) -> None:
    source = (
        "none" if party.kind == "unknown" else "registration" if party.kvk or party.vat_number else "source"
    )
    blocks.add(
        "customer", party.id, company.id, company.connection_id, party.number, party.name, party.kind, source,
        party.kvk, party.vat_number, party.iban, party.contact_name, party.contact_gender, party.street,
        party.postcode, party.city, party.country, party.address_state, party.email, party.email_state, party.phone,
        party.phone_state, party.language, company.groups.get(party.group), company.profiles.get(party.profile),
        company.people.get(party.collector), company.people.get(party.salesperson), party.payment_term,
    )  # fmt: skip


def _finish(connection: Connection) -> None:
    """Progress from the steps by the database's own rule, identities behind the ids, fresh statistics."""
    settle_sequences(connection)
    connection.execute(
        text(f"SELECT {SCHEMA}.keep_progress(array(SELECT DISTINCT open_item_id FROM {SCHEMA}.step_done))")
    )
    for table in COLUMNS:
        connection.execute(text(f"ANALYZE {SCHEMA}.{table}"))
