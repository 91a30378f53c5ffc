"""Every allocator against brute force: the answers of allocate() are true."""

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.exact import least_peak, overlaps
from support.problems import problems, random_problem

import tmpass._core as _core
from tmpass.base.choices import Status
from tmpass.base.errors import UsageError
from tmpass.packing.allocate import allocate
from tmpass.packing.allocators import ALLOCATORS, constraints
from tmpass.packing.allocators import allocator_named as module
from tmpass.packing.check import check_offsets
from tmpass.packing.conflict import find_conflict
from tmpass.packing.problem import Buffer, Problem

ANY = problems(with_fixed=True, with_alignment=True, with_gaps=True, with_capacity=True)
SOLID = problems(with_fixed=True, with_alignment=True, with_capacity=True)
EXACT = st.sampled_from(["auto", "minimalloc", "place-or-postpone", "cp-sat", "ilp"])
methods = st.sampled_from(sorted(ALLOCATORS))


def peak(problem, offsets):
    return max((o + b.size for o, b in zip(offsets, problem.buffers, strict=True) if b.size), default=0)


@settings(max_examples=400, deadline=None)
@given(ANY, methods, st.booleans(), st.sampled_from([0, 3, 10_000]))
def test_every_claim_of_an_answer_is_true(problem, method, minimize, nodes):
    least = least_peak(problem)
    if least is None:
        with pytest.raises(UsageError, match="fixed offsets"):
            allocate(problem, method, nodes=nodes)
        return
    unsupported = constraints(problem) - module(method).HONOURS
    if unsupported:
        with pytest.raises(UsageError, match=f"does not support {min(unsupported)}"):
            allocate(problem, method, nodes=nodes)
        return
    answer = allocate(problem, method, minimize=minimize or problem.capacity is None, nodes=nodes)

    pairs = list(zip(problem.buffers, answer.offsets, strict=True))
    assert not any(overlaps(a, x, b, y) for i, (a, x) in enumerate(pairs) for b, y in pairs[:i])
    assert all(x % problem.alignment_of(b) == 0 and b.offset in (None, x) for b, x in pairs)
    assert answer.peak == peak(problem, answer.offsets) >= least
    assert answer.lower_bound <= least
    fits = problem.capacity is None or answer.peak <= problem.capacity
    if answer.status is Status.OPTIMAL:
        assert fits
        assert answer.peak == least
    elif answer.status is Status.FEASIBLE:
        assert fits
    elif answer.status is Status.INFEASIBLE:
        assert problem.capacity < least
    else:
        assert not fits


@settings(max_examples=400, deadline=None)
@given(SOLID, EXACT)
def test_the_search_finds_the_least_peak_and_proves_it(problem, method):
    least = least_peak(problem)
    if least is None:
        return
    answer = allocate(problem, method, nodes=1_000_000)
    assert (answer.peak, answer.lower_bound) == (least, least)


@settings(max_examples=400, deadline=None)
@given(SOLID, EXACT)
def test_the_search_decides_every_capacity(problem, method):
    least = least_peak(problem)
    if least is None or problem.capacity is None:
        return
    answer = allocate(problem, method, minimize=False, nodes=1_000_000)
    assert (answer.status in (Status.OPTIMAL, Status.FEASIBLE)) == (least <= problem.capacity)
    assert (answer.status is Status.INFEASIBLE) == (least > problem.capacity)


def test_a_budget_that_ends_is_never_called_infeasible():
    #  one step needs 8, but no packing is below 9
    problem = next(p for p in (random_problem(seed, 30) for seed in range(100)) if _gap(p))
    tight = Problem(problem.buffers, capacity=allocate(problem, nodes=0).lower_bound)
    assert allocate(tight, nodes=0).status is Status.UNKNOWN


def _gap(problem):
    answer = allocate(problem, nodes=0)
    return answer.peak > answer.lower_bound


@pytest.mark.parametrize("method", sorted(ALLOCATORS))
def test_the_same_budget_gives_the_same_answer(method):
    problem = random_problem(7, 60)
    assert allocate(problem, method, nodes=500) == allocate(problem, method, nodes=500)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"allocator": "best"}, "allocator 'best' is unknown; did you mean 'best-fit'"),
        ({"nodes": -1}, "the budget is -1 nodes"),
        ({"nodes": 2**70}, "0 .. 2"),
        ({"nodes": 1.5}, "whole number"),
        ({"minimize": False}, "no capacity"),
    ],
)
def test_invalid_arguments(arguments, message):
    with pytest.raises(UsageError, match=message):
        allocate(Problem((Buffer("a", 0, 1, 1),)), **arguments)


def test_nothing_to_place():
    answer = allocate(Problem((), capacity=0))
    assert (answer.offsets, answer.peak, answer.status) == ((), 0, Status.OPTIMAL)


def test_empty_buffers_take_no_room():
    answer = allocate(Problem((Buffer("a", 0, 9, 0), Buffer("b", 0, 9, 4), Buffer("c", 0, 9, 0, offset=3))))
    assert (answer.peak, answer.status) == (4, Status.OPTIMAL)


def test_sizes_near_the_limit_do_not_overflow():
    huge = tuple(Buffer(str(i), 0, 1, 2**59, alignment=2**31) for i in range(7))
    assert allocate(Problem(huge)).peak == 7 * 2**59
    with pytest.raises(UsageError, match=r"above 2\^62"):
        Problem(tuple(Buffer(str(i), 0, 1, 2**59, alignment=2**31) for i in range(8)))


SHARING = (Buffer("a", 0, 1, 2), Buffer("b", 1, 2, 4), Buffer("c", 0, 2, 4))


def test_of_two_that_share_only_one_may_have_to_be_apart():
    """`c` touches `b`, but is apart from `a`: together the two ask for more than each does."""
    problem = Problem(SHARING, 8, shared=((0, 1),), apart=((0, 2),))
    assert check_offsets(problem, (0, 0, 4)) == []
    assert allocate(problem).status is not Status.INFEASIBLE
    assert find_conflict(problem, allocate(problem), nodes=1000) is None


def test_fixed_buffers_are_judged_by_their_own_pairs():
    a, b, c = SHARING
    fixed = (replace(a, offset=0), b, replace(c, offset=4))
    assert allocate(Problem(fixed, shared=((0, 1),), apart=((0, 2),))).offsets == (0, 0, 4)


@pytest.mark.parametrize(
    "method", ["auto", "hill-climb", "local-search", "narrowest-first", "minimalloc", "telamalloc"]
)
def test_ctrl_c_leaves_a_packing(method, monkeypatch):
    problem = random_problem(7, 60)

    def interrupted(*_, **__):
        raise KeyboardInterrupt

    for kernel in ("postpone", "hill_climb", "local_search", "narrowest_first", "minimalloc", "telamalloc"):
        monkeypatch.setattr(_core, kernel, interrupted)
    found = allocate(problem, method, keep=True)
    assert found.stopped
    assert check_offsets(problem, found.offsets) == []
    with pytest.raises(KeyboardInterrupt):
        allocate(problem, method)
