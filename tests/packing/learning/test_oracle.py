"""The oracle against brute force, and on dead ends of problems whose packing is known."""

import random
from functools import cache

from support.brute_force import may_be_together
from support.families import guillotine

import tmpass._core as _core
from tmpass.packing.allocate import allocate
from tmpass.packing.check import check_offsets
from tmpass.packing.learning.oracle import first_wrong
from tmpass.packing.problem import Buffer, Gap, Problem


def drawn(rng, *, windows):
    """A problem of five buffers, some of which need only a part of their bytes at times where `windows` is true."""
    buffers = []
    for number in range(5):
        lower = rng.randint(0, 3)
        upper, size = rng.randint(lower + 1, 5), rng.randint(1, 3)
        gaps = (Gap(lower + 1, upper, 0, size - 1),) if windows and upper - lower > 1 else ()
        buffers.append(Buffer(str(number), lower, upper, size, gaps=gaps))
    return Problem(tuple(buffers))


def packings(problem, capacity):
    """Every packing within `capacity` bytes."""

    @cache
    def together(one, at, two, other):
        return may_be_together(problem, one, at, two, other)

    found = [()]
    for number, buffer in enumerate(problem.buffers):
        found = [
            (*offsets, offset)
            for offsets in found
            for offset in range(capacity - buffer.size + 1)
            if all(together(number, offset, *other) for other in enumerate(offsets))
        ]
    return found


def agrees(rng, *, windows):
    """Whether one of four placements, none of which overlaps another, was wrong; then the oracle has named it."""
    problem = drawn(rng, windows=windows)
    capacity = allocate(problem, "telamalloc").peak
    order = rng.sample(range(5), 4)
    offsets = [rng.randint(0, capacity - problem.buffers[at].size) for at in order]
    if check_offsets(problem.only(order), offsets):
        return False
    every = packings(problem, capacity)
    fits = [any(all(p[order[i]] == offsets[i] for i in range(d + 1)) for p in every) for d in range(4)]
    if all(fits):
        return False
    wanted = fits.index(False)
    for last in range(wanted, 4):
        assert first_wrong(problem, capacity, order, offsets, last) == wanted
    return True


def test_the_first_wrong_placement_is_that_of_brute_force():
    rng = random.Random(1)
    assert sum(agrees(rng, windows=False) for _ in range(300)) > 15


def test_the_same_with_windows():
    rng = random.Random(2)
    assert sum(agrees(rng, windows=True) for _ in range(300)) > 15


def test_without_nodes_the_first_placement_is_named():
    """A prefix without an answer counts as a wrong one."""
    problem = guillotine(2, 150, dropped=0.1)
    (buffers, offsets, last, _, _), *_ = _core.dead_ends(problem.native, problem.capacity, 20_000, 1, 1, 1)
    assert first_wrong(problem, problem.capacity, buffers, offsets, last, nodes=0) == 0
