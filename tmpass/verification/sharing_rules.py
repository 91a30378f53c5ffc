"""The rules by which two tensors may have bytes in common, computed again from the graph."""

from collections.abc import Mapping

from tmpass.base.record import record
from tmpass.graph.model import ABSENT, Graph, Op, Tensor, TensorKey, TensorKind
from tmpass.plans.plan import Plan, PlannedTensor
from tmpass.targets import CUSTOM, EVERY, Over, Sharing
from tmpass.verification.contents import Contents
from tmpass.verification.overlaps import Held
from tmpass.verification.tied import CHANGES_A_COPY, TiedPlaces


@record
class Judge:
    """The rules by which two tensors may have bytes in common."""

    plan: Plan
    graph: Graph
    rows: Mapping[TensorKey, PlannedTensor]
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
            if self._copied_over_itself(one, two) or self._copied_over_itself(two, one):
                return "an operator would copy the one over itself, shifted"
            shown = {owner, other} & self.exposed
            return "a custom operator may write one of them" if shown else ""
        if self._in_place(one, two) or self._in_place(two, one):
            return ""
        return "nothing ties them"

    def _copied_over_itself(self, source: Held, result: Held) -> bool:
        """Whether an operator passes bytes of `source` on to `result` that lie over them at another address.

        Where a tensor holds the same bytes twice, such a copy loses none. But kernels copy between bytes that are apart
        or the same.
        """
        for low, start, size in self.contents.copied.get((source.key, result.key), ()):
            if 0 < abs(source.low + start - result.low - low) < size:
                return True
        return False

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
        """Whether `key` is an activation written at most once, and no input or output of its subgraph.

        `may_be` names the exception: an "input" that is not kept, or an "output", of an entry that no operator calls,
        with share_io or a tie.
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
