"""Checks whether the tensors of one buffer may share it, computed again from the graph."""

from dataclasses import replace

from tmpass.base.choices import Share
from tmpass.base.violation import Violation
from tmpass.graph.model import Graph, TensorKey
from tmpass.plans.plan import Options, Plan, PlannedTensor
from tmpass.targets import EVERY, Sharing
from tmpass.verification.contents import Contents
from tmpass.verification.names import rows_by_key, tensor_name
from tmpass.verification.outside import check_outside
from tmpass.verification.overlaps import Held, find_overlaps
from tmpass.verification.replay import Needed
from tmpass.verification.sharing_rules import Judge
from tmpass.verification.state import exposed
from tmpass.verification.tied import TiedPlaces, tied_ends

_ALL = Sharing((EVERY,), (EVERY,), (EVERY,))


def check_sharing(plan: Plan, graph: Graph, needed: Needed, sharing: Sharing | None = None) -> list[Violation]:
    """Violations by tensors that share bytes, or are outside the arena, without a reason.

    Two tensors of one buffer may have bytes in common while both are needed only if they hold the same there, or if one
    is written over the other at its last use, or if the file fixes the offsets of both. A capture must be where the
    tensor is that it captures.

    Args:
        plan: its references are right.
        graph: of the model.
        needed: the steps at which each tensor must keep its bytes.
        sharing: what the target allows; None where that is not known.
    """
    rows = plan.fact(rows_by_key)
    planned = {key: row for key, row in rows.items() if row.role not in ("constant", "unplanned")}
    # Promises of kernels are taken from the plan where it is not known what the target allows.
    promised = sharing or replace(_ALL, in_place=(EVERY, *plan.target.in_place))
    allowed = asked_sharing(plan, sharing)
    ties, found = tied_ends(plan, graph, rows)
    contents, tied = Contents(graph, allowed), frozenset(key for tie in ties for key in tie)
    ends = _ends(graph) - (set() if plan.options.keep_inputs else tied)
    given, taken = _sides(graph)
    judge = Judge(
        plan=plan,
        graph=graph,
        rows=rows,
        allowed=allowed,
        promised=promised,
        contents=contents,
        ends=_ends(graph),
        alone=ends,
        given=given,
        taken=taken,
        ties=TiedPlaces(ties, rows),
        loops=_loops(graph),
        exposed=graph.fact(exposed),
        called=graph.called,
    )
    for capture, captured in judge.contents.captured.items():
        if capture in planned and captured in planned and _place(rows[capture]) != _place(rows[captured]):
            one, two = tensor_name(rows[capture]), tensor_name(rows[captured])
            found.append(Violation("alias", f"{one} captures {two}, but they are in different places", one, two))
    found += check_outside(plan, graph, judge, [key for key, row in planned.items() if row.buffer is None])
    for buffer in plan.buffers:
        if len(buffer.tensors) < 2 or buffer.first is not None:
            continue
        held = []
        for key in buffer.tensors:
            low = rows[key].offset or 0
            held.append(Held(*needed[key], low, low + (rows[key].bytes or 0), key))
        for a, b in find_overlaps(held):
            if why := judge.fault(a, b):
                names = tensor_name(rows[a.key]), tensor_name(rows[b.key])
                low, high, step = max(a.low, b.low), min(a.high, b.high), max(a.first, b.first)
                message = (
                    f"{names[0]} and {names[1]} share bytes {low}..{high - 1} of a buffer at step {step}, but {why}"
                )
                found.append(Violation("alias", message, *names, step, low, high))
    return found


def asked_sharing(plan: Plan, sharing: Sharing | None) -> Sharing:
    """The sharing that the options of a plan leave, of what the target allows; without a target, of what the plan
    promises.
    """
    return _asked(sharing or replace(_ALL, in_place=(EVERY, *plan.target.in_place)), plan.options)


def _asked(sharing: Sharing, options: Options) -> Sharing:
    """The part of `sharing` that the options of the plan leave."""
    if options.share == Share.NONE:
        return Sharing(views=())
    if options.share == Share.VIEWS:
        return Sharing(views=sharing.views)
    return Sharing(sharing.views, sharing.in_place if options.inplace else (), sharing.parts)


def _ends(graph: Graph) -> set[TensorKey]:
    return {
        (entry.subgraph, t)
        for entry in graph.entries
        for t in (*graph.subgraphs[entry.subgraph].inputs, *graph.subgraphs[entry.subgraph].outputs)
    }


def _sides(graph: Graph) -> tuple[frozenset[TensorKey], frozenset[TensorKey]]:
    """The inputs and the outputs of all subgraphs."""
    subgraphs = list(enumerate(graph.subgraphs))
    return (
        frozenset((s, t) for s, subgraph in subgraphs for t in subgraph.inputs),
        frozenset((s, t) for s, subgraph in subgraphs for t in subgraph.outputs),
    )


def _loops(graph: Graph) -> set[int]:
    return {call.subgraph for subgraph in graph.subgraphs for op in subgraph.ops for call in op.calls if call.repeats}


def _place(row: PlannedTensor) -> tuple[int | None, int | None]:
    return row.buffer, row.offset
