"""The rules of replacement: who leaves, what an online rule pays for gaps, and known figures of networks."""

import itertools
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from planning.residency.transfers.drawn import draw_many, problem_of
from support.shared import SHARED, parametrize

from tmpass.planning.residency.transfers.baseline import spans_of
from tmpass.planning.residency.transfers.least_peak_order import largest_operator, least_peak_order
from tmpass.planning.residency.transfers.online import replace_online
from tmpass.planning.residency.transfers.problem_json import read_transfer_problem
from tmpass.planning.residency.transfers.replacement import replace_by_bytes
from tmpass.planning.residency.transfers.uses import cost_of, steps_of_uses
from tmpass.planning.residency.transfers.victims import Candidate, cheapest, furthest


def candidates(*rows):
    return [Candidate(at, *row) for at, row in enumerate(rows)]


def test_furthest_takes_the_latest_use_until_enough_is_free():
    rows = candidates((3, 6, 5), (4, 8, 9), (2, 4, 9), (9, 9, 1))
    assert [one.tensor for one in furthest(rows, 5)] == [1, 2]
    assert [one.tensor for one in furthest(rows, 4)] == [1]
    assert len(furthest(rows, 100)) == 4


@given(st.lists(st.tuples(st.integers(1, 9), st.integers(0, 9), st.just(0)), max_size=7), st.integers(1, 30))
def test_cheapest_is_the_least_price_over_all_sets(rows, excess):
    every = candidates(*rows)
    sets = itertools.chain.from_iterable(itertools.combinations(every, many) for many in range(len(every) + 1))
    prices = [sum(one.price for one in chosen) for chosen in sets if sum(one.size for one in chosen) >= excess]
    found = cheapest(every, excess)
    if prices:
        assert sum(one.size for one in found) >= excess
        assert sum(one.price for one in found) == min(prices)
    else:
        assert list(found) == every


@pytest.mark.parametrize("choose", [furthest, cheapest])
@pytest.mark.parametrize("problem", list(draw_many(30, 12, seed=5)))
def test_episodes_by_bytes_have_all_uses_and_stay_within_the_capacity(problem, choose):
    order = range(len(problem.operators))
    spans = replace_by_bytes(problem, order, choose)
    grain = problem.alignment
    if spans is None:
        assert largest_operator(problem)[1] > problem.capacity
        return
    for uses, own in zip(steps_of_uses(problem, order), spans, strict=True):
        assert {use for use in uses for first, last in own if first <= use <= last} == set(uses)
        assert all(first in uses and last in uses for first, last in own)
    for step in order:
        live = [problem.tensors[t].size for t, own in enumerate(spans) if any(a <= step <= b for a, b in own)]
        assert sum(-(-size // grain) * grain for size in live) <= -(-problem.capacity // grain) * grain


def test_a_clean_tensor_pays_for_its_returns_alone_and_a_port_pays_for_each_spill():
    problem = problem_of([5, 7], [((0,), (1,)), ((0, 1), ())], 99, inputs=(0,))
    assert cost_of(problem, [[(0, 0), (1, 1), (2, 2)], [(0, 0), (2, 2), (4, 4)]]) == 2 * 5 + 3 * 7
    assert cost_of(problem, [[(0, 0), (1, 1), (2, 2)], [(0, 0), (2, 2), (4, 4)]], each_time=True) == 2 * 5 + 4 * 7


def test_gaps_cost_the_online_rule_what_the_rule_by_bytes_does_not_pay():
    """Tensors 1 and 3 leave holes of 2 + 2 bytes around tensor 2; tensor 4 needs 4 in one piece."""
    rows = [((), (0, 1)), ((), (2,)), ((), (3,)), ((0, 1, 3), ()), ((), (4,)), ((4,), ()), ((2,), ())]
    problem = problem_of([2, 2, 2, 2, 5], rows, 8)
    assert cost_of(problem, replace_by_bytes(problem, range(7), furthest)) == 0
    online = replace_online(problem, range(7), furthest)
    assert cost_of(problem, spans_of(problem, online)) == 4


def known(path):
    """The rows of the known figures for one network, without those at which nothing differs."""
    rows = json.loads((SHARED / "problems" / "transfers" / "best_known.json").read_text())
    return [row for row in rows if row["net"] == path.stem and row["budget"] != "M_P"]


@parametrize("problems/transfers/*_*_*.json")
def test_belady_by_bytes_has_the_known_figures(path):
    for row in known(path):
        how = {"capacity": row["capacity"], "parameters": row["tensors"] == "par"}
        problem = read_transfer_problem(path.read_text(), path.name, **how)
        assert largest_operator(problem)[1] == row["M_R"]
        least = least_peak_order(problem)
        assert (least.peak, least.bound) == (row["M_P"], row["M_P"])
        for name, order in (("given", range(len(problem.operators))), ("least", least.order)):
            spans = replace_by_bytes(problem, order, furthest)
            figures = row["baselines"][f"{name} belady"]
            assert cost_of(problem, spans) == figures["bytes_only"]
            assert cost_of(problem, spans, each_time=True) == figures["bytes_only_spill_each_time"]
