"""A plan's buffers as MiniMalloc's CSV, which other allocators read."""

from hypothesis import given, settings
from support.graphs import Sketch, chain, graph_of, graphs

from tmpass.api.plan import plan
from tmpass.graph.model import TensorKind
from tmpass.loading.load import Model
from tmpass.packing.allocate import allocate
from tmpass.packing.problem import Memory
from tmpass.packing.problem_csv import read_problem
from tmpass.plans.model_info import ModelInfo
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


def with_weights(reserve=0):
    """A plan with constants in the memory of the buffers, in a memory of variables, or copied from a third one."""
    sketch = Sketch()
    x, state, one = sketch.input(100), sketch.tensor(40, TensorKind.VARIABLE), sketch.tensor(300, TensorKind.CONSTANT)
    y = sketch.op([x, state, one], 200)
    sketch.outputs = [sketch.op([y, sketch.tensor(500, TensorKind.CONSTANT)], 100)]
    memories = (
        TargetMemory("sram", 1000, 16, ("activations", "inputs_outputs", "weights"), reserve=reserve),
        TargetMemory("dtcm", 100, 8, ("variables",)),
        TargetMemory("dram", None, 64, ("weights",), compute=False, chunk=64),
    )
    return planned(graph_of(sketch), Target("three", "copies", "", memories))


def test_a_memory_is_as_large_as_what_is_left_for_buffers():
    made = with_weights(reserve=50)
    sram = made.memories[0]
    assert sram.loaded > 0
    text = emit(made)
    state = next(b for b in made.buffers if b.memory == "dtcm")
    begin = -(-sram.room // 8) * 8
    assert f"{state.id},0,2,40,8,dtcm,{begin + state.offset}" in text.splitlines()
    assert len(text.splitlines()) == 1 + len(made.buffers)  # no row is a constant


def test_an_allocator_gets_the_buffers_of_each_memory_as_the_plan_has_them():
    made = with_weights()
    sram, dtcm, _ = made.memories
    begin = -(-sram.room // 8) * 8
    memories = (Memory("sram", 0, sram.room), Memory("dtcm", begin, dtcm.room))
    problem = read_problem(emit(made), "plan.csv", capacity=None, memories=memories)
    answer = allocate(problem)
    offsets = [b.offset + (begin if b.memory == "dtcm" else 0) for b in made.buffers]
    assert (list(answer.offsets), answer.peak) == (offsets, begin + dtcm.peak)


def test_memories_that_are_too_small_do_not_overlap():
    made = with_weights(reserve=950)
    assert not made.fits
    rows = [line.split(",") for line in emit(made).splitlines()[1:]]
    ends = [int(row[-1]) + int(row[3]) for row in rows if row[5] == "sram"]
    assert max(ends) <= min(int(row[-1]) for row in rows if row[5] == "dtcm")
