"""Models that compute something else by their structure are refused, and those that do not are proved."""

import struct
from dataclasses import replace
from importlib import import_module

import numpy as np
import pytest
from support.split_draws import net_of, written
from tflite_writer import Operator, Signature, Subgraph, Tensor, options, write_model

import tmpass
from tmpass.splitting.along import Along
from tmpass.splitting.make_draft import make_draft
from tmpass.splitting.stage import Stage
from tmpass.verification.split.check import check_split

content_of = import_module("tmpass.frontends.tflite").content_of

Q = {"scales": [0.05], "zero": 3}


def data(name, shape, dtype="INT8", **more):
    return Tensor(name, shape, dtype, **({**Q, **more} if dtype == "INT8" else more))


def constant(name, values, **more):
    values = np.asarray(values)
    dtype = {"i1": "INT8", "i4": "INT32", "f4": "FLOAT32"}[values.dtype.str[1:]]
    return Tensor(name, list(values.shape), dtype, data=values.tobytes(), **more)


def numbers(name, *values):
    return constant(name, np.array(values, "<i4"))


def weights(name, shape):
    return constant(name, np.random.default_rng(len(name)).integers(-100, 100, shape).astype("i1"), scales=[0.01])


def bias(count):
    return constant("bias", np.arange(count, dtype="<i4"), scales=[0.0005])


def conv(inputs, out, kind="CONV_2D", **more):
    name = "Conv2DOptions" if kind == "CONV_2D" else "DepthwiseConv2DOptions"
    how = options(name, padding=0, stride_w=1, stride_h=1, **more)
    return Operator(kind, inputs, [out], how, version=3)


def add(inputs, out):
    return Operator("ADD", inputs, [out], options("AddOptions", fused_activation_function=0))


def sliced(t, begin, size, out):
    return Operator("SLICE", [t, begin, size], [out])


def joined(inputs, out, axis):
    return Operator("CONCATENATION", inputs, [out], options("ConcatenationOptions", axis=axis))


def model(tensors, operators, inputs, outputs):
    return write_model([Subgraph(tensors, operators, inputs, outputs)])


def fault(split, original):
    """The fault that is found; both models are proved to be splits of themselves."""
    assert tmpass.verify_split(original, original) == []
    (found,) = tmpass.verify_split(split, original)
    return found.message


def test_a_joined_constant_is_refused():
    ends = [data("x", [1, 6, 4, 3]), data("y", [1, 6, 4, 3])]
    original = model(ends, [Operator("RELU", [0], [1])], [0], [1])
    more = [
        constant("k", np.full([1, 1, 4, 3], 7, "i1"), **Q), data("z", [1, 7, 4, 3]), numbers("b", 0, 0, 0, 0),
        numbers("s", 1, 6, 4, 3), data("w", [1, 6, 4, 3]),
    ]  # fmt: skip
    ops = [joined([2, 0], 3, 1), sliced(3, 4, 5, 6), Operator("RELU", [6], [1])]
    assert "it passes on a constant" in fault(model([*ends, *more], ops, [0], [1]), original)


def test_a_slice_beyond_its_input_is_refused():
    ends = [data("x", [1, 6]), data("y", [1, 6])]
    original = model(ends, [Operator("RELU", [0], [1])], [0], [1])
    more = [numbers("b", 0, 1), numbers("s", 1, 6), data("w", [1, 6])]
    split = model([*ends, *more], [sliced(0, 2, 3, 4), Operator("RELU", [4], [1])], [0], [1])
    assert "another shape" in fault(split, original)


def test_a_constant_output_has_the_same_bytes():
    def made(value):
        tensors = [data("x", [1, 4]), data("y", [1, 4]), constant("k", np.full([1, 3], value, "i1"), **Q)]
        return model(tensors, [Operator("RELU", [0], [1])], [0], [1, 2])

    assert "output 'k' is a constant with other bytes" in fault(made(9), made(1))


def test_packed_weights_are_compared():
    def made(value):
        packed = Tensor("w", [4, 1, 1, 4], "INT4", data=bytes([value] * 8), scales=[0.01])
        tensors = [data("x", [1, 4, 4, 4]), packed, bias(4), data("y", [1, 4, 4, 4])]
        return model(tensors, [conv([0, 1, 2], 3)], [0], [3])

    assert "no operator of the original" in fault(made(0x77), made(0x12))


