"""Splits of real models: as small as promised, proved, and equal in the interpreter at the outputs and at the cuts."""

import pytest
from support.interpreters import least_arena, run_tflm, tflm_used
from support.shared import SHARED, parametrize
from support.split_cuts import common_tensors, with_outputs

import tmpass

pytest.importorskip("tflite_micro")

ARENAS = {
    "tflm_person_detect": 64_256,
    "mlperf_tiny_vww_96_int8": 76_688,
    "mlperf_tiny_resnet8_int8": 43_000,
    "mcunet_vww": 160_320,
    "tflm_micro_speech_int8": 10_000,
}
"""Model -> the most bytes of the least arena of its split, in the interpreter on a 64-bit host."""


def split_and_run(path, most, runs):
    model = path.read_bytes()
    made = tmpass.split(model, "tflm")
    assert made.macs[0] <= 1.05 * made.macs[1]
    assert tmpass.verify_split(made.data, model) == []
    planned = tmpass.planned_model(made.plan, made.data)
    assert least_arena(planned, tflm_used(planned)[0]) == made.plan.memories[0].needed <= most
    cuts = common_tensors(model, made.data)
    one, other = (with_outputs(data, cuts) for data in (model, made.data))
    assert run_tflm(one, runs).outputs == run_tflm(other, runs).outputs
    assert run_tflm(planned, runs).outputs == run_tflm(model, runs).outputs


@pytest.mark.parametrize("name", ARENAS)
@parametrize("models/tflite/tflm_person_detect.tflite")
def test_a_split_is_as_small_as_promised_and_equal(path, name):
    split_and_run(path.with_name(f"{name}.tflite"), ARENAS[name], 3)


@pytest.mark.nightly
@parametrize("models/tflite/tflm_mobilenet_v2_from_pytorch_int8.tflite")
def test_a_large_split_is_as_small_as_promised_and_equal(path):
    split_and_run(path, 590_704, 2)


@parametrize("models/tflite/tflm_person_detect.tflite")
def test_a_budget_is_met_with_the_least_work(path):
    whole = tmpass.plan(path, "tflm").memories[0].needed
    made = tmpass.split(path, "tflm", budget=whole * 9 // 10)
    assert made.fits
    assert made.macs[0] == made.macs[1]


@parametrize("models/tflite/tflm_person_detect.tflite")
def test_small_boards_count_shorter_pointers(path):
    made = tmpass.split(path, "tflm-nrf52840", budget="64KiB")
    assert made.fits
    assert tmpass.verify_split(made.data, SHARED / "models" / "tflite" / path.name) == []
