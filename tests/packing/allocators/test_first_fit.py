"""First fit in several orders, and the repair of packings that are too high."""

import random
from dataclasses import replace
from itertools import accumulate

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.exact import least_peak
from support.problems import problems, random_problem

import tmpass._core as _core
from tmpass.packing.allocators import Found, Goal, first_fit
from tmpass.packing.allocators.arrays import peak_of, to_arrays
from tmpass.packing.check import check_offsets
from tmpass.packing.problem import Buffer, Memory, Problem

NEVER = 0
SEVERAL = 4096
"""From this number of buffers on, other orders come first."""
SEVERAL_ORDERS = (4, 3, 5, 0, 1, 2, 6)
FEW_ORDERS = (0, 6, 3, 1, 2, 4, 5)


def orders(problem):
    """The orders of `pack` by their numbers, from their definition."""
    load, count = _core.contention(problem.native), overlaps(problem)
    keys = (
        lambda _, b: (-b.size, b.lower - b.upper, b.lower),
        lambda _, b: (-b.size * (b.upper - b.lower), -b.size, b.lower),
        lambda _, b: (b.lower - b.upper, -b.size, b.lower),
        lambda i, b: (-load[i], -b.size, b.lower - b.upper),
        lambda _, b: (b.lower, b.lower - b.upper, -b.size),
        lambda i, _: (i,),
        lambda i, b: (-b.size * count[i], -b.size, b.lower - b.upper, b.lower),
    )
    for key in keys:
        yield sorted(range(len(problem.buffers)), key=lambda i: (*key(i, problem.buffers[i]), i))


def overlaps(problem):
    """Per buffer, how many others share a step with it."""
    steps = range(problem.horizon + 1)
    starts, ends = [0] * len(steps), [0] * len(steps)
    for b in problem.buffers:
        starts[b.lower] += 1
        ends[b.upper] += 1
    started, ended = list(accumulate(starts)), list(accumulate(ends))
    return [started[b.upper - 1] - ended[b.lower] - 1 for b in problem.buffers]


def by_hand(problem):
    """The first of the lowest packings over all orders: (offsets, peak, number of the order)."""
    native, every = problem.native, list(orders(problem))
    turns = SEVERAL_ORDERS if len(problem.buffers) >= SEVERAL else FEW_ORDERS
    found = []
    for turn, number in enumerate(turns):
        offsets = _core.first_fit(native, every[number])
        found.append((peak_of(problem, offsets), turn, offsets))
    peak, turn, offsets = min(found)
    return offsets, peak, turns[turn]


@settings(max_examples=200, deadline=None)
@given(problems(max_buffers=8, with_fixed=True, with_alignment=True, with_gaps=True))
def test_pack_is_the_lowest_of_all_orders(problem):
    assert _core.pack(problem.native, NEVER) == by_hand(problem)


def test_pack_is_the_same_for_few_and_for_more():
    """Up to 200 buffers the placed ones are kept by offset, above that by time."""
    for count in (150, 199, 200, 201, 400, 4096):
        problem = random_problem(count, count, longest=40, alignments=(1, 2, 16))
        assert _core.pack(problem.native, NEVER) == by_hand(problem)


def test_pack_ends_at_the_first_order_that_is_low_enough():
    problem = random_problem(5, 100)
    _, peak, order = _core.pack(problem.native, 2**60)
    assert order == 0
    assert peak >= _core.pack(problem.native, NEVER)[1]


@settings(max_examples=200, deadline=None)
@given(problems(max_buffers=8, with_fixed=True, with_alignment=True, with_gaps=True), st.integers(0, 60))
def test_a_ceiling_leaves_out_what_is_above_and_changes_nothing_else(problem, ceiling):
    order = list(range(len(problem.buffers)))
    for tightest in (False, True):
        offsets = _core.first_fit(problem.native, order, tightest)
        tops = [o + b.size for o, b in zip(offsets, problem.buffers, strict=True) if b.size and b.offset is None]
        expected = offsets if max(tops, default=0) <= ceiling else []
        assert _core.first_fit(problem.native, order, tightest, ceiling) == expected


@pytest.mark.parametrize(("longest", "left_out"), [(40, (3, 1, 2, 6)), (600, (4, 1, 2, 6))])
def test_further_orders_are_the_lowest_below_a_peak(longest, left_out):
    """The second problem is crowded: its placed buffers are kept by offset, and another order is left out."""
    problem = random_problem(3, 600, longest=longest, alignments=(1, 2, 16))
    native, every = problem.native, list(orders(problem))
    found = [(peak_of(problem, offsets), turn, offsets) for turn, number in enumerate(left_out)
             for offsets in [_core.first_fit(native, every[number])]]  # fmt: skip
    peak, turn, offsets = min(found)
    assert _core.pack_further(native, NEVER, peak + 1) == (offsets, left_out[turn])
    assert _core.pack_further(native, NEVER, peak)[0] == []
    first = found[0]
    assert _core.pack_further(native, first[0], first[0] + 1) == (first[2], left_out[0])
    for number, (peak, turn, offsets) in enumerate(found):
        assert _core.pack_further(native, NEVER, peak + 1, number, number + 1) == (offsets, left_out[turn])
    assert _core.pack_further(native, NEVER, 2**60, len(left_out), 2**32 - 1)[0] == []


