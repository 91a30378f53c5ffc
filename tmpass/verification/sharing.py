"""Checks whether the tensors of one buffer may share it, computed again from the graph."""

from collections import defaultdict
from dataclasses import dataclass, replace

from tmpass.base.violation import Violation
from tmpass.graph.model import ABSENT, Graph, Op, Tensor, TensorKey, TensorKind
from tmpass.plans.plan import Options, Plan, PlannedTensor
from tmpass.targets import CUSTOM, EVERY, Over, Sharing
from tmpass.verification.contents import Contents
from tmpass.verification.names import tensor_name
from tmpass.verification.overlaps import Held, find_overlaps
from tmpass.verification.replay import Needed
from tmpass.verification.state import exposed
from tmpass.verification.tied import CHANGES_A_COPY, TiedPlaces, tied_ends

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
    rows = plan.tensors_by_key()
    planned = {key: row for key, row in rows.items() if row.role not in ("constant", "unplanned")}
    # Promises of kernels are taken from the plan where it is not known what the target allows.
    promised = sharing or replace(_ALL, in_place=(EVERY, *plan.target.in_place))
    allowed = _asked(promised, plan.options)
    ties, found = tied_ends(plan, graph, rows)
    contents, tied = Contents(graph, allowed), frozenset(key for tie in ties for key in tie)
    ends = _ends(graph) - (set() if plan.options.keep_inputs else tied)
    given, taken = _sides(graph)
    judge = _Judge(
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
        exposed=exposed(graph),
        called=graph.called,
    )
    for capture, captured in judge.contents.captured.items():
        if capture in planned and captured in planned and _place(rows[capture]) != _place(rows[captured]):
            one, two = tensor_name(rows[capture]), tensor_name(rows[captured])
            found.append(Violation("alias", f"{one} captures {two}, but they are in different places", one, two))
    found += _check_outside(plan, graph, judge, rows, [key for key, row in planned.items() if row.buffer is None])
    for buffer in plan.buffers:
        if len(buffer.tensors) < 2:
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


def _asked(sharing: Sharing, options: Options) -> Sharing:
    """The part of `sharing` that the options of the plan leave."""
    if options.share == "none":
        return Sharing(views=())
    if options.share == "views":
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


