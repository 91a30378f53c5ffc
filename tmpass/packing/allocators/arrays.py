"""A problem as the flat arrays that the kernels read."""

from itertools import chain
from typing import NamedTuple

from tmpass.packing.problem import Problem, barred


class Arrays(NamedTuple):
    """One number per buffer; `fixed` is -1 where the allocator chooses. Then tables, row after row.

    gaps: buffer, lower, upper, window_lower, window_upper; barred: buffer, and offsets [from, to) that it cannot have;
    apart: two buffers.
    """

    lower: list[int]
    upper: list[int]
    size: list[int]
    alignment: list[int]
    fixed: list[int]
    gaps: list[int]
    barred: list[int]
    apart: list[int]


def to_arrays(problem: Problem) -> Arrays:
    """The buffers of `problem`, which has no shared pairs, in their order."""
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
        barred(problem) if problem.memories else [],
        list(chain.from_iterable(problem.apart)),
    )


def peak_of(problem: Problem, offsets: list[int]) -> int:
    """The highest offset + size; an empty buffer has no top."""
    return max((o + b.size for o, b in zip(offsets, problem.buffers, strict=True) if b.size), default=0)
