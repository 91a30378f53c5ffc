"""Hints make no packing higher and cost no proof, and are taken where the bytes are free."""

import random
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.exact import least_peak, legal
from support.problems import problems

from tmpass.base.choices import Status
from tmpass.base.errors import UsageError
from tmpass.packing.allocate import allocate
from tmpass.packing.problem import Buffer, Memory, Problem

ANY = problems(5, with_fixed=True, with_alignment=True, with_memories=True, with_hints=True, with_capacity=True)
EXACT = st.sampled_from(["auto", "minimalloc", "cp-sat"])


def without(problem):
    return replace(problem, buffers=tuple(replace(b, hint=None) for b in problem.buffers))


@settings(max_examples=300, deadline=None)
@given(ANY, EXACT)
def test_hints_never_raise_the_least_peak(problem, method):
    try:
        answer = allocate(problem, method)
    except UsageError:
        assert least_peak(problem) is None
        return
    plain = allocate(without(problem), method)
    assert (answer.peak, answer.status, answer.lower_bound) == (plain.peak, plain.status, plain.lower_bound)
    assert not answer.offsets or legal(problem, answer.offsets)


@settings(max_examples=300, deadline=None)
@given(ANY)
def test_first_fit_is_never_higher_with_hints(problem):
    try:
        answer, plain = allocate(problem, "first-fit"), allocate(without(problem), "first-fit")
    except UsageError:
        return
    if plain.peak is not None:
        assert answer.peak is not None
        assert answer.peak <= plain.peak or (problem.capacity is not None and answer.status is Status.FEASIBLE)


@settings(max_examples=200, deadline=None)
@given(problems(5, with_alignment=True, with_gaps=True, with_memories=True), st.sampled_from(["auto", "first-fit"]))
def test_a_packing_hinted_at_is_kept_where_it_is_the_least(problem, method):
    answer = allocate(problem, method)
    if answer.status is not Status.OPTIMAL:
        return
    hinted = replace(
        problem, buffers=tuple(replace(b, hint=o) for b, o in zip(problem.buffers, answer.offsets, strict=True))
    )
    assert allocate(hinted, method).offsets == answer.offsets


def hinted(*hints, **more):
    """Three that could be in any order, with hints."""
    return Problem(tuple(Buffer(name, 0, 1, 4, hint=h) for name, h in zip("abc", hints, strict=True)), **more)


@pytest.mark.parametrize(
    ("hints", "offsets"),
    [
        ((8, 4, 0), (8, 4, 0)),  # all of them
        ((8, None, 0), (8, 4, 0)),  # a part of them
    ],
)
def test_free_places_are_taken(hints, offsets):
    assert allocate(hinted(*hints)).offsets == offsets


@pytest.mark.parametrize("hints", [(100, None, None), (0, 0, 0), (2, None, None), (2**62 - 20, None, None)])
def test_hints_that_cannot_be_taken_cost_nothing(hints):
    answer = allocate(hinted(*hints))
    assert (answer.peak, answer.status) == (12, Status.OPTIMAL)


def test_a_hint_that_is_not_aligned_or_in_another_memory_is_ignored():
    buffer = Buffer("a", 0, 1, 4, 4, hint=6)
    assert allocate(Problem((buffer,))).offsets == (0,)
    memories = (Memory("x", 0, 8), Memory("y", 8, 8))
    assert allocate(Problem((replace(buffer, hint=8, memories=("x",)),), memories=memories)).offsets == (0,)


def test_the_peak_is_that_of_the_offsets_after_a_move():
    """One moves down to its hint from the top."""
    from tmpass.packing.allocators import Found, Goal
    from tmpass.packing.hints import try_hints

    class Wasteful:
        HONOURS = frozenset()

        def solve(self, problem, goal):
            del goal
            fixed = any(b.offset is not None for b in problem.buffers)
            return Found((), 99, 4, "wasteful") if fixed else Found((8, 0), 12, 4, "wasteful")

    problem = Problem((Buffer("a", 0, 2, 4, hint=0), Buffer("b", 2, 3, 4, hint=9)))
    found = try_hints(problem, Goal(4, True, 0), Wasteful())
    assert (found.offsets, found.peak) == ((0, 0), 4)


@pytest.mark.parametrize("nodes", [64, 100, 160])
def test_an_allocator_that_spends_more_than_its_share_leaves_no_negative_budget(nodes):
    drawn = random.Random(0)
    lower = [drawn.randint(0, 290) for _ in range(1005)]
    buffers = [Buffer(str(at), low, low + drawn.randint(1, 6), drawn.randint(1, 10**5)) for at, low in enumerate(lower)]
    buffers[3] = replace(buffers[3], hint=0)
    answer = allocate(Problem(tuple(buffers)), nodes=nodes)
    assert answer.status in (Status.OPTIMAL, Status.FEASIBLE)
