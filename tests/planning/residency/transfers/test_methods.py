"""All methods of residency: their plans are right, and the exact ones are as cheap as brute force."""

from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from planning.residency.transfers.brute_force import brute_force
from planning.residency.transfers.drawn import draw_many, problem_of, problems

from tmpass.base.choices import SpillOrder, Status
from tmpass.base.errors import UsageError
from tmpass.planning.residency.transfers import fixed_order, free_order, methods
from tmpass.planning.residency.transfers.find_transfers import MAX_NODES, find_transfers
from tmpass.planning.residency.transfers.methods import METHODS, auto, method_named
from tmpass.planning.residency.transfers.order_problems import order_problems
from tmpass.planning.residency.transfers.problem import Episode, TransferPlan
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
    assert (plan.order, plan.episodes, plan.cost, plan.status) == ((), (), 0, Status.OPTIMAL)


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("order", ORDERS)
def test_operators_without_tensors_move_nothing(method, order):
    plan = find_transfers(problem_of([], [((), ()), ((), ())], 1), method, order=order)
    assert (len(plan.order), plan.episodes, plan.cost, plan.status) == (2, (), 0, Status.OPTIMAL)


def raise_interrupt(*_, **__):
    raise KeyboardInterrupt


def test_ctrl_c_leaves_the_best_plan_of_a_free_order_where_it_is_kept(monkeypatch):
    problem = next(p for p in DRAWN if find_transfers(p, order=SpillOrder.GIVEN).cost)
    monkeypatch.setattr(free_order._core, "search_labels", raise_interrupt)
    plan = find_transfers(problem, order=SpillOrder.FREE, keep=True)
    assert plan.stopped
    assert plan.order == tuple(range(len(problem.operators)))
    assert check_transfer_plan(problem, plan) == ()
    with pytest.raises(KeyboardInterrupt):
        find_transfers(problem, order=SpillOrder.FREE)


def test_ctrl_c_in_the_middle_keeps_what_was_found_before(monkeypatch):
    """With no budget for the first search, the given order and that of least peak come before the beams."""
    monkeypatch.setattr(free_order._core, "beam_labels", raise_interrupt)
    drawn = draw_many(15, 20, seed=5, read_outputs=True)
    plans = [(p, find_transfers(p, order=SpillOrder.FREE, nodes=0, keep=True)) for p in drawn]
    stopped = [(problem, plan) for problem, plan in plans if plan.stopped and plan.cost is not None]
    assert len(stopped) > 3
    for problem, plan in stopped:
        assert check_transfer_plan(problem, plan) == ()
        assert plan.status is Status.FEASIBLE
        given = find_transfers(problem, order=SpillOrder.GIVEN).cost
        assert given is None or plan.cost <= given


@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize("method", METHODS)
def test_ctrl_c_leaves_a_plan_of_every_method_where_it_is_kept(monkeypatch, method, order):
    """The method is interrupted; what takes its place is not."""
    problem = next(p for p in DRAWN if find_transfers(p, order=SpillOrder.GIVEN).cost)
    solve = method_named(method).solve

    def once(*words, **more):
        if len(asked) == 0:
            asked.append(words)
            raise KeyboardInterrupt
        return solve(*words, **more)

    asked = []
    monkeypatch.setattr(method_named(method), "solve", once)
    plan = find_transfers(problem, method, order=order, keep=True)
    assert plan.stopped
    assert plan.order == tuple(range(len(problem.operators)))
    assert check_transfer_plan(problem, plan) == ()
    asked.clear()
    with pytest.raises(KeyboardInterrupt):
        find_transfers(problem, method, order=order)


def test_ctrl_c_in_a_given_order_keeps_what_was_packed_before(monkeypatch):
    """Without a packing of the cheapest absences, all are taken, and then taken back one by one."""
    monkeypatch.setattr(fixed_order, "unpackable", lambda *_, **__: (None, 0))
    monkeypatch.setattr(fixed_order, "lower_room", lambda *_: False)
    monkeypatch.setattr(fixed_order, "repack", raise_interrupt)
    problem = next(p for p in DRAWN if find_transfers(p, order=SpillOrder.GIVEN).cost)
    real, asked = fixed_order.pack_episodes, []

    def pack(*words, **more):
        asked.append(words)
        found = real(*words, **more)
        return fixed_order.Packing(None, found.answer) if len(asked) < 3 else found

    monkeypatch.setattr(fixed_order, "pack_episodes", pack)
    plan = find_transfers(problem, order=SpillOrder.GIVEN, keep=True)
    assert plan.stopped
    assert check_transfer_plan(problem, plan) == ()


def test_ctrl_c_without_a_plan_is_unknown_where_it_is_kept(monkeypatch):
    monkeypatch.setattr(auto, "solve_fixed_order", raise_interrupt)
    problem = problem_of([1], [((), (0,))], 1)
    plan = find_transfers(problem, order=SpillOrder.GIVEN, keep=True)
    assert (plan.stopped, plan.status, plan.cost) == (True, Status.UNKNOWN, None)
    with pytest.raises(KeyboardInterrupt):
        find_transfers(problem, order=SpillOrder.GIVEN)


def test_wrong_arguments_are_refused():
    problem = problem_of([1], [((), (0,))], 1)
    with pytest.raises(UsageError, match=r"the method of residency 'lru' is unknown; choose one of auto, belady, "):
        find_transfers(problem, "lru", order=SpillOrder.FREE)
    for nodes in (-1, MAX_NODES + 1, 1.5, True):
        with pytest.raises(UsageError, match="the budget is"):
            find_transfers(problem, order=SpillOrder.FREE, nodes=nodes)


class Foreign:
    """A method of another package, which returns whatever it was made with."""

    def __init__(self, answer) -> None:
        self.answer = answer

    def solve(self, _problem, _task):
        return self.answer


@pytest.mark.parametrize(
    ("answer", "fault"),
    [
        (None, "NoneType, not a TransferPlan"),
        (TransferPlan([0], (), 0, 0, Status.OPTIMAL, "x"), "an order that is not a tuple of int"),
        (TransferPlan((0,), ((0, 0, 0, 0),), 0, 0, Status.OPTIMAL, "x"), "episodes that are not a tuple of Episode"),
        (TransferPlan((0,), (Episode(0, 0, 0, 0.0),), 0, 0, Status.OPTIMAL, "x"), "a number that is not an int"),
        (TransferPlan((0,), (), 0.5, 0, Status.OPTIMAL, "x"), "a number that is not an int"),
        (TransferPlan((0,), (), 0, 0, "optimal", "x"), "a status that is not a Status"),
    ],
)
def test_what_a_method_of_another_package_returns_is_looked_at(monkeypatch, answer, fault):
    monkeypatch.setattr(methods, "load_registered", lambda *_: Foreign(answer))
    with pytest.raises(UsageError, match=f"'foreign' returned {fault}"):
        find_transfers(DRAWN[0], "foreign", order=SpillOrder.FREE)


def test_no_order_is_planned_twice():
    """Beams return the same order again where its plan costs more than the search expects of it."""
    tried = []

    def plan_in(order, _nodes):
        tried.append(tuple(order))
        return free_order.NO_PLAN

    for problem in draw_many(20, 8, seed=11, read_outputs=True):
        tried.clear()
        graph = order_problems(problem)
        if graph.largest_need <= problem.capacity:
            free_order.search_orders(graph, plan_in, labels=10_000)
        assert len(tried) == len(set(tried))
