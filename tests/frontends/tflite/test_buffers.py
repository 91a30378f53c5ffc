"""Where data lies, and what happens if it does not."""

import pytest
from tflite_writer import Subgraph, Tensor, write_model
from tmpass.frontends import tflite

from tmpass.errors import ModelError


def test_a_buffer_that_is_not_there_is_refused() -> None:
    data = write_model([Subgraph([Tensor("x", [4]), Tensor("y", [4], buffer=9)])])
    with pytest.raises(
        ModelError, match="tensor 1 of subgraph 0: names buffer 9, but the file has 1 buffers"
    ):
        tflite.load(data, {})


def test_a_file_without_buffers_is_refused() -> None:
    data = write_model([Subgraph([Tensor("x", [4])])], buffers=False)
    with pytest.raises(
        ModelError, match="tensor 0 of subgraph 0: names buffer 0, but the file has 0 buffers"
    ):
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
    with pytest.raises(ModelError, match=r"buffer 1: its 16 bytes at byte \d+ end behind byte \d+"):
        tflite.load(data[:-lost], {})


def test_metadata_is_copied_from_its_buffer() -> None:
    data = write_model([Subgraph()], metadata={"one": b"\0\1\2", "two": b""})
    assert tflite.load(data, {}).metadata == {"one": b"\0\1\2", "two": b""}


def test_metadata_that_overlaps_cannot_fill_the_memory() -> None:
    content = b"x" * 10_000
    names = [f"n{n:03}" for n in range(100)]
    data = bytearray(write_model([Subgraph()], metadata=dict.fromkeys(names, b"") | {"last": content}))
    # Buffer 101 is the long one: let every entry name it.
    for number in range(1, 101):
        at = data.index(f"n{number - 1:03}".encode())
        field = data.rindex(number.to_bytes(4, "little"), at - 40, at + 40)
        data[field : field + 4] = (101).to_bytes(4, "little")
    with pytest.raises(ModelError, match="the buffers of the metadata overlap"):
        tflite.load(bytes(data), {})