@dataclass(frozen=True, slots=True)
class _Judge:
    """The rules by which two tensors may have bytes in common."""

    plan: Plan
    graph: Graph
    rows: dict[TensorKey, PlannedTensor]
    allowed: Sharing
    promised: Sharing
    contents: Contents
    ends: set[TensorKey]
    alone: set[TensorKey]
    given: frozenset[TensorKey]
    taken: frozenset[TensorKey]
    ties: TiedPlaces
    loops: set[int]
    exposed: set[TensorKey]
    called: frozenset[int]

    def fault(self, one: Held, two: Held) -> str:
        """The reason why the common bytes of `one` and `two` at one step are lost; empty if they are not."""
        fixed = (one.key in self.graph.fixed) + (two.key in self.graph.fixed)
        if fixed:  # check_fixed checks their offsets
            return "" if fixed == 2 else "the file fixes where one of them is"
        owner, other = self.contents.owner(one.key), self.contents.owner(two.key)
        if owner == other:
            return "" if one.low == two.low else "they are one tensor, captured"
        if not self.plan.options.share_io and not self.alone.isdisjoint((owner, other)):
            return "one is an input or output of the model"
        if self._through_a_loop(one.key, two.key) or self._through_a_loop(two.key, one.key):
            return "one goes into the body of a loop and the other comes out of it"
        low = max(one.low, two.low)
        size = min(one.high, two.high) - low
        if self.contents.same(one.key, low - one.low, two.key, low - two.low, size):
            shown = {owner, other} & self.exposed
            return "a custom operator may write one of them" if shown else ""
        if self._in_place(one, two) or self._in_place(two, one):
            return ""
        return "nothing ties them"

    def _through_a_loop(self, one: TensorKey, two: TensorKey) -> bool:
        return one[0] == two[0] and one[0] in self.loops and one in self.given and two in self.taken

    def _in_place(self, source: Held, result: Held) -> bool:
        """Whether an operator may write `result` over `source` at the only step at which both are needed."""
        step = result.first
        if source.last != step or not 0 <= step < len(self.plan.schedule):
            return False
        row = self.plan.schedule[step]
        op = self.graph.subgraphs[row.subgraph].ops[row.op]
        s, t = source.key
        if row.subgraph != s or op.calls or list(op.inputs).count(t) != 1 or source.low != result.low:
            return False
        if any(self._overlaps((s, other), result) for other in op.inputs if other not in (t, ABSENT)):
            return False
        ordinary = self._ordinary(source.key, may_be="input") and self._ordinary(result.key, may_be="output")
        may = self._kernel_may(self.allowed, op, source.key, result.key)
        return ordinary and (may or self._tie_needs(op, source, result))

    def _kernel_may(self, allowed: Sharing, op: Op, source: TensorKey, result: TensorKey) -> bool:
        """Whether `allowed` lets `op` write `result` over `source`: element by element, or as its kernel promises."""
        s, (one, two) = source[0], (self.graph.tensor(source), self.graph.tensor(result))
        first = bool(op.outputs) and (s, op.outputs[0]) == result
        listed = allowed.in_place
        promises = [p for p in listed if isinstance(p, Over) and _is_named(op, p.op)]
        for promise in promises:
            reads, makes = op.inputs[promise.input : promise.input + 1], op.outputs[promise.output : promise.output + 1]
            if (reads, makes) == ((source[1],), (result[1],)) and 0 < (two.bytes or 0) <= (one.bytes or 0):
                return True
        if promises:
            return False
        if op.elementwise and not op.custom and (EVERY in listed or op.kind in listed):
            return first and _alike(one, two)
        if any(isinstance(kind, str) and kind != EVERY and _is_named(op, kind) for kind in listed):
            return first and op.inputs[0] == source[1] and 0 < (two.bytes or 0) <= (one.bytes or 0)
        return False

    def _tie_needs(self, op: Op, source: Held, result: Held) -> bool:
        """Whether a tie makes `op` write `result` over `source`, and it computes the same then.

        It does where the two have bytes in common with a tied output: `result` holds there what that output holds, and
        `source` what the tied input holds. One may be a piece of the other, or all of it.
        """
        buffer = self.rows[result.key].buffer
        if buffer is None or not self._may_be_tied(op, source.key, result.key):
            return False
        for tie in self.ties.overlapping(buffer, result.low, result.high):
            low = max(tie.low, result.low)
            size = min(tie.high, result.high) - low
            made = self.contents.same(result.key, low - result.low, tie.output, low - tie.low, size)
            if made and self.contents.same(source.key, low - source.low, tie.given, low - tie.low, size):
                return True
        return False

    def _may_be_tied(self, op: Op, source: TensorKey, result: TensorKey) -> bool:
        """Whether `op` computes the same result when a tie makes it write over its input.

        It does if its kernel promises it, or if it is element-wise, a copy, or a copy of which some is changed.
        """
        if self._kernel_may(self.promised, op, source, result):
            return True
        one, two = self.graph.tensor(source), self.graph.tensor(result)
        if op.outputs[0] != result[1] or one.bytes != two.bytes:
            return False
        if op.elementwise:
            return _alike(one, two)
        return op.inputs[0] == source[1] and (op.view or op.kind in CHANGES_A_COPY)

    def _overlaps(self, key: TensorKey, held: Held) -> bool:
        """Whether `key` has bytes in common with `held`, at any step."""
        row, other = self.rows[key], self.rows[held.key]
        low = row.offset or 0
        return row.buffer == other.buffer is not None and low < held.high and held.low < low + (row.bytes or 0)

    def _ordinary(self, key: TensorKey, *, may_be: str) -> bool:
        """Whether only operators of its own subgraph use `key`, and one of them writes it.

        The caller of the model may use it too, if it is an "input" that is not kept, or an "output", as `may_be` says.
        """
        options = self.plan.options
        if self.graph.tensor(key).kind is not TensorKind.ACTIVATION or not self.contents.steady(key):
            return False
        free = (options.share_io or key not in self.alone) and key in self.ends and key[0] not in self.called
        if key in self.given and not (free and may_be == "input" and not options.keep_inputs):
            return False
        return key not in self.taken or (free and may_be == "output")


def _is_named(op: Op, name: str) -> bool:
    """Whether `name`, as a profile writes it, stands for the kind of `op`."""
    if name.startswith(CUSTOM):
        return name[len(CUSTOM) :] == op.kind
    return name == op.kind and (not op.custom or "::" in name)


def _alike(one: Tensor, two: Tensor) -> bool:
    """Whether both tensors have elements of the same width at the same positions."""
    if one.shape is None or two.shape is None or one.dtype.bits != two.dtype.bits or (one.dtype.bits or 1) % 8:
        return False
    longer, shorter = sorted((one.shape, two.shape), key=len, reverse=True)
    more = len(longer) - len(shorter)
    return longer[more:] == shorter and all(dim == 1 for dim in longer[:more])


def _check_outside(
    plan: Plan, graph: Graph, judge: _Judge, rows: dict[TensorKey, PlannedTensor], outside: list[TensorKey]
) -> list[Violation]:
    """Violations by tensors outside the arena: memory of the caller may hold only tensors with all bytes of its end."""
    if not outside:
        return []
    called = graph.called
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
