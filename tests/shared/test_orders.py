"""Orders for a runtime that places tensors itself: another one than the file's only where that runtime gains."""

import pytest
from support.shared import parametrize

import tmpass

METHODS = {"dtln_model_quant_2.tflite": "given", "keras_NASNetMobile_int8.tflite": "least-peak"}


@pytest.mark.parametrize("target", ["tflm", "litert-cpu"])
@parametrize("models/tflite/[dk]*_*[2N]*.tflite")
def test_an_order_is_chosen_for_who_places_the_tensors(path, target):
    if path.name in METHODS:
        wanted = METHODS[path.name] if target == "litert-cpu" else "least-peak"
        assert tmpass.plan(path, target).order.method == wanted