def test_a_near_packing_of_many_buffers_is_worth_one_more_order():
    many = Problem(tuple(Buffer(str(n), 0, 1, 1) for n in range(2**14)))
    goal = Goal(bound=10_000, minimize=True, nodes=1)
    near, far = (Found((), peak, 10_000, "first-fit by size") for peak in (10_010, 10_011))
    assert first_fit.is_near(many, goal, near)
    assert not first_fit.is_near(many, goal, far)
    assert not first_fit.is_near(replace(many, buffers=many.buffers[1:]), goal, near)


def test_numbers_beyond_32_bits_are_placed_the_same_way():
    problem = random_problem(6, 600, longest=40)
    offsets, peak, order = _core.pack(problem.native, NEVER)
    scale = 2**40
    large = Problem(tuple(Buffer(b.id, b.lower, b.upper, b.size * scale) for b in problem.buffers))
    assert _core.pack(large.native, NEVER) == ([o * scale for o in offsets], peak * scale, order)


def test_steps_far_apart_are_sorted_all_the_same():
    problem = random_problem(7, 400, longest=40)
    wide = 2**20
    stretched = Problem(tuple(Buffer(b.id, b.lower * wide, b.upper * wide, b.size) for b in problem.buffers))
    assert _core.pack(stretched.native, NEVER)[:2] == _core.pack(problem.native, NEVER)[:2]


def test_the_given_order_is_tried_for_many_buffers_where_repair_would_take_long():
    """A rectangle cut again and again, its pieces in the order of the cuts: each side is packed before the next one."""
    rng = random.Random(4)
    pieces = [(0, 1 << 16, 1 << 20)]
    while len(pieces) < 20_000:
        pieces = [half for piece in pieces for half in cut(piece, rng)]
    problem = Problem(tuple(Buffer(str(i), *piece) for i, piece in enumerate(pieces)))
    offsets, peak, order = _core.pack(problem.native, 1 << 20)
    assert (peak, order) == (1 << 20, 5)
    assert check_offsets(problem, offsets) == []


def cut(piece, rng):
    """Two parts of a piece, cut at some step or at some byte."""
    lower, upper, size = piece
    if upper - lower > 1 and rng.random() < 0.5:
        middle = rng.randrange(lower + 1, upper)
        return (lower, middle, size), (middle, upper, size)
    if size == 1:
        return (piece,)
    low = rng.randrange(1, size)
    return (lower, upper, low), (lower, upper, size - low)


def test_many_buffers_with_short_lives_end_at_the_bound():
    problem = random_problem(8, 20_000, longest=20, max_size=1000)
    native = problem.native
    live = max(_core.contention(native))
    offsets, peak, _ = _core.pack(native, NEVER)
    assert check_offsets(problem, offsets) == []
    offsets, repaired, nodes = _core.repair(native, offsets, live, 10**6)
    assert check_offsets(problem, offsets) == []
    assert live == repaired == peak_of(problem, offsets) < peak
    assert 0 < nodes < 10**5


@settings(max_examples=200, deadline=None)
@given(problems(max_buffers=7, with_fixed=True, with_alignment=True), st.randoms(use_true_random=False))
def test_repair_lowers_any_packing_and_breaks_no_law(problem, rng):
    least = least_peak(problem)
    if least is None:
        return
    order = list(range(len(problem.buffers)))
    rng.shuffle(order)
    native = problem.native
    before = _core.first_fit(native, order)
    offsets, peak, _ = _core.repair(native, before, least, 10**4)
    assert check_offsets(problem, offsets) == []
    assert least <= peak == peak_of(problem, offsets) <= peak_of(problem, before)


def test_repair_without_nodes_changes_nothing():
    problem = random_problem(9, 300, longest=30)
    arrays = to_arrays(problem)
    offsets, peak, _ = _core.pack(_core.Problem(*arrays), NEVER)
    assert _core.repair(_core.Problem(*arrays), offsets, 0, 0) == (offsets, peak, 0)


@pytest.mark.parametrize("below", [-(2**63), -1, 0, 10, 20, 21, 2**62, 2**63 - 1])
def test_further_orders_give_only_what_is_below_and_somewhere(below):
    high = Problem((Buffer("a", 0, 2, 4, offset=20), Buffer("b", 0, 2, 4)))
    offsets, _ = _core.pack_further(high.native, NEVER, below)
    assert offsets == ([20, 0] if below > 24 else [])
    nowhere = Problem((Buffer("a", 0, 2, 9), Buffer("b", 0, 2, 4)), memories=(Memory("m", 0, 8),))
    assert _core.pack_further(nowhere.native, NEVER, below)[0] == []
