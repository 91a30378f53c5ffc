"""How many of a hundred hard problems are solved within a second.

They are the given ones with buffers dropped, guillotine cuts of a rectangle, and mixtures.

python tests/bench/family.py [--seed N] [--nodes N] problem.csv ...
"""

import argparse
import random
import statistics
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from tmpass.allocate import allocate
from tmpass.problem import Problem
from tmpass.problem_csv import read_problem

sys.path.insert(0, str(Path(__file__).parent.parent))

from support.families import beside, guillotine, stacked, variant


def family(given: dict[str, Problem], seed: int) -> Iterator[tuple[str, Problem]]:
    """Yield a hundred problems that have a packing at their capacity."""
    rng = random.Random(seed)
    names = sorted(given)
    for percent in (2, 4, 6):
        for name in names:
            yield f"{name} -{percent} %", variant(given[name], rng.getrandbits(32), percent / 100)
    while names:
        kind = rng.choice(("guillotine", "guillotine", "mixture"))
        if kind == "guillotine":
            buffers, dropped = rng.randint(80, 600), rng.choice((0, 0.05, 0.1, 0.2))
            steps, height = rng.choice((60, 120, 240, 400)), rng.choice((256, 1024, 4096))
            problem = guillotine(rng.getrandbits(32), buffers, steps=steps, height=height, dropped=dropped)
            yield f"guillotine {buffers} of {steps} x {height} -{dropped:.0%}", problem
        else:
            one, two = rng.sample(names, 2) if len(names) > 1 else names * 2
            mix = rng.choice((beside, stacked))
            problem = variant(mix(given[one], given[two]), rng.getrandbits(32), rng.choice((0.0, 0.02, 0.05)))
            yield f"{one} {mix.__name__} {two}", problem


def main() -> None:
    """Print the slowest, and how many were solved in which time."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("problems", nargs="+", type=Path, help="problems whose capacity is the number in their name")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--nodes", type=int, default=1_000_000)
    parser.add_argument("--count", type=int, default=100)
    asked = parser.parse_args()
    given = {
        path.name.split(".")[0]: read_problem(path.read_text(), str(path), capacity=int(path.name.split(".")[1]))
        for path in asked.problems
    }
    rows = []
    for (name, problem), _ in zip(family(given, asked.seed), range(asked.count), strict=False):
        begin = time.perf_counter()
        answer = allocate(problem, minimize=False, nodes=asked.nodes)
        seconds = time.perf_counter() - begin
        rows.append((seconds, answer.peak <= (problem.capacity or 0), name, answer.nodes, len(problem.buffers)))
    for seconds, solved, name, nodes, buffers in sorted(rows)[-20:]:
        state = "solved" if solved else "open  "
        print(f"{name:44} {buffers:4} buffers {state} {nodes:8} nodes {1000 * seconds:9.1f} ms")
    solved = [seconds for seconds, good, *_ in rows if good]
    print(
        f"seed {asked.seed}: {len(solved)} of {len(rows)} solved, {sum(s < 1 for s in solved)} within 1 s, "
        f"{sum(s < 0.05 for s in solved)} within 50 ms; median of the solved {1000 * statistics.median(solved):.1f} ms"
    )


if __name__ == "__main__":
    main()
