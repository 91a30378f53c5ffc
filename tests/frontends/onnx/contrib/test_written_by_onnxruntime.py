"""Models written by ONNX Runtime's quantizer and optimizer: every tensor has as many bytes as in a run."""

from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import pytest
from onnx import ModelProto, TensorProto, ValueInfoProto, helper, numpy_helper
from onnxruntime.quantization import CalibrationDataReader, QuantFormat, QuantType, quantize_dynamic, quantize_static

import tmpass
from tmpass.api.execute import execute
from tmpass.api.verify import verify

Node = helper.make_node
LEVELS = ("BASIC", "EXTENDED", "ALL")


def weights(**shapes):
    rng = np.random.default_rng(3)
    return {name: (rng.standard_normal(shape) * 0.3).astype(np.float32) for name, shape in shapes.items()}


def written(path, nodes, ends, stored):
    """A model at `path`; `ends` are the inputs and the outputs: name, element type and shape."""
    inputs, outputs = ([helper.make_tensor_value_info(*end) for end in side] for side in ends)
    tensors = [numpy_helper.from_array(values, name) for name, values in stored.items()]
    graph = helper.make_graph(nodes, path.stem, inputs, outputs, tensors)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    onnx.save(onnx.shape_inference.infer_shapes(model), path)
    return path


def convolutions(path):
    nodes = [
        Node("Conv", ["x", "w1", "b1"], ["c1"], pads=[1] * 4),
        Node("Relu", ["c1"], ["r1"]),
        Node("Conv", ["r1", "w2"], ["c2"], pads=[1] * 4),
        Node("Add", ["c2", "r1"], ["a"]),
        Node("MaxPool", ["a"], ["p"], kernel_shape=[2, 2], strides=[2, 2]),
        Node("Conv", ["p", "w2"], ["c3"], pads=[1] * 4),
        Node("Sigmoid", ["c3"], ["s"]),
        Node("Mul", ["c3", "s"], ["m"]),
        Node("LeakyRelu", ["m"], ["l"], alpha=0.1),
        Node("AveragePool", ["l"], ["v"], kernel_shape=[2, 2], strides=[2, 2]),
        Node("Concat", ["v", "l2"], ["cc"], axis=1),
        Node("GlobalAveragePool", ["cc"], ["g"]),
        Node("Flatten", ["g"], ["f"]),
        Node("Gemm", ["f", "wg", "bg"], ["e"], transB=1),
        Node("Softmax", ["e"], ["y"], axis=1),
    ]
    nodes.insert(10, Node("MaxPool", ["l"], ["l2"], kernel_shape=[2, 2], strides=[2, 2]))
    stored = weights(w1=(16, 3, 3, 3), b1=(16,), w2=(16, 16, 3, 3), wg=(10, 32), bg=(10,))
    ends = ([("x", TensorProto.FLOAT, [1, 3, 16, 16])], [("y", TensorProto.FLOAT, [1, 10])])
    return written(path, nodes, ends, stored)


