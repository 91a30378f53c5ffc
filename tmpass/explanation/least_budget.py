"""The least budget of a model whose constants are copied to the scratchpad. It does not depend on the budget asked for.

lowest     no order and no sharing needs less: buffers, and the pieces of constants that an operator reads
  :        halved: buffers and copies are placed together, and nothing leaves
whole      all constants are streamed beside the smallest packing of the buffers: with this budget the model fits
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from tmpass.api.plan import plan
from tmpass.base.choices import Transfers
from tmpass.base.errors import TmpassError, VerificationError
from tmpass.explanation.constants import copies_in
from tmpass.explanation.facts import Explanation, StreamedBudget
from tmpass.graph.model import Graph
from tmpass.loading.load import Model
from tmpass.planning.capacity import resize, resize_with_transfers
from tmpass.planning.choose_order import OrderedLayout, choose_order
from tmpass.planning.layout_request import LayoutRequest
from tmpass.planning.plan_model import find_request
from tmpass.planning.residency.fewest_moved import other_orders
from tmpass.planning.residency.overhead import Besides
from tmpass.planning.residency.staged_bound import staged_bound
from tmpass.targets import Target

_PROBES = 16
"""How many budgets are tried. From 1 MiB on, one of the last tries is about 16 bytes above one that did not fit."""

_LARGE, _FEW = 300, 6
"""The number of steps above which no more than _FEW budgets are tried: each takes about as long as a plan."""


def with_least_budget(
    known: Explanation, model: Model, graph: Graph, target: Target, options: Mapping[str, Any]
) -> Explanation:
    """`known` with the least budget: with less room for copies, constants are streamed rather than kept.

    A plan with that budget was made and verified.

    Args:
        known: the explanation so far.
        model: that is explained.
        graph: of it, with the bindings of the plan.
        target: without the budget of the plan.
        options: of `tmpass.plan`, without transfers.
    """
    memory = known.peak_step.memory
    if memory.name != known.plan.target.memory or not copies_in(known.plan, memory):
        return known
    asked = replace(known.plan.options, budget=None, transfers=Transfers.NEVER)
    try:
        request, besides, _ = find_request(model, graph, target.override(None, asked.alignment), asked)
        ordered = choose_order(request)
        orders = [ordered, *other_orders(request, ordered, besides)]
        budget, lowest = least_without_transfers(request, orders, besides)
        made = plan(model, **{**options, "target": target, "budget": budget, "keep": False})
    except VerificationError:  # a fault of tmpass, which must be seen
        raise
    except TmpassError:
        return known
    if not made.fits:
        return known
    found = made.memories[0]
    least = found.without_reserve
    in_order = found.lowest_with(found.lower_bound, found.loaded_bound) - found.reserve
    proved = "in any order" if least == lowest else "in its order" if least == in_order else ""
    return replace(known, streamed_budget=StreamedBudget(least, min(lowest, least), proved))


def least_without_transfers(
    request: LayoutRequest, orders: Sequence[OrderedLayout], besides: Besides
) -> tuple[int, int]:
    """The least budget that is enough if nothing leaves, as far as is found, and one below which none is, in bytes.

    Args:
        request: that was laid out, with any budget.
        orders: the layout as `choose_order` finds it, and those of `other_orders`.
        besides: what memories hold besides buffers.
    """
    request = replace(request, options=replace(request.options, transfers=Transfers.NEVER))
    ordered = orders[0]
    alone = [resize(request, [one], besides, 0, divided=False).memories[0] for one in orders]
    high = min(one.without_reserve for one in alone)
    bound = max(ordered.order.lower_bound, staged_bound(request, ordered, besides) or 0)
    lowest = min(high, alone[0].lowest_with(0, bound) - alone[0].reserve)
    low, grain = lowest - 1, request.target.scratchpad.alignment
    for probe in range(_PROBES if len(ordered.timeline.steps) <= _LARGE else _FEW):
        middle = (low + high) // 2 if probe else lowest
        if high - low <= grain:
            break
        found, _ = resize_with_transfers(request, ordered, besides, middle)
        if found is not None and found.fits:
            high = found.memories[0].without_reserve
        else:
            low = middle
    return high, lowest
