"""The kernels of the search for an order, each compared with a trial of all orders."""

from itertools import pairwise, product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.orders import MOST, Drawn, order_problems, parallel_problems

import tmpass._core as _core

problems = order_problems() | parallel_problems()
RULES = [dict(zip(("descend", "chains", "hills", "twins"), on, strict=True)) for on in product((True, False), repeat=4)]


def by_operator(order, profile):
    return [during for _, during in sorted(zip(order, profile, strict=True))]


@settings(max_examples=250, deadline=None)
@given(problems)
def test_the_search_finds_the_least_peak_and_proves_it_with_every_rule_on_and_off(problem: Drawn):
    least = problem.least_peak()
    for rules in RULES:
        order, bound, _ = _core.search_orders(problem.native, 0, MOST, 10**6, _core.OrderRules(**rules))
        assert sorted(order) == list(range(problem.count))
        assert problem.peak(order) == bound == least, rules
        order, bound, _ = _core.search_orders(problem.native, 0, least, 10**6, _core.OrderRules(**rules))
        assert (order, bound) == ([], least), rules


@settings(max_examples=300, deadline=None)
@given(problems, st.integers(0, 12))
def test_a_search_cut_short_claims_no_bound_above_the_least_peak(problem: Drawn, states: int):
    order, bound, entered = _core.search_orders(problem.native, 0, MOST, states)
    assert entered <= states + 1
    assert bound <= problem.least_peak()
    assert not order or problem.peak(order) == problem.least_peak()


@settings(max_examples=300, deadline=None)
@given(problems)
def test_the_minimum_cuts_bound_every_order(problem: Drawn):
    order, _ = _core.find_cuts(problem.native)
    during = by_operator(order, problem.profile(order))
    bound, op, cuts = _core.bound_orders(problem.native, during, problem.count)
    assert bound <= problem.least_peak()
    assert cuts <= problem.count
    assert -1 <= op < problem.count
    assert _core.bound_orders(problem.native, during, 0)[0] <= bound


@settings(max_examples=200, deadline=None)
@given(problems, st.integers(1, 4))
def test_the_beam_gives_an_order(problem: Drawn, width: int):
    order = _core.beam_order(problem.native, width, 0)
    _core.OrderParts(problem.native, order)  # refuses what is none
    assert problem.peak(order) >= problem.least_peak()


def test_a_wide_beam_sees_all_sets():
    @settings(max_examples=100, deadline=None)
    @given(order_problems(6))
    def holds(problem: Drawn):
        # Ranked by peak and not cut off, the best way to the full set is among them.
        assert problem.peak(_core.beam_order(problem.native, 1000, MOST)) <= MOST
        assert problem.peak(_core.beam_order(problem.native, 1000, 0)) == problem.least_peak()

    holds()


@settings(max_examples=300, deadline=None)
@given(problems, st.data())
def test_a_part_is_the_stretch_of_the_whole(problem: Drawn, data):
    order, positions = _core.find_cuts(problem.native)
    parts = _core.OrderParts(problem.native, order)
    assert parts.profile == problem.profile(order)
    begin = data.draw(st.integers(0, problem.count - 1))
    end = data.draw(st.integers(begin + 1, problem.count))
    part = parts.part(begin, end)
    assert _core.OrderParts(part, list(range(end - begin))).profile == parts.profile[begin:end]
    local, _, _ = _core.search_orders(part, 0, MOST, 10**6)
    parts.reorder(begin, local)
    assert parts.profile == problem.profile(parts.order)
    # Where every order has run the same operators, the parts can be ordered on their own.
    for low, high in pairwise(positions):
        parts.reorder(low, _core.search_orders(parts.part(low, high), 0, MOST, 10**6)[0])
    assert max(parts.profile) == problem.least_peak()


def test_cuts_are_where_an_operator_is_before_or_after_all_others():
    #   0 ─┬─ 1 ─┬─ 3 ── 4        and 0 ── 3, which goes past 1 and 2
    #      └─ 2 ─┘
    edges = [0, 1, 0, 2, 1, 3, 2, 3, 3, 4, 0, 3]
    problem = _core.OrderProblem(edges, [], [], [], [0], [], [0] * 5)
    assert _core.find_cuts(problem) == ([0, 1, 2, 3, 4], [0, 1, 3, 4, 5])


def heads(count: int) -> _core.OrderProblem:
    """Equal chains between a fork and a join: each makes 9 bytes, of which 1 waits for the join."""
    edges, size, starts, users = [], [4], [0, count + 1], [0, *range(1, 2 * count, 2)]
    join = 2 * count + 1
    for a in range(1, join, 2):
        edges += [0, a, a, a + 1, a + 1, join]
        size += [9, 1]  # the second operator reads the first item, and writes the second
        users += [a, a + 1, a + 1, join]
        starts += [starts[-1] + 2, starts[-1] + 4]
    zeros = [0] * len(size)
    whole = _core.OrderProblem(edges, size, zeros, zeros, starts, users, [0] * (join + 1))
    return _core.OrderParts(whole, _core.find_cuts(whole)[0]).part(1, join)


def test_of_equal_chains_it_does_not_matter_which_ran():
    order, bound, states = _core.search_orders(heads(24), 0, MOST, 10_000)
    assert (len(order), bound) == (48, 4 + 23 * 1 + 9)  # what all read, what the others left, and the last head
    assert states < 1000
    assert _core.search_orders(heads(24), 0, MOST, 10_000, _core.OrderRules(twins=False))[0] == []


@pytest.mark.parametrize("count", [0, 1])
def test_the_smallest_problems(count: int):
    problem = _core.OrderProblem([], [], [], [], [0], [], [5] * count)
    assert _core.search_orders(problem, 0, MOST, 10)[0] == list(range(count))
    assert _core.beam_order(problem, 1, 0) == list(range(count))
    assert _core.bound_orders(problem, [5] * count, 9)[0] == 5 * count
