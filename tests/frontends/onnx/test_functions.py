"""Local functions are inlined, if that ends and stays small."""

import pytest
from onnx import parser
from tmpass.frontends import onnx as frontend

from tmpass.base.errors import ModelError

HEAD = '<ir_version: 8, opset_import: ["": 18, "loc": 1]> g (float[2, 3] x) => (z) { z = loc.f (x) }'


def load(functions, head=HEAD):
    return frontend.load(parser.parse_model(head + functions).SerializeToString(), {})


def function(name, body, domain='"loc"', imports='"": 18, "loc": 1'):
    return f"<domain: {domain}, opset_import: [{imports}]> {name} (a) => (b) {{ {body} }}"


def test_a_call_becomes_the_nodes_of_the_function():
    graph = load(function("f", "c = loc.h (a) b = loc.h (c)") + function("h", "d = Relu(a) b = Neg(d)"))
    assert [op.kind for op in graph.subgraphs[0].ops] == ["Relu", "Neg", "Relu", "Neg"]
    assert [t.shape for t in graph.subgraphs[0].tensors] == [(2, 3)] * 5


def test_a_call_inside_a_body_is_inlined_too():
    head = (
        '<ir_version: 8, opset_import: ["": 18, "loc": 1]> g (bool c, float[2] x) => (z) { z = If (c) '
        "<then_branch = t () => (float[2] p) { p = loc.f (x) }, else_branch = e () => (float[2] q) { q = Relu(x) }> }"
    )
    graph = load(function("f", "b = Neg(a)"), head)
    assert [op.kind for op in graph.subgraphs[1].ops] == ["Neg"]


def test_a_function_that_nothing_calls():
    graph = load(function("f", "b = Neg(a)") + function("h", "b = Relu(a)"))
    assert [op.kind for op in graph.subgraphs[0].ops] == ["Neg"]


def test_a_function_of_an_older_operator_set_is_converted():
    graph = load(function("f", "b = ReduceMax <axes = [0]> (a)", imports='"": 13'))
    assert [op.kind for op in graph.subgraphs[0].ops] == ["ReduceMax"]
    assert graph.subgraphs[0].tensors[-1].shape == (1, 3)


@pytest.mark.parametrize(
    ("functions", "cycle"),
    [
        (function("f", "b = loc.f (a)"), "'loc::f' -> 'loc::f'"),
        (function("f", "b = loc.h (a)") + function("h", "b = loc.f (a)"), "'loc::f' -> 'loc::h' -> 'loc::f'"),
    ],
)
def test_recursion_is_refused(functions, cycle):
    with pytest.raises(ModelError, match=f"in a cycle: {cycle}"):
        load(functions)


def test_functions_that_would_blow_up_are_refused():
    layers = "".join(
        function("f" if i == 0 else f"f{i}", f"c = loc.f{i + 1} (a) b = loc.f{i + 1} (c)") for i in range(40)
    )
    with pytest.raises(ModelError, match="inlining the local functions makes 1099511627776 nodes"):
        load(layers + function("f40", "b = Relu(a)"))


def test_long_chains_of_calls_are_refused():
    chain = "".join(function("f" if i == 0 else f"f{i}", f"b = loc.f{i + 1} (a)") for i in range(500))
    with pytest.raises(ModelError, match="more than 64 deep"):
        load(chain + function("f500", "b = Relu(a)"))
