"""Place or postpone against brute force, with every combination of its inferences, and its other promises."""

import itertools
import random
import resource
import time
from math import lcm

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.exact import least_peak
from support.families import guillotine, with_known_packings
from support.pinwheels import pinwheels
from support.problems import problems, windowless

import tmpass._core as _core
from tmpass.packing.allocators.arrays import peak_of
from tmpass.packing.check import check_offsets
from tmpass.packing.problem import Buffer, Gap, Problem

FOUND, IMPOSSIBLE, ENDED = 0, 1, 2
SWITCHES = ("window", "exchange", "first", "sums", "blocks", "pinwheels", "nogoods")
RULES = [
    dict(zip(SWITCHES, on, strict=True))
    for on in itertools.product((True, False), repeat=7)
    if on[4] or not on[5]  # pinwheels are blocks, so they need the rule `blocks`
]
MUCH = 10**6


def ask(problem, capacity, *, nodes=MUCH, seed=1, **rules):
    """The answer of the kernel, its packing checked."""
    answer, offsets, spent = _core.postpone(problem.native, capacity, nodes, seed, _core.PostponeRules(**rules))
    if answer == FOUND:
        assert check_offsets(problem, offsets) == []
        assert peak_of(problem, offsets) <= capacity
    return answer, offsets, spent


@settings(max_examples=300, deadline=None)
@given(
    problems(max_buffers=7, with_fixed=True, with_alignment=True, with_gaps=True), st.integers(-2, 3), st.integers(0, 3)
)
def test_every_product_of_inferences_agrees_with_brute_force(problem, more, seed):
    problem = windowless(problem)
    least = least_peak(problem)
    if least is None or least + more < 0:
        return
    wanted = FOUND if more >= 0 else IMPOSSIBLE
    assert [ask(problem, least + more, seed=seed, **rules)[0] for rules in RULES] == [wanted] * len(RULES)


def crowded(rng):
    """A problem in which many live equally long, aligned and beside fixed ones: where inferences could interfere."""
    alignment = rng.choice((1, 1, 1, 2, 4))
    buffers = []
    for number in range(rng.randint(1, 7)):
        lower = rng.randint(0, 3)
        own = rng.choice((1, 1, 1, 2, 3, 4))
        offset = lcm(alignment, own) * rng.randint(0, 4) if rng.random() < 0.15 else None
        upper = rng.randint(lower + 1, 4)
        edges = sorted(rng.sample(range(lower, upper + 1), 2))
        gaps = (Gap(*edges),) if rng.random() < 0.2 else ()
        buffers.append(Buffer(str(number), lower, upper, rng.randint(0, 8), own, offset=offset, gaps=gaps))
    return Problem(tuple(buffers), None, alignment)


@pytest.mark.slow
@pytest.mark.core
def test_thousands_of_crowded_problems():
    rng = random.Random(3)
    for _ in range(3000):
        problem = crowded(rng)
        least = least_peak(problem)
        if least is None:
            continue
        for rules in RULES:
            assert ask(problem, least, **rules)[0] == FOUND, (problem, rules)
            assert least == 0 or ask(problem, least - 1, **rules)[0] == IMPOSSIBLE, (problem, rules)


@pytest.mark.parametrize("problem", with_known_packings(2).values(), ids=with_known_packings(2).keys())
def test_hard_problems_with_a_known_packing(problem):
    assert ask(problem, problem.capacity)[0] == FOUND


@pytest.mark.parametrize("seed", [4, 5, 6])
def test_many_cuts_of_a_rectangle_are_put_together_again(seed):
    problem = guillotine(seed, 400, steps=60, height=1024)
    assert ask(problem, problem.capacity, nodes=40_000)[0] == FOUND
    assert ask(problem, problem.capacity, nodes=40_000, blocks=False)[0] == ENDED


@pytest.mark.parametrize("seed", [8, 18, 19])
def test_pinwheels_are_put_together_again(seed):
    """No straight cut crosses a pinwheel, so rows and stacks of blocks alone do not make it whole."""
    problem = pinwheels(seed, 300)
    assert ask(problem, problem.capacity, nodes=40_000)[0] == FOUND
    assert ask(problem, problem.capacity, nodes=40_000, pinwheels=False)[0] == ENDED


@pytest.mark.parametrize("seed", [5, 19, 20])
def test_half_of_the_guesses_have_one_attempt_where_cuts_are_straight(seed):
    """With seven attempts at each guess, and pinwheels looked for in all, these take 280,000 nodes and more."""
    problem = guillotine(seed, 430, steps=60, height=256)
    assert ask(problem, problem.capacity, nodes=100_000)[0] == FOUND


@pytest.mark.parametrize("seed", [6002, 6013, 6015])
def test_a_guess_is_soon_dropped_where_pinwheels_are_frequent(seed):
    """With seven attempts at each guess instead of three, these take 400,000 nodes and more."""
    problem = pinwheels(seed, 300, steps=60, height=256)
    assert ask(problem, problem.capacity, nodes=150_000)[0] == FOUND


def test_equal_pinwheels_need_little_time_and_memory():
    """Of equal buffers one is tried: all would form 16 * 16 * 20 * 20 * 20 pinwheels at one boundary."""
    equal = {(333, 666): (16, 1), (333, 999): (16, 1), (0, 333): (20, 2), (0, 666): (20, 1), (666, 999): (20, 2)}
    rows = [(*steps, size) for steps, (count, size) in equal.items() for _ in range(count)]
    # These keep the search from an end before it looks for pinwheels.
    others = pinwheels(2, 300, steps=999, height=1000, slack=0.02).buffers
    rows += [(buffer.lower, buffer.upper, buffer.size * 10_000) for buffer in others]
    problem = Problem(tuple(Buffer(str(number), *row) for number, row in enumerate(rows)))
    capacity = max(sum(size for lower, upper, size in rows if lower <= step < upper) for step in range(999))
    before, begin = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, time.process_time()
    answer, _, spent = ask(problem, capacity, nodes=40_000)
    assert (answer, spent) == (ENDED, 40_000)
    assert time.process_time() - begin < 3  # seconds; 0.15 are usual
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 150_000  # kB


