"""A conflict does not fit, and without any one of its buffers it does: both held against trying all offsets."""

import random
from dataclasses import replace

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from support.exact import cp_sat_peak, least_peak
from support.families import brimful, guillotine
from support.problems import problems, random_problem

from tmpass.base.choices import Status
from tmpass.base.errors import UsageError
from tmpass.packing.allocate import allocate
from tmpass.packing.conflict import Cause, find_conflict, settled
from tmpass.packing.conflict.oracle import FitOracle
from tmpass.packing.problem import Buffer, Gap, Memory, Problem


def explained(problem, **options):
    """The problem's answer, and the conflict that explains it."""
    answer = allocate(problem, **options)
    return answer, find_conflict(problem, answer, **options)


def ids(problem, conflict):
    return [problem.buffers[at].id for at in conflict.buffers]


def check(problem, conflict, judge=least_peak):
    """Assert that the claims of `conflict` are true, by an independent check."""
    least = judge(problem.only(conflict.buffers))
    assert least > conflict.capacity
    assert conflict.lower_bound <= least
    assert conflict.peak is None or least <= conflict.peak
    if any(problem.buffers[at].gaps for at in conflict.buffers) and not conflict.minimal:
        return  # a search for which gaps are solid cannot tell
    assert conflict.minimal
    for at in conflict.buffers:
        others = problem.only([other for other in conflict.buffers if other != at])
        assert judge(others) <= conflict.capacity, f"{at} is not needed"


KINDS = {
    "solid": {},
    "aligned": {"with_alignment": True},
    "fixed": {"with_fixed": True},
    "gapped": {"with_gaps": True},
    "everything": {"with_alignment": True, "with_fixed": True, "with_gaps": True},
}


@pytest.mark.parametrize("kind", KINDS)
def test_a_conflict_does_not_fit_and_is_minimal(kind):
    seen = set()

    @settings(max_examples=120, deadline=None)
    @given(problems(max_buffers=5, max_size=6, max_step=6, **KINDS[kind]), st.integers(0, 20))
    def holds(problem, capacity):
        problem = replace(problem, capacity=capacity)
        try:
            answer, conflict = explained(problem)
        except UsageError:  # fixed buffers that collide
            assume(False)
        asked, answer = answer, settled(answer, conflict)
        seen.add(answer.status)
        if answer.status is Status.INFEASIBLE:
            assert conflict.capacity == capacity
            check(problem, conflict)
        elif answer.status is Status.UNKNOWN:
            assert conflict is None
            assert "gap" in kind or kind == "everything"
        elif answer.lower_bound:
            assert conflict.capacity == asked.lower_bound - 1
            check(problem, conflict)
            assert conflict.lower_bound <= answer.lower_bound <= least_peak(problem)
        else:
            assert conflict is None

    holds()
    assert {Status.INFEASIBLE, Status.OPTIMAL} <= seen


def mixed(seed):
    """Six buffers with memories, and pairs that share or are apart."""
    rng = random.Random(seed)
    problem = random_problem(seed, 6, steps=5, longest=4, max_size=8, alignments=(1, 2), capacity=rng.randint(4, 40))
    memories = (Memory("near", 0, rng.randint(4, 16)), Memory("far", 20)) if rng.random() < 0.5 else ()
    allowed = [("near",), ("far",), ()] if memories else [()]
    buffers = tuple(replace(b, memories=rng.choice(allowed)) for b in problem.buffers)
    pairs = [tuple(rng.sample(range(6), 2)) for _ in range(rng.randint(0, 4))]
    shared, apart = tuple(pairs[:2]), tuple(pairs[2:])
    return replace(problem, buffers=buffers, memories=memories, shared=shared, apart=apart)


def test_conflicts_of_memories_and_pairs():
    """The other side of a proof is a packing: without any one of its buffers, the conflict has one."""
    explained_all = 0
    for seed in range(400):
        problem = mixed(seed)
        try:
            answer, conflict = explained(problem, nodes=2000)
        except UsageError:  # such pairs cannot share, or share and are apart
            continue
        if answer.status is not Status.INFEASIBLE:
            continue
        oracle = FitOracle(problem, conflict.capacity, 0)
        assert not packed(oracle.only(conflict.buffers), conflict.capacity)
        if conflict.minimal:
            explained_all += 1
            for left_out in conflict.buffers:
                others = [at for at in conflict.buffers if at != left_out]
                assert packed(oracle.only(others), conflict.capacity)
    assert explained_all > 50


