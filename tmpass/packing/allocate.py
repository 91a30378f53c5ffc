"""One function over all allocators, which checks the packing that it returns."""

from dataclasses import replace
from typing import TYPE_CHECKING

from tmpass.base.choices import Status
from tmpass.base.errors import UsageError, VerificationError
from tmpass.base.violation import Violation
from tmpass.packing.allocation import Allocation
from tmpass.packing.allocators import ALLOCATORS, Allocator, Found, Goal, allocator_named, constraints
from tmpass.packing.bounds import lower_bound
from tmpass.packing.check import check_offsets
from tmpass.packing.hints import try_hints
from tmpass.packing.merge_shared import Merged, merge_shared
from tmpass.packing.problem import Problem

if TYPE_CHECKING:
    from tmpass.packing.learning.policy import Policy

MAX_NODES = 2**62
MAX_THREADS = 256

DEFAULT_NODES = 1_000_000
"""Search steps by default: up to some seconds, for hard problems that first fit does not solve."""

LARGE = 20_000
"""Above this number of buffers the budget is LARGE_NODES: the first packing of narrowest first may take a million.

Tuned on iopddl_S_1 of XLA, whole, with buffers left out and with other sizes.
"""

LARGE_NODES = 3_000_000

NODES_TO_FIT = 20_000_000
"""Search steps by default where only the capacity matters: a minute for hundreds of buffers.

No answer is worse than a late one.
"""


def default_nodes(buffers: int) -> int:
    """The budget in nodes, by default, for the least peak of that many buffers."""
    return LARGE_NODES if buffers > LARGE else DEFAULT_NODES


def allocate(
    problem: Problem,
    allocator: str = "auto",
    *,
    minimize: bool = True,
    nodes: int | None = None,
    threads: int = 1,
    keep: bool = False,
    policy: "Policy | None" = None,
) -> Allocation:
    """The lowest packing of `problem` that an allocator finds, and what is proved about it.

    Args:
        problem: buffers and, where there is one, the capacity.
        allocator: a name in tmpass.packing.allocators.ALLOCATORS, or one that another package registers.
        minimize: look for the least peak; otherwise stop at the first packing within the capacity.
        nodes: the budget in search steps, by default `default_nodes`, or NODES_TO_FIT where `minimize` is off. The same
            number gives the same answer everywhere.
        threads: how many threads may search. The answer does not depend on it.
        keep: after Ctrl-C, return the best packing so far, marked as `stopped`.
        policy: learned backtracking for telamalloc, which auto asks as well.

    Returns:
        The lowest packing found. Its status is OPTIMAL or FEASIBLE where it is within the capacity, INFEASIBLE
        where no packing is, UNKNOWN where the budget ended first.

    Raises:
        UsageError: the allocator is unknown, takes no policy or does not support a constraint of `problem`, `nodes` or
            `threads` is out of range, fixed buffers break a law, or buffers that must share cannot.
        VerificationError: the allocator is wrong. The packing is not returned.
    """
    if nodes is None:
        nodes = default_nodes(len(problem.buffers)) if minimize else NODES_TO_FIT
    _check_arguments(nodes, threads)
    if not minimize and problem.capacity is None:
        raise UsageError("the problem has no capacity to fit into", hint="give one, or minimise")
    solver = allocator_named(allocator)
    if policy is not None and not getattr(solver, "TAKES_POLICY", False):
        raise UsageError(f"allocator {allocator} takes no policy", hint="choose telamalloc or auto")
    merged = merge_shared(problem)
    _check_fixed(problem, merged)
    _check_supported(merged.problem, allocator, solver)
    bound = lower_bound(merged.problem)
    learned = None if policy is None else policy.native()
    found = try_hints(merged.problem, Goal(bound.peak, minimize, nodes, threads, learned), solver)
    if found.stopped and not keep:
        raise KeyboardInterrupt
    if not merged.exact:
        found = replace(found, bound=bound.peak)
    peak = found.peak if found.offsets or not problem.buffers else None
    if peak is not None:
        found = replace(found, offsets=merged.offsets(found.offsets))
        _check_packing(problem, found, allocator)
    status = _status(problem, found, peak)
    return Allocation(
        found.offsets, peak, found.bound, bound.live_bytes, status, found.method, found.nodes, found.stopped
    )


def _check_arguments(nodes: object, threads: object) -> None:
    if not isinstance(nodes, int) or not 0 <= nodes <= MAX_NODES:
        raise UsageError(f"the budget is {nodes!r} nodes", hint="give a whole number in 0 .. 2^62")
    if not isinstance(threads, int) or not 1 <= threads <= MAX_THREADS:
        raise UsageError(f"{threads!r} is not a number of threads", hint=f"give one in 1 .. {MAX_THREADS}")


def _check_supported(problem: Problem, allocator: str, solver: Allocator) -> None:
    unsupported = sorted(constraints(problem) - solver.HONOURS)
    if unsupported:
        what = f"allocator {allocator} does not support {' and '.join(unsupported)}"
        raise UsageError(what, hint="use auto, which supports all constraints")


def _check_packing(problem: Problem, found: Found, allocator: str) -> None:
    violations: list[Violation] = []
    try:
        violations = check_offsets(problem, found.offsets)
        fault = violations[0].message if violations else ""
    except UsageError as error:  # it is not the user who gave these offsets
        fault = error.what
    if fault:
        whose = "tmpass" if allocator in ALLOCATORS else "the package that brings it"
        raise VerificationError(
            f"allocator {found.method} broke a law: {fault}",
            violations=tuple(violations),
            hint=f"this is a fault of {whose}; please report it with the problem",
        )


def _status(problem: Problem, found: Found, peak: int | None) -> Status:
    """What is known after an answer; `peak` is None where it has no packing."""
    if peak is None:
        least = found.peak if problem.capacity is None else min(found.peak, problem.capacity + 1)
        return Status.INFEASIBLE if found.bound >= least else Status.UNKNOWN
    if problem.capacity is None or peak <= problem.capacity:
        return Status.OPTIMAL if peak <= found.bound else Status.FEASIBLE
    return Status.INFEASIBLE if found.bound > problem.capacity else Status.UNKNOWN


def _check_fixed(problem: Problem, merged: Merged) -> None:
    """Raise where fixed buffers alone break a law, so that no offsets of the others help.

    A fixed buffer fixes all buffers that share with it.
    """
    if not merged.problem.native.has_fixed:
        return
    offsets = [merged.problem.buffers[at].offset for at in merged.class_of]
    places = [at for at, offset in enumerate(offsets) if offset is not None]
    violations = check_offsets(problem.only(places), [offset for offset in offsets if offset is not None])
    if violations:
        raise UsageError(violations[0].message, where="fixed offsets", hint="change one of them")
