"""Single rewrites: which operators they add, and what they refuse."""

from importlib import import_module

import numpy as np
import pytest
from support.split_draws import differences, net_of, written
from tflite_writer import Operator, Subgraph, Tensor, options, write_model

import tmpass
from tmpass.graph.dialect import New
from tmpass.graph.macs import count_macs
from tmpass.splitting.along import Along
from tmpass.splitting.make_draft import make_draft
from tmpass.splitting.rewrites.fold import fold_padding
from tmpass.splitting.stage import Stage, equal_bounds

VERSIONS = import_module("tmpass.frontends.tflite.draft_file").VERSIONS
Q = {"scales": [0.05], "zero": 3}


def weights(name, shape):
    data = np.random.default_rng(len(name)).integers(-100, 100, shape).astype("i1")
    return Tensor(name, shape, "INT8", data=data.tobytes(), scales=[0.01])


def bias(name, count):
    return Tensor(name, [count], "INT32", data=np.arange(count, dtype="<i4").tobytes(), scales=[0.0005])


def conv(inputs, out, padding=0, stride=1):
    how = options(
        "Conv2DOptions", padding=padding, stride_w=stride, stride_h=stride, dilation_w_factor=1, dilation_h_factor=1
    )
    return Operator("CONV_2D", inputs, [out], how, version=3)


