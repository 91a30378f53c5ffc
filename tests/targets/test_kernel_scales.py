"""Scales, zero points and computed inputs that kernels refuse."""

from contextlib import suppress
from dataclasses import replace

import pytest
from support.scaled_operators import scaled_models
from tflite_writer import Operator, Subgraph, Tensor, options, write_model

import tmpass
from tmpass.loading.load import load
from tmpass.targets import find_not_run, load_target
from tmpass.targets.runtime import RUNTIMES

TFLM = load_target("tflm")


def faults(data, target=TFLM):
    return [(fault.text, fault.takes) for _, _, fault in find_not_run(load(data).graph, target) if fault.known]


def softmax(scale, beta=1.0, made=(1 / 256, -128)):
    given = Tensor("x", [1, 4], "INT8", scales=(scale,) if scale else ())
    out = Tensor("y", [1, 4], "INT8", scales=made[:1], zero=made[1])
    how = options("SoftmaxOptions", beta=beta)
    return write_model([Subgraph([given, out], [Operator("SOFTMAX", [0], [1], how)], [0], [1])])


@pytest.mark.parametrize(
    ("scale", "beta", "text"),
    [
        (2**-26, 1.0, "with an input whose scale is too small"),
        (2**-25.9, 1.0, None),
        (2**-25, 0.5, "with an input whose scale times beta (0.5) is too small"),
        (2**-27, 4.0, None),
        (0, 1.0, "with an input whose scale is too small"),
    ],
)
def test_a_softmax_needs_a_scale_that_its_exponent_can_hold(scale, beta, text):
    assert [fault for fault, _ in faults(softmax(scale, beta))] == ([] if text is None else [text])


def test_a_plan_says_what_the_kernel_takes():
    plan = tmpass.plan(softmax(2**-40), "tflm")
    assert not plan.fits
    lines = plan.summary().splitlines()
    said = "TensorFlow Lite Micro does not run SOFTMAX with an input whose scale is too small (operator 0)"
    assert lines[0] == f"fits         no; {said}"
    advice = "SOFTMAX takes an input whose scale is above 2^-26: convert the model so, or name own kernels"
    assert any(line.startswith(f"kernels      {advice}") for line in lines)


def test_the_output_of_a_softmax_has_one_scale():
    text = "with another scale or zero point of its output"
    assert faults(softmax(0.1, made=(1 / 128, -128))) == [(text, "scale 1/256 and zero point -128 of its output")]
    assert faults(softmax(0.1, made=(1 / 256, 0)))[0][0] == text


@pytest.mark.parametrize(
    ("kind", "dtype", "how", "text"),
    [
        ("ADD", "INT8", "output 0 scale x 2^-20", "with too small a scale of its output"),
        ("ADD", "INT8", "output 0 scale x 2^-18", None),
        ("ADD", "INT8", "input 0 scale 0", "without scales above 0"),
        ("ADD_N", "INT8", "input 1 zero point 1", "with scales or zero points that differ"),
        ("EQUAL", "INT8", "input 0 scale x 2^1", "with an input of scale 1 or more"),
        ("EQUAL", "INT8", "input 0 without scales", "without scales above 0"),
        ("CONCATENATION", "INT8", "input 0 scale x 2^1", "with scales or zero points that differ"),
        ("CONCATENATION", "INT16", "input 0 scale x 2^1", None),
        ("CONV_2D", "INT8", "input 1 scales along axis 3", "with scales along another axis than output channels"),
        ("CONV_2D", "INT8", "input 1 without scales", "without scales"),
        ("FULLY_CONNECTED", "INT8", "input 0 scale x 2^1", "with another scale of its bias"),
        ("HARD_SWISH", "INT8", "input 0 scale x 2^7", "with too large an input scale"),
        ("HARD_SWISH", "INT8", "input 0 scale x 2^6", None),
        ("LOGISTIC", "INT8", "output 0 zero point 0", "with another zero point of its output"),
        ("MUL", "INT16", "input 0 zero point 1", "of int16 with a zero point other than 0"),
        ("QUANTIZE", "FLOAT32", "output 0 scales along axis 1", "to several scales"),
        ("SVDF", "INT8", "input 3 scale x 2^1", "with another scale of its bias"),
        ("SPLIT", "FLOAT32", "input 0 computed", "with input 0 computed"),
        ("PAD", "INT8", "input 1 computed", "with input 1 computed"),
        ("MEAN", "INT8", "input 1 computed", None),
        ("CONV_2D", "INT16", "activation 3 scale 2.7939e-09", "with a fused RELU6 and too small a scale of its output"),
        ("CONV_2D", "INT16", "activation 2 scale 2.7939e-09", None),
        ("ADD", "INT8", f"activation 3 scale {6 * 0.5**31}", None),
        ("MUL", "INT8", "activation 1 scale 0.0", "with a fused RELU and too small a scale of its output"),
        ("DIV", "INT8", "activation 4 scale 0.0", None),
        ("L2_NORMALIZATION", "FLOAT32", "activation 1 scale 0.5", "with a fused activation"),
        ("CONCATENATION", "FLOAT32", "activation 6 scale 0.5", None),
    ],
)
def test_one_number_that_is_changed_is_told(kind, dtype, how, text):
    models = next(dict(models) for _, models in scaled_models(dtype, frozenset([kind])) if how in dict(models))
    assert faults(models[""]) == []
    assert [fault for fault, _ in faults(models[how])] == ([] if text is None else [text])


