"""Orders of networks found by search: the least peak, its bound, and the time."""

import statistics
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from settings import Settings
from table import Cell, Table

import tmpass

sys.path.insert(0, str(Path(__file__).parent.parent.parent / "models"))

COLUMNS = ("", "operators", "file order", "best order", "less", "no order below", "states", "ms")


def tables(settings: Settings) -> Iterator[Table]:
    """A row for each network of models/cells.py: live bytes in the file's order and in the best one."""
    import cells

    made = cells.make()
    names = list(made)[:3] if settings.quick else list(made)
    rows = [_row(name, made[name], settings) for name in names]
    note = (
        "Live bytes at the peak step, each tensor with a buffer of its own. The time is that of `tmpass.plan` with "
        "`schedule='least-peak'` on a loaded model, addresses and verifier included, less that with `schedule='given'`."
    )
    yield Table("orders", COLUMNS, tuple(rows), note)


def _row(name: str, data: bytes, settings: Settings) -> tuple[Cell, ...]:
    model = tmpass.load(data)
    times = []
    for _ in range(settings.repeats):
        begin = time.perf_counter()
        given = tmpass.plan(model, schedule="given", share="none")
        middle = time.perf_counter()
        best = tmpass.plan(model, schedule="least-peak", share="none")
        times.append(1000 * (time.perf_counter() - middle - (middle - begin)))
    before, after = given.memories[0].live_bytes, best.memories[0].live_bytes
    less = f"{100 * (before - after) / before:.1f} %"
    took = max(statistics.median(times), 0.1)
    return name, len(best.schedule), before, after, less, best.order.lower_bound, best.order.states, took
