"""Rectangles cut by pinwheels and straight cuts mixed, and others of that kind. Each has a packing at its capacity."""

import statistics
import time
from collections.abc import Callable, Iterator
from functools import partial

from settings import Settings
from support.pinwheels import mosaic, pinwheels
from table import Cell, Table

from tmpass.packing.allocate import allocate
from tmpass.packing.problem import Problem

SEEDS = 20
NODES = 3_000_000
"""Five to ten seconds."""

KINDS: dict[str, Callable[[int, int], Problem]] = {
    "120 x 1024": pinwheels,
    "60 x 256": partial(pinwheels, steps=60, height=256),
    "60 x 256, 2 % slack": partial(pinwheels, steps=60, height=256, slack=0.02),
    "120 x 1024, aligned": partial(pinwheels, alignments=(1, 2, 4, 8, 16)),
    "mosaic, 200 x 1000": partial(mosaic, steps=200),
}


def tables(settings: Settings) -> Iterator[Table]:
    """How many problems are solved within 10 s and 1 s of processor time, by kind and number of buffers."""
    seeds, counts = (range(2), (20,)) if settings.quick else (range(SEEDS), (80, 150, 300))
    rows = []
    for kind, draw in KINDS.items():
        for buffers in counts:
            problems = [draw(seed, buffers) for seed in seeds]
            times = [_seconds(problem) for problem in problems]
            solved = [seconds for seconds in times if seconds is not None]
            within: list[Cell] = [sum(seconds < limit for seconds in solved) for limit in (10, 1)]
            median = 1000 * statistics.median(solved) if solved else None
            rows.append((kind, buffers, *within, median))
    header = ("", "buffers", "within 10 s", "within 1 s", "median, ms")
    note = f"Of {len(seeds)} each, with {NODES:,} nodes on one thread; the median of those solved."
    yield Table("pinwheels", header, tuple(rows), note)


def _seconds(problem: Problem) -> float | None:
    """Processor time to a packing within the capacity; None without one."""
    begin = time.process_time()
    answer = allocate(problem, minimize=False, nodes=NODES)
    took = time.process_time() - begin
    return took if answer.peak is not None and answer.peak <= (problem.capacity or 0) else None
