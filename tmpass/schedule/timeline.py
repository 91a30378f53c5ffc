"""One timeline for a whole model: entries one after the other, bodies inside the step that calls them."""

from collections.abc import Callable, Sequence

from tmpass.errors import ModelError
from tmpass.graph import Graph, Subgraph
from tmpass.schedule import Region, Schedule, Step

MAX_STEPS = 5_000_000
"""Bodies that call bodies can multiply without end; a model above this is refused."""

MAX_DEPTH = 100
"""Bodies within bodies."""

Order = Callable[[Subgraph], Sequence[int]]


def schedule(graph: Graph, order: Order) -> Schedule:
    """The steps of every entry of `graph`, each subgraph in its `order` (operator indices).

    Raises:
        ModelError: a subgraph calls itself, bodies are nested too deep, or there are too many steps.
    """
    orders = [order(subgraph) for subgraph in graph.subgraphs]
    steps: list[Step] = []
    regions: list[Region] = []

    def run(index: int, callers: tuple[int, ...], caller: int | None, repeats: bool) -> None:
        if index in callers:
            raise ModelError("it calls itself", where=_name(graph, index), hint="recursion cannot be planned")
        if len(callers) > MAX_DEPTH:
            raise ModelError(f"bodies are nested more than {MAX_DEPTH} deep", where=_name(graph, index))
        lower, slot = len(steps), len(regions)
        regions.append(Region(index, lower, lower, caller, repeats))
        for op_index in orders[index]:
            if len(steps) >= MAX_STEPS:
                raise ModelError(f"it takes more than {MAX_STEPS} steps when its bodies are laid out")
            at = len(steps)
            steps.append(Step(index, op_index, at + 1))
            calls = graph.subgraphs[index].ops[op_index].calls
            for call in calls:
                run(call.subgraph, (*callers, index), at, call.repeats)
            if calls:
                steps[at] = Step(index, op_index, len(steps))
        upper = len(steps)
        if lower == upper and caller is not None:
            lower, upper = caller, caller + 1
        regions[slot] = Region(index, lower, max(upper, lower + 1), caller, repeats)

    for entry in graph.entries:
        run(entry.subgraph, (), None, False)
    horizon = max((region.upper for region in regions), default=0)
    return Schedule(tuple(steps), tuple(regions), max(horizon, len(steps)))


def _name(graph: Graph, index: int) -> str:
    return f"subgraph {index} {graph.subgraphs[index].name!r}"
