"""Ten thousand small problems with every constraint: all exact methods agree with brute force, and so with each other.

Every answer is also held against the verifier and against the words of the problem (`support.exact.legal`).
"""

import random

import pytest
from support.exact import least_peak, legal, top
from support.problems import small_problem

from tmpass.base.choices import Status
from tmpass.base.errors import UsageError
from tmpass.packing.allocate import allocate
from tmpass.packing.allocation import Allocation
from tmpass.packing.check import check_offsets
from tmpass.packing.merge_shared import merge_shared
from tmpass.packing.problem import Problem

EXACT = ("auto", "telamalloc", "minimalloc", "place-or-postpone", "cp-sat", "ilp")
"""Allocators that prove the least peak, for problems whose constraints they support."""

REFUSED = ("does not support", "but have windows with a hole between them", "without bytes, may be at the end of")
"""Errors of problems that have a packing: a constraint that the allocator does not know, or buffers that share and have
windows that do not meet, or of which one without bytes may be in another memory than the others."""

EVERY = {"cp-sat": 4, "ilp": 4}
"""Allocators that are asked about every n-th problem only: they take ten times as long as the others."""

PROBLEMS = 1000
SEEDS = range(10)

FITS = (Status.OPTIMAL, Status.FEASIBLE)


@pytest.mark.slow
@pytest.mark.parametrize("seed", SEEDS)
def test_every_exact_method_agrees_with_brute_force(seed):
    rng = random.Random(seed)
    asked = dict.fromkeys(EXACT, 0)
    for number in range(PROBLEMS):
        problem = small_problem(rng)
        least = least_peak(problem)
        for name in EXACT:
            if number % EVERY.get(name, 1) == 0:
                asked[name] += judge(problem, name, least)
    assert all(count > PROBLEMS // EVERY.get(name, 1) // 8 for name, count in asked.items())


def judge(problem: Problem, name: str, least: int | None) -> bool:
    """Assert that the answer of allocator `name` is true; return whether it was checked to be complete."""
    for minimize in (True, False) if problem.capacity is not None else (True,):
        answer = ask(problem, name, minimize)
        if isinstance(answer, UsageError):
            assert least is None or any(reason in answer.what for reason in REFUSED), (problem, answer)
            return False
        check_answer(problem, answer, least)
        merged = merge_shared(problem)
        if merged.exact:
            check_complete(problem, answer, least, minimize)
    return merged.exact


def ask(problem: Problem, name: str, minimize: bool) -> Allocation | UsageError:
    try:
        return allocate(problem, name, minimize=minimize)
    except UsageError as refusal:
        return refusal


def check_answer(problem, answer, least):
    """Every claim of the answer is true."""
    if answer.offsets:
        assert check_offsets(problem, answer.offsets) == [], (problem, answer)
        assert legal(problem, answer.offsets), (problem, answer)
        assert top(problem, answer.offsets) == answer.peak, (problem, answer)
    assert least is None or answer.lower_bound <= least, (problem, answer)
    possible = least is not None and (problem.capacity is None or least <= problem.capacity)
    if answer.status in FITS:
        assert possible, (problem, answer)
        assert problem.capacity is None or answer.peak <= problem.capacity, (problem, answer)
        assert answer.status is Status.FEASIBLE or answer.peak == least, (problem, answer)
    elif answer.status is Status.INFEASIBLE:
        assert not possible, (problem, answer)


def check_complete(problem, answer, least, minimize):
    """The answer is complete: the least peak, or that there is no packing."""
    if least is None:
        assert (answer.status, answer.offsets, answer.peak) == (Status.INFEASIBLE, (), None), (problem, answer)
    elif problem.capacity is not None and least > problem.capacity:
        assert answer.status is Status.INFEASIBLE, (problem, answer)
    elif minimize:
        assert (answer.status, answer.peak) == (Status.OPTIMAL, least), (problem, answer)
    else:
        assert answer.status in FITS, (problem, answer)