def two_convolutions(side=12, padding=0, stride=1):
    """X -> CONV 3x3 -> m -> CONV 3x3 -> y."""
    out = side if padding == 0 else side - 2
    last = -(-out // stride) if padding == 0 else (out - 3) // stride + 1
    tensors = [
        Tensor("x", [1, side, side, 4], "INT8", **Q), weights("w1", [8, 3, 3, 4]), bias("b1", 8),
        Tensor("m", [1, out, out, 8], "INT8", **Q), weights("w2", [4, 3, 3, 8]), bias("b2", 4),
        Tensor("y", [1, last, last, 4], "INT8", **Q),
    ]  # fmt: skip
    ops = [conv([0, 1, 2], 3, padding), conv([3, 4, 5], 6, padding, stride)]
    return write_model([Subgraph(tensors, ops, [0], [6])])


def kinds(draft):
    return [op.new or op.like for op in draft.ops]


def split(data, stage):
    net = net_of(data)
    draft = make_draft(net, [stage])
    assert draft is not None
    assert differences(data, written(data, net, draft), 0) == []
    return draft


def test_same_padding_is_kept_and_rows_are_cropped_once():
    draft = split(two_convolutions(), Stage(0, 1, Along.ROWS, (0, 6, 12)))
    part = [New.SLICE, 0, New.SLICE, 1, New.SLICE]
    assert kinds(draft) == [*part, *part, New.CONCAT]
    assert New.PAD not in kinds(draft)


def test_carried_rows_are_cropped_at_the_end_only():
    draft = split(two_convolutions(), Stage(0, 1, Along.ROWS, (0, 6, 12), carry=True))
    part = [New.SLICE, 0, 1, New.SLICE]
    assert kinds(draft) == [*part, *part, New.CONCAT]


def test_a_wide_tensor_is_cut_along_its_columns():
    tensors = [
        Tensor("x", [1, 4, 256, 4], "INT8", **Q), weights("w1", [16, 3, 3, 4]), bias("b1", 16),
        Tensor("m", [1, 4, 256, 16], "INT8", **Q), weights("w2", [4, 3, 3, 16]), bias("b2", 4),
        Tensor("y", [1, 2, 128, 4], "INT8", **Q),
    ]  # fmt: skip
    model = write_model([Subgraph(tensors, [conv([0, 1, 2], 3), conv([3, 4, 5], 6, stride=2)], [0], [6])])
    made = tmpass.split(model, "tflm")
    assert [stage.along for stage in made.stages] == [Along.COLUMNS]
    assert made.plan.memories[0].needed < made.before.memories[0].needed


def test_padded_parts_have_zeros_where_the_whole_has_them():
    """Each part is padded at the sides, and above or below where it is at an end of the whole."""
    draft = split(two_convolutions(), Stage(0, 1, Along.ROWS, (0, 6, 12), padded=True))
    part = [New.SLICE, New.PAD, 0, New.PAD, 1]
    assert kinds(draft) == [*part, *part, New.CONCAT]
    borders = [op.borders[1:3] for op in draft.ops if op.new is New.PAD]
    assert borders == [((1, 0), (1, 1)), ((1, 0), (1, 1)), ((0, 1), (1, 1)), ((0, 1), (1, 1))]


def test_valid_padding_needs_no_crop():
    draft = split(two_convolutions(padding=1), Stage(0, 1, Along.ROWS, (0, 4, 8)))
    assert kinds(draft) == [New.SLICE, 0, 1, New.SLICE, 0, 1, New.CONCAT]


def test_more_rows_are_read_where_windows_would_be_at_other_places():
    """A part of stride 3 begins where a window of the whole does, though fewer rows would be enough."""
    draft = split(two_convolutions(side=13, stride=3), Stage(1, 1, Along.ROWS, (0, 1, 3, 5)))
    assert kinds(draft) == [0, New.SLICE, 1, New.SLICE, New.SLICE, 1, New.SLICE, 1, New.CONCAT]
    assert draft.tensors[draft.ops[1].outputs[0]].shape == (1, 4, 13, 8)  # 2 rows would be enough for 1 row


def test_groups_of_channels_cut_weights_bias_and_scales():
    data = two_convolutions()
    net = net_of(data)
    draft = make_draft(net, [Stage(0, 0, Along.CHANNELS, (0, 3, 8))])
    assert kinds(draft) == [0, 0, New.CONCAT, 1]
    cuts = [t.cut for t in draft.tensors if t.cut is not None]
    assert [(cut.start, cut.stop) for cut in cuts] == [(0, 3), (0, 3), (3, 8), (3, 8)]
    assert differences(data, written(data, net, draft), 0) == []


def test_a_second_convolution_is_not_made_in_groups():
    assert make_draft(net_of(two_convolutions()), [Stage(0, 1, Along.CHANNELS, (0, 2, 4))]) is None


@pytest.mark.parametrize(("parts", "depth"), [(10, 0), (11, 1), (23, 1), (101, 2)])
def test_concats_of_many_parts_are_trees(parts, depth):
    data = two_convolutions(side=parts)
    draft = split(data, Stage(0, 0, Along.ROWS, tuple(range(parts + 1))))
    joins = [op for op in draft.ops if op.new is New.CONCAT]
    assert max(len(op.inputs) for op in joins) <= 10
    assert sum(len(op.inputs) for op in joins) - len(joins) == parts - 1
    level = {joins[-1].outputs[0]: 0}
    for op in reversed(joins):
        level |= dict.fromkeys(op.inputs, level[op.outputs[0]] + 1)
    assert max(level[op.outputs[0]] for op in joins) == depth


def padded(pads, stride, side=9, inner=None, kind="CONV_2D"):
    """X -> PAD -> CONV without padding -> y."""
    wide = side + sum(pads)
    out = (wide - 3) // stride + 1
    rows = np.array([[0, 0], pads, pads, [0, 0]], "<i4")
    tensors = [
        Tensor("x", [1, side, side, 4], "INT8", **(inner or Q)), Tensor("p", [4, 2], "INT32", data=rows.tobytes()),
        Tensor("m", [1, wide, wide, 4], "INT8", **Q), weights("w1", [8, 3, 3, 4]), bias("b1", 8),
        Tensor("y", [1, out, out, 8 if kind == "CONV_2D" else 4], "INT8", **Q),
    ]  # fmt: skip
    pad = Operator("PAD", [0, 1], [2], options("PadOptions"))
    pool = options("Pool2DOptions", padding=1, stride_w=stride, stride_h=stride, filter_width=3, filter_height=3)
    last = conv([2, 3, 4], 5, 1, stride) if kind == "CONV_2D" else Operator(kind, [2], [5], pool)
    return write_model([Subgraph(tensors, [pad, last], [0], [5])])


@pytest.mark.parametrize(
    ("pads", "stride", "side", "folds"),
    [((1, 1), 1, 9, True), ((1, 1), 2, 9, True), ((1, 1), 2, 8, False), ((0, 1), 2, 8, True), ((2, 2), 1, 9, False)],
)
def test_padding_is_folded_where_windows_stay_at_their_places(pads, stride, side, folds):
    data = padded(pads, stride, side)
    net = net_of(data)
    draft = fold_padding(net)
    assert (draft is not None) == folds
    if draft is not None:
        assert kinds(draft) == [1]
        assert differences(data, written(data, net, draft), 0) == []


def test_padding_of_a_pool_or_with_other_scales_is_not_folded():
    assert fold_padding(net_of(padded((1, 1), 1, kind="MAX_POOL_2D"))) is None
    assert fold_padding(net_of(padded((1, 1), 1, inner={"scales": [0.05], "zero": 4}))) is None


def test_equal_bounds_are_aligned_and_never_one_part():
    assert equal_bounds(10, 3, 1) == (0, 4, 8, 10)
    assert equal_bounds(10, 3, 3) == (0, 6, 10)
    assert equal_bounds(4, 2, 8) is None
    assert equal_bounds(1, 2, 1) is None


def test_an_operator_on_a_constant_image_is_not_cut():
    """It reads no activation, so it has no rows to slice."""
    image = Tensor("x", [1, 8, 4, 4], "INT8", data=bytes(128), **Q)
    tensors = [
        image, weights("w", [8, 3, 3, 4]), bias("b", 8), Tensor("m", [1, 8, 4, 8], "INT8", **Q),
        Tensor("i", [1, 8, 4, 8], "INT8", **Q), Tensor("y", [1, 8, 4, 8], "INT8", **Q),
    ]  # fmt: skip
    add = Operator("ADD", [3, 4], [5], options("AddOptions"))
    net = net_of(write_model([Subgraph(tensors, [conv([0, 1, 2], 3), add], [4], [5])]))
    assert net.layer(0) is None
    assert make_draft(net, [Stage(0, 0, Along.CHANNELS, (0, 4, 8))]) is None


def test_cuts_of_one_buffer_follow_the_shape_of_each_tensor():
    data = np.random.default_rng(3).integers(-100, 100, 32).astype("i1").tobytes()
    tensors = [
        Tensor("x", [1, 8, 8, 4], "INT8", **Q), Tensor("w1", [8, 1, 1, 4], "INT8", data=data, scales=[0.01]),
        bias("b1", 8), Tensor("m", [1, 8, 8, 8], "INT8", **Q),
        Tensor("w2", [4, 1, 1, 8], "INT8", buffer=1, scales=[0.01]), bias("b2", 4),
        Tensor("y", [1, 8, 8, 4], "INT8", **Q),
    ]  # fmt: skip
    made = write_model([Subgraph(tensors, [conv([0, 1, 2], 3), conv([3, 4, 5], 6)], [0], [6])])
    net = net_of(made)
    draft = make_draft(net, [Stage(0, 0, Along.CHANNELS, (0, 2, 8)), Stage(1, 1, Along.CHANNELS, (0, 2, 4))])
    assert differences(made, written(made, net, draft), 0) == []


def test_new_operators_have_the_versions_that_know_their_type():
    """An int16 SLICE has another version than an int16 CONCATENATION."""
    assert [VERSIONS[kind]["int16"] for kind in (New.SLICE, New.PAD, New.CONCAT)] == [4, 3, 3]
    assert all(VERSIONS[kind]["int8"] == 2 for kind in New)


def test_the_macs_before_are_those_of_the_original_with_its_padding():
    data = padded((1, 1), 1)
    net = net_of(data)
    made = tmpass.split(data, "tflm")
    assert made.macs[1] == sum(count_macs(net.main, op) for op in net.main.ops)


@pytest.mark.parametrize("variable", [True, False])
def test_an_operator_that_touches_a_variable_is_not_cut(variable):
    tensors = [
        Tensor("x", [1, 8, 8, 4], "INT8", **Q), Tensor("s", [1, 1, 1, 4], "INT8", is_variable=variable, **Q),
        Tensor("y", [1, 8, 8, 4], "INT8", **Q),
    ]  # fmt: skip
    inputs = [0] if variable else [0, 1]
    net = net_of(write_model([Subgraph(tensors, [Operator("ADD", [0, 1], [2], options("AddOptions"))], inputs, [2])]))
    assert (net.layer(0) is None) == variable


@pytest.mark.parametrize("shuffled", [0, 1])
def test_shuffled_weights_are_not_cut(shuffled):
    tensors = [
        Tensor("x", [1, 4], "INT8", **Q), weights("w", [8, 4]), bias("b", 8), Tensor("y", [1, 8], "INT8", **Q)
    ]  # fmt: skip
    how = options("FullyConnectedOptions", weights_format=shuffled)
    net = net_of(write_model([Subgraph(tensors, [Operator("FULLY_CONNECTED", [0, 1, 2], [3], how)], [0], [3])]))
    assert (net.layer(0) is None) == bool(shuffled)
