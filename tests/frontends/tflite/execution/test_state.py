"""Entries of one model share their variables: what LiteRT keeps from one to the next is kept in a run of a plan."""

import numpy as np
import pytest
from tflite_writer import Operator, Signature, Subgraph, Tensor, options, write_model

import tmpass
from tmpass.api.execute import execute

pytest.importorskip("ai_edge_litert")
pytestmark = pytest.mark.runtime

ADD = options("AddOptions")
ONES = np.ones((2, 3), "f4")
SIGNATURES = (Signature("step", 0), Signature("read", 1))


def floats(name, **given):
    return Tensor(name, [2, 3], "FLOAT32", **given)


def handle():
    return Tensor("handle", [], "RESOURCE")


def variable(output):
    return Operator("VAR_HANDLE", [], [output], options("VarHandleOptions", container="", shared_name="v"))


def once():
    return Operator("CALL_ONCE", [], [], options("CallOnceOptions", init_subgraph_index=2))


def initialised_by_both():
    """Entry 0: v += x. Entry 1: v + y. Each begins with the CALL_ONCE of one subgraph: v = 0."""
    init = Subgraph(
        [handle(), floats("zero", data=np.zeros((2, 3), "f4").tobytes())],
        [variable(0), Operator("ASSIGN_VARIABLE", [0, 1], [])],
        name="init",
    )
    body = [once(), variable(0), Operator("READ_VARIABLE", [0], [2]), Operator("ADD", [1, 2], [3], ADD)]
    first = Subgraph(
        [handle(), floats("x"), floats("old"), floats("new")],
        [*body, Operator("ASSIGN_VARIABLE", [0, 3], [])],
        [1],
        [3],
    )
    second = Subgraph([handle(), floats("y"), floats("got"), floats("out")], body, [1], [3], name="read")
    return write_model([first, second, init], signatures=SIGNATURES)


def test_a_subgraph_is_initialised_once_by_all_entries():
    model = initialised_by_both()
    plan = tmpass.plan(model)
    done = execute(plan, model, inputs={"x": ONES, "y": ONES})
    assert (done.violations, done.notes, done.outputs) == ((), (), 2)
    # The two steps of the second initialisation run in no interpreter: they are not run, and not missed.
    assert (done.unreached, done.steps) == ((), len(plan.schedule) - 2)
