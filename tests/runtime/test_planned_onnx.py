"""ONNX Runtime runs planned files: the same outputs, its nodes in the planned order."""

import json

import numpy as np
import onnx
import pytest
from onnx import helper
from support.onnx_outputs import session, some_inputs

import tmpass
from tmpass.planned_model import planned_model

ort = pytest.importorskip("onnxruntime")


def wide(branches=6):
    """A model whose file order keeps every branch's large tensor alive: all are made first, and then made small."""
    numbers = range(branches)
    nodes = [helper.make_node("Concat", ["x"] * 8, [f"large{i}"], f"large{i}", axis=0) for i in numbers]
    nodes += [helper.make_node("ReduceMean", [f"large{i}"], [f"small{i}"], f"small{i}", keepdims=1) for i in numbers]
    nodes.append(helper.make_node("Sum", [f"small{i}" for i in numbers], ["y"], "sum"))
    x, y = (helper.make_tensor_value_info(n, onnx.TensorProto.FLOAT, s) for n, s in (("x", [64]), ("y", [1])))
    graph = helper.make_graph(nodes, "wide", [x], [y])
    return helper.make_model(graph, ir_version=8, opset_imports=[helper.make_opsetid("", 17)]).SerializeToString()


def executed(data, tmp_path, order):
    """The names of the nodes in the order in which ONNX Runtime runs them."""
    options = ort.SessionOptions()
    options.graph_optimization_level = ort.GraphOptimizationLevel.ORT_DISABLE_ALL
    options.execution_order = order
    options.enable_profiling = True
    options.profile_file_prefix = str(tmp_path / "profile")
    runtime = session(data, options)
    runtime.run(None, some_inputs(runtime))
    with open(runtime.end_profiling()) as file:
        events = [e for e in json.load(file) if e.get("cat") == "Node" and e["name"].endswith("_kernel_time")]
    return [e["name"].removesuffix("_kernel_time") for e in sorted(events, key=lambda e: e["ts"])]


def test_nodes_run_in_the_planned_order(tmp_path):
    data = wide()
    plan = tmpass.plan(data)
    assert plan.order.method == "least-peak"
    made = planned_model(plan, data)
    wanted = [step.name for step in plan.schedule]
    assert executed(made, tmp_path, ort.ExecutionOrder.PRIORITY_BASED) == wanted
    assert executed(data, tmp_path, ort.ExecutionOrder.PRIORITY_BASED) != wanted


@pytest.mark.parametrize("optimised", [False, True])
def test_outputs_are_the_same_bit_for_bit(optimised):
    data = wide()
    options = ort.SessionOptions()
    if not optimised:
        options.graph_optimization_level = ort.GraphOptimizationLevel.ORT_DISABLE_ALL
    before, after = (session(d, options) for d in (data, planned_model(tmpass.plan(data), data)))
    inputs = some_inputs(before)
    for one, other in zip(before.run(None, inputs), after.run(None, inputs), strict=True):
        np.testing.assert_array_equal(one, other)


def test_offsets_go_through_a_saving_of_onnx_runtime(tmp_path):
    data = wide()
    options = ort.SessionOptions()
    options.graph_optimization_level = ort.GraphOptimizationLevel.ORT_DISABLE_ALL
    options.optimized_model_filepath = str(tmp_path / "saved.onnx")
    session(planned_model(tmpass.plan(data), data), options)
    saved = onnx.load(tmp_path / "saved.onnx")
    assert all(any(e.key == "tmpass.offset" for e in node.metadata_props) for node in saved.graph.node)
