"""A problem of transfers as the native core reads it, for searches that choose the order.

A tensor that only one step needs is bytes of that step, not an item: a parameter with one reader, or a result that
nobody reads.
"""

from collections.abc import Iterable
from math import gcd
from typing import NamedTuple

import tmpass._core as _core
from tmpass.base.errors import UsageError
from tmpass.base.record import record
from tmpass.planning.residency.transfers.problem import TensorKind, TransferProblem

_MAX = 2**56
"""The most that the kernel takes of all sizes times uses, of all room, and of the capacity."""


@record
class Item:
    """A tensor that several steps need.

    Fields:
        tensor: its number.
        maker: the operator that makes it; None for inputs and parameters.
        readers: the operators that read it, rising.
        light: to leave costs its size, not twice that: a copy lies behind, or the run stores one in any case.
    """

    tensor: int
    size: int
    maker: int | None
    readers: tuple[int, ...]
    light: bool

    @property
    def users(self) -> tuple[int, ...]:
        """All operators that need it."""
        return self.readers if self.maker is None else (self.maker, *self.readers)


class Overwrite(NamedTuple):
    """Operator `op` may write tensor `result` over tensor `source`, in orders in which no later operator reads that."""

    op: int
    source: int
    result: int


@record
class OrderProblems:
    """Items and operators, from which the native problems are made.

    Fields:
        own: for each operator, the sizes of the tensors that no other step needs.
        saved: rows of an operator, an item that it may write over, and the bytes that it needs less then.
    """

    problem: TransferProblem
    items: tuple[Item, ...]
    own: tuple[tuple[int, ...], ...]
    saved: tuple[tuple[int, int, int], ...] = ()

    @property
    def unit(self) -> int:
        """What divides the cost of every plan, in bytes."""
        return gcd(*(item.size for item in self.items)) or 1

    @property
    def light_bytes(self) -> int:
        """The bytes of all items that leave for their size."""
        return sum(item.size for item in self.items if item.light)

    def up(self, size: int) -> int:
        """`size` rounded up to the alignment."""
        return -(-size // self.problem.alignment) * self.problem.alignment

    @property
    def largest_need(self) -> int:
        """The least capacity with which each operator alone can run, in bytes.

        Addresses are multiples of the alignment, so only the topmost tensor takes no more than its size.
        """
        touched: list[list[int]] = [list(sizes) for sizes in self.own]
        for item in self.items:
            for user in item.users:
                touched[user].append(item.size)
        saved = self.most_saved
        return max((self._stacked(sizes) - saved[op] for op, sizes in enumerate(touched) if sizes), default=0)

    @property
    def most_saved(self) -> list[int]:
        """The bytes that each operator saves at most by writing over an item, in multiples of the alignment."""
        most = [0] * len(self.own)
        for op, _, size in self.saved:
            most[op] = max(most[op], self.up(size))
        return most

    def _stacked(self, sizes: list[int]) -> int:
        return sum(map(self.up, sizes)) - max(self.up(size) - size for size in sizes)

    def free_order(self) -> "_core.FreeOrderProblem":
        """The problem of the search over labels.

        Sizes and capacity are rounded up to the alignment, which loses nothing: a packing within the
        capacity stays one, since offset + size <= capacity holds rounded up on both sides.

        Raises:
            UsageError: the sizes are too large for the kernel.
        """
        moved = sum(item.size * (len(item.readers) + 2) for item in self.items)
        room = sum(self.up(item.size) for item in self.items) + sum(self.up(size) for own in self.own for size in own)
        if max(moved, room, self.up(self.problem.capacity)) > _MAX:
            raise UsageError("the sizes of all tensors are too large together", hint="sizes times uses up to 2^56")
        starts, readers = _flat(item.readers for item in self.items)
        return _core.FreeOrderProblem(
            self.up(self.problem.capacity),
            (
                [item.size for item in self.items],
                [self.up(item.size) for item in self.items],
                [int(item.light and item.maker is not None) for item in self.items],
                [-1 if item.maker is None else item.maker for item in self.items],
            ),
            starts,
            readers,
            [sum(map(self.up, sizes)) for sizes in self.own],
            over=[number for op, item, size in self.saved for number in (op, item, self.up(size))],
        )

    def least_peak(self, *, light: bool) -> "_core.OrderProblem":
        """The problem of the order of least peak, in bytes without alignment.

        Args:
            light: count light items from their first to their last user. Otherwise they take bytes at their users only.
        """
        scratch = [sum(sizes) for sizes in self.own]
        kept, place = list[Item](), dict[int, int]()
        for number, item in enumerate(self.items):
            if light or not item.light:
                place[number] = len(kept)
                kept.append(item)
            else:
                for user in item.users:
                    scratch[user] += item.size
        in_place = list[int]()
        for op, number, size in self.saved:
            if number in place:
                in_place += (op, size, 1, place[number])
            else:  # as if it were always written over
                scratch[op] -= min(size, scratch[op])
        edges = [
            op for item in self.items if item.maker is not None for user in item.readers for op in (item.maker, user)
        ]
        starts, users = _flat(item.users for item in kept)
        none = [0] * len(kept)
        return _core.OrderProblem(edges, [item.size for item in kept], none, none, starts, users, scratch, in_place)


def _flat(rows: Iterable[tuple[int, ...]]) -> tuple[list[int], list[int]]:
    starts, flat = [0], list[int]()
    for row in rows:
        flat += row
        starts.append(len(flat))
    return starts, flat


def order_problems(problem: TransferProblem, overwrites: Iterable[Overwrite] = ()) -> OrderProblems:
    """The items and operators of `problem`, whose operators may write over what they read as `overwrites` say."""
    readers: list[list[int]] = [[] for _ in problem.tensors]
    makers: list[int | None] = [None] * len(problem.tensors)
    for number, operator in enumerate(problem.operators):
        for read in dict.fromkeys(operator.inputs):
            readers[read].append(number)
        for made in operator.outputs:
            makers[made] = number
    returned = set(problem.outputs)
    items: list[Item] = []
    own: list[list[int]] = [[] for _ in problem.operators]
    for number, tensor in enumerate(problem.tensors):
        maker, who = makers[number], readers[number]
        stored = tensor.kind is not TensorKind.ACTIVATION or maker is None  # an output of a model may have no maker
        if len(who) >= (2 if stored else 1):
            items.append(Item(number, tensor.size, maker, tuple(who), stored or number in returned))
        elif who or maker is not None:
            own[who[0] if who else maker or 0].append(tensor.size)
    number_of = {item.tensor: number for number, item in enumerate(items)}
    saved = tuple(
        (one.op, number_of[one.source], min(problem.tensors[one.source].size, problem.tensors[one.result].size))
        for one in overwrites
        if one.source in number_of
    )
    return OrderProblems(problem, tuple(items), tuple(map(tuple, own)), saved)
