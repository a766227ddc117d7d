"""A file to import: open items as a Dutch bookkeeping program exports them."""

from __future__ import annotations

import csv
import datetime as dt
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from random import Random

from app.services.sample.customers import make_party, smit_and_van_rijn
from app.services.sample.days import WorkDays
from app.services.sample.invoices import Invoicing
from app.services.sample.rows import Bill, Party, SampleCompany, euros
from app.services.sample.words import words

CUSTOMERS = 80
_HEADERS = (
    "Debiteurnummer", "Naam", "Soort klant", "KvK-nummer", "Btw-nummer", "IBAN", "Contactpersoon", "Straat", "Postcode",
    "Plaats", "Land", "E-mail", "Telefoon", "Soort", "Factuurnummer", "Factuurdatum", "Vervaldatum", "Omschrijving",
    "Uw referentie", "Valuta", "Factuurbedrag", "Openstaand",
)  # fmt: skip
_KINDS = {"consumer": "Particulier", "business": "Zakelijk", "government": "Overheid", "unknown": ""}
_TYPES = {"invoice": "Factuur", "credit_note": "Creditnota", "payment_on_account": "Vooruitbetaling"}


def write_demo_csv(path: Path, date: dt.date) -> int:
    """Write the open items of some eighty customers on `date`; the number of lines without the header.

    Semicolons, decimal commas and Dutch headers and dates; complete, so that a second file of a later date
    closes what it lacks. The same date gives the same bytes. The customers are none of the sample's companies'.
    """
    rows = [_row(party, bill) for party, bills in _customers(date) for bill in bills if bill.rest != 0]
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, delimiter=";", lineterminator="\r\n")
        writer.writerow(_HEADERS)
        writer.writerows(rows)
    return len(rows)


def _customers(date: dt.date) -> Iterator[tuple[Party, list[Bill]]]:
    company = SampleCompany(
        id=0, words=words().companies[0], connection_id=0, queue_id=0, groups={}, profiles={},
        people={}, workflows={},
    )  # fmt: skip
    invoicing = Invoicing(WorkDays(date), date, first_id=1)
    for index in range(CUSTOMERS):
        random = Random(f"demo {index}")  # noqa: S311  (play, not secrets)
        party = make_party(
            random, company.words, customer_id=index, number=str(50_101 + index), showcase=None
        )
        if party.kind == "business" and index < 4:
            party = smit_and_van_rijn(party)
        elif index % 5 == 3:
            party = replace(party, habit="parts")
        yield party, invoicing.bills(random, company, party)


def _row(party: Party, bill: Bill) -> tuple[str, ...]:
    return (
        party.number, party.name, _KINDS[party.kind], party.kvk, party.vat_number, party.iban, party.contact_name,
        party.street, party.postcode, party.city, party.country, party.email, party.phone, _TYPES[bill.kind],
        bill.number, _day(bill.invoice_date), _day(bill.due_date), bill.description, bill.your_reference,
        bill.currency, _amount(bill.cents), _amount(bill.rest),
    )  # fmt: skip


def _day(day: dt.date) -> str:
    return day.strftime("%d-%m-%Y")


def _amount(cents: int) -> str:
    return euros(cents).replace(".", ",")
