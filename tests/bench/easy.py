"""Easy problems: microseconds in the kernel and from Python, and how far the peak is above the bound.

python tests/bench/easy.py [--buffers N] [--problems N] [--nodes N] [--allocator NAME ...]
"""

import argparse
import statistics
import time
from collections.abc import Callable

from support.families import easy, short_lived

from tmpass import _core
from tmpass.allocate import allocate
from tmpass.allocators import METHODS, greedy_by_size, greedy_by_size_tflm
from tmpass.allocators.arrays import to_arrays
from tmpass.bounds import lower_bound
from tmpass.problem import Problem

QUICK = ("auto", "first-fit", "greedy-by-size", "greedy-by-size-tflm", "best-fit")


def main() -> None:
    """Print a line for each family and method: medians over the problems, each the best of five runs."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--buffers", type=int, default=100)
    parser.add_argument("--problems", type=int, default=200)
    parser.add_argument("--nodes", type=int, default=10_000)
    parser.add_argument("--allocator", action="append", choices=sorted(METHODS))
    asked = parser.parse_args()
    for family in (easy, short_lived):
        problems = [family(seed, asked.buffers) for seed in range(asked.problems)]
        for method in asked.allocator or QUICK:
            report(family.__name__, method, problems, asked.nodes)


def report(family: str, method: str, problems: list[Problem], nodes: int) -> None:
    """Print the line of `method`."""
    ratios, whole, inside = [], [], []
    for problem in problems:
        answer = allocate(problem, method, nodes=nodes)
        ratios.append((answer.peak or 0) / max(answer.live_bytes, 1))
        whole.append(best_of_five(lambda problem=problem: allocate(problem, method, nodes=nodes)))
        kernel = kernel_of(method, problem)
        if kernel is not None:
            inside.append(best_of_five(kernel))
    kernel_time = f"{statistics.median(inside):8.1f}" if inside else "       -"
    print(
        f"{family:12} {method:20} kernel {kernel_time} us, python {statistics.median(whole):8.1f} us, over the bound: "
        f"median {statistics.median(ratios):.4f} mean {statistics.fmean(ratios):.4f} worst {max(ratios):.4f}, "
        f"met {sum(ratio <= 1 for ratio in ratios)} of {len(ratios)}"
    )


def kernel_of(method: str, problem: Problem) -> Callable[[], object] | None:
    """The native call that `method` begins with, on a problem that is there already."""
    arrays = to_arrays(problem)
    native, bound = _core.Problem(*arrays), lower_bound(problem).peak
    if method in ("auto", "first-fit", "best-fit"):
        return lambda: _core.pack(native, bound, method == "best-fit")
    if method == "greedy-by-size":
        order = greedy_by_size.order(arrays)
        return lambda: _core.first_fit(native, order, True)
    if method == "greedy-by-size-tflm":
        order = greedy_by_size_tflm.order(arrays)
        return lambda: _core.first_fit(native, order)
    return None


def best_of_five(call: Callable[[], object]) -> float:
    """The shortest of five runs in microseconds."""
    times = []
    for _ in range(5):
        begin = time.perf_counter()
        call()
        times.append(time.perf_counter() - begin)
    return 1e6 * min(times)


if __name__ == "__main__":
    main()
