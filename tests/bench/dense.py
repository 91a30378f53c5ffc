"""OmniMalloc's sources with scalar time: its allocators against `auto`, by peaks and by time of the processor.

python tests/bench/dense.py [--buffers N ...] [--seeds N] [--source NAME ...]

One row for each source and number of buffers: peaks over the live bytes, the mean over the seeds; seconds of the
processor; and on how many seeds `auto` is above the lowest peak of a peer, or slower than `omni` at the same peak.
"""

import argparse
import statistics
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent.parent))

from contenders import installed
from settings import Settings
from table import Cell, Table

from tmpass.packing.allocate import allocate
from tmpass.packing.problem import Buffer, Problem

SOURCES = ("random", "uniform", "power_of2", "high_contention", "sequential", "tiling", "pinwheel", "skewed")
"""By OmniMalloc's names. The others take files, or time that is not one line."""

PEERS = ("omni", "best_fit", "greedy_by_all", "hill_climb", "tabu_search", "supermalloc")
SLOW_PEERS_UP_TO = 600
"""Buffers. Above, only `omni` and `greedy_by_all` are run: the others end no lower, or take minutes."""


@dataclass(frozen=True, slots=True)
class Run:
    """A peak over the live bytes, and seconds of the processor."""

    peak: float
    seconds: float


def tables(settings: Settings) -> Iterator[Table]:
    """The table of all sources; nothing where OmniMalloc is missing."""
    sizes = (129,) if settings.quick else (129, 513, 2049, 8193)
    yield from compare(SOURCES, sizes, 1 if settings.quick else 5)


def compare(names: Sequence[str], sizes: Sequence[int], seeds: int) -> Iterator[Table]:
    """One table, row by row as they are measured."""
    if not installed("omnimalloc"):
        return
    header = ("source", "buffers", "`auto`", "s", "`omni`", "s", "best peer", "above", "slower")
    rows: list[tuple[Cell, ...]] = []
    for name in names:
        for size in sizes:
            rows.append(_row(name, size, seeds))
            print(*rows[-1], file=sys.stderr, flush=True)
    yield Table("dense", header, tuple(rows), f"Means over seeds 0 .. {seeds - 1}; one thread.")


def _row(name: str, size: int, seeds: int) -> tuple[Cell, ...]:
    ours, omni, best = [], [], []
    for seed in range(seeds):
        theirs, problem, live = _problem(name, size, seed)
        begin = time.process_time()
        found = allocate(problem)
        ours.append(Run((found.peak or 0) / live, time.process_time() - begin))
        runs = {peer: run for peer in _peers(size) if (run := _peer(peer, theirs, live))}
        omni.append(runs.get("omni", Run(float("nan"), float("nan"))))
        best.append(min((run.peak for run in runs.values()), default=float("nan")))
    above = sum(run.peak > least for run, least in zip(ours, best, strict=True))
    slower = sum(a.peak == b.peak and a.seconds > b.seconds for a, b in zip(ours, omni, strict=True))
    mean = statistics.mean
    figures = [f"{mean(run.peak for run in runs):.4f}" for runs in (ours, omni)]
    seconds = [mean(run.seconds for run in runs) for runs in (ours, omni)]
    return name, size, figures[0], seconds[0], figures[1], seconds[1], f"{mean(best):.4f}", above, slower


def _problem(name: str, size: int, seed: int) -> tuple[tuple[Any, ...], Problem, int]:
    """The allocations of a source, the same as a problem, and its live bytes."""
    from omnimalloc.benchmark.sources import BaseSource

    from tmpass.packing.bounds import lower_bound

    theirs = tuple(BaseSource.get(name)(num_allocations=size, seed=seed).get_allocations())
    problem = Problem(tuple(Buffer(str(a.id), a.start, a.end, a.size) for a in theirs))
    return theirs, problem, lower_bound(problem).live_bytes


def _peers(size: int) -> Sequence[str]:
    return PEERS if size <= SLOW_PEERS_UP_TO else ("omni", "greedy_by_all")


def _peer(name: str, allocations: tuple[Any, ...], live: int) -> Run | None:
    """What an allocator of OmniMalloc finds; None where it gives up."""
    from omnimalloc.allocators import BaseAllocator

    allocator = BaseAllocator.get(name)()
    begin = time.process_time()
    try:
        placed = allocator.allocate(allocations)
    except RuntimeError:  # too many overlaps for it
        return None
    return Run(max(a.offset + a.size for a in placed) / live, time.process_time() - begin)


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--buffers", type=int, nargs="+", default=[129, 513, 2049, 8193])
    parser.add_argument("--source", nargs="+", default=list(SOURCES), choices=SOURCES)
    parser.add_argument("--seeds", type=int, default=5)
    asked = parser.parse_args()
    for table in compare(asked.source, asked.buffers, asked.seeds):
        print(table.markdown())


if __name__ == "__main__":
    main()
