"""The real models and problems beside the project: tests on them are skipped where they are missing.

With TMPASS_REQUIRE_SHARED=1, as in CI, a missing folder is a failure.
"""

import os
from pathlib import Path

import pytest

SHARED = Path(__file__).parent.parent.parent.parent / "shared"

_GRU = "sequential_1/gru_1/while/TensorArrayV2Write/TensorListSetItem"

TFLITE_BINDINGS = {
    "keras_gru_lstm_while.tflite": {f"{_GRU}6:0": 49, f"{_GRU}9:0": 49},  # before and behind one of 50 rows
    "mlperf_tiny_ad01_int8.tflite": {"input_1:0": 1},
    "mlperf_tiny_resnet8_int8.tflite": {"input_1_int8:0": 1},
    "mlperf_tiny_streaming_ww.tflite": {"serving_default_input_1:0:0": 1},
    "mlperf_tiny_vww_96_float.tflite": {"input_1:0": 1},
    "mlperf_tiny_vww_96_int8.tflite": {"input_1_int8:0": 1},
    "tflite_dynamic_shapes.tflite": {"StridedSlice2:0": 90},
    "tflm_hello_world_int8.tflite": {"serving_default_dense_input:0:0": 1},
    "ultraface_rfb_320.tflite": {"input_1:0": 1},
}
"""What the TFLite models leave open: a batch, or a size that follows from values."""

TFLITE_SHAPES = {"tflite_call_once_mul.tflite": {"serving_default_x:0:0": 1}}
"""Whole shapes that the TFLite models do not state: a scalar is one element."""


def tflite_bindings(path: Path) -> dict[str, int]:
    """All that has to be bound to plan a TFLite model."""
    return {**TFLITE_BINDINGS.get(path.name, {}), **TFLITE_SHAPES.get(path.name, {})}


def files(pattern: str) -> list[Path]:
    """The files that `pattern` finds below the shared folder, sorted."""
    return sorted(SHARED.glob(pattern))


def parametrize(pattern: str):
    """A test for each file of `pattern`, by its name; one skipped or failing test where there is none."""
    found = files(pattern)
    if found:
        return pytest.mark.parametrize("path", found, ids=lambda path: path.name)
    if os.environ.get("TMPASS_REQUIRE_SHARED") == "1":
        return pytest.mark.parametrize("path", [SHARED / pattern], ids=["missing"])
    reason = f"there is no {pattern} in {SHARED.name}/ beside the project"
    return pytest.mark.parametrize("path", [pytest.param(None, marks=pytest.mark.skip(reason=reason))])
