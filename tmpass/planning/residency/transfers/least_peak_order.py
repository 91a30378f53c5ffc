"""The order with the least bytes alive at its peak step, and the capacities that papers compare at."""

from collections.abc import Sequence

from tmpass.planning.ordering.least_peak import DEFAULT_STATES, least_peak
from tmpass.planning.ordering.ordered import Ordered
from tmpass.planning.residency.transfers.order_problems import order_problems
from tmpass.planning.residency.transfers.problem import TransferProblem


def least_peak_order(problem: TransferProblem, states: int = DEFAULT_STATES) -> Ordered:
    """The order of least peak that is found with all tensors on chip from their first to their last use.

    Args:
        problem: operators and tensors; its capacity is not used.
        states: the budget, in sets of operators.

    Raises:
        KeyboardInterrupt: Ctrl-C ended the search.
    """
    found = least_peak(order_problems(problem).least_peak(light=True), range(len(problem.operators)), states)
    if found.stopped:
        raise KeyboardInterrupt
    return found


def largest_operator(problem: TransferProblem) -> tuple[int, int]:
    """The operator that needs the most bytes at once, the first of equals, and these bytes; (-1, 0) without operators.

    Only the topmost tensor takes no more than its size; sizes of the others are rounded up to the alignment.
    """
    needs = [
        _need([problem.tensors[t].size for t in (*row.inputs, *row.outputs)], problem.alignment)
        for row in problem.operators
    ]
    most = max(needs, default=0)
    return (needs.index(most) if needs else -1), most


def _need(sizes: Sequence[int], alignment: int) -> int:
    rounded = [-(-size // alignment) * alignment for size in sizes]
    return sum(rounded) - max((up - size for up, size in zip(rounded, sizes, strict=True)), default=0)
