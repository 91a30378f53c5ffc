"""Allocation problems for tests: small ones for hypothesis, larger ones from a seed."""

import random
from collections.abc import Sequence

from hypothesis import strategies as st

from tmpass.problem import Buffer, Gap, Problem

ALIGNMENTS = (1, 2, 3, 4)


@st.composite
def problems(
    draw: st.DrawFn,
    max_buffers: int = 6,
    *,
    with_fixed: bool = False,
    with_alignment: bool = False,
    with_gaps: bool = False,
    with_capacity: bool = False,
    min_size: int = 0,
    max_size: int = 8,
    max_step: int = 8,
) -> Problem:
    """Draw a valid problem with small numbers; fixed buffers may collide, the capacity may be too small."""
    alignment = draw(st.sampled_from(ALIGNMENTS)) if with_alignment else 1
    buffers: list[Buffer] = []
    for index in range(draw(st.integers(0, max_buffers))):
        lower = draw(st.integers(0, max_step - 1))
        buffer = Buffer(
            id=f"b{index}",
            lower=lower,
            upper=draw(st.integers(lower + 1, max_step)),
            size=draw(st.integers(min_size, max_size)),
            alignment=draw(st.sampled_from(ALIGNMENTS)) if with_alignment else 1,
        )
        gaps = draw(_gaps(buffer)) if with_gaps else ()
        offset = None
        if with_fixed and draw(st.integers(0, 3)) == 0:
            step = Problem((), alignment=alignment).alignment_of(buffer)
            offset = step * draw(st.integers(0, 2 * max_size // step))
        buffers.append(Buffer(buffer.id, lower, buffer.upper, buffer.size, buffer.alignment, offset=offset, gaps=gaps))
    capacity = draw(st.none() | st.integers(0, max_buffers * max_size)) if with_capacity else None
    return Problem(tuple(buffers), capacity, alignment)


@st.composite
def _gaps(draw: st.DrawFn, buffer: Buffer) -> tuple[Gap, ...]:
    """Draw at most two gaps inside the live range of `buffer`, some of them with a window."""
    edges = sorted(draw(st.sets(st.integers(buffer.lower, buffer.upper), max_size=4)))
    gaps = []
    for lower, upper in zip(edges[::2], edges[1::2], strict=False):
        window = sorted(draw(st.tuples(st.integers(0, buffer.size), st.integers(0, buffer.size))))
        gaps.append(Gap(lower, upper, *window))
    return tuple(gaps)


def random_problem(
    seed: int,
    buffers: int,
    *,
    steps: int = 0,
    longest: int = 8,
    max_size: int = 64,
    alignments: Sequence[int] = (1,),
    capacity: int | None = None,
    alignment: int = 1,
) -> Problem:
    """Return the same problem for the same arguments: buffers that live at most `longest` of the `steps`.

    `steps` of 0 stands for as many as there are buffers; each buffer has one of the `alignments`.
    """
    rng = random.Random(seed)
    steps = steps or max(buffers, 1)
    made = []
    for index in range(buffers):
        length = rng.randint(1, min(longest, steps))
        lower = rng.randint(0, steps - length)
        size = rng.randint(1, max_size)
        made.append(Buffer(f"b{index}", lower, lower + length, size, rng.choice(alignments)))
    return Problem(tuple(made), capacity, alignment)
