"""The oracle itself: costs that can be counted by hand, and laws that hold between its answers."""

import itertools

import pytest
from planning.residency.transfers.brute_force import brute_force
from planning.residency.transfers.drawn import draw_many, problem_of


def detour(capacity: int, **how):
    """Tensor 0 is read at the end; between, 1 -> 2 -> 3 need 3 + 3 bytes at each step."""
    return problem_of(
        [2, 3, 3, 3, 1], [((), (0,)), ((), (1,)), ((1,), (2,)), ((2,), (3,)), ((0, 3), (4,))], capacity, **how
    )


@pytest.mark.parametrize(("capacity", "cost"), [(5, None), (6, 4), (7, 4), (8, 0)])
def test_an_activation_pays_for_its_spill_and_its_fetch(capacity, cost):
    assert brute_force(detour(capacity), range(5)).cost == cost


def test_an_output_of_the_graph_pays_for_its_fetch_alone():
    assert brute_force(detour(6, outputs=(0,)), range(5)).cost == 2


def test_another_order_makes_the_tensor_later():
    best = brute_force(detour(6))
    assert (best.cost, best.order) == (0, (1, 2, 3, 0, 4))


def test_a_parameter_pays_from_its_second_load_on():
    rows = [((0,), (1,)), ((1,), (2,)), ((2,), (3,)), ((0, 3), (4,))]
    assert brute_force(problem_of([2, 1, 3, 1, 1], rows, 5, parameters=(0,)), range(4)).cost == 2
    assert brute_force(problem_of([2, 1, 3, 1, 1], rows, 6, parameters=(0,)), range(4)).cost == 0


@pytest.mark.parametrize("problem", list(draw_many(20, 5)))
def test_the_best_order_is_the_best_of_all(problem):
    count = len(problem.operators)
    costs = []
    for order in itertools.permutations(range(count)):
        place = {at: step for step, op in enumerate(order) for at in problem.operators[op].outputs}
        if all(place.get(at, -1) < step for step, op in enumerate(order) for at in problem.operators[op].inputs):
            costs.append(brute_force(problem, order, addresses=False).cost)
    free = brute_force(problem, addresses=False).cost
    known = [cost for cost in costs if cost is not None]
    assert free == min(known, default=None)


@pytest.mark.parametrize("problem", list(draw_many(20, 8, seed=2)))
def test_addresses_and_a_smaller_scratchpad_never_lower_the_cost(problem):
    order = range(len(problem.operators))
    relaxed, placed = brute_force(problem, order, addresses=False).cost, brute_force(problem, order).cost
    assert placed is None or relaxed <= placed
