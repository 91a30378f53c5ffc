"""A problem as the flat arrays that the kernels read."""

from typing import NamedTuple

from tmpass.problem import Problem


class Arrays(NamedTuple):
    """Per buffer; `fixed` is -1 where the allocator chooses. Gaps are left out: a buffer stays solid."""

    lower: list[int]
    upper: list[int]
    size: list[int]
    alignment: list[int]
    fixed: list[int]


def to_arrays(problem: Problem) -> Arrays:
    """The buffers of `problem` in their order."""
    buffers = problem.buffers
    return Arrays(
        [b.lower for b in buffers],
        [b.upper for b in buffers],
        [b.size for b in buffers],
        [problem.alignment_of(b) for b in buffers],
        [-1 if b.offset is None else b.offset for b in buffers],
    )


def peak_of(problem: Problem, offsets: list[int]) -> int:
    """The highest offset + size; an empty buffer has no top."""
    return max((o + b.size for o, b in zip(offsets, problem.buffers, strict=True) if b.size), default=0)
