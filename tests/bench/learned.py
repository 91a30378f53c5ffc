"""Learned backtracking against the rule of telamalloc, on kinds and sizes that the policy has not learned from.

python tests/bench/learned.py --write DIRECTORY      the problems that the policy of the package has learned from
tmpass learn DIRECTORY -o tmpass/packing/learning/telamalloc.json      the policy of the package
python tests/bench/learned.py [--policy FILE]        the table
"""

import argparse
import math
import random
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent))

from settings import Settings
from support.families import guillotine, stacked
from support.pinwheels import mosaic, pinwheels
from table import Table

import tmpass._core as _core
from tmpass.packing.learning.policy import Policy, parse_policy
from tmpass.packing.problem import Problem

LEARNED_FROM = 120
"""Problems: guillotine cuts of 80 to 240 buffers."""

SEEDS = range(3000, 3020)
"""Others than those on which threshold and patience were tuned."""
NODES = (1000, 4000, 10_000)
SHIPPED = Path(__file__).parents[2] / "tmpass" / "packing" / "learning" / "telamalloc.json"


def _twice(draw: Callable[[int, int], Problem], seed: int, buffers: int) -> Problem:
    return stacked(draw(seed, buffers // 2), draw(seed + 100_000, buffers // 2))


HELD_OUT: dict[str, tuple[Callable[[int, int], Problem], int]] = {
    "guillotine, 300": (guillotine, 300),
    "two guillotines stacked": (partial(_twice, guillotine), 160),
    "pinwheels": (pinwheels, 200),
    "pinwheels, 2 % slack": (partial(pinwheels, steps=60, height=256, slack=0.02), 150),
    "pinwheels, 5 % slack": (partial(pinwheels, slack=0.05), 150),
    "pinwheels, aligned": (partial(pinwheels, alignments=(1, 2, 4, 8, 16)), 150),
    "mosaic": (partial(mosaic, steps=200), 150),
}
"""Kind -> what draws it from a seed and a number of buffers, and that number."""


@dataclass(frozen=True, slots=True)
class Run:
    """Nodes to a packing, or None; and seconds of the processor."""

    nodes: int | None
    seconds: float


def tables(settings: Settings) -> Iterator[Table]:
    """The table for the policy of the package."""
    policy = parse_policy(SHIPPED.read_text(), str(SHIPPED))
    yield compare(policy, SEEDS[:1], (100, 200, 300)) if settings.quick else compare(policy, SEEDS)


def compare(policy: Policy, seeds: range, limits: tuple[int, ...] = NODES) -> Table:
    """How many problems are solved within each of these numbers of nodes, without and with the policy."""
    learned = policy.native()
    header = ("", "problems", *(f"{n:,} nodes" for n in limits), "of those open, with", "95 %", "nodes each", "ms each")
    rows, everything = [], list[tuple[Run, Run]]()
    for kind, (draw, buffers) in HELD_OUT.items():
        problems = [draw(seed, buffers) for seed in seeds]
        pairs = [(_run(problem, None, limits[-1]), _run(problem, learned, limits[-1])) for problem in problems]
        everything += pairs
        rows.append((kind, *_cells(pairs, limits)))
    note = (
        "Solved without and with the policy. Of the problems that are open after the last number of nodes: the share "
        "that the policy solves, less those that only the rule solves, with the bounds of 10,000 resamplings."
    )
    return Table("learned", header, (*rows, ("all", *_cells(everything, limits))), note)


def _run(problem: Problem, learned: _core.LearnedBacktracking | None, most: int) -> Run:
    native, begin = problem.native, time.process_time()
    answer, _, nodes = _core.telamalloc(native, problem.capacity or 0, most, learned=learned)
    return Run(nodes if answer == 0 else None, time.process_time() - begin)


def _cells(pairs: list[tuple[Run, Run]], limits: tuple[int, ...]) -> tuple[int | str, ...]:
    def solved(which: int, limit: int) -> int:
        return sum((pair[which].nodes or math.inf) <= limit for pair in pairs)

    def gain(sample: list[tuple[Run, Run]]) -> float:
        left = sum(plain.nodes is None for plain, _ in sample)
        more = sum((plain.nodes is None) - (learned.nodes is None) for plain, learned in sample)
        return more / left if left else 0.0

    rng = random.Random(1)
    drawn = sorted(gain(rng.choices(pairs, k=len(pairs))) for _ in range(10_000))
    bounds = f"{drawn[250]:.0%} .. {drawn[9750]:.0%}"
    spent = [sum(pair[which].nodes or limits[-1] for pair in pairs) for which in (0, 1)]
    took = [sum(pair[which].seconds for pair in pairs) for which in (0, 1)]
    nodes = ", ".join(f"{count / len(pairs):,.0f}" for count in spent)
    speed = ", ".join(f"{1000 * seconds / len(pairs):.0f}" for seconds in took)
    return (
        len(pairs),
        *(f"{solved(0, n)}, {solved(1, n)}" for n in limits),
        f"{gain(pairs):.0%}",
        bounds,
        nodes,
        speed,
    )


def training(seed: int = 1) -> Iterator[Problem]:
    """Yield the problems that the policy of the package has learned from."""
    rng = random.Random(seed)
    for _ in range(LEARNED_FROM):
        buffers, steps = rng.randint(80, 240), rng.choice((60, 120, 240))
        dropped = rng.choice((0, 0, 0.03, 0.06, 0.1, 0.15))
        height = rng.choice((256, 1024, 4096))
        yield guillotine(rng.getrandbits(32), buffers, steps=steps, height=height, dropped=dropped)


def write(folder: Path) -> None:
    """Write the problems that the policy has learned from, with their capacities in the names of the files."""
    folder.mkdir(parents=True, exist_ok=True)
    for number, problem in enumerate(training()):
        rows = [f"{b.id},{b.lower},{b.upper},{b.size}" for b in problem.buffers]
        (folder / f"{number:03}.{problem.capacity}.csv").write_text("\n".join(["id,lower,upper,size", *rows, ""]))


def main() -> None:
    """Write the problems, or print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--write", type=Path, metavar="DIRECTORY")
    parser.add_argument("--policy", type=Path, default=SHIPPED)
    parser.add_argument("--seeds", type=int, default=len(SEEDS))
    asked = parser.parse_args()
    if asked.write:
        write(asked.write)
        return
    policy = parse_policy(asked.policy.read_text(), str(asked.policy))
    print(compare(policy, range(SEEDS.start, SEEDS.start + asked.seeds)).markdown())


if __name__ == "__main__":
    main()
