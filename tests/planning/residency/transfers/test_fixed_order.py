"""Transfers in a given order: as cheap as trying everything, with a right bound and episodes that keep every rule."""

import json
import random
from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from planning.residency.transfers.brute_force import brute_force
from planning.residency.transfers.drawn import draw_many
from planning.residency.transfers.fixed_cp_sat import cheapest_by_cp_sat
from planning.residency.transfers.fixed_drawn import draw_few, draw_filled, draw_network, peak
from planning.residency.transfers.fixed_oracle import cheapest, replay
from support.shared import SHARED, parametrize

from tmpass.base.choices import Status
from tmpass.base.errors import UsageError
from tmpass.planning.residency.transfers import fixed_order
from tmpass.planning.residency.transfers.fixed_order import (
    FixedBuffer,
    FixedOrderProblem,
    Use,
    from_transfer_problem,
    solve_fixed_order,
)
from tmpass.planning.residency.transfers.problem import Episode, TransferPlan
from tmpass.planning.residency.transfers.problem_json import read_transfer_problem
from tmpass.verification.episodes import check_transfer_plan

RANDOMS = st.randoms(use_true_random=False)


def buffer(size, *uses, **how):
    """A buffer with uses such as "w0" or "r3"."""
    return FixedBuffer(size, tuple(Use(int(use[1:]), use[0] == "w") for use in uses), **how)


def solve(*buffers, capacity, alignment=1, nodes=fixed_order.DEFAULT_NODES):
    """The answer, which keeps every rule."""
    steps = 1 + max(use.step for own in buffers for use in own.uses)
    return checked(FixedOrderProblem(buffers, steps, capacity, alignment), nodes=nodes)


def checked(problem, *, nodes=fixed_order.DEFAULT_NODES):
    """The answer to `problem`, after all that holds for any answer."""
    answer = solve_fixed_order(problem, nodes=nodes)
    if answer.status in (Status.INFEASIBLE, Status.UNKNOWN):
        assert (answer.episodes, answer.cost) == ((), 0)
    else:
        assert replay(problem, answer.episodes) == answer.cost
        assert answer.lower_bound <= answer.cost
        assert (answer.status == Status.OPTIMAL) == (answer.lower_bound == answer.cost)
    return answer


def test_what_fits_costs_nothing():
    answer = solve(buffer(60, "w0", "r3"), buffer(40, "w1", "r2"), capacity=100)
    assert (answer.cost, answer.lower_bound, answer.status) == (0, 0, Status.OPTIMAL)
    assert [len(own) for own in answer.episodes] == [1, 1]


BETWEEN = buffer(50, "w1", "r2")
"""During two steps, fewer than 60 of the 100 bytes are free."""


@pytest.mark.parametrize(
    ("own", "cost"),
    [
        (buffer(60, "w0", "r3"), 120),
        (buffer(60, "r0", "r3", stored=True), 60),
        (buffer(60, "w0", "r3", stored=True), 120),
        (buffer(60, "w0", "r3", returned=True), 60),
        (buffer(60, "w0", "w3", returned=True), 120),
        (buffer(60, "r3", stored=True), 0),
    ],
)
def test_a_departure_costs_a_spill_where_there_is_no_copy_and_a_return_a_fetch(own, cost):
    answer = solve(own, BETWEEN, capacity=100)
    assert (answer.cost, answer.status) == (cost, Status.OPTIMAL)


def test_all_fetches_of_a_version_need_one_spill_and_a_write_makes_a_new_version():
    others = [buffer(50, f"w{step}", f"r{step + 1}") for step in (1, 4)]
    assert solve(buffer(60, "w0", "r3", "r6"), *others, capacity=100).cost == 60 + 2 * 60
    assert solve(buffer(60, "w0", "w3", "r6"), *others, capacity=100).cost == 2 * 60 + 2 * 60