def packed(problem, capacity):
    return allocate(replace(problem, capacity=capacity), minimize=False, nodes=2000).status in (
        Status.OPTIMAL,
        Status.FEASIBLE,
    )


@pytest.mark.slow
@pytest.mark.parametrize("alignments", [(1,), (1, 2, 4)])
def test_conflicts_of_many_problems(alignments):
    causes = set()
    for seed in range(2000):
        problem = random_problem(seed, 6, steps=5, longest=3, max_size=6, alignments=alignments)
        if seed % 2:
            problem = replace(problem, capacity=seed % 13 + 3)
        conflict = explained(problem)[1]
        check(problem, conflict)
        causes.add(conflict.cause)
    assert causes == set(Cause) if len(alignments) > 1 else {Cause.BUFFER, Cause.STEP}


@pytest.mark.slow
def test_conflicts_that_take_a_search():
    searched = 0
    for seed in range(90):
        problem = replace(brimful(seed, 16, height=24), capacity=None)
        answer, conflict = explained(problem, nodes=400_000)
        if conflict.cause is Cause.ARRANGEMENT and conflict.minimal:
            assert answer.status is Status.OPTIMAL
            check(problem, conflict, cp_sat_peak)
            searched += 1
    assert searched >= 2


UNREACHABLE = Problem(
    tuple(
        Buffer(name, lower, upper, size)
        for name, lower, upper, size in (
            ("a", 0, 1, 3),
            ("b", 0, 3, 2),
            ("c", 1, 2, 2),
            ("d", 1, 4, 2),
            ("e", 2, 5, 1),
            ("f", 3, 4, 3),
            ("g", 4, 5, 4),
        )
    )
)
"""No step needs more than 6, and there is no packing below 7."""


def test_the_least_peak_is_explained_where_no_step_needs_as_much():
    harmless = Buffer("h", 0, 2, 1), Buffer("i", 20, 30, 5)
    problem = replace(
        UNREACHABLE, buffers=(harmless[0], *UNREACHABLE.buffers[:3], harmless[1], *UNREACHABLE.buffers[3:])
    )
    answer, conflict = explained(replace(problem, buffers=problem.buffers[1:]))
    assert (answer.peak, answer.live_bytes) == (7, 6)
    assert conflict.cause is Cause.ARRANGEMENT
    assert ids(replace(problem, buffers=problem.buffers[1:]), conflict) == list("abcdefg")
    assert (conflict.lower_bound, conflict.peak, conflict.capacity, conflict.minimal) == (7, 7, 6, True)


def test_one_buffer_that_is_too_large():
    problem = Problem((Buffer("a", 0, 9, 5), Buffer("b", 2, 3, 11), Buffer("c", 4, 5, 7)), capacity=10)
    _, conflict = explained(problem)
    assert (ids(problem, conflict), conflict.cause, conflict.lower_bound) == (["b"], Cause.BUFFER, 11)


def test_of_a_full_step_only_as_many_as_it_takes():
    many = (Buffer("x", 0, 5, 6), Buffer("y", 3, 8, 5), *(Buffer(f"s{i}", 3, 4, 1) for i in range(20)))
    problem = Problem(many, capacity=10)
    _, conflict = explained(problem)
    assert (ids(problem, conflict), conflict.cause) == (["x", "y"], Cause.STEP)
    assert (conflict.live_bytes, conflict.live_step, conflict.peak) == (11, 3, 11)


def test_holes_that_alignment_makes():
    problem = Problem(tuple(Buffer(name, 0, 1, 5, 8) for name in "abc"), capacity=20)
    _, conflict = explained(problem)
    assert (conflict.cause, conflict.live_bytes, conflict.lower_bound) == (Cause.ALIGNMENT, 15, 21)


def test_a_buffer_with_a_fixed_offset_is_part_of_the_conflict():
    problem = Problem((Buffer("pin", 0, 4, 2, offset=4), Buffer("a", 1, 2, 6), Buffer("b", 2, 4, 4)), capacity=10)
    answer, conflict = explained(problem)
    assert answer.status is Status.INFEASIBLE
    assert (ids(problem, conflict), conflict.lower_bound) == (["pin", "a"], 12)


