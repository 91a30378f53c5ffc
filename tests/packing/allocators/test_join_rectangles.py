"""Joining rectangles: buffers cut out of one rectangle come together again."""

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.exact import least_peak
from support.problems import problems

import tmpass._core as _core
from tmpass.packing.allocate import allocate
from tmpass.packing.allocators.arrays import peak_of
from tmpass.packing.check import check_offsets
from tmpass.packing.problem import Buffer, Problem

HEIGHT = 1 << 20


def cut(piece, rng, pinwheels):
    """The five parts of a pinwheel, or two parts: of the steps or of the bytes."""
    lower, upper, size = piece
    if pinwheels and rng.random() < 0.5:
        a, b = sorted(rng.sample(range(lower + 1, upper), 2))
        low = rng.randrange(1, size // 2)
        high = rng.randrange(1, size - low)
        centre = (a, b, size - low - high)
        return (lower, b, low), (lower, a, size - low), centre, (a, upper, high), (b, upper, size - high)
    if rng.random() < 0.5:
        middle = rng.randrange(lower + 1, upper)
        return (lower, middle, size), (middle, upper, size)
    low = rng.randrange(1, size)
    return (lower, upper, low), (lower, upper, size - low)


def rectangle(seed, count, *, pinwheels):
    """A rectangle of HEIGHT bytes cut into at least `count` buffers, the largest piece first, in random order."""
    rng = random.Random(seed)
    pieces = [(0, 1 << 20, HEIGHT)]
    while len(pieces) < count:
        largest = max(pieces, key=lambda piece: (piece[1] - piece[0]) * piece[2])
        pieces.remove(largest)
        pieces += cut(largest, rng, pinwheels) if largest[1] - largest[0] > 4 and largest[2] > 4 else ()
    rng.shuffle(pieces)
    return Problem(tuple(Buffer(str(i), *piece) for i, piece in enumerate(pieces)))


@pytest.mark.parametrize("pinwheels", [False, True])
@pytest.mark.parametrize("count", [2, 30, 1000])
@pytest.mark.parametrize("seed", range(3))
def test_pieces_of_a_rectangle_come_together(seed, count, pinwheels):
    problem = rectangle(seed, count, pinwheels=pinwheels)
    offsets = _core.join_rectangles(problem.native, HEIGHT)
    if len(problem.buffers) >= 8:
        assert check_offsets(problem, offsets) == []
        assert peak_of(problem, offsets) == HEIGHT


def test_auto_joins_what_is_too_large_for_an_exact_search():
    problem = rectangle(5, 4500, pinwheels=True)
    found = allocate(problem)
    assert (found.peak, found.allocator) == (HEIGHT, "joined rectangles")


def narrow(draw):
    """A buffer of few kinds, so that much matches by chance."""
    lower = draw(st.integers(0, 3))
    return lower, draw(st.integers(lower + 1, 4)), draw(st.integers(0, 3))


@settings(max_examples=300, deadline=None)
@given(st.data(), st.integers(1, 40))
def test_wrong_matches_break_no_law(data, count):
    problem = Problem(tuple(Buffer(str(i), *narrow(data.draw)) for i in range(count)))
    offsets = _core.join_rectangles(problem.native, 0)
    assert not offsets or check_offsets(problem, offsets) == []


@settings(max_examples=200, deadline=None)
@given(problems(max_buffers=8, with_fixed=True, with_alignment=True, with_gaps=True))
def test_other_constraints_are_kept_or_refused(problem):
    offsets = _core.join_rectangles(problem.native, 0)
    if offsets:
        assert check_offsets(problem, offsets) == []
        assert peak_of(problem, offsets) >= least_peak(problem)


def test_sizes_that_alignments_divide_are_joined():
    buffers = tuple(Buffer(str(i), 3, 9, 64 * (i + 1), 32) for i in range(8))
    assert check_offsets(Problem(buffers), _core.join_rectangles(Problem(buffers).native, 0)) == []
    odd = (*buffers, Buffer("odd", 3, 9, 65, 32))
    assert _core.join_rectangles(Problem(odd).native, 0) == []
