"""When a step of an item falls due in the sample's past, and what stands in its way."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from random import Random

from app.services.sample.companies import MINIMUM_AMOUNT
from app.services.sample.days import WorkDays
from app.services.sample.rows import Bill, Notice, Party, PublishedWorkflow, Silence
from app.services.workflow.shipped import ShippedStep

# How many working days the desk is behind: with what it plans, with notices, with what needs an approver.
WORKING_DAYS_BEHIND = 4
NOTICES_BEHIND = 7
APPROVALS_BEHIND = 14
_DAY = dt.timedelta(days=1)
_LEAST_CENTS = int(Decimal(MINIMUM_AMOUNT) * 100)


@dataclass(slots=True)
class Course:
    """One customer on its way through a workflow.

    `costs` are the items that charges made, each with the bills it was for.
    """

    random: Random
    party: Party
    bills: Sequence[Bill]
    published: PublishedWorkflow
    steps: tuple[ShippedStep, ...]
    after: Mapping[int, ShippedStep]
    blanket: Silence | None
    active: list[Bill]
    last_contact: dt.date | None = None
    notices: list[Notice] = field(default_factory=list[Notice])
    costs: list[tuple[Bill, list[Bill]]] = field(default_factory=list[tuple[Bill, list[Bill]]])


class Rules:
    """The engine's rules, read simply. `until` is the last day that was planned."""

    def __init__(self, days: WorkDays, date: dt.date) -> None:
        self.days = days
        self.date = date
        self.until = days.add(date, -WORKING_DAYS_BEHIND)
        self.until_notices = days.add(date, -NOTICES_BEHIND)
        self.until_approvals = days.add(date, -APPROVALS_BEHIND)

    def horizon(self, step: ShippedStep) -> dt.date:
        """The last day on which the desk did this kind of step."""
        if step.approval:
            return self.until_approvals
        return self.until_notices if step.stage == "notice14" else self.until

    def due_on(self, bill: Bill, step: ShippedStep) -> dt.date | None:
        """The effective date of an item's own step; None while the term of its notice cannot be known."""
        base = bill.due_date if step.after == "due_date" else bill.last_on or bill.due_date
        if step.after == "notice_term" and bill.notice:
            if bill.notice.last_day is None:
                return None
            base = bill.notice.last_day
        rule = self.days.add(base, step.days) if step.day_kind == "business" else base + _DAY * step.days
        own = max(rule, bill.invoice_date, bill.resume or rule)
        if bill.last_on:
            own = max(own, bill.last_on + _DAY * max(step.min_interval, 1))
        if step.kind == "call" and step.days < 0:
            return max(self.days.previous(own), bill.invoice_date)
        return self.days.next(own)

    def silence(self, course: Course, bill: Bill, day: dt.date) -> Silence | None:
        if course.blanket and course.blanket.speaks_on(day):
            return course.blanket
        return next((silence for silence in bill.silences if silence.speaks_on(day)), None)

    def running_notice(self, course: Course, bill: Bill, day: dt.date) -> Notice | None:
        for notice in course.notices:
            if notice.currency == bill.currency and (notice.last_day is None or notice.last_day >= day):
                return notice
        return None

    def failure(self, course: Course, bill: Bill, step: ShippedStep, day: dt.date) -> str:
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
            and not self.silence(course, other, day)
        )
        least = max(int(step.minimum_amount * 100), _LEAST_CENTS)
        return "" if net >= least else "net" if net <= 0 else "below_minimum"

    def together(self, course: Course, day: dt.date, step: ShippedStep) -> list[Bill]:
        """The items that are at this unwritten step today."""
        return [
            bill
            for bill in course.active
            if course.after.get(bill.position) is step
            and bill.open_on(day) > 0
            and not self.silence(course, bill, day)
            and (self.due_on(bill, step) or self.date) <= day
        ]
