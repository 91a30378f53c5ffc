"""MiniMalloc against brute force, with every combination of its rules, and its other promises."""

import itertools
import random
import subprocess
import sys
from math import lcm

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.exact import least_peak, overlaps
from support.families import with_known_packings
from support.problems import problems, windowless
from support.shared import parametrize

import tmpass._core as _core
from tmpass.base.choices import Status
from tmpass.base.errors import UsageError
from tmpass.packing.allocate import allocate
from tmpass.packing.allocators.arrays import peak_of
from tmpass.packing.check import check_offsets
from tmpass.packing.problem import Buffer, Gap, Memory, Problem
from tmpass.packing.problem_csv import read_problem

FOUND, IMPOSSIBLE, ENDED = 0, 1, 2
NAMES = (
    "canonical", "monotonic", "ordering", "dominance", "section",
    "floor", "hatless", "decomposition", "rerank", "always_fit",
)  # fmt: skip
RULES = [dict(zip(NAMES, on, strict=True)) for on in itertools.product((True, False), repeat=len(NAMES))]
ALONE = [{}, *({name: False} for name in NAMES), *({n: n == name for n in NAMES} for name in NAMES)]
MUCH = 10**7


def ask(problem, capacity, *, nodes=MUCH, **rules):
    """The answer of the kernel, its packing checked."""
    answer, offsets, spent = _core.minimalloc(problem.native, capacity, nodes, _core.MinimallocRules(**rules))
    if answer == FOUND:
        assert check_offsets(problem, offsets) == []
        assert peak_of(problem, offsets) <= capacity
    return answer, offsets, spent


def fits(problem, capacity):
    """Whether a packing exists, by trying all offsets; at most six buffers, small numbers."""
    buffers = sorted((b for b in problem.buffers if b.size), key=lambda b: (b.offset is None, -b.size))
    places = [
        [
            o
            for o in ([b.offset] if b.offset is not None else range(0, capacity + 1, problem.alignment_of(b)))
            if o + b.size <= capacity and check_offsets(Problem((b,), None, 1, problem.memories), [o]) == []
        ]
        for b in buffers
    ]
    clash = [[{d for d in range(-a.size, b.size + 1) if overlaps(a, d, b, 0)} for b in buffers] for a in buffers]

    def go(offsets):
        at = len(offsets)
        return at == len(buffers) or any(
            all(o - p not in clash[at][i] for i, p in enumerate(offsets)) and go([*offsets, o]) for o in places[at]
        )

    return go([])


def crowded(rng):
    """Aligned, with gaps, in memories and beside fixed ones: where rules could interfere."""
    alignment = rng.choice((1, 1, 1, 2, 4))
    memories = rng.choice(((), (), (Memory("a", 0, rng.randint(3, 8)), Memory("b", rng.randint(8, 12)))))
    buffers = []
    for number in range(rng.randint(1, 6)):
        lower = rng.randint(0, 3)
        upper = rng.randint(lower + 1, 5)
        own = rng.choice((1, 1, 1, 2, 3))
        size = rng.randint(0, 6)
        edges = sorted(rng.sample(range(lower, upper + 1), min(upper - lower + 1, rng.choice((0, 0, 2, 4)))))
        gaps = tuple(Gap(*pair) for pair in zip(edges[::2], edges[1::2], strict=False))
        offset = lcm(alignment, own) * rng.randint(0, 3) if rng.random() < 0.15 else None
        where = rng.choice(((), ("a",), ("b",), ("a", "b"))) if memories and offset is None else ()
        buffers.append(Buffer(str(number), lower, upper, size, own, offset, gaps=gaps, memories=where))
    return Problem(tuple(buffers), None, alignment, memories)


def legal(problem):
    """Whether the fixed buffers are in memories and apart."""
    fixed = problem.only([i for i, b in enumerate(problem.buffers) if b.offset is not None])
    return check_offsets(fixed, [b.offset for b in fixed.buffers]) == []


