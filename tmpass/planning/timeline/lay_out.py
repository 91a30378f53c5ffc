"""The timeline of a whole model: entries one after the other, bodies inside the step that calls them."""

from collections.abc import Callable, Sequence

from tmpass.base.errors import ModelError
from tmpass.base.record import maker
from tmpass.graph.model import Call, Graph, Subgraph
from tmpass.planning.timeline.schedule import Region, Schedule, Step

MAX_STEPS = 1_000_000
"""The limit of steps of a model, since bodies that call bodies multiply. An empty body counts as one step."""

MAX_EXPANDED = 50_000
"""The limit of steps where bodies run more than once. Elsewhere a step stands for an operator of the file."""

MAX_LETTERS = 16_000_000
"""The limit of letters in the names of such steps, since a plan writes out each of them."""

MAX_DEPTH = 100
"""The limit of bodies within bodies."""

_Extent = tuple[int, int, int]
"""The extent of one run of a subgraph: steps, with empty bodies as one, letters of their names, depth of bodies."""

_REPEATS = 2
_FEWER_CALLS = "let fewer operators call the same bodies"

Order = Callable[[Subgraph], Sequence[int]]


def schedule(graph: Graph, order: Order) -> Schedule:
    """The timeline of `graph`, each subgraph in its `order` (operator indices).

    Raises:
        ModelError: a subgraph calls itself, bodies are nested too deep, or there are too many steps.
    """
    check_extent(graph)
    return lay_out(graph, [order(subgraph) for subgraph in graph.subgraphs])


def lay_out(graph: Graph, orders: Sequence[Sequence[int]]) -> Schedule:
    """The timeline of `graph`, whose extent was checked, with subgraph i in the order `orders[i]`."""
    steps: list[Step] = []
    regions: list[Region] = []
    for entry in graph.entries:
        _run(graph, orders, steps, regions, Call(entry.subgraph, "entry"), None)
    horizon = max((region.upper for region in regions), default=0)
    return Schedule(tuple(steps), tuple(regions), max(horizon, len(steps)))


def _run(
    graph: Graph,
    orders: Sequence[Sequence[int]],
    steps: list[Step],
    regions: list[Region],
    called: Call,
    caller: int | None,
) -> None:
    """Append one run of a subgraph, which the operator of step `caller` calls.

    It is not a function within another one: recursive, that would be a cycle, and keep the steps alive.
    """
    index, lower, slot = called.subgraph, len(steps), len(regions)
    regions.append(Region(index, lower, lower, caller, called.repeats))
    made, ops = maker(Step), graph.subgraphs[index].ops
    for op_index in orders[index]:
        at = len(steps)
        steps.append(made(index, op_index, at + 1))
        calls = ops[op_index].calls
        for call in calls:
            _run(graph, orders, steps, regions, call, at)
        if calls:
            steps[at] = Step(index, op_index, len(steps))
    upper = len(steps)
    if lower == upper and caller is not None:
        lower, upper = caller, caller + 1
    regions[slot] = Region(index, lower, max(upper, lower + 1), caller, called.repeats)


def check_extent(graph: Graph) -> None:
    """Raise for a graph whose timeline would not end, or would be too long.

    Raises:
        ModelError: a subgraph calls itself, bodies are nested too deep, or there are too many steps.
    """
    extents: dict[int, _Extent] = {}
    runs = [_measure(graph, extents, entry.subgraph, ()) for entry in graph.entries]
    for index in range(len(graph.subgraphs)):  # an order is searched for also where no entry leads
        _measure(graph, extents, index, ())
    steps, letters = sum(run[0] for run in runs), sum(run[1] for run in runs)
    own = sum(max(len(subgraph.ops), 1) for subgraph in graph.subgraphs)
    most = MAX_STEPS if steps <= _REPEATS * own else min(MAX_STEPS, MAX_EXPANDED)
    if steps > most:
        fault = f"its {own} operators take more than {most} steps when its bodies are laid out"
        raise ModelError(fault, hint=_FEWER_CALLS)
    if letters > MAX_LETTERS and letters > _REPEATS * _letters(graph):
        fault = f"the names of its steps take more than {MAX_LETTERS} letters when its bodies are laid out"
        raise ModelError(fault, hint=_FEWER_CALLS)


def _letters(graph: Graph) -> int:
    """The letters in the names of all operators."""
    return sum(len(op.name) for subgraph in graph.subgraphs for op in subgraph.ops)


def _measure(graph: Graph, extents: dict[int, _Extent], index: int, callers: tuple[int, ...]) -> _Extent:
    """The extent of subgraph `index`, which `callers` lead to. `extents` has those that are known."""
    if index in callers:
        raise ModelError("it calls itself", where=_name(graph, index), hint="recursion cannot be planned")
    if len(callers) > MAX_DEPTH:
        raise ModelError(f"bodies are nested more than {MAX_DEPTH} deep", where=_name(graph, index))
    if index not in extents:
        ops = graph.subgraphs[index].ops
        calls = [call for op in ops if op.calls for call in op.calls]
        inner = [_measure(graph, extents, call.subgraph, (*callers, index)) for call in calls]
        extents[index] = (
            len(ops) + sum(max(steps, 1) for steps, _, _ in inner),
            sum([len(op.name) for op in ops]) + sum(letters for _, letters, _ in inner),
            1 + max((depth for _, _, depth in inner), default=-1),
        )
    if len(callers) + extents[index][2] > MAX_DEPTH:
        raise ModelError(f"bodies are nested more than {MAX_DEPTH} deep", where=_name(graph, index))
    return extents[index]


def _name(graph: Graph, index: int) -> str:
    return f"subgraph {index} {graph.subgraphs[index].name!r}"
