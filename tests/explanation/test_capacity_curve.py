"""What a plan costs against the size of the scratchpad: each row is that of a plan with this budget."""

import random
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import pytest
from planning.residency.test_fewest_moved import device, drawn
from support.graphs import chain
from support.shared import SHARED, tflite_bindings

from tmpass.api.plan import plan
from tmpass.base.choices import ConstantUse, Status
from tmpass.explanation.curve_point import CurvePoint, saved_per_kib
from tmpass.explanation.explain import explain
from tmpass.explanation.weights import find_weights
from tmpass.loading.load import Model, load_to_plan
from tmpass.plans.model_info import ModelInfo
from tmpass.plans.plan import Plan
from tmpass.targets import EVERY, Memory, Sharing, Target, load_target

MODELS = Path(__file__).parent.parent.parent / "models"
ACTIVATIONS = ("activations", "variables", "inputs_outputs")


def curve(model, target, **options) -> tuple[CurvePoint, ...]:
    found = explain(model, target, curve=True, **options).curve
    assert found is not None
    return found


def costs(made: Plan) -> tuple[int, int, int]:
    """The bytes of constants that a run loads, those that it touches outside the scratchpad, spills and fetches."""
    streamed = [row.tensors for row in made.constants if row.use == ConstantUse.STREAMED]
    stored = {row.tensors: row.size for row in made.constants if row.use == ConstantUse.STORED}
    outside = sum(use.traffic for use in made.memories if use.name != made.target.memory)
    moved = 0 if made.transfers is None else made.transfers.moved
    return sum(stored[tensors] for tensors in streamed), outside, moved


def check(points, model, target, **options) -> None:
    """Each point is what a plan with its budget has. More bytes never cost more while copies lie above the buffers."""
    assert 2 <= len(points) <= 16 + 8
    assert [one.size for one in points] == sorted({one.size for one in points})
    above = list[CurvePoint]()
    for one in points:
        made = plan(model, target, **options, budget=one.size)
        above += [one] if one.fits and not one.moved and not find_weights(made).among else []
        assert one.fits == made.fits
        assert one.moved or one.status == made.status
        assert (one.streamed, one.outside, one.moved) == (costs(made) if made.fits else (0, 0, 0))
    assert all(two.fits for one, two in pairwise(points) if one.fits)
    assert [one.cost for one in above] == sorted((one.cost for one in above), reverse=True)


@pytest.mark.parametrize("name", ["branchy.tflite", "branchy.onnx"])
@pytest.mark.parametrize("target", ["pixel6-tpu", "ethos-u65", "tflm-nrf52840"])
def test_points_are_those_of_plans(name, target):
    points = curve(MODELS / name, target)
    check(points, MODELS / name, target)
    (own,) = [one for one in points if one.own]
    assert own.size == load_target(target).scratchpad.room


@pytest.mark.parametrize("name", ["mlperf_tiny_ad01_int8.tflite", "coral_mobilenet_v1_025_128_uint8.tflite"])
@pytest.mark.parametrize("target", ["coral-edgetpu", "ethos-u65"])
def test_points_of_real_models_are_those_of_plans(name, target):
    path = SHARED / "models" / "tflite" / name
    if not path.exists():
        pytest.skip(f"there is no {name} in {SHARED.name}/ beside the project")
    bind = tflite_bindings(path)
    model = load_to_plan(path, bind)
    check(curve(model, target, bind=bind), model, target, bind=bind)


def test_the_least_size_and_that_of_all_constants_are_exact():
    path = MODELS / "branchy.tflite"
    points = curve(path, "pixel6-tpu")
    least = next(one for one in points if one.fits)
    assert not plan(path, "pixel6-tpu", budget=least.size - 1, transfers="never").fits
    full = next(one for one in points if one.fits and not one.streamed)
    assert costs(plan(path, "pixel6-tpu", budget=full.size - 64))[0] > 0
    assert full.knee


def test_time_is_bytes_by_bandwidth():
    (home,) = [memory for memory in load_target("pixel6-tpu").memories if memory.name == "dram"]
    for one in curve(MODELS / "branchy.tflite", "pixel6-tpu"):
        # Each copy takes whole picoseconds, rounded up.
        seconds = pytest.approx((one.streamed + one.moved) / home.bandwidth, abs=1e-10)
        assert one.seconds == (seconds if one.fits else None)


def two_memories(near: int | None, far: int | None, bandwidth: int | None = 10) -> Target:
    fast = Memory("fast", near, 1, ACTIVATIONS, 100)
    return Target("mine", "", "", (fast, Memory("far", far, 1, ACTIVATIONS, bandwidth)), Sharing((EVERY,), (), ()))


def test_a_smaller_scratchpad_than_the_activations_where_another_memory_is_limited():
    model = Model(ModelInfo("test", "test", "0" * 64), chain(40, 60, 30, 50, 20))
    target = two_memories(100, 64)
    points = curve(model, target)
    check(points, model, target)
    least = next(one for one in points if one.fits)
    assert 0 < least.size < 90
    assert least.outside > 0
    assert not plan(model, target, budget=least.size - 1).fits


def test_without_a_bandwidth_there_is_no_time():
    model = Model(ModelInfo("test", "test", "0" * 64), chain(40, 60, 30, 50, 20))
    points = curve(model, two_memories(100, None, None))
    assert {one.seconds for one in points if one.outside} == {None}
    assert any(one.outside for one in points)


def test_no_points_where_the_scratchpad_has_no_limit_unless_a_budget_gives_one():
    assert curve(MODELS / "branchy.tflite", "litert-cpu") == ()
    points = curve(MODELS / "branchy.tflite", "litert-cpu", budget=40000)
    assert [(one.size, one.fits) for one in points] == [(40000, False), (131072, False), (176128, True)]


def test_the_curve_is_only_made_where_it_is_asked_for():
    assert explain(MODELS / "branchy.tflite").curve is None


def test_what_a_kib_saves():
    points = [CurvePoint(1024 * at, Status.FEASIBLE, cost, 0) for at, cost in ((1, 900), (2, 500), (4, 100))]
    assert [saved_per_kib(points, at) for at in range(3)] == [400, 200, 0]
    points[0] = replace(points[0], status=Status.INFEASIBLE)
    assert saved_per_kib(points, 0) == 0


@pytest.mark.parametrize("holds", [("weights",), (*ACTIVATIONS, "weights")])
@pytest.mark.parametrize("transfers", ["auto", "never"])
def test_points_say_what_plans_say_where_copies_find_no_room_above_the_buffers(holds, transfers):
    """Then copies are placed among the buffers, also where the memory behind holds no activations."""
    among = 0
    for seed in range(40, 58):
        rng = random.Random(seed)
        model = Model(ModelInfo("test", "test", "0" * 64), drawn(rng))
        low = plan(model, device(None)).memories[0].peak
        near, far = device(low + rng.randint(-8, 24), chunk=rng.choice((None, 4, 8))).memories
        goal = replace(device(None), memories=(near, replace(far, holds=holds)))
        points = curve(model, goal, transfers=transfers)
        made = {one.size: plan(model, goal, budget=one.size, transfers=transfers) for one in points}
        assert [(one.size, one.status) for one in points if not one.moved] == [
            (one.size, made[one.size].status) for one in points if not one.moved
        ], seed
        assert [one.fits for one in points] == [one.fits for one in made.values()], seed
        (own,) = [one for one in points if one.own]
        among += made[own.size].fits and find_weights(made[own.size]).among
    assert among >= 2
