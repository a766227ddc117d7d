"""The loop for due work: plan, tend, charge, render, send. Any number may run, on any number of stations."""

from __future__ import annotations

import datetime as dt
import platform
import threading
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import psycopg
from sqlalchemy import text

from app.adapters.database.engine import session_scope, with_manners
from app.adapters.database.translation import translated
from app.bootstrap import Desk
from app.errors import Conflict, DatabaseAway, OutsideError
from app.services.access.queries import CompanyRow, companies, today_of
from app.services.correspondence import commands
from app.services.workflow.commands import plan
from app.worker.rendering import render_waiting
from app.worker.sending import send_waiting
from app.worker.stations import OutcomeMarker

POLL = 30.0
"""Seconds after which the loop looks even when no notice came."""
RETRY = 2.0
AGAIN = 3
"""How often one round renders again what changed under it; the rest is for the next round."""


@dataclass(frozen=True, slots=True)
class Round:
    """What one round did: planning per company, charges, renderings, and what became of deliveries."""

    paused: str | None = None
    planned: dict[str, dict[str, Any]] = field(default_factory=dict[str, dict[str, Any]])
    tended: dict[str, int] = field(default_factory=dict[str, int])
    charged: dict[str, int] = field(default_factory=dict[str, int])
    rendered: dict[str, int] = field(default_factory=dict[str, int])
    sent: dict[str, int] = field(default_factory=dict[str, int])


class Worker:
    """One worker of this station, on the signed-in login, for the companies that login may see."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._station = desk.config.station_id()
        self._stop = threading.Event()

    def stop(self) -> None:
        """Ask the loop to end after the delivery it is busy with."""
        self._stop.set()

    def run_once(
        self,
        *,
        only: list[CompanyRow] | None = None,
        now: dt.datetime | None = None,
        on: dt.date | None = None,
    ) -> Round:
        """Everything that is due now, once. `now` and `on` are the business clock of folder companies."""
        with session_scope(self._desk.sessions) as session:
            mine = only if only is not None else companies(session)
            paused = self._registered(session)
        ids = [c.id for c in mine if c.state == "live"]
        done = Round(paused=paused)
        for each in mine:
            if each.state != "off":
                done.planned[each.code] = self._plan(each, on)
        with session_scope(self._desk.sessions) as session:
            done.tended.update(commands.tend_deliveries(session, now))
        if ids:
            done.charged.update(self._charge(ids, now))
            self._render_and_send(ids, now, done)
        return done

    def run_forever(self) -> None:
        """Rounds until stopped, woken by notices of the database; waits out a lost connection."""
        known_alone = False
        while not self._stop.is_set():
            try:
                with self._alone():
                    known_alone = True
                    while not self._stop.is_set():
                        self._round()
            except DatabaseAway as away:
                self._stop.wait(away.retry_after or POLL)
            except Conflict:
                # After a lost connection the server may hold our own lock for a while.
                if not known_alone:
                    raise
                self._stop.wait(RETRY)

    def _round(self) -> None:
        try:
            self.run_once()
        except DatabaseAway:
            raise  # the lock that says we are alone is gone with it
        except OutsideError as away:
            self._stop.wait(away.retry_after or POLL)
        self._wait_for_notice()

    def _render_and_send(self, ids: list[int], now: dt.datetime | None, done: Round) -> None:
        """Once more for what the last check sent back to be rendered with the facts of this moment."""
        for _ in range(AGAIN):
            _add(done.rendered, render_waiting(self._desk, ids, now))
            if done.paused is not None:
                return
            sent = send_waiting(self._desk, self._station, ids, now=now, stop=self._stop.is_set)
            _add(done.sent, sent)
            if not (sent.get("again") or sent.get("other_channel")):
                return

    def _registered(self, session: Any) -> str | None:
        marker = OutcomeMarker(self._desk.config.settings / "outcomes.json", self._desk.marker_key)
        state = commands.register_station(session, self._station, platform.node() or "station", marker.read())
        return state["reason"] or "paused" if state["paused"] else None

    def _plan(self, company: CompanyRow, on: dt.date | None) -> dict[str, Any]:
        with session_scope(self._desk.sessions) as session:
            return plan(session, company.id, on or today_of(session, company.id), once=on is None)

    def _charge(self, ids: list[int], now: dt.datetime | None) -> dict[str, int]:
        counts: dict[str, int] = {}
        with session_scope(self._desk.sessions) as session:
            due = (
                session.execute(
                    text(
                        "select id from tegoed.action where company_id = any (:c) and kind = 'charge'"
                        " and state in ('planned', 'approved') order by id"
                    ),
                    {"c": ids},
                )
                .scalars()
                .all()
            )
        for action in due:
            with session_scope(self._desk.sessions) as session:
                outcome = commands.post_charge(session, action, now)
            counts[outcome] = counts.get(outcome, 0) + 1
        return counts

    def _wait_for_notice(self) -> None:
        with translated(), psycopg.connect(with_manners(self._desk.conninfo), autocommit=True) as listener:
            listener.execute("listen tegoed")
            waited = 0.0
            while waited < POLL and not self._stop.is_set():
                for _ in listener.notifies(timeout=1.0, stop_after=1):
                    return
                waited += 1.0

    @contextmanager
    def _alone(self) -> Generator[None]:
        """One running loop a station: an advisory lock held by a connection of its own."""
        with translated(), psycopg.connect(with_manners(self._desk.conninfo), autocommit=True) as guard:
            row = guard.execute(
                "select pg_catalog.pg_try_advisory_lock(7403, pg_catalog.hashtext(%s))", [str(self._station)]
            ).fetchone()
            if not (row and row[0]):
                raise Conflict(
                    "A worker of this station is running already.",
                    code="worker.running",
                    remedy="Stop that one first.",
                )
            yield


def _add(counts: dict[str, int], more: dict[str, int]) -> None:
    for what, number in more.items():
        counts[what] = counts.get(what, 0) + number
