"""What a plan says of scratch, sources and unknown bytes, against its target: older plans lack some of it."""

import json
from dataclasses import replace
from pathlib import Path

import pytest
from support.graphs import Sketch, chain, graph_of
from support.planning import INFO

from tmpass.api.plan import plan
from tmpass.api.verify import trusted, verify
from tmpass.graph.model import Graph, TensorKind
from tmpass.loading.load import Model
from tmpass.plans.left_out import NotCounted
from tmpass.plans.plan import Plan
from tmpass.plans.plan_json import parse_plan
from tmpass.targets import Memory, Runtime, Target, load_target
from tmpass.targets.scratch.rule import ScratchRule

BRANCHY = Path(__file__).parent.parent.parent / "models" / "branchy.tflite"
"""It has a MEAN, for which TensorFlow Lite Micro has scratch."""


def said(made: Plan, target: object, kind: str, model: object = BRANCHY) -> list[str]:
    return [one.message for one in verify(made, model, target=target) if one.kind == kind]


def without_scratch(made: Plan, *kinds: str) -> Plan:
    """`made` as a version without rules for these kinds made it: no rules, no buffers of scratch for them."""
    rules = tuple(rule for rule in made.options.scratch if rule.kind not in kinds)
    gone = {b.id for b in made.buffers if b.step is not None and made.schedule[b.step].kind in kinds}
    kept = [b for b in made.buffers if b.id not in gone]
    ids = {b.id: at for at, b in enumerate(kept)}
    tensors = tuple(row if row.buffer is None else replace(row, buffer=ids[row.buffer]) for row in made.tensors)
    buffers = tuple(replace(b, id=ids[b.id]) for b in kept)
    return replace(made, buffers=buffers, tensors=tensors, options=replace(made.options, scratch=rules))


def version_1(made: Plan) -> Plan:
    data = json.loads(made.to_json())
    del data["constants"], data["model"]["bytes"]
    data |= {"schema": "tmpass.plan/1", "transfers": [], "memories": [m for m in data["memories"] if m["peak"]]}
    keys = ("id", "name", "capacity", "alignment", "peak", "lower_bound", "live_bytes", "capacity_source")
    data["memories"] = [{key: value for key, value in m.items() if key in keys} for m in data["memories"]]
    data["not_counted"] = []
    return parse_plan(json.dumps(data))


@pytest.mark.parametrize("target", ["tflm", "tflm-nrf52840", "litert-cpu", "pixel6-tpu", "ethos-u65"])
def test_a_plan_of_today_breaks_no_rule(target):
    assert verify(plan(BRANCHY, target), BRANCHY, target=target) == ()
    assert verify(plan(BRANCHY, target, budget="1MiB", alignment=64), BRANCHY, target=target) == ()


def test_a_plan_from_before_the_rules_of_its_runtime_lacks_their_scratch():
    made = plan(BRANCHY, "tflm")
    assert {rule.kind for rule in made.options.scratch} >= {"MEAN"}
    step = next(row.step for row in made.schedule if row.kind == "MEAN")
    message = f"TensorFlow Lite Micro has scratch for MEAN, but the plan's options have no rule for it at step {step}"
    assert said(without_scratch(made, "MEAN"), "tflm", "target") == [f"{message}: plan again"]


def test_rules_of_ones_own_for_the_kind_or_the_operator_are_enough():
    made = plan(BRANCHY, "tflm")
    place = next((row.subgraph, row.op) for row in made.schedule if row.kind == "MEAN")
    for rule in (ScratchRule("MEAN", 32), ScratchRule("MEAN", 32, *place), ScratchRule("MEAN", 0)):
        assert verify(plan(BRANCHY, "tflm", scratch=[rule]), BRANCHY, target="tflm") == ()


def test_a_plan_from_before_the_rules_of_its_profile_lacks_their_scratch():
    made = plan(BRANCHY, "litert-cpu")
    kinds = {rule.kind for rule in made.options.scratch}
    old = without_scratch(made, *kinds)
    found = said(old, "litert-cpu", "target")
    assert {kind for kind in kinds if any(f"scratch for {kind}," in message for message in found)} == kinds


@pytest.mark.parametrize("size", [16, 10**6])
def test_what_preparation_needs_is_by_the_rules_and_part_of_the_arena(size):
    made = plan(BRANCHY, "tflm", schedule="given")
    arena, *others = made.memories
    assert arena.preparation > arena.overhead
    assert verify(replace(made, memories=(replace(arena, preparation=0), *others)), BRANCHY, target="tflm") == ()
    wrong = replace(made, memories=(replace(arena, preparation=size), *others))
    found = said(wrong, "tflm", "overhead")
    assert found[0].startswith(f"arena claims {size} bytes to prepare the model, ")
    kept = replace(made, memories=(replace(arena, tail=0), *others))
    assert "a tail of 0, but by the rules" in said(kept, "tflm", "overhead")[0]
    flash = replace(made, memories=(arena, *(replace(one, preparation=size) for one in others)))
    assert said(flash, "tflm", "overhead")


