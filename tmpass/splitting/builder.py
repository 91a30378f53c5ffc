"""Building of a draft, operator by operator."""

from collections.abc import Sequence

from tmpass.graph.dialect import New, Operands
from tmpass.graph.draft import Cut, Draft, DraftOp, DraftTensor, compact
from tmpass.graph.layer import Padding
from tmpass.graph.model import ABSENT
from tmpass.splitting.net import Net, Shape

Pads = tuple[tuple[int, int], tuple[int, int]]
"""The padding before and after, for rows and columns."""


class Builder:
    """A draft while it is made: it begins with the tensors of the original, and without operators."""

    def __init__(self, net: Net) -> None:
        self.net = net
        self._tensors = list(net.draft.tensors)
        self._ops: list[DraftOp] = []
        self._known: dict[object, int] = {}

    def keep(self, op: int) -> None:
        """Add an operator of the original as it is."""
        known = self.net.main.ops[op]
        self._ops.append(DraftOp(op, known.inputs, known.outputs, temporaries=known.temporaries))

    def copy(
        self,
        op: int,
        inputs: Sequence[int],
        shape: Shape,
        suffix: str,
        multiplier: int = 0,
        pads: Pads | None = None,
        padding: Padding | None = None,
    ) -> int:
        """Add an operator of the original for other tensors; return its result, of the given shape."""
        made = self._add(DraftTensor(self.net.main.ops[op].outputs[0], shape, suffix=suffix))
        self._ops.append(DraftOp(op, tuple(inputs), (made,), padding, multiplier, pads=pads))
        return made

    def slice(self, t: int, axis: int, start: int, stop: int, suffix: str) -> int:
        """Add a SLICE of tensor `t`; return its result, or `t` where that is all of it."""
        shape = self.shape(t)
        if (start, stop) == (0, shape[axis]):
            return t
        cut = (*shape[:axis], stop - start, *shape[axis + 1 :])
        made = self._add(DraftTensor(self._tensors[t].like, cut, suffix=suffix))
        operands = self._sliced(axis, start, stop, cut)
        self._ops.append(DraftOp(ABSENT, (t, *operands), (made,), new=New.SLICE, axis=axis, start=start))
        return made

    def pad(self, t: int, pads: Sequence[tuple[int, int]], suffix: str, like: int | None = None) -> int:
        """Add a PAD of tensor `t`, with a pair for each axis; return its result, or `t` where nothing is added."""
        if not any(map(any, pads)):
            return t
        shape = tuple(dim + sum(pair) for dim, pair in zip(self.shape(t), pads, strict=True))
        made = self._add(DraftTensor(self._tensors[t].like if like is None else like, shape, suffix=suffix))
        self._ops.append(DraftOp(ABSENT, (t, *self._padded(pads)), (made,), new=New.PAD, borders=tuple(pads)))
        return made

    def concat(self, parts: Sequence[int], axis: int, whole: int) -> None:
        """Add a CONCAT that makes the existing tensor `whole`."""
        self._ops.append(DraftOp(ABSENT, tuple(parts), (whole,), new=New.CONCAT, axis=axis))

    def piece(self, constant: int, axis: int, start: int, stop: int) -> int:
        """A constant with the indices [start, stop) of one axis of another."""
        key = constant, axis, start, stop
        if key not in self._known:
            shape = self.net.shape(constant)
            cut = (*shape[:axis], stop - start, *shape[axis + 1 :])
            self._known[key] = self._add(DraftTensor(constant, cut, Cut(axis, start, stop), suffix=f"/{start}-{stop}"))
        return self._known[key]

    def numbers(self, values: Shape, shape: Shape | None = None) -> int:
        """A constant of whole numbers."""
        shape = (len(values),) if shape is None else shape
        key = values, shape
        if key not in self._known:
            text = "/" + "_".join(map(str, values))
            self._known[key] = self._add(DraftTensor(ABSENT, shape, numbers=values, suffix=text))
        return self._known[key]

    def joint(self, like: int, shape: Shape, suffix: str) -> int:
        """A tensor that a CONCAT is to make on the way to the tensor `like`."""
        return self._add(DraftTensor(like, shape, suffix=suffix))

    def shape(self, t: int) -> Shape:
        """The shape of a tensor of the draft."""
        return self._tensors[t].shape

    def made(self) -> tuple[Sequence[DraftTensor], Sequence[DraftOp], int]:
        """The tensors and operators so far, and how many of the tensors were added."""
        return self._tensors, self._ops, len(self._tensors) - len(self.net.main.tensors)

    def finish(self) -> Draft:
        """The draft, without tensors that nothing uses."""
        main = self.net.main
        return compact(Draft(tuple(self._tensors), tuple(self._ops), main.inputs, main.outputs))

    def _sliced(self, axis: int, start: int, stop: int, cut: Shape) -> tuple[int, ...]:
        """The operands of a SLICE."""
        kind = self.net.dialect.slices
        if kind is Operands.ENDS:
            return self.numbers((start,)), self.numbers((stop,)), self.numbers((axis,))
        begin = tuple(start if a == axis else 0 for a in range(len(cut)))
        return (self.numbers(begin), self.numbers(cut)) if kind is Operands.SIZES else ()

    def _padded(self, pads: Sequence[tuple[int, int]]) -> tuple[int, ...]:
        """The operands of a PAD."""
        kind = self.net.dialect.pads
        if kind is Operands.ENDS:
            return (self.numbers((*(before for before, _ in pads), *(after for _, after in pads))),)
        return (self.numbers(tuple(n for p in pads for n in p), (len(pads), 2)),) if kind is Operands.SIZES else ()

    def _add(self, tensor: DraftTensor) -> int:
        self._tensors.append(tensor)
        return len(self._tensors) - 1
