"""The file as a whole: header, version, boundaries of subgraphs, metadata."""

import pytest
from tflite_writer import Operator, Subgraph, Tensor, write_model
from tmpass.frontends import tflite

from tmpass.base.errors import ModelError

SMALL = write_model([Subgraph([Tensor("x", [4]), Tensor("y", [4])], [Operator("ABS", [0], [1])], [0], [1])])


@pytest.mark.parametrize(
    ("data", "fault"),
    [
        (b"", "the file is empty"),
        (b"version https://git-lfs.github.com/spec/v1\noid sha256:12\nsize 8\n", "is a Git LFS pointer"),
        (b"TFL", r"not a TFLite file: bytes 4\.\.8 are '', not 'TFL3'; the file is truncated"),
        (b"This is not a model", r"not a TFLite file: bytes 4\.\.8 are ' is ', not 'TFL3'"),
        (SMALL[:4] + b"TFL2" + SMALL[8:], r"bytes 4\.\.8 are 'TFL2'"),
        (b"\x10\0\0\0TFL3", "model: the root points to byte 16 of 8"),
    ],
)
def test_a_file_that_is_not_tflite_is_refused(data: bytes, fault: str) -> None:
    with pytest.raises(ModelError, match=fault):
        tflite.load(data, {})


@pytest.mark.parametrize("version", [0, 2, 4, 2**32 - 1])
def test_other_versions_of_the_format_are_refused(version: int) -> None:
    with pytest.raises(ModelError, match=f"model: the schema version is {version}, but only 3 is known"):
        tflite.load(write_model([], version=version), {})


def test_a_graph_keeps_the_boundaries_of_its_subgraphs() -> None:
    graph = tflite.load(SMALL, {})
    assert graph.format == "tflite"
    assert (graph.subgraphs[0].inputs, graph.subgraphs[0].outputs) == ((0,), (1,))
    assert graph.warnings == ()


@pytest.mark.parametrize("side", ["inputs", "outputs"])
@pytest.mark.parametrize("index", [2, -1, 2**31 - 1])
def test_a_boundary_tensor_that_is_not_there_is_refused(side: str, index: int) -> None:
    subgraph = Subgraph([Tensor("x", [4]), Tensor("y", [4])], **{side: [0, index]})
    with pytest.raises(ModelError, match=f"subgraph 0: entry 1 of its {side} is tensor {index}, but it has 2"):
        tflite.load(write_model([subgraph]), {})


def test_an_offline_plan_in_the_file_is_reported() -> None:
    graph = tflite.load(write_model([Subgraph()], metadata={"OfflineMemoryAllocation": bytes(12)}), {})
    (told,) = graph.warnings
    assert told.startswith("the file already holds an offline memory plan; it is not used here")
    assert told.endswith("tmpass show without planning options, such as --target, shows it")


def test_the_same_file_gives_the_same_graph() -> None:
    assert tflite.load(SMALL, {}) == tflite.load(SMALL, {})
