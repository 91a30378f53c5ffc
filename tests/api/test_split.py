"""tmpass.split: models that need less, equal bit for bit; and what it refuses."""

import json
from dataclasses import replace
from importlib import import_module
from itertools import pairwise

import pytest
from support.onnx_split_models import onnx_bottleneck, onnx_skip
from support.split_bottleneck import bottleneck
from support.split_draws import differences, graph_of
from tflite_writer import Operator, Subgraph, Tensor, write_model

import tmpass
from tmpass.base.errors import ModelError, UsageError
from tmpass.splitting.note import NAME
from tmpass.targets import load_target

MODEL = bottleneck()
split_module = import_module("tmpass.api.split")


@pytest.fixture(scope="module")
def made():
    return tmpass.split(MODEL, "tflm")


def test_the_split_needs_less_and_is_equal(made):
    before, after = made.before.memories[0].needed, made.plan.memories[0].needed
    assert after < 0.6 * before
    assert made.stages
    assert made.changed
    assert made.macs[0] <= 1.05 * made.macs[1]
    assert differences(MODEL, made.data, 0) == []
    assert tmpass.verify_split(made.data, MODEL) == []
    assert tmpass.verify(made.plan, made.data) == ()


def test_the_same_split_comes_out_again(made):
    assert tmpass.split(MODEL, "tflm", threads=2).data == made.data


def test_the_text_of_a_split_leaves_out_the_bytes_of_its_model(made):
    assert "data=" not in repr(made)
    assert repr(made).startswith("Split(plan=<Plan ")


def test_the_metadata_says_what_was_changed(made):
    note = json.loads(graph_of(made.data).metadata[NAME])
    assert len(note["stages"]) == len(made.stages)
    assert {"first", "last", "along", "bounds"} == set(note["stages"][0])


def test_a_planned_split_is_verified_and_stripped_to_the_split(made):
    planned = tmpass.planned_model(made.plan, made.data)
    assert tmpass.verify_split(planned, MODEL) == []
    from tmpass.api.planned_model import original_model, stays_split

    assert original_model(planned) == made.data
    assert stays_split(planned)
    with pytest.raises(UsageError, match="the unsplit model is not in it"):
        original_model(made.data)


def test_a_budget_takes_the_split_with_the_least_work(made):
    before = made.before.memories[0].needed
    needed = []
    for part in (0.95, 0.8, 0.6):
        budget = int(part * before)
        one = tmpass.split(MODEL, "tflm", budget=budget)
        assert one.fits
        assert one.plan.memories[0].needed <= budget
        assert differences(MODEL, one.data, 1) == []
        needed.append((one.macs[0], one.operators[0]))
    assert needed == sorted(needed)


def test_the_planned_file_of_a_split_is_for_its_target_with_the_budget():
    budget = tmpass.plan(MODEL, "tflm").memories[0].needed * 3 // 4
    one = tmpass.split(MODEL, "tflm", budget=budget)
    assert one.plan.options.budget == one.before.options.budget == budget
    planned = tmpass.planned_model(one.plan, one.data)
    found = tmpass.carried_plan(planned)
    assert not any("target tflm" in line for line in found.warnings)
    assert tmpass.verify(found, planned, target="tflm") == ()


def test_a_budget_that_holds_the_model_changes_nothing():
    one = tmpass.split(MODEL, "tflm", budget="1MiB")
    assert one.fits
    assert not one.changed
    assert one.data == MODEL


def test_a_budget_that_cannot_be_met_gives_the_fewest_bytes(made):
    one = tmpass.split(MODEL, "tflm", budget=4096)
    assert not one.fits
    assert one.plan.memories[0].needed <= made.plan.memories[0].needed


def test_no_more_macs_than_allowed():
    assert tmpass.split(MODEL, "tflm", max_macs=0).macs[0] <= tmpass.split(MODEL, "tflm", max_macs=0).macs[1]


def test_a_run_is_not_slower_than_allowed(made):
    fast = tmpass.split(MODEL, "tflm", max_slowdown=0.002)
    assert fast.slowdown is not None
    assert made.slowdown is not None
    assert fast.slowdown <= 0.002 < made.slowdown <= 0.07
    assert fast.needed[0] > made.needed[0]
    free = tmpass.split(MODEL, "tflm", max_macs=1, max_slowdown=1)
    assert free.needed[0] <= made.needed[0]


