"""The bytes of a memory that a runtime takes for itself."""

from collections.abc import Mapping, Sequence
from dataclasses import field, replace
from typing import TYPE_CHECKING

from tmpass.base.choices import TAIL, TAIL_ASSUMED, ConstantUse
from tmpass.base.record import record
from tmpass.graph.model import Graph
from tmpass.planning.residency.constants import StoredConstants, find_stored
from tmpass.planning.timeline.schedule import Schedule
from tmpass.plans.plan import Plan
from tmpass.targets import Runtime, Target

if TYPE_CHECKING:
    from tmpass.targets.tail import RuntimeBytes

REST_OF_FILE = "the rest of the model's file"


@record
class Overhead:
    """The bytes that a runtime takes of a memory; `MemoryUse` has them in a plan.

    Fields:
        bytes: all that it takes.
        source: where this number comes from.
        preparation: what buffers and overhead together must have at least, so that the runtime can prepare the model.
        tail: the part of `bytes` that it keeps while the model runs; the rest is free again after preparation. None
            where it keeps all.
    """

    bytes: int
    source: str
    preparation: int = 0
    tail: int | None = None


@record
class Besides:
    """What memories hold besides buffers.

    Fields:
        stored: the constants in their home; None where they are not planned.
        overhead: memory -> what the runtime takes of it, without the tail of its arena.
        tail: what it keeps in the arena, with the operators in the order of the file; None where there are no rules.
    """

    stored: StoredConstants | None = None
    overhead: Mapping[str, Overhead] = field(default_factory=dict)
    tail: "RuntimeBytes | None" = None

    def taken(self, arena: str) -> Mapping[str, int]:
        """Memory -> the bytes of it that are not for buffers. `arena` is the memory of the tail."""
        taken = {name: one.bytes for name, one in self.overhead.items()}
        for name, size in (
            *([(self.stored.home.name, self.stored.total)] if self.stored else []),
            *([(arena, self.tail.beside_aligned)] if self.tail else []),
        ):
            taken[name] = taken.get(name, 0) + size
        return taken


def find_besides(graph: Graph, target: Target, file_bytes: int | None) -> Besides:
    """What the memories of `target` hold besides the buffers of `graph`, which is bound.

    Args:
        graph: of the model.
        target: of the plan.
        file_bytes: of the model's file; None where it is not known.
    """
    stored = find_stored(graph, target)
    return Besides(stored, rest_of_file(target.runtime, stored, file_bytes), tail_of(graph, target))


def rest_of_file(runtime: Runtime, stored: StoredConstants | None, file_bytes: int | None) -> Mapping[str, Overhead]:
    """Memory -> the bytes of the model's file that are there besides the constants.

    A runtime that keeps the file of the model, in the home of the constants, keeps its other bytes as well.

    Args:
        runtime: of the target.
        stored: the constants in their home; None where they are not planned.
        file_bytes: of the model's file; None where it is not known.
    """
    if not runtime.keeps_file or stored is None or file_bytes is None:
        return {}
    rest = max(0, file_bytes - stored.total)
    return {stored.home.name: Overhead(rest, REST_OF_FILE)} if rest else {}


def stored_shortfall(plan: Plan) -> int:
    """How many bytes are missing in the home of the constants, without any buffer in it; 0 where they fit.

    The rest of the model's file counts, where the runtime keeps the file. The tail of an arena does not.
    """
    home = next((plan.memory(row.memory) for row in plan.constants if row.use == ConstantUse.STORED), None)
    if home is None or home.capacity is None:
        return 0
    rest = home.overhead if home.overhead_source == REST_OF_FILE else 0
    return max(0, home.constants + rest + home.reserve - home.capacity)


def tail_of(graph: Graph, target: Target, timeline: Schedule | None = None) -> "RuntimeBytes | None":
    """What the runtime of `target` keeps in its arena beside the head; None where it has no rules for that.

    Args:
        graph: of the model, bound.
        target: of the plan.
        timeline: in whose order the operators are; None for the order of the file.
    """
    if not target.runtime.tail:
        return None
    if timeline is None:
        orders = tuple(tuple(range(len(subgraph.ops))) for subgraph in graph.subgraphs)
    else:
        orders = tuple(tuple(own) for own in operators_in_order(graph, timeline))
    return graph.fact(_Tails).of(target, orders)


class _Tails:
    """What runtimes keep beside the head for one graph, computed once for each order: a plan asks up to nine times."""

    def __init__(self, graph: Graph) -> None:
        self._parts = replace(graph)  # without facts, so that no cycle keeps the graph alive
        self._known: dict[object, RuntimeBytes | None] = {}

    def of(self, target: Target, orders: tuple[tuple[int, ...], ...]) -> "RuntimeBytes | None":
        """What the runtime of `target` keeps, with the operators of each subgraph in these orders."""
        asked = target.runtime.tail, target.word, orders
        if asked not in self._known:
            from tmpass.targets.tail import runtime_bytes  # which only some runtimes need

            self._known[asked] = runtime_bytes(self._parts, target, orders=orders)
        return self._known[asked]


def with_tail(
    overhead: Mapping[str, Overhead], arena: str, head: int, tail: "RuntimeBytes | None", target: Target
) -> Mapping[str, Overhead]:
    """`overhead` with that of the arena of `target`, whose buffers take `head` bytes."""
    if tail is None:
        return overhead
    source = TAIL_ASSUMED if target.word_origin.startswith("assumed") else TAIL
    return {**overhead, arena: Overhead(tail.overhead(head), source, tail.prepared_at_least, tail.kept(head))}


def operators_in_order(graph: Graph, timeline: Schedule) -> Sequence[Sequence[int]]:
    """Of each subgraph its operators, in the order of the timeline; those that never run are behind the others."""
    orders: list[dict[int, None]] = [{} for _ in graph.subgraphs]
    for step in timeline.steps:
        orders[step.subgraph].setdefault(step.op)
    return [
        (*ran, *(op for op in range(len(subgraph.ops)) if op not in ran))
        for ran, subgraph in zip(orders, graph.subgraphs, strict=True)
    ]
