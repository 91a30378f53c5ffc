"""Plans in TFLite files: the written plan can be read, and original and planned file are restored byte for byte."""

from pathlib import Path
from struct import pack, unpack, unpack_from
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sketch import Sketch
from support.shared import parametrize
from tflite.Model import Model
from tflite_writer import Operator, Subgraph, Tensor, options, write_model
from tmpass.frontends import tflite
from tmpass.frontends.tflite.schema import OFFLINE_PLAN

from tmpass.base.errors import ModelError

MODELS = sorted((Path(__file__).parents[3] / "models").glob("*.tflite"))


def fan(width: int = 4) -> Subgraph:
    """`width` operators that can stand in any order, and one that reads them all."""
    main = Sketch()
    x = main.input("x", [4])
    made = [main.op("TANH", [x], f"t{i}", [4]) for i in range(width)]
    main.outputs = [main.op("ADD_N", made, "y", [4])]
    return main.subgraph()


def in_order(data: bytes) -> list[list[int]]:
    return [list(range(len(s.ops))) for s in tflite.load(data, {}).subgraphs]


def stacked(data: bytes) -> list[list[int]]:
    return [[64 * t for t in range(len(s.tensors))] for s in tflite.load(data, {}).subgraphs]


def offsets_in(data: bytes) -> tuple[int, ...]:
    """The plan that TensorFlow Lite Micro reads: version, subgraphs, tensors, and an offset for each tensor."""
    words = tflite.load(data, {}).metadata[OFFLINE_PLAN]
    return unpack(f"<{len(words) // 4}i", words)


@given(st.permutations(range(4)), st.lists(st.integers(-1, 2**31 - 1), min_size=6, max_size=6))
def test_order_and_offsets_are_read_as_they_were_put_in(order: list[int], offsets: list[int]) -> None:
    data = write_model([fan()])
    made = tflite.apply(data, [[*order, 4]], [offsets], keeps_offsets=False, bindings={}, plan="")
    before, after = tflite.load(data, {}), tflite.load(made, {})
    assert after.subgraphs[0].ops == tuple(before.subgraphs[0].ops[i] for i in (*order, 4))
    assert after.subgraphs[0].tensors == before.subgraphs[0].tensors
    assert offsets_in(made) == (1, 1, 6, *offsets)
    assert tflite.strip(made) == data
    assert tflite.with_front(tflite.front_of(made), data) == made
    assert tflite.apply(made, [[*order, 4]], [offsets], keeps_offsets=False, bindings={}, plan="") == made


@pytest.mark.parametrize("path", MODELS, ids=lambda path: path.name)
def test_every_model_of_the_project_comes_back(path: Path) -> None:
    comes_back(path.read_bytes())


@parametrize("models/*/*.tflite")
def test_every_valid_model_comes_back(path: Path) -> None:
    data = path.read_bytes()
    try:
        tflite.load(data, {})
    except ModelError:
        return
    if path.name == "tflm_person_detect_vela.tflite":
        with pytest.raises(ModelError, match="'ethos-u' has commands with arena addresses"):
            comes_back(data)
        return
    comes_back(data)


def comes_back(data: bytes) -> None:
    backwards = [order[::-1] for order in in_order(data)]
    made = tflite.apply(data, backwards, stacked(data), keeps_offsets=False, bindings={}, plan="")
    assert tflite.strip(made) == data
    assert tflite.with_front(tflite.front_of(made), data) == made
    assert len(made) % 64 == len(data) % 64
    assert tflite.strip(data) is None
    assert tflite.front_of(data) == b""
    # Another plan takes the place of the first.
    again = tflite.apply(made, in_order(data), stacked(data), keeps_offsets=False, bindings={}, plan="")
    assert again == tflite.apply(data, in_order(data), stacked(data), keeps_offsets=False, bindings={}, plan="")
    one, other = tflite.load(data, {}), tflite.load(again, {})
    assert (one.subgraphs, one.entries) == (other.subgraphs, other.entries)
    assert {**other.metadata, OFFLINE_PLAN: b""} == {**one.metadata, OFFLINE_PLAN: b""}


