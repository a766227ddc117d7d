"""A company at its desk in a few lines: `Scene` makes it, lets days pass and tells what happened.

Everything that the engine does goes through its functions. What bookkeeping brings (customers, items,
payments) is written by the owner. `Scene` has a clock of its own: `today_of` answers `scene.today` inside
the test's transaction, which is undone at the end.
"""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from itertools import count
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Row, insert, text
from sqlalchemy.orm import Session

from app.domain.calendar import official_days
from app.domain.stages import rank_of
from app.models.customers import Customer
from app.models.exchange import SourceConnection
from app.models.ledger import Movement, OpenItem
from app.models.workflow import StepDone, Workflow, WorkflowStep, WorkflowVersion
from app.services.correspondence import commands
from app.services.correspondence.commands import Claimed, Rendered, RenderJob
from app.services.workflow import shipped

MONDAY = dt.date(2026, 3, 2)
"""A plain working Monday: no holiday in the three weeks after it."""
DAY = dt.timedelta(days=1)
LEASE = dt.timedelta(minutes=5)
STATION = uuid.UUID(int=7)

Step = dict[str, Any]

_CLOCK = """
    create or replace function tegoed.today_of(p_company int, p_now timestamptz default now()) returns date
    language sql stable security definer set search_path = pg_catalog, tegoed, pg_temp
    as $$ select current_setting('tegoed.test_today')::date $$
"""


def step(kind: str, days: int, stage: str | None = None, **more: Any) -> Step:
    """A step as a row of `workflow_step`; the text of a written one has the name of its stage."""
    template = stage if kind in {"email", "letter"} else None
    return {"kind": kind, "days": days, "stage": stage, "template": template, **more}


SHORT: tuple[Step, ...] = (
    step("email", 5, "reminder"),
    step("email", 14, "demand"),
    step("letter", 28, "notice14"),
    step("charge", 1, after="notice_term"),
    step("letter", 2, "final_demand", after="previous_step"),
    step("hand_over", 10, "hand_over", after="previous_step"),
)
"""Reminder at 5 days, demand at 14, 14-day letter at 28, costs, final demand, hand-over."""


