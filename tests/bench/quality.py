"""Peak against time, for each allocator on each problem: a picture in SVG.

python tests/bench/quality.py [../shared/problems] [-o docs/quality.svg] [--quick] [--seconds S]

Small marks are problems, large ones the geometric means of an allocator. Problems are MiniMalloc's, those of compilers
and of ExecuTorch if the folder is given, OmniMalloc's sources if it is installed, and pinwheels.
"""

import argparse
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent))

from contenders import installed, omnimalloc, present, supermalloc, tmpass
from dense_problem import SOURCES, draw
from race import race
from scatter import Series, scatter
from settings import Settings
from support.pinwheels import pinwheels
from table import geometric_mean

from tmpass.packing.bounds import lower_bound
from tmpass.packing.problem import Problem

OURS = ("auto", "first-fit", "best-fit", "greedy-by-size", "hill-climb", "minimalloc")
PEERS = ("omni", "best_fit", "hill_climb", "tabu_search")
TIMED = ("hill_climb", "tabu_search")
SEARCHED_UP_TO = 3000
"""Buffers. Allocators that take minutes on more are left out there: all but UP_TO_ANY."""

UP_TO_ANY = ("auto", "first-fit", "OmniMalloc omni")


@dataclass(frozen=True, slots=True)
class Measured:
    """Seconds of the processor, and the peak over the live bytes."""

    seconds: float
    over: float


def measure(settings: Settings) -> dict[str, list[Measured]]:
    """The results of each allocator, one for each problem that it was given."""
    results: dict[str, list[Measured]] = {}
    for name, problem in _problems(settings):
        live = lower_bound(problem).live_bytes
        attempts = {
            **{ours: tmpass(problem, ours) for ours in OURS},
            **{
                f"OmniMalloc {peer}": omnimalloc(
                    problem, peer, **{"timeout": settings.seconds} if peer in TIMED else {}
                )
                for peer in PEERS
            },
            "OmniMalloc supermalloc": supermalloc(problem, settings.seconds, 1),
        }
        if len(problem.buffers) > SEARCHED_UP_TO:
            attempts = {one: attempt for one, attempt in attempts.items() if one in UP_TO_ANY}
        for one, result in race(problem, present(attempts), 1, clock=time.process_time).items():
            if result.peak is not None:
                results.setdefault(one, []).append(Measured(result.seconds, result.peak / live))
        print(name, len(problem.buffers), file=sys.stderr, flush=True)
    return results


def _problems(settings: Settings) -> Iterator[tuple[str, Problem]]:
    for folder in ("challenging", "compilers", "executorch"):
        for name, problem in settings.problems(folder).items():
            yield name, replace(problem, capacity=None)
    for buffers in (30,) if settings.quick else (80, 150, 300):
        yield f"pinwheels {buffers}", replace(pinwheels(1, buffers), capacity=None)
    if installed("omnimalloc"):
        for source in SOURCES[:1] if settings.quick else SOURCES:
            for buffers in (129,) if settings.quick else (129, 513, 2049, 8193):
                yield f"{source} {buffers}", draw(source, buffers, 0)[1]


def picture(results: dict[str, list[Measured]]) -> str:
    """The results as SVG."""
    series = []
    for name, runs in results.items():
        mean = geometric_mean(run.seconds for run in runs) or 0.0, geometric_mean(run.over for run in runs) or 0.0
        label = f"{name}: {mean[1]:.4f}, {1000 * mean[0]:.3g} ms, {len(runs)} problems"
        series.append(Series(label, tuple((run.seconds, run.over) for run in runs), mean))
    return scatter(series, "processor time, s", "peak over the live bytes")


def main() -> None:
    """Write the picture."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("problems", nargs="?", type=Path, help="folder with challenging/, compilers/ and executorch/")
    parser.add_argument("-o", "--output", type=Path, default=Path("docs/quality.svg"))
    parser.add_argument("--seconds", type=float, default=3.0, help="that a peer may search")
    parser.add_argument("--quick", action="store_true", help="a few small problems, to see that it works")
    asked = parser.parse_args()
    asked.output.write_text(picture(measure(Settings(asked.problems, asked.quick, 1, asked.seconds, (), False))))


if __name__ == "__main__":
    main()
