"""TelaMalloc against brute force with every constraint, the meaning of its dead ends, and its other promises."""

import random
from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.brute_force import draw_problem, least_capacity, may_be_together
from support.exact import least_peak
from support.families import beside, guillotine, stacked, variant
from support.problems import problems

import tmpass._core as _core
from tmpass.base.choices import Status
from tmpass.packing.allocate import allocate
from tmpass.packing.allocators.arrays import peak_of
from tmpass.packing.check import check_offsets
from tmpass.packing.problem import Buffer, Gap, Memory, Problem

FOUND, IMPOSSIBLE, ENDED = 0, 1, 2
CLIMB = 0
"""With this many events per buffer the solver follows whole chains all the time, else hardly ever."""

POLICIES = (_core.Backtracking.CONFLICT, _core.Backtracking.CHRONOLOGICAL)
MUCH = 10**5


def ask(problem, capacity, *, nodes=MUCH, **more):
    """The answer of the kernel, its packing checked."""
    answer, offsets, spent = _core.telamalloc(problem.native, capacity, nodes, **more)
    if answer == FOUND:
        assert check_offsets(problem, offsets, capacity=capacity) == []
        assert peak_of(problem, offsets) <= capacity
    else:
        assert offsets == []
    return answer, offsets, spent


def fixed_collide(problem):
    fixed = problem.only([at for at, b in enumerate(problem.buffers) if b.offset is not None])
    return check_offsets(fixed, [b.offset for b in fixed.buffers]) != []


def agrees(problem, seed=1):
    """Both policies find a packing at the least capacity, and prove that there is none below it."""
    if fixed_collide(problem):
        return
    least = least_capacity(problem)
    for policy in POLICIES:
        if least is None:
            assert ask(problem, problem.reach, policy=policy, seed=seed)[0] == IMPOSSIBLE, problem
            continue
        for capacity in range(max(least - 2, 0), least + 2):
            wanted = FOUND if capacity >= least else IMPOSSIBLE
            assert ask(problem, capacity, policy=policy, seed=seed)[0] == wanted, (problem, capacity, policy)
            assert ask(problem, capacity, policy=policy, climb=CLIMB)[0] == wanted, (problem, capacity, policy)


@settings(max_examples=150, deadline=None)
@given(st.integers(0, 2**32), st.integers(0, 3))
def test_every_constraint_agrees_with_brute_force(drawn, seed):
    agrees(draw_problem(random.Random(drawn), most=4), seed)


@pytest.mark.slow
def test_thousands_of_problems_with_every_constraint():
    rng = random.Random(5)
    for _ in range(6000):
        agrees(draw_problem(rng, most=5))


@settings(max_examples=150, deadline=None)
@given(problems(max_buffers=7, with_fixed=True, with_alignment=True, with_gaps=True), st.integers(-2, 2))
def test_larger_problems_agree_with_the_other_oracle(problem, more):
    least = least_peak(problem)
    if least is None or least + more < 0:
        return
    wanted = FOUND if more >= 0 else IMPOSSIBLE
    assert [ask(problem, least + more, policy=policy)[0] for policy in POLICIES] == [wanted, wanted]


def packings(problem, capacity):
    """Every packing of a small problem without fixed buffers, memories and alignment."""
    buffers = problem.buffers
    far = range(-capacity, capacity + 1)
    good = {
        (at, other): {d for d in far if may_be_together(problem, at, d + capacity, other, capacity)}
        for at in range(len(buffers))
        for other in range(at)
    }
    found = [()]
    for at, buffer in enumerate(buffers):
        found = [
            (*offsets, offset)
            for offsets, offset in product(found, range(capacity - buffer.size + 1))
            if all(offset - offsets[other] in good[at, other] for other in range(at))
        ]
    return found


def entwined(rng):
    """A problem of one part, none of whose buffers is like another, some with windows, two of them maybe apart."""
    buffers = [Buffer("whole", 0, 7, 1)]
    for number in range(6):
        lower = rng.randint(0, 4)
        upper, size = rng.randint(lower + 2, 7), rng.randint(1, 4)
        low, high = sorted((rng.randint(0, size), rng.randint(0, size)))
        gaps = (Gap(lower + 1, upper, low, high),) if rng.random() < 0.3 else ()
        buffers.append(Buffer(str(number), lower, upper, size, gaps=gaps))
    alike = {(b.lower, b.upper, b.size): b for b in buffers}
    return Problem(tuple(alike.values()), apart=((0, 1),) if rng.random() < 0.2 else ())


