"""Learned backtracking changes no answer: brute force, proofs, the checker, and the same nodes everywhere."""

import random

import pytest
from support.brute_force import draw_problem, least_capacity
from support.families import brimful, guillotine
from support.policies import ALWAYS, NEVER, drawn_policy
from support.problems import random_problem

import tmpass._core as _core
from tmpass.base.choices import Status
from tmpass.base.errors import UsageError
from tmpass.packing.allocate import allocate
from tmpass.packing.check import check_offsets

FOUND, IMPOSSIBLE = 0, 1
POLICIES = [ALWAYS, NEVER, *(drawn_policy(random.Random(seed)) for seed in range(4))]


def ask(problem, capacity, policy, nodes=10**5, seed=1):
    answer, offsets, spent = _core.telamalloc(problem.native, capacity, nodes, seed, learned=policy.native())
    if answer == FOUND:
        assert check_offsets(problem, offsets, capacity=capacity) == []
    return answer, offsets, spent


@pytest.mark.parametrize("policy", POLICIES)
def test_every_constraint_agrees_with_brute_force(policy):
    rng = random.Random(8)
    for _ in range(60):
        problem = draw_problem(rng, most=4)
        fixed = problem.only([at for at, b in enumerate(problem.buffers) if b.offset is not None])
        least = least_capacity(problem)
        if least is None or check_offsets(fixed, [b.offset for b in fixed.buffers]):
            continue
        for capacity in range(max(least - 2, 0), least + 2):
            assert ask(problem, capacity, policy)[0] == (FOUND if capacity >= least else IMPOSSIBLE)


@pytest.mark.parametrize("policy", POLICIES)
def test_a_packing_is_found_and_a_proof_ends_whatever_the_trees_say(policy):
    """Hundreds of dead ends each, so that the trees are asked, and jumps may not go on for ever."""
    problem = guillotine(9, 150, dropped=0.1)
    assert ask(problem, problem.capacity, policy)[0] == FOUND
    answers = {ask(brimful(seed, 22), 12, policy)[0] for seed in range(10)}
    plain = {_core.telamalloc(brimful(seed, 22).native, 12, 10**5)[0] for seed in range(10)}
    assert answers == plain == {FOUND, IMPOSSIBLE}


def test_trees_that_differ_take_other_nodes():
    problem = guillotine(2, 150, dropped=0.1)
    nodes = {ask(problem, problem.capacity, policy, 3000)[2] for policy in POLICIES}
    assert len(nodes) > 1


def test_the_answer_does_not_depend_on_threads():
    problem = random_problem(3, 80, longest=12)
    policy = drawn_policy(random.Random(1))
    answers = [allocate(problem, "telamalloc", nodes=3000, threads=threads, policy=policy) for threads in (1, 3)]
    assert answers[0] == answers[1]


def test_auto_takes_a_policy_and_first_fit_does_not():
    problem = random_problem(3, 20, longest=12)
    assert allocate(problem, "auto", policy=ALWAYS).status is Status.OPTIMAL
    with pytest.raises(UsageError, match="allocator first-fit takes no policy; choose telamalloc or auto"):
        allocate(problem, "first-fit", policy=ALWAYS)
