"""External solvers against brute force, with every constraint, and their limits."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.exact import least_peak, legal, top
from support.families import guillotine
from support.interrupt import is_stopped
from support.problems import problems, random_problem

from tmpass.packing.allocators import Goal, cp_sat, first_fit, ilp
from tmpass.packing.bounds import lower_bound
from tmpass.packing.problem import Buffer, Problem

ANY = problems(with_fixed=True, with_alignment=True, with_gaps=True, with_memories=True, with_apart=True)
MUCH = 10**9

both = pytest.mark.parametrize("solver", [cp_sat, ilp], ids=["cp-sat", "ilp"])


def ask(solver, problem, *, nodes=MUCH, minimize=True):
    return solver.solve(problem, Goal(lower_bound(problem).peak, minimize, nodes))


def fixed_ones_agree(problem):
    fixed = problem.only([i for i, b in enumerate(problem.buffers) if b.offset is not None])
    return legal(fixed, [b.offset for b in fixed.buffers])


@both
@settings(max_examples=300, deadline=None)
@given(ANY)
def test_it_finds_the_least_peak_and_proves_it(solver, problem):
    if not fixed_ones_agree(problem):  # refused before an allocator is asked
        return
    found, least = ask(solver, problem), least_peak(problem)
    if least is None:
        assert (found.offsets, found.bound > problem.reach) == ((), bool(problem.buffers))
        return
    assert legal(problem, found.offsets)
    assert (top(problem, found.offsets), found.peak, found.bound) == (least, least, least)


@both
@settings(max_examples=200, deadline=None)
@given(ANY, st.integers(0, 30))
def test_it_decides_a_capacity(solver, problem, capacity):
    if not fixed_ones_agree(problem):
        return
    asked = Problem(problem.buffers, capacity, problem.alignment, problem.memories, (), problem.apart)
    found, least = ask(solver, asked, minimize=False), least_peak(problem)
    if least is not None and least <= capacity:
        assert legal(problem, found.offsets)
        assert found.bound <= least <= found.peak <= capacity
    else:
        assert found.bound > min(capacity, problem.reach)


@pytest.mark.parametrize(
    ("solver", "name", "problem"),
    [(cp_sat, "cp-sat", guillotine(2, 24, steps=20, height=64)), (ilp, "ilp", guillotine(5, 12, steps=12, height=64))],
    ids=["cp-sat", "ilp"],
)
def test_a_hard_problem_with_a_known_packing(solver, name, problem):
    found = ask(solver, problem)
    assert (found.peak, found.bound, found.method) == (64, 64, name)
    assert legal(problem, found.offsets)


HARD = {cp_sat: guillotine(1, 60, steps=40, height=512), ilp: guillotine(1, 30, steps=40, height=512)}


@pytest.mark.parametrize(
    ("solver", "nodes"), [(cp_sat, 0), (cp_sat, 1), (cp_sat, 20_000), (ilp, 0), (ilp, 1)],
    ids=lambda value: getattr(value, "__name__", value),
)  # fmt: skip
def test_a_budget_that_ends_leaves_first_fit_s_packing_or_a_better_one(solver, nodes):
    first = first_fit.solve(HARD[solver], Goal(0, True, 0))
    found = ask(solver, HARD[solver], nodes=nodes)
    assert found.peak <= first.peak
    assert found.bound <= 512
    assert found.nodes <= nodes  # SCIP takes at least one of its own nodes, whatever the budget
    assert not found.stopped


@pytest.mark.parametrize(("solver", "nodes"), [(cp_sat, 50_000), (ilp, 3000)], ids=["cp-sat", "ilp"])
def test_the_same_budget_gives_the_same_answer(solver, nodes):
    assert ask(solver, HARD[solver], nodes=nodes) == ask(solver, HARD[solver], nodes=nodes)


@pytest.mark.parametrize(("solver", "count"), [(cp_sat, 12), (ilp, 9)], ids=["cp-sat", "ilp"])
@pytest.mark.parametrize("scale", [1, 3, 2**40])
def test_scaled_sizes_need_the_same_search(solver, count, scale):
    small = random_problem(0, count, longest=6)
    large = Problem(tuple(Buffer(b.id, b.lower, b.upper, b.size * scale) for b in small.buffers))
    found = ask(solver, large)
    assert (found.peak, found.bound) == (ask(solver, small).peak * scale,) * 2


@pytest.mark.parametrize(("solver", "large"), [(cp_sat, 2**59), (ilp, 2**25)], ids=["cp-sat", "ilp"])
def test_numbers_too_large_for_it_are_left_to_first_fit(solver, large):
    sizes = [large + odd for odd in (1, 3, 7, 9, 11, 13)]
    buffers = tuple(Buffer(str(i), i, i + 3, size) for i, size in enumerate(sizes))
    problem = Problem((*buffers, Buffer("low", 0, 9, 5, alignment=2)))
    goal = Goal(0, True, MUCH)
    assert solver.solve(problem, goal) == first_fit.solve(problem, goal)


@pytest.mark.parametrize(
    ("solver", "count"), [(cp_sat, cp_sat.MAX_PAIRS // 100), (ilp, ilp.MAX_PAIRS // 20)], ids=["cp-sat", "ilp"]
)
def test_too_many_pairs_are_left_to_first_fit(solver, count):
    problem = random_problem(1, count, longest=2000, steps=2000)
    goal = Goal(0, True, MUCH)
    assert solver.solve(problem, goal) == first_fit.solve(problem, goal)


@pytest.mark.parametrize(("name", "count"), [("cp-sat", 150), ("ilp", 100)])
def test_ctrl_c_keeps_the_best_packing(name, count):
    assert is_stopped(name, f"guillotine(1, {count}, steps=100, height=4096)")
