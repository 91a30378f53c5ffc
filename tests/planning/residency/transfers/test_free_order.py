"""Plans over all orders against trying everything, their bounds, and the searches that they come from."""

import itertools
import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from planning.residency.transfers.brute_force import brute_force
from planning.residency.transfers.drawn import draw_many, problem_of, problems

import tmpass._core as _core
from tmpass.base.choices import Status
from tmpass.planning.ordering.least_peak import least_peak
from tmpass.planning.residency.transfers.fixed_order import from_transfer_problem, solve_fixed_order
from tmpass.planning.residency.transfers.free_order import NO_LIMIT, plan_in_order, solve_free_order
from tmpass.planning.residency.transfers.order_bounds import bound_by_peaks
from tmpass.planning.residency.transfers.order_problems import Overwrite, order_problems
from tmpass.planning.residency.transfers.path_bound import bound_by_paths
from tmpass.planning.residency.transfers.problem import TensorKind, TransferOperator, TransferProblem, TransferTensor
from tmpass.verification.episodes import check_transfer_plan

NO_CHAINS, LOSSLESS, LOWER = 0, 1, 2
TIGHT = {"slack": 1, "most": 3}


def search(problem, *, chains=LOSSLESS, upper=NO_LIMIT, labels=1_000_000, sets=0):
    return _core.search_labels(order_problems(problem).free_order(), upper, labels, sets, chains)


def peak_bound(problem):
    graph, given_ = order_problems(problem), range(len(problem.operators))
    return bound_by_peaks(graph, *(least_peak(graph.least_peak(light=light), given_) for light in (True, False)))


def path_bound(problem):
    return bound_by_paths(order_problems(problem))


def split():
    """One tensor is read by two branches that need all the room, and both their results at the end."""
    rows = [((), (0,)), ((0,), (1,)), ((1,), (2,)), ((0,), (3,)), ((3,), (4,)), ((2, 4), (5,))]
    return problem_of([2, 3, 1, 3, 1, 1], rows, 5, outputs=(5,))


@pytest.mark.parametrize("problem", [*draw_many(60, 6), *draw_many(60, 6, seed=2, **TIGHT, read_outputs=True)])
def test_a_plan_costs_as_little_as_the_best_of_all_plans(problem):
    best, plan = brute_force(problem), solve_free_order(problem)
    if best.cost is None:
        assert (plan.status, plan.order) == (Status.INFEASIBLE, ())
    else:
        assert (plan.cost, plan.lower_bound, plan.status) == (best.cost, best.cost, Status.OPTIMAL)


@pytest.mark.parametrize("sets", [0, 5, 100_000])
@pytest.mark.parametrize("chains", [NO_CHAINS, LOSSLESS])
@pytest.mark.parametrize("seed", range(3, 6))
def test_the_search_over_labels_finds_the_least_cost_without_addresses(seed, chains, sets):
    for problem in draw_many(25, 7, seed=seed, aligned=False, read_outputs=True, **TIGHT):
        best = brute_force(problem, addresses=False).cost
        if best is None:
            with pytest.raises(ValueError, match="an operator needs more than the capacity"):
                search(problem, chains=chains, sets=sets)
            continue
        order, cost, bound, _ = search(problem, chains=chains, sets=sets)
        assert (cost, bound) == (best, best)
        assert brute_force(problem, order, addresses=False).cost == best


