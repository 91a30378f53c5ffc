"""Operators that touch one variable, or resources, keep the order of the file."""

from dataclasses import replace

import pytest
from support.graphs import Sketch, graph_of

from tmpass.api.plan import plan
from tmpass.base.dtypes import RESOURCE
from tmpass.graph.model import ABSENT, Call, Graph, Op, TensorKind
from tmpass.loading.load import Model
from tmpass.plans.model_info import ModelInfo
from tmpass.verification.plan import check_plan
from tmpass.verification.state import state_order


def reader_writer_reader() -> Graph:
    """Make y = x + v; v = x * x; z = x + v: in any other order z or y is another number."""
    sketch = Sketch()
    x, v = sketch.input(8), sketch.tensor(8, TensorKind.VARIABLE)
    y = sketch.op([x, v], 8)
    sketch.ops.append(Op("ASSIGN", "op1", (x,), (v,)))
    sketch.outputs = [y, sketch.op([x, v], 8)]
    return graph_of(sketch)


def handles(*, in_body: bool) -> Graph:
    """Two operators on resource handles of their own, one of them perhaps inside a body."""
    main, body = Sketch(), Sketch("body")
    inner = body if in_body else main
    inner.op([inner.tensor(None, dtype=RESOURCE)], 4)
    if in_body:
        main.op([], 4, calls=(Call(1, "call"),))
    main.op([main.tensor(None, dtype=RESOURCE)], 4)
    return graph_of(main, body)


def test_accesses_to_a_variable_follow_each_other():
    assert state_order(reader_writer_reader()) == {(0, 1): [0], (0, 2): [1]}


@pytest.mark.parametrize("in_body", [False, True])
def test_resources_are_one_state_whatever_handle_names_them(in_body):
    assert state_order(handles(in_body=in_body)) == {(0, 1): [0]}


def test_operators_without_state_are_free():
    sketch = Sketch()
    x = sketch.input(8)
    sketch.outputs = [sketch.op([x], 8), sketch.op([x], 8)]
    assert state_order(graph_of(sketch)) == {}


def test_a_subgraph_that_calls_itself_does_not_hang():
    sketch = Sketch()
    sketch.op([], 1, calls=(Call(0, "call"),))
    assert state_order(graph_of(sketch)) == {}


@pytest.mark.parametrize("order", [(0, 2, 1), (1, 0, 2), (1, 2, 0)])
def test_a_plan_that_reorders_them_is_broken(order):
    graph = reader_writer_reader()
    good = plan(Model(ModelInfo("test", "test", "0" * 64), graph))
    steps = tuple(replace(good.schedule[op], step=step) for step, op in enumerate(order))
    violation = check_plan(replace(good, schedule=steps), graph)[0]
    assert violation.kind == "schedule"
    assert "touches the same variable or resource before it" in violation.message


def test_what_a_custom_operator_leaves_out_is_no_tensor_that_it_shares_with_others():
    sketch = Sketch()
    x, y = sketch.input(8), sketch.input(8)
    sketch.outputs = [sketch.op([x, ABSENT], 8, custom=True), sketch.op([y, ABSENT], 8)]
    assert not any(state_order(graph_of(sketch)).values())
