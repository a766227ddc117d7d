"""A worker in a process of its own, that ends by itself, is killed, or kills itself at a chosen point."""

import datetime as dt
import os
import resource
import signal
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from app.adapters.database.engine import make_engine, make_sessions, session_scope
from app.adapters.mail import folder as drop_folder
from app.adapters.pdf import fonts
from app.bootstrap import Desk
from app.config import Config
from app.services.access.queries import companies
from app.services.correspondence import commands
from app.services.correspondence.texts import version
from app.worker import stations
from app.worker.loop import Round, Worker

# Loaded once in the process that the workers are forked from, so that a short life is spent on letters.
fonts.register()
version("reminder", "nl")


@dataclass(frozen=True)
class Job:
    """What one worker process is told. `point` is where it ends itself, `plans` whether it plans too."""

    conninfo: str
    home: Path
    folders: Path
    now: dt.datetime
    point: str | None = None
    plans: bool = False
    file_size: int | None = None


class Here(Worker):
    """A worker that leaves planning to others, so that a kill mostly hits its other work."""

    def _plan(self, *_: Any) -> dict[str, Any]:
        return {}


def desk_of(job: Job) -> Desk:
    """A signed-in worker with its own settings and the folders shared with other stations."""
    config = Config(
        home=job.home, settings=job.home, outbox=job.folders / "outbox", print_folder=job.folders / "print"
    )
    engine = make_engine(job.conninfo)
    return Desk(config, engine, make_sessions(engine), job.conninfo, "test", "test", None)


def work(job: Job) -> Round:
    """One round on the business clock of the job."""
    if job.file_size is not None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (job.file_size, job.file_size))
    if job.point:
        POINTS[job.point]()
    desk = desk_of(job)
    try:
        with session_scope(desk.sessions) as session:
            mine = companies(session)
        return (Worker if job.plans else Here)(desk).run_once(only=mine, now=job.now, on=job.now.date())
    finally:
        desk.close()


def die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def _after(module: Any, name: str) -> Callable[[], None]:
    """Arrange to die as soon as `name` has returned something."""

    def arrange() -> None:
        real = getattr(module, name)

        def then_die(*args: Any, **how: Any) -> Any:
            answer = real(*args, **how)
            if answer:
                die()
            return answer

        setattr(module, name, then_die)

    return arrange


def _before(module: Any, name: str) -> Callable[[], None]:
    def arrange() -> None:
        setattr(module, name, lambda *_args, **_how: die())

    return arrange


POINTS: dict[str, Callable[[], None]] = {
    "renders claimed": _after(commands, "claim_renders"),
    "rendered, not stored": _before(commands, "store_rendering"),
    "rendering stored": _after(commands, "store_rendering"),
    "claimed": _after(commands, "claim_deliveries"),
    "begun": _after(commands, "begin_with_bytes"),
    "file half there": _before(os, "link"),
    "file there": _after(drop_folder.DropFolder, "drop"),
    "recorded": _after(commands, "record_outcome"),
    "marker half written": _before(stations.OutcomeMarker, "_replace"),
}
