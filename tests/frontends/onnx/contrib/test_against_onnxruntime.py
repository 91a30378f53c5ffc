"""The shapes of operators that ONNX does not define are those of a run of ONNX Runtime."""

import contextlib

import numpy as np
import onnxruntime
import pytest
from support.onnx_nodes import feeds_of, model_of
from tmpass.frontends import onnx as frontend
from tmpass.frontends.onnx.convert import convert

from tmpass.base.errors import ModelError

F, H, I8, U8, I32, I64, B = np.float32, np.float16, np.int8, np.uint8, np.int32, np.int64, np.bool_

S = F(0.1)
"""A scale. Like every input that is not a pair of type and shape, it is stored in the file."""

Z, Z8 = U8(128), I8(0)

MICROSOFT = "com.microsoft"


def f(*shape):
    return (F, shape)


def u(*shape):
    return (U8, shape)


def i(*shape):
    return (I8, shape)


def lstm(ways):
    """The inputs of an LSTM of four units."""
    weights = [np.ones((ways, 3, 16), I8), np.ones((ways, 4, 16), I8), np.ones((ways, 32), F)]
    return [f(7, 2, 3), *weights, None, None, None, None, *[np.ones(ways, F), np.zeros(ways, I8)] * 2]


def embeddings(kind):
    """The inputs: ids, segments, three tables, scale and bias, a mask."""
    ids = (I32, (2, 5))
    tables = [np.ones((9, 8), kind), np.ones((6, 8), kind), np.ones((9, 8), kind)]
    return [ids, ids, *tables, np.ones(8, kind), np.ones(8, kind), ids]


