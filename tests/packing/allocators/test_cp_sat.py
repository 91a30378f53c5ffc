"""Constraint programming against brute force, with every constraint, and what it does where it cannot."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.exact import least_peak, legal, top
from support.families import guillotine
from support.interrupt import is_stopped
from support.problems import problems, random_problem

from tmpass.packing.allocators import Goal, cp_sat, first_fit
from tmpass.packing.bounds import lower_bound
from tmpass.packing.problem import Buffer, Problem

ANY = problems(with_fixed=True, with_alignment=True, with_gaps=True, with_memories=True, with_apart=True)
MUCH = 10**9


def ask(problem, *, nodes=MUCH, minimize=True):
    return cp_sat.solve(problem, Goal(lower_bound(problem).peak, minimize, nodes))


def fixed_ones_agree(problem):
    fixed = problem.only([i for i, b in enumerate(problem.buffers) if b.offset is not None])
    return legal(fixed, [b.offset for b in fixed.buffers])


@settings(max_examples=300, deadline=None)
@given(ANY)
def test_it_finds_the_least_peak_and_proves_it(problem):
    if not fixed_ones_agree(problem):  # refused before a method is asked
        return
    found, least = ask(problem), least_peak(problem)
    if least is None:
        assert (found.offsets, found.bound > problem.reach) == ((), bool(problem.buffers))
        return
    assert legal(problem, found.offsets)
    assert (top(problem, found.offsets), found.peak, found.bound) == (least, least, least)


@settings(max_examples=200, deadline=None)
@given(ANY, st.integers(0, 30))
def test_it_decides_a_capacity(problem, capacity):
    if not fixed_ones_agree(problem):
        return
    asked = Problem(problem.buffers, capacity, problem.alignment, problem.memories, (), problem.apart)
    found, least = ask(asked, minimize=False), least_peak(problem)
    if least is not None and least <= capacity:
        assert legal(problem, found.offsets)
        assert found.bound <= least <= found.peak <= capacity
    else:
        assert found.bound > min(capacity, problem.reach)


HARD = guillotine(1, 60, steps=40, height=512)


def test_a_hard_problem_with_a_known_packing():
    problem = guillotine(2, 24, steps=20, height=64)
    found = ask(problem)
    assert (found.peak, found.bound, found.method) == (64, 64, "cp-sat")
    assert legal(problem, found.offsets)


@pytest.mark.parametrize("nodes", [0, 1, 20_000])
def test_a_budget_that_ends_leaves_first_fit_s_packing_or_a_better_one(nodes):
    first = first_fit.solve(HARD, Goal(0, True, 0))
    found = ask(HARD, nodes=nodes)
    assert found.peak <= first.peak
    assert found.bound <= 512
    assert found.nodes <= nodes
    assert not found.stopped


def test_the_same_budget_gives_the_same_answer():
    assert ask(HARD, nodes=50_000) == ask(HARD, nodes=50_000)


@pytest.mark.parametrize("scale", [1, 3, 2**40])
def test_what_counts_is_the_size_in_units(scale):
    small = random_problem(0, 12, longest=6)
    large = Problem(tuple(Buffer(b.id, b.lower, b.upper, b.size * scale) for b in small.buffers))
    found = ask(large)
    assert (found.peak, found.bound) == (ask(small).peak * scale,) * 2


def test_numbers_too_large_for_it_are_left_to_first_fit():
    sizes = [2**59 + odd for odd in (1, 3, 7, 9, 11, 13)]
    buffers = tuple(Buffer(str(i), i, i + 3, size) for i, size in enumerate(sizes))
    problem = Problem((*buffers, Buffer("low", 0, 9, 5, alignment=2)))
    goal = Goal(0, True, MUCH)
    assert cp_sat.solve(problem, goal) == first_fit.solve(problem, goal)


def test_too_many_pairs_are_left_to_first_fit():
    problem = random_problem(1, cp_sat.MAX_PAIRS // 100, longest=2000, steps=2000)
    goal = Goal(0, True, MUCH)
    assert cp_sat.solve(problem, goal) == first_fit.solve(problem, goal)


def test_ctrl_c_keeps_the_best_packing():
    assert is_stopped("cp-sat", "guillotine(1, 150, steps=100, height=4096)")
