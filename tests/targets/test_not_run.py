"""Which operators a runtime is known not to run, and which are unknown."""

from dataclasses import replace

import numpy as np
import pytest
from support.tflite_operators import CASES
from support.typed_operators import typed_model
from tflite_writer import Operator, Subgraph, Tensor, options, write_model

from tmpass.base.errors import TargetError
from tmpass.loading.load import load
from tmpass.targets import find_not_run, load_target, parse_target

TFLM = load_target("tflm")


def case(kind):
    return next(one for one in CASES if one.kind == kind)


def faults(data, target=TFLM):
    return [(fault.text, fault.known, fault.takes) for _, _, fault in find_not_run(load(data).graph, target)]


def one(kind, tensors, reads, how=None, *, custom=False):
    operator = Operator(kind, reads, [len(tensors) - 1], how, custom=custom)
    fed = [t for t in reads if not tensors[t].data]
    return write_model([Subgraph(tensors, [operator], fed, [len(tensors) - 1])])


@pytest.mark.parametrize(
    ("kind", "first", "second", "text"),
    [
        ("CONV_2D", "INT8", "INT8", None),
        ("CONV_2D", "INT8", "INT4", None),
        ("CONV_2D", "UINT8", "UINT8", "of uint8"),
        ("CONV_2D", "FLOAT32", "INT8", "of float32 with int8 weights"),
        ("FULLY_CONNECTED", "FLOAT32", "FLOAT16", "of float32 with float16 weights"),
        ("MAX_POOL_2D", "UINT8", "UINT8", "of uint8"),
        ("TANH", "INT16", "INT16", None),
        ("EXP", "INT8", "INT8", "of int8"),
        ("TILE", "FLOAT32", "FLOAT32", ""),
        ("RESHAPE", "UINT8", "UINT8", None),
    ],
)
def test_types_decide(kind, first, second, text):
    found = faults(typed_model(case(kind), first, second, scaled=True))
    assert [(fault, known) for fault, known, _ in found] == ([] if text is None else [(text, True)])


def test_a_fault_says_what_the_kernels_take():
    assert faults(typed_model(case("MAX_POOL_2D"), "UINT8", "UINT8", scaled=True))[0][2] == "float32, int16, int8"


FULL = [1, 2, 1, 3, 1, 2, 1, 3]


@pytest.mark.parametrize(
    ("kind", "dtype", "second", "text"),
    [
        ("ADD", "FLOAT32", FULL[1:], None),
        ("ADD", "FLOAT32", FULL, "of 8 axes"),
        ("ADD", "INT32", [], "of 8 axes"),
        ("ADD", "INT8", FULL, None),
        ("ADD", "INT8", [3], "of 8 axes"),
        ("SUB", "INT32", FULL, None),
        ("MUL", "INT8", FULL, "of 8 axes"),
        ("MAXIMUM", "FLOAT32", FULL, None),
        ("MAXIMUM", "FLOAT32", [1], None),
        ("MAXIMUM", "FLOAT32", [3], "of 8 axes"),
    ],
)
@pytest.mark.parametrize("turned", [False, True])
def test_axes_of_either_input_decide_where_the_kernel_looks_at_their_lengths(kind, dtype, second, text, turned):
    scaled = {"scales": (0.5,)} if dtype == "INT8" else {}
    first = FULL[1:] if second == FULL[1:] else FULL
    shapes = (second, first) if turned else (first, second)
    a, b, c = (Tensor(n, s, dtype, has_rank=True, **scaled) for n, s in zip("abc", (*shapes, first), strict=True))
    expected = [] if text is None else [(text, True, "at most 7")]
    assert faults(one(kind, [a, b, c], [0, 1])) == expected


@pytest.mark.parametrize(("activation", "refused"), [(0, False), (1, True), (3, True), (4, True)])
def test_a_fused_activation_of_a_concatenation_decides(activation, refused):
    tensors = [Tensor("a", [2, 3]), Tensor("b", [2, 3]), Tensor("c", [2, 6])]
    how = options("ConcatenationOptions", axis=1, fused_activation_function=activation)
    assert [text for text, _, _ in faults(one("CONCATENATION", tensors, [0, 1], how))] == (
        ["with a fused activation"] if refused else []
    )