def test_rows_with_other_constants_are_not_alike():
    """Rows of zeros are alike, but not when a constant is added that has another value in each row."""
    rows = constant("k", np.arange(0, 80, 10).astype("i1").reshape(1, 8, 1, 1), **Q)
    pads = constant("p", np.array([[0, 0], [1, 1], [0, 0], [0, 0]], "<i4"))
    tensors = [data("x", [1, 6, 4, 3]), pads, data("xp", [1, 8, 4, 3]), rows]
    pad = Operator("PAD", [0, 1], [2], options("PadOptions"))
    original = model([*tensors, data("y", [1, 8, 4, 3])], [pad, add([2, 3], 4)], [0], [4])
    more = [
        data("m", [1, 8, 4, 3]), numbers("b0", 0, 0, 0, 0), numbers("s0", 1, 7, 4, 3), numbers("s1", 1, 1, 4, 3),
        data("u", [1, 7, 4, 3]), data("v", [1, 1, 4, 3]), data("y", [1, 8, 4, 3]),
    ]  # fmt: skip
    ops = [pad, add([2, 3], 4), sliced(4, 5, 6, 8), sliced(4, 5, 7, 9), joined([8, 9], 10, 1)]
    assert "output 'y' is not that" in fault(model([*tensors, *more], ops, [0], [10]), original)


@pytest.mark.parametrize(("inputs", "kind", "ranks"), [([0, 1, -1], "CONV_2D", 4), ([0, 1, -1], "FULLY_CONNECTED", 2)])
def test_computed_weights_are_known_whole_only(inputs, kind, ranks):
    shape = [4, 1, 1, 4] if ranks == 4 else [4, 4]
    tensors = [data("x", [1, 4, 4, 4]), data("w", shape), data("y", [1, 4, 4, 4])]
    full = options("FullyConnectedOptions", keep_num_dims=True)
    last = conv(inputs, 2) if kind == "CONV_2D" else Operator(kind, inputs, [2], full)
    original = model(tensors, [last], [0, 1], [2])
    zeros, rest = [0] * ranks, shape[1:]
    more = [
        numbers("b1", 1, *zeros[1:]), numbers("s1", 3, *rest), numbers("b0", *zeros), numbers("s0", 1, *rest),
        data("w1", [3, *rest]), data("w0", [1, *rest]), data("wp", shape),
    ]  # fmt: skip
    ops = [sliced(1, 3, 4, 7), sliced(1, 5, 6, 8), joined([7, 8], 9, 0), replace(last, inputs=[0, 9, -1])]
    assert "no operator of the original" in fault(model([*tensors, *more], ops, [0, 1], [2]), original)


def test_shapes_are_aligned_at_their_last_axes():
    tensors = [data("x", [1, 4, 4, 8]), data("v", [4, 8]), data("y", [1, 4, 4, 8])]
    original = model(tensors, [add([0, 1], 2)], [0, 1], [2])
    more = [
        numbers("b1", 1, 0), numbers("s1", 3, 8), numbers("b0", 0, 0), numbers("s0", 1, 8), data("v1", [3, 8]),
        data("v0", [1, 8]), data("vp", [4, 8]),
    ]  # fmt: skip
    ops = [sliced(1, 3, 4, 7), sliced(1, 5, 6, 8), joined([7, 8], 9, 0), add([0, 9], 2)]
    assert "no operator of the original" in fault(model([*tensors, *more], ops, [0, 1], [2]), original)


def floats(name, shape, values=None, **more):
    content = {} if values is None else {"data": np.asarray(values, "<f4").tobytes()}
    return Tensor(name, shape, "FLOAT32", **content, **more)


def svdf(inputs, out):
    return Operator("SVDF", inputs, [out], options("SVDFOptions", rank=1, fused_activation_function=0))


STATE = [
    floats("x", [1, 2]), floats("wf", [3, 2], np.arange(6) / 7), floats("wt", [3, 4], np.arange(12) / 5),
    floats("s", [1, 12], is_variable=True), floats("y", [1, 3]), floats("wg", [3, 2], np.arange(6) / 3),
    floats("z", [1, 3]), floats("more", [1, 3]),
]  # fmt: skip
FIRST, SECOND, AGAIN = svdf([0, 1, 2, -1, 3], 4), svdf([0, 5, 2, -1, 3], 6), svdf([0, 1, 2, -1, 3], 7)


@pytest.mark.parametrize("operators", [[SECOND, FIRST], [AGAIN, FIRST, SECOND], [FIRST, SECOND, AGAIN]])
def test_a_state_is_touched_by_each_operator_once_and_in_order(operators):
    original = model(STATE, [FIRST, SECOND], [0], [4, 6])
    message = fault(model(STATE, operators, [0], [4, 6]), original)
    assert "it touches a state" in message or "'variable s' is not read" in message


def test_an_operator_with_a_state_must_not_be_left_out():
    original = model(STATE, [FIRST, SECOND], [0], [4])
    assert "'variable s' is not read and written" in fault(model(STATE, [FIRST], [0], [4]), original)