def transformer(path):
    wide, heads = 16, 2
    nodes = []
    for t in "qkv":
        perm = [0, 2, 3, 1] if t == "k" else [0, 2, 1, 3]
        nodes += [
            Node("MatMul", ["x", f"w{t}"], [f"m{t}"]),
            Node("Add", [f"b{t}", f"m{t}"], [f"a{t}"]),
            Node("Reshape", [f"a{t}", "split"], [f"r{t}"]),
            Node("Transpose", [f"r{t}"], [f"t{t}"], perm=perm),
        ]
    nodes += [
        Node("MatMul", ["tq", "tk"], ["scores"]),
        Node("Div", ["scores", "root"], ["scaled"]),
        Node("Add", ["scaled", "mask"], ["masked"]),
        Node("Softmax", ["masked"], ["shares"], axis=-1),
        Node("MatMul", ["shares", "tv"], ["mixed"]),
        Node("Transpose", ["mixed"], ["back"], perm=[0, 2, 1, 3]),
        Node("Reshape", ["back", "join"], ["joined"]),
        Node("MatMul", ["joined", "wo"], ["o"]),
        Node("Add", ["bo", "o"], ["ob"]),
        Node("Add", ["ob", "x"], ["res"]),
        Node("LayerNormalization", ["res", "gain", "bias"], ["n1"]),
        Node("MatMul", ["n1", "w1"], ["f1"]),
        Node("Add", ["b1", "f1"], ["fb"]),
        Node("Div", ["fb", "root2"], ["d"]),
        Node("Erf", ["d"], ["er"]),
        Node("Add", ["er", "one"], ["e1"]),
        Node("Mul", ["fb", "e1"], ["ge"]),
        Node("Mul", ["ge", "half"], ["gelu"]),
        Node("MatMul", ["gelu", "w2"], ["f2"]),
        Node("Add", ["b2", "f2"], ["fb2"]),
        Node("Add", ["fb2", "n1"], ["res2"]),
        Node("LayerNormalization", ["res2", "gain", "bias"], ["y"]),
    ]
    stored = weights(**{f"w{t}": (wide, wide) for t in "qkvo"}, **{f"b{t}": (wide,) for t in "qkvo"})
    stored |= weights(w1=(wide, 64), b1=(64,), w2=(64, wide), b2=(wide,), gain=(wide,), bias=(wide,))
    stored |= {"split": np.array([0, 0, heads, wide // heads]), "join": np.array([0, 0, wide])}
    numbers = {"root": np.sqrt(wide // heads), "root2": np.sqrt(2), "one": 1, "half": 0.5}
    stored |= {name: np.float32(value) for name, value in numbers.items()}
    ends = (
        [("x", TensorProto.FLOAT, [2, 5, wide]), ("mask", TensorProto.FLOAT, [2, 1, 1, 5])],
        [("y", TensorProto.FLOAT, [2, 5, wide])],
    )
    return written(path, nodes, ends, stored)


def recurrent(path):
    nodes = [
        Node("LSTM", ["x", "W", "R", "B"], ["Y", "h", "c"], hidden_size=4),
        Node("Squeeze", ["Y", "axis"], ["s"]),
        Node("MatMul", ["s", "wm"], ["y"]),
    ]
    stored = weights(W=(1, 16, 3), R=(1, 16, 4), B=(1, 32), wm=(4, 5)) | {"axis": np.array([1])}
    ends = (
        [("x", TensorProto.FLOAT, [7, 2, 3])],
        [("y", TensorProto.FLOAT, [7, 2, 5]), ("h", TensorProto.FLOAT, [1, 2, 4]), ("c", TensorProto.FLOAT, [1, 2, 4])],
    )
    return written(path, nodes, ends, stored)


MODELS = {"convolutions": convolutions, "transformer": transformer, "recurrent": recurrent}


def feeds_of(model):
    rng = np.random.default_rng(0)
    stored = {tensor.name for tensor in model.graph.initializer}
    return {
        v.name: (rng.random([d.dim_value for d in v.type.tensor_type.shape.dim]) * 3).astype(
            helper.tensor_dtype_to_np_dtype(v.type.tensor_type.elem_type)
        )
        for v in model.graph.input
        if v.name not in stored
    }


class Once(CalibrationDataReader):
    """Calibrates with one random set of inputs."""

    def __init__(self, model):
        self.left = [feeds_of(model)]

    def get_next(self):
        return self.left.pop() if self.left else None


def session(model, level="DISABLE_ALL", saved=None):
    options = onnxruntime.SessionOptions()
    options.graph_optimization_level = getattr(onnxruntime.GraphOptimizationLevel, f"ORT_{level}")
    options.log_severity_level = 4
    if saved is not None:
        options.optimized_model_filepath = str(saved)
    return onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])


def real_bytes(path):
    """The bytes of every tensor of the main graph in a run of ONNX Runtime."""
    model = onnx.load(path)
    ends = {o.name for o in model.graph.output}
    inner = [name for node in model.graph.node for name in node.output if name and name not in ends]
    model.graph.output.extend(ValueInfoProto(name=name) for name in inner)
    ready = session(model.SerializeToString())
    made = ready.run(None, feeds_of(model))
    return {o.name: value.nbytes for o, value in zip(ready.get_outputs(), made, strict=True)}


def check(path):
    """The kinds of operators of com.microsoft in the model at `path`, whose plan has the bytes of a run."""
    plan = tmpass.plan(path, int8="float")
    real = real_bytes(path)
    planned = {row.name: row.bytes for row in plan.tensors if row.role != "constant"}
    assert planned == {name: real.get(name, size) for name, size in planned.items()}
    assert sum(name in real for name in planned) >= len(plan.schedule)
    data = Path(path).read_bytes()
    assert verify(plan, data) == ()
    assert execute(plan, data).violations == ()
    integers = tmpass.plan(path, int8="native")
    assert integers.memories[0].peak <= plan.memories[0].peak
    return {row.kind for row in plan.schedule if "::" in row.kind}


def optimized(path, level):
    made = path.with_name(f"{path.stem}.{level}.onnx")
    session(str(path), f"ENABLE_{level}", made)
    return made


@pytest.mark.parametrize("name", MODELS)
@pytest.mark.parametrize("level", LEVELS)
def test_optimized(tmp_path, name, level):
    check(optimized(MODELS[name](tmp_path / f"{name}.onnx"), level))


@pytest.mark.parametrize("name", MODELS)
@pytest.mark.parametrize("format_", [QuantFormat.QOperator, QuantFormat.QDQ])
@pytest.mark.parametrize("kind", [QuantType.QInt8, QuantType.QUInt8])
def test_quantized_statically_and_optimized(tmp_path, name, format_, kind):
    path = MODELS[name](tmp_path / f"{name}.onnx")
    made = tmp_path / "quantized.onnx"
    reader = Once(onnx.load(path))
    quantize_static(path, made, reader, quant_format=format_, activation_type=kind, weight_type=QuantType.QInt8)
    check(made)
    for level in ("EXTENDED", "ALL"):
        check(optimized(made, level))


@pytest.mark.parametrize("name", MODELS)
def test_quantized_dynamically_and_optimized(tmp_path, name):
    path = MODELS[name](tmp_path / f"{name}.onnx")
    made = tmp_path / "quantized.onnx"
    quantize_dynamic(path, made)
    check(made)
    for level in ("EXTENDED", "ALL"):
        check(optimized(made, level))


def test_these_models_have_operators_of_many_kinds(tmp_path):
    path = convolutions(tmp_path / "model.onnx")
    made = tmp_path / "quantized.onnx"
    quantize_static(path, made, Once(onnx.load(path)), quant_format=QuantFormat.QOperator)
    names = "QGemm QLinearAdd QLinearAveragePool QLinearConcat QLinearGlobalAveragePool QLinearLeakyRelu QLinearMul"
    assert check(made) >= {f"com.microsoft::{kind}" for kind in (*names.split(), "QLinearSigmoid", "QLinearSoftmax")}
    fused = check(optimized(transformer(tmp_path / "other.onnx"), "EXTENDED"))
    assert fused >= {f"com.microsoft::{kind}" for kind in ("FusedMatMul", "Gelu", "SkipLayerNormalization")}


def test_pairs_take_what_integer_operators_take(tmp_path):
    """The quantizer writes one network in two ways: an integer device computes the same, in as many bytes."""
    path = convolutions(tmp_path / "model.onnx")
    peaks = {}
    for format_ in (QuantFormat.QOperator, QuantFormat.QDQ):
        made = tmp_path / f"{format_.name}.onnx"
        quantize_static(path, made, Once(onnx.load(path)), quant_format=format_, weight_type=QuantType.QInt8)
        peaks[format_] = tmpass.plan(made, "ethos-u55").memories[0].peak
        assert ModelProto.FromString(made.read_bytes()).graph.node
    assert peaks[QuantFormat.QDQ] <= peaks[QuantFormat.QOperator]
