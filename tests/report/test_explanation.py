"""An explanation as text and as JSON."""

import json
from dataclasses import replace

import pytest
from rich.console import Console
from support.graphs import Sketch, chain, graph_of

from tmpass.explanation.explain import explain
from tmpass.graph.model import TensorKind
from tmpass.loading.load import Model
from tmpass.plans.model_info import ModelInfo
from tmpass.report.json.explanation import to_json
from tmpass.report.terminal.explanation import alive_table, change_table, conflict_text, head, notes
from tmpass.targets import EVERY, Memory, Sharing, Target
from tmpass.targets.scratch.rule import ScratchRule

KINDS = ("activations", "variables", "inputs_outputs")


def explained(graph, capacity=None, alignment=1, **options):
    memory = Memory("m", capacity, alignment, KINDS)
    target = Target("mine", "", "", (memory,), Sharing((EVERY,), (EVERY,), (EVERY,)))
    return explain(Model(ModelInfo("net.test", "test", "0" * 64), graph), target, **options)


def lines(table):
    console = Console(width=1000, highlight=False, markup=False, emoji=False)
    with console.capture() as captured:
        console.print(table)
    return [line.rstrip() for line in captured.get().splitlines()]


def residual():
    """Input 4 -> A 32 -> B 32 -> C 8; ADD of A and C -> output 4."""
    sketch = Sketch()
    a = sketch.op([sketch.input(4)], 32, kind="A")
    c = sketch.op([sketch.op([a], 32, kind="B")], 8, kind="C")
    sketch.outputs = [sketch.op([a, c], 4, kind="ADD")]
    return graph_of(sketch)


def test_the_head_has_the_answer_the_missing_bytes_and_the_peak_step():
    own = "what a runtime keeps for itself (the profile names no runtime)"
    assert head(explained(residual(), 60)).splitlines() == [
        "fits         no: 12 B are missing, 72 B do not fit into 60 B",
        "model        net.test on mine, memory m",
        "least budget 72 B; proved: with this sharing none is smaller, in any order",
        "peak step    2 of 4, C 'op2': 72 B in 3 buffers",
        "over         2 of 4 steps need more than the capacity: 1..2",
        f"not counted  scratch of kernels (unknown without --scratch); {own}",
    ]


@pytest.mark.parametrize(("flash", "hint"), [(200, "maybe"), (90, "no")])
def test_another_memory_that_is_too_small_is_named_and_leaves_no_hope(flash, hint):
    sketch = Sketch()
    wide = sketch.op([sketch.input(4), sketch.tensor(100, TensorKind.CONSTANT)], 64)
    sketch.outputs = [sketch.op([sketch.op([wide], 64)], 4)]
    memories = (Memory("ram", 100, 1, KINDS), Memory("flash", flash, 1, ("weights",)))
    known = explain(Model(ModelInfo("net.test", "test", "0" * 64), graph_of(sketch)), Target("mine", "", "", memories))
    short = flash < 100
    assert known.peak_step.memory.name == "ram"
    assert ("also missing 10 B in flash" in head(known).splitlines()) is short
    assert json.loads(to_json(known))["also_missing"] == ({"flash": 10} if short else {})
    assert known.tilings[0].least <= 100
    assert {line.split()[2] for line in lines(change_table(known)) if "(hint)" in line} == {hint}


@pytest.mark.parametrize(
    ("capacity", "line"),
    [
        (None, "fits         yes: the memory has no limit, and 72 B are used"),
        (72, "fits         yes: 0 B of 72 B stay free"),
        (2000, "fits         yes: 1928 B (1.883 KiB) of 2000 B (1.953 KiB) stay free"),
    ],
)
def test_the_verdict_where_it_fits(capacity, line):
    assert head(explained(residual(), capacity)).splitlines()[0] == line


def test_a_verdict_and_a_budget_that_are_not_proved():
    known = explained(residual(), 60)
    memory = replace(known.peak_step.memory, lower_bound=50)
    order = replace(known.plan.order, lower_bound=50)
    plan = replace(known.plan, status="unknown", order=order)
    open_ = replace(known, peak_step=replace(known.peak_step, memory=memory), plan=plan)
    fits, _, least = head(open_).splitlines()[:3]
    assert [fits, least] == [
        "fits         not found: 12 B are missing, 72 B do not fit into 60 B; the search ended without a proof",
        "least budget 72 B, the best that was found; none below 50 B",
    ]


def test_the_alive_with_their_reasons():
    assert lines(alive_table(explained(residual()))) == [
        "bytes  alive at peak step  why",
        "   32  t1                  written by step 0 A, waits for step 3 ADD",
        "   32  t2                  written by step 1 B, read here",
        "    8  t3                  written here, needed up to step 3 ADD",
    ]


def test_inputs_outputs_and_scratch_have_their_own_reasons():
    known = explained(chain(8, 9), scratch=[ScratchRule("OP", 7)])
    assert lines(alive_table(known))[1:] == [
        "    9  t1                  written here, an output: alive to the end",
        "    8  t0                  input, read here",
        "    7  scratch             scratch of the operator while it runs",
    ]
    assert "input, alive to step 1" in "\n".join(lines(alive_table(explained(chain(8, 1, 30), keep_inputs=True))))


def test_a_tensor_that_is_read_here_and_later():
    sketch = Sketch()
    x, other = sketch.op([sketch.input(1)], 30), sketch.input(40)
    sketch.outputs = [sketch.op([x, sketch.op([x, other], 2, kind="SIDE")], 1, kind="JOIN")]
    assert "written by step 0 OP, read here and by step 2 JOIN" in "\n".join(
        lines(alive_table(explained(graph_of(sketch))))
    )


