"""Peak, bound, nodes and time of allocators on problem files: the least peak, or any within a capacity.

python tests/bench/allocators.py [--allocator NAME ...] [--capacity N] [--nodes N] problem.csv ...
"""

import argparse
import statistics
import time
from pathlib import Path

from tmpass.allocate import DEFAULT_NODES, allocate
from tmpass.allocators import METHODS
from tmpass.problem_csv import read_problem


def main() -> None:
    """Print a line for each problem and method: medians of three, or one run where that takes a second."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("problems", nargs="+", type=Path)
    parser.add_argument("--allocator", action="append", choices=sorted(METHODS))
    parser.add_argument("--capacity", type=int, help="bytes to fit into; without it the least peak is looked for")
    parser.add_argument("--nodes", type=int, default=DEFAULT_NODES)
    asked = parser.parse_args()
    total = 0.0
    for path in asked.problems:
        problem = read_problem(path.read_text(), str(path), capacity=asked.capacity)
        for method in asked.allocator or sorted(METHODS):
            times: list[float] = []
            while len(times) < 3 and sum(times) < 1:
                begin = time.perf_counter()
                answer = allocate(problem, method, minimize=asked.capacity is None, nodes=asked.nodes)
                times.append(time.perf_counter() - begin)
            total += statistics.median(times)
            print(
                f"{path.name:18} {method:17} {answer.status:10} peak {answer.peak:>9} bound {answer.lower_bound:>9} "
                f"ratio {answer.peak / max(answer.lower_bound, 1):.3f} nodes {answer.nodes:>7} "
                f"{1000 * statistics.median(times):8.2f} ms"
            )
    print(f"sum of the medians {1000 * total:.1f} ms")


if __name__ == "__main__":
    main()