CASES = {
    # What quantize_static writes.
    "QLinearAdd": ([u(2, 3, 4), S, Z, u(2, 3, 4), S, Z, S, Z], 1, {}),
    "QLinearAdd, broadcast": ([u(2, 1, 4), S, Z, u(3, 1), S, Z, S, Z], 1, {}),
    "QLinearAdd, int8": ([i(2, 4), S, Z8, np.ones(4, I8), S, Z8, S, Z8], 1, {}),
    "QLinearMul": ([u(2, 3, 4), S, Z, u(4), S, Z, S, Z], 1, {}),
    "QLinearConcat": ([S, Z, u(2, 3), S, Z, u(2, 5), S, Z], 1, {"axis": 1}),
    "QLinearConcat, three": ([S, Z8, i(1, 3), S, Z8, i(2, 3), S, Z8, i(4, 3), S, Z8], 1, {"axis": -2}),
    "QLinearAveragePool": ([u(1, 3, 9, 9), S, Z, S, Z], 1, {"kernel_shape": [3, 3], "strides": [2, 2]}),
    "QLinearAveragePool, ceil": (
        [i(1, 3, 8, 8), S, Z8, S, Z8],
        1,
        {"kernel_shape": [3, 3], "strides": [2, 2], "ceil_mode": 1, "pads": [1, 1, 1, 1]},
    ),
    "QLinearAveragePool, same": (
        [u(1, 3, 9, 7), S, Z, S, Z],
        1,
        {"kernel_shape": [2, 3], "strides": [2, 2], "auto_pad": "SAME_UPPER"},
    ),
    "QLinearAveragePool, last": (
        [u(1, 9, 7, 3), S, Z, S, Z],
        1,
        {"kernel_shape": [3, 3], "channels_last": 1},
    ),
    "QLinearGlobalAveragePool": ([u(2, 3, 5, 4), S, Z, S, Z], 1, {}),
    "QLinearGlobalAveragePool, last": ([u(2, 5, 4, 3), S, Z, S, Z], 1, {"channels_last": 1}),
    "QLinearLeakyRelu": ([u(2, 3), S, Z, S, Z], 1, {"alpha": 0.1}),
    "QLinearSigmoid": ([i(2, 3), S, Z8, S, Z8], 1, {}),
    "QLinearSoftmax": ([u(2, 3), S, Z, S, Z], 1, {"axis": -1, "opset": 13}),
    "QLinearWhere": ([(B, (3, 1)), u(3, 4), S, Z, u(4), S, Z, S, Z], 1, {}),
    "QLinearConv": ([u(1, 4, 8, 8), S, Z, np.ones((6, 4, 3, 3), U8), S, Z, S, Z], 1, {"pads": [1, 1, 1, 1]}),
    "QLinearConv, last": (
        [u(1, 8, 9, 4), S, Z, np.ones((6, 4, 3, 3), U8), S, Z, S, Z],
        1,
        {"strides": [2, 2], "channels_last": 1},
    ),
    "QLinearConv, groups": (
        [u(1, 8, 9, 4), S, Z, np.ones((4, 1, 3, 3), I8), S, Z8, S, Z],
        1,
        {"channels_last": 1, "group": 4, "dilations": [2, 2]},
    ),
    "QGemm": ([u(2, 3), S, Z, np.ones((3, 5), U8), S, Z, np.ones(5, I32), S, Z], 1, {}),
    "QGemm, floats": ([u(2, 3), S, Z, np.ones((5, 3), I8), S, Z8], 1, {"transB": 1}),
    "QuantizeLinear": ([f(2, 3), S, Z8], 1, {}),
    "QuantizeLinear, default": ([f(2, 3), S], 1, {}),
    "DequantizeLinear": ([i(2, 3), S, Z8], 1, {}),
    "NhwcMaxPool": (
        [
            u(1, 9, 8, 3),
        ],
        1,
        {"kernel_shape": [3, 2], "strides": [2, 2]},
    ),
    "NhwcMaxPool, int8": ([i(1, 8, 8, 3)], 1, {"kernel_shape": [3, 3], "pads": [1, 1, 1, 1], "ceil_mode": 1}),
    # What quantize_dynamic writes.
    "MatMulIntegerToFloat": ([u(2, 4, 3), u(3, 5), S, S, Z, Z], 1, {}),
    "DynamicQuantizeMatMul": ([f(2, 4, 3), np.ones((3, 5), U8), np.ones(1, F), np.zeros(1, U8), np.ones(5, F)], 1, {}),
    "DynamicQuantizeLSTM": (lstm(1), 3, {"hidden_size": 4}),
    "DynamicQuantizeLSTM, both": (lstm(2), 3, {"hidden_size": 4, "direction": "bidirectional"}),
    "GatherBlockQuantized": (
        [np.ones((5, 16), U8), (I64, (3,)), np.ones((5, 2), F)],
        1,
        {"gather_axis": 0, "quantize_axis": 1, "block_size": 16, "bits": 4},
    ),
    "MatMulNBits": (
        [f(2, 3, 32), np.ones((8, 2, 8), U8), np.ones(16, F)],
        1,
        {"K": 32, "N": 8, "bits": 4, "block_size": 16},
    ),
    "MatMulBnb4": (
        [f(2, 16), np.ones(64, U8), np.ones(8, F)],
        1,
        {"K": 16, "N": 8, "block_size": 16, "quant_type": 0},
    ),
    "QAttention": (
        [u(2, 5, 8), np.ones((8, 24), U8), np.ones(24, F), S, S, None, Z, Z],
        1,
        {"num_heads": 2},
    ),
    "QAttention, past": (
        [u(2, 5, 8), np.ones((8, 24), U8), np.ones(24, F), S, S, None, Z, Z, f(2, 2, 2, 3, 4)],
        2,
        {"num_heads": 2, "unidirectional": 1},
    ),
    "QEmbedLayerNormalization": (
        [
            (I32, (2, 5)),
            (I32, (2, 5)),
            np.ones((9, 8), U8),
            np.ones((6, 8), U8),
            np.ones((9, 8), U8),
            np.ones(8, U8),
            np.ones(8, U8),
            (I32, (2, 5)),
            S,
            S,
            S,
            S,
            S,
            Z,
            Z,
            Z,
            Z,
            Z,
        ],
        2,
        {},
    ),
    # What the optimizer writes.
    "BiasGelu": ([f(2, 3, 4), np.ones(4, F)], 1, {}),
    "Gelu": ([f(2, 3)], 1, {}),
    "FastGelu": ([f(2, 3), np.ones(3, F)], 1, {}),
    "QuickGelu": ([f(2, 3)], 1, {}),
    "SkipLayerNormalization": ([f(2, 3, 8), f(2, 3, 8), np.ones(8, F), np.ones(8, F)], 1, {}),
    "SkipLayerNormalization, sum": ([f(2, 3, 8), f(2, 3, 8), np.ones(8, F), None, np.ones(8, F)], (0, 3), {}),
    "SkipSimplifiedLayerNormalization": ([f(2, 3, 8), f(2, 3, 8), np.ones(8, F)], (0, 3), {}),
    "EmbedLayerNormalization": (
        [
            (I32, (2, 5)),
            (I32, (2, 5)),
            np.ones((9, 8), F),
            np.ones((6, 8), F),
            np.ones((9, 8), F),
            np.ones(8, F),
            np.ones(8, F),
            (I32, (2, 5)),
        ],
        3,
        {},
    ),
    "EmbedLayerNormalization, no segments": (
        [(I32, (2, 5)), None, np.ones((9, 8), F), np.ones((6, 8), F), None, np.ones(8, F), np.ones(8, F)],
        2,
        {},
    ),
    "Attention": ([f(2, 5, 8), np.ones((8, 24), F), np.ones(24, F)], 1, {"num_heads": 2}),
    "Attention, sizes": (
        [f(2, 5, 8), np.ones((8, 28), F), np.ones(28, F)],
        1,
        {"num_heads": 2, "qkv_hidden_sizes": [8, 8, 12]},
    ),
    "Attention, past": (
        [f(2, 5, 8), np.ones((8, 24), F), np.ones(24, F), None, f(2, 2, 2, 3, 4)],
        2,
        {"num_heads": 2, "unidirectional": 1},
    ),
    "MultiHeadAttention": ([f(2, 5, 8), f(2, 7, 8), f(2, 7, 12)], 1, {"num_heads": 2}),
    "MultiHeadAttention, self": ([f(2, 5, 8), f(2, 5, 8), f(2, 5, 8), np.ones(24, F)], 3, {"num_heads": 2}),
    "MultiHeadAttention, past": (
        [f(2, 5, 8), f(2, 5, 8), f(2, 5, 8), None, None, None, f(2, 2, 3, 4), f(2, 2, 3, 4)],
        3,
        {"num_heads": 2},
    ),
    "MultiHeadAttention, four axes": ([f(2, 5, 8), f(2, 2, 7, 4), f(2, 2, 7, 4)], 1, {"num_heads": 2}),
    "GroupQueryAttention": (
        [f(2, 5, 32), f(2, 5, 16), f(2, 5, 16), None, None, np.full(2, 4, I32), I32(5)],
        3,
        {"num_heads": 4, "kv_num_heads": 2},
    ),
    "GroupQueryAttention, past": (
        [f(1, 1, 32), f(1, 1, 16), f(1, 1, 16), f(1, 2, 9, 8), f(1, 2, 9, 8), np.full(1, 4, I32), I32(5)],
        3,
        {"num_heads": 4, "kv_num_heads": 2},
    ),
    "GroupQueryAttention, longer": (
        [f(1, 3, 32), f(1, 3, 16), f(1, 3, 16), f(1, 2, 4, 8), f(1, 2, 4, 8), np.full(1, 6, I32), I32(7)],
        3,
        {"num_heads": 4, "kv_num_heads": 2},
    ),
    "GroupQueryAttention, packed": (
        [f(2, 5, 64), None, None, None, None, np.full(2, 4, I32), I32(5)],
        3,
        {"num_heads": 4, "kv_num_heads": 2},
    ),
    "RotaryEmbedding": (
        [f(2, 5, 8), (I64, (2, 5)), np.ones((9, 2), F), np.ones((9, 2), F)],
        1,
        {"num_heads": 2},
    ),
    "FusedMatMul": ([f(2, 3, 4), f(2, 5, 4)], 1, {"transB": 1, "alpha": 0.5}),
    "FusedMatMul, batches": ([f(4, 2, 3), f(4, 3, 5)], 1, {}),
    "FusedMatMul, turned": ([f(4, 2, 3), f(2, 3, 5)], 1, {"transBatchA": 1}),
    "TransposeMatMul": ([f(2, 4, 3), f(2, 4, 5)], 1, {"transA": 1}),
    "FusedGemm": ([f(2, 3), np.ones((5, 3), F), np.ones(5, F)], 1, {"transB": 1, "activation": "Relu"}),
    "FusedConv": ([f(1, 4, 8, 8), np.ones((6, 4, 3, 3), F)], 1, {"activation": "Relu", "pads": [1, 1, 1, 1]}),
    "FusedConv, sum": (
        [f(1, 4, 8, 8), np.ones((6, 2, 3, 3), F), np.ones(6, F), f(1, 6, 3, 3)],
        1,
        {"group": 2, "strides": [2, 2]},
    ),
    "GatherND": ([f(2, 3, 4), (I64, (2, 1))], 1, {}),
    "Trilu": ([f(2, 3, 3)], 1, {"upper": 0}),
    "Inverse": ([f(2, 3, 3)], 1, {}),
    "Pad": ([f(2, 3), np.array([1, 0, 2, 3], I64)], 1, {"mode": "constant"}),
    "ExpandDims": ([f(2, 3), I32(-1)], 1, {}),
    "Range": ([F(1), F(8), F(2)], 1, {}),
    "CDist": ([f(5, 3), f(4, 3)], 1, {"metric": "euclidean"}),
    "NGramRepeatBlock": ([np.ones((2, 5), I64), f(2, 9)], 1, {"ngram_size": 2}),
}

