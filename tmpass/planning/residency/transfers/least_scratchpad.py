"""The smallest scratchpad in which a plan moves at most a given number of bytes, by halving the interval of capacities.

                    proved                        found
    capacity   ......|?????????????|?????????????|++++++     no plan of the cost below `proved`; a plan at `found`
                                 tried next

More room never costs more, so a proof for one capacity holds for all below it. Where the budget of one capacity ends
without an answer, the halves above it are tried, and `proved` stays below.

Source: the variant of COSMA without transfers (Li, Gupta, Malik, arXiv 2311.18246) is the one with a cost of 0.
"""

from dataclasses import replace
from math import gcd

from tmpass.base.choices import SpillOrder, Status
from tmpass.base.errors import UsageError
from tmpass.base.record import record
from tmpass.planning.residency.transfers.find_transfers import DEFAULT_NODES, find_transfers
from tmpass.planning.residency.transfers.least_peak_order import largest_operator
from tmpass.planning.residency.transfers.problem import TransferPlan, TransferProblem

_SHARE = 10
"""The default budget of one capacity is that of a plan, divided by this: about twenty of them are tried."""


@record
class LeastScratchpad:
    """The smallest scratchpad that was found, and what is proved.

    Fields:
        problem: with the smallest capacity in which a plan was found, or the largest that was tried.
        plan: at that capacity; without operators where none was found. `stopped`: a smaller capacity may do.
        cost: bytes that it may move.
        lower_bound: no smaller scratchpad has such a plan, in bytes: in any order, or in the given one.
        status: OPTIMAL where capacity and bound meet, UNKNOWN where no plan was found.
    """

    problem: TransferProblem
    plan: TransferPlan
    cost: int
    lower_bound: int
    status: Status

    @property
    def capacity(self) -> int | None:
        """The smallest capacity that was found, in bytes; None without a plan."""
        return None if self.plan.cost is None else self.problem.capacity


def least_scratchpad(
    problem: TransferProblem, *, order: SpillOrder, cost: int = 0, nodes: int | None = None, keep: bool = False
) -> LeastScratchpad:
    """The smallest scratchpad in which the exact method finds a plan that moves at most `cost` bytes.

    Args:
        problem: operators and tensors; its capacity is not used.
        order: keep the given order, or choose it.
        cost: bytes that may cross beyond the compulsory ones.
        nodes: the budget for each capacity that is tried.
        keep: after Ctrl-C, return the best so far, marked as `stopped`.

    Raises:
        UsageError: `cost` or `nodes` is out of range.
        KeyboardInterrupt: after Ctrl-C without `keep`.
    """
    if type(cost) is not int or not 0 <= cost <= 2**62:
        raise UsageError(f"the cost is {cost!r} bytes", hint="give a whole number in 0 .. 2^62")
    budget = DEFAULT_NODES // _SHARE if nodes is None else nodes
    unit = _unit(problem)
    trying = proved = largest_operator(problem)[1]
    found = _side_by_side(problem)
    best = find_transfers(replace(problem, capacity=found), order=order, nodes=budget, keep=keep)
    stopped, nothing = best.stopped, best.cost is None  # not even with all tensors side by side
    found = found if nothing else _peak(problem, best)
    while trying < found and not stopped and not nothing:
        at = trying + (found - trying) // unit // 2 * unit
        plan = find_transfers(replace(problem, capacity=at), order=order, nodes=budget, keep=keep)
        stopped = plan.stopped
        if plan.cost is not None and plan.cost <= cost:
            best, found = plan, _peak(problem, plan)
        elif not stopped:
            trying = at + unit
            if plan.status is Status.INFEASIBLE or plan.lower_bound > cost:
                proved = trying
    proved = min(proved, found)
    status = Status.UNKNOWN if nothing else Status.OPTIMAL if proved == found else Status.FEASIBLE
    best = replace(best, stopped=stopped)
    return LeastScratchpad(replace(problem, capacity=found), best, cost, proved, status)


def _unit(problem: TransferProblem) -> int:
    """What divides the least capacity: the common divisor of all sizes, where the alignment divides them.

    Tensors can be moved down until each lies on another one or at 0, so that every top is a sum of sizes then.
    """
    common = gcd(*(tensor.size for tensor in problem.tensors)) or 1
    return common if common % problem.alignment == 0 else 1


def _side_by_side(problem: TransferProblem) -> int:
    """Room for all tensors side by side, in bytes: nothing has to move there."""
    return sum(-(-tensor.size // problem.alignment) * problem.alignment for tensor in problem.tensors)


def _peak(problem: TransferProblem, plan: TransferPlan) -> int:
    return max((one.address + problem.tensors[one.tensor].size for one in plan.episodes), default=0)
