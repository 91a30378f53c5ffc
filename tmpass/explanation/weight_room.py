"""The room for copies of constants at each step of a plan, and a lower bound on the bytes that each run loads.

At each step: the end of its buffers + streamed copies of the step + residents <= room.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import combinations
from math import gcd

from tmpass.base.choices import ConstantUse
from tmpass.base.record import record
from tmpass.plans.plan import MemoryUse, Plan, PlannedConstant
from tmpass.targets import RUNTIMES

_BITS = 1 << 23

_STEPS, _TOGETHER = 8, 8
"""Bounds are computed at the steps with the least room, this many; and with at most this many constants of one step, or
used at several steps, that are enumerated.
"""


@record
class Room:
    """What is free of a memory for copies of constants.

    Fields:
        memory: of the plan.
        bytes: for buffers and copies; None where it is unlimited.
        tops: of each step, the end of its buffers, rounded up to the alignment.
        staged: of each step, the bytes of streamed copies, each rounded up.
        resident: bytes of all residents, each rounded up.
        busiest: the steps, those with the most bytes of buffers and streamed copies first.
    """

    memory: MemoryUse
    bytes: int | None
    tops: tuple[int, ...]
    staged: tuple[int, ...]
    resident: int
    busiest: tuple[int, ...]

    def rounded(self, size: int) -> int:
        """`size` as a multiple of the alignment of the memory."""
        return -(-size // self.memory.alignment) * self.memory.alignment

    def left_without(self, copies: Sequence[PlannedConstant]) -> tuple[int, int]:
        """The bytes that are left at the step with the least of them, and that step, were `copies` not there.

        All are multiples of the alignment: what is topmost need not be followed by anything, so a room that is none is
        rounded up. What is left may be negative: that is how many bytes are missing without `copies`.
        """
        own: dict[int, int] = {}
        for copy in copies:
            for step in range(max(0, copy.lower), min(copy.upper, len(self.tops))):
                own[step] = own.get(step, 0) + self.rounded(copy.size)
        other = next((step for step in self.busiest if step not in own), None)
        steps = own if other is None else {**own, other: 0}
        most, at = max((self.tops[step] + self.staged[step] - gone, -step) for step, gone in steps.items())
        return self.rounded(self.bytes or 0) - self.resident - most, -at


def find_room(plan: Plan, memory: MemoryUse) -> Room:
    """The room for copies in `memory` of `plan`. The rows of the plan may be wrong; steps outside are left out."""
    steps = max(1, len(plan.schedule))
    align, resident, changes = memory.alignment, 0, [0] * (steps + 1)
    for row in plan.constants:
        size = -(-row.size // align) * align
        if row.memory == memory.name and row.use == ConstantUse.RESIDENT:
            resident += size
        elif row.memory == memory.name and row.use == ConstantUse.STREAMED:
            changes[min(max(row.lower, 0), steps)] += size
            changes[min(max(row.upper, 0), steps)] -= size
    free = None if memory.capacity is None else memory.capacity - memory.overhead - memory.reserve
    tops, staged = _tops(plan, memory, steps), list(_sums(changes[:steps]))
    busiest = sorted(range(steps), key=lambda step: (-tops[step] - staged[step], step))
    return Room(memory, free, tuple(tops), tuple(staged), resident, tuple(busiest))


def room_by_sizes(plan: Plan, room: Room) -> Room:
    """The room where copies lie among the buffers: `tops` are the sums of their sizes, wherever they lie."""
    round_up = RUNTIMES[plan.target.runtime if plan.target.runtime in RUNTIMES else ""].round_up
    steps = len(room.tops)
    changes = [0] * (steps + 1)
    for buffer in plan.buffers_in(room.memory.name):
        size = room.rounded(round_up(buffer.size))
        changes[min(max(buffer.lower, 0), steps)] += size
        changes[min(max(buffer.upper, 0), steps)] -= size
    tops = tuple(_sums(changes[:steps]))
    busiest = sorted(range(steps), key=lambda step: (-tops[step] - room.staged[step], step))
    return replace(room, tops=tops, busiest=tuple(busiest))


def _tops(plan: Plan, memory: MemoryUse, steps: int) -> list[int]:
    """Of each step, the end of the buffers in `memory`: the highest of them first, each takes the steps still free."""
    known = plan.target.runtime in RUNTIMES
    round_up = RUNTIMES[plan.target.runtime if known else ""].round_up
    ends = [(-(-(b.offset + round_up(b.size)) // memory.alignment), b) for b in plan.buffers_in(memory.name) if b.size]
    tops, following = [0] * steps, list(range(steps + 1))
    for end, buffer in sorted(ends, key=lambda pair: (-pair[0], pair[1].id)):
        step = max(0, buffer.lower)
        while step < min(buffer.upper, steps):
            if following[step] == step:
                tops[step], following[step] = end * memory.alignment, step + 1
            else:
                following[step] = following[following[step]]
            step = following[step]
    return tops


def least_streamed(
    room: Room, sizes: Sequence[int], at_once: Sequence[int], loads: Sequence[Mapping[int, None]]
) -> int:
    """A lower bound on the bytes that each run loads, whichever constants stay, with copies above the planned buffers.

    At one step each constant that its operator reads takes at least what is there at once where it is streamed. So
    those that stay are in a knapsack: one that is read there takes the rest of its bytes, another one all of them.
    Saved bytes of the others are at most a sum of rounded sizes that fits.

    Args:
        room: with a limit.
        sizes: of each constant, in bytes.
        at_once: the bytes of each that are there at once where it is streamed.
        loads: of each constant, the steps for which it is loaded where it is streamed.
    """
    capacity = room.rounded(room.bytes or 0)
    total = sum(size * len(steps) for size, steps in zip(sizes, loads, strict=True))
    read: list[list[int]] = [[] for _ in room.tops]
    for one, steps in enumerate(loads):
        for step in steps:
            read[step].append(one)
    free = [capacity - top - sum(room.rounded(at_once[c]) for c in read[s]) for s, top in enumerate(room.tops)]
    saved = total
    for step in sorted(range(len(free)), key=lambda s: (free[s], s))[:_STEPS]:
        saved = min(saved, _most_saved(room, sizes, at_once, loads, read[step], max(0, free[step])))
    return total - saved


def _most_saved(
    room: Room,
    sizes: Sequence[int],
    at_once: Sequence[int],
    loads: Sequence[Mapping[int, None]],
    read: Sequence[int],
    capacity: int,
) -> int:
    """An upper bound on the bytes that residents save in each run, by the room of one step."""
    apart = [c for c, steps in enumerate(loads) if len(steps) > 1 or (steps and c in read)]
    plain = [room.rounded(sizes[c]) for c, steps in enumerate(loads) if steps and c not in apart]
    worth = [sizes[c] * len(loads[c]) for c in apart]
    taken = [room.rounded(sizes[c]) - room.rounded(at_once[c]) * (c in read) for c in apart]
    if len(apart) > _TOGETHER:
        return sum(worth) + min(capacity, sum(plain))
    sums = _Sums(plain, capacity)
    most = 0
    for count in range(len(apart) + 1):
        for chosen in combinations(range(len(apart)), count):
            rest = capacity - sum(taken[at] for at in chosen)
            if rest >= 0:
                most = max(most, sum(worth[at] for at in chosen) + sums.below(rest))
    return most


class _Sums:
    """The sums that subsets of some sizes have, as bits of a number, in units of what divides all of them.

    Where that would be too many bits, every sum counts as one that some subset has.
    """

    def __init__(self, sizes: Sequence[int], capacity: int) -> None:
        self._unit, self._total = gcd(*sizes) or 1, sum(sizes)
        most = min(capacity, self._total) // self._unit
        self._bits = 1 if most < _BITS else 0
        for size in sizes if self._bits else ():
            self._bits |= self._bits << size // self._unit & (1 << most + 1) - 1

    def below(self, capacity: int) -> int:
        """The largest sum of at most `capacity`."""
        if not self._bits:
            return min(capacity, self._total)
        inside = self._bits & (1 << min(capacity, self._total) // self._unit + 1) - 1
        return (inside.bit_length() - 1) * self._unit


def _sums(changes: Sequence[int]) -> Iterator[int]:
    total = 0
    for change in changes:
        total += change
        yield total