def test_other_readers_see_the_same_model() -> None:
    data = write_model([fan()], metadata={"m": b"123"})
    model = Model.GetRootAs(
        tflite.apply(data, [[3, 2, 1, 0, 4]], stacked(data), keeps_offsets=False, bindings={}, plan="")
    )
    assert Model.ModelBufferHasIdentifier(bytes(model._tab.Bytes), 0)
    assert [model.Metadata(i).Name() for i in range(model.MetadataLength())] == [b"m", OFFLINE_PLAN.encode()]
    assert [model.Subgraphs(0).Operators(i).Outputs(0) for i in range(5)] == [4, 3, 2, 1, 5]
    assert model.Buffers(model.Metadata(1).Buffer()).DataLength() == 4 * (3 + 6)
    assert model.OperatorCodesLength() == 2


def test_data_stays_aligned() -> None:
    mark = b"where is the data?"
    data = write_model([Subgraph([Tensor("x", [18], "INT8", data=mark)])])
    made = tflite.apply(data, [[]], [[-1]], keeps_offsets=False, bindings={}, plan="")
    assert data.index(mark) % 16 == made.index(mark) % 16 == 0
    words = tflite.load(made, {}).metadata[OFFLINE_PLAN]
    assert made.index(words) % 16 == 0


def test_an_older_plan_of_others_is_replaced_and_comes_back() -> None:
    data = write_model([fan()], metadata={OFFLINE_PLAN: b"old!", "m": b"1"})
    made = tflite.apply(data, in_order(data), stacked(data), keeps_offsets=False, bindings={}, plan="")
    model = Model.GetRootAs(made)
    assert [model.Metadata(i).Name() for i in range(model.MetadataLength())] == [b"m", OFFLINE_PLAN.encode()]
    assert tflite.strip(made) == data
    assert tflite.with_front(tflite.front_of(made), data) == made


def outside() -> bytes:
    """A model with weights behind the flatbuffer, at offsets from the start of the file."""
    tensors = [Tensor("x", [4]), Tensor("w", [4], data=np.arange(4, dtype="<f4").tobytes(), appended=True)]
    tensors += [Tensor("v", [4], data=np.ones(4, "<f4").tobytes(), appended=True), Tensor("y", [4])]
    return write_model([Subgraph(tensors, [Operator("ADD_N", [0, 1, 2], [3])], [0], [3])])


def test_weights_outside_the_flatbuffer_are_found_where_they_went() -> None:
    data = outside()
    made = tflite.apply(data, in_order(data), stacked(data), keeps_offsets=False, bindings={}, plan="")
    model = Model.GetRootAs(made)
    buffer = model.Buffers(model.Subgraphs(0).Tensors(1).Buffer())
    found = made[buffer.Offset() : buffer.Offset() + buffer.Size()]
    assert found == np.arange(4, dtype="<f4").tobytes()
    assert tflite.strip(made) == data
    assert tflite.with_front(tflite.front_of(made), data) == made
    with pytest.raises(ModelError, match="weights are outside the flatbuffer"):
        tflite.apply(data, in_order(data), stacked(data), keeps_offsets=True, bindings={}, plan="")


@pytest.mark.runtime
def test_large_options_of_custom_operators_are_found_where_they_went() -> None:
    schema = pytest.importorskip("ai_edge_litert.schema_py_generated")
    tensors = [Tensor("x", [4]), Tensor("y", [4])]
    model = schema.ModelT.InitFromPackedBuf(
        write_model([Subgraph(tensors, [Operator("mine", [0], [1], custom=True)], [0], [1])])
    )
    (op,) = model.subgraphs[0].operators
    op.largeCustomOptionsOffset, op.largeCustomOptionsSize = 4000, 18
    data = tflite.to_bytes(model).ljust(4000, b"\0") + b"options, far behind"
    made = tflite.apply(data, [[0]], [[0, 16]], keeps_offsets=False, bindings={}, plan="")
    (op,) = schema.ModelT.InitFromPackedBuf(made).subgraphs[0].operators
    begin = op.largeCustomOptionsOffset
    assert made[begin : begin + op.largeCustomOptionsSize] == b"options, far behin"
    assert tflite.strip(made) == data
    assert tflite.with_front(tflite.front_of(made), data) == made


