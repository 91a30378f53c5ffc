"""What is looked up for many ties at once is what each of them has alone."""

import random
import sys

import pytest
from support.drawn import draw_graph
from support.graphs import Sketch, graph_of
from support.planning import ALL, INFO

from tmpass.api.plan import plan
from tmpass.loading.load import Model
from tmpass.planning.sharing import tied_order, timed_classes
from tmpass.planning.sharing.tied import EndTie
from tmpass.planning.sharing.tied_order import tie_edges


@pytest.mark.parametrize("few", [0, sys.maxsize])
def test_classes_join_as_they_do_where_all_pairs_are_compared(few, monkeypatch):
    graphs = [draw_graph(random.Random(seed), 12, groups=0.5) for seed in range(60)]
    options = {"share_io": True, "schedule": "given"}
    plans = [plan(Model(INFO, graph), ALL, **options).to_json() for graph in graphs]
    monkeypatch.setattr(timed_classes, "_FEW_PAIRS", few)
    assert [plan(Model(INFO, graph), ALL, **options).to_json() for graph in graphs] == plans


def passed_on(count: int) -> tuple[Sketch, list[int], list[int]]:
    """Inputs that are joined and cut again: the outputs are pieces of them, or made of such a piece."""
    sketch = Sketch()
    given = [sketch.input(4) for _ in range(count)]
    cut = sketch.split(sketch.view(sketch.concat(*given)), *[4] * count)
    made = [t if t % 2 else sketch.unary(t) for t in range(cut, cut + count)]
    sketch.outputs = [*made, *(sketch.op([t], 1) for t in given)]
    return sketch, made, given


@pytest.mark.parametrize("bits", [1, 2, 5, 4096])
def test_an_input_that_is_passed_on_to_its_output_is_not_read_before(bits, monkeypatch):
    monkeypatch.setattr(tied_order, "_BITS", bits)
    sketch, made, given = passed_on(6)
    graph = graph_of(sketch)
    ties = [EndTie((0, output), (0, one)) for output, one in zip(made, given, strict=True)]
    writers = {t: index for index, op in enumerate(sketch.ops) for t in op.outputs}
    alone = [edge for tie in ties for edge in tie_edges(graph, [tie], 0)]
    assert list(tie_edges(graph, ties, 0)) == alone
    assert {later for _, later in alone} == {writers[t] for t in made if sketch.ops[writers[t]].moves is None}
    for views in (True, False):
        apart = [edge for tie in ties for edge in tie_edges(graph, [tie], 0, views)]
        assert list(tie_edges(graph, ties, 0, views)) == apart != alone


def test_an_operator_that_several_ties_need_in_place_is_told_once():
    sketch = Sketch()
    given = [sketch.input(4), sketch.input(4)]
    cut = sketch.split(sketch.unary(sketch.concat(*given)), 4, 4)
    sketch.outputs = [cut, cut + 1]
    ties = {f"t{cut}": f"t{given[0]}", f"t{cut + 1}": f"t{given[1]}"}
    (line,) = plan(Model(INFO, graph_of(sketch)), ALL, tie=ties, inplace=False).warnings
    assert line == "--tie needs a RELU that writes 't3' over 't2': [sharing] of all does not list it"