def test_the_placements_of_a_dead_end_cannot_be_together():
    """No packing with the least sum of offsets, which is one pushed down, has all of them."""
    rng, dead_ends, fewer = random.Random(7), 0, 0
    while dead_ends < 60:
        problem = entwined(rng)
        orders = [rng.sample(range(len(problem.buffers)), len(problem.buffers)) for _ in range(20)]
        native, capacity = problem.native, allocate(problem, "telamalloc").peak
        ends = [_core.first_dead_end(native, capacity, order) for order in orders]
        if all(answer == FOUND for answer, *_ in ends):
            continue
        every = packings(problem, capacity)
        least = min(sum(offsets) for offsets in every)
        low = [offsets for offsets in every if sum(offsets) == least]
        for answer, involved, placed in ends:
            pairs = [(at, offset) for at, offset in enumerate(involved) if offset >= 0]
            if answer == FOUND:
                continue
            assert pairs, "there is a packing, so a placement must be part of the dead end"
            assert not any(all(offsets[at] == offset for at, offset in pairs) for offsets in low), (problem, involved)
            dead_ends += 1
            fewer += len(pairs) < placed
    assert fewer > 0, "some of them leave a placement out"


@pytest.mark.parametrize(
    "problem",
    [
        guillotine(1, 60, steps=40, height=512),
        variant(guillotine(3, 80, steps=60), seed=1, dropped=0.06),
        beside(guillotine(4, 40), guillotine(5, 40)),
        stacked(guillotine(6, 20), guillotine(7, 20)),
    ],
    ids=["guillotine", "variant", "beside", "stacked"],
)
def test_hard_problems_with_a_known_packing(problem):
    assert ask(problem, problem.capacity)[0] == FOUND


@pytest.mark.parametrize("seed", range(20))
def test_a_known_packing_is_never_called_impossible(seed):
    """With the consequences of whole chains in every dead end, a reason that is missing would cut packings off."""
    problem = guillotine(seed, 40, steps=24, height=128, dropped=0.05)
    assert ask(problem, problem.capacity, nodes=1000, climb=CLIMB)[0] != IMPOSSIBLE
    assert ask(problem, problem.capacity)[0] == FOUND


def test_many_buffers_need_no_deep_stack():
    count = 2000
    chain = Problem(tuple(Buffer(str(i), i, i + 2, 1 + i % 2) for i in range(count)))
    assert ask(chain, 3)[0] == FOUND
    assert ask(chain, 2)[0] == IMPOSSIBLE


def test_a_thousand_buffers_at_one_step():
    problem = Problem(tuple(Buffer(str(i), 0, 2, 64 * (1 + i * 7919 % 1000)) for i in range(1000)))
    total = sum(b.size for b in problem.buffers)
    assert ask(problem, total)[0] == FOUND
    assert ask(problem, total - 1)[0] == IMPOSSIBLE


def test_a_window_that_others_pass_through():
    """In its gap `a` needs only its lowest and uppermost bytes in turn: `b` fits between, where nothing solid would."""
    a = Buffer("a", 0, 4, 8, gaps=(Gap(1, 2, 0, 2), Gap(2, 3, 6, 8)))
    problem = Problem((a, Buffer("b", 1, 3, 4)))
    assert ask(problem, 8)[0] == FOUND
    assert ask(problem, 7)[0] == IMPOSSIBLE


def test_apart_takes_a_byte_and_memories_a_border():
    pair = (Buffer("a", 0, 2, 4), Buffer("b", 0, 2, 4))
    assert ask(Problem(pair, apart=((0, 1),)), 9)[0] == FOUND
    assert ask(Problem(pair, apart=((0, 1),)), 8)[0] == IMPOSSIBLE
    memories = (Memory("m", 0, 6), Memory("n", 8, None))
    assert ask(Problem(pair, memories=memories), 12)[0] == FOUND
    assert ask(Problem(pair, memories=memories), 11)[0] == IMPOSSIBLE


def unlike(rng):
    """Small and very large sizes side by side: what goes up by small steps would not arrive."""
    buffers = []
    for number in range(rng.randint(3, 7)):
        lower = rng.randint(0, 4)
        upper, size = (
            rng.randint(lower + 1, 6),
            rng.choice((1, 2, 3, 2**30 + rng.randint(0, 3), 2**40 + rng.randint(0, 3))),
        )
        gaps = ()
        if upper - lower > 1 and rng.random() < 0.5:
            edges = sorted((rng.choice((0, 1, size // 2, size - 1, size)), rng.choice((0, 1, size // 2, size))))
            gaps = (Gap(lower + 1, upper, *edges),)
        buffers.append(Buffer(str(number), lower, upper, size, rng.choice((1, 1, 1, 2, 4)), gaps=gaps))
    return Problem(tuple(buffers), apart=((0, 1),) if rng.random() < 0.3 else ())


def test_sizes_unlike_each_other_need_no_more_nodes():
    rng = random.Random(9)
    for _ in range(300):
        problem = unlike(rng)
        assert allocate(problem, "telamalloc", nodes=5000).status is Status.OPTIMAL, problem


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 2**32), st.sampled_from(["auto", "telamalloc"]))
def test_small_problems_with_every_constraint_are_solved_to_the_optimum(drawn, method):
    problem = draw_problem(random.Random(drawn), most=4)
    if fixed_collide(problem):
        return
    answer = allocate(problem, method)
    least = least_capacity(problem)
    assert answer.peak == least
    assert answer.status is (Status.INFEASIBLE if least is None else Status.OPTIMAL)