def test_a_pinned_buffer_never_leaves():
    assert solve(buffer(60, "w0", "r3", pinned=True), BETWEEN, capacity=100).status == Status.INFEASIBLE
    answer = solve(buffer(60, "w0", "r3", pinned=True), buffer(30, "w0", "r3"), buffer(20, "w1", "r2"), capacity=100)
    assert (answer.cost, len(answer.episodes[0])) == (60, 1)


def test_a_step_alone_may_be_too_large():
    assert solve(buffer(60, "w0"), buffer(41, "w0"), capacity=100).status == Status.INFEASIBLE
    assert solve(buffer(60, "w0"), buffer(36, "w0"), capacity=100, alignment=64).status == Status.OPTIMAL
    assert solve(buffer(65, "w0"), buffer(36, "w0"), capacity=128, alignment=64).status == Status.INFEASIBLE


def test_nothing_to_place_costs_nothing():
    assert checked(FixedOrderProblem((), 0, 0)).status == Status.OPTIMAL
    assert checked(FixedOrderProblem((FixedBuffer(7, ()), buffer(0, "w0", "r2")), 3, 0)).cost == 0


@settings(max_examples=60, deadline=None)
@given(RANDOMS, st.sampled_from([(1, 3), (4, 1), (2, 5)]))
def test_bytes_that_are_fetched_and_spilled_may_have_prices_of_their_own(rng, prices):
    problem = replace(draw_few(rng), prices=prices)
    answer, least = checked(problem), cheapest(problem)
    assert (answer.status == Status.INFEASIBLE) == (least is None)
    assert least is None or (answer.cost, answer.status) == (least, Status.OPTIMAL)


@pytest.mark.parametrize("uses", [("r1", "r1"), ("r2", "r1"), ("r3",)])
def test_uses_that_do_not_rise_or_are_beyond_the_steps_are_refused(uses):
    with pytest.raises(UsageError, match="not rising steps"):
        FixedOrderProblem((buffer(1, *uses),), 3, 1)


def test_sizes_that_could_overflow_are_refused():
    with pytest.raises(UsageError, match="too large together"):
        solve(buffer(2**57, "w0", "r3"), buffer(2**57, "w1", "r2"), capacity=2**57)


@given(RANDOMS)
@settings(max_examples=40, deadline=None)
def test_every_plan_keeps_the_rules(rng):
    """All that `checked` holds, with buffers of every kind."""
    problem = draw_filled(rng, rng.randint(4, 12), rng.randint(2, 9), rng.randint(1, 6))
    checked(problem, nodes=rng.choice((0, 1000, 100_000)))


@pytest.mark.parametrize("seed", range(40))
def test_no_plan_of_few_buffers_is_cheaper(seed):
    problem = draw_few(random.Random(seed))
    answer, least = checked(problem), cheapest(problem)
    assert answer.status == (Status.INFEASIBLE if least is None else Status.OPTIMAL)
    assert answer.cost == (least or 0)


def without_packing():
    """Drawn problems whose cheapest absences leave episodes without a packing."""
    drawn = [draw_filled(random.Random(seed), 14, 12, 8) for seed in range(60)]
    return [problem for problem in drawn if needs_cuts(problem)]


def needs_cuts(problem):
    """Whether the search forbids some combination of episodes."""
    search = fixed_order._Search(problem, fixed_order.find_absences(problem), fixed_order.DEFAULT_NODES)
    search.run()
    return bool(search.forbidden)


def test_episodes_without_a_packing_make_the_plan_dearer_by_as_little_as_possible():
    problems = without_packing()
    assert len(problems) >= 4
    for problem in problems:
        answer = checked(problem)
        assert answer.status == Status.OPTIMAL
        assert answer.cost == answer.lower_bound == cheapest_by_cp_sat(problem)


