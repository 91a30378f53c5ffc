"""The capacity search ends: with an answer, or when more questions would not help."""

import time
from dataclasses import replace

import pytest
from support.families import guillotine
from support.problems import random_problem

import tmpass._core as _core
from tmpass.base.choices import Status
from tmpass.packing.allocate import allocate
from tmpass.packing.allocators import Found, Goal, capacity_search
from tmpass.packing.allocators.speculation import Question, Speculation
from tmpass.packing.problem import Buffer, Gap, Problem


def start(problem, bound):
    """A packing in which every buffer is on top of the one before."""
    offsets, top = [], 0
    for buffer in problem.buffers:
        offsets.append(top)
        top += buffer.size
    return Found(tuple(offsets), top, bound, "stack")


THREE = Problem(tuple(Buffer(str(i), 0, 1, 8) for i in range(3)))


def test_the_bound_is_asked_first_then_the_middle_of_the_rest():
    asked = []

    def kernel(_, question, _cancel):
        asked.append((question.capacity, question.limit))
        return 2, [], question.limit

    capacity_search.search(THREE, Goal(bound=8, minimize=True, nodes=1000), start(THREE, 8), "test", kernel)
    assert asked[:3] == [(8, 384), (16, 48), (8, 568)]  # the last with what is left of the nodes


def test_impossible_raises_the_bound_to_the_grid():
    found = capacity_search.search(
        THREE, Goal(bound=8, minimize=True, nodes=1000), start(THREE, 8), "test", lambda *_: (1, [], 1)
    )
    assert (found.peak, found.bound, found.nodes) == (24, 24, 2)


def test_a_gap_makes_room():
    gap = Buffer("a", 0, 10, 10, gaps=(Gap(1, 9),))
    answer = allocate(Problem((gap, Buffer("b", 2, 8, 10))))
    assert (answer.status, answer.peak, answer.lower_bound) == (Status.OPTIMAL, 10, 10)


def test_a_problem_too_large_to_search_is_asked_once():
    """Seven packings of nearly the same size, and sums near 2^60 that no search takes."""
    huge = [2**59 - 1 - 2 * i for i in range(4)]
    problem = Problem((*(Buffer(str(i), i, i + 2, size) for i, size in enumerate(huge)), Buffer("u", 0, 5, 3)))
    asked = []

    def kernel(native, question, _cancel):
        asked.append(question)
        return _core.minimalloc(native, question.capacity, question.limit)

    found = capacity_search.search(
        problem, Goal(bound=2**59, minimize=True, nodes=1000), start(problem, 2**59), "test", kernel
    )
    assert (len(asked), found.nodes, found.method) == (1, 0, "stack")


def test_a_packing_at_the_bound_ends_the_search():
    answer = allocate(random_problem(0, 60), "place-or-postpone")
    assert answer.status is Status.OPTIMAL


def test_where_only_the_capacity_matters_it_is_asked_with_one_seed_after_the_other():
    asked = []

    def kernel(_, question, _cancel):
        asked.append(question)
        return 2, [], question.limit

    problem = replace(THREE, capacity=23)
    goal = Goal(bound=8, minimize=False, nodes=1_200_000)
    assert capacity_search.search(problem, goal, start(problem, 8), "test", kernel).nodes == 1_200_000
    assert asked == [(23, 250_000, 1), (23, 250_000, 2), (23, 500_000, 3), (23, 200_000, 4)]

    asked.clear()
    capacity_search.search(problem, goal, start(problem, 8), "test", kernel, seeded=False)
    assert asked == [(23, 1_200_000, 1)]


HARD = (guillotine(1, 300, steps=60, height=1024), guillotine(2, 200, dropped=0.1), random_problem(3, 300, longest=40))


@pytest.mark.parametrize("method", ["auto", "telamalloc", "minimalloc"])
@pytest.mark.parametrize("problem", HARD, ids=["zero slack", "dropped", "random"])
@pytest.mark.parametrize("minimize", [True, False])
def test_the_answer_does_not_depend_on_the_threads(problem, method, minimize):
    tight = replace(problem, capacity=problem.capacity or 1)
    nodes = 200_000 if method == "auto" else 20_000
    one, *others = [allocate(tight, method, minimize=minimize, nodes=nodes, threads=count) for count in (1, 2, 3)]
    assert others == [one, one]


def test_upcoming_questions_are_begun_early_and_cancelled_if_not_asked():
    begun, cancelled = [], []

    def kernel(_, question, cancel):
        begun.append(question.capacity)
        if question.capacity == 8:  # wait until the other has begun, then say that the first needs no more
            while len(begun) < 2:
                time.sleep(0.001)
            return 0, [0, 8, 16], 1
        while not cancel.said:
            time.sleep(0.001)
        cancelled.append(question.capacity)
        raise RuntimeError

    with Speculation(lambda question, cancel: kernel(None, question, cancel), 2) as speculation:
        assert speculation.ask(Question(8, 10, 1), [Question(16, 10, 1)]).verdict == 0
    assert (begun, cancelled) == ([8, 16], [16])
