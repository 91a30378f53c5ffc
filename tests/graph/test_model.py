from dataclasses import replace

import pytest

from tmpass.base.dtypes import FLOAT32, INT4, STRING
from tmpass.base.errors import ModelError
from tmpass.graph.dependencies import read_pairs, reads
from tmpass.graph.model import ABSENT, Op, Subgraph, Tensor, TensorKind


@pytest.mark.parametrize(
    ("shape", "dtype", "size"),
    [
        ((), FLOAT32, 4),
        ((2, 3), FLOAT32, 24),
        ((2, 0, 3), FLOAT32, 0),
        ((3,), INT4, 2),
        ((2, "n"), FLOAT32, None),
        (None, FLOAT32, None),
        ((2,), STRING, None),
        ((0, 2**40, 2**40), FLOAT32, 0),
    ],
)
def test_bytes(shape, dtype, size):
    assert Tensor("x", dtype, shape).bytes == size


@pytest.mark.parametrize("shape", [(2**31, 2**31), (2**31 - 1,) * 60_000])
def test_a_size_above_two_to_the_62_is_an_error_at_once(shape):
    with pytest.raises(ModelError, match=r"tensor 'x': shape \[.*\] is above 2\^62 bytes"):
        _ = Tensor("x", FLOAT32, shape).bytes


def test_unknown_names_the_open_dimensions():
    assert Tensor("x", FLOAT32, (1, "n", "m")).unknown == ("n", "m")


def test_the_sizes_and_the_used_tensors_of_a_subgraph_are_those_of_its_tensors_and_operators():
    tensors = tuple(Tensor(f"t{i}", FLOAT32, shape) for i, shape in enumerate([(2, 3), ("N",), (), (4,), (5,)]))
    ops = (Op("A", "a", (0, ABSENT), (2,), (4,)),)
    subgraph = Subgraph("main", tensors, ops, (0,), (1,))
    assert subgraph.sizes == tuple(tensor.bytes for tensor in tensors) == (24, None, 4, 16, 20)
    assert subgraph.unsized == (1,)
    assert subgraph.used == {0, 1, 2, 4}
    assert replace(subgraph, ops=()).used == {0, 1}
    assert replace(subgraph, tensors=(Tensor("t", FLOAT32, (1,)),)).sizes == (4,)


def test_sizes_of_a_subgraph_raise_where_one_is_above_two_to_the_62():
    shapes = ((4,), (2**31, 2**31), (4,))
    subgraph = Subgraph("main", tuple(Tensor(f"t{i}", FLOAT32, shape) for i, shape in enumerate(shapes)), (), (), ())
    assert subgraph.unsized == ()
    with pytest.raises(ModelError, match="tensor 't1'"):
        _ = subgraph.sizes


def test_of_kind_lists_the_tensors_of_one_kind_by_rising_index():
    kinds = [TensorKind.CONSTANT, TensorKind.ACTIVATION, TensorKind.CONSTANT, TensorKind.VARIABLE]
    subgraph = Subgraph("main", tuple(Tensor("t", FLOAT32, (1,), kind) for kind in kinds), (), (), ())
    assert [subgraph.of_kind(kind) for kind in TensorKind] == [(1,), (0, 2), (3,), ()]


def test_reads_are_the_tensors_that_one_operator_writes_and_another_one_reads():
    tensors = tuple(
        Tensor(f"t{i}", FLOAT32, (1,), TensorKind.VARIABLE if i == 3 else TensorKind.ACTIVATION) for i in range(5)
    )
    ops = (
        Op("A", "a", (0, 1), (2, 3)),
        Op("B", "b", (2, 2, 0, ABSENT), (4, ABSENT)),
        Op("C", "c", (3, 4, 2), (0,)),  # 0 is an input as well
    )
    subgraph = Subgraph("main", tensors, ops, (0, 1), (4,))
    assert reads(subgraph) == [(0, 1, 2), (1, 2, 4), (0, 2, 2)]
    assert read_pairs(subgraph) == [(0, 1), (1, 2), (0, 2)]
    again = replace(subgraph, ops=(*ops, Op("D", "d", (), (4,))))
    for _ in range(2):
        with pytest.raises(ModelError, match=r"operator 1 .* and operator 3 .* both write it"):
            reads(again)