def test_tensors_with_the_index_of_a_variable_in_a_later_subgraph_are_left_to_tflm() -> None:
    main, body = Sketch(), Sketch("body")
    c, x = main.input("c", [1], "BOOL"), main.input("x", [4])
    branches = options("IfOptions", then_subgraph_index=1, else_subgraph_index=1)
    main.outputs = [main.op("IF", [c, x], "y", [4], branches)]
    a = body.input("a", [4])
    body.outputs = [body.op("ADD", [a, body.variable("v", [4])], "b", [4], options("AddOptions"))]
    data = write_model([main.subgraph(), body.subgraph()])
    offsets = [[0, 16, 32], [48, -1, 64]]
    assert offsets_in(tflite.apply(data, in_order(data), offsets, keeps_offsets=False, bindings={}, plan=""))[3:] == (
        0,
        16,
        32,
        48,
        -1,
        64,
    )
    assert offsets_in(tflite.apply(data, in_order(data), offsets, keeps_offsets=True, bindings={}, plan=""))[3:] == (
        0,
        -1,
        32,
        48,
        -1,
        64,
    )


def test_an_offset_above_2_gib_is_refused() -> None:
    data = write_model([fan()])
    with pytest.raises(ModelError, match="reaches to byte 2147483648, but offsets in the file have only 32 bits"):
        tflite.apply(data, in_order(data), [[0, 0, 0, 2**31, 0, 0]], keeps_offsets=False, bindings={}, plan="")


def test_fields_that_are_newer_are_not_lost_but_refused() -> None:
    data = bytearray(write_model([fan()]))
    (root,) = unpack_from("<I", data)
    vtable = root - unpack_from("<i", data, root)[0]
    # A vtable of its own, behind the file, with a field number 10.
    size = unpack_from("<H", data, vtable)[0]
    entries = data[vtable + 4 : vtable + size].ljust(20, b"\0") + pack("<H", 4)
    longer = pack("<HH", 4 + len(entries), unpack_from("<H", data, vtable + 2)[0]) + entries
    data[root : root + 4] = pack("<i", root - len(data))
    with pytest.raises(ModelError, match="its model has fields that this version of tmpass does not know"):
        tflite.apply(bytes(data) + longer, [[0, 1, 2, 3, 4]], [[0] * 6], keeps_offsets=False, bindings={}, plan="")


@pytest.mark.parametrize("change", [lambda d: d[:-1], lambda d: d + b"\0", lambda d: d[:-20] + b"?" + d[-19:]])
def test_a_file_that_was_changed_since_is_told(change: Any) -> None:
    data = outside()
    made = tflite.apply(data, in_order(data), stacked(data), keeps_offsets=False, bindings={}, plan="")
    with pytest.raises(ModelError, match="changed after it was planned"):
        tflite.strip(change(made))


@given(st.binary(min_size=48, max_size=80))
def test_a_damaged_mark_is_told(junk: bytes) -> None:
    with pytest.raises(ModelError, match=r"mark of the plan in it is damaged|changed after"):
        tflite.strip(b"\0\0\0\0TFL3tmpass\0\1" + junk)
    front = b"\0\0\0\0TFL3tmpass\0\1" + junk
    assert tflite.with_front(front, b"") is None


def test_a_front_is_put_on_its_own_original_only() -> None:
    data, other = write_model([fan()]), write_model([fan(5)])
    front = tflite.front_of(
        tflite.apply(data, in_order(data), stacked(data), keeps_offsets=False, bindings={}, plan="")
    )
    assert tflite.with_front(front, other) is None
    assert tflite.with_front(front[:-1], data) is None
    assert tflite.with_front(b"", data) is None
