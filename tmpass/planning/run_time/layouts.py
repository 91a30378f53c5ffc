"""The layouts among which a plan for the least time is chosen."""

from collections.abc import Iterator
from dataclasses import replace
from math import gcd

from tmpass.base.choices import OrderMethod, Transfers
from tmpass.base.errors import ModelError, TargetError
from tmpass.planning.choose_order import OrderedLayout, choose_order
from tmpass.planning.layout_request import LayoutRequest
from tmpass.planning.residency.divide_layout import divide_layout
from tmpass.planning.residency.overhead import Besides
from tmpass.planning.residency.transfers.behind import find_behind
from tmpass.planning.residency.transfers.cases import Case, find_cases
from tmpass.planning.residency.transfers.lay_out import laid_out
from tmpass.planning.residency.transfers.searched_cases import search_cases, solve
from tmpass.targets import Memory

_PRICES = 64
"""The most that a byte costs where spills and fetches have different speeds."""


def layouts_in_one_order(request: LayoutRequest, whole: OrderedLayout) -> Iterator[OrderedLayout]:
    """`whole`, and the layouts in the order of the file and in that of the least peak where any order may be taken.

    Those that do not fit into the scratchpad are divided among the memories that operators use.

    Args:
        request: of the model.
        whole: its layout in one memory, in the order that was chosen for it.

    Raises:
        KeyboardInterrupt: Ctrl-C ended the search for an order.
    """
    options, seen = request.options, [whole.timeline]
    required = options.transfers == Transfers.REQUIRED
    yield whole if required else divide_layout(request, whole)
    if options.schedule != OrderMethod.AUTO or request.graph.fixed or request.ties:
        return
    for schedule in (OrderMethod.GIVEN, OrderMethod.LEAST_PEAK):
        try:
            other = choose_order(replace(request, options=replace(options, schedule=schedule)))
        except (ModelError, TargetError):  # the file's own order cannot run
            continue
        if other.stopped:
            raise KeyboardInterrupt
        if other.timeline not in seen:
            seen.append(other.timeline)
            yield other if required else divide_layout(request, other)


def layouts_with_transfers(request: LayoutRequest, whole: OrderedLayout, besides: Besides) -> Iterator[OrderedLayout]:
    """The layout with the cheapest spills and fetches of each order and each level of sharing that is tried.

    A byte that is spilled or fetched costs what it takes in time, without overlap.
    """
    away = find_behind(request.target)
    graph, options = request.graph, request.options
    runs_twice = len({entry.subgraph for entry in graph.entries}) < len(graph.entries)
    if away is None or graph.fixed or runs_twice or options.transfers == Transfers.NEVER:
        return
    first: Case | None = None
    for case in find_cases(request, whole, besides, away):
        first = first or case
        yield from _cheapest(request, whole, case, away)
    if first is not None:
        searched = search_cases(request, whole, besides, away, first)
        if searched.solved is not None:
            yield from _cheapest(request, whole, searched.solved[0], away)
        if searched.stopped:
            raise KeyboardInterrupt


def _cheapest(request: LayoutRequest, whole: OrderedLayout, case: Case, away: Memory) -> Iterator[OrderedLayout]:
    """The layout with the cheapest spills and fetches of one order and one level of sharing, if one is found."""
    case = replace(case, problem=replace(case.problem, prices=prices(away)))
    answer = solve(request, case)
    found = None if answer is None else laid_out(request, whole, case, answer, away)
    if found is not None:
        yield found


def prices(away: Memory) -> tuple[int, int]:
    """What a byte costs that is fetched and one that is spilled, in proportion to their times, at most _PRICES."""
    if away.bandwidth is None or away.write_bandwidth in (None, away.bandwidth):
        return 1, 1
    fetch, spill = away.write_bandwidth, away.bandwidth
    common = gcd(fetch, spill)
    fetch, spill = fetch // common, spill // common
    most = max(fetch, spill)
    if most > _PRICES:
        fetch, spill = (max(1, round(_PRICES * one / most)) for one in (fetch, spill))
    return fetch, spill
