"""Values of ONNX models: in ONNX Runtime with and without its optimisations, and in numbers of 64 bits."""

from collections.abc import Mapping

import numpy as np
import onnx
from onnx import TensorProto, ValueInfoProto, numpy_helper

Values = Mapping[str, np.ndarray]

_TYPES = {TensorProto.FLOAT: "f4", TensorProto.DOUBLE: "f8", TensorProto.INT64: "i8", TensorProto.BOOL: "?"}


def drawn_inputs(data: bytes, seed: int) -> Values:
    """Inputs for a model."""
    graph, rng = onnx.load_model_from_string(data).graph, np.random.default_rng(seed)
    stored = {tensor.name for tensor in graph.initializer}
    found = {}
    for value in (value for value in graph.input if value.name not in stored):
        shape = [dim.dim_value for dim in value.type.tensor_type.shape.dim]
        drawn = rng.standard_normal(shape) * 2
        dtype = onnx.helper.tensor_dtype_to_np_dtype(value.type.tensor_type.elem_type)
        found[value.name] = drawn.astype(dtype) if dtype.kind == "f" else rng.integers(0, 2, shape).astype(dtype)
    return found


def common_names(original: bytes, split: bytes) -> list[str]:
    """The names of the tensors that both models compute, outputs included."""
    before, after = (onnx.load_model_from_string(data).graph for data in (original, split))
    known = {name for node in before.node for name in node.output if name}
    return [name for node in after.node for name in node.output if name in known]


def run_onnx(data: bytes, names: list[str], inputs: Values, *, optimised: bool = False) -> Values:
    """The values of tensors in ONNX Runtime, on one thread."""
    import onnxruntime as ort

    model, options = onnx.load_model_from_string(data), ort.SessionOptions()
    level = ort.GraphOptimizationLevel
    options.graph_optimization_level = level.ORT_ENABLE_ALL if optimised else level.ORT_DISABLE_ALL
    options.intra_op_num_threads, options.log_severity_level = 1, 4
    have = {value.name for value in model.graph.output}
    model.graph.output.extend(ValueInfoProto(name=name) for name in names if name not in have)
    session = ort.InferenceSession(model.SerializeToString(), options, providers=["CPUExecutionProvider"])
    return dict(zip(names, session.run(names, dict(inputs)), strict=True))


def run_doubles(data: bytes, names: list[str], inputs: Values) -> Values:
    """The values of tensors in onnx's reference evaluator, with floats of 64 bits."""
    from onnx.reference import ReferenceEvaluator

    model = onnx.load_model_from_string(data)
    graph = model.graph
    _expand_normalizations(graph)
    attributes = (a for node in graph.node for a in node.attribute if a.HasField("t"))
    for tensor in (*graph.initializer, *(a.t for a in attributes)):
        if tensor.data_type == TensorProto.FLOAT:
            tensor.CopyFrom(numpy_helper.from_array(numpy_helper.to_array(tensor).astype("f8"), tensor.name))
    for value in (*graph.input, *graph.output, *graph.value_info):
        if value.type.tensor_type.elem_type == TensorProto.FLOAT:
            value.type.tensor_type.elem_type = TensorProto.DOUBLE
    have = {value.name for value in graph.output}
    graph.output.extend(ValueInfoProto(name=name) for name in names if name not in have)
    doubles = {name: value.astype("f8") if value.dtype.kind == "f" else value for name, value in inputs.items()}
    return dict(zip(names, ReferenceEvaluator(model).run(names, doubles), strict=True))


def _expand_normalizations(graph: onnx.GraphProto) -> None:
    """Put Mul and Add in the place of BatchNormalization.

    Before operator set 14, onnx's evaluator computes another one: that of training.
    """
    stored = {tensor.name: numpy_helper.to_array(tensor) for tensor in graph.initializer}
    for node in graph.node:
        if node.op_type == "Constant":
            stored[node.output[0]] = numpy_helper.to_array(node.attribute[0].t)
    nodes = list(graph.node)
    del graph.node[:]
    for node in nodes:
        if node.op_type != "BatchNormalization":
            graph.node.append(node)
            continue
        scale, bias, mean, variance = (stored[name].astype("f8") for name in node.input[1:5])
        epsilon = next((a.f for a in node.attribute if a.name == "epsilon"), 1e-5)
        factor = scale / np.sqrt(variance + epsilon)
        made = node.output[0]
        rank = next(len(v.type.tensor_type.shape.dim) for v in graph.input) - 2
        for name, row in ((f"{made}*", factor), (f"{made}+", bias - mean * factor)):
            graph.initializer.append(numpy_helper.from_array(row.reshape(-1, *[1] * rank), name))
        graph.node.append(onnx.helper.make_node("Mul", [node.input[0], f"{made}*"], [f"{made}/"]))
        graph.node.append(onnx.helper.make_node("Add", [f"{made}/", f"{made}+"], [made]))


def largest_difference(before: Values, after: Values) -> float:
    """The largest difference of two values of a tensor, as a part of the largest number in it."""
    found = 0.0
    for name, one in before.items():
        wide, other = one.astype("f8"), after[name].astype("f8")
        scale = float(np.abs(wide).max(initial=0.0)) or 1.0
        found = max(found, float(np.abs(wide - other).max(initial=0.0)) / scale)
    return found


def unequal(before: Values, after: Values) -> list[str]:
    """The names of tensors whose bits differ."""
    return [name for name in after if before[name].tobytes() != after[name].tobytes()]
