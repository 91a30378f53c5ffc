"""Bytes that are alive while an operator runs, or a stage, whatever the order of the operators.

A tensor is alive at an operator in any order if the model gives it or an operator makes it that this one waits for, and
if the model returns it or an operator reads it that waits for this one. Of tensors that a planner may put in one place,
the largest counts.
"""

from collections.abc import Iterable, Sequence
from functools import cached_property

from tmpass.graph.model import Op
from tmpass.splitting.net import Net
from tmpass.targets import Target


def may_share(op: Op, target: Target) -> bool:
    """Whether results of an operator may lie over its inputs, or inside them, or around them."""
    if op.moves is not None or op.calls:
        return True
    return target.sharing.written_over(op.kind, elementwise=op.elementwise, custom=op.custom) != ()


class WorkingSets:
    """What is alive in any order of the operators of one net on one target.

    Positions are those of the order of the net. It is one of many orders, and only its dependencies count.
    """

    def __init__(self, net: Net, target: Target) -> None:
        self.net, self.target = net, target

    def whole(self, position: int) -> int:
        """The bytes alive while an operator runs in one piece."""
        net, op = self.net, self.net.op(position)
        own = [t for t in (*op.inputs, *op.outputs) if net.active(t)]
        return self.sum((*own, *self.across(self.before[position], self.after[position])))

    def through(self, first: int, last: int, source: int, result: int) -> int:
        """The bytes alive during a stage besides what its operators read and make.

        Args:
            first: the position of its first operator.
            last: the position of its last operator.
            source: what they read.
            result: what they make.
        """
        net = self.net
        inside = {t for p in range(first, last + 1) for t in net.op(p).outputs if net.active(t)}
        counted = {self.root(t) for t in (source, result, *inside)}
        maker = net.writer.get(source, -1)
        before = self.before[maker] | 1 << maker if maker >= 0 else 0
        found = self.across(before, self.after[net.writer[result]])
        return self.sum(t for t in found if self.root(t) not in counted)

    def kept(self, source: int, result: int) -> bool:
        """Whether a source of a stage is alive after it."""
        return bool(source in self.net.main.outputs or self._readers[source] & self.after[self.net.writer[result]])

    def root(self, t: int) -> int:
        """One tensor for all those that may share bytes with `t`."""
        return self._roots.of(t)

    def have_common(self, tensors: Sequence[int], first: int, last: int) -> bool:
        """Whether two tensors may have common bytes by operators outside [first, last] that move values."""
        net, roots = self.net, _Roots()
        for position in range(len(net.order)):
            op = net.op(position)
            if not first <= position <= last and (op.moves is not None or op.calls):
                roots.join([t for t in (*op.inputs, *op.outputs) if net.active(t)])
        return len({roots.of(t) for t in tensors}) < len(tensors)

    def is_needed(self, t: int, after: int) -> bool:
        """Whether the model returns a tensor, or one of the operators `after`, as bits, reads it."""
        return t in self.net.main.outputs or bool(self._readers.get(t, 0) & after)

    def sum(self, tensors: Iterable[int]) -> int:
        """The bytes of tensors; of those that may share bytes, the largest counts."""
        largest: dict[int, int] = {}
        for t in tensors:
            root = self.root(t)
            largest[root] = max(largest.get(root, 0), self.net.bytes(t))
        return sum(largest.values())

    def across(self, before: int, after: int) -> list[int]:
        """The tensors that are there once the operators `before` have run, and that are needed by those in `after`."""
        net = self.net
        return [
            t
            for t in dict.fromkeys((*net.main.inputs, *net.writer))
            if net.active(t) and (t not in net.writer or before >> net.writer[t] & 1) and self.is_needed(t, after)
        ]

    @cached_property
    def _readers(self) -> dict[int, int]:
        """Tensor -> the positions that read it, as bits."""
        return {t: sum(1 << position for position in found) for t, found in self.net.readers.items()}

    @cached_property
    def before(self) -> list[int]:
        """The positions that each position waits for, as bits."""
        found: list[int] = []
        for position in range(len(self.net.order)):
            makers = {self.net.writer[t] for t in self.net.op(position).inputs if t in self.net.writer}
            bits = 0
            for maker in makers:
                bits |= found[maker] | 1 << maker
            found.append(bits)
        return found

    @cached_property
    def after(self) -> list[int]:
        """The positions that wait for each position, as bits."""
        found = [0] * len(self.net.order)
        for position in reversed(range(len(self.net.order))):
            for t in self.net.op(position).outputs:
                for reader in self.net.readers.get(t, ()):
                    found[position] |= found[reader] | 1 << reader
        return found

    @cached_property
    def _roots(self) -> "_Roots":
        """The tensors that may share bytes. Inputs and outputs of the model share nothing."""
        net, roots = self.net, _Roots()
        for op in net.main.ops:
            if may_share(op, self.target):
                roots.join([t for t in (*op.inputs, *op.outputs) if net.active(t) and t not in net.ends])
        return roots


class _Roots:
    """A forest of tensors; each begins as a tree of its own."""

    def __init__(self) -> None:
        self._above = dict[int, int]()

    def of(self, t: int) -> int:
        """The root of the tree of `t`."""
        above = self._above
        while (found := above.get(t, t)) != t:
            above[t] = t = above.get(found, found)
        return t

    def join(self, tensors: Sequence[int]) -> None:
        """Put tensors into one tree."""
        for t in tensors[1:]:
            self._above[self.of(t)] = self.of(tensors[0])
