"""The origin of each tensor's bytes, from the graph alone: bytes that operators pass on, followed back to their maker.

x [0, 64) ----------+
                    +-- CONCAT --> w [0, 96) -- SLICE 32.. --> s     s holds x[32, 64), then y
y [0, 32) ----------+
"""

from bisect import bisect_right
from collections import Counter
from itertools import pairwise
from math import prod
from typing import NamedTuple

from tmpass.graph.model import ABSENT, Graph, Move, Op, Subgraph, Tensor, TensorKey, TensorKind
from tmpass.targets import Sharing


class Run(NamedTuple):
    """Bytes from `low` to the next run: those of `source` from byte `start`, or the tensor's own without a source."""

    low: int
    source: TensorKey | None
    start: int


class Contents:
    """The bytes that tensors of `graph` hold, as far as operators that `allowed` lists pass them on.

    A variable, and a tensor that is written more than once, holds only its own bytes, since they may change later.

    Attributes:
        copied: (input, output) of one operator -> the bytes that it passes on, as (first byte of the output, first byte
            of the input, count).
    """

    def __init__(self, graph: Graph, allowed: Sharing) -> None:
        self.graph = graph
        self.captured: dict[TensorKey, TensorKey] = dict(graph.held_in)
        self.copied: dict[tuple[TensorKey, TensorKey], list[tuple[int, int, int]]] = {}
        self._pieces: dict[TensorKey, list[Run]] = {}
        self._depth: dict[TensorKey, int] = {}
        self._writes: Counter[TensorKey] = Counter()
        for s, subgraph in enumerate(graph.subgraphs):
            self._writes.update([(s, t) for t in subgraph.inputs])
            self._writes.update([(s, t) for op in subgraph.ops for t in op.outputs])
            for call in (call for op in subgraph.ops if op.calls for call in op.calls):
                for t, tensor in enumerate(graph.subgraphs[call.subgraph].tensors):
                    if tensor.kind is TensorKind.CAPTURE and tensor.captures is not None:
                        self.captured[call.subgraph, t] = s, tensor.captures
        for s, subgraph in enumerate(graph.subgraphs):
            for op in subgraph.ops:
                if op.moves is not None and allowed.allows(allowed.views if op.view else allowed.parts, op.kind):
                    for t, pieces in _passed_on(op, subgraph):
                        self._note((s, t), [Run(low, (s, source), start) for low, source, start in pieces])
                        ends = [*(low for low, _, _ in pieces[1:]), subgraph.tensors[t].bytes or 0]
                        for (low, source, start), end in zip(pieces, ends, strict=False):  # none has one end
                            copied = self.copied.setdefault(((s, source), (s, t)), [])
                            copied.append((low, start, end - low))

    def owner(self, key: TensorKey) -> TensorKey:
        """The tensor that `key` is another name for, such as the one that it captures, or `key` itself."""
        while key in self.captured:
            key = self.captured[key]
        return key

    def steady(self, key: TensorKey) -> bool:
        """Whether the bytes of `key` never change while an operator may read them."""
        key = self.owner(key)
        return self.graph.tensor(key).kind is not TensorKind.VARIABLE and self._writes[key] <= 1

    def same(self, one: TensorKey, low: int, two: TensorKey, start: int, size: int) -> bool:
        """Whether `size` bytes of `one` from `low` on are those of `two` from `start` on."""
        todo = [(one, low, two, start, size)]
        while todo:
            one, low, two, start, size = todo.pop()
            (one, low), (two, start) = self._back(one, low), self._back(two, start)
            if (one, low) == (two, start):
                continue
            # Only the one that was made later can come from the other one.
            if self._made(one) < self._made(two):
                one, low, two, start = two, start, one, low
            if one not in self._pieces:
                return False
            for first, source, begin, count in self._cut(one, low, size):
                if source is None:
                    return False
                todo.append((source, begin, two, start + first - low, count))
        return True

    def origins(self, key: TensorKey, size: int) -> list[tuple[TensorKey, int, int]]:
        """The origins of the first `size` bytes of `key`, in order, as (tensor, first byte there, count)."""
        found, todo = list[tuple[TensorKey, int, int]](), [(key, 0, size, False)]
        while todo:
            key, low, count, here = todo.pop()
            if not here:
                key, low = self._back(key, low)
            if here or key not in self._pieces:
                found += [(key, low, count)] if count else []
                continue
            for first, source, start, size in reversed(self._cut(key, low, count)):
                todo.append((source, start, size, False) if source else (key, first, size, True))
        return found

    def _note(self, key: TensorKey, pieces: list[Run]) -> None:
        if self.steady(key):
            own = [p if p.source and self.steady(p.source) else Run(p.low, None, 0) for p in pieces]
            self._pieces[self.owner(key)] = own

    def _back(self, key: TensorKey, low: int) -> tuple[TensorKey, int]:
        """The (tensor, byte) that byte `low` of `key` comes from, through tensors that are one piece of another."""
        path = []
        while True:
            key = self.owner(key)
            pieces = self._pieces.get(key, ())
            if len(pieces) != 1 or pieces[0].source is None:
                break
            path.append((key, low))
            key, low = pieces[0].source, low + pieces[0].start
        for passed, was in path:  # no chain is walked twice
            self._pieces[passed] = [Run(0, key, low - was)]
        return key, low

    def _cut(self, key: TensorKey, low: int, size: int) -> list[tuple[int, TensorKey | None, int, int]]:
        """The pieces of `size` bytes from `low` on, as (byte of `key`, source, byte of the source, count)."""
        pieces = self._pieces[key]
        first = max(0, bisect_right(pieces, low, key=lambda piece: piece.low) - 1)  # a tensor of no bytes has no pieces
        found = []
        for at in range(first, len(pieces)):
            piece = pieces[at]
            if piece.low >= low + size:
                break
            begin = max(low, piece.low)
            end = min(low + size, pieces[at + 1].low if at + 1 < len(pieces) else low + size)
            found.append((begin, piece.source, piece.start + begin - piece.low, end - begin))
        return found

    def _made(self, key: TensorKey) -> int:
        """The length of the longest chain of operators that have passed on the bytes of `key`."""
        stack = [] if key in self._depth else [key]
        while stack:
            here = stack[-1]
            sources = [self.owner(p.source) for p in self._pieces.get(here, ()) if p.source]
            waiting = [source for source in sources if source not in self._depth]
            if waiting:
                stack += waiting
                continue
            self._depth[here] = 1 + max((self._depth[source] for source in sources), default=-1)
            stack.pop()
        return self._depth[key]


