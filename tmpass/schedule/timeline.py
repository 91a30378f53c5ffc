"""One timeline for a whole model: entries one after the other, bodies inside the step that calls them."""

from collections.abc import Callable, Sequence

from tmpass.errors import ModelError
from tmpass.graph import Graph, Subgraph
from tmpass.schedule import Region, Schedule, Step

MAX_STEPS = 1_000_000
"""Bodies that call bodies can multiply without end; a model above this is refused. An empty body counts as one."""

MAX_DEPTH = 100
"""Bodies within bodies."""

Order = Callable[[Subgraph], Sequence[int]]


def schedule(graph: Graph, order: Order) -> Schedule:
    """The steps of every entry of `graph`, each subgraph in its `order` (operator indices).

    Raises:
        ModelError: a subgraph calls itself, bodies are nested too deep, or there are too many steps.
    """
    check_extent(graph)
    return lay_out(graph, [order(subgraph) for subgraph in graph.subgraphs])


def lay_out(graph: Graph, orders: Sequence[Sequence[int]]) -> Schedule:
    """The steps of every entry of `graph`, whose extent was checked, with subgraph i in the order `orders[i]`."""
    steps: list[Step] = []
    regions: list[Region] = []

    def run(index: int, caller: int | None, repeats: bool) -> None:
        lower, slot = len(steps), len(regions)
        regions.append(Region(index, lower, lower, caller, repeats))
        for op_index in orders[index]:
            at = len(steps)
            steps.append(Step(index, op_index, at + 1))
            calls = graph.subgraphs[index].ops[op_index].calls
            for call in calls:
                run(call.subgraph, at, call.repeats)
            if calls:
                steps[at] = Step(index, op_index, len(steps))
        upper = len(steps)
        if lower == upper and caller is not None:
            lower, upper = caller, caller + 1
        regions[slot] = Region(index, lower, max(upper, lower + 1), caller, repeats)

    for entry in graph.entries:
        run(entry.subgraph, None, False)
    horizon = max((region.upper for region in regions), default=0)
    return Schedule(tuple(steps), tuple(regions), max(horizon, len(steps)))


def check_extent(graph: Graph) -> None:
    """Refuse what could not be laid out, or not soon.

    Raises:
        ModelError: a subgraph calls itself, bodies are nested too deep, or there are too many steps.
    """
    extents: dict[int, tuple[int, int]] = {}  # of the subgraphs seen: steps and empty bodies, depth

    def measure(index: int, callers: tuple[int, ...]) -> tuple[int, int]:
        if index in callers:
            raise ModelError("it calls itself", where=_name(graph, index), hint="recursion cannot be planned")
        if len(callers) > MAX_DEPTH:
            raise ModelError(f"bodies are nested more than {MAX_DEPTH} deep", where=_name(graph, index))
        if index not in extents:
            ops = graph.subgraphs[index].ops
            inner = [measure(call.subgraph, (*callers, index)) for op in ops for call in op.calls]
            steps = len(ops) + sum(max(count, 1) for count, _ in inner)
            extents[index] = (steps, 1 + max((depth for _, depth in inner), default=-1))
        if len(callers) + extents[index][1] > MAX_DEPTH:
            raise ModelError(f"bodies are nested more than {MAX_DEPTH} deep", where=_name(graph, index))
        return extents[index]

    if sum(measure(entry.subgraph, ())[0] for entry in graph.entries) > MAX_STEPS:
        raise ModelError(f"it takes more than {MAX_STEPS} steps when its bodies are laid out")


def _name(graph: Graph, index: int) -> str:
    return f"subgraph {index} {graph.subgraphs[index].name!r}"
