"""Models with a single operator of another model."""

from struct import unpack

import numpy as np
import pytest
from sketch import Sketch
from tflite_writer import Operator, Signature, Tensor, options, write_model
from tmpass.frontends import tflite
from tmpass.frontends.tflite.schema import OFFLINE_PLAN
from tmpass.frontends.tflite.single_operator import Operators

from tmpass.base.errors import ModelError
from tmpass.graph.model import TensorKind


def net() -> bytes:
    main = Sketch()
    x = main.input("x", [1, 5])
    w = main.constant("w", np.ones((1, 5), np.float32))
    a = main.op("ADD", [x, w], "a", [1, 5], options("AddOptions", fused_activation_function=1))
    v = main.variable("v", [1, 5])
    main.outputs = [main.op("MUL", [a, v], "y", [1, 5], options("MulOptions"))]
    return write_model([main.subgraph()], metadata={"m": b"1"}, signatures=[Signature("s", 0, [("in", x)])])


def test_an_operator_keeps_its_tensors_constants_and_options() -> None:
    data = net()
    whole = tflite.load(data, {})
    for index, op in enumerate(whole.subgraphs[0].ops):
        model = Operators(data, whole).cut_out(0, index)
        (only,) = tflite.load(model.data, {}).subgraphs
        (found,) = only.ops
        assert (found.kind, found.name) == (op.kind, op.name)
        for ours, theirs in ((found.inputs, op.inputs), (found.outputs, op.outputs)):
            assert [only.tensors[t] for t in ours] == [whole.subgraphs[0].tensors[t] for t in theirs]
        activations = [t for t in only.tensors if t.kind is TensorKind.ACTIVATION]
        assert {only.tensors[t].name for t in (*only.inputs, *only.outputs)} == {t.name for t in activations}
        assert model.data.endswith(data)


def test_its_tensors_are_packed_by_an_offline_plan() -> None:
    data = net()
    first, second = (Operators(data, tflite.load(data, {})).cut_out(0, index) for index in range(2))
    assert first.packed == second.packed == 64  # two of 20 bytes each, rounded up
    for model, offsets in ((first, (0, -1, 32)), (second, (0, -1, 32))):
        words = tflite.load(model.data, {}).metadata[OFFLINE_PLAN]
        assert unpack("<6i", words) == (1, 1, 3, *offsets)


def test_what_is_left_out_and_what_stands_twice() -> None:
    main = Sketch()
    x = main.input("x", [4])
    main.tensors.append(Tensor("y", [4]))
    main.operators.append(Operator("mine", [x, -1, x], [1], custom=True))
    main.outputs = [1]
    data = write_model([main.subgraph()])
    (only,) = tflite.load(Operators(data, tflite.load(data, {})).cut_out(0, 0).data, {}).subgraphs
    assert (only.ops[0].inputs, only.ops[0].outputs, only.inputs) == ((0, -1, 0), (1,), (0,))


def test_a_tensor_of_unknown_size_is_named() -> None:
    main = Sketch()
    x = main.input("x", [-1, 4])
    main.outputs = [main.op("TANH", [x], "y", [-1, 4])]
    data = write_model([main.subgraph()])
    with pytest.raises(ModelError, match="the size of tensor 'x' is not known"):
        Operators(data, tflite.load(data, {})).cut_out(0, 0)
