"""A company with a bookkeeping that exports CSV files, imported under a real login."""

import datetime as dt
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path

from sqlalchemy import Engine, text
from sqlalchemy.orm import Session

from app.adapters.database.engine import make_sessions, session_scope
from app.adapters.ledgers.source import open_source
from app.services.access import commands as access
from app.services.exchange import commands
from app.services.exchange.commands import Opening
from app.services.exchange.rows import CsvMapping
from app.services.workflow import shipped
from app.services.workflow.commands import plan

TODAY = dt.date(2026, 11, 20)
"""A Friday; the files below are exported on it and cover the day before."""

FIELDS = (
    "customer_number", "customer_name", "customer_kind", "kvk", "vat_number", "iban", "email", "street", "postcode",
    "city", "source_id", "document_number", "invoice_date", "due_date", "currency", "original_amount",
    "open_amount", "paid_on", "reminder_level", "reminder_date",
)  # fmt: skip
MAPPING = CsvMapping(columns={name: name for name in FIELDS}, headers=FIELDS, thousands=None)


def line(number: str, open_amount: str = "100,00", **cells: str) -> dict[str, str]:
    """One invoice of customer 1001, overdue for half a month, unless the cells say otherwise."""
    usual = {
        "customer_number": "1001", "customer_name": "Smit & Van Rijn B.V.", "document_number": number,
        "kvk": "12345678", "email": "boekhouding@smit.example", "street": "Kanaaldijk 41", "postcode": "6710 AB",
        "city": "Ede", "invoice_date": "05-10-2026", "due_date": "04-11-2026", "open_amount": open_amount,
    }  # fmt: skip
    return {**usual, **cells}


def private(number: str, open_amount: str = "100,00", **cells: str) -> dict[str, str]:
    """One invoice of customer 1002, who has no registration."""
    who = {"customer_number": "1002", "customer_name": "J. de Vries", "kvk": "", "postcode": "1234 AB"}
    return line(number, open_amount, **{**who, **cells})


def lines(numbers: range, **cells: str) -> list[dict[str, str]]:
    return [line(f"F{n}", **cells) for n in numbers]


@dataclass
class Books:
    """Imports files for one company and looks at what became of them."""

    company: int
    owner: Engine
    desk: Engine
    folder: Path
    connection: str = "import"
    numbers: count = field(default_factory=lambda: count(1))

    def file(self, *rows: dict[str, str]) -> Path:
        path = self.folder / f"posten-{next(self.numbers)}.csv"
        cells = [";".join(row.get(name, "") for name in FIELDS) for row in rows]
        path.write_text("\n".join([";".join(FIELDS), *cells, ""]), "utf-8")
        return path

    def open(
        self, *rows: dict[str, str], complete: bool = True, as_of: dt.date | None = None, session: Session
    ):
        source = open_source(self.file(*rows), mapping=MAPPING, today=TODAY)
        opening = Opening(
            company_id=self.company,
            connection=self.connection,
            completeness="complete" if complete else "additions",
            file_name="posten.csv",
            data_as_of=as_of or TODAY - dt.timedelta(days=1),
        )
        run = commands.open_run(session, opening, source)
        commands.upload(session, run, source)
        return run, source

    def take(
        self,
        *rows: dict[str, str],
        complete: bool = True,
        confirm: Sequence[str] = (),
        on: dt.date = TODAY,
        as_of: dt.date | None = None,
    ) -> dict:
        """Import these lines; the counts."""
        with session_scope(make_sessions(self.desk)) as session:
            run, source = self.open(*rows, complete=complete, as_of=as_of, session=session)
            commands.preview(session, run, source)
            return commands.apply(session, run, confirm=confirm, on=on)

    def look(self, *rows: dict[str, str], complete: bool = True) -> dict:
        """The counts and blocks that an import of these lines would meet; changes nothing."""
        with session_scope(make_sessions(self.desk)) as session:
            run, source = self.open(*rows, complete=complete, session=session)
            counts = commands.preview(session, run, source)
            counts["rejected_lines"] = [each.what for each in commands.rejected(session, run)]
            session.rollback()
        return counts

    def plan(self, on: dt.date = TODAY) -> dict:
        with session_scope(make_sessions(self.desk)) as session:
            return plan(session, self.company, on)

    def call(self, statement: str, **values: object):
        """Run one statement as the desk's login; its only value."""
        with session_scope(make_sessions(self.desk)) as session:
            return session.execute(text(statement), values).scalar()

    def do(self, statement: str, **values: object) -> None:
        with self.owner.begin() as connection:
            connection.execute(text(statement), values)

    def rows(self, statement: str, **values: object) -> list[tuple]:
        with self.owner.connect() as connection:
            return [tuple(row) for row in connection.execute(text(statement), values)]

    def one(self, statement: str, **values: object):
        return self.rows(statement, **values)[0][0]

    def item(self, number: str, column: str = "id"):
        found = self.rows(
            f"select {column} from tegoed.open_item where company_id = :c and document_number = :n",
            c=self.company,
            n=number,
        )
        assert len(found) == 1, f"{number}: {found}"
        return found[0][0]

    def open_amounts(self) -> dict[str, str]:
        """Document number to outstanding, of what is open."""
        return {
            number: str(amount)
            for number, amount in self.rows(
                "select document_number, outstanding from tegoed.open_item"
                " where company_id = :c and outstanding <> 0 order by 1",
                c=self.company,
            )
        }

    def allocate(self, number: str, amount: str, *, kind: str = "allocation") -> None:
        """Book money on an item ourselves, awaiting the source."""
        self.do(
            "insert into tegoed.movement (company_id, open_item_id, kind, amount, value_date)"
            " values (:c, :i, :k, cast(:a as numeric), :d)",
            c=self.company, i=self.item(number), k=kind, a=amount, d=TODAY,
        )  # fmt: skip

    def snapshot(self) -> list[tuple]:
        """Every version of every row that an import may write."""
        tables = ("open_item", "movement", "customer", "step_done", "action", "action_item", "hold")
        return [
            (table, *row)
            for table in tables
            for row in self.rows(f"select xmin::text, ctid::text from tegoed.{table} order by 2")
        ]


def make_books(
    login: Callable[..., Engine], owner: Engine, folder: Path, *, code: str = "ABC", workflows: bool = False
) -> Books:
    """A company in plan only, whose calendar knows week-ends; the shipped workflows take a moment."""
    maker = login("administrator", "manager")
    with session_scope(make_sessions(maker)) as session:
        company: int = session.execute(
            text("select tegoed.create_company(:code, :name)"), {"code": code, "name": f"{code} B.V."}
        ).scalar_one()
        session.execute(
            text("select tegoed.set_calendar(:c, '{}', '2026-01-01', '2028-06-30')"), {"c": company}
        )
        if workflows:
            shipped.install(session, company)
            access.set_default_workflow(session, code, "zakelijk")
    desk = login("collector", "manager", "worker", companies=[company])
    return Books(company, owner, desk, folder)