def test_a_plan_of_version_1_lacks_the_tail_and_says_so():
    old = version_1(plan(BRANCHY, "tflm"))
    (message,) = said(old, "tflm", "overhead")
    assert message.startswith("arena claims 0 bytes for the runtime, but by its rules it takes ")
    assert message.endswith("; plans of version 1 leave it out: plan again")


def test_what_a_plan_of_version_1_does_not_place_is_on_trust():
    old = version_1(plan(BRANCHY, "pixel6-tpu"))
    assert verify(old, BRANCHY, target="pixel6-tpu") == ()
    messages = [one.message for one in trusted(old, target="pixel6-tpu") if one.what == "constants"]
    assert messages == ["they have room in 'dram': a plan of version 1 places none"]
    (message,) = [one.message for one in trusted(old, target="litert-cpu") if one.what == "constants"]
    assert message.startswith("they, and the rest of the model's file, have room in ")
    assert not any(one.what == "constants" for one in trusted(plan(BRANCHY, "pixel6-tpu"), target="pixel6-tpu"))


@pytest.mark.parametrize("field", ["capacity_source", "reserve_source"])
@pytest.mark.parametrize("text", ["", "data sheet"])
def test_another_source_than_the_target_has_is_found(field, text):
    made = plan(BRANCHY, "tflm-nrf52840")
    assert getattr(made.memories[0], field)
    wrong = replace(made, memories=(replace(made.memories[0], **{field: text}), *made.memories[1:]))
    (message,) = said(wrong, "tflm-nrf52840", "target")
    assert message.startswith(f"the {field.removesuffix('_source')} of arena is from {text!r}, in tflm-nrf52840 from ")


def test_without_a_target_sources_and_what_is_not_known_are_on_trust():
    made = plan(BRANCHY, "pixel6-tpu")
    source = load_target("pixel6-tpu").scratchpad.sources["capacity"]
    texts = {(one.what, one.message) for one in trusted(made)}
    assert ("source", f"the capacity of 'scratchpad' is from {source!r}") in texts
    (row,) = made.not_counted
    unknown = f"{row.count} operators may need scratch: {', '.join(row.names)}"
    assert ("not counted", unknown) in texts
    assert not {"source", "not counted"} & {one.what for one in trusted(made, target="pixel6-tpu")}


@pytest.mark.parametrize(
    "change",
    [{"count": 1}, {"names": ()}, {"names": ("CONV_2D",)}, {"bytes": 4}],
    ids=lambda change: next(iter(change)),
)
def test_other_operators_of_unknown_scratch_than_the_target_leaves_are_found(change):
    made = plan(BRANCHY, "pixel6-tpu")
    (row,) = made.not_counted
    for rows in ((replace(row, **change),), ()):
        *_, message = said(replace(made, not_counted=rows), "pixel6-tpu", "not counted")
        assert message.startswith("the plan does not count scratch of ")
        assert f"pixel6-tpu knows nothing of {row.count} (" in message


def test_operators_that_the_rules_of_a_runtime_do_not_know_are_found():
    sketch = Sketch()
    sketch.outputs = [sketch.op([sketch.input(16)], 16, kind="UNHEARD_OF", custom=True)]
    model = Model(INFO, graph_of(sketch))
    made = plan(model, "tflm")
    rows = tuple(row for row in made.not_counted if row.what != "runtime")
    assert len(rows) < len(made.not_counted)
    (message,) = said(replace(made, not_counted=rows), "tflm", "not counted", model)
    assert message == "the plan does not count runtime of no operators; tflm knows nothing of 1 (UNHEARD_OF)"


def unsized() -> Graph:
    sketch = Sketch()
    sketch.outputs = [sketch.op([sketch.op([sketch.input(16), sketch.tensor(8, TensorKind.CONSTANT)], "n")], 8)]
    return graph_of(sketch)


def test_names_of_what_is_not_counted_are_names_of_the_model():
    model = Model(INFO, unsized())
    target = Target("t", "", "", (Memory("m", None, 1, ("activations", "variables", "inputs_outputs")),))
    made = plan(model, target, allow_unplanned=True)
    rows = {row.what: row for row in made.not_counted}
    assert verify(made, model) == ()
    assert rows["tensors"].names == ("t2",)
    for row, text in (
        (replace(rows["tensors"], names=("t0",)), "tensors with 't0', which is not one"),
        (replace(rows["tensors"], names=("t2", "t2")), "tensors with 2 names for 1"),
        (replace(rows["weights"], names=("t0",)), "weights with 't0', which is not one"),
        (replace(rows["scratch"], names=("NO_SUCH",)), "scratch with 'NO_SUCH', which is not one"),
    ):
        changed = tuple(row if row.what == one.what else one for one in made.not_counted)
        assert said(replace(made, not_counted=changed), None, "not counted", model) == [
            f"the plan does not count {text}"
        ]


def test_another_runtime_is_one_violation_and_no_rule_of_it_another():
    made = plan(Model(INFO, chain(8, 8)), "tflm")
    other = Target("tflm", "", "", made_memories(), runtime=Runtime("litert"))
    assert not [one for one in verify(made, Model(INFO, chain(8, 8)), target=other) if "scratch" in one.message]
    assert NotCounted("scratch", 0) not in made.not_counted


def made_memories() -> tuple[Memory, ...]:
    return load_target("tflm").memories
