"""What the desk did before the sample's date: the shipped workflows, played over each customer's items.

A simple reading of the engine's rules (one written communication a customer, a gap between two, items
bundled, holds respected): good enough for a past, never used for a plan. The desk last planned a few working
days before the date, so that a day's work waits.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from random import Random

from app.domain.costs import EarlierNotice, collection_fee, further_notice_fee
from app.domain.notice14 import posted_notice_term
from app.services.sample.companies import MINIMUM_AMOUNT
from app.services.sample.days import WorkDays
from app.services.sample.invoices import Invoicing
from app.services.sample.recorder import Recorder, Seat
from app.services.sample.rows import Bill, Notice, Party, Payment, PublishedWorkflow, Silence
from app.services.workflow.shipped import ShippedStep

# How many working days the desk is behind: with what it plans, with notices, with what needs an approver.
WORKING_DAYS_BEHIND = 4
NOTICES_BEHIND = 7
APPROVALS_BEHIND = 14
_DAY = dt.timedelta(days=1)
_LEAST_CENTS = int(Decimal(MINIMUM_AMOUNT) * 100)

# What a call ends in: outcome, weight, days to the day agreed on, cause of the hold, follow-up.
_CALLS = (
    ("promise", 34, 8, "promise", "call"),
    ("not_reached", 27, 0, "", ""),
    ("done", 19, 0, "", ""),
    ("says_paid", 9, 0, "promise", "task"),
    ("wants_plan", 6, 5, "arrangement", "task"),
    ("disagrees", 5, 0, "dispute", "task"),
)


@dataclass(slots=True)
class Course:
    """One customer on its way through a workflow; `costs` are the items that charges made."""

    random: Random
    party: Party
    bills: Sequence[Bill]
    published: PublishedWorkflow
    steps: tuple[ShippedStep, ...]
    blanket: Silence | None
    active: list[Bill]
    last_contact: dt.date | None = None
    notices: list[Notice] = field(default_factory=list[Notice])
    costs: list[Bill] = field(default_factory=list[Bill])


class History:
    """Plays the past of one customer after another. `until` is the last day that was planned."""

    def __init__(self, recorder: Recorder, invoicing: Invoicing, days: WorkDays, date: dt.date) -> None:
        self._record = recorder
        self._invoicing = invoicing
        self._days = days
        self._date = date
        self.until = days.add(date, -WORKING_DAYS_BEHIND)
        self._until_notices = days.add(date, -NOTICES_BEHIND)
        self._until_approvals = days.add(date, -APPROVALS_BEHIND)
        self._recent = days.add(self.until, -6)
        # Each of these stands in even the smallest sample once.
        self._still_missing = ["uncertain", "failed"]
        self._pending_missing = True

    def play(
        self,
        random: Random,
        party: Party,
        bills: Sequence[Bill],
        published: PublishedWorkflow,
        blanket: Silence | None,
    ) -> list[Bill]:
        """Write down everything the desk did for this customer; gives the costs that were charged."""
        steps = tuple(
            step
            for step in published.workflow.steps
            if step.customer_kinds is None or party.kind in step.customer_kinds
        )
        course = Course(random, party, bills, published, steps, blanket, [])
        course.active = [bill for bill in bills if self._was_late(bill, steps[0])]
        while (found := self._earliest(course)) is not None:
            self._take(course, *found)
        for notice in course.notices:
            self._record.notice(party, notice, _notice_state(notice, bills))
        return course.costs

    def _was_late(self, bill: Bill, first: ShippedStep) -> bool:
        paid_on = max((payment.day for payment in bill.payments), default=None) if bill.rest == 0 else None
        return bill.kind == "invoice" and (paid_on is None or paid_on >= bill.due_date + _DAY * first.days)

    def _earliest(self, course: Course) -> tuple[dt.date, Bill, ShippedStep] | None:
        """The next deed of the customer that lies in the past, None when there is no more."""
        best: tuple[dt.date, int, Bill, ShippedStep] | None = None
        for bill in course.active:
            step = next((step for step in course.steps if step.position > bill.position), None)
            day = self._due_on(bill, step) if step else None
            if step is None or day is None:
                continue
            if step.written and course.last_contact:
                gap = course.published.workflow.contact_gap
                day = max(day, self._days.next(course.last_contact + _DAY * gap))
            if day <= self._horizon(step) and (best is None or (day, bill.id) < best[:2]):
                best = day, bill.id, bill, step
        return (best[0], best[2], best[3]) if best else None

    def _horizon(self, step: ShippedStep) -> dt.date:
        """The last day on which the desk did this kind of step."""
        if step.approval:
            return self._until_approvals
        return self._until_notices if step.stage == "notice14" else self.until

    def _due_on(self, bill: Bill, step: ShippedStep) -> dt.date | None:
        """The effective date of an item's own step; None while the term of its notice cannot be known."""
        base = bill.due_date if step.after == "due_date" else bill.last_on or bill.due_date
        if step.after == "notice_term" and bill.notice:
            if bill.notice.last_day is None:
                return None
            base = bill.notice.last_day
        rule = self._days.add(base, step.days) if step.day_kind == "business" else base + _DAY * step.days
        own = max(rule, bill.invoice_date, bill.resume or rule)
        if bill.last_on:
            own = max(own, bill.last_on + _DAY * max(step.min_interval, 1))
        if step.kind == "call" and step.days < 0:
            return max(self._days.previous(own), bill.invoice_date)
        return self._days.next(own)

    def _take(self, course: Course, day: dt.date, bill: Bill, step: ShippedStep) -> None:
        if bill.open_on(day) <= 0:
            course.active.remove(bill)
        elif silence := self._silence(course, bill, day):
            last = silence.released_on or silence.until
            if last is None:
                course.active.remove(bill)
            else:
                bill.resume = self._days.next(last + _DAY)
        elif reason := self._failure(course, bill, step, day):
            self._skip(course, bill, step, day, reason)
        elif step.stage == "notice14" and (wait := self._running_notice(course, bill, day)):
            if wait.last_day is None:
                course.active.remove(bill)
            else:
                bill.resume = wait.last_day + _DAY
        elif step.written:
            self._write(course, day, bill.currency)
        elif step.kind == "charge":
            self._charge(course, day, bill, step)
        else:
            self._work(course, day, bill, step)

    def _silence(self, course: Course, bill: Bill, day: dt.date) -> Silence | None:
        if course.blanket and course.blanket.speaks_on(day):
            return course.blanket
        return next((silence for silence in bill.silences if silence.speaks_on(day)), None)

    def _running_notice(self, course: Course, bill: Bill, day: dt.date) -> Notice | None:
        for notice in course.notices:
            if notice.currency == bill.currency and (notice.last_day is None or notice.last_day >= day):
                return notice
        return None

    def _failure(self, course: Course, bill: Bill, step: ShippedStep, day: dt.date) -> str:
        if bill.due_estimated and (step.kind == "charge" or step.stage == "notice14"):
            return "due_estimated"
        if step.after == "notice_term" and bill.notice is None:
            return "no_notice"
        if step.kind == "charge" and bill.notice and bill.notice.charged:
            return "already_charged"
        if bill.due_date >= day:
            return ""
        net = sum(
            other.open_on(day)
            for other in course.bills
            if other.currency == bill.currency
            and (other.due_date < day if other.kind == "invoice" else other.invoice_date < day)
            and not self._silence(course, other, day)
        )
        least = max(int(step.minimum_amount * 100), _LEAST_CENTS)
        return "" if net >= least else "net" if net <= 0 else "below_minimum"

    def _skip(self, course: Course, bill: Bill, step: ShippedStep, day: dt.date, reason: str) -> None:
        """A failed step is tried until the following one would be due, then skipped; else it still waits."""
        following = next((each for each in course.steps if each.position > step.position), None)
        skip_on = None
        if following:
            base = bill.due_date if following.after == "due_date" else day
            business = following.day_kind == "business"
            due = self._days.add(base, following.days) if business else base + _DAY * following.days
            skip_on = self._days.next(max(due, day + _DAY * following.min_interval))
        if skip_on is None or skip_on > self.until:
            course.active.remove(bill)
        else:
            self._record.skip(course.party, bill, step, skip_on, reason)

    def _write(self, course: Course, day: dt.date, currency: str) -> None:
        """One mail or letter: the items due by then or soon after, each with its own step."""
        seats = self._seats(course, day, currency)
        top = max((seat.step for seat in seats), key=lambda step: step.position)
        kind = course.party.reachable(top.kind, top.if_unreachable)
        if kind not in {"email", "letter"}:
            # Nobody could be written to: the planner will make a task of it.
            for seat in seats:
                course.active.remove(seat.bill)
            return
        state = self._fate(course.random, kind, day)
        action_id = self._record.deed(
            course.party,
            kind,
            seats,
            day,
            done_on=day if state == "done" else None,
            state="done" if state == "done" else "sending",
        )
        pending = top.stage == "notice14" and kind == "letter" and self._stays_pending(course.random, day)
        delivery_id = self._record.delivery(
            course.party,
            action_id,
            kind,
            day,
            state=state,
            posted_on=day if kind == "letter" and not pending else None,
        )
        course.last_contact = day
        if state != "done":
            for seat in seats:
                course.active.remove(seat.bill)
        elif top.stage == "notice14":
            noticed = [seat for seat in seats if seat.step is top]
            self._give_notice(course, action_id, delivery_id, noticed, day, pending=pending)

    def _seats(self, course: Course, day: dt.date, currency: str) -> list[Seat]:
        ahead = day + _DAY * course.published.workflow.bundle_ahead
        able = [
            bill
            for bill in course.active
            if bill.currency == currency
            and bill.due_date < day
            and bill.open_on(day) > 0
            and not self._silence(course, bill, day)
        ]
        seats: dict[int, Seat] = {}
        for bill in able:
            step = next((step for step in course.steps if step.position > bill.position), None)
            if step is None or not step.written:
                continue
            if step.stage == "notice14" and (bill.due_estimated or self._running_notice(course, bill, day)):
                continue
            due = self._due_on(bill, step)
            if due and due <= ahead:
                seats[bill.id] = Seat(bill, step, bill.open_on(day))
        notice14 = next((seat.step for seat in seats.values() if seat.step.stage == "notice14"), None)
        for bill in able if notice14 else ():
            if (
                notice14
                and bill.reminded_on
                and bill.notice is None
                and not bill.due_estimated
                and bill.position < notice14.position
            ):
                seats[bill.id] = Seat(bill, notice14, bill.open_on(day))
        return list(seats.values())

    def _fate(self, random: Random, kind: str, day: dt.date) -> str:
        if (
            kind == "email"
            and day >= self._recent
            and random.random() < (1.0 if self._still_missing else 0.004)
        ):
            return (
                self._still_missing.pop() if self._still_missing else random.choice(("uncertain", "failed"))
            )
        return "done"

    def _stays_pending(self, random: Random, day: dt.date) -> bool:
        if day < self._until_notices - _DAY * 9 or (not self._pending_missing and random.random() > 0.25):
            return False
        self._pending_missing = False
        return True

    def _give_notice(
        self,
        course: Course,
        action_id: int,
        delivery_id: int,
        seats: Sequence[Seat],
        day: dt.date,
        *,
        pending: bool,
    ) -> None:
        principal = sum(seat.cents for seat in seats)
        earlier = [
            EarlierNotice(notice.sent_on, Decimal(notice.principal) / 100, Decimal(notice.fee) / 100)
            for notice in course.notices
            if notice.currency == seats[0].bill.currency
        ]
        fee = further_notice_fee(Decimal(principal) / 100, earlier=earlier, today=day)
        term = None if pending else posted_notice_term(day, calendar=self._days.calendar)
        notice = Notice(
            id=self._record.new_notice_id(),
            action_id=action_id,
            delivery_id=delivery_id,
            currency=seats[0].bill.currency,
            sent_on=day,
            principal=principal,
            fee=int(fee.net * 100),
            posted_on=day if term else None,
            delivered_on=term.delivered_on if term else None,
            last_day=term.safe_last_day if term else None,
            items=[(seat.bill.id, seat.cents) for seat in seats],
        )
        course.notices.append(notice)
        for seat in seats:
            seat.bill.notice = notice

    def _charge(self, course: Course, day: dt.date, bill: Bill, step: ShippedStep) -> None:
        """Collection costs as an item of their own, over what stayed unpaid."""
        notice = bill.notice
        seats = [
            Seat(each, step, each.open_on(day))
            for each in self._together(course, day, step)
            if each.notice is notice and each.currency == bill.currency
        ]
        unpaid = sum(seat.cents for seat in seats)
        fee = int(collection_fee(Decimal(unpaid) / 100).net * 100)
        if notice:
            fee = min(notice.fee, fee)
            notice.charged = fee > 0
        action_id = self._record.deed(course.party, "charge", seats, day, done_on=day)
        if fee > 0:
            cost = Bill(
                self._invoicing.new_id(),
                "cost",
                f"K{action_id}",
                day,
                day,
                fee,
                bill.currency,
                "Incassokosten",
            )
            cost.parent_action_id = action_id
            cost.charged_notice_id = notice.id if notice else None
            if bill.rest == 0 and course.random.random() < 0.7:
                cost.payments.append(Payment(max(payment.day for payment in bill.payments), -fee))
            course.costs.append(cost)
        facts: dict[str, object] = {
            "fee": fee / 100,
            "principal": unpaid / 100,
            "notice": notice.id if notice else None,
        }
        self._record.event(course.party, "charge.posted", day, action_id=action_id, facts=facts)

    def _together(self, course: Course, day: dt.date, step: ShippedStep) -> list[Bill]:
        """The items that are at this unwritten step today."""
        return [
            bill
            for bill in course.active
            if next((each for each in course.steps if each.position > bill.position), None) is step
            and bill.open_on(day) > 0
            and not self._silence(course, bill, day)
            and (self._due_on(bill, step) or self._date) <= day
        ]

    def _work(self, course: Course, day: dt.date, bill: Bill, step: ShippedStep) -> None:
        """A call, a task or a transfer, done by a person on the day or a few days later."""
        bills = [each for each in self._together(course, day, step) if each.currency == bill.currency]
        seats = [Seat(each, step, each.open_on(day)) for each in bills]
        outcome, agreed_in, cause, follow_up = ("done", 0, "", "")
        tries = 1
        if step.kind == "call":
            draw = course.random.choices(_CALLS, weights=[call[1] for call in _CALLS])[0]
            outcome, _, agreed_in, cause, follow_up = draw
            tries = 3 if outcome == "not_reached" else course.random.choice((1, 1, 2))
        done_on = self._days.add(day, tries - 1 if step.kind == "call" else course.random.randrange(3))
        still_open = done_on > self.until
        made = sum(self._days.add(day, n) <= self.until for n in range(tries))
        action_id = self._record.deed(
            course.party,
            step.kind,
            seats,
            day,
            done_on=None if still_open else done_on,
            state="planned" if still_open else "done",
            outcome="no_answer" if still_open and made else None if still_open else outcome,
            attempts=made if step.kind == "call" else 0,
        )
        for n in range(made if step.kind == "call" else 0):
            last = n == tries - 1 and outcome != "not_reached"
            self._record.call(
                course.party, action_id, self._days.add(day, n), outcome if last else "no_answer"
            )
        if still_open:
            for each in bills:
                course.active.remove(each)
        elif cause:
            self._agree(course, action_id, bills, done_on, (outcome, agreed_in, cause, follow_up))

    def _agree(
        self,
        course: Course,
        action_id: int,
        bills: Sequence[Bill],
        day: dt.date,
        agreement: tuple[str, int, str, str],
    ) -> None:
        """What a call led to: the items are held until two working days after the day agreed on."""
        outcome, agreed_in, cause, follow_up = agreement
        agreed_on = (
            self._days.next(day + _DAY * course.random.randrange(2, 3 + agreed_in)) if agreed_in else day
        )
        until = self._days.add(agreed_on, 2)
        kept = outcome in {"promise", "says_paid"} and course.random.random() < 0.6
        for bill in bills:
            bill.silences.append(Silence(day, until, None, cause, ""))
            if kept and agreed_on < self._days.previous(self._date):
                before = [payment for payment in bill.payments if payment.day < agreed_on]
                rest = bill.cents + sum(payment.cents for payment in before)
                bill.payments = [*before, Payment(agreed_on, -rest)]
        self._record.follow_up(
            course.party,
            action_id,
            follow_up,
            outcome,
            agreed_on=day,
            due_on=until,
            currency=bills[0].currency,
            cents=sum(bill.open_on(day) for bill in bills),
            done=until <= self.until,
        )


def _notice_state(notice: Notice, bills: Sequence[Bill]) -> str:
    if notice.charged:
        return "charged"
    if notice.last_day is None:
        return "pending"
    noticed = {item_id for item_id, _ in notice.items}
    return "paid" if all(bill.rest <= 0 for bill in bills if bill.id in noticed) else "running"
