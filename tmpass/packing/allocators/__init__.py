"""One file per allocator. Each offers `solve(problem, goal) -> Found` and HONOURS; they see buffers, never a graph.

Other packages bring theirs in the entry point group GROUP; docs/dev/adding.md has the steps.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Protocol, cast

from tmpass.base.errors import UsageError
from tmpass.base.nearest import hint_of
from tmpass.base.plugins import load_registered, registered_names
from tmpass.base.record import record
from tmpass.packing.problem import Problem

if TYPE_CHECKING:
    import tmpass._core as _core

ALLOCATORS = {
    "auto": "auto",
    "first-fit": "first_fit",
    "greedy-by-size": "greedy_by_size",
    "greedy-by-size-tflm": "greedy_by_size_tflm",
    "best-fit": "best_fit",
    "narrowest-first": "narrowest_first",
    "hill-climb": "hill_climb",
    "local-search": "local_search",
    "minimalloc": "minimalloc",
    "place-or-postpone": "place_or_postpone",
    "telamalloc": "telamalloc",
    "cp-sat": "cp_sat",
    "ilp": "ilp",
}
"""Name on the command line -> module."""

GROUP = "tmpass.allocators"
"""The entry point group in which other packages register theirs; a built-in name always means the built-in one."""


@record
class Goal:
    """What an allocator is to do with a problem.

    Fields:
        bound: a proved lower bound on the peak in bytes. The allocator may stop when it reaches it.
        minimize: find the least peak; otherwise, any peak within the problem's capacity.
        nodes: the budget in search steps.
        threads: how many threads it may use. The answer must not depend on it.
        policy: where telamalloc goes back to from a dead end; None for its own rule. Only an allocator whose module
            has TAKES_POLICY, which is true, is given one.
    """

    bound: int
    minimize: bool
    nodes: int
    threads: int = 1
    policy: "_core.LearnedBacktracking | None" = None


@record
class Found:
    """The answer of an allocator: its best packing, and what it proved.

    Fields:
        offsets: in bytes, in the order of the buffers; empty without a packing.
        peak: of the packing in bytes; above the problem's reach without one.
        bound: the best proved lower bound on the peak; above the problem's reach where no packing exists.
        method: how the packing was found, for the user: the name of an allocator, perhaps with an order.
        nodes: search steps that it took.
        stopped: whether Ctrl-C ended the search. The answer then depends on the time.
    """

    offsets: tuple[int, ...]
    peak: int
    bound: int
    method: str
    nodes: int = 0
    stopped: bool = False


CONSTRAINTS = ("gaps", "windows", "memories", "apart")
"""Constraints that an allocator may or may not support. Every allocator supports alignment and fixed offsets.

Shared pairs are merged, and hints are tried, before an allocator is asked.
"""


class Allocator(Protocol):
    """The contract of an allocator: a module in ALLOCATORS, or what an entry point names.

    HONOURS has those of CONSTRAINTS that it knows; a problem with others is refused before it is asked.
    """

    HONOURS: frozenset[str]

    def solve(self, problem: Problem, goal: Goal) -> Found:
        """A packing without overlap of `problem`, as low as the goal asks for and the allocator can."""


def allocator_named(name: str) -> Allocator:
    """The allocator `name`: a built-in one, or one that another package registers.

    Raises:
        UsageError: there is none of this name, or it cannot be imported.
    """
    if name in ALLOCATORS:
        return cast(Allocator, import_module(f"tmpass.packing.allocators.{ALLOCATORS[name]}"))
    found = load_registered(GROUP, name, ("HONOURS", "solve"))
    if found is None:
        known = dict.fromkeys((*ALLOCATORS, *registered_names(GROUP)))
        raise UsageError(f"allocator {name!r} is unknown", hint=hint_of(name, known))
    return cast(Allocator, found)


def constraints(problem: Problem) -> set[str]:
    """The names of CONSTRAINTS that `problem` has."""
    gaps = [gap for b in problem.buffers if b.gaps for gap in b.gaps]
    present = {
        "gaps": bool(gaps),
        "windows": any(gap.window_lower < gap.window_upper for gap in gaps),
        "memories": bool(problem.memories),
        "apart": bool(problem.apart),
    }
    return {name for name in CONSTRAINTS if present[name]}


def no_packing(problem: Problem, goal: Goal, name: str) -> Found:
    """The answer of allocator `name` when it has no packing."""
    return Found((), problem.reach + 1, goal.bound, name)


def satisfied(problem: Problem, goal: Goal, found: Found) -> bool:
    """Whether `found` is enough: its peak is at the bound, or within the capacity if only that was asked for."""
    if found.peak <= found.bound:
        return True
    if not found.offsets and problem.buffers:
        return False
    return not goal.minimize and problem.capacity is not None and found.peak <= problem.capacity
