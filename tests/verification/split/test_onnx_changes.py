"""The structural check refuses changed splits of ONNX models that compute something else."""

import random

import pytest
from onnx import TensorProto, helper
from onnx import load_model_from_string as parse
from support.onnx_changes import CHANGES, changed
from support.onnx_sessions import drawn_inputs, largest_difference, run_onnx
from support.onnx_split_models import drawn_onnx_model, onnx_bottleneck
from support.split_draws import drawn_splits, net_of, written

import tmpass
from tmpass.splitting.along import Along
from tmpass.splitting.make_draft import make_draft
from tmpass.splitting.stage import Stage

pytest.importorskip("onnxruntime")

CHANNELS = Stage(0, 2, Along.CHANNELS, (0, 20, 48))
ROWS = Stage(0, 2, Along.ROWS, (0, 7, 16))


def outputs_differ(original, other, seed):
    """Whether the outputs of two models differ by more than another order of sums makes them differ."""
    names = [value.name for value in parse(original).graph.output]
    inputs = drawn_inputs(original, seed)
    before, after = (run_onnx(data, names, inputs) for data in (original, other))
    return any(before[n].shape != after[n].shape for n in names) or largest_difference(before, after) > 1e-5


@pytest.mark.parametrize("seed", range(8))
def test_a_changed_split_is_refused_where_it_computes_something_else(seed):
    rng = random.Random(seed)
    model = drawn_onnx_model(seed, integers=seed % 2 == 0)
    made = next((made for _, made in drawn_splits(model, rng, 1)), None)
    if made is None:
        pytest.skip("this model has no split")
    caught = 0
    for _ in range(16):
        name, other = changed(made, rng)
        try:
            wrong = outputs_differ(model, other, seed)
            found = tmpass.verify_split(other, model)
        except Exception:  # it is not a model any more
            continue
        assert found or not wrong, name
        caught += wrong
    assert caught


def split_of(stage, model=None):
    model = model or onnx_bottleneck()
    net = net_of(model)
    return model, parse(written(model, net, make_draft(net, [stage])))


def refused(model, split):
    found = tmpass.verify_split(split.SerializeToString(), model)
    return found[0].message if found else ""


def convs(split, count):
    return [node for node in split.graph.node if node.op_type == "Conv"][:count]


def attribute(node, name):
    return next(a for a in node.attribute if a.name == name)


@pytest.mark.parametrize("stage", [CHANNELS, ROWS])
def test_what_the_rewriter_writes_is_proved(stage):
    model, split = split_of(stage)
    assert refused(model, split) == ""


def test_padding_of_the_wrong_part_is_refused():
    model, split = split_of(ROWS)
    first = next(node for node in split.graph.node if any(a.name == "group" for a in node.attribute))
    assert list(attribute(first, "pads").ints) == [1, 1, 0, 1]
    attribute(first, "pads").ints[:] = [0, 1, 1, 1]
    assert "it does not join pieces" in refused(model, split) or "no operator" in refused(model, split)


def test_parts_in_another_order_are_refused():
    for stage in (CHANNELS, ROWS):
        model, split = split_of(stage)
        node = next(node for node in split.graph.node if node.op_type == "Concat")
        node.input[0], node.input[1] = node.input[1], node.input[0]
        assert refused(model, split)


def test_a_missing_halo_row_is_refused():
    model, split = split_of(ROWS)
    cut = next(node for node in split.graph.node if node.op_type == "Slice")
    ends = next(t for t in split.graph.initializer if t.name == cut.input[2])
    ends.raw_data = (int.from_bytes(ends.raw_data, "little") - 1).to_bytes(8, "little")
    assert refused(model, split)


def test_weights_of_another_group_and_other_weights_are_refused():
    model, split = split_of(Stage(0, 2, Along.CHANNELS, (0, 24, 48)))
    one, other = convs(split, 4)[0], convs(split, 4)[2]
    assert one.input[1] != other.input[1]
    for at in (1, 2)[: len(one.input) - 1]:
        model, split = split_of(Stage(0, 2, Along.CHANNELS, (0, 24, 48)))
        one, other = convs(split, 4)[0], convs(split, 4)[2]
        one.input[at] = other.input[at]
        assert refused(model, split)
    model, split = split_of(CHANNELS)
    tensor = next(t for t in split.graph.initializer if len(t.dims) == 4)
    tensor.raw_data = bytes([tensor.raw_data[0] ^ 1]) + tensor.raw_data[1:]
    assert refused(model, split)


def test_another_operator_set_is_refused():
    """Of another version, the same node may be another operator."""
    model, split = split_of(ROWS)
    split.opset_import[0].version = 13
    assert refused(model, split)


def test_another_output_is_refused():
    model, split = split_of(ROWS)
    last = next(node for node in reversed(split.graph.node) if node.op_type == "Conv")
    last.output[0], name = "other", last.output[0]
    split.graph.node.append(helper.make_node("Relu", ["other"], [name]))
    assert refused(model, split)


def test_random_numbers_are_drawn_as_often_and_in_the_same_order():
    kinds = {"a": "RandomNormalLike", "b": "RandomUniformLike"}
    nodes = [helper.make_node(kind, ["x"], [name], seed=1.0) for name, kind in kinds.items()]
    ends = [helper.make_tensor_value_info(name, TensorProto.FLOAT, [2, 2]) for name in "xy"]
    graph = helper.make_graph([*nodes, helper.make_node("Add", ["a", "b"], ["y"])], "g", ends[:1], ends[1:])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    original = model.SerializeToString()
    assert tmpass.verify_split(original, original) == []
    first = parse(original)
    nodes = [first.graph.node[at] for at in (1, 0, 2)]
    other = parse(original)
    del other.graph.node[:]
    other.graph.node.extend(nodes)
    assert "order" in tmpass.verify_split(other.SerializeToString(), original)[0].message


def test_all_kinds_of_changes_are_drawn():
    rng, seen = random.Random(0), set()
    _, split = split_of(CHANNELS)
    for _ in range(60):
        seen.add(changed(split.SerializeToString(), rng)[0])
    assert seen == set(CHANGES)
