"""Two years of invoices of a customer, and what that customer did with them."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from math import exp
from random import Random

from app.services.sample.days import WorkDays
from app.services.sample.rows import Bill, Party, Payment, SampleCompany, Silence
from app.services.sample.words import words

YEARS_BACK_DAYS = 730
WRITTEN_OFF_AFTER = 390
_DAY = dt.timedelta(days=1)

# Days after the due date on which a customer of this habit pays: the middle and how far it strays.
_PAYS = {"early": (-9, 4), "prompt": (-1, 3), "slow": (9, 6), "late": (28, 14), "grudging": (62, 26)}

_DISPUTES = (
    "Prijs klopt niet",
    "Werk niet naar wens opgeleverd",
    "Levering niet compleet",
    "Dubbel gefactureerd",
)


class Invoicing:
    """Makes bills; keeps item ids and the document numbers of each company's days."""

    def __init__(self, days: WorkDays, date: dt.date, *, first_id: int) -> None:
        self._days = days
        self._date = date
        self._paid_until = days.previous(date) - _DAY
        self._next_id = first_id
        self._numbers: Counter[tuple[int, dt.date]] = Counter()

    def bills(self, random: Random, company: SampleCompany, party: Party) -> list[Bill]:
        """The invoices and credits of one customer, oldest first, with their payments and disputes."""
        if party.showcase is not None:
            due = self._date - _DAY * party.showcase
            bill = self._invoice(random, company, party, due - _DAY * party.payment_term)
            bill.due_date = due
            bill.cents = max(bill.cents, 30_000 if party.kind == "business" else 18_000)
            return [bill]
        usual = company.words.invoices[party.kind] * (2.0 if party.group == "GROOT" else 1.0)
        count = min(60, max(1, round(random.expovariate(1 / usual))))
        span = YEARS_BACK_DAYS
        invoiced = sorted(self._date - _DAY * random.randrange(1, span) for _ in range(count))
        stopped_on = self._date - _DAY * random.randrange(25, 260)
        bills: list[Bill] = []
        for on in invoiced:
            bill = self._invoice(random, company, party, self._days.previous(on))
            self._pay(random, party, bill, stopped_on)
            bills.append(bill)
            bills.extend(self._credits(random, company, party, bill))
        self._dispute(random, bills)
        return bills

    def new_id(self) -> int:
        """An id for an item that is no invoice: costs that the history charges."""
        self._next_id += 1
        return self._next_id - 1

    def _invoice(self, random: Random, company: SampleCompany, party: Party, on: dt.date) -> Bill:
        median = company.words.median[party.kind] * party.size
        currency = "GBP" if party.country == "GB" and random.random() < 0.4 else "EUR"
        bill = Bill(
            id=self.new_id(),
            kind="invoice",
            number=self._number(company, on),
            invoice_date=on,
            due_date=on + _DAY * party.payment_term,
            cents=max(1250, int(median * 100 * exp(random.gauss(0, 0.9)))),
            currency=currency,
            description=random.choice(words().lists["jobs"]),
        )
        if party.kind != "consumer" and random.random() < 0.35:
            bill.your_reference = f"PO-{random.randrange(10_000, 99_999)}"
        bill.due_estimated = party.kind == "unknown" and random.random() < 0.05
        return bill

    def _number(self, company: SampleCompany, on: dt.date) -> str:
        self._numbers[company.id, on] += 1
        return f"{on.year}{on.timetuple().tm_yday:03d}{self._numbers[company.id, on]:03d}"

    def _pay(self, random: Random, party: Party, bill: Bill, stopped_on: dt.date) -> None:
        habit = party.habit
        if habit == "stopped":
            habit = "slow" if bill.due_date < stopped_on else ""
        if habit == "parts":
            first = bill.cents * random.choice((25, 40, 50, 60)) // 100
            self._paid(bill, bill.due_date + _DAY * random.randrange(6, 25), first)
            if random.random() < 0.7:
                self._paid(bill, bill.due_date + _DAY * random.randrange(30, 100), bill.cents - first)
        elif habit and random.random() > 0.006:
            middle, stray = _PAYS[habit]
            after = max(bill.invoice_date + _DAY, bill.due_date + _DAY * round(random.gauss(middle, stray)))
            self._paid(bill, after, bill.cents)
        written_off = bill.due_date + _DAY * WRITTEN_OFF_AFTER
        if bill.rest > 0 and written_off < self._date:
            bill.payments.append(Payment(self._days.next(written_off), -bill.rest, "write_off", "oninbaar"))

    def _paid(self, bill: Bill, day: dt.date, cents: int) -> None:
        """Banks book on working days; what is paid after the last statement is not known yet."""
        day = self._days.next(day)
        if day <= self._paid_until and cents > 0:
            bill.payments.append(Payment(day, -cents))

    def _credits(self, random: Random, company: SampleCompany, party: Party, bill: Bill) -> list[Bill]:
        """Now and then a credit note, set against its invoice or still open, or money paid ahead."""
        draw = random.random()
        if draw > 0.035 or bill.invoice_date + _DAY * 12 > self._date:
            return []
        on = self._days.next(bill.invoice_date + _DAY * random.randrange(3, 10))
        credit = Bill(
            id=self.new_id(),
            kind="credit_note" if draw < 0.028 else "payment_on_account",
            number=self._number(company, on),
            invoice_date=on,
            due_date=on,
            cents=-(bill.cents * random.choice((10, 15, 20, 30)) // 100),
            currency=bill.currency,
            description=f"Creditnota bij {bill.number}" if draw < 0.028 else "Vooruitbetaling",
        )
        last_year = self._date - _DAY * 120
        if credit.invoice_date < last_year or random.random() < 0.5:
            settled = on + _DAY * random.randrange(5, 40)
            if settled <= self._paid_until:
                credit.payments.append(Payment(self._days.next(settled), -credit.cents))
        return [credit] if party.showcase is None else []

    def _dispute(self, random: Random, bills: list[Bill]) -> None:
        for bill in bills:
            overdue_until = bill.payments[-1].day if bill.rest == 0 and bill.payments else self._date
            late = (overdue_until - bill.due_date).days
            if bill.kind != "invoice" or late < 8 or random.random() > 0.03:
                continue
            starts = self._days.next(bill.due_date + _DAY * random.randrange(2, min(late, 20)))
            released = self._days.next(starts + _DAY * random.randrange(6, 40))
            running = released >= self._date
            bill.silences.append(
                Silence(starts, None, None if running else released, "dispute", random.choice(_DISPUTES))
            )