@dataclass
class Scene:
    """One company; `today` is its business date, moved by `at` and `days`."""

    session: Session
    company: int
    connection: int
    today: dt.date
    numbers: Iterator[int] = field(default_factory=lambda: count(1))
    workflows: dict[str, int] = field(default_factory=dict)

    def workflow(
        self, code: str, steps: Sequence[Step] = SHORT, *, default: bool = False, **version: Any
    ) -> int:
        """A published workflow; contact_gap and bundle_ahead may be given. Its id."""
        made = self.session.execute(
            insert(Workflow).values(company_id=self.company, code=code, name=code).returning(Workflow.id)
        ).scalar_one()
        self.workflows[code] = made
        self.publish(self.draft(made, steps, **version))
        if default:
            self.settings(default_workflow_id=made)
        return made

    def draft(self, workflow: int, steps: Sequence[Step], **version: Any) -> int:
        """A next version of a workflow, not published; the id of the version."""
        number = self.one(
            "select count(*) + 1 from tegoed.workflow_version where workflow_id = :w", w=workflow
        )
        made = self.session.execute(
            insert(WorkflowVersion)
            .values(company_id=self.company, workflow_id=workflow, number=number, **version)
            .returning(WorkflowVersion.id)
        ).scalar_one()
        rank = 0
        for position, each in enumerate(steps, 1):
            rank = each.get("rank", rank if each["stage"] is None else rank_of(each["stage"]))
            row = {"rank": rank, **each, "position": position, "version_id": made, "company_id": self.company}
            self.session.execute(insert(WorkflowStep).values(**row))
        return made

    def publish(self, version: int) -> None:
        self.run("select tegoed.publish_workflow(:v)", v=version)

    def version_of(self, code: str) -> int:
        """The published version of a workflow."""
        return self.one(
            "select id from tegoed.workflow_version where workflow_id = :w and state = 'published'",
            w=self.workflows[code],
        )

    def settings(self, **values: Any) -> None:
        """Settings of the company."""
        self._set("company", self.company, values)

    def customer(self, name: str = "Jansen", *, kind: str = "business", **columns: Any) -> int:
        """A customer with a good address and mailbox; its id."""
        number = f"D{next(self.numbers):05}"
        there = {"street": "Dorpsstraat 1", "postcode": "1234 AB", "city": "Utrecht", "phone": "+31201234567"}
        values = {"email": f"{number}@voorbeeld.test", **there, **columns}
        return self.session.execute(
            insert(Customer)
            .values(
                company_id=self.company, connection_id=self.connection, number=number, name=name, kind=kind,
                **values,
            )
            .returning(Customer.id)
        ).scalar_one()  # fmt: skip

    def change_customer(self, customer: int, **values: Any) -> None:
        self._set("customer", customer, values)

    def invoice(
        self, customer: int, amount: str | int = 100, *, late: int | None = None, **columns: Any
    ) -> int:
        """An open item, `late` days overdue on `today` or with its own `due_date`; negative is a credit note."""
        number = next(self.numbers)
        due = columns.pop("due_date", None) or self.today - DAY * (late or 0)
        money = Decimal(amount)
        values = {
            "kind": "invoice" if money > 0 else "credit_note",
            "planning_from": min(due, self.today) - DAY * 60,
            "invoice_date": due - DAY * 30,
            **columns,
        }
        return self.session.execute(
            insert(OpenItem)
            .values(
                company_id=self.company, customer_id=customer, connection_id=self.connection,
                source_key=f"invoice F{number:05}", document_number=f"F{number:05}", due_date=due,
                original_amount=money, **values,
            )
            .returning(OpenItem.id)
        ).scalar_one()  # fmt: skip

    def pay(self, item: int, amount: str | int, *, on: dt.date | None = None) -> None:
        """A settlement from the source with a value date; what waits is not looked at again."""
        self.session.execute(
            insert(Movement).values(
                company_id=self.company, open_item_id=item, kind="source_settlement", amount=-Decimal(amount),
                value_date=on or self.today,
            )
        )  # fmt: skip

    def step_taken(self, item: int, *, rank: int, on: dt.date, **values: Any) -> None:
        """A written step of the past, without the action behind it: stage, version_id, position, skipped, reason."""
        there = {"position": 0, "stage": None, "written": True, "company_id": self.company, **values}
        self.session.execute(
            insert(StepDone).values(open_item_id=item, rank=rank, at=self.now, on_date=on, **there)
        )
        self.run("select tegoed.keep_progress(array[cast(:i as bigint)])", i=item)

    def hold(self, customer: int, *items: int, **values: Any) -> list[int]:
        """Place a hold on items, or on the whole customer; amount, stops, cause, until, reason."""
        given = {
            "amount": None,
            "stops": ["all"],
            "cause": "manual",
            "from": None,
            "until": None,
            "reason": "",
        }
        return self.one(
            "select tegoed.place_hold(:c, :items, :amount, :stops, :cause, :from, :until, :reason)",
            c=customer, items=list(items) or None, **(given | values),
        )  # fmt: skip

    @property
    def now(self) -> dt.datetime:
        """Ten o'clock of `today` on the company's clock."""
        return dt.datetime.combine(self.today, dt.time(10), ZoneInfo("Europe/Amsterdam"))

    def at(self, day: dt.date, *, fresh: bool = True) -> Scene:
        """Make it `day`; its data are fresh (dated the day before) unless said otherwise."""
        self.today = day
        self.run("select set_config('tegoed.test_today', :d, true)", d=str(day))
        if fresh:
            self.settings(data_as_of=day - DAY)
        return self

    def plan(self, day: dt.date | None = None) -> dict[str, Any]:
        """Plan the company, on `day` if given."""
        if day is not None:
            self.at(day)
        return self.one("select tegoed.plan_company(:c, :d)", c=self.company, d=self.today)

    def render(self) -> list[RenderJob]:
        """Render everything that waits for it; the bytes name action and facts."""
        jobs = self.claim_renders()
        for job in jobs:
            self.store(job)
        return jobs

    def claim_renders(self) -> list[RenderJob]:
        return commands.claim_renders(self.session, [self.company], limit=1000, lease=LEASE, now=self.now)

    def store(self, job: RenderJob) -> bool:
        rendered = [
            Rendered(int(each["id"]), str(each["message_id"]), "application/pdf", _bytes_of(job, each))
            for each in job.deliveries
        ]
        return commands.store_rendering(
            self.session, job, reference=f"RF{job.action_id:010}", rendered=rendered, now=self.now
        )

    def approve(self, *actions: int) -> list[int]:
        """Approve these actions, or all that wait for it, for the day's clock."""
        wanted = list(actions) or self.all(
            "select id from tegoed.action where company_id = :c and state = 'awaiting_approval' order by id",
            c=self.company,
        )
        for action in wanted:
            commands.approve(self.session, action)
            self.run(
                "update tegoed.delivery set not_before = tegoed.contact_moment(company_id, :now)"
                " where action_id = :a and state = 'waiting'", a=action, now=self.now,
            )  # fmt: skip
        return wanted

    def claim(self) -> list[Claimed]:
        queues = self.all("select id from tegoed.print_queue where company_id = :c", c=self.company)
        return commands.claim_deliveries(
            self.session, STATION, [self.company], queues=queues, limit=1000, lease=LEASE, now=self.now
        )

    def begin(self, claimed: Claimed) -> dict[str, Any]:
        return commands.begin_act(self.session, claimed, template_version=None, now=self.now)

    def send(self, outcome: str | Callable[[Claimed], str] = "sent") -> list[dict[str, Any]]:
        """Claim, check and send all that may leave now; the verdicts in order."""
        verdicts: list[dict[str, Any]] = []
        for claimed in self.claim():
            verdict = self.begin(claimed)
            verdicts.append(verdict)
            if verdict["verdict"] == "send":
                said = outcome if isinstance(outcome, str) else outcome(claimed)
                commands.record_outcome(self.session, claimed, said)
        return verdicts

    def charge(self) -> dict[int, str]:
        """Post every charge that waits; what became of each."""
        waiting = self.all(
            "select id from tegoed.action where company_id = :c and kind = 'charge'"
            " and state in ('planned', 'approved') order by id", c=self.company,
        )  # fmt: skip
        return {action: commands.post_charge(self.session, action, self.now) for action in waiting}

    def post(self, on: dt.date | None = None) -> int:
        """Say that every letter that left to paper and is not posted yet was posted."""
        letters = self.all(
            "select action_id from tegoed.delivery where company_id = :c and channel = 'letter'"
            " and state = 'done' and posted_on is null", c=self.company,
        )  # fmt: skip
        return commands.confirm_posted(self.session, letters, on or self.today)

    def day(self, day: dt.date | None = None, *, post: bool = True) -> list[Row[Any]]:
        """A whole collection day: plan, charge, render, approve all, send, post; what left that day."""
        self.at(day or self.today)
        self.plan()
        commands.tend_deliveries(self.session, self.now)
        waiting = (
            "state in ('planned', 'awaiting_approval', 'approved') and kind in ('email', 'letter', 'charge')"
        )
        if self.one(
            f"select exists (select from tegoed.action where company_id = :c and {waiting})", c=self.company
        ):
            self.charge()
            self.render()
            self.approve()
            self.send()
            if post:
                self.post()
        return self.left()

    def days(self, count_or_until: int | dt.date, **how: Any) -> list[Row[Any]]:
        """The working days after `today`, so many calendar days or until and with a date; what left on them.

        Days off are passed over, as in an office where the computer is off; the last one is a full day.
        """
        until = count_or_until if isinstance(count_or_until, dt.date) else self.today + DAY * count_or_until
        left: list[Row[Any]] = []
        open_days = self.all(
            "select day from tegoed.company_calendar where company_id = :c and day > :t and day <= :u"
            " and (working or day = :u) order by day", c=self.company, t=self.today, u=until,
        )  # fmt: skip
        for day in open_days:
            left += self.day(day, **how)
        return left

    def left(self, day: dt.date | None = None, *, customer: int | None = None) -> list[Row[Any]]:
        """Communications that left on a day (`today`): action_id, customer_id, stage, channel, currency, amount."""
        return self.rows(
            "select a.id as action_id, a.customer_id, a.stage, d.channel, a.currency, a.amount, d.contact_on"
            " from tegoed.delivery d join tegoed.action a on a.id = d.action_id"
            " where d.company_id = :c and d.state = 'done' and d.contact_on = :d"
            " and (cast(:cu as bigint) is null or a.customer_id = :cu) order by d.id",
            c=self.company, d=day or self.today, cu=customer,
        )  # fmt: skip

    def schedule(self, customer: int) -> dict[int, Row[Any]]:
        """`step_schedule` of a customer today, by item."""
        found = self.rows(
            "select * from tegoed.step_schedule(array[:c], :d, array[cast(:cu as bigint)])",
            c=self.company, d=self.today, cu=customer,
        )  # fmt: skip
        return {row.open_item_id: row for row in found}

    def why(self, item: int) -> Row[Any]:
        """The row of one item in the schedule of today."""
        customer = self.one("select customer_id from tegoed.open_item where id = :i", i=item)
        return self.schedule(customer)[item]

    def actions(self, customer: int | None = None, **where: Any) -> list[Row[Any]]:
        """Actions in order of making; `where` compares columns, for example origin='follow_up'."""
        tests = "".join(f" and {name} = :{name}" for name in where)
        return self.rows(
            "select * from tegoed.action where company_id = :c"
            f" and (cast(:cu as bigint) is null or customer_id = :cu){tests} order by id",
            c=self.company, cu=customer, **where,
        )  # fmt: skip

    def seats(self, action: int) -> dict[int, Row[Any]]:
        """The items of an action with role, stage, position, amount and live_step."""
        found = self.rows("select * from tegoed.action_item where action_id = :a", a=action)
        return {row.open_item_id: row for row in found}

    def follow_ups(self, customer: int | None = None) -> list[str]:
        """Causes of the follow-ups that wait, in order of making."""
        return [row.cause for row in self.actions(customer, origin="follow_up", state="planned")]

    def steps(self, item: int) -> list[Row[Any]]:
        """The steps an item took or skipped and did not undo."""
        return self.rows(
            "select * from tegoed.step_done where open_item_id = :i and undone_at is null order by id", i=item
        )

    def item(self, item: int) -> Row[Any]:
        return self.rows("select * from tegoed.open_item where id = :i", i=item)[0]

    def notices(self, customer: int) -> list[Row[Any]]:
        return self.rows("select * from tegoed.notice where customer_id = :cu order by id", cu=customer)

    def costs(self, customer: int) -> list[Row[Any]]:
        """Cost items of a customer, open or not."""
        return self.rows(
            "select * from tegoed.open_item where customer_id = :cu and kind = 'cost' order by id",
            cu=customer,
        )

    def run(self, statement: str, **values: Any) -> None:
        self.session.execute(text(statement), values)

    def rows(self, statement: str, **values: Any) -> list[Row[Any]]:
        return list(self.session.execute(text(statement), values))

    def one(self, statement: str, **values: Any) -> Any:
        return self.session.execute(text(statement), values).scalar_one()

    def all(self, statement: str, **values: Any) -> list[Any]:
        return list(self.session.execute(text(statement), values).scalars())

    def _set(self, table: str, key: int, values: Mapping[str, Any]) -> None:
        changes = ", ".join(f"{name} = :{name}" for name in values)
        self.run(f"update tegoed.{table} set {changes} where id = :the_id", the_id=key, **values)


