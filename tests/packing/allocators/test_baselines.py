"""Relations between the methods: none is below the least peak, and auto is never above greedy by size."""

from dataclasses import replace

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from support.families import easy, guillotine, short_lived
from support.problems import problems, random_problem

from tmpass.base.choices import Status
from tmpass.base.errors import UsageError
from tmpass.packing.allocate import allocate
from tmpass.packing.check import check_offsets
from tmpass.packing.problem import Memory, Problem

GREEDY = ("greedy-by-size", "greedy-by-size-tflm")
HEURISTICS = (*GREEDY, "best-fit", "first-fit", "hill-climb", "local-search")


@st.composite
def constrained(draw):
    """A problem with all that problems can have: fixed offsets, alignment, gaps, memories, pairs, hints."""
    problem = draw(problems(max_buffers=8, with_fixed=True, with_alignment=True, with_gaps=True, with_capacity=True))
    numbers = range(len(problem.buffers))
    pairs = (
        st.lists(st.tuples(st.sampled_from(numbers), st.sampled_from(numbers)), max_size=2) if numbers else st.just([])
    )
    memories = ()
    if draw(st.booleans()):
        size = draw(st.integers(4, 16))
        memories = (Memory("near", 0, size), Memory("far", size + draw(st.integers(0, 4)), None))
    names = [m.name for m in memories]
    buffers = tuple(
        replace(
            b,
            hint=draw(st.none() | st.integers(0, 12)),
            memories=tuple(draw(st.lists(st.sampled_from(names), unique=True, max_size=1))) if names else (),
        )
        for b in problem.buffers
    )
    apart, shared = (tuple((a, b) for a, b in draw(pairs) if a != b) for _ in range(2))
    return replace(problem, buffers=buffers, memories=memories, apart=apart, shared=shared)


def answers(problem, *asked):
    """The answers of allocate() for each (method, nodes); a problem that contradicts itself is not asked."""
    try:
        return [allocate(problem, method, nodes=nodes) for method, nodes in asked]
    except UsageError:
        assume(False)


def height(answer):
    return float("inf") if answer.peak is None else answer.peak


@settings(max_examples=600, deadline=None)
@given(constrained(), st.sampled_from([0, 20_000]))
def test_auto_is_never_above_greedy_by_size(problem, nodes):
    auto, *greedy = answers(problem, ("auto", nodes), *((method, 0) for method in GREEDY))
    assert height(auto) <= min(height(answer) for answer in greedy)


@pytest.mark.parametrize("seed", range(10))
@pytest.mark.parametrize("family", ["random", "tight", "easy", "short-lived"])
def test_auto_is_never_above_greedy_by_size_on_larger_problems(family, seed):
    problem = {
        "random": lambda: random_problem(seed, 80, steps=20, alignments=(1, 4, 16)),
        "tight": lambda: guillotine(seed, 40),
        "easy": lambda: easy(seed, 100),
        "short-lived": lambda: short_lived(seed, 1100),
    }[family]()
    least = min(allocate(problem, method).peak for method in GREEDY)
    assert allocate(problem, nodes=0).peak <= least
    assert allocate(problem, nodes=2000).peak <= least


@settings(max_examples=300, deadline=None)
@given(constrained(), st.sampled_from(HEURISTICS), st.sampled_from([0, 300]))
def test_every_method_knows_every_constraint(problem, method, nodes):
    (answer,) = answers(problem, (method, nodes))
    if answer.offsets:
        assert check_offsets(problem, answer.offsets) == []
        assert answer.nodes <= nodes


@pytest.mark.parametrize("method", ["hill-climb", "local-search"])
class TestSearches:
    def test_more_nodes_are_never_worse(self, method):
        problem = guillotine(5, 80)
        peaks = [allocate(problem, method, nodes=nodes).peak for nodes in (0, 300, 10_000)]
        assert peaks == sorted(peaks, reverse=True)
        assert peaks[-1] < peaks[0]

    def test_a_packing_that_fits_ends_the_search(self, method):
        problem = guillotine(5, 80)
        start = allocate(problem, method, nodes=0).peak
        roomy = replace(problem, capacity=start - 1)
        answer = allocate(roomy, method, minimize=False, nodes=10_000)
        assert answer.peak <= start - 1
        assert answer.nodes < allocate(roomy, method, nodes=10_000).nodes

    def test_the_bound_ends_it(self, method):
        problem = next(p for p in (random_problem(seed, 40, steps=12) for seed in range(50)) if _meets(p, method))
        assert allocate(problem, method, nodes=10**9).status is Status.OPTIMAL

    def test_the_same_nodes_give_the_same_packing(self, method):
        problem = guillotine(7, 60, dropped=0.1)
        assert allocate(problem, method, nodes=900) == allocate(problem, method, nodes=900)


def _meets(problem: Problem, method: str) -> bool:
    """Whether the bound is met with a search and not without one."""
    start, end = (allocate(problem, method, nodes=nodes) for nodes in (0, 20_000))
    return start.peak > start.lower_bound == end.peak
