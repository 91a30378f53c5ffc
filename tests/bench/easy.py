"""Easy problems, as plain networks make them: microseconds in the kernel and from Python, and how good the peak is."""

import statistics
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from contenders import alone, omnimalloc, tmpass
from race import Attempt, best_of, race
from settings import Settings
from support.families import easy, short_lived
from table import Cell, Table

import tmpass._core as _core
from tmpass.packing.allocate import allocate
from tmpass.packing.allocators import greedy_by_size, greedy_by_size_tflm
from tmpass.packing.bounds import lower_bound
from tmpass.packing.problem import Problem

BUFFERS, PROBLEMS, RUNS = 100, 200, 5

ALLOCATORS = ("auto", "first-fit", "greedy-by-size", "greedy-by-size-tflm", "best-fit")

PEERS = {"greedy": "OmniMalloc `greedy`", "greedy_by_size": "OmniMalloc `greedy_by_size`", "omni": "OmniMalloc `omni`"}


@dataclass(frozen=True, slots=True)
class _Times:
    """Seconds of one problem, each the best of RUNS, and the peak over the most bytes alive at once."""

    kernel: float | None
    solve: float
    whole: float
    ratio: float


def tables(settings: Settings) -> Iterator[Table]:
    """Medians over the problems of two families."""
    header = ("", "kernel, us", "`solve()`, us", "`allocate()`, us", "peak over the bound, mean", "worst", "bound met")
    for name, draw in (("easy", easy), ("easy-short-lived", short_lived)):
        problems = [draw(seed, BUFFERS) for seed in range(10 if settings.quick else PROBLEMS)]
        rows = [_row(allocator, [_ours(allocator, problem) for problem in problems]) for allocator in ALLOCATORS]
        for peer, label in PEERS.items():
            attempts = [(problem, omnimalloc(problem, peer)) for problem in problems]
            times = [_theirs(problem, attempt) for problem, attempt in attempts if attempt]
            rows += [_row(label, times)] if times else []
        yield Table(name, header, tuple(rows))


def _row(name: str, times: list[_Times]) -> tuple[Cell, ...]:
    kernels = [one.kernel for one in times if one.kernel is not None]
    ratios = [one.ratio for one in times]
    return (
        name,
        1e6 * statistics.median(kernels) if kernels else None,
        1e6 * statistics.median(one.solve for one in times),
        1e6 * statistics.median(one.whole for one in times),
        f"{statistics.fmean(ratios):.4f}",
        f"{max(ratios):.3f}",
        f"{sum(ratio <= 1 for ratio in ratios)} of {len(ratios)}",
    )


def _ours(allocator: str, problem: Problem) -> _Times:
    """`solve()` is the allocator alone, given the bound; `allocate()` computes the bound, and verifies the packing."""
    bound = lower_bound(problem)
    answer = allocate(problem, allocator)
    return _Times(
        best_of(RUNS, _kernel(allocator, problem, bound.peak)),
        best_of(RUNS, alone(problem, allocator).run),
        best_of(RUNS, tmpass(problem, allocator).run),
        (answer.peak or 0) / bound.live_bytes,
    )


def _theirs(problem: Problem, attempt: Attempt) -> _Times:
    """The time of a peer, as `solve`. It verifies nothing, so there is no time of the whole."""
    peak = race(problem, {"peer": attempt}, 1)["peer"].peak or 0
    seconds = best_of(RUNS, attempt.run)
    return _Times(None, seconds, float("nan"), peak / lower_bound(problem).live_bytes)


def _kernel(allocator: str, problem: Problem, bound: int) -> Callable[[], object]:
    """The native call that `allocator` begins with, on a problem that is there already."""
    native = problem.native
    if allocator in ("auto", "first-fit", "best-fit"):
        return lambda: _core.pack(native, bound, allocator == "best-fit")
    if allocator == "greedy-by-size":
        order = greedy_by_size.order(problem)
        return lambda: _core.first_fit(native, order, True)
    order = greedy_by_size_tflm.order(problem)
    return lambda: _core.first_fit(native, order)