def test_a_memory_that_is_too_small_at_any_capacity():
    memories = (Memory("sram", 0, 8), Memory("dram", 64, 100))
    buffers = (Buffer("a", 0, 2, 5, memories=("sram",)), Buffer("b", 1, 3, 4, memories=("sram",)), Buffer("c", 0, 9, 9))
    problem = Problem(buffers, memories=memories)
    answer, conflict = explained(problem)
    assert answer.status is Status.INFEASIBLE
    assert (ids(problem, conflict), conflict.lower_bound, conflict.peak) == (["a", "b"], None, None)


def test_buffers_that_share_are_named_each():
    buffers = (Buffer("a", 0, 3, 6), Buffer("b", 2, 5, 4), Buffer("c", 4, 6, 3), Buffer("d", 4, 5, 5))
    problem = Problem(buffers, capacity=8, shared=((0, 1), (1, 2)))
    answer, conflict = explained(problem)
    assert answer.status is Status.INFEASIBLE
    assert ids(problem, conflict) == ["b", "d"]  # at step 4, where c shares the bytes of b


def test_sharing_goes_on_through_a_buffer_that_is_left_out():
    buffers = (Buffer("a", 0, 3, 4), Buffer("b", 0, 1, 1), Buffer("c", 0, 3, 4), Buffer("d", 1, 3, 9))
    problem = Problem(buffers, capacity=12, shared=((0, 1), (1, 2)))
    _, conflict = explained(problem)
    assert len(conflict.buffers) == 2  # a or c, and d


def test_a_gap_is_not_counted():
    buffers = (Buffer("a", 0, 9, 6, gaps=(Gap(2, 5),)), Buffer("b", 2, 5, 6), Buffer("c", 6, 7, 5))
    problem = Problem(buffers, capacity=8)
    _, conflict = explained(problem)
    assert ids(problem, conflict) == ["a", "c"]


def test_a_packing_without_a_bound_has_no_conflict():
    assert explained(Problem(()))[1] is None
    assert explained(Problem((Buffer("a", 0, 1, 0),)))[1] is None


def test_a_short_span_is_proved_where_the_whole_is_not():
    problem = brimful(8, 30, height=48, longest=8)
    answer = allocate(problem, minimize=False, nodes=20_000)
    assert answer.status is Status.UNKNOWN
    conflict = find_conflict(problem, answer)
    assert len(conflict.buffers) < len(problem.buffers)
    assert settled(answer, conflict).status is Status.INFEASIBLE
    assert settled(answer, conflict).lower_bound == 49


@pytest.mark.parametrize("buffers", [1, 2, 3])
def test_a_search_for_a_conflict_ends_where_there_is_none(buffers):
    problem = Problem(tuple(Buffer(str(at), 0, at + 1, 4) for at in range(buffers)), capacity=99)
    doubtful = replace(allocate(problem), status=Status.UNKNOWN)
    assert find_conflict(problem, doubtful) is None
    assert settled(doubtful, None) == doubtful


def test_a_conflict_that_needs_as_much_as_the_packing_proves_it_least():
    answer = allocate(UNREACHABLE)
    conflict = find_conflict(UNREACHABLE, answer)
    known = replace(answer, lower_bound=6, status=Status.FEASIBLE)
    assert settled(known, conflict) == answer
    assert settled(replace(known, peak=8), conflict) == replace(answer, peak=8, status=Status.FEASIBLE)


def test_without_nodes_nothing_is_said_that_is_not_known():
    problem = replace(guillotine(1, 60), capacity=None)
    tight = replace(problem, capacity=allocate(problem).lower_bound)
    answer = allocate(tight, minimize=False, nodes=0)
    conflict = find_conflict(tight, answer, nodes=0)
    assert conflict is None if answer.status is Status.UNKNOWN else conflict.lower_bound
    every = find_conflict(UNREACHABLE, allocate(UNREACHABLE), nodes=0)
    assert (len(every.buffers), every.minimal) == (7, False)


def test_the_same_conflict_every_time():
    problem = random_problem(3, 40, alignments=(1, 2, 16), capacity=150)
    assert explained(problem) == explained(problem)
