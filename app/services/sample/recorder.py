"""Writes down what happened in the sample's past: actions, deliveries, steps, calls, holds, events."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import count

from app.services.sample.days import WorkDays
from app.services.sample.rows import Bill, Notice, Party, SampleCompany, Silence, euros
from app.services.sample.tables import Blocks
from app.services.workflow.shipped import ShippedStep

ACTOR = "sample"
_CLASSES = {"call": 3, "email": 5, "letter": 5, "charge": 5}


@dataclass(frozen=True, slots=True)
class Seat:
    """An item in an action with its own step and the cents that were open then."""

    bill: Bill
    step: ShippedStep
    cents: int


class Recorder:
    """Gives out ids and turns deeds into rows. `company` is the one whose customers are told about now."""

    def __init__(self, blocks: Blocks, days: WorkDays) -> None:
        self._blocks = blocks
        self._days = days
        self._actions, self._deliveries = count(1), count(1)
        self._notices, self._steps = count(1), count(1)
        self.company: SampleCompany | None = None

    def deed(
        self,
        party: Party,
        kind: str,
        seats: Sequence[Seat],
        day: dt.date,
        *,
        done_on: dt.date | None,
        state: str = "done",
        outcome: str | None = None,
        attempts: int = 0,
    ) -> int:
        """An action of the workflow with its items; when `done_on` is given, they took their steps that day."""
        company = self._current
        top = max((seat.step for seat in seats), key=lambda step: step.position)
        action_id = next(self._actions)
        version_id = company.workflow_of(party.group).version_id
        cents = sum(seat.cents for seat in seats)
        late = max(0, *((day - seat.bill.due_date).days for seat in seats))
        self._blocks.add(
            "action", action_id, company.id, party.id, kind, "workflow", top.stage, top.rank, version_id,
            top.position, top.template, top.tone or "neutral", seats[0].bill.currency, state, day, day,
            euros(cents), late, _CLASSES.get(kind, 4), euros(min(100_000_000, cents * (30 + late) // 30)),
            top.approval, True, day if top.written else None, None, None, attempts, outcome,
            _explanation(top, company.workflow_of(party.group).workflow.name),
            self._days.at(day, 6), self._days.at(done_on) if done_on else None,
        )  # fmt: skip
        for seat in seats:
            role = "also_due" if seat.step.rank < top.rank else "demand"
            self._blocks.add(
                "action_item", action_id, seat.bill.id, company.id, role, seat.step.stage, seat.step.rank,
                version_id, seat.step.position, euros(seat.cents), done_on is None,
            )  # fmt: skip
            if done_on:
                self._step(seat.bill, seat.step, version_id, action_id, done_on)
        return action_id

    def skip(self, party: Party, bill: Bill, step: ShippedStep, day: dt.date, reason: str) -> None:
        """A step whose condition failed until the following one was due."""
        version_id = self._current.workflow_of(party.group).version_id
        self._step(bill, step, version_id, None, day, reason=reason)

    def delivery(
        self,
        party: Party,
        action_id: int,
        channel: str,
        day: dt.date,
        *,
        state: str,
        posted_on: dt.date | None,
    ) -> int:
        """The one sending of a written action, a contact of that day whatever became of it."""
        delivery_id = next(self._deliveries)
        error = {
            "failed": "550 5.1.1 mailbox unknown",
            "uncertain": "lease ran out while sending",
        }.get(state)
        self._blocks.add(
            "delivery", delivery_id, action_id, self._current.id, party.id, channel, state,
            party.email if channel == "email" else "", self._current.queue_id if channel == "letter" else None, 1,
            day, self._days.at(day), self._days.at(day) if state != "uncertain" else None, error, posted_on,
        )  # fmt: skip
        facts = {"channel": channel, "error": error}
        self.event(party, f"delivery.{state}", day, action_id=action_id, delivery_id=delivery_id, facts=facts)
        return delivery_id

    def new_notice_id(self) -> int:
        return next(self._notices)

    def notice(self, party: Party, notice: Notice, state: str) -> None:
        """A 14-day letter as it stands at the end."""
        self._blocks.add(
            "notice", notice.id, self._current.id, party.id, notice.action_id, notice.delivery_id,
            notice.currency, state, notice.sent_on, notice.posted_on, notice.delivered_on, notice.last_day,
            euros(notice.principal), euros(notice.fee), "0",
        )  # fmt: skip
        for item_id, principal in notice.items:
            self._blocks.add("notice_item", notice.id, item_id, self._current.id, euros(principal))

    def call(self, party: Party, action_id: int, day: dt.date, outcome: str) -> None:
        """One try to reach the customer by telephone."""
        reached = outcome != "no_answer"
        self._blocks.add(
            "call_attempt", self._current.id, party.id, action_id, self._days.at(day, 11), day, outcome, reached,
            "", "voorbeeld_sanne",
        )  # fmt: skip
        self.outcome(party, action_id, day, outcome)

    def outcome(self, party: Party, action_id: int, day: dt.date, outcome: str) -> None:
        """What a call or task ended in, on the timeline."""
        facts = {"outcome": outcome, "note": ""}
        self.event(party, "call.outcome", day, action_id=action_id, facts=facts, hour=11)

    def follow_up(
        self, party: Party, parent_id: int, kind: str, outcome: str, *, agreed_on: dt.date, due_on: dt.date,
        currency: str, cents: int, done: bool,
    ) -> None:  # fmt: skip
        """What a person must do after a call."""
        facts = json.dumps({"rule": "outcome", "outcome": outcome, "note": ""})
        self._blocks.add(
            "action", next(self._actions), self._current.id, party.id, kind, "follow_up", None, 0, None, None, None,
            None, currency, "done" if done else "planned", agreed_on, due_on, euros(cents), 0,
            _CLASSES.get(kind, 4), euros(cents), False, False, None, outcome, parent_id, 0,
            "done" if done else None, facts, self._days.at(agreed_on, 11), self._days.at(due_on) if done else None,
        )  # fmt: skip

    def hold(self, party: Party, silence: Silence, *, bill: Bill | None, cents: int | None = None) -> None:
        """A hold on an item, on a part of it, or on the customer."""
        released = silence.released_on
        self._blocks.add(
            "hold", self._current.id, party.id, bill.id if bill else None, euros(cents) if cents else None,
            "{all}", silence.cause, None, None, silence.starts, silence.until,
            self._days.at(released, 15) if released else None, "voorbeeld_sanne" if released else None, released,
            silence.reason, "voorbeeld_sanne", self._days.at(silence.starts, 11),
        )  # fmt: skip
        facts = {"cause": silence.cause, "until": str(silence.until) if silence.until else None}
        self.event(party, "hold.placed", silence.starts, facts=facts, hour=11)
        if released:
            self.event(party, "hold.released", released, facts={"cause": silence.cause}, hour=15)

    def event(
        self, party: Party, kind: str, day: dt.date, *, facts: Mapping[str, object] | None = None,
        action_id: int | None = None, delivery_id: int | None = None, bill: Bill | None = None, hour: int = 10,
    ) -> None:  # fmt: skip
        """A line of the timeline."""
        self._blocks.add(
            "event", self._current.id, party.id, action_id, delivery_id, bill.id if bill else None, kind,
            self._days.at(day, hour), ACTOR, json.dumps(dict(facts)) if facts else None,
        )  # fmt: skip

    def bill(self, party: Party, bill: Bill) -> None:
        """An open item and its movements; a charge is our own, everything else came from the bookkeeping."""
        ours = bill.kind == "cost"
        year = bill.invoice_date.year
        self._blocks.add(
            "open_item", bill.id, self._current.id, party.id, None if ours else self._current.connection_id,
            None if ours else f"{bill.kind} {bill.number} {year}", bill.kind, bill.number, None if ours else year,
            bill.invoice_date, bill.due_date, bill.due_estimated, bill.currency, euros(bill.cents), bill.description,
            bill.your_reference, bill.invoice_date, bill.notice.id if bill.notice else None, bill.charged_notice_id,
            bill.parent_action_id,
        )  # fmt: skip
        for payment in bill.payments:
            # Without a run: an import settles the items of its own movements itself, the trigger all others.
            self._blocks.add(
                "movement", self._current.id, bill.id, payment.kind, euros(payment.cents), payment.day,
                payment.reason, self._days.at(payment.day + dt.timedelta(days=1), 7), ACTOR,
            )  # fmt: skip

    @property
    def _current(self) -> SampleCompany:
        if self.company is None:
            raise AssertionError("the recorder has no company yet")
        return self.company

    def _step(
        self,
        bill: Bill,
        step: ShippedStep,
        version_id: int,
        action_id: int | None,
        day: dt.date,
        reason: str = "",
    ) -> None:
        skipped = bool(reason)
        self._blocks.add(
            "step_done", next(self._steps), self._current.id, bill.id, version_id, step.position, step.stage,
            step.rank, action_id, self._days.at(day), day, step.written, skipped, reason,
        )  # fmt: skip
        bill.position, bill.rank, bill.last_on = step.position, max(bill.rank, step.rank), day
        if step.written and not skipped:
            bill.reminded_on = day


@cache
def _explanation(step: ShippedStep, workflow: str) -> str:
    return json.dumps(
        {"rule": "sample history", "step": step.position, "title": step.title, "workflow": workflow},
        ensure_ascii=False,
    )
