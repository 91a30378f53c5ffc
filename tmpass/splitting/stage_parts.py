"""What the parts of a stage hold: the bytes of their operators, of slices of the source, and of what is computed."""

from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property
from math import prod

from tmpass.base.record import record
from tmpass.graph.dialect import New
from tmpass.graph.draft import DraftOp, DraftTensor
from tmpass.splitting.rewrites.spans import Span
from tmpass.splitting.stage import Stage
from tmpass.splitting.working_set import WorkingSets, may_share


@record
class Part:
    """One part of a stage.

    Fields:
        ops: its operators, in an order that runs.
        across: the first result of each of them -> the tensors that the part makes before that operator and reads
            after it, and that it does not read itself.
    """

    ops: tuple[DraftOp, ...]
    across: Mapping[int, tuple[int, ...]]


def main_source(sets: WorkingSets, first: int, last: int) -> int | None:
    """The largest source of the operators [first, last]; None where they have none."""
    return max(sets.net.sources(first, last), key=sets.net.bytes, default=None)


class StageParts:
    """A stage in parts, with its largest source S.

    Fields:
        source: S.
        result: of the stage.
        whole: the bytes of S.
        kept: whether S is alive after the stage.
        inside: tensors that may lie in S.
        derived: tensors that depend on S.
        slices: the slices of S that may lie in it, and views of them, with their rows.
        rows: how many S has.
        parts: what the inputs of CONCATs are computed by.
    """

    def __init__(self, sets: WorkingSets, stage: Stage, tensors: Sequence[DraftTensor], ops: Sequence[DraftOp]) -> None:
        self.sets, self.net, self.tensors, self.ops = sets, sets.net, tensors, ops
        self.sources = frozenset(self.net.sources(stage.first, stage.last))
        source, result = main_source(sets, stage.first, stage.last), self.net.result(stage.first, stage.last)
        assert source is not None
        assert result is not None
        self.source, self.result = source, result
        self.whole, self.kept = self.net.bytes(source), sets.kept(source, result)
        self.inside, self.derived, self.hidden = self._marked()
        self.slices, self.rows = self._slices()

    def own(self, part: Part, op: DraftOp, without: frozenset[int], *, over: bool = False) -> int:
        """The bytes that an operator reads and makes, and that its part needs before and after it.

        S, slices of other sources and views do not count.

        Args:
            part: that of the operator.
            op: the operator.
            without: other tensors that do not count.
            over: whether what it makes may lie over what does not count.
        """
        left = self.sources | self.hidden | without
        read = sum(self.size(t) for t in dict.fromkeys(op.inputs) if t not in left)
        made = sum(self.size(t) for t in op.outputs if t not in left)
        beside = self._beside(part.across[op.outputs[0]], op, left)
        if over:
            return read + beside
        return beside + (max(read, made) if self.may_share(op) else read + made)

    def may_share(self, op: DraftOp) -> bool:
        """Whether results of an operator may lie over its inputs."""
        return op.new is not None or may_share(self.net.main.ops[op.like], self.sets.target)

    def size(self, t: int) -> int:
        """The bytes of a tensor of the draft in the arena."""
        tensor = self.tensors[t] if t >= 0 else None
        if tensor is None or tensor.numbers is not None or not self.net.active(tensor.like):
            return 0
        return self.net.bytes(tensor.like) * prod(tensor.shape) // max(1, prod(self.net.shape(tensor.like)))

    @cached_property
    def parts(self) -> list[Part]:
        """What the inputs of CONCATs are computed by."""
        joins = [op for op in self.ops if op.new is New.CONCAT]
        joined = {op.outputs[0] for op in joins}
        found = list[Part]()
        for end in (t for op in joins for t in op.inputs if t not in joined):
            wanted, own = {end}, list[DraftOp]()
            for op in reversed(self.ops):
                if op.new is not New.CONCAT and not wanted.isdisjoint(op.outputs):
                    own.append(op)
                    wanted.update(op.inputs)
            own.reverse()
            found.append(Part(tuple(own), _across(own)))
        return found

    def _beside(self, across: Iterable[int], op: DraftOp, left: frozenset[int]) -> int:
        """The bytes of tensors that are alive beside an operator; of views of one tensor, the largest counts."""
        taken = {self._views.get(t, t) for t in (*op.inputs, *op.outputs)}
        largest: dict[int, int] = {}
        for t in across:
            root = self._views.get(t, t)
            if t not in left and root not in taken and root not in left:
                largest[root] = max(largest.get(root, 0), self.size(t))
        return sum(largest.values())

    @cached_property
    def _views(self) -> dict[int, int]:
        """Tensor -> the tensor whose bytes it may have, since they have the same values."""
        found: dict[int, int] = {}
        for op in self.ops:
            if op.new is not New.CONCAT and (op.new is not None or self.net.main.ops[op.like].moves is not None):
                found.update((t, found.get(op.inputs[0], op.inputs[0])) for t in op.outputs)
        return found

    def _marked(self) -> tuple[frozenset[int], frozenset[int], frozenset[int]]:
        """The tensors that may lie in S, those that depend on it, and the slices of other sources."""
        inside, derived, hidden = set[int](), set[int](), set[int]()
        shares = self.source not in self.net.ends
        for op in self.ops:
            read = set(op.inputs)
            if op.new is New.SLICE and read & self.sources and self.source not in read:
                hidden.update(op.outputs)
            if self.source in read or read & derived:
                derived.update(op.outputs)
            if shares and self.may_share(op) and (self.source in read or read & inside):
                inside.update(op.outputs)
        return frozenset(inside), frozenset(derived), frozenset(hidden)

    def _slices(self) -> tuple[dict[int, Span], int]:
        found, rows = dict[int, Span](), 1
        for op in self.ops if self.source not in self.net.ends else ():
            if op.new is New.SLICE and op.inputs[0] == self.source:
                rows = self.tensors[self.source].shape[op.axis]
                found[op.outputs[0]] = Span(op.start, op.start + self.tensors[op.outputs[0]].shape[op.axis])
            elif op.new is None and self.net.main.ops[op.like].moves is not None:
                found.update((t, found[op.inputs[0]]) for t in op.outputs if op.inputs[0] in found)
        return found, rows


def _across(ops: Sequence[DraftOp]) -> dict[int, tuple[int, ...]]:
    """The first result of each operator of a part -> the tensors made before it and read after it in any order."""
    maker = {t: number for number, op in enumerate(ops) for t in op.outputs}
    before: list[set[int]] = []
    after: list[set[int]] = [set() for _ in ops]
    for at, op in enumerate(ops):
        makers = {maker[t] for t in op.inputs if t in maker}
        before.append(makers.union(*(before[number] for number in makers)))
        for number in before[at]:
            after[number].update(op.inputs)
    return {
        op.outputs[0]: tuple(
            t for number in sorted(before[at]) for t in ops[number].outputs if t in after[at] and t not in op.inputs
        )
        for at, op in enumerate(ops)
    }