DEFAULT_DOMAIN = {
    "LayerNormalization": ([f(2, 3, 8), np.ones(8, F), np.ones(8, F)], 1, {"axis": -1}),
    "LayerNormalization, all": ([f(2, 3, 8), np.ones((3, 8), F)], 3, {"axis": 1}),
    "SimplifiedLayerNormalization": ([f(2, 3, 8), np.ones(8, F)], 1, {}),
    "ScaledTanh": ([f(2, 3)], 1, {"alpha": 1.0, "beta": 1.0}),
    "ParametricSoftplus": ([f(2, 3)], 1, {"alpha": 1.0, "beta": 1.0}),
    "Affine": ([f(2, 3)], 1, {"alpha": 1.0, "beta": 1.0}),
    "ImageScaler": ([f(1, 3, 4, 4)], 1, {"scale": 1.0, "bias": [0.0, 0.0, 0.0]}),
    "Crop": ([f(1, 3, 8, 9)], 1, {"border": [1, 2, 3, 1]}),
    "Crop, scale": ([f(1, 3, 8, 9)], 1, {"border": [1, 2, 0, 0], "scale": [4, 5]}),
}


OLD = ("Affine", "Crop", "ImageScaler", "ParametricSoftplus", "ScaledTanh")
"""Operators that only older sets have."""

