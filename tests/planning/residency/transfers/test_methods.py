"""All methods of residency: their plans are right, and the exact ones are as cheap as brute force."""

from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from planning.residency.transfers.brute_force import brute_force
from planning.residency.transfers.drawn import draw_many, problem_of, problems

from tmpass.base.choices import SpillOrder, Status
from tmpass.base.errors import UsageError
from tmpass.planning.residency.transfers.find_transfers import MAX_NODES, find_transfers
from tmpass.planning.residency.transfers.methods import METHODS
from tmpass.verification.episodes import check_transfer_plan

ORDERS = list(SpillOrder)
DRAWN = list(draw_many(30, 6, seed=7, read_outputs=True))


def least(problem, order):
    return brute_force(problem, range(len(problem.operators)) if order is SpillOrder.GIVEN else None).cost


@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize("method", ["auto", "cosma"])
@pytest.mark.parametrize("problem", DRAWN)
def test_the_exact_methods_are_as_cheap_as_brute_force(problem, method, order):
    plan, cost = find_transfers(problem, method, order=order), least(problem, order)
    assert check_transfer_plan(problem, plan) == ()
    if cost is None:
        assert plan.status in (Status.INFEASIBLE, Status.UNKNOWN)
    else:
        assert (plan.cost, plan.lower_bound, plan.status) == (cost, cost, Status.OPTIMAL)


@pytest.mark.parametrize("method", METHODS)
@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(problem=problems(8, read_outputs=True))
def test_every_plan_is_right_and_none_beats_the_optimum(method, problem):
    optimum = find_transfers(problem, order=SpillOrder.FREE)
    for order in ORDERS:
        plan = find_transfers(problem, method, order=order)
        assert check_transfer_plan(problem, plan) == ()
        assert plan == find_transfers(problem, method, order=order)
        if plan.order:
            assert plan.cost >= optimum.lower_bound
            assert order is SpillOrder.FREE or plan.order == tuple(range(len(problem.operators)))
        if plan.status is Status.INFEASIBLE and order is SpillOrder.FREE:
            assert not optimum.order


@pytest.mark.parametrize("method", METHODS)
def test_an_operator_that_is_too_large_is_a_proof_for_every_method(method):
    problem = problem_of([3, 3], [((), (0,)), ((0,), (1,))], 5)
    for order in ORDERS:
        assert find_transfers(problem, method, order=order).status is Status.INFEASIBLE
        assert find_transfers(replace(problem, capacity=6), method, order=order).status is Status.OPTIMAL


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("order", ORDERS)
def test_a_graph_without_operators_moves_nothing(method, order):
    plan = find_transfers(problem_of([], [], 1), method, order=order)
    assert (plan.order, plan.episodes, plan.cost) == ((), (), 0)


def test_wrong_arguments_are_refused():
    problem = problem_of([1], [((), (0,))], 1)
    with pytest.raises(UsageError, match=r"the method of residency 'lru' is unknown; choose one of auto, belady, "):
        find_transfers(problem, "lru", order=SpillOrder.FREE)
    for nodes in (-1, MAX_NODES + 1, 1.5, True):
        with pytest.raises(UsageError, match="the budget is"):
            find_transfers(problem, order=SpillOrder.FREE, nodes=nodes)
