"""Peak, bound, nodes and time of each allocator on problem files.

python tests/bench/allocators.py problem.csv ... [--nodes N]
"""

import argparse
import statistics
import time
from pathlib import Path

from tmpass.allocate import DEFAULT_NODES, allocate
from tmpass.allocators import METHODS
from tmpass.problem_csv import read_problem


def main() -> None:
    """Print a line for each problem and method."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("problems", nargs="+", type=Path)
    parser.add_argument("--nodes", type=int, default=DEFAULT_NODES)
    asked = parser.parse_args()
    for path in asked.problems:
        problem = read_problem(path.read_text(), str(path), capacity=None)
        for method in sorted(METHODS):
            times = []
            for _ in range(3):
                begin = time.perf_counter()
                answer = allocate(problem, method, nodes=asked.nodes)
                times.append(time.perf_counter() - begin)
            ratio = answer.peak / max(answer.lower_bound, 1)
            print(
                f"{path.name:18} {method:10} {answer.status:9} peak {answer.peak:>9} bound {answer.lower_bound:>9} "
                f"ratio {ratio:.3f} nodes {answer.nodes:>6} {1000 * statistics.median(times):8.2f} ms"
            )


if __name__ == "__main__":
    main()
