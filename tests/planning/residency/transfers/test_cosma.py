"""COSMA's program: its variant without transfers, its parts, and its limits."""

from dataclasses import replace
from itertools import pairwise

import pytest
from planning.residency.transfers.brute_force import brute_force
from planning.residency.transfers.drawn import draw_many, problem_of

from tmpass.base.choices import SpillOrder, Status
from tmpass.planning.residency.transfers.cosma import parts, solve
from tmpass.planning.residency.transfers.cosma.episodes import plan_of
from tmpass.planning.residency.transfers.cosma.hint import add_hint
from tmpass.planning.residency.transfers.cosma.parts import cut_order, solve_parts
from tmpass.planning.residency.transfers.cosma.program import build
from tmpass.planning.residency.transfers.cosma.solve import least_scratchpad, solve_window
from tmpass.planning.residency.transfers.cosma.window import whole
from tmpass.planning.residency.transfers.find_transfers import find_transfers
from tmpass.planning.residency.transfers.methods import cosma
from tmpass.planning.residency.transfers.problem import TensorKind
from tmpass.verification.episodes import check_transfer_plan

NODES = 2_000_000


def fits(problem, capacity, order):
    """Whether no transfer is needed within `capacity`."""
    return brute_force(replace(problem, capacity=capacity), order).cost == 0


@pytest.mark.parametrize("keep_order", [True, False])
@pytest.mark.parametrize("problem", list(draw_many(20, 5, seed=11, aligned=False)))
def test_the_least_scratchpad_is_the_smallest_in_which_nothing_moves(problem, keep_order):
    order = range(len(problem.operators))
    roomy = replace(problem, capacity=problem.capacity + 12)
    peak, bound = least_scratchpad(roomy, order, keep_order=keep_order, nodes=NODES)
    assert peak == bound
    assert fits(problem, peak, order if keep_order else None)
    assert not fits(problem, peak - 1, order if keep_order else None)


def test_without_room_there_is_no_least_scratchpad():
    problem = problem_of([3, 3], [((), (0,)), ((0,), (1,))], 5)
    assert least_scratchpad(problem, range(2), keep_order=False, nodes=NODES) == (None, 6)
    assert least_scratchpad(problem_of([], [], 5), (), keep_order=False, nodes=NODES) == (0, 0)


def cells_of(count):
    """Cells of six operators, each of which reads what the two before it made, as in networks that search found."""
    rows, sizes = [((), (0,)), ((0,), (1,))], [2, 2]
    last, before = 1, 0
    for _ in range(count):
        base = len(sizes)
        rows += [((last,), (base,)), ((before,), (base + 1,)), ((base, base + 1), (base + 2,))]
        rows += [((last,), (base + 3,)), ((base + 2, base + 3), (base + 4,))]
        sizes += [2, 2, 3, 2, 2]
        last, before = base + 4, last
    return problem_of(sizes, rows, 9, outputs=(last,))


def test_parts_are_cut_where_two_tensors_cross():
    problem = cells_of(6)
    cut = cut_order(problem, range(len(problem.operators)))
    assert [op for part in cut for op in part] == list(range(len(problem.operators)))
    assert max(map(len, cut)) <= 12
    for part in cut[1:]:
        made = {tensor for op in range(part[0]) for tensor in problem.operators[op].outputs}
        read = {tensor for op in range(part[0], len(problem.operators)) for tensor in problem.operators[op].inputs}
        assert len(made & read) <= 2


@pytest.mark.parametrize("order", list(SpillOrder))
@pytest.mark.parametrize(("capacity", "least", "most"), [(7, 34, 34), (8, 34, 34), (9, 0, 12)])
def test_parts_of_cells_reach_the_optimum_or_come_near(order, capacity, least, most):
    problem = replace(cells_of(6), capacity=capacity)
    found, best = (find_transfers(problem, method, order=order) for method in ("cosma-parts", "auto"))
    assert check_transfer_plan(problem, found) == ()
    assert (best.cost, best.status) == (least, Status.OPTIMAL)
    assert least <= found.cost <= most


