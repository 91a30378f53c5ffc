"""Results are equal in all bits, equal but for rounding, or different."""

import numpy as np
import pytest
from onnx import TensorProto
from tmpass.frontends.onnx.execution.compare import compare
from tmpass.frontends.onnx.execution.ort_values import Form

from tmpass.loading.runner import Value

NAN, INF = float("nan"), float("inf")


def floats(*numbers, kind=np.float32, element=TensorProto.FLOAT, shape=None):
    return Value(np.array(numbers, kind).tobytes(), Form(element, shape or (len(numbers),)))


@pytest.mark.parametrize("numbers", [(1.0, 2.0), (NAN, 1.0), (INF, -INF), ()])
def test_equal_bits_are_no_difference(numbers):
    assert compare(floats(*numbers), floats(*numbers)) is None


@pytest.mark.parametrize(
    ("made", "wanted", "tolerated", "text"),
    [
        ((1.0, 100.0), (1.001, 100.0), True, "1 of 2 elements, by up to 0.001 where the largest is 100"),
        ((1.0, 100.0), (1.1, 100.0), False, "1 of 2 elements, by up to 0.1 where the largest is 100"),
        ((NAN, 1.0), (0.0, 1.0), False, "infinities or NaN are at other places"),
        ((INF, 1.0), (-INF, 1.0), False, "infinities or NaN are at other places"),
        ((0.0, 1.0), (-0.0, 1.0), True, "only signs of zero and bits of NaN differ"),
        ((0.0,), (1e-3,), False, "1 of 1 elements, by up to 0.001 where the largest is 0.001"),
    ],
)
def test_floats_may_differ_by_rounding(made, wanted, tolerated, text):
    found = compare(floats(*made), floats(*wanted))
    assert (found.tolerated, found.text) == (tolerated, text)


def test_half_floats_may_differ_by_more():
    half = {"kind": np.float16, "element": TensorProto.FLOAT16}
    assert compare(floats(1.0, **half), floats(1.005, **half)).tolerated
    brain = {"kind": np.uint16, "element": TensorProto.BFLOAT16}
    assert compare(floats(0x3F80, **brain), floats(0x3F81, **brain)).tolerated
    assert not compare(floats(0x3F80, **brain), floats(0x4F80, **brain)).tolerated


def test_shapes_and_integers_must_be_equal():
    assert not compare(floats(1, 2), floats(1, 2, shape=(2, 1))).tolerated
    integers = [Value(bytes([n]), Form(TensorProto.INT8, (1,))) for n in (1, 2)]
    found = compare(*integers)
    assert (found.tolerated, found.text) == (False, "1 of 1 elements, by up to 1 where the largest is 2")


def integers(*numbers):
    return Value(bytes(numbers), Form(TensorProto.UINT8, (len(numbers),)))


@pytest.mark.parametrize(
    ("made", "wanted", "shaken", "tolerated"),
    [
        # The difference of two large numbers: rounding errors move it as far.
        (floats(1e-3), floats(2e-3), [floats(1.5e-3), floats(0.5e-3)], True),
        (floats(1e-3), floats(2e-2), [floats(1.5e-3), floats(0.5e-3)], False),
        (floats(1e-3), floats(2e-3), [floats(1e-3)], False),  # rounding errors do not move it
        (floats(1e-3), floats(INF), [floats(INF)], True),
        (floats(1e-3), floats(INF), [floats(1.5e-3)], False),
        # Integers are compared by how many differ: they may be indices.
        (integers(3, 4, 5), integers(3, 4, 200), [integers(3, 5, 5)], True),
        (integers(*range(20)), integers(*range(1, 21)), [integers(0, *range(2, 21))], True),
        (integers(*range(20)), integers(*range(1, 21)), [integers(1, *range(1, 20))], False),
        (integers(3, 4, 5), integers(3, 4, 200), [integers(3, 4, 5)], False),
        # The number of elements depends on rounding.
        (floats(1.0), floats(1.0, 2.0), [floats()], True),
        (floats(1.0), floats(1.0, 2.0), [floats(1.0)], False),
    ],
)
def test_what_rounding_errors_move_as_far_is_rounding(made, wanted, shaken, tolerated):
    assert compare(made, wanted, shaken).tolerated is tolerated


def test_sequences_are_compared_by_what_they_hold():
    pytest.importorskip("onnxruntime")
    from onnx import helper
    from tmpass.frontends.onnx.execution.nodes import Nodes

    nodes = Nodes(8, [helper.make_opsetid("", 17)])
    node = helper.make_node("SequenceConstruct", ["a", "b"], ["s"])

    def sequence(a, b):
        return nodes.run(0, node, {"a": floats(a), "b": floats(b)}, {})[0]

    assert compare(sequence(1, 2), sequence(1, 2)) is None
    assert not compare(sequence(1, 2), sequence(1, 3)).tolerated
    assert not compare(sequence(1, 2), floats(1)).tolerated