def test_variables_of_one_name_are_refused():
    content = content_of(one := model(STATE, [FIRST], [0], [4]), tmpass.load(one).graph)
    main = content.graph.subgraphs[0]
    twice = replace(main, tensors=(*main.tensors, main.tensors[3]))
    other = replace(content, graph=replace(content.graph, subgraphs=(twice,)))
    assert "several variables have the name 's'" in check_split(other, other)[0].message


def test_signatures_are_compared():
    tensors = [data("x", [1, 4]), data("y", [1, 4]), data("z", [1, 4])]
    ops = [Operator("RELU", [0], [1]), Operator("RELU6", [0], [2])]

    def made(first, second):
        ends = Signature("serving", inputs=[("x", 0)], outputs=[("p", first), ("q", second)])
        return write_model([Subgraph(tensors, ops, [0], [1, 2])], signatures=[ends])

    assert "its signatures name other" in fault(made(2, 1), made(1, 2))


def test_options_that_are_vectors_are_compared():
    def made(*bounds):
        whole = [struct.unpack("<i", struct.pack("<f", bound))[0] for bound in bounds]
        ends = [Tensor("x", [1, 4], "FLOAT32"), Tensor("y", [1, 4], "INT32")]
        return model(ends, [Operator("BUCKETIZE", [0], [1], options("BucketizeOptions", boundaries=whole))], [0], [1])

    assert "no operator" in fault(made(-50.0, 60.0), made(0.0, 10.0))


def test_a_default_that_is_written_is_the_same_as_one_that_is_not():
    def made(**more):
        tensors = [data("x", [1, 4, 4, 4]), weights("w", [4, 1, 1, 4]), bias(4), data("y", [1, 4, 4, 4])]
        return model(tensors, [conv([0, 1, 2], 3, **more)], [0], [3])

    assert tmpass.verify_split(made(dilation_w_factor=1, dilation_h_factor=1), made()) == []
    assert tmpass.verify_split(made(dilation_w_factor=2), made())


def test_a_custom_operator_on_what_nothing_writes_is_the_same():
    tensors = [data("x", [1, 4]), data("scratch", [1, 64]), constant("c", np.zeros(8, "i1")), data("y", [1, 4])]
    original = model(tensors, [Operator("ethos-u", [2, 1, 0], [3], custom=True)], [0], [3])
    assert tmpass.verify_split(original, original) == []
    constants = [*tensors[:2], constant("c", np.ones(8, "i1")), tensors[3]]
    assert "state" in fault(model(constants, [Operator("ethos-u", [2, 1, 0], [3], custom=True)], [0], [3]), original)


@pytest.mark.parametrize("batch", [1, 2])
@pytest.mark.parametrize("kind", ["grouped", "multiplied", "plain"])
def test_rows_of_grouped_convolutions_are_proved(kind, batch):
    depthwise = kind == "multiplied"
    shape = {"grouped": [8, 3, 3, 2], "multiplied": [1, 3, 3, 8], "plain": [8, 3, 3, 4]}[kind]
    more = {"depth_multiplier": 2} if depthwise else {}

    def made(changed):
        values = np.random.default_rng(1).integers(-100, 100, shape).astype("i1")
        values[0, 0, 0, 0] += changed
        tensors = [
            data("x", [batch, 8, 4, 4]), constant("w", values, scales=[0.01]), bias(8), data("y", [batch, 8, 4, 8])
        ]  # fmt: skip
        op = conv([0, 1, 2], 3, "DEPTHWISE_CONV_2D" if depthwise else "CONV_2D", **more)
        return model(tensors, [op], [0], [3])

    original = made(0)
    net = net_of(original)
    draft = make_draft(net, [Stage(0, 0, Along.ROWS, (0, 4, 8))])
    split = written(original, net, draft)
    assert tmpass.verify_split(split, original) == []
    assert tmpass.verify_split(split, made(1))


@pytest.mark.parametrize(("channels", "multiplier"), [(1, 4), (4, 1)])
def test_a_part_of_one_channel_of_a_depthwise_convolution_is_proved(channels, multiplier):
    """It reads each channel by itself, and all of its one channel, whichever the original does."""
    tensors = [
        data("x", [1, 4, 4, channels]), weights("w", [1, 3, 3, 4]), bias(4), data("y", [1, 4, 4, 4])
    ]  # fmt: skip
    op = conv([0, 1, 2], 3, "DEPTHWISE_CONV_2D", depth_multiplier=multiplier)
    original = model(tensors, [op], [0], [3])
    net = net_of(original)
    for bounds in ((0, 1, 2, 3, 4), (0, 1, 4)):
        made = written(original, net, make_draft(net, [Stage(0, 0, Along.CHANNELS, bounds)]))
        assert tmpass.verify_split(made, original) == []
