"""The items of a class of many tensors, from its first byte to its last, with the operators that decide their lives.

bytes   0     16    32    48            concat 2 of (concat 1 of (a, b), c): a is in three tensors, c in two
a       |-----|
concat 1|-----|-----|                   producers and concats touch a; the first and the last of them decide:
concat 2|-----|-----|-----|             in every order, concat 1 runs after a's producer and before concat 2
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import pairwise

Span = tuple[int, int, int]
"""A tensor's bytes `[low, high)` in its class, and the tensor."""

Item = tuple[int, int, list[int], bool, bool]
"""Bytes [low, high) of a class, in which no tensor of it begins or ends.

The other fields: the operators that touch the item, without those that run between two of the others in every order;
whether a tensor with these bytes is alive before the first operator; whether one is alive after the last.
"""


class Precedence:
    """The direct predecessors and successors of each operator, by edges (earlier, later)."""

    def __init__(self, edges: Iterable[tuple[int, int]]) -> None:
        self.before: dict[int, set[int]] = defaultdict(set)
        self.after: dict[int, set[int]] = defaultdict(set)
        for earlier, later in edges:
            self.before[later].add(earlier)
            self.after[earlier].add(later)


class _Touching:
    """A multiset of operators. `ends` are its operators that have no direct predecessor in it, or no direct
    successor.
    """

    def __init__(self, precedence: Precedence) -> None:
        self._precedence = precedence
        self._uses: dict[int, int] = {}
        self._before: dict[int, int] = {}
        self._after: dict[int, int] = {}
        self.ends: set[int] = set()

    def add(self, op: int) -> None:
        """Count one more tensor that `op` touches."""
        self._uses[op] = self._uses.get(op, 0) + 1
        if self._uses[op] == 1:
            self._before[op] = self._after[op] = 0
            self._link(op, 1)
            self._judge(op)

    def drop(self, op: int) -> None:
        """Count one tensor less that `op` touches."""
        self._uses[op] -= 1
        if not self._uses[op]:
            del self._uses[op]
            self.ends.discard(op)
            self._link(op, -1)
            del self._before[op], self._after[op]

    def _link(self, op: int, by: int) -> None:
        for other in self._precedence.before.get(op, ()):
            if other in self._uses:
                self._after[other] += by
                self._before[op] += by
                self._judge(other)
        for other in self._precedence.after.get(op, ()):
            if other in self._uses:
                self._before[other] += by
                self._after[op] += by
                self._judge(other)

    def _judge(self, op: int) -> None:
        if self._before[op] and self._after[op]:
            self.ends.discard(op)
        else:
            self.ends.add(op)


def sweep(
    spans: Sequence[Span],
    users: Mapping[int, Iterable[int]],
    precedence: Precedence,
    first: set[int],
    last: set[int],
) -> Iterator[Item]:
    """The items of a class of tensors, in the order of their bytes.

    Args:
        spans: of the tensors of the class.
        users: tensor -> the operators that touch it.
        precedence: of the operators.
        first: tensors that are alive before the first operator.
        last: tensors that are alive after the last operator.

    Complexity: linear in the tensors, the operators that touch them, the edges at these operators, and the output. To
    keep all operators of each item would be quadratic in the tensors where each lies inside the next.
    """
    begins: dict[int, list[int]] = defaultdict(list)
    finishes: dict[int, list[int]] = defaultdict(list)
    for low, high, t in spans:
        begins[low].append(t)
        finishes[high].append(t)
    touching = _Touching(precedence)
    inside = firsts = lasts = 0
    for low, high in pairwise(sorted({*begins, *finishes})):
        for t in finishes.get(low, ()):
            inside, firsts, lasts = inside - 1, firsts - (t in first), lasts - (t in last)
            for op in users[t]:
                touching.drop(op)
        for t in begins.get(low, ()):
            inside, firsts, lasts = inside + 1, firsts + (t in first), lasts + (t in last)
            for op in users[t]:
                touching.add(op)
        if inside:
            yield low, high, sorted(touching.ends), firsts > 0, lasts > 0
