"""A plan as a memory planner: compiled, and called as MicroAllocator of TensorFlow Lite Micro calls it."""

import re
from dataclasses import replace
from itertools import combinations
from pathlib import Path

import pytest
from sketch import Sketch
from support.graphs import chain
from support.shared import parametrize, tflite_bindings
from support.tflm_planner import TAIL, compile_planner, two_memories
from support.tflm_requests import requests
from tflite_writer import options, write_model

import tmpass
from tmpass.base.errors import ModelError, UsageError
from tmpass.loading.load import Model, load_to_plan
from tmpass.plans.model_info import ModelInfo
from tmpass.plans.plan import PlannedConstant
from tmpass.report.formats.tflm_planner import emit
from tmpass.report.formats.tflm_planner.rows import memories_of
from tmpass.targets.scratch.rule import ScratchRule

MODELS = sorted((Path(__file__).parents[2] / "models").glob("*.tflite"))
BRANCHY = next(path for path in MODELS if path.name == "branchy.tflite")
OPERATORS = {1: "CONV_2D", 3: "DEPTHWISE_CONV_2D"}
SCRATCH = {(0, 1): [100, 50], (0, 3): [16]}
RULES = [
    ScratchRule(OPERATORS[o], sum(-(-n // 16) * 16 for n in sizes), s, o, "drawn") for (s, o), sizes in SCRATCH.items()
]


ONE = {"tflm_person_detect_vela.tflite": "the commands of its operator have addresses in one memory"}


def planned(path, **options):
    target = "tflm" if path.name in ONE else two_memories()
    return tmpass.plan(path, target, bind=tflite_bindings(path), **options)


def asked(path, plan, scratch):
    """What MicroAllocator asks for: the planned file runs, with its operators in the planned order."""
    graph = load_to_plan(tmpass.planned_model(plan, path), tflite_bindings(path)).graph
    return requests(graph, scratch)


def commands(plan, rows):
    """The calls of one model allocation: with Init first, then each buffer, then each offset."""
    yield f"init {memories_of(plan)[0].peak} {TAIL // 2}"
    yield from (f"add {row.size} {row.first} {row.last}" for row in rows)
    yield from (f"get {index}" for index in range(len(rows)))
    yield "head"


def places_of(plan, rows, answers):
    """The array and the offset of each buffer, from the answers to `commands`."""
    count = len(rows)
    assert answers[: count + 1] == ["ok "] * (count + 1)
    assert answers[-1] == f"ok {memories_of(plan)[0].peak} {count}"
    return [tuple(map(int, answer.removeprefix("ok ").split())) for answer in answers[count + 1 : -1]]


def check_places(plan, rows, places):
    """Each tensor is where the plan says; scratch is inside a scratch buffer of its operator."""
    names = [memory.name for memory in memories_of(plan)]
    tensors = plan.tensors_by_key()
    for row, (array, offset) in zip(rows, places, strict=True):
        if row.scratch:
            steps = {s.step for s in plan.schedule if (s.subgraph, s.op) == row.key}
            homes = [b for b in plan.buffers if b.step in steps and b.memory == names[array]]
            assert any(b.offset <= offset and offset + row.size <= b.offset + b.size for b in homes)
        elif (row.first, row.last) != (-1, -1):
            planned_place = tensors[row.key]
            home = plan.buffers[planned_place.buffer]
            assert (names[array], offset) == (home.memory, planned_place.offset)


def check_apart(rows, places):
    """No two buffers that are alive in one scope have a byte in common."""
    for (a, (x, at)), (b, (y, bt)) in combinations(zip(rows, places, strict=True), 2):
        together = x == y and a.first <= b.last and b.first <= a.last and (a.last, b.last) > (-1, -1)
        assert not together or at + a.size <= bt or bt + b.size <= at


@pytest.mark.parametrize("standard", ["c++11", "c++17"])
def test_every_buffer_is_where_the_plan_says_and_nothing_overlaps(tmp_path, standard):
    plan = planned(BRANCHY, share="none", scratch=RULES, schedule="given")
    assert [memory.name for memory in memories_of(plan)] == ["sram", "psram"]
    rows = asked(BRANCHY, plan, SCRATCH)
    answers, said = compile_planner(tmp_path, plan, standard=standard).ask(*commands(plan, rows), "print")
    places = places_of(plan, rows, answers[:-1])
    check_places(plan, rows, places)
    check_apart(rows, places)
    assert {array for array, _ in places} == {0, 1}
    assert sum(row.scratch for row in rows) == 3
    assert "tmpass: memory 1 (psram): " in said


@pytest.mark.parametrize("path", MODELS, ids=lambda path: path.name)
@pytest.mark.parametrize("options", [{}, {"share": "none", "schedule": "given"}], ids=["shared", "apart"])
def test_models_of_the_project(tmp_path, path, options):
    plan = planned(path, **options)
    rows = asked(path, plan, {})
    answers, said = compile_planner(tmp_path, plan).ask(*commands(plan, rows))
    assert said == ""
    check_places(plan, rows, places_of(plan, rows, answers))


@parametrize("models/tflite/*.tflite")
def test_real_models(tmp_path, path):
    try:
        plan = planned(path)
        if plan.refused:
            pytest.skip("TensorFlow Lite Micro does not run it")
        rows = asked(path, plan, {})
    except ModelError as error:
        pytest.skip(f"it is not planned: {error}")
    if handle := next((t for t in plan.tensors if t.role == "unplanned"), None):
        with pytest.raises(UsageError, match=f"the runtime asks for bytes of tensor '{handle.name}'"):
            emit(plan)
        return
    answers, said = compile_planner(tmp_path, plan).ask(*commands(plan, rows))
    assert said == ""
    check_places(plan, rows, places_of(plan, rows, answers))


def test_activations_that_are_divided_between_two_memories(tmp_path):
    plan = tmpass.plan(BRANCHY, two_memories("16KiB"), share="none", schedule="given")
    rows = asked(BRANCHY, plan, {})
    answers, said = compile_planner(tmp_path, plan).ask(*commands(plan, rows))
    places = places_of(plan, rows, answers)
    assert said == ""
    check_places(plan, rows, places)
    check_apart(rows, places)
    roles = {(plan.tensor(row.key).role, array) for row, (array, _) in zip(rows, places, strict=True)}
    assert roles >= {("activation", 0), ("activation", 1), ("input", 1)}


def test_a_second_allocation_begins_anew(tmp_path):
    plan = planned(BRANCHY)
    rows = asked(BRANCHY, plan, {})
    once = list(commands(plan, rows))
    answers, _ = compile_planner(tmp_path, plan).ask(*once, *once)
    assert answers[: len(once)] == answers[len(once) :]


def test_offsets_of_the_file_do_not_count(tmp_path):
    plan = planned(BRANCHY)
    rows = asked(BRANCHY, plan, {})
    once = list(commands(plan, rows))
    own = [f"offline{line[3:]} 16" if line.startswith("add") else line for line in once]
    planner = compile_planner(tmp_path, plan)
    assert planner.ask(*once) == planner.ask(*own)


def test_a_plan_with_one_memory(tmp_path):
    plan = tmpass.plan(BRANCHY, "tflm")
    rows = asked(BRANCHY, plan, {})
    answers, _ = compile_planner(tmp_path, plan).ask(*commands(plan, rows))
    assert {array for array, _ in places_of(plan, rows, answers)} == {0}


@pytest.mark.parametrize("target", ["tflm", "two"])
@pytest.mark.parametrize("path", MODELS, ids=lambda path: path.name)
def test_the_macros_of_the_arrays_are_those_of_the_c_header(path, target):
    """BYTES is the whole array, of the arena with its tail: one number sizes it in both headers."""
    plan = tmpass.plan(path, "tflm" if target == "tflm" else two_memories(), bind=tflite_bindings(path))
    plain = macros_of(plan.emit("c"))
    planner = {name.replace("_PLANNER_", "_"): value for name, value in macros_of(emit(plan)).items()}
    first = memories_of(plan)[0]
    prefix = f"{path.stem.upper()}_{first.name.upper()}"
    assert planner[f"{prefix}_BYTES"] == first.needed - first.constants - first.reserve
    assert planner[f"{prefix}_HEAD"] == first.peak
    assert {name: plain[name] for name in planner} == planner


def macros_of(header):
    """The numbers of the macros of arrays, by name."""
    found = re.findall(r"#define (\w+_(?:BYTES|HEAD|ALIGNMENT)) (\d+)u", header)
    return {name: int(number) for name, number in found}


@pytest.mark.parametrize("standard", ["c++11", "c++17"])
def test_arrays_that_the_macros_declare_are_large_enough(tmp_path, standard):
    """As the firmware of docs/tflm-memories.md declares them, and with no byte more."""
    plan = planned(BRANCHY)
    names = [f"BRANCHY_PLANNER_{memory.name.upper()}" for memory in memories_of(plan)]
    arrays = [
        f"alignas({name}_ALIGNMENT) static unsigned char {array}[{name}_BYTES];"
        for name, array in zip(names, ("arena", "memory1"), strict=True)
    ]
    rows = asked(BRANCHY, plan, {})
    planner = compile_planner(tmp_path, plan, arrays=arrays, standard=standard)
    lines = [f"init {memories_of(plan)[0].peak} 64", *list(commands(plan, rows))[1:]]
    answers, said = planner.ask(*lines)
    assert said == ""
    check_places(plan, rows, places_of(plan, rows, answers))


class TestErrors:
    """What differs from the plan is printed, and there are no offsets."""

    @pytest.fixture(scope="class")
    @classmethod
    def made(cls, tmp_path_factory):
        plan = planned(BRANCHY, scratch=RULES, schedule="given")
        return plan, asked(BRANCHY, plan, SCRATCH), compile_planner(tmp_path_factory.mktemp("planner"), plan)

    @staticmethod
    def said(made, change):
        plan, rows, planner = made
        lines = list(commands(plan, rows))
        answers, said = planner.ask(*change(lines))
        assert "error " in answers
        assert not any(len(answer.split()) == 3 for answer in answers[:-1])  # no place
        return said.splitlines()[0]

    def test_another_size(self, made):
        said = self.said(made, lambda lines: [lines[0], f"add {made[1][0].size + 16} 0 0", "get 0", "head"])
        assert (
            said == f"tmpass: buffer 0 has {made[1][0].size + 16} bytes, planned are {made[1][0].size}: another model?"
        )

    def test_another_time(self, made):
        said = self.said(made, lambda lines: [lines[0], f"add {made[1][0].size} 0 99", "get 0", "head"])
        assert said.startswith("tmpass: buffer 0 is used in scopes 0 to 99, planned are ")

    def test_fewer_tensors(self, made):
        said = self.said(made, lambda lines: [*lines[:3], "get 0", "head"])
        assert said.startswith("tmpass: the model has 2 tensors to place, the plan ")

    def test_more_scratch(self, made):
        last = next(i for i, row in enumerate(made[1]) if row.scratch)
        row = made[1][last]
        more = f"add {row.size + 64} {row.first} {row.last}"
        said = self.said(made, lambda lines: [*lines[: last + 1], more, *lines[last + 2 :]])
        assert said.endswith(f"in scope {row.first} asks for 240 bytes of scratch, which the plan does not have")

    def test_scratch_of_another_operator(self, made):
        extra = "add 16 6 6"
        said = self.said(made, lambda lines: [*lines[: len(made[1]) + 1], extra, "get 0", "head"])
        assert said == "tmpass: the operator in scope 6 asks for 16 bytes of scratch, which the plan does not have"

    def test_no_such_buffer(self, made):
        plan, rows, planner = made
        answers, said = planner.ask(*list(commands(plan, rows))[: len(rows) + 1], "get -1", f"get {len(rows)}")
        assert answers[-2:] == ["error ", "error "]
        assert said.splitlines()[0] == f"tmpass: there is no buffer -1: {len(rows)} were added"

    def test_no_init(self, made):
        assert self.said(made, lambda lines: lines[1:]).endswith(
            "the planner is not ready: Init failed, or was not called"
        )

    def test_another_arena(self, made):
        outside = f"init {memories_of(made[0])[0].peak} {TAIL * 2}"
        said = self.said(made, lambda lines: [outside, *lines[1:]])
        assert said == "tmpass: memory 0 (sram) is not the arena that MicroAllocator::Create was given"

    def test_no_bytes_to_note_scratch(self, made):
        said = self.said(made, lambda lines: ["init 0 0", *lines[1:]])
        assert said == "tmpass: the arena has too few bytes left to note 1 requests of scratch"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ("arena, sizeof arena, memory1, 16", "the array of memory 1 (psram) is too small"),
        ("arena, 16, memory1, sizeof memory1", "the array of memory 0 (sram) is too small"),
        ("arena, sizeof arena, nullptr, 0", "the array of memory 1 (psram) is too small"),
        ("arena, sizeof arena, memory1 + 4, sizeof memory1 - 4", "the array of memory 1 (psram) is not aligned to 16"),
        ("arena, sizeof arena, arena + 64, sizeof arena - 64", "the arrays of memories 0 and 1 overlap"),
        (
            "arena, sizeof arena, reinterpret_cast<unsigned char*>(UINTPTR_MAX / 2 + 1), sizeof memory1",
            "the array of memory 1 (psram) is 2 GiB or more from the arena",
        ),
    ],
)
def test_wrong_arrays(tmp_path, arguments, message):
    plan = planned(BRANCHY)
    answers, said = compile_planner(tmp_path, plan, arguments=arguments).ask("init 0 16", "add 16 0 0", "get 0")
    assert answers == ["error "] * 3
    assert said.startswith(f"tmpass: {message}")


def test_an_arena_that_is_not_aligned(tmp_path):
    plan = planned(BRANCHY)
    head = memories_of(plan)[0].peak
    arrays = [
        f"alignas(16) static unsigned char whole[{head + 64 + TAIL}]; static unsigned char* const arena = whole + 16;",
        f"alignas(16) static unsigned char memory1[{memories_of(plan)[1].peak}];",
    ]
    arguments = f"whole + 4, {head + TAIL}, memory1, sizeof memory1"
    planner = compile_planner(tmp_path, plan, arrays=[arrays[0], arrays[1]], arguments=arguments)
    rows = asked(BRANCHY, plan, {})
    answers, said = planner.ask(f"init {head} 64", *list(commands(plan, rows))[1:])
    assert said == ""
    assert "error " not in answers


def refused(plan):
    """The one line with which `plan` is refused."""
    with pytest.raises(UsageError) as error:
        emit(plan)
    assert "\n" not in str(error.value)
    return str(error.value)


class TestRefused:
    """One clear line for what no planner can do."""

    @staticmethod
    def chain(target="tflm", form="tflite"):
        return tmpass.plan(Model(ModelInfo("net.tflite", form, "0" * 64), chain(64, 64, 64)), target)

    def test_another_runtime(self):
        words = "net.tflite: tflm-planner is for TensorFlow Lite Micro, and the plan is for 'pixel6-tpu'"
        assert refused(self.chain("pixel6-tpu")).startswith(words)

    def test_another_format(self):
        assert "TensorFlow Lite Micro does not read onnx" in refused(self.chain(form="onnx"))

    def test_a_tensor_without_a_place(self):
        plan = self.chain()
        unknown = replace(plan.tensors[1], bytes=None, role="unplanned", buffer=None, offset=None, reason="open")
        plan = replace(plan, tensors=(plan.tensors[0], unknown, *plan.tensors[2:]))
        assert "bytes of tensor 't1', which has none in the plan: open" in refused(plan)

    def test_constants_that_are_copied(self):
        copied = PlannedConstant(0, "arena", 0, 16, 0, 2, ((0, 9),), "resident")
        assert "constants are copied to 'arena', and TensorFlow" in refused(replace(self.chain(), constants=(copied,)))

    def test_a_peak_above_2_gib(self):
        plan = self.chain()
        large = replace(plan.memories[0], peak=1 << 31)
        assert "the peak of 'arena' is above 2 GiB" in refused(replace(plan, memories=(large, *plan.memories[1:])))

    def test_scratch_of_an_operator_that_runs_twice(self):
        plan = tmpass.plan(called_twice(), two_memories(), scratch=[ScratchRule("ADD", 64)])
        scratch = [b for b in plan.buffers if b.step is not None]
        assert len(scratch) == 2
        moved = replace(scratch[1], offset=scratch[0].offset + 64)
        apart = replace(plan, buffers=tuple(moved if b is scratch[1] else b for b in plan.buffers))
        assert "is run by several operators, with scratch at another offset each time" in refused(apart)
        together = replace(scratch[1], offset=scratch[0].offset)
        emit(replace(plan, buffers=tuple(together if b is scratch[1] else b for b in plan.buffers)))

    def test_scratch_beside_a_body_without_operators(self):
        plan = tmpass.plan(called_twice(empty=True), two_memories(), scratch=[ScratchRule("ADD", 64)])
        assert "stands in a body whose sibling has no operators" in refused(plan)


def called_twice(*, empty=False):
    """A model whose IF has one body for both branches, or one body without operators."""
    main, body, none = Sketch(), Sketch("body"), Sketch("none")
    c, x = main.input("c", [1], "BOOL"), main.input("x", [64])
    branches = options("IfOptions", then_subgraph_index=1, else_subgraph_index=2 if empty else 1)
    main.outputs = [main.op("IF", [c, x], "y", [64], branches)]
    a = body.input("a", [64])
    body.outputs = [body.op("ADD", [a, a], "b", [64], options("AddOptions", fused_activation_function=0))]
    none.outputs = [none.input("a", [64])]
    return write_model([main.subgraph(), body.subgraph(), none.subgraph()])


@pytest.mark.parametrize("empty", [False, True], ids=["twice", "empty"])
def test_bodies_that_run_twice_or_have_no_operators(tmp_path, empty):
    model = called_twice(empty=empty)
    plan = tmpass.plan(model, two_memories())
    rows = requests(tmpass.load(model).graph, {})
    answers, said = compile_planner(tmp_path, plan).ask(*commands(plan, rows))
    assert said == ""
    check_places(plan, rows, places_of(plan, rows, answers))