def test_a_window_begins_with_what_the_one_before_left():
    problem = cells_of(4)
    steps = solve_parts(problem, range(len(problem.operators)), keep_order=True, nodes=NODES)
    assert [step.op for step in steps] == list(range(len(problem.operators)))
    for one, two in pairwise(steps):
        stay = set(two.on_chip) - two.came
        assert {tensor: one.on_chip[tensor] for tensor in stay} == {tensor: two.on_chip[tensor] for tensor in stay}
    assert all(problem.tensors[t].kind is TensorKind.ACTIVATION for step in steps for t in step.on_chip)


def test_a_part_without_a_solution_is_joined_with_the_one_before(monkeypatch):
    """The last operator finds no room for tensor 9 beside 8, which has no copy yet where the part before left it."""
    rows = [((), (0, 1)), ((0, 1), (2,)), ((1, 2), (3, 4)), ((4,), (5,))]
    rows += [((1,), (6,)), ((1,), (7,)), ((5, 2), (8,)), ((8, 6), (9,))]
    problem = problem_of([2, 1, 1, 2, 2, 2, 3, 1, 2, 3], rows, 8)
    sizes = []

    def counted(window, *, nodes):
        sizes.append(window.steps)
        return solve_window(window, nodes=nodes)

    monkeypatch.setattr(parts, "solve_window", counted)
    monkeypatch.setattr(parts, "cut_order", lambda problem, order: cut_order(problem, order, 3))
    steps = solve_parts(problem, range(8), keep_order=True, nodes=NODES)
    assert sizes == [2, 2, 3, 1, 4]
    assert check_transfer_plan(problem, plan_of(problem, steps, 0, "parts")) == ()


def test_programs_that_are_too_large_and_budgets_that_end_are_unknown(monkeypatch):
    problem = cells_of(6)
    window = whole(problem, range(len(problem.operators)), keep_order=False)
    assert solve_window(window, nodes=0).status is Status.UNKNOWN
    monkeypatch.setattr(solve, "MAX_CELLS", 10)
    assert solve_window(window, nodes=NODES) == solve.NO_ANSWER
    assert least_scratchpad(problem, window.operators, keep_order=False, nodes=NODES) == (None, 0)


def belady_of(problem, order):
    return find_transfers(problem, "belady", order=order)


@pytest.mark.parametrize("order", list(SpillOrder))
def test_a_hint_gives_every_variable_a_value_that_obeys_all_rows(order):
    from ortools.sat.python import cp_model

    moving = 0
    for problem in draw_many(40, 6, seed=3, read_outputs=True):
        plan = belady_of(problem, order)
        if plan.cost is None:
            continue
        moving += plan.cost > 0
        window = whole(problem, range(len(problem.operators)), keep_order=order is SpillOrder.GIVEN)
        program = build(window)
        add_hint(program, plan)
        hinted = program.model.proto.solution_hint
        assert len(hinted.vars) == len(set(hinted.vars)) == len(program.model.proto.variables)
        solver = cp_model.CpSolver()
        solver.parameters.fix_variables_to_their_hinted_value = True
        assert solver.solve(program.model) in (cp_model.OPTIMAL, cp_model.FEASIBLE)
    assert moving > 5


@pytest.mark.parametrize("order", list(SpillOrder))
def test_a_plan_that_moves_nothing_needs_no_program(order, monkeypatch):
    problem = replace(cells_of(6), capacity=1000)
    monkeypatch.delattr(cosma, "solve_window")
    plan = find_transfers(problem, "cosma", order=order)
    assert (plan.cost, plan.status, plan.method) == (0, Status.OPTIMAL, "cosma, belady, greedy-by-size")


def test_without_a_budget_the_plan_of_belady_is_the_answer():
    problem = replace(cells_of(6), capacity=8)
    plan, start = (
        find_transfers(problem, "cosma", order=SpillOrder.GIVEN, nodes=0),
        belady_of(problem, SpillOrder.GIVEN),
    )
    assert (plan.order, plan.episodes, plan.cost) == (start.order, start.episodes, start.cost)
    assert plan.method.startswith("cosma, belady")
    assert check_transfer_plan(problem, plan) == ()
