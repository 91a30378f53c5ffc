"""The questions that an exact search is asked end: with an answer, or when more of them would not help."""

from support.problems import random_problem

from tmpass import _core
from tmpass.allocate import allocate
from tmpass.allocators import Found, Goal, ladder
from tmpass.problem import Buffer, Gap, Problem, Status


def start(problem, bound):
    """A packing in which every buffer stands on the one before."""
    offsets, top = [], 0
    for buffer in problem.buffers:
        offsets.append(top)
        top += buffer.size
    return Found(tuple(offsets), top, bound, "stack")


THREE = Problem(tuple(Buffer(str(i), 0, 1, 8) for i in range(3)))


def test_the_bound_is_asked_first_then_the_middle_of_what_is_open():
    asked = []

    def kernel(_, capacity, limit):
        asked.append((capacity, limit))
        return 2, [], limit

    ladder.improve(THREE, Goal(bound=8, minimize=True, nodes=1000), start(THREE, 8), "test", kernel)
    assert asked[:3] == [(8, 384), (16, 48), (8, 568)]  # the last with what is left of the nodes


def test_no_is_a_proof_and_raises_the_bound_to_the_grid():
    found = ladder.improve(
        THREE, Goal(bound=8, minimize=True, nodes=1000), start(THREE, 8), "test", lambda *_: (1, [], 1)
    )
    assert (found.peak, found.bound, found.nodes) == (24, 24, 2)


def test_a_gap_makes_room():
    gap = Buffer("a", 0, 10, 10, gaps=(Gap(1, 9),))
    answer = allocate(Problem((gap, Buffer("b", 2, 8, 10))))
    assert (answer.status, answer.peak, answer.lower_bound) == (Status.OPTIMAL, 10, 10)


def test_what_is_too_large_to_search_is_asked_once():
    """Seven packings of nearly the same size, and sums near 2^60 that no search takes."""
    huge = [2**59 - 1 - 2 * i for i in range(4)]
    problem = Problem((*(Buffer(str(i), i, i + 2, size) for i, size in enumerate(huge)), Buffer("u", 0, 5, 3)))
    asked = []

    def kernel(native, capacity, limit):
        asked.append(capacity)
        return _core.minimalloc(native, capacity, limit)

    found = ladder.improve(problem, Goal(bound=2**59, minimize=True, nodes=1000), start(problem, 2**59), "test", kernel)
    assert (len(asked), found.nodes, found.method) == (1, 0, "stack")


def test_a_packing_at_the_bound_ends_the_search():
    answer = allocate(random_problem(0, 60), "place-or-postpone")
    assert answer.status is Status.OPTIMAL
