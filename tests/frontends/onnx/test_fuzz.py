"""Damaged files: a graph or one clear error, whatever the bytes are."""

from hypothesis import given, settings
from hypothesis import strategies as st
from onnx import parser
from tmpass.frontends import onnx as frontend

from tmpass.base.errors import TmpassError

DATA = parser.parse_model(
    """<ir_version: 8, opset_import: ["": 17, "loc": 1]>
    g (float[N, 4] x, bool c) => (float[N, 4] z, s)
    <float[4] w = {1, 2, 3, 4}, int64[2] t = {-1, 4}, int64 m = {3}>
    {
        a = Add(x, w)
        k = Constant <value = float[4] {1, 2, 3, 4}> ()
        r = Reshape(a, t)
        f = loc.f (r)
        y = If (c) <then_branch = tb () => (float[N, 4] p) { p = Mul(f, k) },
                    else_branch = eb () => (float[N, 4] q) { q = Neg(r) }>
        z, s = Loop (m, "", y) <body = b (int64 i, bool g, float[N, 4] l) => (bool h, float[N, 4] o, float[N, 4] u)
                                { h = Identity(g) o = Relu(l) u = Add(o, a) }>
    }
    <domain: "loc", opset_import: ["": 17]> f (v) => (n) { n = Tanh(v) }
    """
).SerializeToString()


def graph_or_error(data):
    try:
        graph = frontend.load(data, {"N": 2})
        sizes = [t.bytes for s in graph.subgraphs for t in s.tensors]
    except TmpassError as error:
        sizes, message = [], str(error)
    else:
        message = "a graph"
    assert message.isprintable()
    assert all(size is None or size >= 0 for size in sizes)


def test_the_whole_file_is_a_graph():
    assert all(t.bytes is not None for s in frontend.load(DATA, {"N": 2}).subgraphs for t in s.tensors)


@settings(deadline=None)
@given(st.integers(0, len(DATA)))
def test_a_file_cut_short(length):
    graph_or_error(DATA[:length])


@settings(deadline=None, max_examples=300)
@given(st.lists(st.tuples(st.integers(0, len(DATA) - 1), st.integers(0, 255)), min_size=1, max_size=8))
def test_a_file_with_other_bytes(changes):
    data = bytearray(DATA)
    for place, byte in changes:
        data[place] = byte
    graph_or_error(bytes(data))


@settings(deadline=None)
@given(st.integers(0, len(DATA)), st.integers(0, 40), st.binary(max_size=40))
def test_a_file_with_a_piece_replaced(place, length, piece):
    graph_or_error(DATA[:place] + piece + DATA[place + length :])


@settings(deadline=None)
@given(st.binary(max_size=200))
def test_any_bytes(data):
    graph_or_error(data)
