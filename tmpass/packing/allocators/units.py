"""A problem in units, for external solvers of integer models. Small numbers keep them fast and exact.

If there is a packing within a limit, there is one whose offsets are all multiples of the unit. Rounding each offset
down to a multiple breaks no law, since the differences that two buffers need, the starts of memories and fixed offsets
are multiples too.
"""

from collections.abc import Iterator, Sequence
from math import gcd, lcm
from typing import NamedTuple

from tmpass.base.record import record
from tmpass.base.sizes import MAX_BYTES
from tmpass.packing.allocators.arrays import to_arrays
from tmpass.packing.problem import Buffer, Problem, in_use

Ranges = tuple[tuple[int, int], ...]
"""Closed ranges (first, last), rising."""


class Rectangle(NamedTuple):
    """The steps `[lower, upper)` of a buffer, and the bytes `[low, high)`, from its offset, that it needs there."""

    buffer: int
    lower: int
    upper: int
    low: int
    high: int


@record
class Units:
    """The decisions of a problem: buffer b, of those with bytes, begins at `choice * step[b]`. All lengths are bytes.

    Fields:
        limit: no top is above it.
        unit: divides every step.
        grain: divides the unit and every size.
        at: the index of each buffer in the problem.
        step: what the offset of each buffer is a multiple of.
        choices: for each buffer, the multiples that keep it below `limit`, at its fixed offset and in its memories.
            There is at least one.
        rectangles: what the buffers need, by time.
        apart: pairs of indices in the problem that must be apart.
        empty: the offsets of buffers without bytes, by index in the problem.
    """

    problem: Problem
    limit: int
    unit: int
    grain: int
    at: tuple[int, ...]
    step: tuple[int, ...]
    choices: tuple[Ranges, ...]
    rectangles: tuple[Rectangle, ...]
    apart: frozenset[frozenset[int]]
    empty: dict[int, int]

    def size(self, b: int) -> int:
        """The size of buffer `b` in bytes."""
        return self.problem.buffers[self.at[b]].size

    def offsets(self, chosen: Sequence[int]) -> tuple[int, ...]:
        """The offset of each buffer of the problem in bytes, when those with bytes have the choices `chosen`."""
        found = self.empty | {at: step * k for at, step, k in zip(self.at, self.step, chosen, strict=True)}
        return tuple(found[at] for at in range(len(self.problem.buffers)))

    def forbidden_differences(self, rectangles: Sequence[tuple[Rectangle, Rectangle]], a: int, b: int) -> Ranges:
        """The values of "offset of b minus offset of a", in units, that are forbidden.

        Args:
            rectangles: those of a and b that share a step, in pairs.
            a: the number of a buffer in this Units.
            b: the number of another.
        """
        slack = int(frozenset((self.at[a], self.at[b])) in self.apart)
        ranges = sorted(
            (-_up(two.high - one.low + slack, self.unit) + 1, _up(one.high - two.low + slack, self.unit) - 1)
            for one, two in rectangles
        )
        merged: list[tuple[int, int]] = []
        for first, last in ranges:
            if merged and first <= merged[-1][1] + 1:
                merged[-1] = (merged[-1][0], max(merged[-1][1], last))
            else:
                merged.append((first, last))
        return tuple(merged)


def count_pairs(problem: Problem) -> int:
    """The number of pairs of buffers that share a step. Gaps are ignored."""
    lowers = sorted(b.lower for b in problem.buffers)
    uppers = sorted(b.upper for b in problem.buffers)
    ended = pairs = 0
    for before, lower in enumerate(lowers):
        while uppers[ended] <= lower:
            ended += 1
        pairs += before - ended
    return pairs


