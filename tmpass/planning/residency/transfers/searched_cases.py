"""The cheapest case in the orders that a search comes up with, and a bound on the plans of all orders."""

from tmpass.base.choices import FEWEST_TRANSFERS, OrderMethod
from tmpass.base.errors import UsageError
from tmpass.base.record import record
from tmpass.planning.choose_order import OrderedLayout
from tmpass.planning.layout_request import LayoutRequest
from tmpass.planning.ordering.file_order import unsorted
from tmpass.planning.residency.overhead import Besides
from tmpass.planning.residency.transfers.cases import Case, cases_in
from tmpass.planning.residency.transfers.fixed_order import DEFAULT_NODES, FixedOrderAnswer, solve_fixed_order
from tmpass.planning.residency.transfers.searched_order import is_bounded, search_order
from tmpass.planning.timeline.lay_out import lay_out
from tmpass.plans.planned_order import PlannedOrder
from tmpass.targets import Memory


@record
class SearchedCase:
    """What a search over all orders found.

    Fields:
        solved: the cheapest case with its answer; None where none has a plan.
        bound: no plan of any order moves fewer bytes, at the levels of sharing of `is_bounded`.
        stopped: Ctrl-C ended the search.
    """

    solved: tuple[Case, FixedOrderAnswer] | None
    bound: int
    stopped: bool = False


def solve(request: LayoutRequest, case: Case) -> FixedOrderAnswer | None:
    """The cheapest transfers of a case; None where none are found, or its sizes are too large for the kernels."""
    try:
        answer = solve_fixed_order(case.problem, nodes=min(DEFAULT_NODES, request.options.nodes))
    except UsageError:
        return None
    return answer if answer.episodes else None


def search_cases(
    request: LayoutRequest, ordered: OrderedLayout, besides: Besides, away: Memory, first: Case
) -> SearchedCase:
    """The cheapest case in the orders of a search, where any order may be taken.

    Args:
        request: of the model.
        ordered: its layout in one memory.
        besides: what memories hold besides buffers.
        away: the memory behind the scratchpad.
        first: any case; its room and what its operators need besides buffers count.
    """
    if any(map(unsorted, request.graph.subgraphs)) or request.options.schedule != OrderMethod.AUTO:
        return SearchedCase(None, 0)
    best: tuple[Case, FixedOrderAnswer] | None = None

    def cost_in(operators: tuple[int, ...]) -> int | None:
        nonlocal best
        costs = list[int]()
        order = PlannedOrder(FEWEST_TRANSFERS, 0, ordered.order.states)
        for case in cases_in(request, besides, lay_out(request.graph, [operators]), order, away):
            answer = solve(request, case)
            if answer is not None:
                costs.append(answer.cost)
                if best is None or answer.cost < best[1].cost:
                    best = case, answer
        return min(costs, default=None)

    own = {first.timeline.steps[at].op: sizes for at, sizes in first.pinned.items() if at < len(first.timeline.steps)}
    found = search_order(request, own, first.problem.capacity, first.problem.alignment, cost_in)
    # Buffers elsewhere need no room in the scratchpad, and the figures of a plan do not count what is rounded up.
    counted = request.target.runtime.rounding == 1 and not any(indices for _, _, indices in first.parts[1:])
    if found is None:
        return SearchedCase(best, 0)
    return SearchedCase(best, found.bound if counted else 0, found.stopped)


def bound_for(request: LayoutRequest, case: Case, searched: SearchedCase) -> int:
    """No plan of any order moves fewer bytes with the sharing of `case`; 0 where nothing is known."""
    return searched.bound if is_bounded(request, case.sharing) else 0
