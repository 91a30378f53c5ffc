"""A thousand to a million buffers with short lifetimes, nets with skips, and a thousand buffers all alive at once."""

import json
import math
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from contenders import alone, installed, omnimalloc, present, supermalloc_within, tmpass
from race import race
from settings import Settings
from support.families import skipping
from table import Cell, Table

from tmpass.packing.allocate import allocate
from tmpass.packing.problem import Buffer, Problem

PEER = "omnimalloc greedy"
MANY = 1_000_000
NETS = (1, 3, 4, 5)
"""Seeds of nets. Those where first fit and repair meet the bound are left out."""


def tables(settings: Settings) -> Iterator[Table]:
    """Seconds, peak and memory by size, each in a process of its own; then all at once."""
    sizes = (1000, 2000) if settings.quick else (1000, 10_000, 100_000, MANY)
    header = ["buffers", "`allocate()`, s", "growth", "`auto` alone, s", "growth", "peak over the bound", "MiB"]
    if installed("omnimalloc"):
        header += ["OmniMalloc `greedy`, s", "growth", "peak over the bound", "MiB"]
    rows = []
    before: dict[str, Any] = {}
    for size in sizes:
        ours = _measure("tmpass", size, settings)
        cells: list[Cell] = [f"{size:,}", ours["whole"], _growth(before, ours, "whole")]
        cells += [ours["alone"], _growth(before, ours, "alone"), f"{ours['over']:.4f}", round(ours["mib"])]
        theirs: dict[str, Any] = {}
        if installed("omnimalloc"):
            if size < MANY or settings.million:
                theirs = _measure("omnimalloc", size, settings)
                cells += [theirs["peer"], _growth(before, theirs, "peer"), f"{theirs['over']:.4f}"]
                cells.append(round(theirs["mib"]))
            else:
                cells += [None] * 4
        before = {"buffers": size, **{k: v for k, v in theirs.items() if k == "peer"}, **ours}
        rows.append(tuple(cells))
    note = "Growth is the exponent from the row above: 1 is in proportion to the buffers."
    yield Table("scale", tuple(header), tuple(rows), note)
    yield _nets(settings)
    yield _all_at_once(settings)


def _nets(settings: Settings) -> Table:
    """Nets with skips of up to 2000 operators: seconds of the processor, and the peak over the bound, by seed."""
    rows = []
    for size in (1000,) if settings.quick else (30_000, 100_000):
        for seed in NETS:
            problem = skipping(seed, size)
            begin = time.process_time()
            answer = allocate(problem)
            seconds = time.process_time() - begin
            rows.append((f"{size:,}", seed, seconds, f"{(answer.peak or 0) / answer.lower_bound:.4f}", answer.nodes))
    header = ("tensors", "seed", "`allocate()`, s of the processor", "peak over the bound", "nodes")
    return Table("nets", header, tuple(rows))


def _measure(who: str, buffers: int, settings: Settings) -> dict[str, Any]:
    """The figures of one_size.py, from a process of its own."""
    script = Path(__file__).with_name("one_size.py")
    runs = settings.repeats if buffers < MANY else min(settings.repeats, 3)
    command = [sys.executable, str(script), who, str(buffers), str(runs)]
    found: dict[str, Any] = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
    return {"buffers": buffers, **found}


def _growth(before: dict[str, Any], now: dict[str, Any], what: str) -> str | None:
    if what not in before or what not in now:
        return None
    return f"{math.log(now[what] / before[what]) / math.log(now['buffers'] / before['buffers']):.2f}"


def _all_at_once(settings: Settings) -> Table:
    """1000 buffers that are alive in the same steps: every order is optimal, and each pair overlaps."""
    buffers = tuple(Buffer(str(at), 0, 10, 64 * (at % 97 + 1)) for at in range(1000))
    problem = Problem(buffers, sum(b.size for b in buffers))
    attempts = {
        "tmpass, `allocate()`": tmpass(problem),
        "tmpass, `auto` alone": alone(problem),
        "OmniMalloc `greedy`": omnimalloc(problem, "greedy"),
        "OmniMalloc's engine": supermalloc_within(problem, settings.seconds),
    }
    results = race(problem, present(attempts), settings.repeats)
    rows = tuple((name, result.milliseconds(problem.capacity)) for name, result in results.items())
    return Table("overlapping", ("1000 buffers alive at once", "ms"), rows)