@pytest.mark.parametrize("seed", [3, 9, 12])
def test_sums_on_both_sides_of_boundaries_shorten_the_search(seed):
    """Full sections of few units: what crosses a boundary can begin at few offsets."""
    problem = pinwheels(seed, 120, steps=60, height=256)
    assert ask(problem, problem.capacity, nodes=2000, blocks=False)[0] == FOUND
    assert ask(problem, problem.capacity, nodes=2000, blocks=False, sums=False)[0] == ENDED


@pytest.mark.parametrize("odd", [1, 1001])
def test_sums_above_the_largest_that_are_told_apart(odd):
    """Of 40 buffers beside a long one the search tells sums apart up to some number of units, and loses nothing."""
    sizes = [odd * (30 + i) for i in range(20)]
    sides = [Buffer(f"{side}{i}", side, side + 1, size) for side in (0, 1) for i, size in enumerate(sizes)]
    for first in (1, 5 * odd + 1):  # keeps the parts from a common unit
        problem = Problem((*sides, Buffer("long", 0, 2, first), Buffer("other", 0, 2, 7)))
        least = sum(sizes) + first + 7
        for rules in RULES:
            assert ask(problem, least, **rules)[0] == FOUND
            assert ask(problem, least - 1, nodes=1000, **rules)[0] == IMPOSSIBLE


@pytest.mark.parametrize("seed", [1, 3, 6])
def test_blocks_hold_aligned_buffers(seed):
    """A stack of blocks may have any order, and a pinwheel may stand on its head, as their alignments need it."""
    problem = pinwheels(seed, 150, steps=60, height=256, alignments=(1, 2, 4, 8))
    assert ask(problem, problem.capacity, nodes=40_000)[0] == FOUND
    assert ask(problem, problem.capacity, nodes=20_000, blocks=False)[0] == ENDED


@pytest.mark.parametrize("mirrored", [False, True])
@pytest.mark.parametrize("turned", [False, True])
def test_one_pinwheel_has_a_packing_at_its_height_and_none_below(mirrored, turned):
    """Whichever way it turns, and with time run backwards."""
    arms = {(0, 7): 2, (7, 9): 6, (3, 9): 4, (0, 3): 8, (3, 7): 4}
    if turned:
        arms = {(0, 3): 6, (3, 9): 2, (7, 9): 8, (0, 7): 4, (3, 7): 4}
    ranges = {(9 - upper, 9 - lower) if mirrored else (lower, upper): size for (lower, upper), size in arms.items()}
    problem = Problem(tuple(Buffer(str(i), *steps, size) for i, (steps, size) in enumerate(ranges.items())))
    assert least_peak(problem) == 10
    for rules in RULES:
        assert ask(problem, 10, **rules)[0] == FOUND
        assert ask(problem, 9, **rules)[0] == IMPOSSIBLE


@settings(max_examples=100, deadline=None)
@given(st.integers(0, 10**6), st.integers(-1, 1))
def test_small_pinwheels_with_alignment_and_slack_agree_with_brute_force(seed, more):
    slack, alignments = (0.0, 0.3)[seed % 2], ((1,), (1, 2, 4))[seed // 2 % 2]
    problem = pinwheels(seed, 7, steps=6, height=8, share=0.8, slack=slack, alignments=alignments)
    least = least_peak(problem)
    wanted = FOUND if more >= 0 else IMPOSSIBLE
    assert [ask(problem, least + more, **rules)[0] for rules in RULES] == [wanted] * len(RULES)


@pytest.mark.parametrize("odd", [1, 2**33 + 1])
def test_numbers_that_share_no_unit(odd):
    """The sizes of a packing plus one byte somewhere: the answer is no, in 32 bits and in 64."""
    base = [
        Buffer("a", 0, 2, 2 * odd),
        Buffer("b", 1, 3, 3 * odd),
        Buffer("c", 2, 4, 2 * odd),
        Buffer("d", 0, 4, odd + 1),
    ]
    assert ask(Problem(tuple(base)), 6 * odd + 1)[0] == FOUND
    assert ask(Problem(tuple(base)), 6 * odd)[0] == IMPOSSIBLE


def test_many_buffers_need_no_deep_stack():
    """A chain in which every buffer is a decision."""
    count = 5000
    chain = Problem(tuple(Buffer(str(i), i, i + 2, 1 + i % 2) for i in range(count)))
    assert ask(chain, 3)[0] == FOUND
    assert ask(chain, 2)[0] == IMPOSSIBLE


def test_impossible_in_one_part_decides():
    possible, impossible = guillotine(11, 300, steps=200, height=4096), Buffer("tall", 500, 501, 5000)
    problem = Problem((*possible.buffers, impossible))
    assert ask(problem, 4096, nodes=10)[0] == IMPOSSIBLE


def test_what_fits_anyway_is_kept_where_no_byte_is_free():
    problem = pinwheels(3108, 200, steps=60, height=256)
    assert ask(problem, problem.capacity, nodes=60_000)[0] == FOUND


def test_no_node_is_spent_where_all_buffers_fit_anyway():
    tracks = [Buffer(f"{t}.{i}", 9 * i + t * (i > 0), 9 * i + 9 + t * (i < 9), 1) for t in range(8) for i in range(10)]
    assert ask(Problem(tuple(tracks)), 8, nodes=0)[0] == FOUND
