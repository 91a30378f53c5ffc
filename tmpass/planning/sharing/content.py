"""The origin of each tensor's bytes, through operators that pass bytes on."""

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable, Iterator
from itertools import islice, pairwise

from tmpass.graph.model import Graph, Move, TensorKey
from tmpass.planning.sharing.classes import sizes_of
from tmpass.planning.sharing.moves import Link

_MOST_STEPS = 200_000
"""The budget, in pieces that are looked at. Beyond it the answer is no. The same budget gives the same classes."""


class Content:
    """The bytes that tensors hold, as far as `links` lead."""

    def __init__(self, graph: Graph, links: Iterable[Link], captures: Iterable[tuple[TensorKey, TensorKey]]) -> None:
        self._pieces: dict[TensorKey, list[tuple[int, int, TensorKey, int]]] = defaultdict(list)
        self._left = _MOST_STEPS
        self._unique: dict[TensorKey, bool] = {}
        self._size = sizes_of(graph)
        for caller, body in captures:
            self._pieces[body].append((0, graph.tensor(body).bytes or 0, caller, 0))
        for link in links:
            size = graph.tensor(link.part).bytes or 0
            if link.op.moves is not None and link.op.moves.kind is Move.CONCAT:
                self._pieces[link.whole].append((link.position, link.position + size, link.part, 0))
            else:
                self._pieces[link.part].append((0, size, link.whole, link.position))
        for pieces in self._pieces.values():
            pieces.sort()

    def lies_in(self, inner: TensorKey, outer: TensorKey, start: int) -> bool:
        """Whether `outer` is known to hold the bytes of `inner` from byte `start` on, and nowhere else.

        Then no operator that joins or cuts the two copies one over the other.
        """
        size = self._size(inner)
        first, second = self._walk(inner, 0, size), self._walk(outer, start, start + size)
        mine, other = next(first, None), next(second, None)
        while mine is not None and other is not None:
            (key, at, count), (there, begin, more) = mine, other
            if (key, at) != (there, begin):
                return False
            step = min(count, more)
            mine = (key, at + step, count - step) if count > step else next(first, None)
            other = (there, begin + step, more - step) if more > step else next(second, None)
        return mine is None and other is None and self._holds_nothing_twice(outer) and self._left > 0

    def _holds_nothing_twice(self, key: TensorKey) -> bool:
        if key not in self._unique:
            spans = sorted((source, at, at + count) for source, at, count in self._walk(key, 0, self._size(key)))
            self._unique[key] = all(a[0] != b[0] or a[2] <= b[1] for a, b in pairwise(spans))
        return self._unique[key]

    def _walk(self, key: TensorKey, low: int, high: int) -> Iterator[tuple[TensorKey, int, int]]:
        """The bytes `[low, high)` of `key` as (tensor that they were made for, first byte there, count)."""
        open_ = [(key, low, high)]
        while open_ and self._left > 0:
            key, low, high = open_.pop()
            self._left -= 1
            pieces = self._pieces.get(key)
            if pieces is None:
                yield key, low, high - low
                continue
            found: list[tuple[TensorKey, int, int]] = []
            at = low
            first = max(0, bisect_right(pieces, low, key=lambda piece: piece[0]) - 1)
            for begin, end, source, start in islice(pieces, first, None):
                self._left -= 1
                if begin >= high:
                    break
                begin, end, start = max(begin, at), min(end, high), start + max(begin, at) - begin
                if begin >= end:
                    continue
                if at < begin:
                    found.append((key, at, begin))
                found.append((source, start, start + end - begin))
                at = end
            if at < high:
                found.append((key, at, high))
            if found == [(key, low, high)]:
                yield key, low, high - low
                continue
            # Bytes that no piece covers were made for this tensor.
            for k, a, b in reversed(found):
                open_.append((k, a, b))
