"""The order of least peak at any budget of states: never above the given order, never a wrong bound."""

import random
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.orders import Drawn, order_problems, parallel_problems

import tmpass._core as _core
from tmpass.planning.ordering import search_part
from tmpass.planning.ordering.least_peak import bound_order, least_peak


def topological(problem: Drawn) -> list[int]:
    return _core.find_cuts(problem.native)[0]


@settings(max_examples=300, deadline=None)
@given(order_problems() | parallel_problems(), st.integers(0, 40))
def test_with_few_states_the_order_is_no_worse_and_the_bound_holds(problem: Drawn, states: int):
    order = topological(problem)
    found = least_peak(problem.native, order, states)
    assert sorted(found.order) == list(range(problem.count))
    assert found.peak == problem.peak(found.order) <= problem.peak(order)
    assert found.bound <= problem.least_peak() <= found.peak
    assert least_peak(problem.native, order, states) == found


@settings(max_examples=200, deadline=None)
@given(order_problems() | parallel_problems())
def test_with_enough_states_it_is_proved(problem: Drawn):
    found = least_peak(problem.native, topological(problem))
    assert found.peak == found.bound == problem.least_peak()
    given_order = bound_order(problem.native, found.order)
    assert (given_order.order, given_order.peak) == (found.order, found.peak)
    assert given_order.bound <= found.bound


def tangled(count: int) -> _core.OrderProblem:
    """Operators that read any of the forty before them, far too many to look at all their sets."""
    draw = random.Random(1)
    readers: list[set[int]] = [set() for _ in range(count)]
    for op in range(1, count):
        for _ in range(draw.randint(1, 2)):
            readers[max(0, op - draw.randint(1, 40))].add(op)
    users = [[op, *sorted(readers[op])] for op in range(count)]
    edges = [end for op in range(count) for reader in sorted(readers[op]) for end in (op, reader)]
    starts = [0]
    for row in users:
        starts.append(starts[-1] + len(row))
    size = [draw.randint(1, 100) for _ in range(count)]
    last = [int(not readers[op]) for op in range(count)]
    return _core.OrderProblem(edges, size, [0] * count, last, starts, [u for row in users for u in row], [0] * count)


def test_what_cannot_be_searched_is_made_lower_all_the_same():
    problem = tangled(150)
    order = list(range(150))
    given_order = bound_order(problem, order)
    found = least_peak(problem, order, 20_000)
    assert given_order.bound <= found.bound < found.peak < given_order.peak
    assert found.states <= 20_000
    more = least_peak(problem, order, 400_000)
    assert more.peak <= found.peak
    assert more.bound >= found.bound


@pytest.mark.parametrize("stage", ["_exact", "_through_windows", "_under_ceilings"])
def test_ctrl_c_keeps_the_best_order_so_far(stage, monkeypatch):
    problem = tangled(150)
    order = list(range(150))
    finished = least_peak(problem, order, 20_000)

    def interrupted(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(search_part, stage, interrupted)
    found = least_peak(problem, order, 20_000)
    assert found.stopped
    assert finished.peak <= found.peak <= bound_order(problem, order).peak
    assert stage != "_under_ceilings" or found.peak < bound_order(problem, order).peak


@settings(max_examples=200, deadline=None)
@given(order_problems() | parallel_problems())
def test_the_bound_of_an_order_is_the_largest_of_its_parts(problem: Drawn):
    order = topological(problem)
    parts, (_, positions) = _core.OrderParts(problem.native, order), _core.find_cuts(problem.native)
    profile = parts.profile
    bounds = [
        profile[a] if b - a == 1 else _core.bound_orders(parts.part(a, b), profile[a:b], 64)[0]
        for a, b in pairwise(positions)
    ]
    assert bound_order(problem.native, order).bound == max(bounds, default=0)


def test_parts_that_are_cut_are_ordered_each_on_its_own():
    # Two pairs of wide branches, one after the other: each pair is better branch by branch.
    edges, size, starts, users = [], [], [0], []

    def item(bytes_: int, *who: int) -> None:
        size.append(bytes_)
        users.extend(who)
        starts.append(len(users))
        edges.extend(end for reader in who[1:] for end in (who[0], reader))

    for first in (0, 5):
        item(4, first, first + 1, first + 2)
        item(50, first + 1, first + 3)
        item(50, first + 2, first + 4)
        item(2, first + 3, first + 5)
        item(2, first + 4, first + 5)
    zeros = [0] * len(size)
    problem = _core.OrderProblem(edges, size, zeros, zeros, starts, users, [0] * 11)
    found = least_peak(problem, list(range(11)))
    assert found.order == (0, 1, 3, 2, 4, 5, 6, 8, 7, 9, 10)
    assert found.peak == found.bound == 4 + 50 + 2
    _, positions = _core.find_cuts(problem)
    assert [(a, b) for a, b in pairwise(positions) if b - a > 1] == [(1, 5), (6, 10)]
