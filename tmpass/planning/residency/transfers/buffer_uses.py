"""The buffers of a layout as a problem of transfers in a fixed order: when each must be there, and when it changes."""

from collections.abc import Mapping, Sequence

from tmpass.graph.effects import may_write
from tmpass.graph.model import ABSENT, Graph, TensorKey, TensorKind
from tmpass.planning.liveness import Storage
from tmpass.planning.residency.transfers.fixed_order import FixedBuffer, Use
from tmpass.planning.sharing.moves import Link
from tmpass.planning.timeline.schedule import Schedule

Uses = dict[int, bool]
"""Step -> whether the buffer changes in it."""


def find_buffers(
    graph: Graph,
    timeline: Schedule,
    storage: Storage,
    sizes: Sequence[int],
    links: Sequence[Link],
    *,
    keep_inputs: bool,
    stays: frozenset[int],
) -> tuple[FixedBuffer, ...]:
    """The buffers of `storage`, each with its uses.

    A buffer must be there at the steps of the operators that touch it, with their bodies; where the caller writes
    inputs, at the first step of the entry, and where it reads outputs, at the last one. What stays for its whole live
    range is pinned: scratch, variables, and everything that a body touches or that is written more than once, so that
    no copy is made while a body runs.

    Args:
        graph: of the model.
        timeline: of all operators.
        storage: the buffers.
        sizes: of the buffers in bytes, as the runtime rounds them.
        links: of tensors that hold the same bytes.
        keep_inputs: whether inputs are needed up to the last step of their entry.
        stays: the numbers of further buffers that may not leave.
    """
    number = {key: index for index, members in enumerate(storage.members) for key in members}
    passed, pinned = _passed_on(storage, number, links), _pinned(graph, number) | stays
    leaving = {key: index for key, index in number.items() if index not in pinned}
    uses = _find_uses(graph, timeline, leaving, passed, keep_inputs=keep_inputs)
    found = []
    for index, buffer in enumerate(storage.buffers):
        if index in pinned or not storage.members[index]:
            ends = dict.fromkeys((buffer.lower, buffer.upper - 1), True)
            found.append(FixedBuffer(sizes[index], _sorted(ends), pinned=True))
        else:
            # What the caller touches beside a body may be widened past the live range.
            own = {step: writes for step, writes in uses[index].items() if buffer.lower <= step < buffer.upper}
            found.append(FixedBuffer(sizes[index], _sorted(own)))
    return tuple(found)


def _find_uses(
    graph: Graph,
    timeline: Schedule,
    number: Mapping[TensorKey, int],
    passed: frozenset[TensorKey],
    *,
    keep_inputs: bool,
) -> dict[int, Uses]:
    """The uses of buffers that may leave: by operators, with all steps of their bodies, and by the caller.

    Operators of bodies touch none of them.
    """
    uses, whole = {at: Uses() for at in number.values()}, _outermost(timeline)

    def touch(key: TensorKey, step: int, *, writes: bool) -> None:
        at = number.get(key)
        if at is not None:
            for inside in range(*whole[step]):
                uses[at][inside] = uses[at].get(inside, False) or writes

    changing = may_write(graph)
    for at, step in enumerate(timeline.steps):
        if whole[at][0] != at:
            continue
        op = graph.subgraphs[step.subgraph].ops[step.op]
        written = {t for t in op.outputs if (step.subgraph, t) not in passed} | set(op.temporaries)
        written |= changing[step.subgraph].get(step.op, frozenset())
        for t in {*op.inputs, *op.outputs, *op.temporaries} - {ABSENT}:
            touch((step.subgraph, t), at, writes=t in written)
    for region in timeline.regions:
        if region.caller is None:
            subgraph = graph.subgraphs[region.subgraph]
            for t in subgraph.inputs:
                touch((region.subgraph, t), region.lower, writes=True)
                if keep_inputs:
                    touch((region.subgraph, t), region.upper - 1, writes=False)
            for t in subgraph.outputs:
                touch((region.subgraph, t), region.upper - 1, writes=False)
    return uses


def _outermost(timeline: Schedule) -> list[tuple[int, int]]:
    """Of each step, the steps `[lower, upper)` of the outermost operator that runs then, with its bodies."""
    found: list[tuple[int, int]] = []
    for at, step in enumerate(timeline.steps):
        if at == len(found):
            found += [(at, step.end)] * (step.end - at)
    found += [(at, at + 1) for at in range(len(found), timeline.horizon)]
    return found


def _sorted(uses: Uses) -> tuple[Use, ...]:
    return tuple(Use(step, writes=writes) for step, writes in sorted(uses.items()))


def _passed_on(storage: Storage, number: Mapping[TensorKey, int], links: Sequence[Link]) -> frozenset[TensorKey]:
    """The tensors whose bytes are in their buffer before the operator that makes them, which only passes them on."""
    parts: dict[TensorKey, int] = {}  # of a joined tensor: the bytes of its parts that are in place
    found = set()
    for link in links:
        one, two = storage.position.get(link.part, 0), storage.position.get(link.whole, 0) + link.position
        here = number.get(link.part)
        if here is None or here != number.get(link.whole) or one != two:
            continue
        if link.part[1] in link.op.outputs:
            found.add(link.part)
        else:
            parts[link.whole] = parts.get(link.whole, 0) + 1
    # A part that is not linked, such as a constant, is written by the operator.
    whole = {
        link.whole: sum(t != ABSENT for t in link.op.inputs) for link in links if link.part[1] not in link.op.outputs
    }
    return frozenset(found) | {key for key, count in parts.items() if count == whole[key]}


def _pinned(graph: Graph, number: Mapping[TensorKey, int]) -> set[int]:
    """The buffers of variables, of tensors in called subgraphs, and of tensors that are written more than once."""
    called, writes = graph.called, dict[TensorKey, int]()
    for s, subgraph in enumerate(graph.subgraphs):
        for t in (*subgraph.inputs, *(t for op in subgraph.ops for t in op.outputs)):
            writes[s, t] = writes.get((s, t), 0) + 1
    return {
        at
        for key, at in number.items()
        if key[0] in called or graph.tensor(key).kind is TensorKind.VARIABLE or writes.get(key, 0) > 1
    }
