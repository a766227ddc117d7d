"""What the desk did in the sample's past: letters, notices, charges, calls and what they led to."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from decimal import Decimal
from random import Random

from app.domain.costs import EarlierNotice, collection_fee, further_notice_fee
from app.domain.notice14 import posted_notice_term
from app.services.sample.course import Course, Rules
from app.services.sample.invoices import Invoicing
from app.services.sample.recorder import Recorder, Seat
from app.services.sample.rows import Bill, Notice, Payment, Silence
from app.services.workflow.shipped import ShippedStep

_DAY = dt.timedelta(days=1)

# What a call ends in: outcome, weight, days to the day agreed on, cause of the hold, follow-up.
_CALLS = (
    ("promise", 34, 8, "promise", "call"),
    ("not_reached", 27, 0, "", ""),
    ("done", 19, 0, "", ""),
    ("says_paid", 9, 0, "promise", "task"),
    ("wants_plan", 6, 5, "arrangement", "task"),
    ("disagrees", 5, 0, "dispute", "task"),
)


class Deeds:
    """Does one deed at a time and writes it down."""

    def __init__(self, rules: Rules, recorder: Recorder, invoicing: Invoicing) -> None:
        self._rules = rules
        self._days = rules.days
        self._record = recorder
        self._invoicing = invoicing
        self._recent = rules.days.add(rules.until, -6)
        # Each of these stands in even the smallest sample once.
        self._still_missing = ["uncertain", "failed"]
        self._pending_missing = True

    def skip(self, course: Course, bill: Bill, step: ShippedStep, day: dt.date, reason: str) -> None:
        """A failed step is tried until the following one would be due, then skipped; else it still waits."""
        following = course.after.get(step.position)
        skip_on = None
        if following:
            base = bill.due_date if following.after == "due_date" else day
            business = following.day_kind == "business"
            due = self._days.add(base, following.days) if business else base + _DAY * following.days
            skip_on = self._days.next(max(due, day + _DAY * following.min_interval))
        if skip_on is None or skip_on > self._rules.until:
            course.active.remove(bill)
        else:
            self._record.skip(course.party, bill, step, skip_on, reason)

    def write(self, course: Course, day: dt.date, currency: str) -> None:
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

    def charge(self, course: Course, day: dt.date, bill: Bill, step: ShippedStep) -> None:
        """Collection costs as an item of their own, over what stayed unpaid."""
        notice = bill.notice
        seats = [
            Seat(each, step, each.open_on(day))
            for each in self._rules.together(course, day, step)
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
            course.costs.append((cost, [seat.bill for seat in seats]))
        facts: dict[str, object] = {
            "fee": fee / 100,
            "principal": unpaid / 100,
            "notice": notice.id if notice else None,
        }
        self._record.event(course.party, "charge.posted", day, action_id=action_id, facts=facts)

    def work(self, course: Course, day: dt.date, bill: Bill, step: ShippedStep) -> None:
        """A call, a task or a transfer, done by a person on the day or a few days later."""
        bills = [each for each in self._rules.together(course, day, step) if each.currency == bill.currency]
        seats = [Seat(each, step, each.open_on(day)) for each in bills]
        outcome, agreed_in, cause, follow_up = ("done", 0, "", "")
        tries = 1
        if step.kind == "call":
            draw = course.random.choices(_CALLS, weights=[call[1] for call in _CALLS])[0]
            outcome, _, agreed_in, cause, follow_up = draw
            tries = 3 if outcome == "not_reached" else course.random.choice((1, 1, 2))
        done_on = self._days.add(day, tries - 1 if step.kind == "call" else course.random.randrange(3))
        if any(day < silence.starts <= done_on for each in bills for silence in each.silences):
            tries, done_on = 1, day  # a hold came in between: it ended there
        still_open = done_on > self._rules.until
        made = sum(self._days.add(day, n) <= self._rules.until for n in range(tries))
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
        if step.kind != "call" and not still_open:
            self._record.outcome(course.party, action_id, done_on, outcome)
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

    def _seats(self, course: Course, day: dt.date, currency: str) -> list[Seat]:
        ahead = day + _DAY * course.published.workflow.bundle_ahead
        able = [
            bill
            for bill in course.active
            if bill.currency == currency
            and bill.due_date < day
            and bill.open_on(day) > 0
            and not self._rules.silence(course, bill, day)
        ]
        seats: dict[int, Seat] = {}
        for bill in able:
            step = course.after.get(bill.position)
            if step is None or not step.written:
                continue
            if step.stage == "notice14" and (
                bill.due_estimated or self._rules.running_notice(course, bill, day)
            ):
                continue
            due = self._rules.due_on(bill, step)
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
        if day < self._rules.until_notices - _DAY * 9 or (
            not self._pending_missing and random.random() > 0.25
        ):
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

    def settle_cost(self, random: Random, cost: Bill, principals: Sequence[Bill]) -> None:
        """Costs go the way of their principal; some are let go soon after, a few stay open."""
        if any(bill.rest != 0 for bill in principals):
            return
        last = max((each for bill in principals for each in bill.payments), key=lambda payment: payment.day)
        draw = random.random()
        waived_on = self._days.next(last.day + _DAY * 6)
        if last.kind == "write_off" or draw < 0.7:
            cost.payments.append(Payment(max(last.day, cost.due_date), -cost.cents, last.kind, last.reason))
        elif draw < 0.98 and waived_on < self._rules.date:
            cost.payments.append(Payment(waived_on, -cost.cents, "write_off", "coulance"))

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
            if kept and agreed_on < self._days.previous(self._rules.date):
                before = [payment for payment in bill.payments if payment.day < agreed_on]
                rest = bill.cents + sum(payment.cents for payment in before)
                if rest > 0:
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
            done=until <= self._rules.until,
        )
