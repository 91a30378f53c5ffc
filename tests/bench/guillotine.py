"""Guillotine cuts of a rectangle. Its height is the known optimum: no byte of it is free at any step."""

import statistics
from collections.abc import Iterator

from contenders import CP_SAT_WORKERS, THREADS, plain_cp_sat, present, supermalloc_within, tmpass
from race import Result, race
from settings import Settings
from support.families import guillotine
from table import Cell, Table

from tmpass.packing.problem import Problem

STEPS, HEIGHT = 120, 1024
SEEDS = 3


def tables(settings: Settings) -> Iterator[Table]:
    """How many problems are packed into the rectangle, and the time, by number of buffers and share of dropped ones."""
    rows = []
    header: tuple[str, ...] = ()
    for buffers in (20, 40) if settings.quick else (80, 160, 320, 600):
        for dropped in (0, 10, 20):
            problems = [
                guillotine(seed, buffers, steps=STEPS, height=HEIGHT, dropped=dropped / 100) for seed in range(SEEDS)
            ]
            results = [_race(problem, settings) for problem in problems]
            peers = [name for name in results[0] if name != "tmpass"]
            header = ("buffers", "dropped", "solved", "ms", "highest peak", *(c for p in peers for c in (p, "ms")))
            highest = max((result["tmpass"].peak or 0) / HEIGHT for result in results)
            ours = _cells([result["tmpass"] for result in results])
            cells = [cell for peer in peers for cell in _cells([result[peer] for result in results])]
            rows.append((str(buffers), f"{dropped} %", *ours, f"{highest:.3f}", *cells))
    note = (
        f"Solved of {SEEDS}, the median of their times, and the highest peak of tmpass over the rectangle's height. "
        f"tmpass had its default budget, the others {settings.seconds:g} s."
    )
    yield Table("guillotine", header, tuple(rows), note)


def _race(problem: Problem, settings: Settings) -> dict[str, Result]:
    attempts = {
        "tmpass": tmpass(problem, minimize=False),
        f"OmniMalloc's engine, {THREADS} threads": supermalloc_within(problem, settings.seconds),
        f"CP-SAT, `no_overlap_2d`, {CP_SAT_WORKERS} threads": plain_cp_sat(problem, settings.seconds, minimize=False),
    }
    return race(problem, present(attempts), settings.repeats)


def _cells(results: list[Result]) -> tuple[Cell, ...]:
    times = [1000 * result.seconds for result in results if result.within(HEIGHT)]
    return len(times), statistics.median(times) if times else None
