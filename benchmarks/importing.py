"""Importing a CSV of many items, 90 % unchanged, preview included, beside parse + COPY + MERGE."""

from __future__ import annotations

import csv
import datetime as dt
import time
from decimal import Decimal
from pathlib import Path

import psycopg
from sqlalchemy.orm import Session

from app.adapters.ledgers.source import open_source
from app.services.exchange import commands
from app.services.exchange.commands import Opening
from benchmarks.bench_database import Bench, database, server
from benchmarks.planning import ON
from benchmarks.table import Figure

HEAD = (
    "Debiteurnummer;Naam;Adres;Postcode;Plaats;E-mail;KvK;Factuurnummer;Factuurdatum;Vervaldatum;"
    "Factuurbedrag;Openstaand"
)


def figures(items: int, _runs: int) -> list[Figure]:
    """One figure: the second import of a file of which a tenth changed."""
    with server() as (running, home), database(running, home, "importing") as bench:
        company = _company(bench)
        first, second = home / "first.csv", home / "second.csv"
        _write(first, items, changed=False)
        _write(second, items, changed=True)
        _import(bench, company, first)
        ours = _import(bench, company, second)
        floor = _floor(bench, first, second)
    return [Figure(f"import of {items:,} lines, 90 % unchanged", ours, floor, 2.0)]


def _company(bench: Bench) -> int:
    from sqlalchemy import text  # noqa: PLC0415

    with bench.owner.begin() as connection:
        connection.execute(text("insert into tegoed.app_user (login, name) values ('bench', 'bench')"))
    with bench.login.begin() as connection:
        return connection.execute(text("select tegoed.create_company('BEN', 'Bench')")).scalar_one()


def _write(path: Path, items: int, *, changed: bool) -> None:
    with path.open("w", encoding="utf-8") as file:
        file.write(HEAD + "\n")
        for n in range(items):
            c = n // 5
            still_open = f"{50 + n % 50},00" if changed and n % 10 == 0 else f"{100 + n % 900},{n % 100:02d}"
            file.write(
                f"{c};Klant {c} B.V.;Handelsweg {c % 90};3900 AA;Veenendaal;k{c}@klant.example;;"
                f"F{n};0{n % 9 + 1}-09-2026;0{n % 9 + 1}-10-2026;{100 + n % 900},{n % 100:02d};{still_open}\n"
            )


def _import(bench: Bench, company: int, path: Path) -> float:
    started = time.perf_counter()
    opening = Opening(company, "csv", "complete", path.name, ON - dt.timedelta(1))
    source = open_source(path, today=ON)
    with Session(bench.login) as session, session.begin():
        run = commands.open_run(session, opening, source)
    with Session(bench.login) as session, session.begin():
        commands.upload(session, run, source)
        commands.preview(session, run, source)
    with Session(bench.login) as session, session.begin():
        commands.apply(session, run, on=ON)
    return time.perf_counter() - started


def _floor(bench: Bench, first: Path, second: Path) -> float:
    """Parse with converters, COPY, and one MERGE by hash into an indexed table of the same rows."""
    with psycopg.connect(bench.server.admin_conninfo(bench.name)) as admin:
        admin.execute(
            "create table floor_item (key text primary key, hash bigint, d1 date, d2 date, a1 numeric,"
            " a2 numeric, customer text, name text, street text, postcode text, city text, email text)"
        )
        admin.execute("create unlogged table floor_line (like floor_item)")
        _floor_once(admin, first)
        admin.execute("truncate floor_line")
        admin.commit()
        started = time.perf_counter()
        _floor_once(admin, second)
        admin.commit()
        return time.perf_counter() - started


def _floor_once(admin: psycopg.Connection, path: Path) -> None:
    days: dict[str, dt.date] = {}
    amounts: dict[str, Decimal] = {}

    def day(text: str) -> dt.date:
        if text not in days:
            d, m, y = text.split("-")
            days[text] = dt.date(int(y), int(m), int(d))
        return days[text]

    def amount(text: str) -> Decimal:
        if text not in amounts:
            amounts[text] = Decimal(text.replace(",", "."))
        return amounts[text]

    with (
        path.open(encoding="utf-8", newline="") as file,
        admin.cursor().copy("copy floor_line from stdin") as copy,
    ):
        rows = csv.reader(file, delimiter=";")
        next(rows)
        for c in rows:
            copy.write_row((
                c[7], hash(";".join(c)) >> 1, day(c[8]), day(c[9]), amount(c[10]), amount(c[11]), c[0], c[1], c[2],
                c[3], c[4], c[5],
            ))  # fmt: skip
    admin.execute(
        "merge into floor_item i using floor_line l on i.key = l.key"
        " when matched and i.hash <> l.hash then update set hash = l.hash, d1 = l.d1, d2 = l.d2, a1 = l.a1, a2 = l.a2"
        " when not matched then insert values (l.key, l.hash, l.d1, l.d2, l.a1, l.a2, l.customer, l.name, l.street,"
        " l.postcode, l.city, l.email)"
    )
