"""Arguments in the wrong place are told as such, by all functions that take a model and a target."""

import warnings

import pytest
from make_models import FOLDER

import tmpass
from tmpass.base.errors import TargetError

MODEL = FOLDER / "branchy.tflite"


@pytest.mark.parametrize("function", [tmpass.plan, tmpass.explain, tmpass.split, tmpass.fleet])
def test_a_model_in_the_place_of_the_target(function):
    for path in (MODEL, str(MODEL), "not-there.onnx"):
        with pytest.raises(TargetError, match="it is a model, not a target; give the model first, then the target"):
            function("tflm", path)


@pytest.mark.parametrize("function", [tmpass.plan, tmpass.explain, tmpass.split])
def test_the_bytes_of_a_model_in_the_place_of_the_target(function):
    with pytest.raises(TargetError, match=r"bytes are not a target; .*; the model comes before it"):
        function("tflm", MODEL.read_bytes())


@pytest.mark.parametrize("function", [tmpass.plan, tmpass.explain, tmpass.split])
def test_a_budget_in_the_place_of_the_target(function):
    with pytest.raises(TargetError, match="'48KiB' is a size, not a target; the option for it is budget"):
        function(MODEL, "48KiB")


def test_another_name_has_the_hint_of_the_nearest_target():
    with pytest.raises(TargetError, match="did you mean 'tflm'"):
        tmpass.plan(MODEL, "tflmm")


@pytest.mark.parametrize("function", [tmpass.plan, tmpass.explain, tmpass.split, tmpass.fleet])
def test_a_text_without_a_unit_that_looks_like_kibibytes_is_warned_of_once(function):
    """As on the command line. The warning stands at the line of the caller."""
    with pytest.warns(UserWarning, match="budget 96 is 96 bytes; write 96KiB if these are KiB") as caught:
        function(MODEL, "tflm", budget="96")
    assert [warning.filename for warning in caught] == [__file__]


@pytest.mark.parametrize("budget", [96, "96B", "0x60", "2048", "65537", "1KiB"])
def test_a_number_or_a_unit_is_not_doubted(budget):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        tmpass.plan(MODEL, "tflm", budget=budget)