def test_of_many_only_the_largest_are_listed():
    sketch = Sketch()
    sketch.outputs = [sketch.op([sketch.input(20 + i) for i in range(20)], 1)]
    rows = lines(alive_table(explained(graph_of(sketch))))
    assert len(rows) == 14
    assert rows[-1].split() == ["189", "in", "9", "more"]


def test_a_conflict_of_one_and_of_several():
    assert conflict_text(explained(residual(), 20)) == (
        "t1 alone has 32 B, and does not fit within 20 B; nor does 1 more\n"
    )
    assert conflict_text(explained(residual(), 60)).splitlines() == [
        "2 buffers of steps 0..3 cannot fit together within 60 B; without any one of them the others fit:",
        "  t1 (32 B), t2 (32 B)",
    ]
    assert conflict_text(explained(residual())) == ""


def test_fragmentation_from_alignment_is_named():
    text = conflict_text(explained(chain(10, 10), 24, alignment=16))
    assert (
        text.splitlines()[-1] == "  never more than 20 B of them are alive at once, but alignment causes fragmentation"
    )


def test_changes_and_hints_with_their_savings():
    known = explained(chain(40, 30, 2), 60)
    assert [" ".join(row.split()) for row in lines(change_table(known))] == [
        "saves peak fits how",
        "40 30 yes --io external the caller brings the memory for inputs and outputs",
        "38 32 yes (no option) the caller brings the memory for input 't0' only",
        "<=26 >=44 maybe (hint) at best: t1 tiled along axis 0 into 8 pieces",
    ]


@pytest.mark.parametrize(
    ("kind", "format_", "shape", "axis"),
    [
        ("CONV_2D", "tflite", (1, 8, 2, 2), "H"),
        ("MaxPool", "onnx", (1, 1, 32, 1), "H"),
        ("Conv", "onnx", (1, 32, 1, 8), "W"),
        ("ConvertLike", "onnx", (1, 32, 1, 1), "axis 1"),
        ("RESHAPE", "tflite", (1, 8, 2, 2), "axis 1"),
        ("CONV_2D", "tflite", (8, 4), "axis 0"),
        ("CONV_2D", "test", (1, 8, 2, 2), "axis 1"),
    ],
)
def test_an_axis_has_a_letter_only_where_the_layout_is_certain(kind, format_, shape, axis):
    sketch = Sketch()
    wide = sketch.op([sketch.input(2)], shape, kind=kind)
    sketch.outputs = [sketch.op([wide], 2)]
    info = ModelInfo("net.test", format_, "0" * 64)
    known = explain(Model(info, graph_of(sketch)), Target("mine", "", "", (Memory("m", 20, 1, KINDS),), Sharing()))
    assert f"tiled along {axis} into" in "\n".join(lines(change_table(known)))


def test_where_it_fits_there_is_no_column_for_that():
    assert "fits" not in lines(change_table(explained(chain(40, 30, 2))))[0]


def test_nothing_that_helps_is_no_table():
    assert change_table(explained(chain(1, 1, 1, 1))) is None
    assert "alone without effect: --io external, --share-io" in notes(explained(chain(1, 1, 1, 1)))


def test_notes_on_other_orders():
    assert "no order helps: OP of step 0 needs all of these bytes at once" in notes(explained(chain(8, 8)))
    assert "no order helps: proved, with this sharing" in notes(explained(residual()))
    known = explained(residual())
    order = replace(known.plan.order, lower_bound=50)
    text = notes(replace(known, plan=replace(known.plan, order=order)))
    assert "order: given; a better one is not ruled out, but none has fewer than 50 B live" in text
    text = notes(explained(residual(), alignment=5))
    assert "no order has fewer live bytes; 5 B of the peak are fragmentation, which another order may avoid" in text


def test_a_tensor_to_rematerialise_and_an_interrupted_search():
    sketch = Sketch()
    x = sketch.input(2)
    waiting = sketch.op([x], 40, kind="RELU", elementwise=True)
    sketch.outputs = [sketch.op([waiting, sketch.op([sketch.op([x], 40)], 2)], 2)]
    known = explained(graph_of(sketch), schedule="given")
    assert "hint: rematerialise t1: step 0 RELU could compute it again before step 3" in notes(known)
    assert notes(replace(known, stopped=True)).startswith("interrupted: not all changes were tried\n")


def test_unprintable_names_stay_in_their_line():
    sketch = Sketch()
    sketch.outputs = [sketch.op([sketch.input(30, name="a\nb\x1b[2J")], 9, kind="K\n")]
    known = explained(graph_of(sketch), 20)
    text = head(known) + conflict_text(known) + notes(known) + "\n".join(lines(alive_table(known)))
    assert all(line.isprintable() for line in text.splitlines())
    long = explained(graph_of(_named("x" * 200)), 20)
    assert max(map(len, (head(long) + conflict_text(long)).splitlines())) < 200


def _named(name):
    sketch = Sketch()
    sketch.outputs = [sketch.op([sketch.input(30, name=name)], 9)]
    return sketch


def test_json_has_all_of_it():
    known = explained(residual(), 60)
    found = json.loads(to_json(known))
    memory = known.peak_step.memory.name
    assert (found["missing"], found["least_budget"]) == (12, {"bytes": 72, "proved": True, "memory": memory})
    assert [row["size"] for row in found["alive"]] == [32, 32, 8]
    assert found["alive"][0]["made"]["kind"] == "A"
    assert found["too_full"] == [[1, 2]]
    assert [row["tensor"]["name"] for row in found["conflict"]["buffers"]] == ["t1", "t2"]
    assert found["hints"]["split"][0]["lower_bound"] == known.tilings[0].least
    assert found["without_effect"] == list(known.without_effect)
    assert json.loads(to_json(explained(chain(0, 0))))["alive"] == []
