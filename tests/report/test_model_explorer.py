"""Live bytes by operator as node data for Model Explorer."""

import json

from hypothesis import given, settings
from support.graphs import Sketch, chain, graph_of, graphs

from tmpass.api.plan import plan
from tmpass.graph.model import TensorKind
from tmpass.loading.load import Model
from tmpass.plans.model_info import ModelInfo
from tmpass.plans.peak_step import deciding_memory, find_peak_step, in_use
from tmpass.report.formats.model_explorer import emit, live_by_step
from tmpass.targets import Memory, Target


def planned(graph, **options):
    return plan(Model(ModelInfo("net.tflite", "test", "0" * 64), graph), **options)


def test_a_value_for_each_operator_and_the_colours_between_the_least_and_the_most():
    data = json.loads(emit(planned(chain(1024, 3000, 512), alignment=1)))
    assert data["results"] == {"op0": {"value": 4024}, "op1": {"value": 3512}}
    assert data["name"] == "live bytes in scratchpad"
    assert [colour["stop"] for colour in data["gradient"]] == [0, 1]


@settings(max_examples=100, deadline=None)
@given(graphs())
def test_the_bytes_alive_at_each_step(graph):
    made = planned(graph)
    memory = made.memories[0]
    used = [
        sum(h - low for b in made.buffers for lower, upper, low, h in in_use(b) if lower <= step.step < upper)
        for step in made.schedule
    ]
    assert live_by_step(made, memory) == used
    full = find_peak_step(made, memory)
    if full.step is not None:
        assert max(used) == full.live_bytes
    assert {name: row["value"] for name, row in json.loads(emit(made))["results"].items()} == {
        step.name: max(u for s, u in zip(made.schedule, used, strict=True) if s.name == step.name)
        for step in made.schedule
    }


def test_a_memory_of_constants_alone_has_no_live_bytes_so_the_first_one_is_shown():
    sketch = Sketch()
    sketch.outputs = [sketch.op([sketch.input(64), sketch.tensor(1000, TensorKind.CONSTANT)], 32)]
    memories = (
        Memory("sram", None, 1, ("activations", "inputs_outputs")),
        Memory("flash", 900, 1, ("weights",)),
    )
    made = planned(graph_of(sketch), target=Target("board", "", "", memories))
    assert deciding_memory(made).name == "flash"
    data = json.loads(emit(made))
    assert (data["name"], data["results"]) == ("live bytes in sram", {"op0": {"value": 96}})
