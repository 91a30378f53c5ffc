"""Joining rectangles: buffers cut out of one rectangle come together again."""

import random
import signal
import time

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


def spiral(count):
    """A rectangle that grows by one buffer at its end and one on top, again and again: few are joined in a round."""
    rows = [(0, 1, 1)]
    for i in range(1, count // 2):
        rows += (i, i + 1, i), (0, i + 1, 1)
    return Problem(tuple(Buffer(str(i), *row) for i, row in enumerate(rows)))


def nested(count):
    """Buffers that all end at one step, where nothing fits together: many candidates."""
    rng = random.Random(1)
    return Problem(tuple(Buffer(str(i), i, count + 1, rng.randint(1, 10**6)) for i in range(count)))


def test_few_rounds_join_a_short_spiral_and_a_long_one_is_given_up():
    assert peak_of(spiral(40), _core.join_rectangles(spiral(40).native, 0)) == 20
    assert _core.join_rectangles(spiral(20_000).native, 0) == []


def test_nothing_to_join_is_found_out_in_seconds():
    """All three take 3 s of the processor on an idle machine, a square takes minutes."""
    begin = time.process_time()
    for problem in (spiral(20_000), nested(20_000), nested(60_000)):
        assert _core.join_rectangles(problem.native, 0) == []
    assert time.process_time() - begin < 30


def test_signals_arrive_within_a_round():
    """More often than there are rounds: 11 at most, where nothing is joined."""
    arrived = []
    problem = nested(60_000).native
    before = signal.signal(signal.SIGVTALRM, lambda *_: arrived.append(1))
    try:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0.001, 0.001)
        _core.join_rectangles(problem, 0)
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        signal.signal(signal.SIGVTALRM, before)
    assert len(arrived) > 15