ELSEWHERE = {
    "BiasSoftmax": ([f(2, 3, 4), f(2, 3, 4)], {}, [(2, 3, 4)]),
    "BiasDropout": ([f(2, 3), f(3)], {}, [(2, 3), (2, 3)]),
    "BiasSplitGelu": ([f(2, 3, 8), f(8)], {}, [(2, 3, 4)]),
    "GroupNorm": ([f(1, 8, 8, 4), f(4), f(4)], {"groups": 2}, [(1, 8, 8, 4)]),
    "SkipGroupNorm": ([f(1, 8, 8, 4), f(4), f(4), f(1, 8, 8, 4)], {"groups": 2}, [(1, 8, 8, 4)] * 2),
    "FusedMatMulActivation": ([f(2, 4, 3), f(2, 4, 5)], {"transA": 1, "activation": "Relu"}, [(2, 3, 5)]),
    "MatMulInteger16": ([(np.int16, (2, 3)), (np.int16, (3, 4))], {}, [(2, 4)]),
    "MultiHeadAttention, packed": ([f(2, 5, 4, 3, 8)], {"num_heads": 4}, [(2, 5, 32), (2, 4, 5, 8), (2, 4, 5, 8)]),
    "MultiHeadAttention, packed pairs": (
        [f(2, 5, 32), f(2, 7, 4, 2, 8)],
        {"num_heads": 4},
        [(2, 5, 32), (2, 4, 7, 8), (2, 4, 7, 8)],
    ),
    "RelativePositionBias": ([f(32, 4), I64(5), I64(7)], {"max_distance": 128}, [(1, 4, 5, 7)]),
    "ReduceSumInteger": ([i(2, 3, 4)], {"axes": [1], "keepdims": 0}, [(2, 4)]),
    "QLinearReduceMean": ([u(2, 3, 4), S, Z, S, Z], {"axes": [-1], "keepdims": 1}, [(2, 3, 1)]),
}
"""Operators without a kernel for the processor: inputs, attributes, and shapes from their documentation."""


