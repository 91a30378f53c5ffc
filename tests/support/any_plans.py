"""Plans that nobody would make: any order, and any choice of what shares with what.

The verifier decides which are right. A right one with fewer live bytes than a claimed bound refutes that bound.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import accumulate, pairwise

from support.planning import INFO
from tmpass.base.choices import Status
from tmpass.graph.model import ABSENT, Graph, Move, TensorKey, TensorKind
from tmpass.packing.allocation import Allocation
from tmpass.packing.bounds import lower_bound
from tmpass.packing.problem import Problem
from tmpass.planning.assemble import assemble
from tmpass.planning.choose_order import OrderedLayout
from tmpass.planning.layout import Layout
from tmpass.planning.layout_request import LayoutRequest
from tmpass.planning.liveness import find_roles, find_storage, live_ranges
from tmpass.planning.memories import MemoryAllocation
from tmpass.planning.residency.overhead import Besides
from tmpass.planning.sharing.aliases import Aliases
from tmpass.planning.timeline.lay_out import lay_out
from tmpass.plans.plan import Options, Plan
from tmpass.plans.planned_order import PlannedOrder
from tmpass.targets import Target
from tmpass.verification.replay import replay
from tmpass.verification.sharing import check_sharing


@dataclass(frozen=True)
class Overlay:
    """Byte `low` of `one` is put where byte `start` of `two` is."""

    one: TensorKey
    low: int
    two: TensorKey
    start: int


def overlays(graph: Graph) -> Iterator[Overlay]:
    """All that operators pass on, or might write over an input, right or wrong."""
    for s, subgraph in enumerate(graph.subgraphs):
        for op in subgraph.ops:
            moves = op.moves
            size = [subgraph.tensors[t].bytes or 0 if t != ABSENT else 0 for t in range(len(subgraph.tensors))]
            if moves is None:
                for result in op.outputs[:1] if op.elementwise else op.outputs:
                    for t in op.inputs if result != ABSENT and not op.calls else ():
                        if t != ABSENT and size[t] >= size[result] > 0:
                            yield Overlay((s, result), 0, (s, t), 0)
                continue
            joins = moves.kind is Move.CONCAT
            whole = (op.outputs if joins else op.inputs)[moves.whole]
            parts = [(op.inputs if joins else op.outputs)[at] for at in moves.parts]
            shape = subgraph.tensors[whole].shape or ()
            row = size[whole] // shape[moves.axis] if moves.kind is Move.SLICE and shape and shape[moves.axis] else 0
            begins = accumulate((size[part] for part in parts), initial=moves.start * row)
            for part, (begin, _) in zip(parts, pairwise(begins), strict=True):
                yield Overlay((s, part), 0, (s, whole), begin)


def choose(graph: Graph, chosen: list[Overlay]) -> Aliases | None:
    """The classes that `chosen` makes, captures with them; None where one says another place than others."""
    captures = [
        Overlay((s, tensor.captures), 0, (call.subgraph, t), 0)
        for s, subgraph in enumerate(graph.subgraphs)
        for op in subgraph.ops
        for call in op.calls
        for t, tensor in enumerate(graph.subgraphs[call.subgraph].tensors)
        if tensor.kind is TensorKind.CAPTURE
    ]
    captures += [Overlay(held, 0, name, 0) for name, held in graph.held_in.items()]
    beside: dict[TensorKey, list[tuple[TensorKey, int]]] = {}
    for overlay in (*captures, *chosen):
        beside.setdefault(overlay.one, []).append((overlay.two, overlay.low - overlay.start))
        beside.setdefault(overlay.two, []).append((overlay.one, overlay.start - overlay.low))
    root: dict[TensorKey, TensorKey] = {}
    position: dict[TensorKey, int] = {}
    for start in sorted(beside):
        if start in root:
            continue
        place, open_ = {start: 0}, [start]
        while open_:
            key = open_.pop()
            for other, shift in beside[key]:
                if other not in place:
                    place[other] = place[key] + shift
                    open_.append(other)
                elif place[other] != place[key] + shift:
                    return None
        low = min(place.values())
        first = min(key for key, at in place.items() if at == low)
        for key, at in place.items():
            root[key], position[key] = first, at - low
    return Aliases(root, position)


def live_bytes(
    graph: Graph,
    orders: list[tuple[int, ...]],
    aliases: Aliases,
    target: Target,
    options: Options,
    external: frozenset[TensorKey],
) -> int | None:
    """The most bytes alive at one step in the scratchpad of a plan with `aliases`; None where it is not right."""
    runtime = target.runtime
    timeline = lay_out(graph, orders)
    ranges = live_ranges(graph, timeline, keep_inputs=options.keep_inputs, loops_copy=runtime.loops_copy)
    storage = find_storage(graph, find_roles(graph), aliases, ranges, external=external)
    memory = target.scratchpad
    if any(at % memory.alignment for at in storage.position.values()):
        return None
    offsets = list(accumulate((b.size + 1 for b in storage.buffers), initial=0))[:-1]
    found = Allocation(tuple(offsets), 0, 0, 0, Status.FEASIBLE, "", 0)
    layout = Layout(storage, (MemoryAllocation(memory, tuple(range(len(offsets))), found),))
    request = LayoutRequest(graph, target, options, external, {})
    made: Plan = assemble(INFO, request, OrderedLayout(timeline, layout, PlannedOrder("least-peak", 0, 0)), Besides())
    needed = replay(graph, made.schedule, keep_inputs=options.keep_inputs, loops_copy=runtime.loops_copy)
    if check_sharing(made, graph, needed, target.sharing):
        return None
    buffers = tuple(b.rounded(runtime.rounding) for b in storage.buffers)
    return lower_bound(Problem(buffers, alignment=1)).live_bytes
