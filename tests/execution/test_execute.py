"""The project's own ONNX models run in the bytes of their plans, and every wrong offset in them shows."""

import json
from contextlib import suppress
from dataclasses import replace
from itertools import permutations

import pytest
from make_models import FOLDER

import tmpass
from tmpass.api.execute import execute
from tmpass.base.errors import BudgetError, UsageError
from tmpass.execution.run import execute_plan
from tmpass.graph.model import ABSENT
from tmpass.loading.load import load, load_runner
from tmpass.verification.plan import check_plan

pytest.importorskip("onnxruntime")

BIND = {"attention.onnx": {"batch": 2, "seq": 8}}
MODELS = sorted(path.name for path in FOLDER.glob("*.onnx"))


def planned(name, **options):
    return tmpass.plan(FOLDER / name, bind=BIND.get(name), **options)


@pytest.mark.parametrize(
    "options",
    [{}, {"share": "none"}, {"share": "views"}, {"share_io": True}, {"io": "external"}, {"keep_inputs": True}],
    ids=str,
)
@pytest.mark.parametrize("name", MODELS)
def test_a_model_runs_in_the_bytes_of_its_plan(name, options):
    done = execute(planned(name, **options), FOLDER / name)
    assert (done.violations, done.notes, done.unreached) == ((), (), ())
    assert done.steps >= len(load(FOLDER / name).graph.subgraphs[0].ops)


def test_control_flow_runs_every_round():
    # Drawn: deep, 4 rounds; then flat, 1 round. Each If has 1 step, then 3 or 1; each round 2, each of 8 rows 2.
    plan = planned("control_flow.onnx")
    assert len(plan.schedule) == 12
    assert execute(plan, FOLDER / "control_flow.onnx").steps > 2 * (4 + 8 * 2)


def moved(plan, number, offset):
    """`plan` with one buffer at another offset, and memories large enough for it."""
    by = offset - plan.buffers[number].offset
    return replace(
        plan,
        memories=tuple(replace(m, peak=m.peak + plan.buffers[number].size) for m in plan.memories),
        buffers=tuple(replace(b, offset=offset) if b.id == number else b for b in plan.buffers),
        tensors=tuple(replace(t, offset=t.offset + by) if t.buffer == number else t for t in plan.tensors),
    )


EQUAL = {
    "branchy.onnx": {("a", "joined")},  # the first part of what is joined
    "control_flow.onnx": {("goes_on", "going"), ("weighed", "x")},  # handed on; times 1 in its first row
}
"""Tensors of the same numbers where one would lie on the other: nothing is lost."""


@pytest.mark.parametrize("name", MODELS)
def test_a_plan_with_one_wrong_offset_is_caught(name):
    """Every buffer in turn on every other that is needed at the same time, but for results over what they follow from
    element by element: these may be written in place, whether the target does or not.
    """
    plan, path = planned(name, share="views"), FOLDER / name
    graph = load(path, bindings=BIND.get(name)).graph
    runner = load_runner(path, graph, BIND.get(name, {}))
    names = [graph.tensor(buffer.tensors[0]).name for buffer in plan.buffers]
    missed = set()
    for a, b in permutations(plan.buffers, 2):
        if a.lower < b.upper and b.lower < a.upper and a.offset != b.offset:
            wrong = moved(plan, a.id, b.offset)
            if not execute_plan(wrong, graph, runner).violations:
                assert any(violation.kind == "overlap" for violation in check_plan(wrong, graph))
                missed.add(tuple(sorted((names[a.id], names[b.id]))))
    in_place = {
        tuple(sorted((subgraph.tensors[source].name, subgraph.tensors[op.outputs[0]].name)))
        for subgraph in graph.subgraphs
        for op in subgraph.ops
        if op.elementwise
        for source in op.inputs
        if source != ABSENT
    }
    assert missed - in_place == EQUAL.get(name, set()) - in_place


NUMBERS = (1, 2**62)


@pytest.mark.parametrize("rows", ["memories", "schedule", "buffers", "tensors"])
def test_no_number_in_a_plan_makes_the_machine_stumble(rows):
    """Each field of each row in turn; the plan runs, or is wrong, or is refused."""
    plan, path = planned("control_flow.onnx"), FOLDER / "control_flow.onnx"
    graph = load(path).graph
    runner = load_runner(path, graph, {})
    for index, row in enumerate(json.loads(plan.to_json())[rows]):
        for key in (key for key, old in row.items() if isinstance(old, int)):
            for value in NUMBERS:
                data = json.loads(plan.to_json())
                data[rows][index][key] = value
                with suppress(BudgetError, UsageError):
                    execute_plan(tmpass.parse_plan(json.dumps(data)), graph, runner)


def test_what_load_returns_cannot_be_executed():
    with pytest.raises(UsageError, match="give the model's path or bytes"):
        execute(planned("branchy.onnx"), load(FOLDER / "branchy.onnx"))


def test_another_model_is_not_executed():
    (found,) = execute(planned("branchy.onnx"), FOLDER / "control_flow.onnx").violations
    assert found.kind == "model"


def test_a_format_that_cannot_be_executed_says_so(monkeypatch):
    path = FOLDER / "branchy.tflite"
    monkeypatch.delattr("tmpass.frontends.tflite.runner")
    with pytest.raises(UsageError, match=r"^branchy\.tflite: tflite models cannot be executed; verify without"):
        execute(tmpass.plan(path), path)
