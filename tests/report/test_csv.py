"""A plan's buffers as MiniMalloc's CSV, which other allocators read."""

from hypothesis import given, settings
from support.graphs import Sketch, chain, graph_of, graphs

from tmpass.api.plan import plan
from tmpass.graph.model import TensorKind
from tmpass.loading.load import Model
from tmpass.packing.allocate import allocate
from tmpass.packing.problem import Memory
from tmpass.packing.problem_csv import read_problem
from tmpass.plans.plan import ModelInfo
from tmpass.report.formats.csv import emit
from tmpass.targets import Memory as TargetMemory
from tmpass.targets import Target

TWO = Target(
    "two",
    "variables apart",
    "",
    (
        TargetMemory("sram", 4096, 16, ("activations", "inputs_outputs")),
        TargetMemory("dram", None, 64, ("variables",)),
    ),
)


def planned(graph, target="pixel6-tpu", **options):
    return plan(Model(ModelInfo("net.tflite", "test", "0" * 64), graph), target, **options)


def test_a_row_for_each_buffer():
    assert emit(planned(chain(64, 100, 36), alignment=4)).splitlines() == [
        "id,lower,upper,size,alignment,offset",
        "0,0,1,64,4,100",
        "1,0,2,100,4,0",
        "2,1,2,36,4,100",
    ]


def test_a_buffer_without_bytes_has_no_row():
    assert [row.split(",")[0] for row in emit(planned(chain(8, 0, 8))).splitlines()] == ["id", "0", "2"]


@settings(max_examples=100, deadline=None)
@given(graphs())
def test_the_csv_is_a_packing_with_the_peak_of_the_plan(graph):
    made = planned(graph)
    problem = read_problem(emit(made), "plan.csv", capacity=None)
    assert [b.offset for b in problem.buffers] == [b.offset for b in made.buffers if b.size]
    assert [b.gaps for b in problem.buffers] == [b.gaps for b in made.buffers if b.size]
    again = allocate(problem)
    assert again.peak == made.memories[0].peak
    assert again.live_bytes == made.memories[0].live_bytes


def test_memories_follow_each_other_as_the_command_line_of_allocate_has_them():
    sketch = Sketch()
    x, state = sketch.input(100), sketch.tensor(40, TensorKind.VARIABLE)
    sketch.outputs = [sketch.op([x, state], 100)]
    text = emit(planned(graph_of(sketch), TWO))
    assert text.splitlines() == [
        "id,lower,upper,size,alignment,memory,offset",
        "0,0,1,100,16,sram,0",
        "1,0,1,40,64,dram,4096",
        "2,0,1,100,16,sram,112",
    ]
    memories = (Memory("sram", 0, 4096), Memory("dram", 4096, 40))
    problem = read_problem(text, "plan.csv", capacity=None, memories=memories)
    assert allocate(problem).peak == 4136
