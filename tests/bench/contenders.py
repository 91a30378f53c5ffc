"""tmpass and its peers, each as an Attempt at a problem. A peer that is not installed is left out.

OmniMalloc's public interface only minimises. To ask it whether a capacity is enough, its engine is called as its
SuperMalloc calls it, with the capacity as the bound, and with a buffer of that size after all others: then the
bound below is the capacity, and the engine stops at the first packing within it.
"""

from collections.abc import Mapping, Sequence
from importlib.metadata import PackageNotFoundError, version
from typing import Any

from race import Attempt, Outcome

from tmpass.base.choices import Status
from tmpass.packing.allocate import DEFAULT_NODES, allocate
from tmpass.packing.allocation import Allocation
from tmpass.packing.allocators import Goal, allocator_named
from tmpass.packing.allocators.cp_sat import NODES_PER_TICK
from tmpass.packing.bounds import lower_bound
from tmpass.packing.problem import Problem

PEERS = ("omnimalloc", "ortools")

THREADS = 3
"""One for each of the three orders of OmniMalloc's search, of which any may be the only one that ends."""

MANY_THREADS = 12
"""With four bounds for each order, OmniMalloc proves most of the challenging problems optimal."""

CP_SAT_WORKERS = 2

SECONDS_PER_TICK = 50
"""About what a unit of CP-SAT's deterministic time takes with the challenging problems, presolving apart: so that our
own model has the budget of the others.
"""


def installed(name: str) -> str | None:
    """The version of a peer, or None."""
    try:
        return version(name)
    except PackageNotFoundError:
        return None


def present(attempts: Mapping[str, Attempt | None]) -> dict[str, Attempt]:
    """The attempts without those whose package is missing."""
    return {name: attempt for name, attempt in attempts.items() if attempt is not None}


def tmpass(problem: Problem, allocator: str = "auto", *, minimize: bool = True, nodes: int | None = None) -> Attempt:
    """`allocate()` as users call it, verification included."""

    def read(answer: Allocation) -> Outcome:
        return Outcome(answer.offsets, answer.status is Status.OPTIMAL, answer.lower_bound, answer.nodes)

    return Attempt(lambda: allocate(problem, allocator, minimize=minimize, nodes=nodes), read)


def alone(problem: Problem, allocator: str = "auto") -> Attempt:
    """The allocator alone, without the rest of `allocate()`: the bound is given, and nothing is verified."""
    goal = Goal(lower_bound(problem).peak, minimize=True, nodes=DEFAULT_NODES)
    solve = allocator_named(allocator).solve
    return Attempt(lambda: solve(problem, goal), lambda found: Outcome(found.offsets, nodes=found.nodes))


def tmpass_cp_sat(problem: Problem, seconds: float, *, minimize: bool = True) -> Attempt | None:
    """Our model for CP-SAT, with as many nodes as fit into about `seconds`."""
    if not installed("ortools"):
        return None
    nodes = round(seconds / SECONDS_PER_TICK * NODES_PER_TICK)
    return tmpass(problem, "cp-sat", minimize=minimize, nodes=nodes)


def plain_cp_sat(problem: Problem, seconds: float, *, minimize: bool = True) -> Attempt | None:
    """The obvious model for CP-SAT: rectangles that do not overlap, and a cumulative bound."""
    if not installed("ortools"):
        return None
    from ortools.sat.python import cp_model
    from support.exact import rectangles_model

    def run() -> tuple[bool, list[int]]:
        model = rectangles_model(problem, None if minimize else problem.capacity)
        if minimize:
            model.model.minimize(model.peak)
        solver = cp_model.CpSolver()
        solver.parameters.max_time_in_seconds = seconds
        solver.parameters.num_workers = CP_SAT_WORKERS
        status = solver.solve(model.model)
        found = status in (cp_model.OPTIMAL, cp_model.FEASIBLE)
        offsets = [solver.value(offset) for offset in model.offsets] if found else []
        return minimize and status == cp_model.OPTIMAL, offsets

    return Attempt(run, lambda answer: Outcome(answer[1], answer[0]))


def omnimalloc(problem: Problem, name: str, **options: Any) -> Attempt | None:
    """An allocator of OmniMalloc by its public name, on allocations that are there already; nothing is validated."""
    if not installed("omnimalloc"):
        return None
    from omnimalloc.allocators import BaseAllocator

    allocator = BaseAllocator.get(name)(**options)
    buffers = tuple(_allocations(problem))

    def read(answer: Any) -> Outcome:
        return Outcome(_offsets(answer, len(buffers)))

    return Attempt(lambda: allocator.allocate(buffers), read)


def supermalloc(problem: Problem, seconds: float, threads: int | None = None) -> Attempt | None:
    """OmniMalloc's best search for the least peak, with its own number of threads if none is given."""
    if not installed("omnimalloc"):
        return None
    from omnimalloc.allocators import SupermallocAllocator

    allocator = SupermallocAllocator(timeout=seconds, num_threads=threads)
    buffers = tuple(_allocations(problem))

    def read(answer: Any) -> Outcome:
        return Outcome(_offsets(answer.allocations, len(buffers)), answer.proved_optimal)

    return Attempt(lambda: allocator.solve(buffers), read)


def supermalloc_within(problem: Problem, seconds: float) -> Attempt | None:
    """OmniMalloc's engine, asked for any packing within the capacity."""
    if not installed("omnimalloc"):
        return None
    from omnimalloc import Allocation as Theirs
    from omnimalloc._cpp import Partition, try_solve_many
    from omnimalloc.allocators.supermalloc import DEFAULT_HEURISTICS

    capacity, count, end = problem.capacity or 0, len(problem.buffers), problem.horizon
    buffers = [*_allocations(problem), Theirs(count, capacity, end, end + 1)]

    def run() -> Any:
        base = Partition.from_allocations(buffers)
        members = [base.reorder("".join(order)).with_bound(capacity + 1) for order in DEFAULT_HEURISTICS]
        return try_solve_many(
            members,
            capacity + 1,
            None,
            canonical=True,
            dominance=True,
            floor_inference=True,
            monotonic_floor=True,
            decompose=True,
            timeout=seconds,
            num_threads=THREADS,
        )

    return Attempt(run, lambda answer: Outcome(_offsets(answer.allocations, count) if answer else ()))


def _allocations(problem: Problem) -> list[Any]:
    from omnimalloc import Allocation as Theirs

    return [Theirs(at, b.size, b.lower, b.upper) for at, b in enumerate(problem.buffers)]


def _offsets(placed: Sequence[Any], count: int) -> list[int]:
    """The offsets in the order of our buffers, which are numbered."""
    places = {one.id: one.offset for one in placed}
    return [places[at] for at in range(count)]
