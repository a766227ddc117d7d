"""Row-level security: the same lists as a login and as the owner, who is not subject to it."""

from __future__ import annotations

from sqlalchemy import Engine, text

from app.services.sample.open_items import fill_open_items
from benchmarks.bench_database import database, server
from benchmarks.planning import ON
from benchmarks.table import Figure, median_of

LISTS = {
    "open items of a company": """
        select count(*), sum(oi.outstanding) from tegoed.open_item oi
        join tegoed.customer cu on cu.id = oi.customer_id where oi.company_id = :c and oi.outstanding <> 0""",
    "worklist page": """
        select a.id, a.amount, cu.name from tegoed.action a join tegoed.customer cu on cu.id = a.customer_id
        where a.company_id = :c and a.state in ('planned', 'awaiting_approval', 'approved')
        order by a.class, a.score desc, a.id limit 200""",
    "customers with their balance": """
        select cu.id, sum(oi.outstanding) from tegoed.customer cu
        join tegoed.open_item oi on oi.customer_id = cu.id where cu.company_id = :c
        group by cu.id order by 2 desc limit 200""",
}


def figures(items: int, runs: int) -> list[Figure]:
    """Each list with row security beside the same without."""
    items = min(items, 200_000)
    with server() as (running, home), database(running, home, "security") as bench:
        with bench.owner.begin() as connection:
            company = fill_open_items(connection, items=items, date=ON)
        bench.join(company)
        with bench.login.begin() as connection:
            connection.execute(text("select tegoed.plan_company(:c, :on)"), {"c": company, "on": ON})
        with bench.owner.begin() as connection:
            connection.execute(text("analyze"))

        def timed(engine: Engine, statement: str) -> float:
            with engine.connect() as connection:
                connection.execute(text(statement), {"c": company}).all()
                return median_of(
                    max(runs, 5), lambda: connection.execute(text(statement), {"c": company}).all()
                )

        return [
            Figure(f"row security: {name}", timed(bench.login, statement), timed(bench.owner, statement), 1.5)
            for name, statement in LISTS.items()
        ]
