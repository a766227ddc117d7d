"""One row a figure: what was measured, its floor, their ratio, the budget, and whether it holds."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass

HEAD = ("figure", "measured", "floor", "ratio", "budget", "ok")


@dataclass(frozen=True)
class Figure:
    """`measured` and `floor` in `unit`; the budget is a largest ratio, or a largest value without a floor."""

    name: str
    measured: float
    floor: float | None
    budget: float | None
    unit: str = "s"
    at_least: bool = False
    """The budget is a least ratio (throughput) instead of a largest one."""

    @property
    def ratio(self) -> float | None:
        return None if self.floor is None else self.measured / self.floor

    @property
    def ok(self) -> bool | None:
        if self.budget is None:
            return None
        value = self.measured if self.ratio is None else self.ratio
        return value >= self.budget if self.at_least else value <= self.budget

    def cells(self) -> tuple[str, ...]:
        sign = ">=" if self.at_least else "<="
        budget = ""
        if self.budget is not None:
            budget = f"{sign} {self.budget:g}" + (f" {self.unit}" if self.ratio is None else " x")
        return (
            self.name,
            f"{self.measured:.3f} {self.unit}",
            "" if self.floor is None else f"{self.floor:.3f} {self.unit}",
            "" if self.ratio is None else f"{self.ratio:.2f}",
            budget,
            {True: "yes", False: "NO", None: ""}[self.ok],
        )


def median_of(runs: int, work: Callable[[], object]) -> float:
    """The median of `runs` wall times of `work`, in seconds."""
    times: list[float] = []
    for _ in range(runs):
        started = time.perf_counter()
        work()
        times.append(time.perf_counter() - started)
    return statistics.median(times)


def shown(figures: list[Figure]) -> str:
    """The table, columns aligned."""
    rows = [HEAD, *(figure.cells() for figure in figures)]
    widths = [max(len(row[i]) for row in rows) for i in range(len(HEAD))]
    return "\n".join("  ".join(c.ljust(w) for c, w in zip(row, widths, strict=True)).rstrip() for row in rows)
