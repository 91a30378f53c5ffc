"""Place or postpone with windows in gaps and pairs that must be apart: against brute force, and what it is worth."""

import itertools
import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.brute_force import draw_problem, least_capacity
from support.exact import least_peak
from support.problems import problems
from support.windowed import windowed

import tmpass._core as _core
from tmpass.packing.allocate import allocate
from tmpass.packing.allocators.arrays import peak_of
from tmpass.packing.check import check_offsets
from tmpass.packing.problem import Buffer, Gap, Memory, Problem

FOUND, IMPOSSIBLE, ENDED = 0, 1, 2
SWITCHES = ("window", "exchange", "first", "sums")  # the others are for problems without windows
RULES = [dict(zip(SWITCHES, on, strict=True)) for on in itertools.product((True, False), repeat=4)]
MUCH = 10**6


def ask(problem, capacity, *, nodes=MUCH, seed=1, **rules):
    """The answer of the kernel, its packing checked."""
    answer, offsets, spent = _core.postpone(problem.native, capacity, nodes, seed, _core.PostponeRules(**rules))
    if answer == FOUND:
        assert check_offsets(problem, offsets, capacity=capacity) == []
        assert peak_of(problem, offsets) <= capacity
    return answer, offsets, spent


def agrees(problem, seed=1):
    """With every product of the rules, it packs at the least capacity and proves that none below it will do."""
    fixed = [at for at, b in enumerate(problem.buffers) if b.offset is not None]
    if check_offsets(problem.only(fixed), [problem.buffers[at].offset for at in fixed]):
        return
    least = least_capacity(problem)
    for rules in RULES:
        if least is None:
            assert ask(problem, problem.reach, seed=seed, **rules)[0] == IMPOSSIBLE, (problem, rules)
            continue
        for capacity in range(max(least - 2, 0), least + 2):
            wanted = FOUND if capacity >= least else IMPOSSIBLE
            assert ask(problem, capacity, seed=seed, **rules)[0] == wanted, (problem, capacity, rules)


@settings(max_examples=200, deadline=None)
@given(st.integers(0, 10**9), st.integers(0, 3))
def test_every_constraint_at_once_agrees_with_brute_force(number, seed):
    agrees(draw_problem(random.Random(number)), seed)


@settings(max_examples=200, deadline=None)
@given(
    problems(max_buffers=7, with_fixed=True, with_alignment=True, with_gaps=True, with_memories=True, with_apart=True),
    st.integers(-2, 3),
)
def test_drawn_by_other_code_it_agrees_with_another_judge(problem, more):
    least = least_peak(problem)
    if least is None or least + more < 0:
        return
    wanted = FOUND if more >= 0 else IMPOSSIBLE
    assert [ask(problem, least + more, **rules)[0] for rules in RULES] == [wanted] * len(RULES)


@pytest.mark.slow
@pytest.mark.core
def test_thousands_of_problems_with_every_constraint():
    for number in range(1000):
        agrees(draw_problem(random.Random(number), 7))


def test_a_buffer_goes_below_the_window_of_a_placed_one():
    """`a` lasts longest, so it is placed first; then `b` has offsets below its window, and above it."""
    a = Buffer("a", 0, 9, 10, gaps=(Gap(2, 7, 6, 10),))
    below, above = Buffer("b", 3, 5, 6), Buffer("c", 3, 5, 4)
    assert ask(Problem((a, below)), 10)[0] == FOUND
    assert ask(Problem((a, below, above)), 14)[0] == FOUND
    assert ask(Problem((a, below, above)), 13)[0] == IMPOSSIBLE


def test_a_buffer_between_two_windows():
    """The difference of the offsets has three regions: below, between the windows, and above."""
    a = Buffer("a", 0, 8, 12, gaps=(Gap(1, 4, 0, 3), Gap(4, 8, 9, 12)))
    assert ask(Problem((a, Buffer("b", 2, 6, 6))), 12)[0] == FOUND
    assert ask(Problem((a, Buffer("b", 2, 6, 7))), 18)[0] == IMPOSSIBLE
    assert ask(Problem((a, Buffer("b", 2, 6, 7))), 19)[0] == FOUND


@pytest.mark.parametrize("unit", [1, 64, 2**33 + 1])
def test_a_pair_apart_takes_a_byte(unit):
    pair = (Buffer("a", 0, 2, 4 * unit), Buffer("b", 1, 3, 4 * unit))
    assert ask(Problem(pair, apart=((0, 1),)), 8 * unit + 1)[0] == FOUND
    assert ask(Problem(pair, apart=((0, 1),)), 8 * unit)[0] == IMPOSSIBLE
    aligned = Problem(pair, alignment=16, apart=((0, 1),))
    least = 16 * (4 * unit // 16 + 1) + 4 * unit
    assert ask(aligned, least)[0] == FOUND
    assert ask(aligned, least - 1)[0] == IMPOSSIBLE


def test_windows_of_fixed_buffers_and_memories():
    fixed = Buffer("f", 0, 6, 9, offset=3, gaps=(Gap(1, 5, 4, 7),))
    memories = (Memory("m", 2, 20),)
    problem = Problem((fixed, Buffer("b", 1, 5, 5), Buffer("c", 2, 4, 3)), None, 1, memories)
    assert ask(problem, 13)[0] == FOUND
    assert ask(problem, 12)[0] == IMPOSSIBLE


@pytest.mark.parametrize("seed", [0, 2, 4, 5, 6, 10, 11])
def test_a_known_packing_is_found(seed):
    problem = windowed(seed, 100)
    assert ask(problem, problem.capacity, nodes=40_000)[0] == FOUND


def test_more_is_found_than_by_telamalloc_in_as_much_time():
    """A node of telamalloc takes as long as forty."""
    mine = other = 0
    for seed in range(14):
        problem = windowed(seed, 120)
        mine += ask(problem, problem.capacity, nodes=40_000)[0] == FOUND
        other += _core.telamalloc(problem.native, problem.capacity, 1000)[0] == FOUND
    assert mine > other


@pytest.mark.parametrize("seed", [4, 9])
def test_auto_asks_it_above_a_hundred_buffers(seed):
    """With telamalloc alone, the peaks were 295 and 385."""
    problem = windowed(seed, 150)
    assert len(problem.buffers) > 100
    assert allocate(problem, nodes=200_000).peak <= 1.02 * problem.capacity