def check(model):
    options = onnxruntime.SessionOptions()
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    options.log_severity_level = 4
    session = onnxruntime.InferenceSession(model.SerializeToString(), options, providers=["CPUExecutionProvider"])
    made = session.run(None, feeds_of(model))
    graph = frontend.load(model.SerializeToString(), {})
    tensors = {t.name: t for t in graph.subgraphs[0].tensors}
    found = {o.name: (tensors[o.name].shape, tensors[o.name].dtype.name) for o in session.get_outputs()}
    assert found == {o.name: (v.shape, v.dtype.name) for o, v in zip(session.get_outputs(), made, strict=True)}
    assert not any(op.custom for op in graph.subgraphs[0].ops)


@pytest.mark.parametrize("name", CASES)
def test_of_com_microsoft(name):
    inputs, outputs, attributes = CASES[name]
    check(model_of(name.partition(",")[0], inputs, outputs, attributes, MICROSOFT))


@pytest.mark.parametrize("name", DEFAULT_DOMAIN)
def test_of_the_default_domain(name):
    inputs, outputs, attributes = DEFAULT_DOMAIN[name]
    check(model_of(name.partition(",")[0], inputs, outputs, attributes, "", 9 if name.partition(",")[0] in OLD else 13))


@pytest.mark.parametrize("name", ELSEWHERE)
def test_of_other_devices(name):
    inputs, attributes, wanted = ELSEWHERE[name]
    model = model_of(name.partition(",")[0], inputs, len(wanted), attributes, MICROSOFT)
    graph = frontend.load(model.SerializeToString(), {})
    tensors = graph.subgraphs[0].tensors
    assert [tensors[t].shape for t in graph.subgraphs[0].outputs] == wanted
    assert all(tensors[t].dtype.known for t in graph.subgraphs[0].outputs)


@pytest.mark.parametrize("name", CASES)
@pytest.mark.parametrize("left", [0, 1, 2])
def test_a_node_without_what_its_rule_asks_for_is_no_accident(name, left):
    inputs, outputs, _ = CASES[name]
    model = model_of(name.partition(",")[0], inputs[:left], outputs, {}, MICROSOFT)
    with contextlib.suppress(ModelError):
        convert(model.SerializeToString(), {})


@pytest.mark.parametrize("number", [-8, 2**40])
def test_numbers_that_are_no_dimensions_leave_a_shape_open(number):
    model = model_of("MatMulNBits", [f(2, 32), np.ones((8, 2, 8), U8), np.ones(16, F)], 1, {"N": number}, MICROSOFT)
    assert frontend.load(model.SerializeToString(), {}).subgraphs[0].tensors[-1].shape == (
        (2, number) if number > 0 else (2, "o0:1")
    )


def test_dimensions_that_are_open_stay_open_by_name():
    batch = (F, ("batch", 3, "wide"))
    model = model_of("SkipLayerNormalization", [batch, batch, np.ones(8, F)], 1, {}, MICROSOFT)
    graph = frontend.load(model.SerializeToString(), {})
    assert graph.subgraphs[0].tensors[-1].shape == ("batch", 3, "wide")
    graph = frontend.load(model.SerializeToString(), {"batch": 2, "wide": 8})
    assert graph.subgraphs[0].tensors[-1].shape == (2, 3, 8)
