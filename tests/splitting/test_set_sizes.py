"""Models with open dimensions are split with bound sizes: they compute the same, and the split has these sizes."""

import json
import random

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper
from support.onnx_sessions import common_names, drawn_inputs, largest_difference, run_onnx
from support.onnx_split_models import drawn_onnx_model, onnx_bottleneck
from support.open_sizes import opened, sizes
from support.split_bottleneck import bottleneck
from support.split_draws import drawn_splits, folded, graph_of

import tmpass
from tmpass.base.errors import ModelError, UsageError
from tmpass.loading.carrier import open_carrier
from tmpass.splitting.note import NAME
from tmpass.splitting.set_sizes import set_sizes

OPEN = opened(onnx_bottleneck(), 0)
ROUNDING = 1e-5


def with_sizes(data, **bindings):
    return set_sizes(open_carrier(data), bindings).data


def test_a_model_with_an_open_batch_is_split_for_a_number():
    made = tmpass.split(OPEN, "pixel6-tpu", bind={"d0": 3}, budget="500KiB")
    assert made.fits
    assert made.stages
    assert made.bindings == {"d0": 3}
    assert {shape[0] for shape in sizes(made.data).values()} == {3}  # of the output, too: it has the same name
    assert tmpass.verify_split(made.data, OPEN) == []
    assert json.loads(graph_of(made.data).metadata[NAME])["bind"] == {"d0": 3}


def test_the_split_of_bound_sizes_is_that_of_the_same_sizes_in_the_file():
    fixed = tmpass.split(with_sizes(OPEN, d0=1), "pixel6-tpu", budget="200KiB")
    bound = tmpass.split(OPEN, "pixel6-tpu", bind={"d0": 1}, budget="200KiB")
    assert (bound.stages, bound.needed, bound.macs) == (fixed.stages, fixed.needed, fixed.macs)


def test_a_split_for_other_sizes_is_not_proved_with_these():
    made = tmpass.split(OPEN, "pixel6-tpu", bind={"d0": 3}, budget="500KiB")
    other = onnx.load_model_from_string(made.data)
    assert other.graph.input[0].type.tensor_type.shape.dim[0].dim_value == 3
    other.graph.input[0].type.tensor_type.shape.dim[0].dim_value = 2
    assert tmpass.verify_split(bytes(other.SerializeToString()), OPEN)  # its parts are cut for 3


def test_a_model_with_bound_sizes_is_compared_with_the_open_one_and_with_the_same_sizes():
    """Sizes come from the inputs of the split model, so it needs no note."""
    made, sized = tmpass.split(OPEN, "pixel6-tpu", bind={"d0": 2}, budget="400KiB"), with_sizes(OPEN, d0=2)
    assert made.stages
    for split, original in ((made.data, OPEN), (made.data, sized), (sized, OPEN)):
        assert tmpass.verify_split(split, original) == []
    assert tmpass.verify_split(made.data, with_sizes(OPEN, d0=3))


def test_a_name_at_a_wrong_place_gets_no_number():
    """The output merges the batch with another axis, and the file names it as the batch."""
    model = onnx.load_model_from_string(OPEN)
    model.graph.initializer.append(numpy_helper.from_array(np.array([-1, 8]), "to"))
    model.graph.node.append(helper.make_node("Reshape", [model.graph.output[0].name, "to"], ["flat"]))
    del model.graph.output[:]
    model.graph.output.append(helper.make_tensor_value_info("flat", TensorProto.FLOAT, ["d0", 8]))
    made = tmpass.split(model, "pixel6-tpu", bind={"d0": 2}, budget="400KiB")
    assert made.stages
    assert sizes(made.data)["flat"] == (0, 8)
    onnx.checker.check_model(onnx.load_model_from_string(made.data), full_check=True)


@pytest.mark.parametrize("seed", range(20))
def test_sizes_that_are_written_are_those_of_the_drawn_model(seed):
    """All axes of the inputs are opened, and bound to what they were."""
    data = drawn_onnx_model(seed, integers=seed % 2 == 1)
    shape = next(iter(sizes(data).values()))
    bindings = {f"d{axis}": size for axis, size in enumerate(shape)}
    made = with_sizes(opened(data, *range(len(shape))), **bindings)
    assert next(iter(sizes(made).values())) == shape
    assert tmpass.plan(made, "pixel6-tpu").peak == tmpass.plan(data, "pixel6-tpu").peak


@pytest.mark.parametrize("seed", range(0, 24, 2))
def test_drawn_splits_with_another_batch_compute_what_the_open_model_does(seed):
    pytest.importorskip("onnxruntime")
    model = opened(drawn_onnx_model(seed, integers=seed % 4 == 0), 0)
    sized = with_sizes(model, d0=4)
    inputs = drawn_inputs(sized, seed)
    for stages, made in drawn_splits(folded(sized), random.Random(seed), 2):
        assert tmpass.verify_split(made, sized) == [], stages
        names = common_names(model, made)
        before, after = (run_onnx(data, names, inputs) for data in (model, made))
        assert largest_difference(before, after) < ROUNDING, stages


def test_without_a_number_the_error_names_the_option():
    with pytest.raises(ModelError, match="sizes that are not known, such as that of tensor 't0'; give --bind d0=N"):
        tmpass.split(OPEN, "pixel6-tpu")


def test_a_size_that_the_inputs_do_not_decide_is_not_split():
    """NonZero gives another number of places in each run; a plan may bind it, and parts may not be cut by it."""
    nodes = [helper.make_node("NonZero", ["x"], ["where"]), helper.make_node("Relu", ["x"], ["y"])]
    ends = [helper.make_tensor_value_info(name, TensorProto.FLOAT, ["n", 4]) for name in "xy"]
    ends.append(helper.make_tensor_value_info("where", TensorProto.INT64, [2, "found"]))
    model = helper.make_model(helper.make_graph(nodes, "g", ends[:1], ends[1:])).SerializeToString()
    bindings = {"n": 2, "found": 8}
    assert tmpass.plan(model, "pixel6-tpu", bind=bindings).fits
    with pytest.raises(ModelError, match="size of tensor 'where' does not follow from the sizes of the inputs"):
        tmpass.split(model, "pixel6-tpu", bind=bindings)


def test_a_binding_of_no_dimension_is_refused():
    with pytest.raises(UsageError, match="binding 'd9' names no dimension of the model; known: d0"):
        tmpass.split(OPEN, "pixel6-tpu", bind={"d9": 1})


def test_a_tflite_model_keeps_the_sizes_of_its_file():
    model = bottleneck(open_batch=True)
    same = tmpass.split(model, "tflm", bind={"x:0": 1})
    assert same.bindings == {}
    assert same.data == tmpass.split(model, "tflm").data
    with pytest.raises(UsageError, match="tflite models are split with the sizes of the file"):
        tmpass.split(model, "tflm", bind={"x:0": 2})
