"""`make bench`: one table – figure, floor, ratio, budget, ok; leaves with 1 when a budget does not hold.

`ARGS="--items 100000 --only planning"` measures less.
"""

from __future__ import annotations

import argparse
import sys

from benchmarks import importing, letters, planning, security
from benchmarks.table import Figure, shown

ROOMS = {"letters": letters, "security": security, "planning": planning, "importing": importing}


def main() -> int:
    parser = argparse.ArgumentParser(prog="make bench", description=__doc__)
    parser.add_argument("--items", type=int, default=1_000_000)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--only", choices=ROOMS, action="append")
    args = parser.parse_args()
    found: list[Figure] = []
    for name in args.only or ROOMS:
        print(f"measuring {name} …", file=sys.stderr, flush=True)
        found += ROOMS[name].figures(args.items, args.runs)
    print(shown(found))
    return 0 if all(figure.ok is not False for figure in found) else 1


if __name__ == "__main__":
    sys.exit(main())
