"""A model whose ends are the integers behind QUANTIZE and before DEQUANTIZE."""

from support.integer_ends import with_integer_ends
from tflite_writer import Operator, Subgraph, Tensor, write_model

import tmpass


def written(*, read_twice: bool = False) -> bytes:
    kinds = ("FLOAT32", "INT8", "INT8", "FLOAT32", "FLOAT32")
    tensors = [Tensor(name, [1, 8], kind) for name, kind in zip("abcde", kinds, strict=True)]
    ops = [Operator("QUANTIZE", [0], [1]), Operator("TANH", [1], [2]), Operator("DEQUANTIZE", [2], [3])]
    ops += [Operator("TANH", [0], [4])] if read_twice else []
    return write_model([Subgraph(tensors, ops, [0], [3, 4] if read_twice else [3])])


def ends(data: bytes) -> tuple[list[str], list[str], list[str]]:
    main = tmpass.load(data).graph.subgraphs[0]
    names = [f"{tensor.name} {tensor.dtype.name}" for tensor in main.tensors]
    return [names[t] for t in main.inputs], [op.kind for op in main.ops], [names[t] for t in main.outputs]


def test_the_conversions_at_the_ends_are_dropped():
    assert ends(with_integer_ends(written())) == (["b int8"], ["TANH"], ["c int8"])


def test_an_input_that_is_read_as_floats_too_stays():
    found = ends(with_integer_ends(written(read_twice=True)))
    assert found == (["a float32"], ["QUANTIZE", "TANH", "TANH"], ["c int8", "e float32"])


def test_integers_stay_as_they_are():
    data = with_integer_ends(written())
    assert ends(with_integer_ends(data)) == ends(data)
