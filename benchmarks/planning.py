"""Planning: at 100 % and 10 % due, the second plan of a day, growth, never-analysed tables, one customer's why."""

from __future__ import annotations

import datetime as dt
import time
from pathlib import Path

import psycopg
from sqlalchemy import Connection, text
from sqlalchemy.orm import Session

from app.adapters.database.embedded import EmbeddedServer
from app.services.sample.open_items import fill_open_items
from app.services.workflow.queries import why
from benchmarks.bench_database import Bench, database, server
from benchmarks.table import Figure, median_of

ON = dt.date(2026, 11, 23)
WRITTEN = ("action", "action_item", "delivery", "event")
BARE = """
    select count(*), max(id) from (
        select oi.id from tegoed.open_item oi
        join tegoed.customer cu on cu.id = oi.customer_id
        left join tegoed.action_item ai on ai.open_item_id = oi.id and ai.live_step
        left join tegoed.hold h on h.open_item_id = oi.id
        where oi.outstanding <> 0
        order by cu.id, oi.due_date
    ) x
"""
PLAN = "select tegoed.plan_company(:c, :on)"


def figures(items: int, runs: int) -> list[Figure]:
    """All figures of planning over `items` open items."""
    found: list[Figure] = []
    with server() as (running, home):
        for share in (1.0, 0.1):
            with database(running, home, f"plan_{int(share * 100)}") as bench:
                found += _plan(bench, items, share, runs, analysed=True)
        with database(running, home, "plan_unanalysed") as bench:
            found += _plan(bench, min(items, 200_000), 1.0, 1, analysed=False)
        found += _growth(running, home, items)
    return found


def _filled(bench: Bench, items: int, share: float, *, analysed: bool) -> int:
    with bench.owner.begin() as connection:
        company = fill_open_items(connection, items=items, due_share=share, date=ON)
    bench.join(company)
    if not analysed:
        _forget_statistics(bench)
    return company


def _forget_statistics(bench: Bench) -> None:
    """As if the tables had just been filled and never looked at."""
    with psycopg.connect(bench.server.admin_conninfo(bench.name)) as admin:
        admin.execute(
            "delete from pg_catalog.pg_statistic where starelid in"
            " (select oid from pg_catalog.pg_class where relnamespace = 'tegoed'::regnamespace)"
        )


def _plan(bench: Bench, items: int, share: float, runs: int, *, analysed: bool) -> list[Figure]:
    company = _filled(bench, items, share, analysed=analysed)
    asked = {"c": company, "on": ON}
    label = f"plan {items:,} items, {share:.0%} due" + ("" if analysed else ", never analysed")

    def rolled_back() -> None:
        with bench.login.connect() as connection:
            connection.execute(text(PLAN), asked)
            connection.rollback()

    planned = median_of(runs, rolled_back)
    with bench.owner.connect() as connection:
        bare = median_of(runs, lambda: connection.execute(text(BARE)).all())
    with bench.login.begin() as connection:
        connection.execute(text(PLAN), asked)
    with bench.owner.begin() as connection:
        inserting = _floor(connection, runs)
    found = [Figure(label, planned, inserting + bare, 2.0)]
    if analysed:

        def again() -> None:
            with bench.login.begin() as connection:
                connection.execute(text(PLAN), asked)

        again()
        second = median_of(runs, again)
        with bench.owner.connect() as connection:
            bare = median_of(runs, lambda: connection.execute(text(BARE)).all())
        found.append(Figure(f"second plan the same day, {share:.0%} due", second, bare, 2.0))
        found.append(_why(bench, runs))
    return found


def _floor(connection: Connection, runs: int) -> float:
    """Inserting the finished rows of all tables that planning writes, with their indexes."""
    for table in WRITTEN:
        connection.execute(text(f"create unlogged table tegoed.kept_{table} as select * from tegoed.{table}"))
        connection.execute(text(f"create table tegoed.fresh_{table} (like tegoed.{table} including all)"))

    def insert() -> None:
        for table in WRITTEN:
            columns = connection.execute(
                text(
                    "select string_agg(quote_ident(column_name), ',' order by ordinal_position)"
                    " from information_schema.columns where table_schema = 'tegoed' and table_name = :t"
                    " and is_generated = 'NEVER'"
                ),
                {"t": table},
            ).scalar_one()
            connection.execute(
                text(
                    f"insert into tegoed.fresh_{table} ({columns}) overriding system value"
                    f" select {columns} from tegoed.kept_{table}"
                )
            )

    times: list[float] = []
    for _ in range(runs):
        with connection.begin_nested() as point:
            started = time.perf_counter()
            insert()
            times.append(time.perf_counter() - started)
            point.rollback()
    for table in WRITTEN:
        connection.execute(text(f"drop table tegoed.kept_{table}, tegoed.fresh_{table}"))
    return sorted(times)[len(times) // 2]


def _why(bench: Bench, runs: int) -> Figure:
    with bench.login.connect() as connection, Session(connection) as session:
        customers = list(
            session.execute(text("select id from tegoed.customer order by id limit 20 offset 500")).scalars()
        )
        why(session, customers[0], on=ON)
        total = median_of(runs, lambda: [why(session, each, on=ON) for each in customers])
    return Figure("why of one customer", total / len(customers) * 1000, None, 20.0, unit="ms")


def _growth(running: EmbeddedServer, home: Path, largest: int) -> list[Figure]:
    """Seconds per item from a tenth and a hundredth of the size on: growth must stay linear."""
    found: list[Figure] = []
    per_item: float | None = None
    for items in (largest // 100, largest // 10):
        if items < 1000:
            continue
        with database(running, home, f"growth_{items}") as bench:
            company = _filled(bench, items, 1.0, analysed=True)
            started = time.perf_counter()
            with bench.login.begin() as connection:
                connection.execute(text(PLAN), {"c": company, "on": ON})
            took = (time.perf_counter() - started) / items * 1e6
        found.append(
            Figure(
                f"growth: plan per item at {items:,}", took, per_item, 1.5 if per_item else None, unit="us"
            )
        )
        per_item = took
    return found
