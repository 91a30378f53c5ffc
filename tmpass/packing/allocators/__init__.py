"""One file per method. Each offers `solve(problem, goal) -> Found` and HONOURS; they see buffers, never a graph.

Other packages bring theirs in the entry point group GROUP; docs/dev/adding.md has the steps.
"""

from dataclasses import dataclass
from importlib import import_module
from typing import Protocol, cast

from tmpass.base.errors import UsageError
from tmpass.base.plugins import load_registered, registered_names
from tmpass.packing.problem import Problem

METHODS = {
    "auto": "auto",
    "first-fit": "first_fit",
    "greedy-by-size": "greedy_by_size",
    "greedy-by-size-tflm": "greedy_by_size_tflm",
    "best-fit": "best_fit",
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


@dataclass(frozen=True, slots=True)
class Goal:
    """What a method is asked.

    Fields: `bound` is a proved lower bound on the peak in bytes, where the method may stop; `minimize` asks for the
    least peak, otherwise any peak within the problem's capacity will do; `nodes` is how many search steps it may take.
    The answer is the same whatever the number of `threads`.
    """

    bound: int
    minimize: bool
    nodes: int
    threads: int = 1


@dataclass(frozen=True, slots=True)
class Found:
    """What a method answers: offsets of the best packing, its peak, the bound as far as it was proved, and the cost.

    Without a packing `offsets` is empty, and `peak` above the problem's reach; so is `bound` where there can be none.
    It is `stopped` where Ctrl-C ended the search, and depends then on when that was.
    """

    offsets: tuple[int, ...]
    peak: int
    bound: int
    method: str
    nodes: int = 0
    stopped: bool = False


CONSTRAINTS = ("gaps", "windows", "memories", "apart")
"""What a problem may have besides alignment and fixed offsets, which every method honours; `shared` is merged and
`hint` is tried before a method is asked."""


class Method(Protocol):
    """The contract of an allocator: a module in METHODS, or what an entry point names.

    HONOURS has those of CONSTRAINTS that it knows; a problem with others is refused before it is asked.
    """

    HONOURS: frozenset[str]

    def solve(self, problem: Problem, goal: Goal) -> Found:
        """A packing without overlap of `problem`, as low as the goal asks for and the method can."""


def method(name: str) -> Method:
    """The allocator `name`: a built-in one, or one that another package registers.

    Raises:
        UsageError: there is none of this name, or it cannot be imported.
    """
    if name in METHODS:
        return cast(Method, import_module(f"tmpass.packing.allocators.{METHODS[name]}"))
    found = load_registered(GROUP, name, ("HONOURS", "solve"))
    if found is None:
        known = dict.fromkeys((*METHODS, *registered_names(GROUP)))
        raise UsageError(f"allocator {name!r} is unknown", hint="choose one of " + ", ".join(known))
    return cast(Method, found)


def constraints(problem: Problem) -> set[str]:
    """Those of CONSTRAINTS that `problem` has."""
    gaps = [gap for b in problem.buffers if b.gaps for gap in b.gaps]
    present = {
        "gaps": bool(gaps),
        "windows": any(gap.window_lower < gap.window_upper for gap in gaps),
        "memories": bool(problem.memories),
        "apart": bool(problem.apart),
    }
    return {name for name in CONSTRAINTS if present[name]}


def nothing(problem: Problem, goal: Goal, name: str) -> Found:
    """What method `name` answers without a packing."""
    return Found((), problem.reach + 1, goal.bound, name)


def satisfied(problem: Problem, goal: Goal, found: Found) -> bool:
    """Whether nothing is left to do: the bound is met, or the capacity where only that was asked."""
    if found.peak <= found.bound:
        return True
    if not found.offsets and problem.buffers:
        return False
    return not goal.minimize and problem.capacity is not None and found.peak <= problem.capacity
