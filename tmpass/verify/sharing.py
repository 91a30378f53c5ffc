"""Whether the tensors of one buffer may share it, judged anew from the graph."""

from collections import Counter, defaultdict

from tmpass.graph import ABSENT, Graph, TensorKind
from tmpass.plan import Plan
from tmpass.verify.replay import Key
from tmpass.verify.violation import Violation, tensor_name


def check_sharing(plan: Plan, graph: Graph) -> list[Violation]:
    """Buffers whose tensors are not all tied together by views and captures or would overwrite each other, captures
    that are apart from what they capture, and tensors left outside the arena without a reason to be there.
    """
    rows = {(row.subgraph, row.index): row for row in plan.tensors}
    planned = {key: row.buffer for key, row in rows.items() if row.role not in ("constant", "unplanned")}
    ties, found = _ties(graph), []
    for captured, capture in ties.captures:
        if capture in planned and planned.get(captured, capture) != planned[capture]:
            one, two = tensor_name(rows[capture]), tensor_name(rows[captured])
            found.append(Violation("alias", f"{one} captures {two}, but they are in different buffers", one, two))
    tied: dict[Key, list[Key]] = defaultdict(list)
    for a, b in (*ties.captures, *(ties.views if plan.options.share == "views" else ())):
        tied[a].append(b)
        tied[b].append(a)
    together: dict[int | None, list[Key]] = defaultdict(list)
    for key, buffer in planned.items():
        together[buffer].append(key)

    outside = together.pop(None, [])
    called = graph.called
    ends = {key for key in outside if rows[key].role in ("input", "output") and key[0] not in called}
    inner = [key for key in outside if key not in ends]
    held: set[Key] = set()
    for end in sorted(ends):
        # The caller's memory for one end may hold what leads to it, under the same laws as a buffer.
        members = _reached(end, inner, tied)
        held.update(members)
        if message := _loses_data(members, graph, ties):
            found.append(Violation("alias", message, tensor_name(rows[end])))
    lost = [rows[key] for key in outside if key not in held]
    found += [Violation("missing", f"{tensor_name(r)} has no buffer, as {r.role}", tensor_name(r)) for r in lost]
    for members in together.values():
        one = tensor_name(rows[members[0]])
        tied_together = set(_reached(members[0], members, tied))
        for key in members:
            if key not in tied_together:
                two = tensor_name(rows[key])
                found.append(Violation("alias", f"{one} and {two} share a buffer, but nothing ties them", one, two))
        if message := _loses_data(members, graph, ties):
            found.append(Violation("alias", message, one))
    return found


def _reached(start: Key, members: list[Key], tied: dict[Key, list[Key]]) -> list[Key]:
    """`start` and those of `members` to which ties lead from it, going through members only."""
    inside, reached = set(members) - {start}, [start]
    for key in reached:  # which grows meanwhile
        fresh = [other for other in tied[key] if other in inside]
        inside.difference_update(fresh)
        reached += fresh
    return reached


class _Ties:
    """What ties tensors together, and what forbids it."""

    def __init__(self) -> None:
        self.captures: list[tuple[Key, Key]] = []
        self.views: list[tuple[Key, Key]] = []
        self.writes: Counter[Key] = Counter()
        self.loops: set[int] = set()


def _ties(graph: Graph) -> _Ties:
    ties = _Ties()
    for s, subgraph in enumerate(graph.subgraphs):
        ties.writes.update((s, t) for t in subgraph.inputs)
        for op in subgraph.ops:
            ties.writes.update((s, t) for t in op.outputs if t != ABSENT)
            if op.view and op.inputs[0] != ABSENT and op.outputs[0] != ABSENT:
                ties.views.append(((s, op.inputs[0]), (s, op.outputs[0])))
            for call in op.calls:
                ties.loops |= {call.subgraph} if call.repeats else set()
                ties.captures += [
                    ((s, tensor.captures), (call.subgraph, t))
                    for t, tensor in enumerate(graph.subgraphs[call.subgraph].tensors)
                    if tensor.kind is TensorKind.CAPTURE and tensor.captures is not None
                    if graph.tensor((s, tensor.captures)).kind is not TensorKind.CONSTANT
                ]
    return ties


def _loses_data(members: list[Key], graph: Graph, ties: _Ties) -> str:
    """Why one of `members`, which share a buffer, would overwrite another; empty if none does."""
    captured = {capture for _, capture in ties.captures}
    own = [key for key in members if key not in captured]
    if len(own) < 2:
        return ""
    for key in own:
        if graph.tensor(key).kind is TensorKind.VARIABLE:
            return f"variable {graph.tensor(key).name!r} shares a buffer, but it is written again"
        if ties.writes[key] > 1:
            return f"{graph.tensor(key).name!r} shares a buffer, but it is written {ties.writes[key]} times"
    for s in ties.loops:
        body = graph.subgraphs[s]
        if any((s, t) in own for t in body.inputs) and any((s, t) in own for t in body.outputs):
            return f"an input and an output of the loop body {body.name!r} share a buffer"
    sizes = {graph.tensor(key).bytes for key in own}
    return f"tensors of different sizes share a buffer: {sorted(map(str, sizes))}" if len(sizes) > 1 else ""
