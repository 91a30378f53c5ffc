"""Operators that pass bytes on, are element-wise, or draw random numbers."""

from struct import pack

import pytest
from tflite_writer import Operator, Options, Subgraph, Tensor, write_model
from tmpass.frontends import tflite

from tmpass.graph.model import Move, Moves, Op


def numbers(*values: int, dtype: str = "INT32") -> Tensor:
    return Tensor("n", [len(values)], dtype, data=pack(f"<{len(values)}{'i' if dtype == 'INT32' else 'q'}", *values))


def op(code: str, inputs: list[Tensor], outputs: list[Tensor], options: Options | None = None, **more: bool) -> Op:
    tensors = [*inputs, *outputs]
    fed = [n for n, tensor in enumerate(inputs) if tensor.data is None]
    operator = Operator(code, range(len(inputs)), range(len(inputs), len(tensors)), options, **more)
    (op,) = tflite.load(write_model([Subgraph(tensors, [operator], fed)]), {}).subgraphs[0].ops
    return op


def of(*shapes: list[int], dtype: str = "INT8") -> list[Tensor]:
    return [Tensor(f"t{n}", shape, dtype) for n, shape in enumerate(shapes)]


def concatenation(axis: int, fused: int = 0) -> Options:
    return Options(10, ((0, "i", axis), (1, "b", fused)))


@pytest.mark.parametrize(("axis", "known"), [(1, 1), (-2, 1), (0, 0)])
def test_a_concatenation_joins_its_inputs(axis: int, known: int) -> None:
    found = op("CONCATENATION", of([1, 2, 3], [1, 4, 3]), of([1, 6, 3]), concatenation(axis))
    assert found.moves == Moves(Move.CONCAT, parts=(0, 1), axis=known)


def test_a_concatenation_that_computes_joins_nothing() -> None:
    inputs, outputs = of([2], [2]), of([4])
    assert op("CONCATENATION", inputs, outputs, concatenation(0, fused=1)).moves is None
    assert op("CONCATENATION", inputs, outputs, concatenation(3)).moves is None
    assert op("CONCATENATION", inputs, outputs).moves is None
    assert op("CONCATENATION", inputs, outputs, Options(99)).moves is None
    assert op("CONCATENATION", of([2], [2], dtype="UINT8"), outputs, concatenation(0)).moves is None
    assert op("CONCATENATION", inputs, outputs, concatenation(0), custom=True).moves is None


def test_packing_and_unpacking_count_the_new_axis() -> None:
    assert op("PACK", of([2], [2]), of([2, 2]), Options(59, ((1, "i", -1),))).moves == Moves(
        Move.CONCAT, parts=(0, 1), axis=1
    )
    assert op("UNPACK", of([2, 2]), of([2], [2]), Options(64)).moves == Moves(Move.SPLIT, parts=(0, 1), axis=0)


def test_splits_read_their_axis() -> None:
    (data,) = of([4, 2])
    cut = of([2, 2], [2, 2])
    assert op("SPLIT", [numbers(-2), data], cut).moves == Moves(Move.SPLIT, whole=1, parts=(0, 1), axis=0)
    assert op("SPLIT", [*of([1], dtype="INT32"), data], cut).moves is None
    uneven = of([1, 2], [3, 2])
    assert op("SPLIT_V", [data, numbers(1, 3), numbers(0)], uneven).moves == Moves(Move.SPLIT, parts=(0, 1), axis=0)


@pytest.mark.parametrize(
    ("begin", "length", "shape", "moves"),
    [
        ((0, 1), (4, 2), [4, 2], Moves(Move.SLICE, axis=1, start=1)),
        ((2, 0), (-1, 3), [2, 3], Moves(Move.SLICE, axis=0, start=2)),
        ((0, 0), (4, 3), [4, 3], Moves(Move.SLICE, axis=0, start=0)),
        ((1, 1), (2, 2), [2, 2], None),  # along two axes
        ((3, 0), (2, 3), [2, 3], None),  # behind the end
        ((0, 1), (4, 2), [4, 1], None),  # another shape comes out
    ],
)
def test_a_slice_along_one_axis(
    begin: tuple[int, ...], length: tuple[int, ...], shape: list[int], moves: Moves | None
) -> None:
    for dtype in ("INT32", "INT64"):
        inputs = [*of([4, 3]), numbers(*begin, dtype=dtype), numbers(*length, dtype=dtype)]
        assert op("SLICE", inputs, of(shape)).moves == moves


def strided(
    begin: int = 0, end: int = 0, ellipsis: int = 0, new: int = 0, shrink: int = 0, offset: bool = False
) -> Options:
    masks = tuple((n, "i", mask) for n, mask in enumerate((begin, end, ellipsis, new, shrink)))
    return Options(32, (*masks, (5, "?", offset)))


@pytest.mark.parametrize(
    ("begin", "end", "strides", "options", "shape", "moves"),
    [
        ((1, 0), (3, 3), (1, 1), strided(), [2, 3], Moves(Move.SLICE, axis=0, start=1)),
        ((-2, 7), (9, 9), (1, 1), strided(begin=2), [2, 3], Moves(Move.SLICE, axis=0, start=2)),
        ((0, 1), (0, 0), (1, 1), strided(end=3), [4, 2], Moves(Move.SLICE, axis=1, start=1)),
        ((-1, 0), (0, 3), (1, 1), strided(shrink=1), [3], Moves(Move.SLICE, axis=0, start=3)),
        ((2, 0), (3, 3), (1, 1), strided(begin=1, shrink=1), [3], Moves(Move.SLICE, axis=0, start=0)),
        ((0, 0), (4, 3), (2, 1), strided(), [2, 3], None),
        ((3, 0), (0, 3), (-1, 1), strided(), [3, 3], None),
        ((1, 0), (3, 3), (1, 1), strided(ellipsis=1), [2, 3], None),
        ((1, 0), (3, 3), (1, 1), strided(new=1), [2, 3], None),
        ((1, 0), (2, 3), (1, 1), strided(offset=True), [2, 3], None),
        ((1, 0), (3, 3), (1, 1), None, [2, 3], None),
        ((1,), (3,), (1,), strided(), [2, 3], None),
    ],
)
def test_a_strided_slice_without_strides(begin, end, strides, options, shape, moves) -> None:  # type: ignore[no-untyped-def]
    inputs = [*of([4, 3]), numbers(*begin), numbers(*end), numbers(*strides)]
    assert op("STRIDED_SLICE", inputs, of(shape), options).moves == moves


@pytest.mark.parametrize("kind", ["ADD", "RELU", "LOGISTIC", "CAST", "SELECT_V2", "STABLEHLO_ADD"])
def test_element_by_element(kind: str) -> None:
    assert op(kind, of([4], [4]), of([4])).elementwise
    assert not op(kind, of([4], [4]), of([4], [4])).elementwise
    assert not op(kind, of([4], [4]), of([4]), custom=True).elementwise


@pytest.mark.parametrize("kind", ["SOFTMAX", "CUMSUM", "ADD_N", "CONV_2D", "RESHAPE", "RANDOM_UNIFORM", "BITCAST"])
def test_not_element_by_element(kind: str) -> None:
    assert not op(kind, of([4]), of([4])).elementwise


def test_draws() -> None:
    assert op("RANDOM_UNIFORM", of([4]), of([4])).random
    assert not op("ADD", of([4]), of([4])).random
    assert not op("RANDOM_UNIFORM", of([4]), of([4]), custom=True).random
