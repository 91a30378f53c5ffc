"""One function over all allocators: a problem in, a checked packing and what is proved about it out."""

from tmpass.allocators import Goal, method
from tmpass.bounds import lower_bound
from tmpass.errors import UsageError, VerificationError
from tmpass.problem import Allocation, Problem, Status
from tmpass.verify.allocation import check_offsets

MAX_NODES = 2**62

DEFAULT_NODES = 1_000_000
"""Search steps by default: up to some seconds, and only for problems that are hard and leave first fit open."""


def allocate(
    problem: Problem, allocator: str = "auto", *, minimize: bool = True, nodes: int = DEFAULT_NODES
) -> Allocation:
    """Offsets for every buffer of `problem`.

    Args:
        problem: buffers and, where there is one, the capacity.
        allocator: a name in tmpass.allocators.METHODS.
        minimize: look for the least peak; otherwise stop at the first packing within the capacity.
        nodes: search steps that may be spent. The same number gives the same answer everywhere.

    Returns:
        The lowest packing found. Its status is OPTIMAL or FEASIBLE where it is within the capacity, INFEASIBLE
        where none can be, UNKNOWN where the budget ended first.

    Raises:
        UsageError: the allocator is unknown, `nodes` is negative, or two fixed buffers overlap.
        VerificationError: the allocator is wrong; the packing was not handed out.
    """
    if not isinstance(nodes, int) or not 0 <= nodes <= MAX_NODES:
        raise UsageError(f"a budget of {nodes!r} nodes", hint="give a whole number of 0 .. 2^62")
    if not minimize and problem.capacity is None:
        raise UsageError("there is no capacity to fit into", hint="give one, or minimise")
    _check_fixed(problem)
    solver = method(allocator)
    bound = lower_bound(problem)
    found = solver.solve(problem, Goal(bound.peak, minimize, nodes))
    violations = check_offsets(problem, found.offsets)
    if violations:
        raise VerificationError(
            f"allocator {found.method} broke a law: {violations[0].message}",
            violations=tuple(violations),
            hint="this is a fault of tmpass; please report it with the problem",
        )
    status = _status(problem, found.peak, found.bound)
    return Allocation(found.offsets, found.peak, found.bound, bound.live_bytes, status, found.method, found.nodes)


def _status(problem: Problem, peak: int, bound: int) -> Status:
    if problem.capacity is None or peak <= problem.capacity:
        return Status.OPTIMAL if peak <= bound else Status.FEASIBLE
    return Status.INFEASIBLE if bound > problem.capacity else Status.UNKNOWN


def _check_fixed(problem: Problem) -> None:
    """Raise where fixed buffers overlap, which no offsets of the others can mend."""
    fixed = tuple(b for b in problem.buffers if b.offset is not None)
    clashes = check_offsets(Problem(fixed, alignment=problem.alignment), [b.offset or 0 for b in fixed])
    if clashes:
        raise UsageError(clashes[0].message, where="fixed offsets", hint="move one of them")
