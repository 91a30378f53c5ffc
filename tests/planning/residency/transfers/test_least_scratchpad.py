"""The smallest scratchpad for a number of moved bytes, against trying one capacity after the other by brute force."""

from dataclasses import replace

import pytest
from planning.residency.transfers.brute_force import brute_force
from planning.residency.transfers.drawn import draw_many, problem_of

from tmpass.api.spill import least_scratchpad
from tmpass.base.choices import SpillOrder, Status
from tmpass.base.errors import UsageError
from tmpass.planning.residency.transfers import least_scratchpad as module
from tmpass.planning.residency.transfers.problem import TransferProblem
from tmpass.verification.episodes import check_transfer_plan


def by_brute_force(problem: TransferProblem, order: list[int] | None, cost: int) -> int:
    """The smallest capacity with a plan that moves at most `cost`."""
    for capacity in range(10**6):
        best = brute_force(replace(problem, capacity=capacity), order).cost
        if best is not None and best <= cost:
            return capacity
    raise AssertionError


@pytest.mark.parametrize("order", list(SpillOrder))
@pytest.mark.parametrize("seed", range(4))
def test_no_smaller_scratchpad_does(order, seed):
    moves = 0
    for problem in draw_many(10, 5, seed=seed, read_outputs=True):
        given = list(range(len(problem.operators))) if order is SpillOrder.GIVEN else None
        for cost in (0, 2, 5):
            found = least_scratchpad(problem, cost=cost, order=order)
            least = by_brute_force(problem, given, cost)
            assert (found.capacity, found.lower_bound, found.status) == (least, least, Status.OPTIMAL)
            assert check_transfer_plan(replace(problem, capacity=least), found.plan) == ()
            assert found.plan.cost <= cost
            moves += found.plan.cost > 0
    assert moves, "a cost that is never used says nothing"


def test_sizes_with_a_common_divisor_are_tried_in_its_multiples(monkeypatch):
    asked = []
    real = module.find_transfers
    monkeypatch.setattr(module, "find_transfers", lambda p, **more: asked.append(p.capacity) or real(p, **more))
    rows = [((), (0,)), ((0,), (1,)), ((1,), (2,)), ((0, 2), (3,))]
    problem = problem_of([700, 1400, 2100, 700], rows, 0, outputs=(3,))
    assert least_scratchpad(problem).capacity == 4200
    assert all(capacity % 700 == 0 for capacity in asked)
    assert least_scratchpad(replace(problem, alignment=64)).capacity == by_hand(problem)


def by_hand(problem: TransferProblem) -> int:
    """Three tensors at step 2, two of them rounded up to 64; the largest of them on top."""
    t0, t1, t2 = (problem.tensors[at].size for at in (0, 1, 2))
    return -(-t0 // 64) * 64 + -(-t1 // 64) * 64 + t2


def test_a_budget_that_ends_leaves_a_plan_and_a_true_bound():
    for problem in draw_many(10, 6, seed=9, most=5):
        least = least_scratchpad(problem, cost=3)
        found = least_scratchpad(problem, cost=3, nodes=0)
        assert found.lower_bound <= least.capacity <= found.capacity
        assert check_transfer_plan(found.problem, found.plan) == ()


def test_a_graph_without_operators_needs_nothing():
    found = least_scratchpad(problem_of([3], [], 1, inputs=(0,)))
    assert (found.capacity, found.lower_bound, found.status) == (0, 0, Status.OPTIMAL)


def test_an_interrupt_leaves_the_smallest_so_far(monkeypatch):
    asked = []
    real = module.find_transfers

    def find(problem, **more):
        asked.append(problem.capacity)
        if len(asked) == 2:
            return replace(module.TransferPlan((), (), None, 0, Status.UNKNOWN, "auto"), stopped=True)
        return real(problem, **more)

    monkeypatch.setattr(module, "find_transfers", find)
    rows = [((), (0,)), ((0,), (1,)), ((1,), (2,)), ((0, 2), (3,))]
    found = least_scratchpad(problem_of([7, 14, 21, 7], rows, 0, outputs=(3,)), cost=14, keep=True)
    assert found.plan.stopped
    assert found.lower_bound < found.capacity


@pytest.mark.parametrize("cost", [-1, "x", 2**63])
def test_a_cost_is_a_number_of_bytes(cost):
    with pytest.raises(UsageError, match="cost"):
        least_scratchpad(problem_of([3], [((), (0,))], 1, outputs=(0,)), cost=cost)