def _passed_on(op: Op, subgraph: Subgraph) -> list[tuple[int, list[tuple[int, int, int]]]]:
    """The outputs that `op` only passes on, each with its pieces as (first byte, input, first byte there)."""
    moves, tensors = op.moves, subgraph.tensors
    assert moves is not None
    if moves.kind is Move.VIEW:
        source, result = op.inputs[0], op.outputs[0]
        if ABSENT in (source, result) or tensors[source].bytes != tensors[result].bytes:
            return []
        return [(result, [(0, source, 0)])]
    whole = (op.outputs if moves.kind is Move.CONCAT else op.inputs)[moves.whole]
    side = op.inputs if moves.kind is Move.CONCAT else op.outputs
    parts = [side[at] for at in moves.parts]
    if ABSENT in (whole, *parts):
        return []
    row = _row(tensors[whole], moves.axis)
    sizes = [tensors[part].bytes for part in parts]
    if row is None or any(tensors[part].dtype.bits != tensors[whole].dtype.bits for part in parts):
        return []
    ends = [moves.start * row if moves.kind is Move.SLICE else 0]
    for size in sizes:
        if size is None:
            return []
        ends.append(ends[-1] + size)
    room = tensors[whole].bytes or 0
    if ends[-1] > room or (moves.kind is not Move.SLICE and ends[-1] != room):
        return []
    if moves.kind is Move.CONCAT:
        return [
            (whole, [(low, part, 0) for part, (low, high) in zip(parts, pairwise(ends), strict=True) if low < high])
        ]
    return [(part, [(0, whole, low)]) for part, low in zip(parts, ends, strict=False)]


def _row(whole: Tensor, axis: int) -> int | None:
    """The bytes of `whole` at one index of `axis`; None where they are not contiguous, or not whole bytes."""
    if whole.shape is None or whole.unknown or not 0 <= axis < len(whole.shape) or (whole.dtype.bits or 1) % 8:
        return None
    if any(dim != 1 for dim in whole.shape[:axis]):
        return None
    return prod(int(dim) for dim in whole.shape[axis + 1 :]) * (whole.dtype.bits or 0) // 8
