"""Orders of real models: never a larger arena than in the file's order, and proved wherever that is claimed."""

import pytest
from support.shared import parametrize

import tmpass
from tmpass.base.errors import TmpassError


def planned(path, **options):
    try:
        return tmpass.plan(path, allow_unplanned=True, **options)
    except TmpassError as error:
        pytest.skip(f"cannot be planned: {error}")


@parametrize("models/[ot]*/*.*")
@pytest.mark.parametrize("share", ["none", "auto"])
def test_no_arena_is_larger_than_in_the_order_of_the_file(path, share):
    best, given = (planned(path, share=share, schedule=schedule) for schedule in ("auto", "given"))
    assert sum(m.peak for m in best.memories) <= sum(m.peak for m in given.memories)
    assert best.order.lower_bound <= best.memories[0].live_bytes <= best.memories[0].peak
    assert given.order.lower_bound <= best.memories[0].live_bytes


@parametrize("models/*/torch_nasnetalarge.onnx")
def test_a_whole_network_found_by_search_is_ordered_and_proved(path):
    made = planned(path, share="none")
    assert made.order.method == "least-peak"
    assert made.memories[0].live_bytes == made.order.lower_bound == 23554176
    assert made.order.states < 10_000


METHODS = {"dtln_model_quant_2.tflite": "given", "keras_NASNetMobile_int8.tflite": "least-peak"}
"""For LiteRT, which places tensors itself: another order than the file's only where that gains by it."""


@pytest.mark.parametrize("target", ["tflm", "litert-cpu"])
@parametrize("models/tflite/[dk]*_*[2N]*.tflite")
def test_an_order_is_chosen_for_who_places_the_tensors(path, target):
    if path.name in METHODS:
        wanted = METHODS[path.name] if target == "litert-cpu" else "least-peak"
        assert tmpass.plan(path, target).order.method == wanted
