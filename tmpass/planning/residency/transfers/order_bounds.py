"""Lower bounds on the bytes that every order moves off chip and back."""

from tmpass.planning.ordering.ordered import Ordered
from tmpass.planning.residency.transfers.order_problems import OrderProblems


def bound_by_peaks(graph: OrderProblems, all_: Ordered, heavy: Ordered) -> int:
    """The bound that follows from the least peak of all orders.

    In the peak step of any order, at least peak - capacity bytes of the items that are alive are not on chip. They left
    and come back, for twice their size, or for their size where they are light. So the cost is at least twice the
    excess, less the light bytes in it, which are at most all of them. Or light items count at their users only: then
    the excess is smaller, and all of it costs twice.

    Args:
        graph: items and operators.
        all_: the order of least peak, with its bound, of all items.
        heavy: the same where light items count at their users only.
    """
    capacity = graph.problem.capacity
    excess, heavy_excess = max(all_.bound - capacity, 0), max(heavy.bound - capacity, 0)
    bound = max(2 * excess - min(excess, graph.light_bytes), 2 * heavy_excess)
    return -(-bound // graph.unit) * graph.unit
