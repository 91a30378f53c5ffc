"""Buffers: where data is in the file, and errors for data outside the file."""

import pytest
from tflite.Model import Model
from tflite_writer import Subgraph, Tensor, write_model
from tmpass.frontends import tflite

from tmpass.base.errors import ModelError


def test_a_buffer_that_is_not_there_is_refused() -> None:
    data = write_model([Subgraph([Tensor("x", [4]), Tensor("y", [4], buffer=9)])])
    with pytest.raises(ModelError, match="tensor 1 of subgraph 0: names buffer 9, but the file has 1 buffers"):
        tflite.load(data, {})


def test_a_file_without_buffers_is_refused() -> None:
    data = write_model([Subgraph([Tensor("x", [4])])], buffers=False)
    with pytest.raises(ModelError, match="tensor 0 of subgraph 0: names buffer 0, but the file has 0 buffers"):
        tflite.load(data, {})


def test_a_file_without_buffers_and_tensors_is_empty() -> None:
    assert tflite.load(write_model([Subgraph()], buffers=False), {}).subgraphs[0].tensors == ()


def test_a_tensor_in_another_file_needs_no_buffer() -> None:
    data = write_model([Subgraph([Tensor("w", [4], external_buffer=3)])], buffers=False)
    assert tflite.load(data, {}).subgraphs[0].tensors[0].kind == "constant"


@pytest.mark.parametrize("lost", [1, 15, 16])
def test_appended_data_that_is_cut_off_is_refused(lost: int) -> None:
    data = write_model([Subgraph([Tensor("w", [4], data=bytes(16), appended=True)])])
    assert tflite.load(data, {}).subgraphs[0].tensors[0].kind == "constant"
    with pytest.raises(
        ModelError, match=r"buffer 1: its 16 bytes at byte \d+ end behind the file, which has \d+ bytes"
    ):
        tflite.load(data[:-lost], {})


def test_metadata_is_copied_from_its_buffer() -> None:
    data = write_model([Subgraph()], metadata={"one": b"\0\1\2", "two": b""})
    assert tflite.load(data, {}).metadata == {"one": b"\0\1\2", "two": b""}


def with_buffers_laid_over_buffer_1(count: int, size: int) -> bytes:
    """Write metadata in `count` buffers, and let each of them point to the `size` bytes of the first."""
    contents = {"long": b"x" * size} | {f"n{n}": b"y" for n in range(1, count)}
    data = bytearray(write_model([Subgraph()], metadata=contents))
    model = Model.GetRootAs(bytes(data))
    target = data.index(b"xxxx") - 4
    for number in range(2, count + 1):
        table = model.Buffers(number)._tab
        field = table.Pos + table.Offset(4)
        data[field : field + 4] = (target - field).to_bytes(4, "little")
    return bytes(data)


def test_metadata_that_overlaps_cannot_fill_the_memory() -> None:
    assert len(tflite.load(with_buffers_laid_over_buffer_1(count=1, size=10_000), {}).metadata) == 1
    with pytest.raises(ModelError, match="metadata 1: the buffers of the metadata overlap"):
        tflite.load(with_buffers_laid_over_buffer_1(count=100, size=10_000), {})


def test_two_names_may_stand_for_one_buffer() -> None:
    data = bytearray(write_model([Subgraph()], metadata={"one": b"x" * 10_000, "two": b"y"}))
    table = Model.GetRootAs(bytes(data)).Metadata(1)._tab
    data[table.Pos + table.Offset(6)] = 1
    assert tflite.load(bytes(data), {}).metadata == {"one": b"x" * 10_000, "two": b"x" * 10_000}
