"""Whatever the bytes: a graph or an error of our own, soon."""

from fuzz.seeds import tflite_models
from hypothesis import given, settings
from hypothesis import strategies as st
from tmpass.frontends import tflite

from tmpass.base.errors import TmpassError
from tmpass.graph.model import ABSENT, Graph

MODELS = tflite_models()[:4]
"""Small enough to damage at every byte; between them they use every part of the format that is read."""
EXTREMES = [0, 1, 2, 3, 4, 0x7FFF, 0xFFFF, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF, 0xFFFFFFFE, 0xFFFFFFFC]


def load(data: bytes) -> Graph | TmpassError:
    try:
        return tflite.load(data, {"x:0": 1})
    except TmpassError as error:
        return error


def check(data: bytes) -> None:
    """Check that `data` gives an error of one line, or a graph in which every index leads somewhere."""
    result = load(data)
    if isinstance(result, TmpassError):
        assert "\n" not in str(result)
        return
    for subgraph in result.subgraphs:
        tensors = range(len(subgraph.tensors))
        assert all(t in tensors for t in (*subgraph.inputs, *subgraph.outputs))
        for op in subgraph.ops:
            assert all(t in tensors or t == ABSENT for t in (*op.inputs, *op.outputs))
            assert all(t in tensors for t in op.temporaries)
            assert all(call.subgraph in range(len(result.subgraphs)) for call in op.calls)
    for entry in result.entries:
        tensors = range(len(result.subgraphs[entry.subgraph].tensors))
        assert all(t in tensors for t in (*entry.inputs.values(), *entry.outputs.values()))
    check_planned(data, result)


def check_planned(data: bytes, graph: Graph) -> None:
    """Check that a plan in `data` is refused, or comes off again."""
    orders = [list(reversed(range(len(subgraph.ops)))) for subgraph in graph.subgraphs]
    offsets = [[16 * t for t in range(len(subgraph.tensors))] for subgraph in graph.subgraphs]
    try:
        planned = tflite.apply(data, orders, offsets, keeps_offsets=False, bindings={}, plan="")
    except TmpassError:
        return
    assert tflite.strip(planned) == data
    assert tflite.apply(planned, orders, offsets, keeps_offsets=False, bindings={}, plan="") == planned


def test_the_models_are_good() -> None:
    assert all(isinstance(load(data), Graph) for data in MODELS)


def test_every_length_of_a_truncated_file() -> None:
    for data in MODELS:
        for length in range(len(data)):
            check(data[:length])


def test_every_word_overwritten_with_every_extreme() -> None:
    for data in MODELS:
        for at in range(0, len(data), 4):
            for value in EXTREMES:
                check(data[:at] + value.to_bytes(4, "little") + data[at + 4 :])


@settings(deadline=2000)
@given(st.sampled_from(MODELS), st.lists(st.tuples(st.integers(0, 4000), st.integers(0, 255)), max_size=12))
def test_bytes_changed_at_random(data: bytes, changes: list[tuple[int, int]]) -> None:
    damaged = bytearray(data)
    for at, value in changes:
        damaged[at % len(data)] = value
    check(bytes(damaged))


@settings(deadline=2000)
@given(st.sampled_from(MODELS), st.lists(st.tuples(st.integers(2, 1000), st.integers(-64, 64)), max_size=6))
def test_words_moved_a_little(data: bytes, changes: list[tuple[int, int]]) -> None:
    damaged = bytearray(data)
    for word, by in changes:
        at = 4 * (word % (len(data) // 4))
        value = int.from_bytes(damaged[at : at + 4], "little") + by
        damaged[at : at + 4] = (value % 2**32).to_bytes(4, "little")
    check(bytes(damaged))


@settings(deadline=2000)
@given(st.binary(max_size=400))
def test_arbitrary_bytes_behind_a_good_header(tail: bytes) -> None:
    check(b"\x10\0\0\0TFL3" + tail)


@settings(deadline=2000)
@given(st.sampled_from(MODELS), st.integers(0, 4000), st.integers(0, 255))
def test_loading_again_gives_the_same(data: bytes, at: int, value: int) -> None:
    damaged = bytearray(data)
    damaged[at % len(data)] = value
    assert str(load(bytes(damaged))) == str(load(bytes(damaged)))
