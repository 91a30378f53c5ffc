"""Constants: as stored, or computed once by the nodes that a compiler folds."""

import pytest
from onnx import parser

import tmpass
from tmpass.api.execute import execute

pytest.importorskip("onnxruntime")


def run(text):
    proto = parser.parse_model('<ir_version: 8, opset_import: ["": 17]>' + text)
    done = execute(tmpass.plan(proto), proto)
    assert done.violations == ()
    return done


def test_a_chain_of_folded_nodes_longer_than_python_recurses():
    chain = " ".join(f"c{i + 1} = Neg(c{i})" for i in range(1500))
    assert run(f"g (float[2] x) => (y) <float[2] c0 = {{1, 2}}> {{ {chain} y = Mul(x, c1500) }}").steps == 1


def test_a_body_reads_constants_of_the_graphs_around_it():
    done = run(
        "g (bool c, float[2] x) => (z) <float[2] w = {1, 2}> { v = Neg(w) z = If (c) "
        "<then_branch = t () => (float[2] a) { u = Add(v, w) p = Mul(x, v) a = Add(p, u) }, "
        "else_branch = e () => (float[2] b) { b = Sub(x, w) }> }"
    )
    assert done.unreached == ()


def test_a_branch_that_gives_a_constant():
    run(
        "g (bool c, float[2] x) => (z) <float[2] w = {1, 2}> { z = If (c) "
        "<then_branch = t () => (float[2] a) { a = Neg(w) }, else_branch = e () => (float[2] b) { b = Neg(x) }> }"
    )


def test_a_folded_node_with_bodies_that_read_constants():
    done = run(
        "g (float[2] x) => (y) <float[2] w = {1, 2}, bool t = {1}> { v = Neg(w) u = If (t) "
        "<then_branch = a () => (float[2] p) { p = Add(v, w) }, else_branch = b () => (float[2] q) { q = Neg(v) }> "
        "y = Add(x, u) }"
    )
    assert done.steps == 1