@settings(max_examples=60, deadline=None)
@given(
    problems(max_buffers=6, with_fixed=True, with_alignment=True, with_gaps=True, max_size=6, max_step=6),
    st.integers(0, 20),
)
def test_every_product_of_rules_agrees_with_brute_force(problem, capacity):
    problem = windowless(problem)
    if legal(problem):
        wanted = FOUND if fits(problem, capacity) else IMPOSSIBLE
        assert [ask(problem, capacity, **rules)[0] for rules in RULES] == [wanted] * len(RULES)


@pytest.mark.slow
@pytest.mark.core
def test_thousands_of_crowded_problems():
    rng = random.Random(3)
    answers = []
    for _ in range(4000):
        problem, capacity = crowded(rng), rng.randint(2, 18)
        if not legal(problem):
            continue
        wanted = FOUND if fits(problem, capacity) else IMPOSSIBLE
        answers.append(wanted)
        for rules in (*ALONE, *rng.sample(RULES, 40)):
            assert ask(problem, capacity, **rules)[0] == wanted, (problem, capacity, rules)
    assert 500 < sum(answers) < len(answers) - 500, "both answers are frequent"


@pytest.mark.parametrize("problem", with_known_packings(1).values(), ids=with_known_packings(1).keys())
def test_larger_problems_with_a_known_packing(problem):
    assert ask(problem, problem.capacity)[0] == FOUND


@parametrize("problems/challenging/[AFGJK].*.csv")
def test_the_challenging_set_is_solved(path):
    problem = read_problem(path.read_text(), path.name, capacity=1048576)
    assert allocate(problem, "minimalloc", minimize=False, nodes=2_000_000).peak <= problem.capacity


def test_a_chain_of_twenty_thousand_fits_the_small_stack_of_a_thread():
    """Every buffer of it is a decision: in three bytes, of two that touch in time one is above the other."""
    script = """
import threading
import tmpass._core as _core
count = 20_000
steps = list(range(count))
sizes = [1 + s % 2 for s in steps]
problem = _core.Problem(steps, [s + 2 for s in steps], sizes, [1] * count, [-1] * count)
threading.stack_size(512 * 1024)
ask = lambda: print(*(_core.minimalloc(problem, c, 10**6, _core.MinimallocRules(always_fit=False))[0] for c in (3, 2)))
thread = threading.Thread(target=ask)
thread.start()
thread.join()
"""
    found = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=120, check=True)
    assert found.stdout == "0 1\n"


def test_a_buffer_in_a_gap_shares_the_bytes():
    holder = Buffer("holder", 0, 9, 8, gaps=(Gap(2, 4), Gap(6, 8)))
    guests = [Buffer("a", 2, 4, 8), Buffer("b", 6, 8, 8), Buffer("c", 4, 6, 2)]
    answer = allocate(Problem((holder, *guests), capacity=10), "minimalloc")
    assert (answer.status, answer.peak) == (Status.OPTIMAL, 10)


def test_windows_and_pairs_that_stay_apart_are_refused():
    window = Buffer("a", 0, 3, 8, gaps=(Gap(1, 2, 0, 3),))
    with pytest.raises(UsageError, match="minimalloc does not support windows"):
        allocate(Problem((window,)), "minimalloc")
    with pytest.raises(ValueError, match="windows"):
        _core.minimalloc(Problem((window,)).native, 10, 10)
    both = Problem((Buffer("a", 0, 1, 8), Buffer("b", 0, 1, 8)), apart=((0, 1),))
    with pytest.raises(UsageError, match="minimalloc does not support apart"):
        allocate(both, "minimalloc")
    with pytest.raises(ValueError, match="apart"):
        _core.minimalloc(both.native, 20, 10)


@settings(max_examples=150, deadline=None)
@given(problems(with_fixed=True, with_alignment=True, with_gaps=True))
def test_the_least_peak_with_gaps_is_found_and_proved(problem):
    problem = windowless(problem)
    least = least_peak(problem)
    if least is not None:
        answer = allocate(problem, "minimalloc")
        assert (answer.peak, answer.lower_bound) == (least, least)
