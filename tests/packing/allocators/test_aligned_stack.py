"""Buffers that are all alive at once, stacked so that alignment wastes few bytes."""

import random
from dataclasses import replace
from itertools import pairwise, permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

import tmpass._core as _core
from tmpass.packing.allocate import allocate
from tmpass.packing.allocators.arrays import peak_of
from tmpass.packing.check import check_offsets
from tmpass.packing.problem import Buffer, Gap, Memory, Problem


def at_once(sizes: list[tuple[int, int]], **fields) -> Problem:
    """Buffers of some sizes and alignments that share a step, but do not live equally long."""
    return Problem(tuple(Buffer(str(i), i % 3, 4 + i % 2, *one) for i, one in enumerate(sizes)), **fields)


def drawn(seed: int, count: int) -> Problem:
    rng = random.Random(seed)
    return at_once([(rng.randint(1, 5000), rng.choice((1, 2, 4, 8, 16, 32, 64))) for _ in range(count)])


def stacked(problem: Problem) -> int:
    """The top of the stack, after a check that it is one: no two buffers share a byte."""
    offsets = _core.aligned_stack(problem.native)
    assert check_offsets(problem, offsets) == []
    places = sorted((offset, offset + b.size) for offset, b in zip(offsets, problem.buffers, strict=True) if b.size)
    assert all(one[1] <= two[0] for one, two in pairwise(places))
    return peak_of(problem, offsets)


def least(problem: Problem) -> int:
    """The least top over all orders of the buffers."""
    tops = []
    for order in permutations(problem.buffers):
        top = 0
        for b in order:
            alignment = problem.alignment_of(b)
            top = -(-top // alignment) * alignment + b.size
        tops.append(top)
    return min(tops)


@given(st.lists(st.tuples(st.integers(0, 40), st.sampled_from([1, 2, 3, 4, 8, 16])), min_size=1, max_size=6))
def test_a_stack_is_a_packing_and_not_below_the_least(sizes):
    problem = at_once([one for one in sizes if one[0]] or [(1, 1)])
    assert least(problem) <= stacked(problem)
    stacked(at_once(sizes))


def test_a_buffer_of_small_alignment_fills_up_what_is_left():
    """The 5 bytes and the 3 bytes between two multiples of 8."""
    assert stacked(at_once([(5, 8), (16, 8), (3, 1), (8, 8)])) == 32


@pytest.mark.parametrize("alignment", [1, 2, 64])
def test_the_alignment_of_the_problem_counts(alignment):
    problem = at_once([(100, 1), (28, 1), (7, 1)], alignment=alignment)
    assert stacked(problem) == {1: 135, 2: 135, 64: 199}[alignment]


@pytest.mark.parametrize(
    "change",
    [
        {"offset": 0},
        {"gaps": (Gap(0, 1),)},
        {"memories": ("low",)},
        {"lower": 9, "upper": 10},
        {"alignment": 8192},
    ],
)
def test_other_problems_are_left_to_other_allocators(change):
    problem = at_once([(5, 1), (16, 8), (3, 1)], memories=(Memory("low", 0, 4096),) if "memories" in change else ())
    first, *rest = problem.buffers
    changed = replace(problem, buffers=(replace(first, **change), *rest))
    assert _core.aligned_stack(changed.native) == []


def test_pairs_apart_are_left_to_other_allocators():
    assert _core.aligned_stack(at_once([(5, 1), (16, 8)], apart=((0, 1),)).native) == []


@pytest.mark.parametrize("count", [300, 3000])
def test_thousands_at_once_waste_a_thousandth(count):
    """In few nodes; without the stack, first fit is 1 to 3 percent above the live bytes."""
    made = allocate(drawn(1, count), nodes=1000)
    assert made.allocator == "aligned stack"
    assert made.peak <= made.live_bytes * 1.0015
