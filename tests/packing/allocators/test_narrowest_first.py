"""Narrowest first: greedy packings that grow where there is least choice."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.exact import least_peak
from support.problems import problems, random_problem

import tmpass._core as _core
from tmpass.packing.allocate import allocate
from tmpass.packing.allocators.arrays import peak_of
from tmpass.packing.bounds import lower_bound
from tmpass.packing.check import check_offsets
from tmpass.packing.problem import Buffer, Gap, Problem

NEVER = 0
ONE_ATTEMPT = 2  # nodes: one of them is what an attempt costs at least


def sections(buffers):
    """The maximal sets of buffers alive at once, by time."""
    alive = [{i for i, b in enumerate(buffers) if b.lower <= step < b.upper} for step in range(40)]
    found = []
    for members in alive:
        if members and not any(members < other for other in alive) and members not in found:
            found.append(members)
    return found


def one_attempt(problem, capacity):
    """The offsets of the first attempt, from its definition: the longest of the lowest goes first."""
    buffers = problem.buffers
    low, offsets = dict.fromkeys(range(len(buffers)), 0), {}
    machines = sections(buffers)

    def rank(i):
        return low[i], buffers[i].lower - buffers[i].upper, -buffers[i].size, buffers[i].lower, i

    while low:
        keys = []
        for place, members in enumerate(machines):
            unplaced = [i for i in members if i in low]
            if not unplaced:
                continue
            limit = capacity - sum(buffers[i].size for i in unplaced)
            firsts = sum(low[i] <= limit for i in unplaced)
            keys.append(((firsts > 0, firsts or limit), place))
        chosen = machines[min(keys)[1]]
        following = min((i for i in chosen if i in low), key=rank)
        while True:
            at, b = low[following], buffers[following]
            near = [i for i in low if i != following and buffers[i].lower < b.upper and b.lower < buffers[i].upper]
            below = [i for i in near if low[i] + buffers[i].size <= at]
            if not below:
                break
            following = min(below, key=rank)
        offsets[following] = low.pop(following)
        for i in near:
            low[i] = max(low[i], at + b.size)
    return [offsets[i] for i in range(len(buffers))]


def stacked(problem):
    """A packing to begin with: all buffers on top of each other."""
    offsets, top = [], 0
    for b in problem.buffers:
        top = -(-top // problem.alignment_of(b)) * problem.alignment_of(b)
        offsets.append(top)
        top += b.size
    return offsets


@settings(max_examples=200, deadline=None)
@given(st.integers(0, 2**32), st.integers(2, 12))
def test_an_attempt_is_what_it_is_defined_as(seed, count):
    problem = random_problem(seed, count, steps=30, longest=12)
    bound = lower_bound(problem).peak
    expected = one_attempt(problem, bound)
    before = stacked(problem)
    found, _ = _core.narrowest_first(problem.native, before, bound, ONE_ATTEMPT)
    order = sorted(range(count), key=lambda i: (expected[i], i))
    placed = _core.first_fit(problem.native, order)
    assert peak_of(problem, found) == min(peak_of(problem, before), peak_of(problem, placed))
    if peak_of(problem, expected) < peak_of(problem, before):
        assert found == placed


@settings(max_examples=200, deadline=None)
@given(problems(max_buffers=8, with_fixed=True, with_alignment=True, with_gaps=True), st.integers(0, 3))
def test_packings_are_true_and_never_higher_than_the_given_one(problem, seed):
    least = least_peak(problem)
    before = _core.pack(problem.native, NEVER)[0]
    if least is None:
        return
    found, nodes = _core.narrowest_first(problem.native, before, NEVER, 30, seed)
    assert check_offsets(problem, found) == []
    assert least <= peak_of(problem, found) <= peak_of(problem, before)
    assert 0 <= nodes <= 30


@pytest.mark.parametrize("scale", [1, 2**31, 2**44])
def test_large_numbers_give_the_same_packing(scale):
    problem = random_problem(3, 300, longest=30)
    scaled = Problem(tuple(Buffer(b.id, b.lower, b.upper, b.size * scale) for b in problem.buffers))
    bound = lower_bound(problem).peak
    small, _ = _core.narrowest_first(problem.native, stacked(problem), bound, 100)
    large, _ = _core.narrowest_first(scaled.native, stacked(scaled), bound * scale, 100)
    assert peak_of(scaled, large) == scale * peak_of(problem, small)


@pytest.mark.parametrize("count", [24, 300])
def test_buffers_add_up_to_more_than_32_bits_where_gaps_keep_the_peak_low(count):
    """All are in one section, but each needs its bytes at 7 steps only."""
    steps = count + 8

    def scaled(unit):
        gaps = [tuple(Gap(a, b) for a, b in ((0, i), (i + 7, steps)) if a < b) for i in range(count)]
        sizes = [(900 + i * 37 % 100) * unit for i in range(count)]
        return Problem(tuple(Buffer(str(i), 0, steps, sizes[i], gaps=gaps[i]) for i in range(count)))

    unit = 2_200_000_000 // (900 * count)
    small, large = scaled(1), scaled(unit)
    before = _core.pack(small.native, NEVER)[0]
    assert unit * (peak_of(small, before) + 1000) < 2**30
    found = _core.narrowest_first(small.native, before, 1000, 100)
    assert _core.narrowest_first(large.native, [unit * offset for offset in before], 1000 * unit, 100) == (
        [unit * offset for offset in found[0]],
        found[1],
    )


def test_numbers_too_large_to_add_leave_the_packing_as_it_is():
    buffers = tuple(Buffer(str(i), 0, 2, 2**60) for i in range(3))
    problem = Problem(buffers)
    assert _core.narrowest_first(problem.native, [0, 2**60, 2**61], 0, 100)[0] == [0, 2**60, 2**61]


def test_some_sections_are_enough_where_there_are_very_many():
    """400 buffers that live through 1000 short ones: more members of sections than 256 for each buffer."""
    long = tuple(Buffer(f"l{i}", i % 7, 2000 - i % 11, 64 + i * 37 % 101) for i in range(400))
    short = tuple(Buffer(f"s{i}", 2 * i, 2 * i + 3, 64 + i * 53 % 211) for i in range(1000))
    problem = Problem(long + short)
    before = stacked(problem)
    found, _ = _core.narrowest_first(problem.native, before, lower_bound(problem).peak, 1_000_000)
    assert check_offsets(problem, found) == []
    assert peak_of(problem, found) <= 1.01 * lower_bound(problem).peak


def test_dense_problems_end_near_the_live_bytes():
    """1500 buffers, of which hundreds are alive at once: first fit ends more than 4 % above."""
    problem = random_problem(11, 1500, steps=400, longest=120)
    bound = lower_bound(problem).peak
    before = allocate(problem, "first-fit").peak
    assert before > 1.04 * bound
    assert allocate(problem, "narrowest-first", nodes=100_000).peak - bound < (before - bound) / 2


def test_the_seed_and_the_nodes_decide_the_packing():
    problem = random_problem(5, 400, steps=200, longest=60)
    before = stacked(problem)
    same = [_core.narrowest_first(problem.native, before, NEVER, 200, 7) for _ in range(2)]
    assert same[0] == same[1]
    more = _core.narrowest_first(problem.native, before, NEVER, 2000, 7)[0]
    assert peak_of(problem, more) <= peak_of(problem, same[0][0])
    assert _core.narrowest_first(problem.native, before, NEVER, 0, 7) == (before, 0)
