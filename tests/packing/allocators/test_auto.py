"""The default is never above another allocator."""

import random

import pytest
from support.families import skipping

from tmpass.base.choices import Status
from tmpass.base.errors import UsageError
from tmpass.packing.allocate import allocate
from tmpass.packing.allocators import ALLOCATORS
from tmpass.packing.problem import Buffer, Gap, Problem

OTHERS = [name for name in ALLOCATORS if name not in ("auto", "ilp", "cp-sat")]
"""Those that need no other package; test_agreement.py holds these two against the rest."""

ROWS = (
    "0,1,24 0,2,96 0,3,96 0,4,1 0,5,24 0,6,96 0,7,96 0,8,96 "
    "0,9,48 0,10,96 0,11,48 0,12,96 0,13,48 0,13,24 1,13,96 2,13,96 "
    "3,13,24 4,13,40 5,13,96 6,13,24 7,13,8 8,13,48 9,13,96 10,13,24 "
    "10,13,48 11,13,96 12,13,48 "
)
"""lower,upper,size of a network of layers that grow and shrink."""


def drawn(rng, *, windows):
    """A problem that first fit seldom solves: many sizes, live ranges of all lengths, and with `windows` gaps."""
    steps, unit = rng.randint(5, 24), rng.choice((1, 1, 4, 16))
    buffers = []
    for number in range(rng.randint(8, 28)):
        lower = rng.randrange(steps)
        upper = min(steps, lower + rng.choice((1, 2, 2, 3, 4, 8, steps)))
        size, gaps = unit * rng.randint(1, rng.choice((8, 50, 1000))), ()
        if windows and rng.random() < 0.3 and upper - lower > 2:
            begin = rng.randint(lower, upper - 1)
            window = sorted((rng.randint(0, size), rng.randint(0, size)))
            gaps = (Gap(begin, rng.randint(begin + 1, upper), *window),)
        buffers.append(Buffer(str(number), lower, upper, size, gaps=gaps))
    pairs = tuple((i, i + 1) for i in range(0, len(buffers) - 1, 9) if _may_share(buffers[i], buffers[i + 1]))
    return Problem(tuple(buffers), None, rng.choice((1, 1, 16, 64)), shared=pairs if rng.random() < 0.3 else ())


def _may_share(one, two):
    return not one.gaps and not two.gaps


@pytest.mark.parametrize("windows", [False, True])
@pytest.mark.parametrize("seed", range(4))
def test_no_other_method_is_lower(seed, windows):
    open_ = 0
    for number in range(25):
        problem = drawn(random.Random(1000 * seed + number), windows=windows)
        answer = allocate(problem, nodes=5000)
        open_ += answer.status is not Status.OPTIMAL
        if answer.peak == answer.lower_bound:
            continue
        for name in OTHERS:
            try:
                other = allocate(problem, name, nodes=5000)
            except UsageError:
                continue
            assert answer.peak <= other.peak, name
    assert open_ < 25


def test_one_method_finds_a_packing_that_another_misses():
    """In a million nodes, place or postpone stays at 1376."""
    rows = ROWS.split()
    buffers = [Buffer(str(i), *map(int, row.split(","))) for i, row in enumerate(rows)]
    answer = allocate(Problem(tuple(buffers), None, 64))
    assert (answer.peak, answer.status) == (1368, Status.OPTIMAL)
    assert answer.nodes < 100_000


@pytest.mark.parametrize("seed", [1, 3, 5])
def test_a_large_net_is_hard_in_a_few_places_only(seed):
    """Long-lived buffers end above the bound. Greedy packings of the whole net miss one of the places each."""
    answer = allocate(skipping(seed, 20_000), nodes=500_000)
    assert answer.status is Status.OPTIMAL
    assert answer.nodes < 60_000