def to_units(problem: Problem, limit: int) -> Units | None:
    """The decisions for packings with no top above `limit` bytes; None where one buffer alone has no place there."""
    arrays = to_arrays(problem)
    forbidden: dict[int, list[tuple[int, int]]] = {}
    for row in range(0, len(arrays.forbidden), 3):
        buffer, first, end = arrays.forbidden[row : row + 3]
        forbidden.setdefault(buffer, []).append((first, end))
    at = [i for i, b in enumerate(problem.buffers) if b.size]
    unit = _unit(problem, at, forbidden)
    apart = frozenset(frozenset(pair) for pair in problem.apart)
    empty: dict[int, int] = {}
    step, choices = [], []
    for i, b in enumerate(problem.buffers):
        step.append(lcm(problem.alignment_of(b), unit if b.size else 1))
        last = limit - b.size if b.size else MAX_BYTES
        choices.append(tuple(_choices(b, step[i], last, forbidden.get(i, ()))))
        if not choices[i]:
            return None
        if not b.size:
            empty[i] = choices[i][0][0] * step[i]
    rectangles = [
        Rectangle(number, lower, upper, low, high)
        for number, i in enumerate(at)
        for lower, upper, low, high in in_use(problem.buffers[i])
        if low < high
    ]
    return Units(
        problem,
        limit,
        unit,
        gcd(unit, *(problem.buffers[i].size for i in at)) or 1,
        tuple(at),
        tuple(step[i] for i in at),
        tuple(choices[i] for i in at),
        tuple(sorted(rectangles, key=lambda rectangle: (rectangle.lower, rectangle.buffer))),
        apart,
        empty,
    )


def meeting(rectangles: Sequence[Rectangle]) -> dict[tuple[int, int], list[tuple[Rectangle, Rectangle]]]:
    """Pairs of buffers (lower number first) that need bytes at one step, with their rectangles that do."""
    pairs: dict[tuple[int, int], list[tuple[Rectangle, Rectangle]]] = {}
    alive: list[Rectangle] = []
    for rectangle in rectangles:
        alive = [other for other in alive if other.upper > rectangle.lower]
        for other in alive:
            one, two = sorted((other, rectangle))
            pairs.setdefault((one.buffer, two.buffer), []).append((one, two))
        alive.append(rectangle)
    return pairs


def cliques(rectangles: Sequence[Rectangle]) -> Iterator[list[Rectangle]]:
    """The maximal sets of rectangles that are alive at one step, by time."""
    alive: list[Rectangle] = []
    grown = False
    for rectangle in rectangles:
        if any(other.upper <= rectangle.lower for other in alive):
            if grown:
                yield alive
            alive = [other for other in alive if other.upper > rectangle.lower]
        alive = [*alive, rectangle]
        grown = True
    if alive:
        yield alive


def _unit(problem: Problem, at: Sequence[int], forbidden: dict[int, list[tuple[int, int]]]) -> int:
    """The largest unit that is found without a search, in bytes.

    Without windows, sizes count as rounded up to the common divisor of all alignments, since they take that much.
    """
    common = gcd(*(problem.alignment_of(problem.buffers[i]) for i in at))
    windows = [gap for i in at for gap in problem.buffers[i].gaps if gap.window_lower < gap.window_upper]
    sizes = [problem.buffers[i].size for i in at]
    edges = [edge for gap in windows for edge in (gap.window_lower, gap.window_upper)]
    starts = [end for i in at for _, end in forbidden.get(i, ()) if end <= MAX_BYTES]
    fixed = [problem.buffers[i].offset or 0 for i in at]
    rounded = [_up(start, common) * common for start in (*starts, *(() if windows else sizes))]
    unit = gcd(*rounded, *fixed, *((*sizes, *edges) if windows else ()), common if problem.apart else 0) or 1
    alignments = {problem.alignment_of(problem.buffers[i]) for i in at}
    while odd := [a for a in alignments if unit % a and a % unit]:
        unit = gcd(unit, *odd)
    return unit


def _choices(b: Buffer, step: int, last: int, forbidden: Sequence[tuple[int, int]]) -> Iterator[tuple[int, int]]:
    """The multiples of `step` up to `last` that are not `forbidden`, or the one for the fixed offset."""
    if b.offset is not None:
        if b.offset <= last:
            yield b.offset // step, b.offset // step
        return
    free = 0
    for first, end in (*forbidden, (last + 1, last + 1)):
        low, high = _up(free, step), (min(first, last + 1) - 1) // step
        if low <= high:
            yield low, high
        free = end


def _up(value: int, by: int) -> int:
    """`value / by`, rounded up."""
    return -(-value // by)
