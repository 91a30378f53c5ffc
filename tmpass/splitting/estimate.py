"""The live bytes of a stage in parts, estimated in the order in which its operators are written: part by part.

It is a guess for the search: the planner finds better orders, and packings that are a little higher. What is counted as
shared is what planners share: pieces of a contiguous SLICE lie in their source, parts of a contiguous CONCAT in the
whole, and element-wise results over an input that ends there.
"""

from collections.abc import Sequence
from math import prod

from tmpass.graph.dialect import New
from tmpass.graph.draft import DraftOp, DraftTensor
from tmpass.splitting.net import ROUNDING, Net


def live_bytes(
    net: Net, tensors: Sequence[DraftTensor], ops: Sequence[DraftOp], kept: frozenset[int], through: int
) -> list[int]:
    """The live bytes while each of `ops` runs, one after the other.

    Args:
        net: the model.
        tensors: of the draft.
        ops: of the stage, in the order in which they are written.
        kept: tensors that are alive after the stage.
        through: bytes of what is alive all the time, besides what the stage reads.
    """
    return _Walk(net, tensors, ops, kept).run(through)


class _Walk:
    """One walk through the operators of a stage."""

    def __init__(self, net: Net, tensors: Sequence[DraftTensor], ops: Sequence[DraftOp], kept: frozenset[int]) -> None:
        self.net, self.tensors, self.ops = net, tensors, ops
        self.sizes: dict[int, int] = {}
        self.last: dict[int, int] = {}
        made = set[int]()
        for number, op in enumerate(ops):
            for t in (*op.inputs, *op.outputs):
                if t >= 0 and tensors[t].numbers is None and net.active(tensors[t].like):
                    self.last[t] = number
                    if t not in self.sizes:
                        self.sizes[t] = self._size(tensors[t])
            made.update(op.outputs)
        for t in kept & self.last.keys():
            self.last[t] = len(ops)
        self.given = [t for t in self.sizes if t not in made]
        self.source = self._sources()

    def run(self, through: int) -> list[int]:
        """The live bytes of each operator."""
        ending: dict[int, list[int]] = {}
        for t, number in self.last.items():
            ending.setdefault(number, []).append(t)
        live, alive = through + sum(self.sizes[t] for t in self.given), set(self.given)
        counted, found = set(self.given), list[int]()  # the tensors whose bytes are in `live`
        for number, op in enumerate(self.ops):
            joined = self._joined(op)
            over = self._overwritten(op, number)
            for t in op.outputs:
                if t not in self.sizes:
                    continue
                alive.add(t)
                if self.source.get(t) in alive:
                    continue
                counted.add(t)
                if not joined:
                    live += self.sizes[t]
            found.append(live - over)
            for dead in ending.get(number, ()):
                alive.discard(dead)
                if dead not in counted:
                    continue
                counted.discard(dead)
                if joined and dead in op.inputs:
                    continue  # its bytes are those of the whole from now on
                live -= self.sizes[dead]
                for piece, source in self.source.items():
                    if source == dead and piece in alive:
                        counted.add(piece)
                        live += self.sizes[piece]
        return found

    def _size(self, tensor: DraftTensor) -> int:
        size = self.net.bytes(tensor.like) * prod(tensor.shape) // max(1, prod(self.net.shape(tensor.like)))
        return -(-size // ROUNDING) * ROUNDING

    def _sources(self) -> dict[int, int]:
        """The tensors that lie in the source of their SLICE."""
        found = {}
        for op in self.ops:
            if op.new is not New.SLICE:
                continue
            source = op.inputs[0]
            shape = self.tensors[source].shape
            step = self.sizes[source] // max(1, shape[op.axis])
            if prod(shape[: op.axis]) == 1 and not self._end(source) and op.start * step % ROUNDING == 0:
                found[op.outputs[0]] = source
        return found

    def _joined(self, op: DraftOp) -> bool:
        """Whether the parts of a CONCAT lie in the whole."""
        return op.new is New.CONCAT and prod(self.tensors[op.outputs[0]].shape[: op.axis]) == 1

    def _overwritten(self, op: DraftOp, number: int) -> int:
        """The bytes of the result that are written over an input which ends there."""
        if op.new is not None or not self.net.main.ops[op.like].elementwise:
            return 0
        size = self.sizes.get(op.outputs[0], 0)
        ending = (t for t in op.inputs if self.last.get(t) == number and not self._end(t))
        return size if not self._end(op.outputs[0]) and any(self.sizes[t] >= size for t in ending) else 0

    def _end(self, t: int) -> bool:
        """Whether a tensor is an input or output of the model, which shares nothing."""
        return not self.tensors[t].suffix and self.tensors[t].like in self.net.ends
