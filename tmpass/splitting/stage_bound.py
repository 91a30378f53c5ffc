"""A lower bound on the live bytes of a stage in parts, whatever the order of its operators.

Let S be the largest source of the stage. At each step of it, either a part has S still to read, so S is alive as a
whole, or each part has read all that it needs of S. Then each holds at least one tensor that it has computed from S:
of part p at least

    m(p) = min over the tensors of p that depend on S of their bytes

and different parts hold different bytes; of a slice of S, only the rows that are in no other part's slice count. So
while an operator q of part p runs, the live bytes are at least

    S + own(q)                                   where q reads S itself, or S is needed after the stage
    min(S + own(q), own(q) + sum of m of the other parts)     elsewhere

where own(q) is what q reads and makes besides S; without what may lie in S in the first case. The last of the
operators that read S finds the other parts past it: S + own(q) + the sum of their m, where nothing lies in S. Last, the
whole result is alive, and S with it if it is needed later.
"""

from collections.abc import Sequence
from math import prod

from tmpass.base.record import record
from tmpass.graph.dialect import New
from tmpass.graph.draft import DraftOp, DraftTensor
from tmpass.splitting.stage import Stage
from tmpass.splitting.working_set import WorkingSets, may_share


@record
class _Part:
    """One part of a stage.

    Fields:
        ops: its operators, in an order that runs.
        reads: whether one of them reads S itself.
        least: the fewest bytes that it holds once it has read S; m in the proof.
        first: the fewest bytes beside S of an operator that reads S.
    """

    ops: tuple[DraftOp, ...]
    reads: bool
    least: int
    first: int


def stage_bound(sets: WorkingSets, stage: Stage, tensors: Sequence[DraftTensor], ops: Sequence[DraftOp]) -> int:
    """The bytes that are alive at some step of a stage in any order, beside tensors that only pass it by.

    Args:
        sets: of the model.
        stage: the stage.
        tensors: of the draft.
        ops: of the stage, in parts.
    """
    return _Bound(sets, stage, tensors, ops).find()


def main_source(sets: WorkingSets, first: int, last: int) -> int | None:
    """The largest source of the operators [first, last]; None where they have none."""
    return max(sets.net.sources(first, last), key=sets.net.bytes, default=None)


class _Bound:
    def __init__(self, sets: WorkingSets, stage: Stage, tensors: Sequence[DraftTensor], ops: Sequence[DraftOp]) -> None:
        self.sets, self.net, self.tensors, self.ops = sets, sets.net, tensors, ops
        self.sources = frozenset(self.net.sources(stage.first, stage.last))
        source, result = main_source(sets, stage.first, stage.last), self.net.result(stage.first, stage.last)
        assert source is not None
        assert result is not None
        self.source, self.result = source, result
        self.whole, self.kept = self.net.bytes(source), sets.kept(source, result)
        self.inside, self.derived, self.hidden = self._marked()

    def find(self) -> int:
        found = self.net.bytes(self.result) + (self.whole if self.kept else 0)
        parts = self._parts()
        together = sum(part.least for part in parts)
        for part in parts:
            others = together - part.least
            for op in part.ops:
                beside = self.whole + self._own(op, self.inside)
                free = self.kept or self.source in op.inputs
                found = max(found, beside if free else min(beside, self._own(op, frozenset()) + others))
        if not self.inside and not self.kept:
            last = (part.first + together - part.least for part in parts if part.reads)
            found = max(found, self.whole + min(last, default=0))
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
            if shares and self._may_share(op) and (self.source in read or read & inside):
                inside.update(op.outputs)
        return frozenset(inside), frozenset(derived), frozenset(hidden)

    def _may_share(self, op: DraftOp) -> bool:
        return op.new is not None or may_share(self.net.main.ops[op.like], self.sets.target)

    def _parts(self) -> list[_Part]:
        """The parts: what the inputs of CONCATs are computed by."""
        maker = {t: op for op in self.ops for t in op.outputs}
        joins = [op for op in self.ops if op.new is New.CONCAT]
        ends = [t for op in joins for t in op.inputs if maker.get(t) not in joins]
        exclusive, found = self._exclusive(), list[_Part]()
        for end in ends:
            wanted, own = {end}, list[DraftOp]()
            for op in reversed(self.ops):
                if op not in joins and wanted & set(op.outputs):
                    own.append(op)
                    wanted.update(op.inputs)
            held = [t for op in own for t in op.outputs if t in self.derived]
            reads = [op for op in own if self.source in op.inputs]
            least = min((exclusive.get(t, self._size(t)) for t in held), default=0) if reads else 0
            first = min((self._own(op, self.inside) for op in reads), default=0)
            found.append(_Part(tuple(reversed(own)), bool(reads), least, first))
        return found

    def _exclusive(self) -> dict[int, int]:
        """Slice of S -> the bytes of it that are in no other slice."""
        slices = [op for op in self.ops if op.new is New.SLICE and op.inputs[0] == self.source]
        spans = [(op.start, op.start + self.tensors[op.outputs[0]].shape[op.axis]) for op in slices]
        found = {}
        for at, (op, (start, stop)) in enumerate(zip(slices, spans, strict=True)):
            alone = set(range(start, stop)).difference(*(range(*span) for n, span in enumerate(spans) if n != at))
            found[op.outputs[0]] = self._size(op.outputs[0]) * len(alone) // (stop - start)
        return found

    def _own(self, op: DraftOp, without: frozenset[int]) -> int:
        """The bytes that an operator reads and makes, without S, slices of other sources and some other tensors."""
        left = self.sources | self.hidden | without
        read = sum(self._size(t) for t in dict.fromkeys(op.inputs) if t not in left)
        made = sum(self._size(t) for t in op.outputs if t not in left)
        return max(read, made) if self._may_share(op) else read + made

    def _size(self, t: int) -> int:
        """The bytes of a tensor of the draft in the arena."""
        tensor = self.tensors[t] if t >= 0 else None
        if tensor is None or tensor.numbers is not None or not self.net.active(tensor.like):
            return 0
        return self.net.bytes(tensor.like) * prod(tensor.shape) // max(1, prod(self.net.shape(tensor.like)))
