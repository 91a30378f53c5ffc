"""A problem as flat arrays, which the kernels read."""

from itertools import chain
from typing import NamedTuple

from tmpass.packing.problem import Problem, forbidden_offsets


class Arrays(NamedTuple):
    """A problem in flat arrays: one number per buffer, then tables, row after row.

    Fields:
        fixed: -1 where the allocator chooses the offset.
        gaps: rows of buffer, lower, upper, window_lower, window_upper.
        forbidden: rows of a buffer and the offsets [from, to) that it cannot have.
        apart: rows of two buffers.
    """

    lower: list[int]
    upper: list[int]
    size: list[int]
    alignment: list[int]
    fixed: list[int]
    gaps: list[int]
    forbidden: list[int]
    apart: list[int]


def to_arrays(problem: Problem) -> Arrays:
    """The arrays of `problem`, which has no shared pairs, in the order of its buffers."""
    buffers = problem.buffers
    aligned = problem.alignment > 1
    return Arrays(
        [b.lower for b in buffers],
        [b.upper for b in buffers],
        [b.size for b in buffers],
        [problem.alignment_of(b) for b in buffers] if aligned else [b.alignment for b in buffers],
        [-1 if b.offset is None else b.offset for b in buffers],
        [
            number
            for at, b in enumerate(buffers)
            if b.gaps
            for gap in b.gaps
            for number in (at, gap.lower, gap.upper, gap.window_lower, gap.window_upper)
        ],
        forbidden_offsets(problem) if problem.memories else [],
        list(chain.from_iterable(problem.apart)),
    )


def peak_of(problem: Problem, offsets: list[int]) -> int:
    """The highest offset + size in bytes. Buffers without bytes do not count."""
    return max((o + b.size for o, b in zip(offsets, problem.buffers, strict=True) if b.size), default=0)
