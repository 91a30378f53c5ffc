"""Splits of models within budgets: which are met, with how much work, and how long the search takes.

    python tests/bench/split_budgets.py ../shared/models/tflite [names]

Budgets are parts of the bytes that the unsplit model needs on the target `tflm`. A budget that is not met shows the
fewest bytes that the search reached, and a lower bound on those of any choice of stages.
Seconds are those of the processor.
"""

import sys
import time
from pathlib import Path

from table import Cell, Table

import tmpass
from tmpass.base.errors import TmpassError

PERCENT = (95, 90, 85, 80, 75, 70, 65, 60, 55, 50)
HEADER = ("model", "needs", "budget", "split", "MACs", "operators", "s", "met", "at least")


def rows(path: Path) -> list[tuple[Cell, ...]]:
    """A row for each budget; none for a model that cannot be split, or for which no split needs fewer bytes."""
    model = path.read_bytes()
    found: list[tuple[Cell, ...]] = []
    for percent in PERCENT:
        start = time.process_time()
        try:
            whole = tmpass.plan(model, "tflm").memories[0].needed
            made = tmpass.split(model, "tflm", budget=whole * percent // 100)
        except TmpassError:
            return []
        took = time.process_time() - start
        if not made.changed:
            return found
        needed, macs, operators = made.plan.memories[0].needed, made.macs, made.operators
        more = f"x{macs[0] / macs[1] if macs[1] else 1:.3f}"
        met = "yes" if made.fits else "no"
        least = made.bound.bytes if made.bound is not None else "-"
        found.append((path.stem, whole, f"{percent} %", needed, more, operators[0], round(took, 1), met, least))
        print(*found[-1], file=sys.stderr, flush=True)
        if not made.fits:
            return found
    return found


def table(folder: Path, names: list[str]) -> Table:
    """The table of all models in `folder`, or of some."""
    paths = [path for path in sorted(folder.glob("*.tflite")) if not names or path.stem in names]
    found = [row for path in paths for row in rows(path)]
    met = sum(row[-2] == "yes" for row in found)
    longest = max((float(row[-3]) for row in found), default=0)
    note = f"{met} of {len(found)} budgets are met; the longest search takes {longest:.1f} s."
    return Table("split-budgets", HEADER, tuple(found), note)


if __name__ == "__main__":
    print(table(Path(sys.argv[1]), sys.argv[2:]).markdown())