def test_the_frontier_trades_bytes_for_work(made):
    points = tmpass.split_frontier(MODEL, "tflm")
    assert points[0].stages == ()
    assert points[0].needed == made.before.memories[0].needed
    assert len(points) > 2
    assert all(a.needed > b.needed for a, b in pairwise(points))
    assert min(point.needed for point in points) <= made.plan.memories[0].needed
    for point in points[1:]:
        assert tmpass.split(MODEL, "tflm", budget=point.needed).macs[0] <= point.macs


def test_a_target_without_rules_for_a_tail():
    made = tmpass.split(MODEL, "pixel6-tpu", budget="40KiB")
    assert made.fits
    assert differences(MODEL, made.data, 0) == []


def test_what_cannot_be_split_is_one_clear_line(made):
    with pytest.raises(ModelError, match="it is split already; split the original"):
        tmpass.split(made.data)
    two = Subgraph([Tensor("x", [4]), Tensor("y", [4])], [Operator("TANH", [0], [1])], [0], [1])
    with pytest.raises(ModelError, match="2 subgraphs, and only models with one can be split"):
        tmpass.split(write_model([two, two]))
    dynamic = Subgraph(
        [Tensor("x", [1, 4], shape_signature=[1, -1]), Tensor("y", [1, 4], shape_signature=[1, -1])],
        [Operator("TANH", [0], [1])], [0], [1],
    )  # fmt: skip
    with pytest.raises(ModelError, match="sizes that are not known, such as that of tensor 'x'"):
        tmpass.split(write_model([dynamic]))
    with pytest.raises(UsageError, match="max_macs is -1"):
        tmpass.split(MODEL, max_macs=-1)
    with pytest.raises(UsageError, match="max_slowdown is 'much'"):
        tmpass.split(MODEL, max_slowdown="much")


def test_a_model_without_a_region_stays_as_it_is():
    one = Subgraph([Tensor("x", [1, 64]), Tensor("y", [1, 64])], [Operator("TANH", [0], [1])], [0], [1])
    data = write_model([one])
    made = tmpass.split(data)
    assert not made.changed
    assert made.data == data


def test_a_split_whose_final_plan_does_not_fit_is_followed_by_the_next(made, monkeypatch):
    """The plan with full effort decides: here it finds no room for the first split."""
    budget = int(0.8 * made.before.memories[0].needed)
    first = tmpass.split(MODEL, "tflm", budget=budget)
    usual = split_module.plan

    def pessimistic(data, *args, **options):
        found = usual(data, *args, **options)
        return replace(found, fits=False) if data == first.data else found

    monkeypatch.setattr(split_module, "plan", pessimistic)
    other = tmpass.split(MODEL, "tflm", budget=budget)
    assert other.fits
    assert other.data != first.data
    assert other.macs[0] >= first.macs[0]


def test_a_budget_is_met_by_parts_and_not_by_buffers_that_leave_the_scratchpad():
    """A file has one place for each tensor. In one piece, the model fits this budget with transfers."""
    model = onnx_skip()
    room = tmpass.plan(model, "pixel6-tpu").memories[0].peak - 8 * 32 * 32 * 2
    assert tmpass.plan(model, "pixel6-tpu", budget=room).transfers
    found = tmpass.split(model, "pixel6-tpu", budget=room)
    assert found.fits
    assert found.stages
    assert not found.plan.transfers
    assert not found.before.fits


def test_bytes_are_those_of_a_budget_whatever_the_reserve():
    """A profile with a reserve: the frontier, the budget and the room of the target count the same bytes."""
    reserve = 5000
    memories = load_target("tflm").memories
    plain = load_target("tflm")
    kept = replace(plain, memories=(replace(memories[0], reserve=reserve), *memories[1:]))
    points = tmpass.split_frontier(MODEL, kept)
    assert [one.needed for one in points] == [one.needed for one in tmpass.split_frontier(MODEL, plain)]
    wanted = points[-1].needed
    by_budget = tmpass.split(MODEL, kept, budget=wanted)
    assert by_budget.fits
    assert by_budget.needed[0] <= wanted
    exact = replace(kept, memories=(replace(kept.memories[0], capacity=wanted + reserve), *memories[1:]))
    made = tmpass.split(MODEL, exact)
    assert (made.fits, made.data) == (True, by_budget.data)
    assert made.plan.memories[0].needed == made.needed[0] + reserve


def test_models_of_two_formats_are_not_compared():
    with pytest.raises(UsageError, match="the split model is onnx, and the original tflite"):
        tmpass.verify_split(onnx_bottleneck(), MODEL)