@pytest.mark.parametrize(("axes", "text"), [(5, None), (6, "of 6 axes")])
def test_axes_decide(axes, text):
    order = Tensor("p", [axes], "INT32", data=b"".join(n.to_bytes(4, "little") for n in range(axes)), has_rank=True)
    shape = [1] * (axes - 1) + [4]
    data = one("TRANSPOSE", [Tensor("x", shape), order, Tensor("y", shape)], [0, 1])
    assert [fault for fault, _, _ in faults(data)] == ([] if text is None else [text])


@pytest.mark.parametrize(("count", "text"), [(10, None), (11, "of 11 inputs")])
def test_the_number_of_inputs_decides(count, text):
    tensors = [*(Tensor(f"x{n}", [1, 2]) for n in range(count)), Tensor("y", [1, 2 * count])]
    data = one("CONCATENATION", tensors, list(range(count)), options("ConcatenationOptions", axis=1))
    assert [fault for fault, _, _ in faults(data)] == ([] if text is None else [text])


@pytest.mark.parametrize(("dtype", "found"), [("<i4", []), ("<i8", ["with int64 as input 1"])])
def test_axes_of_int64_are_refused_where_the_kernel_takes_int32(dtype, found):
    axis = Tensor("a", [1], "INT64" if dtype == "<i8" else "INT32", data=np.array([1], dtype).tobytes())
    data = one("MEAN", [Tensor("x", [2, 3]), axis, Tensor("y", [2])], [0, 1], options("ReducerOptions"))
    assert [fault for fault, _, _ in faults(data)] == found


@pytest.mark.parametrize("left_out", [1, 5, 12])
def test_an_lstm_needs_all_gates(left_out):
    whole = case("UNIDIRECTIONAL_SEQUENCE_LSTM")
    inputs = ["" if at == left_out else given for at, given in enumerate(whole.inputs)]
    assert faults(typed_model(whole, "FLOAT32", "FLOAT32", scaled=True)) == []
    data = typed_model(replace(whole, inputs=inputs), "FLOAT32", "FLOAT32", scaled=True)
    assert faults(data) == [("without weights or biases of a gate", True, "those of all four gates")]


def test_types_that_were_not_tried_and_custom_operators_are_unknown():
    wide = one("TANH", [Tensor("x", [4], "FLOAT64"), Tensor("y", [4], "FLOAT64")], [0])
    assert faults(wide)[0][:2] == ("of float64", False)
    own = one("my_own", [Tensor("x", [4]), Tensor("y", [4])], [0], custom=True)
    assert faults(own) == [("", False, "")]
    energy = [Tensor("x", [4], "INT16"), Tensor("y", [4], "UINT32")]
    assert faults(one("SignalEnergy", energy, [0], custom=True)) == []


def test_a_profile_names_kernels_of_its_own():
    data = typed_model(case("CONV_2D"), "UINT8", "UINT8", scaled=True)
    for kinds, found in ((("CONV_2D",), 0), (("ADD",), 1), (("every",), 0)):
        assert len(faults(data, replace(TFLM, kernels=kinds))) == found
    text = """name = "mine"
summary = "s"
standing = "assumed"
runtime = "tflm"
kernels = { value = ["CONV_2D", "custom:my_own"], source = "our port" }
[[memory]]
name = "arena"
capacity = { value = "64KiB", source = "data sheet" }
alignment = { value = 16, source = "data sheet" }
holds = ["activations", "inputs_outputs"]
"""
    target = parse_target(text, "mine.toml")
    assert (target.kernels, target.sources["kernels"]) == (("CONV_2D", "custom:my_own"), "our port")
    assert faults(data, target) == []
    with pytest.raises(TargetError, match="CONV_2D"):
        parse_target(text.replace('"CONV_2D"', '"CONV2D"'), "mine.toml")


def test_nothing_is_said_where_nothing_is_known():
    data = typed_model(case("CONV_2D"), "UINT8", "UINT8", scaled=True)
    for name in ("litert-cpu", "pixel6-tpu", "ethos-u55"):
        assert faults(data, load_target(name)) == []
    graph = replace(load(data).graph, format="onnx")
    assert list(find_not_run(graph, TFLM)) == []
