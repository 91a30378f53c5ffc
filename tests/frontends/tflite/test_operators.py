"""Operators: their kinds and their tensors."""

import pytest
from support.tflm_custom import flexbuffer
from tflite.Model import Model
from tflite_writer import Operator, Subgraph, Tensor, options, write_model
from tmpass.frontends import tflite

from tmpass.base.errors import ModelError
from tmpass.graph.model import ABSENT, Op

SIX = [Tensor(f"t{n}", [4]) for n in range(6)]


def load(*operators: Operator, tensors: list[Tensor] = SIX) -> tuple[Op, ...]:
    return tflite.load(write_model([Subgraph(tensors, operators, inputs=[0, 1, 2])]), {}).subgraphs[0].ops


def test_an_operator_keeps_its_tensors_at_their_indices() -> None:
    (op,) = load(Operator("SPLIT", [1, 0], [5, 3], intermediates=[4]))
    assert op == Op("SPLIT", "t5", inputs=(1, 0), outputs=(5, 3), temporaries=(4,))


def test_a_tensor_left_out_is_absent() -> None:
    (op,) = load(Operator("CONV_2D", [0, 1, -1], [-1, 3], intermediates=[-1, 4, -1]))
    assert op.inputs == (0, 1, ABSENT)
    assert op.outputs == (ABSENT, 3)
    assert op.temporaries == (4,)
    assert op.name == "CONV_2D_0"


def test_operators_keep_the_order_of_the_file() -> None:
    ops = load(Operator("ABS", [0], [3]), Operator("NEG", [1], [4]), Operator("ABS", [2], [5]))
    assert [op.kind for op in ops] == ["ABS", "NEG", "ABS"]


def test_a_custom_operator_has_the_name_in_the_file() -> None:
    (op,) = load(Operator("ethos-u", [0], [3], custom=True))
    assert (op.kind, op.custom, op.view) == ("ethos-u", True, False)


def test_a_custom_operator_named_as_a_built_in_one_stays_custom() -> None:
    first, second = load(Operator("RESHAPE", [0], [3], custom=True), Operator("IF", [0], [4], custom=True))
    assert (first.kind, first.custom, first.view) == ("RESHAPE", True, False)
    assert (second.kind, second.custom, second.calls) == ("IF", True, ())


@pytest.mark.parametrize(("code", "kind"), [(126, "BATCH_MATMUL"), (128, "CUMSUM"), (9999, "BUILTIN_9999")])
def test_a_built_in_operator_has_the_name_of_its_code(code: int, kind: str) -> None:
    assert load(Operator(code, [0], [3]))[0].kind == kind


def test_the_larger_of_the_two_codes_counts() -> None:
    data = write_model([Subgraph(SIX, [Operator("ABS", [0], [3])], inputs=[0])])
    # The old code is one byte of ABS, the new one four bytes of it: a file from before it has a zero there.
    assert data.count(bytes([101, 0, 0, 0])) == 1
    old = data.replace(bytes([101, 0, 0, 0]), bytes(4))
    assert tflite.load(old, {}).subgraphs[0].ops[0].kind == "ABS"


@pytest.mark.parametrize("kind", ["RESHAPE", "SQUEEZE", "EXPAND_DIMS"])
def test_operators_that_move_no_bytes_are_views(kind: str) -> None:
    tensors = [*SIX, Tensor("other", [4], dtype="INT32")]
    assert load(Operator(kind, [0, 1], [3]))[0].view
    assert not load(Operator(kind, [0, 1], [6]), tensors=tensors)[0].view
    assert not load(Operator(kind, [-1], [3]))[0].view
    assert not load(Operator(kind, [], []))[0].view


def test_other_operators_are_no_views() -> None:
    assert not load(Operator("ABS", [0], [3]))[0].view
    assert not load(Operator("BITCAST", [0], [3]))[0].view


