"""The order that moves the fewest bytes, and the bound on all orders, against all orders of small graphs."""

from dataclasses import replace
from itertools import islice

import networkx as nx
import pytest
from hypothesis import given, settings
from support.graphs import Sketch, graph_of
from support.travelling import fewest, least_with_transfers, planned, target, travelling

from tmpass.graph.dependencies import dependencies
from tmpass.graph.model import Graph, TensorKind
from tmpass.plans.plan import Plan
from tmpass.targets import Target

MOST_ORDERS = 150


def without_parts(capacity: int) -> Target:
    """A target on which views and results in place share, and no tensor is a part of another."""
    made = target(capacity)
    return replace(made, sharing=replace(made.sharing, parts=()))


def orders(graph: Graph) -> list[list[int]]:
    """The orders of the operators, in which each comes after those whose results it reads."""
    return list(islice(nx.all_topological_sorts(dependencies(graph.subgraphs[0])), MOST_ORDERS))


def in_order(graph: Graph, order: list[int]) -> Graph:
    main = graph.subgraphs[0]
    return replace(graph, subgraphs=(replace(main, ops=tuple(main.ops[op] for op in order)),))


def moved(made: Plan) -> int:
    return 0 if made.transfers is None else made.transfers.moved


@settings(max_examples=40, deadline=None)
@given(travelling())
def test_no_order_moves_fewer_bytes_than_the_bound_with_sharing(graph):
    found = least_with_transfers(graph)
    if found is None:
        return
    goal = without_parts(found.memories[0].capacity or 0)
    made = planned(graph, goal)
    if made.transfers is None:
        return
    for order in orders(graph):
        other = planned(in_order(graph, order), goal, schedule="given")
        if other.fits:
            assert made.transfers.any_order <= moved(other)


@settings(max_examples=40, deadline=None)
@given(travelling())
def test_no_order_moves_fewer_bytes_than_the_bound_without_sharing(graph):
    made = least_with_transfers(graph, share="none")
    if made is None or made.constants or len(graph.subgraphs[0].ops) > 8:
        return
    least = min(fewest(graph, made.memories[0].capacity, order) for order in orders(graph))
    assert made.transfers.any_order <= least
    assert made.transfers.any_order > 0


def test_outputs_wait_for_operators_whose_results_nobody_reads():
    """Beside the 32 bytes of the last operator but one, neither `x` nor what is made of it can stay."""
    sketch = Sketch()
    x = sketch.input(8)
    sketch.op([sketch.unary(sketch.unary(x))], 24)
    sketch.outputs = [sketch.view(x)]
    made = planned(graph_of(sketch), without_parts(32), share="none")
    assert made.transfers is not None
    assert made.transfers.any_order == moved(made) == 16


def test_inputs_wait_for_operators_that_read_constants_only():
    sketch = Sketch()
    x = sketch.input(16)
    big = sketch.op([sketch.op([sketch.tensor(8, TensorKind.CONSTANT)], 4)], 24)
    small = sketch.op([big], 4)
    sketch.outputs = [sketch.op([x, small], 8)]
    made = planned(graph_of(sketch), without_parts(36), share="none")
    assert made.transfers is not None
    assert made.transfers.any_order == moved(made) > 0


def wide() -> Graph:
    """Two long tensors are read by an addition, which may write over either, in orders where that is the last one."""
    sketch = Sketch()
    x = sketch.input(8)
    a, b = sketch.op([x], 40), sketch.op([x], 40)
    total = sketch.unary(a, b)
    late = sketch.op([a], 8)
    y = sketch.op([total], 8)
    sketch.outputs = [sketch.op([y, late], 8)]
    return graph_of(sketch)


@pytest.mark.parametrize(("inplace", "fits"), [(True, True), (False, False)])
def test_an_operator_that_writes_over_an_input_needs_room_for_one_of_them(inplace, fits):
    """With 88 bytes, the sum has room only over `a`, after the other reader of `a`, or over `b`."""
    assert planned(wide(), without_parts(88), inplace=inplace).fits is fits


def test_what_is_written_over_is_known_to_the_search():
    """The last reader of `far` writes over it: then nothing else has to leave for the result."""
    sketch = Sketch()
    x = sketch.input(8)
    far = sketch.op([x], 32)
    other = sketch.op([x], 32)
    late = sketch.op([far], 8)
    total = sketch.unary(far, other)
    big = sketch.op([total], 64)
    sketch.outputs = [sketch.op([big, late, total], 8)]
    graph, goal = graph_of(sketch), without_parts(112)
    made = planned(graph, goal)
    least = min(moved(planned(in_order(graph, order), goal, schedule="given")) for order in orders(graph))
    assert moved(made) == least
    if made.transfers is not None:
        assert made.transfers.any_order == least


def test_where_tensors_are_parts_of_others_nothing_is_said_of_all_orders():
    sketch = Sketch()
    x = sketch.input(8)
    a, b = sketch.op([x], 16), sketch.op([x], 16)
    whole = sketch.concat(a, b)
    y = sketch.op([sketch.op([whole], 64)], 8)
    sketch.outputs = [sketch.op([y, whole], 8)]
    made = planned(graph_of(sketch), target(96, 8))
    assert moved(made) > 0
    assert made.transfers.any_order == 0