@pytest.mark.parametrize("seed", [16, 33, 37, 39])
def test_a_buffer_with_a_copy_changes_its_address_for_one_fetch_where_each_step_uses_it(seed):
    drawn = draw_filled(random.Random(seed), 14, 12, 8)
    every = [range(own.uses[0].step, own.uses[-1].step + 1) for own in drawn.buffers]
    for stored in (True, False):
        buffers = tuple(
            FixedBuffer(own.size, tuple(Use(step, not stored and step == steps[0]) for step in steps), stored)
            for own, steps in zip(drawn.buffers, every, strict=True)
        )
        answer = checked(replace(drawn, buffers=buffers))
        if stored:
            moved = [(a, b) for own in answer.episodes for a, b in pairwise(own)]
            assert moved
            assert all(a[1] + 1 == b[0] and a[2] != b[2] for a, b in moved)
            assert answer.cost == cheapest_by_cp_sat(replace(drawn, buffers=buffers))
        else:
            assert answer.status == Status.INFEASIBLE


@pytest.mark.parametrize("seed", range(20))
def test_no_plan_of_more_buffers_is_cheaper(seed):
    rng = random.Random(seed)
    problem = draw_network(rng, 14, 6, (1, 2, 3))
    problem = replace(problem, capacity=rng.randint(problem.capacity, peak(problem)))
    assert checked(problem).cost == cheapest_by_cp_sat(problem)


@pytest.mark.parametrize("problem", [*draw_many(30, 8, seed=7, read_outputs=True, slack=2)])
def test_tensors_of_a_graph_cost_as_little_as_trying_everything(problem):
    order = range(len(problem.operators))
    answer, best = checked(from_transfer_problem(problem, order)), brute_force(problem, order)
    assert answer.status == (Status.INFEASIBLE if best.cost is None else Status.OPTIMAL)
    assert answer.cost == (best.cost or 0)


@given(RANDOMS, st.integers(0, 4))
@settings(max_examples=20, deadline=None)
def test_more_room_never_costs_more(rng, more):
    problem = draw_network(rng, 40, 6, (3, 4, 5, 7))
    larger = replace(problem, capacity=problem.capacity + more)
    assert checked(larger).lower_bound <= checked(problem).cost
    assert checked(replace(problem, capacity=2 * peak(problem))).cost == 0


@pytest.mark.parametrize("nodes", [0, 100, 10_000])
def test_with_few_nodes_there_is_a_plan_all_the_same_and_its_bound_is_right(nodes):
    for seed in range(4):
        problem = draw_network(random.Random(seed), 60, 10, (3, 4, 5, 7))
        answer, best = checked(problem, nodes=nodes), checked(problem)
        assert best.status == Status.OPTIMAL
        assert answer.lower_bound <= best.cost <= answer.cost


def test_where_the_nodes_do_not_decide_about_a_packing_there_is_a_plan_all_the_same():
    for seed in range(6):
        problem = draw_filled(random.Random(seed), 30, 14, 15)
        answer = checked(problem, nodes=2000)
        assert answer.episodes
        assert answer.cost < sum(own.size for own in fixed_order.find_absences(problem).rows)


def test_the_same_problem_has_the_same_answer():
    problem = draw_network(random.Random(3), 80, 12, (3, 4, 5, 7))
    assert solve_fixed_order(problem) == solve_fixed_order(problem)


@parametrize("problems/transfers/[!b]*.json")
def test_networks_reach_the_known_optimum_of_their_order(path):
    known = json.loads((SHARED / "problems/transfers/best_known.json").read_text())
    rows = [row for row in known if row["net"] == path.stem]
    assert rows
    for row in rows:
        parameters = row["tensors"] == "par"
        problem = read_transfer_problem(path.read_text(), path.name, capacity=row["capacity"], parameters=parameters)
        order = tuple(range(len(problem.operators)))
        answer = solve_fixed_order(from_transfer_problem(problem, order))
        assert (answer.cost, answer.status) == (row["optimal_in_given_order"], Status.OPTIMAL)
        episodes = [Episode(t, *span) for t, own in enumerate(answer.episodes) for span in own]
        plan = TransferPlan(order, tuple(episodes), answer.cost, answer.lower_bound, answer.status, "fixed")
        assert check_transfer_plan(problem, plan) == ()
