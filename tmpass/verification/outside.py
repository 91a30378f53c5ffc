"""Checks what tensors without a buffer have in common: they are in memory of the caller."""

from collections import defaultdict

from tmpass.base.violation import Violation
from tmpass.graph.model import Graph, TensorKey
from tmpass.plans.plan import Plan
from tmpass.verification.names import tensor_name
from tmpass.verification.sharing_rules import Judge


def check_outside(plan: Plan, graph: Graph, judge: Judge, outside: list[TensorKey]) -> list[Violation]:
    """Violations by tensors outside the arena: memory of the caller may hold only tensors with all bytes of its end."""
    if not outside:
        return []
    called, rows = graph.called, judge.rows
    ends = {key for key in outside if rows[key].role in ("input", "output") and key[0] not in called}
    inner = [key for key in outside if key not in ends]
    tied = defaultdict(list)
    pairs = list(judge.contents.captured.items())
    if plan.options.share_io:
        pairs += [
            ((s, op.inputs[0]), (s, op.outputs[0]))
            for s, subgraph in enumerate(graph.subgraphs)
            for op in subgraph.ops
            if op.view and judge.contents.same((s, op.inputs[0]), 0, (s, op.outputs[0]), 0, 1)
            if judge.exposed.isdisjoint(judge.contents.owner((s, t)) for t in (op.inputs[0], op.outputs[0]))
        ]
    for a, b in pairs:
        tied[a].append(b)
        tied[b].append(a)
    held: set[TensorKey] = set()
    found = []
    for end in sorted(ends):
        members = _reached(end, inner, tied)
        held.update(members)
        own = {judge.contents.owner(key) for key in members}
        for s in judge.loops:
            body = graph.subgraphs[s]
            if any((s, t) in own for t in body.inputs) and any((s, t) in own for t in body.outputs):
                message = f"an input and an output of the loop body {body.name!r} are in one memory of the caller"
                found.append(Violation("alias", message, tensor_name(rows[end])))
        if len(own) > 1 and len({rows[key].bytes for key in own}) > 1:
            message = "tensors of different sizes are in one memory of the caller"
            found.append(Violation("alias", message, tensor_name(rows[end])))
    lost = [rows[key] for key in outside if key not in held]
    return found + [Violation("missing", f"{tensor_name(r)} has no buffer, as {r.role}", tensor_name(r)) for r in lost]


def _reached(start: TensorKey, members: list[TensorKey], tied: dict[TensorKey, list[TensorKey]]) -> list[TensorKey]:
    """The tensor `start`, and those of `members` that ties connect with it through members alone."""
    inside, reached = set(members) - {start}, [start]
    for key in reached:  # grows in the loop
        fresh = [other for other in tied[key] if other in inside]
        inside.difference_update(fresh)
        reached += fresh
    return reached
