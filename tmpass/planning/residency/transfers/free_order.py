"""The order, the transfers and the addresses together: the fewest bytes off chip over all orders of the operators.

    problem ── search over labels ──> an order, and its cost without addresses, which no order beats
                     │ budget ended        │
                     ▼                     ▼
         beams, the given order,    solve_fixed_order ──> episodes and addresses; the same cost: optimal over
         the order of least peak ──────────┘              all orders

The search over labels (core/residency/label_search.hpp) counts the bytes on chip at each step, without addresses. So
its cost is a lower bound on all plans, and one plan with that cost is optimal. Where its budget ends, beams look for
good orders, and other bounds on all orders are computed (`order_bounds.py`).
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from itertools import chain

import tmpass._core as _core
from tmpass.base.choices import Status
from tmpass.planning.ordering.least_peak import least_peak
from tmpass.planning.residency.transfers.fixed_order import DEFAULT_NODES, from_transfer_problem, solve_fixed_order
from tmpass.planning.residency.transfers.order_bounds import bound_by_peaks
from tmpass.planning.residency.transfers.order_problems import OrderProblems, order_problems
from tmpass.planning.residency.transfers.path_bound import bound_by_paths
from tmpass.planning.residency.transfers.problem import Episode, TransferPlan, TransferProblem

DEFAULT_LABELS = 1_500_000
"""The default budget. The same budget gives the same plan."""

NO_LIMIT = 1 << 60
"""No plan costs as much."""

_METHOD = "free-order"

NO_PLAN = TransferPlan((), (), None, 0, Status.UNKNOWN, _METHOD)
"""Nothing known."""

_FIRST_SHARE = 16
"""The first search gets the labels divided by this: enough for every network that it can solve."""

_KEPT_SHARE, _LAST_SHARE = 5, 3
"""The beams leave at least the labels divided by the first, and the search that proves takes at most those divided by
the second: it seldom ends where the first search did not, but its bound is better."""

_AFTER_STOP = 20_000
"""Nodes for the given order after Ctrl-C: four times what the networks of tests/bench/transfers_fixed.py need."""

_BEAMS = (
    (300, 8, True),
    (1000, 16, True),
    (3000, 16, True),
    (3000, 8, False),
    (10_000, 16, True),
    (10_000, 8, False),
    (30_000, 16, True),
    (30_000, 8, False),
    (100_000, 16, True),
    (100_000, 8, False),
)
"""One after the other, as `_core.beam_labels` takes them. Tuned on RandWire with 32 nodes."""


def solve_free_order(problem: TransferProblem, *, labels: int = DEFAULT_LABELS, keep: bool = False) -> TransferPlan:
    """The plan with the fewest bytes off chip that is found over all orders, and a bound on all plans.

    Args:
        problem: operators, tensors and the scratchpad.
        labels: the budget of the searches for an order. What is tried besides, such as the given order, comes on top.
        keep: after Ctrl-C, return the best plan so far, or one in the given order, marked as `stopped`.

    Returns:
        A plan; OPTIMAL where its cost is the bound. INFEASIBLE where an operator alone needs more than the capacity.
        UNKNOWN, without a plan, where no addresses were found in the orders that were tried.

    Raises:
        KeyboardInterrupt: after Ctrl-C without `keep`.
    """
    return search_orders(order_problems(problem), partial(plan_in_order, problem), labels=labels, keep=keep)


PlanIn = Callable[[Sequence[int], int], TransferPlan]
"""The cheapest plan that is found in an order, with a budget of nodes."""


def search_orders(graph: OrderProblems, plan_in: PlanIn, *, labels: int, keep: bool = False) -> TransferPlan:
    """The cheapest of the plans that `plan_in` makes in the orders of a search, and a bound on all plans.

    Args:
        graph: operators and items. No plan of `plan_in` may cost less than one without addresses in `graph`.
        plan_in: makes the plans.
        labels: as for `solve_free_order`.
        keep: as for `solve_free_order`.
    """
    if graph.largest_need > graph.problem.capacity:
        return replace(NO_PLAN, status=Status.INFEASIBLE)
    search = _Anytime(graph, plan_in, graph.free_order(), labels)
    try:
        search.run()
    except KeyboardInterrupt:
        if not keep:
            raise
        search.stop()
    return search.plan


def plan_in_order(problem: TransferProblem, order: Sequence[int], nodes: int = DEFAULT_NODES) -> TransferPlan:
    """The cheapest plan with the operators in `order`; its bound is 0, since it is one on all orders."""
    answer = solve_fixed_order(from_transfer_problem(problem, order), nodes=nodes)
    if answer.status in (Status.INFEASIBLE, Status.UNKNOWN):
        return NO_PLAN
    episodes = [Episode(tensor, *one) for tensor, all_ in enumerate(answer.episodes) for one in all_]
    return TransferPlan(tuple(order), tuple(sorted(episodes, key=_place)), answer.cost, 0, Status.FEASIBLE, _METHOD)


def _place(episode: Episode) -> tuple[int, int]:
    return episode.tensor, episode.first


def _cheaper(best: TransferPlan, other: TransferPlan) -> TransferPlan:
    """The cheaper plan of the two, with the bound of `best`."""
    if other.cost is None or (best.cost is not None and best.cost <= other.cost):
        return best
    return _with_bound(other, best.lower_bound)


def _with_bound(plan: TransferPlan, bound: int) -> TransferPlan:
    """The plan with a lower bound on all plans, rounded down to its cost."""
    if plan.cost is None:
        return replace(plan, lower_bound=bound)
    bound = min(bound, plan.cost)
    return replace(plan, lower_bound=bound, status=Status.OPTIMAL if bound == plan.cost else Status.FEASIBLE)


@dataclass
class _Anytime:
    """The best plan so far, with the bound, and the labels spent."""

    graph: OrderProblems
    plan_in: PlanIn
    native: "_core.FreeOrderProblem"
    labels: int
    plan: TransferPlan = NO_PLAN
    spent: int = 0
    tried: set[tuple[int, ...]] = field(default_factory=set)

    def run(self) -> None:
        """Search until the plan is optimal or the budget ends."""
        order, _, bound, self.spent = _core.search_labels(self.native, NO_LIMIT, self.labels // _FIRST_SHARE)
        self._raise(bound)
        if order:
            self._try(order)
        if self.plan.status is not Status.OPTIMAL:
            self._go_on()

    def stop(self) -> None:
        """Mark the plan as one of a search that Ctrl-C ended; without any, it is one in the given order."""
        if self.plan.cost is None:
            given = self.plan_in(range(len(self.graph.own)), _AFTER_STOP)
            self.plan = _cheaper(self.plan, given)
        self.plan = replace(self.plan, stopped=True)

    def _go_on(self) -> None:
        given = tuple(range(len(self.graph.own)))
        low = least_peak(self.graph.least_peak(light=True), given)
        heavy = least_peak(self.graph.least_peak(light=False), given)
        if low.stopped or heavy.stopped:
            raise KeyboardInterrupt
        self._raise(max(bound_by_peaks(self.graph, low, heavy), bound_by_paths(self.graph)))
        for order in chain((given, low.order), self._orders()):
            self._try(order)
            if self.plan.status is Status.OPTIMAL:
                break

    def _orders(self) -> Iterator[Sequence[int]]:
        """Orders that cost less than the plan, without addresses: of beams, then of the search that proves."""
        made = per_width = 0
        for width, leaving, run_on in _BEAMS:
            left = self._left - self.labels // _KEPT_SHARE
            if per_width * width > left:
                break
            order, _, made = _core.beam_labels(self.native, self._upper, max(left, 0), (width, leaving, run_on))
            self.spent += made
            per_width = made // width
            if order:
                yield order
        left = min(self._left, self.labels // _LAST_SHARE)
        order, _, bound, made = _core.search_labels(self.native, self._upper, left, left // 4)
        self.spent += made
        self._raise(bound)
        if order:
            yield order

    @property
    def _left(self) -> int:
        return max(self.labels - self.spent, 0)

    @property
    def _upper(self) -> int:
        return NO_LIMIT if self.plan.cost is None else self.plan.cost

    def _raise(self, bound: int) -> None:
        self.plan = _with_bound(self.plan, max(bound, self.plan.lower_bound))

    def _try(self, order: Sequence[int]) -> None:
        if tuple(order) in self.tried:
            return
        self.tried.add(tuple(order))
        self.plan = _cheaper(self.plan, self.plan_in(order, DEFAULT_NODES))