def some_overwrites(problem, seed):
    """About half of the pairs of an activation that an operator reads and its first result."""
    pairs = [
        Overwrite(op, source, row.outputs[0])
        for op, row in enumerate(problem.operators)
        for source in row.inputs
        if row.outputs and problem.tensors[source].kind is TensorKind.ACTIVATION
    ]
    return random.Random(seed).sample(pairs, (len(pairs) + 1) // 2)


@pytest.mark.parametrize("sets", [0, 100_000])
@pytest.mark.parametrize("chains", [NO_CHAINS, LOSSLESS])
@pytest.mark.parametrize("seed", range(6, 9))
def test_what_an_operator_writes_over_needs_no_room(seed, chains, sets):
    saved = 0
    for problem in draw_many(25, 7, seed=seed, aligned=False, read_outputs=True, slack=0, most=3):
        overwrites = some_overwrites(problem, seed)
        best = brute_force(problem, addresses=False, overwrites=overwrites).cost
        graph = order_problems(problem, overwrites)
        if graph.largest_need > problem.capacity:
            assert best is None
            with pytest.raises(ValueError, match="an operator needs more than the capacity"):
                graph.free_order()
            continue
        order, cost, bound, _ = _core.search_labels(graph.free_order(), NO_LIMIT, 1_000_000, sets, chains)
        assert bool(order) == (best is not None)
        if best is None:
            continue
        assert (cost, bound) == (best, best)
        assert brute_force(problem, order, addresses=False, overwrites=overwrites).cost == best
        peaks = [least_peak(graph.least_peak(light=light), range(len(graph.own))) for light in (True, False)]
        assert max(bound_by_peaks(graph, *peaks), bound_by_paths(graph)) <= best
        saved += best != brute_force(problem, addresses=False).cost
    assert saved, "a problem in which nothing is saved says nothing"


@settings(deadline=None)
@given(problems(12, slack=0), st.integers(0, 99))
def test_lossless_chains_that_write_over_items_never_change_the_cost(problem, seed):
    graph = order_problems(problem, some_overwrites(problem, seed))
    if graph.largest_need <= problem.capacity:
        native = graph.free_order()
        found, plain, rated = (
            _core.search_labels(native, NO_LIMIT, 1_000_000, sets, chains)[1:3]
            for sets, chains in ((0, LOSSLESS), (0, NO_CHAINS), (1_000_000, LOSSLESS))
        )
        assert found == plain == rated


@settings(deadline=None)
@given(problems(12, slack=2))
def test_lossless_chains_never_change_the_cost(problem):
    if order_problems(problem).largest_need <= problem.capacity:
        order, cost, _, labels = search(problem)
        plain_order, plain_cost, _, plain_labels = search(problem, chains=NO_CHAINS)
        assert search(problem, sets=1_000_000)[1] == cost
        assert cost == plain_cost
        assert sorted(order) == sorted(plain_order)
        assert labels <= plain_labels


RUNNABLE = problems(10, slack=2).filter(lambda problem: order_problems(problem).largest_need <= problem.capacity)
"""Problems in which each operator has room alone."""


@settings(deadline=None)
@given(RUNNABLE)
def test_a_search_that_ends_early_gives_a_bound(problem):
    _, cost, _, labels = search(problem)
    bounds = [search(problem, labels=limit)[2] for limit in range(0, labels, max(1, labels // 8))]
    assert bounds == sorted(bounds)
    assert all(bound <= cost for bound in bounds)
    assert all(search(problem, labels=limit, sets=limit)[2] <= cost for limit in range(labels))


@settings(deadline=None)
@given(RUNNABLE)
def test_no_order_below_the_least_cost_is_found(problem):
    _, cost, _, _ = search(problem)
    assert search(problem, upper=cost)[:3] == ([], 0, cost)
    assert search(problem, upper=cost + 1)[1:3] == (cost, cost)
    order, found, _ = _core.beam_labels(order_problems(problem).free_order(), NO_LIMIT, 10**6, (4, 8, True))
    assert order
    assert found >= cost
    assert _core.beam_labels(order_problems(problem).free_order(), cost, 10**6, (4, 8, True))[0] == []


@pytest.mark.parametrize("bound_of", [peak_bound, path_bound])
@pytest.mark.parametrize("clean", [False, True])
def test_a_bound_is_at_most_the_least_cost_of_all_orders(bound_of, clean):
    reached = 0
    for problem in draw_many(150, 7, clean=clean, read_outputs=clean, aligned=False, **TIGHT):
        best = brute_force(problem, addresses=False).cost
        if best is not None:
            bound = bound_of(problem)
            assert 0 <= bound <= best
            reached += bound == best > 0
    assert reached, "a bound that is never reached says nothing"


@settings(deadline=None)
@given(problems(12, slack=2, read_outputs=True))
def test_no_bound_is_above_the_cost_of_larger_graphs(problem):
    if order_problems(problem).largest_need <= problem.capacity:
        _, cost, _, _ = search(problem)
        assert max(peak_bound(problem), path_bound(problem)) <= cost


@pytest.mark.parametrize(("between", "cost"), [((2,), 2), ((2, 0), 3)])
def test_a_path_pays_a_spill_and_one_fetch_for_each_gap_between_readers(between, cost):
    rows = [((), (0,)), ((0,), (1,)), ((1,), (2,)), (between, (3,)), ((3,), (4,)), ((4, 0), (5,))]
    problem = problem_of([1, 3, 3, 2, 4, 1], rows, 6, outputs=(5,))
    assert path_bound(problem) == cost == brute_force(problem).cost


@settings(deadline=None)
@given(problems(14, slack=3))
def test_a_plan_keeps_the_order_of_the_graph_and_is_not_above_the_given_order(problem):
    plan = solve_free_order(problem)
    given_ = solve_fixed_order(from_transfer_problem(problem, range(len(problem.operators))))
    if plan.order:
        place = {op: step for step, op in enumerate(plan.order)}
        maker = {at: op for op, row in enumerate(problem.operators) for at in row.outputs}
        assert sorted(plan.order) == list(range(len(problem.operators)))
        assert all(
            place[maker[at]] < place[op] for op, row in enumerate(problem.operators) for at in row.inputs if at in maker
        )
        assert plan.lower_bound <= plan.cost
    if given_.episodes:
        assert plan.order
        assert plan.cost <= given_.cost


@settings(deadline=None)
@given(problems(14, slack=3, read_outputs=True))
def test_the_checker_finds_no_fault_in_a_plan(problem):
    assert check_transfer_plan(problem, solve_free_order(problem)) == ()


def test_the_episodes_are_those_of_the_order():
    plan = solve_free_order(split())
    steps = {op: step for step, op in enumerate(plan.order)}
    for op, row in enumerate(split().operators):
        there = {e.tensor for e in plan.episodes if e.first <= steps[op] <= e.last}
        assert {*row.inputs, *row.outputs} <= there
    for a, b in itertools.combinations(plan.episodes, 2):
        if a.first <= b.last and b.first <= a.last:
            sizes = split().tensors
            assert a.address + sizes[a.tensor].size <= b.address or b.address + sizes[b.tensor].size <= a.address


@pytest.mark.parametrize("labels", [0, 1, 20, 1000])
def test_a_small_budget_still_gives_a_plan_and_a_true_bound(labels):
    best = brute_force(split()).cost
    plan = solve_free_order(split(), labels=labels)
    assert plan.order
    assert plan.lower_bound <= best <= plan.cost <= plan_in_order(split(), range(6)).cost


def test_an_operator_above_the_capacity_is_infeasible():
    plan = solve_free_order(problem_of([4, 4], [((), (0,)), ((0,), (1,))], 7))
    assert (plan.status, plan.order, plan.episodes) == (Status.INFEASIBLE, (), ())


def test_the_topmost_tensor_may_end_between_two_addresses():
    rows = [((), (0,)), ((0,), (1,))]
    assert solve_free_order(problem_of([4, 3], rows, 7, alignment=4)).status is Status.OPTIMAL
    assert solve_free_order(problem_of([4, 4], rows, 7, alignment=4)).status is Status.INFEASIBLE


def test_a_graph_without_operators_has_a_plan_of_no_steps():
    plan = solve_free_order(problem_of([3], [], 1, inputs=(0,)))
    assert (plan.order, plan.episodes, plan.cost) == ((), (), 0)


def wide(many):
    """A row of small tensors, all read at the end, and before that an operator that needs the room of half of them."""
    rows = [((), (at,)) for at in range(many)]
    rows += [
        ((0,), (many,)),
        ((*range(many // 4), many), (many + 1,)),
        ((*range(many // 4, many // 2), many + 1), (many + 2,)),
    ]
    sizes = [1] * many + [many // 2, 1, 1]
    return problem_of(sizes, rows, many, outputs=(many + 2,))


@pytest.mark.parametrize("labels", [100, 10_000])
def test_what_leaves_is_chosen_within_the_budget(labels):
    """Half of 40 equal tensors may leave in 10^11 ways."""
    graph = order_problems(wide(40)).free_order()
    assert _core.search_labels(graph, NO_LIMIT, labels)[3] < 2 * labels + 100
    assert solve_free_order(wide(40), labels=labels).order


def test_the_same_arguments_give_the_same_answer():
    for problem in draw_many(10, 14, seed=5, **TIGHT):
        assert solve_free_order(problem) == solve_free_order(problem)


@pytest.mark.parametrize(
    ("items", "starts", "readers", "own", "message"),
    [
        (([1], [1], [0], [0]), [0, 1], [2], [0, 0], "an operator is out of range"),
        (([1], [1], [0], [0]), [0, 0], [], [0, 0], "an item has too few readers"),
        (([1], [1], [0], [-1]), [0, 1], [1], [0, 0], "an item has too few readers"),
        (([1], [1], [0], [1]), [0, 1], [1], [0, 0], "the operators wait for each other in a cycle"),
        (([1], [11], [0], [0]), [0, 1], [1], [0, 0], "an operator needs more than the capacity"),
        (([-1], [1], [0], [0]), [0, 1], [1], [0, 0], "bytes times uses"),
        (([2**56], [1], [0], [0]), [0, 1], [1], [0, 0], "bytes times uses"),
        (([1], [1], [0], []), [0, 1], [1], [0, 0], "must have a number for each item"),
        (([1], [1], [0], [0]), [0], [1], [0, 0], "starts must rise"),
    ],
)
def test_arrays_from_outside_are_checked(items, starts, readers, own, message):
    with pytest.raises(ValueError, match=message):
        _core.FreeOrderProblem(10, items, starts, readers, own)


@pytest.mark.parametrize(
    ("over", "message"),
    [
        ([1, 0], "an overwrite is an operator, an item and bytes"),
        ([2, 0, 1], "an operator is out of range"),
        ([1, 1, 1], "an item is out of range"),
        ([0, 0, 1], "an operator writes over what it does not read"),
        ([1, 0, 4], "an overwrite saves too much"),
        ([1, 0, -1], "an overwrite saves too much"),
    ],
)
def test_overwrites_from_outside_are_checked(over, message):
    with pytest.raises(ValueError, match=message):
        _core.FreeOrderProblem(10, ([3], [3], [0], [0]), [0, 1], [1], [0, 5], [], over)


def test_edges_besides_those_of_items_hold():
    items = ([2, 2], [2, 2], [0, 0], [0, 1])
    graph = _core.FreeOrderProblem(4, items, [0, 1, 2], [2, 3], [0, 0, 0, 0], [3, 2])
    assert [op for op in _core.search_labels(graph, NO_LIMIT, 100)[0] if op > 1] == [3, 2]


@pytest.mark.parametrize("readers", [1, 2])
def test_an_output_that_no_operator_makes_takes_its_bytes_where_it_is_read(readers):
    tensors = (TransferTensor("x", 16, TensorKind.ACTIVATION), TransferTensor("y", 16, TensorKind.ACTIVATION))
    inside = tuple(TransferOperator("op", (0, 1) if readers == 2 else (0,), ()) for _ in range(2))
    operators = (TransferOperator("caller", (), (0,)), *inside, TransferOperator("caller", (1,), ()))
    found = order_problems(TransferProblem(tensors, operators, (), 64, 1))
    assert found.free_order() is not None
    assert found.largest_need == (16 if readers == 1 else 32)
