"""Results that a runtime keeps from run to run: planned in the memory of variables, and demanded by the verifier."""

from dataclasses import replace

import pytest
from support.graphs import Sketch, graph_of

from tmpass.api.plan import plan
from tmpass.graph.model import TensorKind
from tmpass.loading.load import Model
from tmpass.plans.model_info import ModelInfo
from tmpass.verification.plan import check_plan


def planned(graph, target="litert-cpu", **options):
    return plan(Model(ModelInfo("net.tflite", "tflite", "0" * 64), graph), target, **options)


def weighted(kinds, size=100, stored=True, custom=False):
    """`kinds` one after the other, from a constant or an input; an operator reads the last result and an input."""
    main = Sketch()
    x = main.input(8)
    last = main.tensor(size // 2, TensorKind.CONSTANT) if stored else main.input(size // 2)
    for kind in kinds:
        last = main.op([last], size, kind=kind, custom=custom)
    main.outputs = [main.op([x, last], 8, kind="FULLY_CONNECTED")]
    return graph_of(main)


def kept(made):
    return [row.name for row in made.tensors if row.role == "variable"]


@pytest.mark.parametrize(
    ("kinds", "names"),
    [
        (["DEQUANTIZE"], ["t2"]),
        (["DENSIFY"], ["t2"]),
        (["GATHER", "MUL"], ["t2", "t3"]),
        (["DENSIFY", "DEQUANTIZE"], ["t2"]),  # the second reads no constant of the file
        (["DEQUANTIZE", "GATHER"], ["t2"]),  # which the first run makes, so that it is not known before
        (["ABS", "GATHER"], []),
        (["GATHER", "DEQUANTIZE"], ["t2"]),
    ],
)
def test_which_results_are_kept(kinds, names):
    graph = weighted(kinds)
    made = planned(graph)
    assert kept(made) == names
    rows = {row.name: row for row in made.tensors}
    buffers = [made.buffers[rows[name].buffer] for name in names]
    whole_run = ("persistent-arena", 0, len(made.schedule))
    assert [(b.memory, b.lower, b.upper) for b in buffers] == [whole_run] * len(names)
    assert check_plan(made, graph) == []


def test_what_is_made_in_each_run_is_an_activation():
    assert kept(planned(weighted(["DEQUANTIZE"], stored=False))) == []
    assert kept(planned(weighted(["DEQUANTIZE"], custom=True))) == []
    assert kept(planned(weighted(["DEQUANTIZE"]), "tflm")) == []
    assert kept(planned(weighted(["SHAPE"], stored=False))) == ["t2"]


def test_a_plan_that_frees_what_the_runtime_keeps_is_wrong():
    graph = weighted(["DEQUANTIZE"])
    other = planned(graph, "tflm")
    claimed = replace(other, target=replace(other.target, runtime="litert"))
    assert "'t2' is listed as activation, but is variable" in check_plan(claimed, graph)[0].message
    mine = planned(graph)
    claimed = replace(mine, target=replace(mine.target, runtime=""))
    assert "'t2' is listed as variable, but is activation" in check_plan(claimed, graph)[0].message


def test_a_result_that_an_earlier_operator_of_the_file_reads_is_made_in_each_run():
    graph = weighted(["DEQUANTIZE"])
    (main,) = graph.subgraphs
    unsorted = replace(graph, subgraphs=(replace(main, ops=main.ops[::-1]),))
    made = planned(unsorted, schedule="topological")
    assert kept(made) == []
    assert [row.op for row in made.schedule] == [1, 0]
    assert check_plan(made, unsorted) == []
