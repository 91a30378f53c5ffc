"""Whether a small problem with every constraint fits a capacity, by trying all offsets.

Written from the words of the problem alone, slow and plain: byte by byte and step by step.
"""

import random
from itertools import product
from math import lcm

from tmpass.packing.problem import Buffer, Gap, Memory, Problem


def needs(buffer: Buffer, step: int) -> range:
    """Bytes, from its own offset on, that `buffer` needs at `step`."""
    if not buffer.lower <= step < buffer.upper:
        return range(0)
    for gap in buffer.gaps:
        if gap.lower <= step < gap.upper:
            return range(gap.window_lower, gap.window_upper)
    return range(buffer.size)


def may_be_at(problem: Problem, buffer: Buffer, offset: int, capacity: int) -> bool:
    """Whether `buffer` alone may be at `offset`."""
    if offset % problem.alignment_of(buffer) or (buffer.offset is not None and buffer.offset != offset):
        return False
    if buffer.size and offset + buffer.size > capacity:
        return False
    allowed = [m for m in problem.memories if not buffer.memories or m.name in buffer.memories]
    inside = [
        m for m in allowed if m.offset <= offset and (m.size is None or offset + buffer.size <= m.offset + m.size)
    ]
    return bool(inside) or not problem.memories


def may_be_together(problem: Problem, first: int, at: int, second: int, other: int) -> bool:
    """Whether buffer `first` may be at offset `at` while `second` is at `other`."""
    one, two = problem.buffers[first], problem.buffers[second]
    apart = (first, second) in problem.apart or (second, first) in problem.apart
    for step in range(max(one.lower, two.lower), min(one.upper, two.upper)):
        mine, theirs = needs(one, step), needs(two, step)
        taken = {at + byte for byte in mine}
        if apart:
            taken |= {byte + 1 for byte in taken} | {byte - 1 for byte in taken}
        if taken & {other + byte for byte in theirs}:
            return False
    return True


def fits(problem: Problem, capacity: int) -> bool:
    """Whether there is a packing of `problem` (without shared pairs) within `capacity`."""
    count = len(problem.buffers)
    choices = [
        [o for o in range(max(capacity, problem.reach) + 1) if may_be_at(problem, b, o, capacity)]
        for b in problem.buffers
    ]
    good = {
        (i, j): {(a, b) for a, b in product(choices[i], choices[j]) if may_be_together(problem, i, a, j, b)}
        for i in range(count)
        for j in range(i)
    }

    def rest(offsets: list[int]) -> bool:
        at = len(offsets)
        if at == count:
            return True
        return any(
            all((offset, offsets[j]) in good[at, j] for j in range(at)) and rest([*offsets, offset])
            for offset in choices[at]
        )

    return rest([])


def least_capacity(problem: Problem) -> int | None:
    """The least capacity within which `problem` fits; None if it fits within no capacity."""
    return next((capacity for capacity in range(problem.reach + 1) if fits(problem, capacity)), None)


def draw_problem(rng: random.Random, most: int = 6) -> Problem:
    """A small problem in which every constraint may meet every other."""
    alignment = rng.choice((1, 1, 1, 2, 4))
    memories: tuple[Memory, ...] = ()
    if rng.random() < 0.25:
        begin = rng.randint(0, 2)
        first = Memory("m", begin, rng.randint(2, 8))
        memories = (first, Memory("n", begin + (first.size or 0) + rng.randint(0, 2), rng.choice((None, 8))))
    with_gaps, with_fixed = rng.random() < 0.6, rng.random() < 0.3
    steps, size_limit = rng.randint(1, 6), rng.randint(1, 6)
    buffers = []
    for number in range(rng.randint(1, most)):
        lower = rng.randint(0, steps - 1)
        upper = rng.randint(lower + 1, steps)
        size, own = rng.randint(0, size_limit), rng.choice((1, 1, 1, 2, 3))
        offset = lcm(alignment, own) * rng.randint(0, 3) if with_fixed and rng.random() < 0.3 else None
        gaps: list[Gap] = []
        if with_gaps and rng.random() < 0.7:
            edges = sorted(rng.sample(range(lower, upper + 1), min(upper - lower + 1, rng.choice((2, 2, 4)))))
            for begin, end in zip(edges[::2], edges[1::2], strict=False):
                low, high = sorted((rng.randint(0, size), rng.randint(0, size)))
                gaps.append(Gap(begin, end, low, high))
        names = (rng.choice("mn"),) if memories and rng.random() < 0.4 else ()
        buffers.append(Buffer(str(number), lower, upper, size, own, offset=offset, gaps=tuple(gaps), memories=names))
    pairs = [(i, j) for i in range(len(buffers)) for j in range(i)]
    apart = tuple(pair for pair in pairs if rng.random() < 0.3) if rng.random() < 0.4 else ()
    return Problem(tuple(buffers), None, alignment, memories, apart=apart)
