"""Constants against a target: what a plan changes of the device, and what its bytes alone cannot show, is found."""

from dataclasses import replace

import pytest
from support.graphs import Sketch, graph_of
from support.planning import INFO

from tmpass.api.plan import plan
from tmpass.api.verify import verify
from tmpass.base.errors import UsageError
from tmpass.graph.model import Call, Graph, Stored, TensorKind
from tmpass.loading.load import Model
from tmpass.plans.left_out import NotCounted
from tmpass.plans.plan import Plan
from tmpass.plans.plan_json import parse_plan
from tmpass.targets import RUNTIMES, Memory, Target

EVERY = ("activations", "variables", "weights", "inputs_outputs")
WRITTEN = ("activations", "variables", "inputs_outputs")
LARGE = 2**62


def network() -> Graph:
    """Two operators with weights of their own, 64 and 96 bytes, and 4 bytes in common."""
    sketch = Sketch()
    x, shared = sketch.input(16), sketch.tensor(4, TensorKind.CONSTANT)
    one, two = (sketch.tensor(size, TensorKind.CONSTANT) for size in (64, 96))
    sketch.outputs = [sketch.op([sketch.op([x, one, shared], 32), two, shared], 8)]
    return graph_of(sketch)


def target(capacity: int | None = 200, runtime: str = "", **far: object) -> Target:
    memories = (
        Memory("sram", capacity, 8, EVERY, reserve=8 if capacity else 0),
        Memory("weights", None, 8, ("activations",)),
        replace(Memory("dram", 4096, 4, EVERY, compute=False, chunk=32), **far),
    )
    return Target("t", "s", "assumed", memories, runtime=RUNTIMES[runtime])


MODEL = Model(replace(INFO, bytes=500), network())
STREAMED = plan(MODEL, target(160))
RESIDENT = plan(MODEL, target())
KEPT = plan(MODEL, target(runtime="litert"))


def with_memory(made: Plan, name: str, **change: object) -> Plan:
    return replace(made, memories=tuple(replace(m, **change) if m.name == name else m for m in made.memories))


def kinds(made: Plan, goal: Target | None = None, model: Model = MODEL) -> set[str]:
    return {violation.kind for violation in verify(made, model, target=goal)}


def test_the_plans_that_are_broken_here_are_right():
    assert kinds(STREAMED) == kinds(STREAMED, target(160)) == set()
    assert kinds(RESIDENT) == kinds(RESIDENT, target()) == set()
    assert kinds(KEPT) == kinds(KEPT, target(runtime="litert")) == set()
    assert {row.use for row in STREAMED.constants} == {"stored", "resident", "streamed"}
    assert KEPT.memory("dram").overhead == 500 - 164


@pytest.mark.parametrize(
    ("name", "change"),
    [
        ("dram", {"compute": True}),
        ("dram", {"chunk": None}),
        ("dram", {"chunk": 64}),
        ("dram", {"capacity": None}),
        ("sram", {"reserve": 0}),
        ("sram", {"reserve": 16}),
        ("sram", {"alignment": 4}),
    ],
)
def test_a_memory_that_the_target_does_not_have_is_found_with_the_target(name, change):
    assert "target" in kinds(with_memory(STREAMED, name, **change), target(160))


def test_a_copy_in_a_memory_that_holds_no_weights_is_found_with_the_target():
    memories = (*RESIDENT.memories, replace(RESIDENT.memory("sram"), name="weights", capacity=None, reserve=0))
    memories = tuple(replace(m, peak=0, lower_bound=0, live_bytes=0) if m.name == "weights" else m for m in memories)
    moved = replace(RESIDENT, memories=memories)
    rows = tuple(replace(row, memory="weights") if row.use == "resident" else row for row in moved.constants)
    assert "target" in kinds(replace(moved, constants=rows), target())


def test_constants_may_be_left_out_only_where_the_target_keeps_none():
    order = replace(RESIDENT.order, streamed_bound=None)  # which a plan without copies has not
    bare = replace(RESIDENT, constants=(), memories=RESIDENT.memories[:1], order=order)
    bare = with_memory(bare, "sram", loaded=0, loaded_bound=0)
    listed = replace(bare, not_counted=(*bare.not_counted, NotCounted("weights", 3, 164)))
    assert kinds(listed) == set()
    assert kinds(listed, target()) == {"target"}
    without = replace(target(), memories=(replace(target().memories[0], holds=WRITTEN),))
    assert kinds(listed, without) == set()


@pytest.mark.parametrize("size", [None, 0, 499, LARGE])
def test_the_bytes_of_the_file_are_those_of_the_model(size):
    for made in (STREAMED, KEPT):
        assert kinds(replace(made, model=replace(made.model, bytes=size))) == {"model"}


@pytest.mark.parametrize("size", [0, 335, 337, LARGE])
def test_the_overhead_is_the_rest_of_the_file(size):
    assert "overhead" in kinds(with_memory(KEPT, "dram", overhead=size))
    assert "overhead" in kinds(with_memory(STREAMED, "dram", overhead=size)) or size == 0


