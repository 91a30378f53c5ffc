"""Whose bytes a tensor holds, from the graph alone: what operators pass on is followed back to where it was made.

x [0, 64) ----------+
                    +-- CONCAT --> w [0, 96) -- SLICE 32.. --> s     s holds x[32, 64), then y
y [0, 32) ----------+
"""

from bisect import bisect_right
from collections import Counter
from itertools import pairwise
from math import prod
from typing import NamedTuple

from tmpass.graph.model import ABSENT, Graph, Move, Op, Subgraph, Tensor, TensorKind
from tmpass.targets import Sharing
from tmpass.verification.replay import Key


class Piece(NamedTuple):
    """Bytes from `low` on, up to the next piece, are those of `source` from `start` on; its own without a source."""

    low: int
    source: Key | None
    start: int


class Contents:
    """What tensors of `graph` hold, as far as operators that `allowed` lists pass it on.

    A variable, and what is written more than once, holds only what is its own: it may be another thing later.
    """

    def __init__(self, graph: Graph, allowed: Sharing) -> None:
        self.graph = graph
        self.captured: dict[Key, Key] = dict(graph.held_in)
        self._pieces: dict[Key, list[Piece]] = {}
        self._depth: dict[Key, int] = {}
        self._writes: Counter[Key] = Counter()
        for s, subgraph in enumerate(graph.subgraphs):
            self._writes.update((s, t) for t in subgraph.inputs)
            for op in subgraph.ops:
                self._writes.update((s, t) for t in op.outputs)
                for call in op.calls:
                    for t, tensor in enumerate(graph.subgraphs[call.subgraph].tensors):
                        if tensor.kind is TensorKind.CAPTURE and tensor.captures is not None:
                            self.captured[call.subgraph, t] = s, tensor.captures
        for s, subgraph in enumerate(graph.subgraphs):
            for op in subgraph.ops:
                if op.moves is not None and allowed.allows(allowed.views if op.view else allowed.parts, op.kind):
                    for t, pieces in _passed_on(op, subgraph):
                        self._note((s, t), [Piece(low, (s, source), start) for low, source, start in pieces])

    def owner(self, key: Key) -> Key:
        """The tensor that `key` is a name for, in the subgraph that it was captured from, or itself."""
        while key in self.captured:
            key = self.captured[key]
        return key

    def steady(self, key: Key) -> bool:
        """Whether what `key` holds never changes while somebody may read it."""
        key = self.owner(key)
        return self.graph.tensor(key).kind is not TensorKind.VARIABLE and self._writes[key] <= 1

    def same(self, one: Key, low: int, two: Key, start: int, size: int) -> bool:
        """Whether `size` bytes of `one` from `low` on are those of `two` from `start` on."""
        todo = [(one, low, two, start, size)]
        while todo:
            one, low, two, start, size = todo.pop()
            (one, low), (two, start) = self._back(one, low), self._back(two, start)
            if (one, low) == (two, start):
                continue
            # What was made later may come from the other one, never the other way round.
            if self._made(one) < self._made(two):
                one, low, two, start = two, start, one, low
            if one not in self._pieces:
                return False
            for first, source, begin, count in self._cut(one, low, size):
                if source is None:
                    return False
                todo.append((source, begin, two, start + first - low, count))
        return True

    def origins(self, key: Key, size: int) -> list[tuple[Key, int, int]]:
        """Where the first `size` bytes of `key` were made: (tensor, first byte there, count), in their order."""
        found, todo = list[tuple[Key, int, int]](), [(key, 0, size, False)]
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

    def _note(self, key: Key, pieces: list[Piece]) -> None:
        if self.steady(key):
            own = [p if p.source and self.steady(p.source) else Piece(p.low, None, 0) for p in pieces]
            self._pieces[self.owner(key)] = own

    def _back(self, key: Key, low: int) -> tuple[Key, int]:
        """Where the bytes of `key` from `low` on were, through all that passes on one run of them whole."""
        path = []
        while True:
            key = self.owner(key)
            pieces = self._pieces.get(key, ())
            if len(pieces) != 1 or pieces[0].source is None:
                break
            path.append((key, low))
            key, low = pieces[0].source, low + pieces[0].start
        for passed, was in path:  # so that no chain is walked twice
            self._pieces[passed] = [Piece(0, key, low - was)]
        return key, low

    def _cut(self, key: Key, low: int, size: int) -> list[tuple[int, Key | None, int, int]]:
        """(byte of `key`, source, byte of that, count) for each piece of `size` bytes from `low` on."""
        pieces = self._pieces[key]
        first = max(0, bisect_right(pieces, low, key=lambda piece: piece.low) - 1)  # nothing has no pieces
        found = []
        for at in range(first, len(pieces)):
            piece = pieces[at]
            if piece.low >= low + size:
                break
            begin = max(low, piece.low)
            end = min(low + size, pieces[at + 1].low if at + 1 < len(pieces) else low + size)
            found.append((begin, piece.source, piece.start + begin - piece.low, end - begin))
        return found

    def _made(self, key: Key) -> int:
        """How many operators, one after the other, what `key` holds has been passed on by."""
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
    """(output, its pieces as (first byte, input, first byte there)) for each output that `op` only passes on."""
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
    """The bytes of `whole` at one index of `axis`; None where they are in several places, or no whole bytes."""
    if whole.shape is None or whole.unknown or not 0 <= axis < len(whole.shape) or (whole.dtype.bits or 1) % 8:
        return None
    if any(dim != 1 for dim in whole.shape[:axis]):
        return None
    return prod(int(dim) for dim in whole.shape[axis + 1 :]) * (whole.dtype.bits or 0) // 8
