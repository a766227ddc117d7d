"""What the desk did before the sample's date: the shipped workflows, played over each customer's items.

A simple reading of the engine's rules (one written communication a customer, a gap between two, items
bundled, holds respected): good enough for a past, never used for a plan. The desk last planned a few working
days before the date, so that a day's work waits.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from itertools import pairwise
from random import Random

from app.services.sample.companies import LIVE_FOR_DAYS
from app.services.sample.course import Course, Rules
from app.services.sample.deeds import Deeds
from app.services.sample.invoices import Invoicing
from app.services.sample.recorder import Recorder
from app.services.sample.rows import Bill, Notice, Party, PublishedWorkflow, Silence
from app.services.workflow.shipped import ShippedStep

_DAY = dt.timedelta(days=1)


class History:
    """Plays the past of one customer after another. `until` is the last day that was planned."""

    def __init__(self, recorder: Recorder, invoicing: Invoicing, rules: Rules) -> None:
        self._record = recorder
        self._rules = rules
        self._deeds = Deeds(rules, recorder, invoicing)
        self._live_since = rules.date - _DAY * LIVE_FOR_DAYS

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
        active = [bill for bill in bills if self._was_late(bill, steps[0])]
        if not active:
            return []
        course = Course(random, party, bills, published, steps, _next_steps(steps), blanket, active)
        while (found := self._earliest(course)) is not None:
            self._take(course, *found)
        for notice in course.notices:
            self._record.notice(party, notice, _notice_state(notice, bills))
        for cost, principals in course.costs:
            self._deeds.settle_cost(random, cost, principals)
        return [cost for cost, _ in course.costs]

    def _was_late(self, bill: Bill, first: ShippedStep) -> bool:
        if bill.kind != "invoice" or bill.due_date < self._live_since:
            return False
        paid_on = max((payment.day for payment in bill.payments), default=None) if bill.rest == 0 else None
        return paid_on is None or paid_on >= bill.due_date + _DAY * first.days

    def _earliest(self, course: Course) -> tuple[dt.date, Bill, ShippedStep] | None:
        """The next deed of the customer that lies in the past, None when there is no more."""
        best: tuple[dt.date, int, Bill, ShippedStep] | None = None
        for bill in course.active:
            step = course.after.get(bill.position)
            day = self._rules.due_on(bill, step) if step else None
            if step is None or day is None:
                continue
            if step.written and course.last_contact:
                gap = course.published.workflow.contact_gap
                day = max(day, self._rules.days.next(course.last_contact + _DAY * gap))
            if day <= self._rules.horizon(step) and (best is None or (day, bill.id) < best[:2]):
                best = day, bill.id, bill, step
        return (best[0], best[2], best[3]) if best else None

    def _take(self, course: Course, day: dt.date, bill: Bill, step: ShippedStep) -> None:
        if bill.open_on(day) <= 0:
            course.active.remove(bill)
        elif silence := self._rules.silence(course, bill, day):
            last = silence.released_on or silence.until
            if last is None:
                course.active.remove(bill)
            else:
                bill.resume = self._rules.days.next(last + _DAY)
        elif reason := self._rules.failure(course, bill, step, day):
            self._deeds.skip(course, bill, step, day, reason)
        elif step.stage == "notice14" and (wait := self._rules.running_notice(course, bill, day)):
            if wait.last_day is None:
                course.active.remove(bill)
            else:
                bill.resume = wait.last_day + _DAY
        elif step.written:
            self._deeds.write(course, day, bill.currency)
        elif step.kind == "charge":
            self._deeds.charge(course, day, bill, step)
        else:
            self._deeds.work(course, day, bill, step)


def _next_steps(steps: Sequence[ShippedStep]) -> dict[int, ShippedStep]:
    """The step that follows each position done."""
    return {0: steps[0]} | {done.position: following for done, following in pairwise(steps)}


def _notice_state(notice: Notice, bills: Sequence[Bill]) -> str:
    if notice.charged:
        return "charged"
    if notice.last_day is None:
        return "pending"
    noticed = {item_id for item_id, _ in notice.items}
    return "paid" if all(bill.rest <= 0 for bill in bills if bill.id in noticed) else "running"