def test_the_file_of_a_model_without_constants_is_in_the_memory_of_constants():
    sketch = Sketch()
    sketch.outputs = [sketch.op([sketch.input(16)], 8)]
    model, goal = Model(replace(INFO, bytes=300), graph_of(sketch)), target(runtime="litert")
    made = plan(model, goal)
    assert (made.memory("dram").overhead, made.constants) == (300, ())
    assert kinds(made, goal, model) == set()
    assert "overhead" in kinds(with_memory(made, "dram", overhead=0), goal, model)
    other = with_memory(with_memory(made, "dram", overhead=0), "sram", overhead=300)
    assert "overhead" in kinds(other, goal, model)


def test_a_constant_that_an_operator_with_bodies_reads_stays_while_they_run():
    body, main = Sketch("body"), Sketch()
    body.outputs = [body.op([body.op([body.input(8), body.tensor(24, TensorKind.CONSTANT)], 8)], 8)]
    x, weight = main.input(8), main.tensor(64, TensorKind.CONSTANT)
    main.outputs = [main.op([x, weight], 8, kind="LOOP", calls=(Call(1, "body", repeats=True),))]
    model = Model(INFO, graph_of(main, body))
    near, *others = target(130, chunk=None).memories
    made = plan(model, replace(target(), memories=(replace(near, survives=False), *others)))
    row = next(row for row in made.constants if row.use == "streamed" and row.tensors == ((0, weight),))
    assert (row.lower, row.upper) == (0, 3)
    rows = tuple(replace(one, upper=1) if one is row else one for one in made.constants)
    assert kinds(replace(made, constants=rows), None, model) == {"constants"}


def test_tensors_of_several_sizes_that_are_stored_once_have_the_bytes_of_the_largest():
    stored = {(0, t): Stored((0, 1), None) for t in (1, 2, 3)}
    made = plan(model := Model(INFO, replace(network(), stored=stored)), target(runtime="litert"))
    assert [row.size for row in made.constants if row.use == "stored"] == [96]
    assert kinds(made, None, model) == set()


def test_a_copy_that_ends_above_the_capacity_does_not_fit():
    """The capacity is not a multiple of the alignment, and the copy ends within the last piece of one."""
    sketch = Sketch()
    sketch.outputs = [sketch.op([sketch.input(12), sketch.tensor(8, TensorKind.CONSTANT)], 1)]
    made = plan(model := Model(INFO, graph_of(sketch)), target(29 + 8))
    ends = [row.offset + row.size for row in (*made.buffers, *made.constants) if row.memory == "sram"]
    assert made.fits == (max(ends) <= 29)
    for capacity in range(max(ends) - 8, max(ends) + 8):
        made = plan(model, target(capacity + 8))
        ends = [row.offset + row.size for row in (*made.buffers, *made.constants) if row.memory == "sram"]
        assert made.fits == (max(ends) <= capacity)


@pytest.mark.parametrize("made", [STREAMED, RESIDENT])
def test_a_row_without_tensors_is_found(made):
    for row in made.constants:
        for tensors in ((), ((0, 0),), ((9, 9),), ((0, -1),)):
            rows = tuple(replace(one, tensors=tensors) if one is row else one for one in made.constants)
            assert "constants" in kinds(replace(made, constants=rows))


@pytest.mark.parametrize("made", [STREAMED, KEPT])
def test_huge_and_negative_numbers_are_found(made):
    for at, row in enumerate(made.constants):
        for field in ("offset", "size", "lower", "upper"):
            for number in (LARGE, -1, -(10**30), 10**30):
                rows = [*made.constants]
                rows[at] = replace(row, **{field: number})
                assert kinds(replace(made, constants=tuple(rows))), (field, number)
    fields = ("peak", "lower_bound", "live_bytes", "constants", "loaded", "loaded_bound", "overhead", "alignment")
    for memory in made.memories:
        for field in fields:
            assert kinds(with_memory(made, memory.name, **{field: LARGE})), (memory.name, field)


def test_what_is_not_counted_is_listed_once():
    row = NotCounted("weights", 3, 164)
    assert kinds(replace(RESIDENT, not_counted=(*RESIDENT.not_counted, row))) == {"not counted"}
    twice = (*RESIDENT.not_counted, *RESIDENT.not_counted)
    assert (kinds(replace(RESIDENT, not_counted=twice)) == {"not counted"}) == bool(twice)


def test_versions_do_not_mix():
    text = RESIDENT.to_json()
    with pytest.raises(UsageError):
        parse_plan(text.replace("tmpass.plan/2", "tmpass.plan/1"))
    with pytest.raises(UsageError):
        parse_plan(text.replace('"constants": [', '"transfers": [', 1))


def test_the_tail_of_an_arena_is_not_taken_for_the_file_of_the_model():
    goal = replace(target(4096, runtime="tflm"), memories=target(4096).memories[::2])
    made = plan(MODEL, goal)
    assert kinds(made, goal) == set()
