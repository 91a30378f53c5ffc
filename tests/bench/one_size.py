"""Buffers with short lifetimes, placed once in a process of its own, so that its memory is known. For scale.py.

python tests/bench/one_size.py tmpass|omnimalloc BUFFERS RUNS

Prints JSON: median seconds, the peak over the bound, and the most resident memory in MiB.
"""

import gc
import json
import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent.parent))

from contenders import alone, omnimalloc, tmpass
from support.families import short_lived

from tmpass.packing.allocators.arrays import peak_of
from tmpass.packing.bounds import lower_bound
from tmpass.packing.problem import Problem


def main(who: str, buffers: int, runs: int) -> None:
    """Print the time and memory that `who` needs for a problem of `buffers` buffers."""
    problem = short_lived(1, buffers)
    found = ours(problem, runs) if who == "tmpass" else theirs(problem, runs)
    print(json.dumps({**found, "mib": peak_mib()}))


def ours(problem: Problem, runs: int) -> dict[str, float]:
    """Seconds of allocate() as `whole`, and of its allocator, given the bound, as `alone`."""
    whole, answer = median(runs, tmpass(problem).run)
    allocator, _ = median(runs, alone(problem).run)
    return {"whole": whole, "alone": allocator, "over": answer.peak / lower_bound(problem).peak}


def theirs(problem: Problem, runs: int) -> dict[str, float]:
    """Seconds of OmniMalloc's greedy as `peer`, on allocations made before the clock starts."""
    attempt = omnimalloc(problem, "greedy")
    if attempt is None:
        raise SystemExit("omnimalloc is not installed")
    seconds, answer = median(runs, attempt.run)
    return {"peer": seconds, "over": peak_of(problem, list(attempt.read(answer).offsets)) / lower_bound(problem).peak}


def peak_mib() -> float:
    """The most memory that was resident. `ru_maxrss` would count what the process that started this one had."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) / 1024 for line in lines if line.startswith("VmHWM"))


def median(runs: int, call: Callable[[], Any]) -> tuple[float, Any]:
    """Median seconds of a call, and its last answer. Garbage is collected between the runs."""
    times, answer = [], None
    for _ in range(runs):
        answer = None
        gc.collect()
        begin = time.perf_counter()
        answer = call()
        times.append(time.perf_counter() - begin)
    return statistics.median(times), answer


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]))