@pytest.mark.parametrize("field", ["inputs", "outputs", "intermediates"])
@pytest.mark.parametrize("index", [6, -2, 2**31 - 1, -(2**31)])
def test_a_tensor_that_is_not_there_is_refused(field: str, index: int) -> None:
    operators = [
        Operator("ABS", [0], [3]),
        Operator("ADD", **{"inputs": [0], "outputs": [4]} | {field: [5, index]}),
    ]
    fault = rf"operator 1 of subgraph 0: ADD names tensor {index} as entry 1 of its {field}, but .* 6 tensors"
    with pytest.raises(ModelError, match=fault):
        load(*operators)


def test_an_operator_code_that_is_not_there_is_refused() -> None:
    data = bytearray(write_model([Subgraph(SIX, [Operator("ABS", [0], [3]), Operator("NEG", [0], [4])], inputs=[0])]))
    table = Model.GetRootAs(bytes(data)).Subgraphs(0).Operators(1)._tab
    at = table.Pos + table.Offset(4)
    data[at : at + 4] = (77).to_bytes(4, "little")
    with pytest.raises(ModelError, match="operator 1 of subgraph 0: names operator code 77, but the file has 2 codes"):
        tflite.load(bytes(data), {})


@pytest.mark.parametrize("name", ["", None])
def test_a_custom_operator_without_a_name_is_refused(name: str | None) -> None:
    operator = Operator("", [0], [3], custom=True) if name == "" else Operator(32, [0], [3])
    with pytest.raises(ModelError, match="operator code 0: a custom operator has no name"):
        load(operator)


def test_a_negative_operator_code_is_refused() -> None:
    with pytest.raises(ModelError, match="operator code 0: names built-in operator -1"):
        load(Operator(-1, [0], [3]))


def test_options_of_a_custom_operator_that_are_whole_numbers() -> None:
    options = flexbuffer({"frame_size": 40, "scale": 0.5, "prefill": True})

    def options_of(given: bytes) -> tuple[tuple[str, int], ...]:
        return load(Operator("Filter", [0], [3], custom=True, custom_options=given))[0].options

    assert dict(options_of(options)) == {"frame_size": 40, "prefill": 1}
    assert options_of(b"commands of another kind") == ()
    assert options_of(bytes(5000) + options) == ()
    assert options_of(b"") == load(Operator("ABS", [0], [3]))[0].options == ()


def test_options_on_which_the_bytes_of_kernels_depend() -> None:
    def options_of(kind: str, given: object = None) -> dict[str, int]:
        return dict(load(Operator(kind, [0, 1], [3], given))[0].options)

    assert options_of("BATCH_MATMUL", options("BatchMatMulOptions", adj_y=True)) == {"adj_x": 0, "adj_y": 1}
    assert options_of("BATCH_MATMUL") == {"adj_x": 0, "adj_y": 0}
    assert options_of("BATCH_MATMUL", options("AddOptions")) == {}
    strides = {"stride_w": 2, "stride_h": 1}
    made = options("Conv2DOptions", padding=0, **strides)
    assert options_of("CONV_2D", made) == strides | {"dilation_w_factor": 1, "dilation_h_factor": 1}
    assert options_of("ADD", options("AddOptions")) == {}


@pytest.mark.parametrize(
    ("kind", "name"),
    [
        ("ADD", "AddOptions"),
        ("SUB", "SubOptions"),
        ("MUL", "MulOptions"),
        ("DIV", "DivOptions"),
        ("CONV_2D", "Conv2DOptions"),
        ("DEPTHWISE_CONV_2D", "DepthwiseConv2DOptions"),
        ("FULLY_CONNECTED", "FullyConnectedOptions"),
        ("TRANSPOSE_CONV", "TransposeConvOptions"),
        ("L2_NORMALIZATION", "L2NormOptions"),
        ("CONCATENATION", "ConcatenationOptions"),
    ],
)
def test_a_fused_activation_is_an_option(kind: str, name: str) -> None:
    given = load(Operator(kind, [0, 1], [3], options(name, fused_activation_function=3)))[0].options
    assert dict(given)["fused_activation_function"] == 3
    assert "fused_activation_function" not in dict(load(Operator(kind, [0, 1], [3], options(name)))[0].options)
