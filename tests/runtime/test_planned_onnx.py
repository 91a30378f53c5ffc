"""ONNX Runtime runs planned files: the same outputs, its nodes in the planned order."""

import json

import numpy as np
import onnx
import pytest
from onnx import helper
from support.onnx_outputs import session, some_inputs

import tmpass
from tmpass.api.planned_model import planned_model

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


IN_A_BODY = """<ir_version: 8, opset_import: ["": 17]> g (float[64] x, bool p) => (float[1] y) {
    y = If (p) <then_branch = t () => (float[1] r) {
                    a = Concat <axis = 0> (x, x, x, x)  b = Concat <axis = 0> (x, x, x, x)
                    c = ReduceMean (a)  d = ReduceMean (b)  r = Add (c, d) },
                else_branch = e () => (float[1] s) { s = ReduceMean (x) }>
}"""


@pytest.mark.parametrize("taken", [False, True])
def test_bodies_in_another_order_compute_the_same(taken):
    data = onnx.parser.parse_model(IN_A_BODY).SerializeToString()
    made = planned_model(tmpass.plan(data), data)
    body = onnx.load_model_from_string(made).graph.node[0].attribute[0].g
    assert [node.op_type for node in body.node] == ["Concat", "ReduceMean", "Concat", "ReduceMean", "Add"]
    inputs = {"x": np.arange(64, dtype=np.float32), "p": np.asarray(taken)}
    one, other = (session(d).run(None, inputs)[0] for d in (data, made))
    np.testing.assert_array_equal(one, other)


def test_weights_in_another_file_are_found_from_beside_it(tmp_path):
    weights = onnx.numpy_helper.from_array(np.arange(4096, dtype=np.float32), "w")
    model = onnx.parser.parse_model(
        '<ir_version: 8, opset_import: ["": 17]> g (float[4096] x) => (float[4096] y) { a = Neg(x) y = Mul(a, w) }'
    )
    model.graph.initializer.append(weights)
    onnx.save(model, tmp_path / "net.onnx", save_as_external_data=True, location="net.weights", size_threshold=0)
    before = (tmp_path / "net.weights").read_bytes()
    made = planned_model(tmpass.plan(tmp_path / "net.onnx"), tmp_path / "net.onnx")
    assert len(made) < len(before)
    (tmp_path / "planned.onnx").write_bytes(made)
    onnx.checker.check_model(str(tmp_path / "planned.onnx"))
    inputs = {"x": np.ones(4096, np.float32)}
    one, other = (session(str(tmp_path / f"{name}.onnx")).run(None, inputs)[0] for name in ("net", "planned"))
    np.testing.assert_array_equal(one, other)
    assert (tmp_path / "net.weights").read_bytes() == before
