"""Allocation problems for tests: small ones for hypothesis, larger ones from a seed."""

import random
from collections.abc import Sequence
from dataclasses import replace

from hypothesis import strategies as st

from tmpass.packing.problem import Buffer, Gap, Memory, Problem

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
    with_memories: bool = False,
    with_shared: bool = False,
    with_apart: bool = False,
    with_hints: bool = False,
    min_size: int = 0,
    max_size: int = 8,
    max_step: int = 8,
) -> Problem:
    """Draw a valid problem with small numbers, which may have no packing: fixed buffers may collide, the capacity and
    the memories may be too small, and what shares or stays apart may not be able to.
    """
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
    if with_hints:
        hints = st.none() | st.integers(0, 2 * max_size)
        buffers = [replace(b, hint=draw(hints)) for b in buffers]
    memories = draw(_memories(3 * max_size)) if with_memories else ()
    names = [memory.name for memory in memories]
    if names:
        some = st.just(()) | st.lists(st.sampled_from(names), unique=True).map(tuple)
        buffers = [replace(b, memories=draw(some)) for b in buffers]
    return Problem(
        tuple(buffers),
        capacity,
        alignment,
        memories,
        draw(_pairs(len(buffers))) if with_shared else (),
        draw(_pairs(len(buffers))) if with_apart else (),
    )


@st.composite
def _memories(draw: st.DrawFn, largest: int) -> tuple[Memory, ...]:
    """Draw at most three memories, with holes or not, the last of them with an end or not."""
    memories, end = [], 0
    for name in "xyz"[: draw(st.integers(0, 3))]:
        memories.append(Memory(name, end + draw(st.sampled_from((0, 0, 1, 5))), draw(st.integers(0, largest))))
        end = memories[-1].offset + (memories[-1].size or 0)
    if memories and draw(st.booleans()):
        memories[-1] = replace(memories[-1], size=None)
    return tuple(memories)


def _pairs(count: int) -> st.SearchStrategy[tuple[tuple[int, int], ...]]:
    """At most three pairs of `count` buffers."""
    every = [(a, b) for b in range(count) for a in range(b)]
    return st.lists(st.sampled_from(every), max_size=3, unique=True).map(tuple) if every else st.just(())


@st.composite
def _gaps(draw: st.DrawFn, buffer: Buffer) -> tuple[Gap, ...]:
    """Draw at most two gaps inside the live range of `buffer`, some of them with a window."""
    edges = sorted(draw(st.sets(st.integers(buffer.lower, buffer.upper), max_size=4)))
    gaps = []
    for lower, upper in zip(edges[::2], edges[1::2], strict=False):
        window = sorted(draw(st.tuples(st.integers(0, buffer.size), st.integers(0, buffer.size))))
        gaps.append(Gap(lower, upper, *window))
    return tuple(gaps)


def small_problem(rng: random.Random) -> Problem:
    """Return a problem of at most six buffers with sizes of at most six bytes, with some of all constraints."""
    buffers = []
    alignment = rng.choice((1, 1, 1, 2, 4))
    steps = rng.randint(1, 6)
    has = {name: rng.random() < 0.4 for name in ("gaps", "fixed", "memories", "shared", "apart", "hints", "aligned")}
    memories = _some_memories(rng) if has["memories"] else ()
    for number in range(rng.randint(1, 6)):
        lower = rng.randint(0, steps - 1)
        upper = rng.randint(lower + 1, steps)
        size = rng.randint(0 if rng.random() < 0.1 else 1, 6)
        own = rng.choice((1, 1, 2, 3, 4)) if has["aligned"] else 1
        fixed = has["fixed"] and rng.random() < 0.25
        step = Problem((), alignment=alignment).alignment_of(Buffer("", 0, 1, 0, own))
        buffers.append(
            Buffer(
                f"b{number}",
                lower,
                upper,
                size,
                own,
                offset=step * rng.randint(0, 12 // step) if fixed else None,
                hint=rng.randint(0, 12) if has["hints"] and rng.random() < 0.4 else None,
                gaps=_some_gaps(rng, lower, upper, size) if has["gaps"] and rng.random() < 0.5 else (),
                memories=tuple(m.name for m in memories if rng.random() < 0.5) if rng.random() < 0.5 else (),
            )
        )
    pairs = [(a, b) for b in range(len(buffers)) for a in range(b)]
    return Problem(
        tuple(buffers),
        rng.randint(0, 24) if rng.random() < 0.5 else None,
        alignment,
        memories,
        tuple(rng.sample(pairs, min(len(pairs), rng.randint(1, 2)))) if has["shared"] else (),
        tuple(rng.sample(pairs, min(len(pairs), rng.randint(1, 3)))) if has["apart"] else (),
    )


def _some_memories(rng: random.Random) -> tuple[Memory, ...]:
    memories: list[Memory] = []
    end = 0
    for name in "xyz"[: rng.randint(1, 3)]:
        memories.append(Memory(name, end + rng.choice((0, 0, 1, 4)), rng.randint(2, 16)))
        end = memories[-1].offset + (memories[-1].size or 0)
    if rng.random() < 0.6:
        memories[-1] = replace(memories[-1], size=None)
    return tuple(memories)


def _some_gaps(rng: random.Random, lower: int, upper: int, size: int) -> tuple[Gap, ...]:
    edges = sorted(rng.sample(range(lower, upper + 1), min(2 * rng.randint(1, 2), (upper - lower + 1) // 2 * 2)))
    gaps = []
    for begin, end in zip(edges[::2], edges[1::2], strict=True):
        window = sorted((rng.randint(0, size), rng.randint(0, size))) if rng.random() < 0.6 else (0, 0)
        gaps.append(Gap(begin, end, *window))
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


def windowless(problem: Problem) -> Problem:
    """Return `problem` with buffers that need no byte in their gaps."""
    return replace(
        problem,
        buffers=tuple(replace(b, gaps=tuple(Gap(g.lower, g.upper) for g in b.gaps)) for b in problem.buffers),
    )