def open_scene(
    session: Session,
    on: dt.date = MONDAY,
    *,
    steps: Sequence[Step] | None = SHORT,
    clock: bool = True,
    code: str = "TEST",
    **settings: Any,
) -> Scene:
    """A live company on `on` with calendar, print queue, outcomes and fresh data.

    `steps` become its default workflow "short"; None installs the shipped workflows, *zakelijk* as default.
    Version settings (contact_gap, bundle_ahead) and company settings may be given. `clock=False` leaves the
    database's own clock, for tests that commit.
    """
    version = {name: settings.pop(name) for name in ("contact_gap", "bundle_ahead") if name in settings}
    if session.execute(text("select tegoed.my_user_id()")).scalar_one() is None:
        session.execute(text("insert into tegoed.app_user (login, name) values (session_user, 'Test')"))
    company = session.execute(
        text("select tegoed.create_company(:code, 'Test BV')"), {"code": code}
    ).scalar_one()
    connection = session.execute(
        insert(SourceConnection)
        .values(company_id=company, name="boekhouding", format="csv")
        .returning(SourceConnection.id)
    ).scalar_one()
    scene = Scene(session, company, connection, on)
    if clock:
        session.execute(text(_CLOCK))
    scene.at(on)
    set_calendar(scene, on - DAY * 400, on + DAY * 600)
    scene.settings(**(_SENDER | settings))
    if steps is not None:
        scene.workflow("short", steps, default=True, **version)
    else:
        scene.workflows.update(shipped.install(session, company))
        scene.settings(default_workflow_id=scene.workflows["zakelijk"])
    return scene


def set_calendar(scene: Scene, first: dt.date, last: dt.date) -> None:
    """The company's calendar with the Dutch official days."""
    holidays = [day for year in range(first.year, last.year + 1) for day in official_days(year)]
    scene.run(
        "select tegoed.set_calendar(:c, :holidays, :first, :last)",
        c=scene.company, holidays=holidays, first=first, last=last,
    )  # fmt: skip


_SENDER: dict[str, Any] = {
    "state": "live", "live_since": dt.date(2020, 1, 1), "street": "Kade 2", "postcode": "3511 AA",
    "city": "Utrecht", "email": "debiteuren@test-bv.test", "iban": "NL91ABNA0417164300", "recall_minutes": 0,
}  # fmt: skip


def _bytes_of(job: RenderJob, delivery: Mapping[str, Any]) -> bytes:
    return f"{job.action_id} {delivery['channel']} {job.facts['checked']}".encode()
