"""The structural check of splits refuses models that compute something else."""

import random

import pytest
from support.split_draws import differences, drawn_splits, net_of, written
from support.split_models import drawn_split_model
from support.tflite_changes import changed
from tflite_writer import Operator, Subgraph, Tensor, options, write_model

import tmpass
from tmpass.base.errors import ModelError

MODEL = drawn_split_model(5)


def test_a_model_is_a_split_of_itself():
    for seed in range(8):
        model = drawn_split_model(seed)
        assert tmpass.verify_split(model, model) == []


def test_another_model_is_refused():
    assert tmpass.verify_split(drawn_split_model(6), MODEL)


@pytest.mark.parametrize("seed", range(12))
def test_a_changed_byte_of_a_constant_or_option_is_found(seed):
    """Bytes of weights, of positions and of options are changed; where a value changes, the check says so."""
    rng = random.Random(seed)
    model = drawn_split_model(seed)
    made = next((made for _, made in drawn_splits(model, rng, 1)), None)
    if made is None:
        pytest.skip("this model has no split")
    for _ in range(8):
        other = changed(made, rng)
        try:
            wrong = differences(model, other, seed)
        except Exception:  # a shape that does not go with its operator
            continue
        try:
            found = tmpass.verify_split(other, model)
        except ModelError:
            continue
        assert found or not wrong


@pytest.mark.parametrize(("stride", "filters"), [(0, [4, 3, 3, 2]), (-1, [4, 3, 3, 2]), (1, [4, 9, 2])])
def test_a_convolution_that_no_interpreter_runs_is_known_whole(stride, filters):
    def made(step, shape):
        tensors = [
            Tensor("x", [1, 5, 5, 2], "FLOAT32"), Tensor("w", shape, "FLOAT32", data=bytes(4 * 72)),
            Tensor("b", [4], "FLOAT32", data=bytes(16)), Tensor("y", [1, 5, 5, 4], "FLOAT32"),
        ]  # fmt: skip
        how = options("Conv2DOptions", stride_h=step, stride_w=step, dilation_h_factor=1, dilation_w_factor=1)
        return write_model([Subgraph(tensors, [Operator("CONV_2D", [0, 1, 2], [3], how)], [0], [3])])

    right, wrong = made(1, [4, 3, 3, 2]), made(stride, filters)
    assert tmpass.verify_split(wrong, right)
    assert tmpass.verify_split(wrong, wrong) == []


def test_outputs_in_another_order_are_refused():
    net = net_of(MODEL)
    draft = net.draft
    assert tmpass.verify_split(written(MODEL, net, draft), MODEL) == []
