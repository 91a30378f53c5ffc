"""Given values belong to inputs by the names of tensors and of signatures; each input has one value."""

from dataclasses import replace

import pytest
from support.graphs import Sketch, graph_of
from support.toy_runner import ReferencedRunner

from tmpass.api.plan import plan
from tmpass.base.errors import UsageError
from tmpass.execution.given import input_keys, values_by_tensor
from tmpass.execution.run import execute_plan
from tmpass.graph.model import Entry
from tmpass.loading.load import Model
from tmpass.plans.model_info import ModelInfo
from tmpass.targets import Memory, Target

TARGET = Target("one", "has one memory", "", (Memory("scratchpad", None, 1, ("activations", "inputs_outputs")),))


def entries(*subgraphs):
    """Entries with inputs of 8 bytes: for each a dict from the tensors' names to those in the signature, or None."""
    sketches = []
    for index, names in enumerate(subgraphs):
        sketch = Sketch(f"entry{index}")
        inputs = [sketch.input(8, name=name) for name in names]
        sketch.outputs = [sketch.op(inputs, 8)]
        sketches.append(sketch)
    graph = graph_of(*sketches)
    found = [
        Entry(f"entry{s}", s, {public: t for t, public in enumerate(names.values()) if public is not None})
        for s, names in enumerate(subgraphs)
    ]
    return replace(graph, entries=tuple(found))


@pytest.mark.parametrize(
    ("subgraphs", "given", "found"),
    [
        ([{"x": None, "y": None}], {"y": 1}, {(0, 1): 1}),
        ([{"x": "in"}], {"in": 1}, {(0, 0): 1}),
        ([{"x": "in"}, {"x": None}], {"x": 1}, {(0, 0): 1, (1, 0): 1}),
        ([{"x": "in"}, {"a": "in"}], {"in": 1}, {(0, 0): 1, (1, 0): 1}),
        ([{"x": "in"}, {"a": "x"}], {"x": 1}, {(0, 0): 1, (1, 0): 1}),  # a tensor here, in a signature there
        ([{"x": "in"}, {"a": "x"}], {"in": 1, "a": 2}, {(0, 0): 1, (1, 0): 2}),
        ([{"x": "y", "y": "x"}], {"x": 1}, {(0, 0): 1}),  # in one entry the tensor's name comes first
        ([{"x": "y", "y": "x"}], {"x": 1, "y": 2}, {(0, 0): 1, (0, 1): 2}),
    ],
)
def test_a_name_means_all_inputs_that_have_it(subgraphs, given, found):
    assert values_by_tensor(entries(*subgraphs), given) == found


@pytest.mark.parametrize(
    ("subgraphs", "given", "said"),
    [
        ([{"x": "in"}], {"x": 1, "in": 1}, "input 'x' is given twice, as 'x' and as 'in'"),
        ([{"x": "in"}], {"in": 1, "x": 1}, "input 'x' is given twice, as 'in' and as 'x'"),
        ([{"x": None}, {"a": "x"}], {"x": 1, "a": 1}, "input 'a' is given twice, as 'x' and as 'a'"),
        ([{"x": "in"}], {"y": 1}, "the model has no input 'y'; its inputs are 'x'"),
        ([{"x": None}, {"a": "in"}], {"": 1}, "the model has no input ''; its inputs are 'x', 'a'"),
    ],
)
def test_an_input_with_two_values_or_none(subgraphs, given, said):
    with pytest.raises(UsageError) as error:
        values_by_tensor(entries(*subgraphs), given)
    assert str(error.value).startswith(said)


def test_a_value_reaches_every_input_of_its_name():
    graph = entries({"x": "in"}, {"a": "x", "b": None})
    made = plan(Model(ModelInfo("test", "test", "0" * 64), graph), TARGET)
    taken = {}

    class Taking(ReferencedRunner):
        def take(self, subgraph, index, value):
            taken[subgraph, index] = value
            return super().take(subgraph, index, value)

    done = execute_plan(made, graph, Taking(graph), inputs={"x": bytes(8)})
    assert taken == {(0, 0): bytes(8), (1, 0): bytes(8)}
    assert (done.given, done.drawn, done.violations) == (("x", "a"), ("b",), ())
    assert input_keys(graph) == [(0, 0), (1, 0), (1, 1)]
