"""The promises that the kernels of all exact searches have in common."""

import pytest
from support.families import guillotine

import tmpass._core as _core
from tmpass.packing.allocators.arrays import peak_of
from tmpass.packing.check import check_offsets
from tmpass.packing.problem import Buffer, Problem

FOUND, ENDED = 0, 2
MUCH = 10**6


def ask(kernel, problem, capacity, *, nodes=MUCH, **more):
    """The answer of the kernel, its packing checked."""
    answer, offsets, spent = getattr(_core, kernel)(problem.native, capacity, nodes, **more)
    if answer == FOUND:
        assert check_offsets(problem, offsets) == []
        assert peak_of(problem, offsets) <= capacity
    return answer, offsets, spent


@pytest.mark.parametrize("kernel", ["postpone", "telamalloc"])
def test_the_same_seed_gives_the_same_packing(kernel):
    problem = guillotine(8, 80, dropped=0.1)
    first, again, other = (ask(kernel, problem, problem.capacity, seed=seed) for seed in (5, 5, 6))
    assert first == again
    assert first[0] == other[0] == FOUND


def test_minimalloc_gives_the_same_answer_to_the_same_question():
    problem = guillotine(8, 80, dropped=0.1)
    first, again = (ask("minimalloc", problem, problem.capacity, nodes=20_000) for _ in range(2))
    assert first == again


@pytest.mark.parametrize(("kernel", "count"), [("minimalloc", 30), ("postpone", 60), ("telamalloc", 60)])
@pytest.mark.parametrize("scale", [1, 3, 2**40])
def test_scaled_sizes_need_the_same_search(kernel, count, scale):
    """Numbers beyond 32 bits take the same nodes as small ones."""
    small = guillotine(9, count, steps=40)
    large = Problem(tuple(Buffer(b.id, b.lower, b.upper, b.size * scale) for b in small.buffers))
    answer, offsets, spent = ask(kernel, small, small.capacity)
    assert ask(kernel, large, small.capacity * scale) == (answer, [o * scale for o in offsets], spent)


@pytest.mark.parametrize(("kernel", "less"), [("minimalloc", 1), ("postpone", 0), ("telamalloc", 0)])
def test_sums_near_the_end_of_64_bits_are_not_searched(kernel, less):
    sizes = [2**59 + odd for odd in (1, 3, 7, 9, 11, 13)]
    problem = Problem(tuple(Buffer(str(i), 0, 2, size) for i, size in enumerate(sizes)))
    assert ask(kernel, problem, sum(sizes) - less)[::2] == (ENDED, 0)


@pytest.mark.parametrize(
    ("kernel", "count", "nodes"),
    [("minimalloc", 500, (0, 1, 1000, 50_000)), ("postpone", 500, (0, 1, 1000)), ("telamalloc", 300, (0, 1, 100))],
)
def test_the_budget_is_kept(kernel, count, nodes):
    problem = guillotine(10, count, steps=240, height=4096)
    for limit in nodes:
        answer, _, spent = ask(kernel, problem, problem.capacity, nodes=limit)
        assert (answer, spent) == (ENDED, limit)