def test_kernels_of_ones_own_and_other_runtimes_are_not_judged():
    assert faults(softmax(2**-40), replace(TFLM, kernels=("SOFTMAX",))) == []
    assert faults(softmax(2**-40), replace(TFLM, runtime=RUNTIMES["litert"])) == []


@pytest.mark.parametrize(
    ("kind", "inputs", "outputs"),
    [
        ("CONV_2D", [0, 1], []),
        ("SOFTMAX", [0], []),
        ("ADD", [0, 0], []),
        ("FULLY_CONNECTED", [0, -1], [1]),
        ("SVDF", [0, 1, -1, -1, -1], [1]),
        ("DEPTHWISE_CONV_2D", [0, 1], [1]),
    ],
)
def test_malformed_operators_end_in_an_answer_or_an_error(kind, inputs, outputs):
    """Some have no outputs, no weights, or weights with too few axes for their scales."""
    tensors = [Tensor("x", [4], "INT8", scales=(0.5,)), Tensor("w", [4], "INT8", scales=(0.5, 0.25))]
    model = write_model([Subgraph(tensors, [Operator(kind, inputs, outputs)], [0], outputs)])
    with suppress(tmpass.ModelError):
        assert tmpass.plan(model, "tflm").schedule


@pytest.mark.parametrize(("axes", "runs"), [(4, True), (5, True), (7, True), (8, False)])
def test_prelu_of_integers_runs_with_up_to_seven_axes(axes, runs):
    shape = [1] * (axes - 1) + [4]
    data = Tensor("a", shape, "INT8", data=b"\1\2\3\4", scales=(0.5,))
    tensors = [Tensor("x", shape, "INT8", scales=(0.5,)), data, Tensor("y", shape, "INT8", scales=(0.5,))]
    model = write_model([Subgraph(tensors, [Operator("PRELU", [0, 1], [2])], [0], [2])])
    assert (faults(model) == []) is runs


def test_int4_weights_of_a_dense_layer_have_one_scale():
    def dense(scales):
        weights = Tensor("w", [2, 4], "INT4", data=b"\x11" * 4, scales=scales)
        tensors = [Tensor("x", [1, 4], "INT8", scales=(0.5,)), weights, Tensor("y", [1, 2], "INT8", scales=(0.5,))]
        how = options("FullyConnectedOptions")
        return write_model([Subgraph(tensors, [Operator("FULLY_CONNECTED", [0, 1], [2], how)], [0], [2])])

    assert faults(dense((0.5,))) == []
    assert faults(dense((0.5, 0.25)))[0][0] == "of int4 weights with several scales"
