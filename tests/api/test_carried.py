"""The plan that a model file carries is read back: that of tmpass, and the offsets of another tool."""

import json
import re
import struct
from dataclasses import replace
from pathlib import Path

import pytest
from tflite_writer import Operator, Subgraph, Tensor, write_model

import tmpass
from tmpass.api.carried import planned_for
from tmpass.api.planned_model import put_into
from tmpass.base.errors import ModelError
from tmpass.loading.carrier import open_carrier
from tmpass.loading.load import load
from tmpass.plans.plan_json import parse_plan
from tmpass.targets import Memory, load_target
from tmpass.targets.scratch.rule import ScratchRule

MODELS = Path(__file__).parent.parent.parent / "models"


def chain(*offsets: int, metadata: bytes | None = None) -> bytes:
    """Four tensors of 64 bytes, each made from the one before, with these offsets in the file."""
    tensors = [Tensor(name, [16]) for name in "abcd"]
    plan = struct.pack(f"<{3 + len(offsets)}i", 1, 1, len(offsets), *offsets) if metadata is None else metadata
    graph = Subgraph(tensors, [Operator("SOFTMAX", [i], [i + 1]) for i in range(3)], inputs=[0], outputs=[3])
    return write_model([graph], metadata={"OfflineMemoryAllocation": plan})


@pytest.mark.parametrize("name", ["branchy", "attention"])
def test_a_planned_tflite_model_has_its_offsets(name):
    model = MODELS / f"{name}.tflite"
    made = tmpass.plan(model, "tflm")
    found = tmpass.carried_plan(tmpass.planned_model(made, model))
    assert found.peak == made.peak
    kept = {row.name: row.offset for row in made.tensors if row.role == "activation"}
    assert {row.name: row.offset for row in found.tensors if row.name in kept} == kept


@pytest.mark.parametrize("name", ["branchy", "control_flow"])
def test_a_planned_onnx_model_has_the_whole_plan(name):
    model = MODELS / f"{name}.onnx"
    made = tmpass.plan(model)
    found = tmpass.carried_plan(tmpass.planned_model(made, model))
    assert replace(found, model=made.model) == made
    assert tmpass.verify(found, model) == ()


def test_a_model_without_a_plan():
    assert tmpass.carried_plan(MODELS / "branchy.tflite") is None
    assert tmpass.carried_plan(MODELS / "branchy.onnx") is None


def test_offsets_of_another_tool_become_a_plan():
    model = chain(0, 128, 0, 64)
    found = tmpass.carried_plan(model)
    assert tmpass.verify(found, model) == ()
    assert [found.tensor(name).offset for name in "abcd"] == [0, 128, 0, 64]
    assert (found.peak, found.status, found.version) == (192, "feasible", "")
    assert found.warnings[0] == "the offsets are those in the file"


def test_what_is_left_to_the_runtime_is_placed_and_said():
    model = chain(0, -1, -1, 64)
    found = tmpass.carried_plan(model)
    assert tmpass.verify(found, model) == ()
    assert found.warnings[0].startswith("the offsets are those in the file; 2 of 4 buffers have none there")


@pytest.mark.parametrize("offsets", [(0, 32, 128, 192), (0, 0, 64, 0), (0, 32, -1, 192)])
def test_offsets_that_overlap_are_shown_and_not_verified(offsets):
    model = chain(*offsets)
    found = tmpass.carried_plan(model)
    assert [found.tensor(name).offset for name, at in zip("abcd", offsets, strict=True) if at >= 0] == [
        at for at in offsets if at >= 0
    ]
    assert found.warnings[-1].startswith("tensors overlap there")
    assert any(one.kind == "overlap" for one in tmpass.verify(found, model))


def test_what_writes_in_place_may_overlap():
    tensors = [Tensor(name, [64]) for name in "abcd"]
    ops = [Operator("TANH", [i], [i + 1]) for i in range(3)]
    plan = struct.pack("<7i", 1, 1, 4, 0, 256, 256, 512)
    model = write_model([Subgraph(tensors, ops, inputs=[0], outputs=[3])], metadata={"OfflineMemoryAllocation": plan})
    found = tmpass.carried_plan(model)
    assert found.tensor("b").buffer == found.tensor("c").buffer
    assert tmpass.verify(found, model) == ()


@pytest.mark.parametrize(
    "metadata", [b"", b"\1\0\0\0", struct.pack("<5i", 1, 1, 2, 0, 0), struct.pack("<7i", 1, 1, 4, 0, -7, 0, 0)]
)
def test_a_damaged_offline_plan_is_an_error(metadata):
    with pytest.raises(ModelError, match="its offline memory plan has"):
        tmpass.carried_plan(chain(metadata=metadata))


def test_offsets_are_for_a_runtime_that_reads_them():
    assert tmpass.carried_plan(chain(0, 64, 0, 64), "tflm-nrf52840").memories[0].capacity == 256 * 1024
    with pytest.raises(
        tmpass.UsageError, match="offsets in the file are for TensorFlow Lite Micro, not for pixel6-tpu"
    ):
        tmpass.carried_plan(chain(0, 64, 0, 64), "pixel6-tpu")


@pytest.mark.parametrize(
    "options", [{}, {"share_io": True}, {"share": "views"}, {"inplace": False}, {"keep_inputs": True}]
)
@pytest.mark.parametrize("name", ["branchy", "attention", "control_flow", "states"])
def test_what_tmpass_wrote_is_right(name, options):
    model = MODELS / f"{name}.tflite"
    made = tmpass.plan(model, "tflm", **options)
    planned = tmpass.planned_model(made, model)
    found = tmpass.carried_plan(planned)
    assert tmpass.verify(found, planned) == ()
    assert found.peak <= made.peak


def test_an_arena_ends_where_the_runtime_rounds_to():
    tensors = [Tensor(name, [5], "UINT8") for name in "ab"]
    plan = struct.pack("<5i", 1, 1, 2, 0, 16)
    graph = Subgraph(tensors, [Operator("SOFTMAX", [0], [1])], inputs=[0], outputs=[1])
    model = write_model([graph], metadata={"OfflineMemoryAllocation": plan})
    assert tmpass.carried_plan(model).peak == 32
    assert tmpass.verify(tmpass.carried_plan(model), model) == ()


def test_a_planned_tflite_model_has_its_target_and_options():
    model = MODELS / "attention.tflite"
    made = tmpass.plan(model, "tflm-nrf52840", budget="200KiB", share_io=True, keep_inputs=True)
    found = tmpass.carried_plan(tmpass.planned_model(made, model))
    assert (found.target, found.peak) == (made.target, made.peak)
    assert found.memories[0] == replace(made.memories[0], lower_bound=found.memories[0].lower_bound)
    assert (found.options.budget, found.options.share_io, found.options.keep_inputs) == (200 * 1024, True, True)
    assert found.warnings == ("the offsets are those in the file",)


def board(capacity: int) -> tmpass.Target:
    """The board of a user: no built-in profile has its name."""
    memories = load_target("tflm-nrf52840").override(capacity).memories
    return replace(load_target("tflm-nrf52840"), name="mine", memories=memories)


def test_figures_of_a_target_that_is_not_built_in_travel():
    model = MODELS / "branchy.tflite"
    made = tmpass.plan(model, board(100_000))
    planned = tmpass.planned_model(made, model)
    found = tmpass.carried_plan(planned)
    assert (found.target.name, found.memories[0].capacity, found.fits) == ("mine", 100_000, True)
    assert found.memories[0].overhead == made.memories[0].overhead
    assert found.warnings[1].startswith("target mine is not known here: its figures are those in the file;")
    assert tmpass.verify(found, planned) == ()
    assert not any("not known here" in line for line in tmpass.carried_plan(planned, board(100_000)).warnings)
    assert tmpass.verify(found, planned, target=board(90_000))[0].kind == "target"


@pytest.mark.parametrize("name", ["branchy", "attention", "control_flow"])
def test_a_plan_with_no_byte_to_spare_is_read_back_without_the_profile(name):
    """With pointers of 8 bytes there would be no room: the sharing of the plan was not found."""
    model, own = MODELS / f"{name}.tflite", replace(load_target("tflm-nrf52840"), name="own")
    tight = tmpass.plan(model, own).memories[0].without_reserve
    made = tmpass.plan(model, own, budget=tight)
    planned = tmpass.planned_model(made, model)
    found = tmpass.carried_plan(planned)
    assert not any("overlap" in line for line in found.warnings)
    assert (found.options.share, found.memories[0].without_reserve) == (made.options.share, tight)
    assert tmpass.verify(found, planned) == ()
    assert tmpass.plan(planned, planned_for(planned)).fits
    eight = replace(own, word=8, word_source="data sheet")
    wide = tmpass.planned_model(tmpass.plan(model, eight), model)
    assert planned_for(wide).word == 8


@pytest.mark.parametrize("word", [4, 8])
@pytest.mark.parametrize("count", [2, 5, 17])
def test_pointers_are_found_where_preparing_the_model_needs_more_than_a_run(count, word):
    """With 17 tensors, preparation keeps more bytes for pointers of 4 than the tail has for pointers of 8."""
    tensors = [Tensor(str(i), [4]) for i in range(count)]
    graph = Subgraph(tensors, [Operator("SOFTMAX", [i], [i + 1]) for i in range(count - 1)], [0], [count - 1])
    model = write_model([graph])
    own = replace(load_target("tflm-nrf52840"), name="own", word=word, word_source="data sheet")
    tight = tmpass.plan(model, own).memories[0].without_reserve
    planned = tmpass.planned_model(tmpass.plan(model, own, budget=tight), model)
    assert planned_for(planned).word == word
    found = tmpass.carried_plan(planned)
    assert (found.fits, found.memories[0].without_reserve, tmpass.verify(found, planned)) == (True, tight, ())
    assert tmpass.plan(planned, planned_for(planned)).fits


def test_a_profile_of_the_same_name_with_other_figures_is_not_taken():
    model = MODELS / "branchy.tflite"
    other = replace(board(100_000), name="tflm-nrf52840")
    found = tmpass.carried_plan(tmpass.planned_model(tmpass.plan(model, other), model))
    assert found.memories[0].capacity == 100_000
    assert found.warnings[1] == "target tflm-nrf52840 has other figures here: those in the file are used"


@pytest.mark.parametrize("target", ["pixel6-tpu", "coral-edgetpu", "ethos-u65", "minimalloc", "litert-cpu"])
@pytest.mark.parametrize("name", ["branchy", "attention", "control_flow", "states"])
def test_a_planned_tflite_model_is_right_for_each_kind_of_target(name, target):
    """With copies of weights in the scratchpad, without a runtime, and with one memory for everything."""
    model = MODELS / f"{name}.tflite"
    made = tmpass.plan(model, target)
    planned = tmpass.planned_model(made, model)
    profile = load_target(target)
    for renamed in (False, True):
        if renamed:
            made = tmpass.plan(model, replace(profile, name="mine"))
            planned = tmpass.planned_model(made, model)
        found = tmpass.carried_plan(planned)
        assert tmpass.verify(found, planned) == ()
        if "have none there" not in found.warnings[0]:
            assert (found.peak, found.memories[0].needed) == (made.peak, made.memories[0].needed)
        assert found.target.name == ("mine" if renamed else target)


SRAM = Memory("sram", None, 16, ("activations", "inputs_outputs"))


@pytest.mark.parametrize(
    "memories",
    [
        (SRAM, Memory("vars", None, 16, ("variables", "weights"))),
        (
            replace(SRAM, holds=("activations", "variables")),
            Memory("io", None, 16, ("inputs_outputs",)),
            Memory("flash", None, 1, ("weights",)),
        ),
        (replace(SRAM, holds=("activations", "variables")), Memory("io", None, 16, ("inputs_outputs", "weights"))),
        (SRAM, Memory("dtcm", None, 16, ("variables",)), Memory("flash", None, 1, ("weights",))),
    ],
)
@pytest.mark.parametrize("name", ["states", "branchy"])
def test_what_each_memory_holds_travels(name, memories):
    """Variables beside constants were counted in the scratchpad, and inputs in a memory of their own too."""
    model = MODELS / f"{name}.tflite"
    own = replace(load_target("tflm-nrf52840"), name="own", memories=memories)
    made = tmpass.plan(model, own, budget=tmpass.plan(model, own).memories[0].without_reserve)
    planned = tmpass.planned_model(made, model)
    found = tmpass.carried_plan(planned)
    assert (found.fits, tmpass.verify(found, planned)) == (True, ())
    assert [(row.name, row.peak) for row in found.memories] == [(row.name, row.peak) for row in made.memories]
    assert found.memories[0].needed == made.memories[0].needed
    assert not any("guess" in line for line in found.warnings)


def test_what_memories_of_an_older_file_hold_is_a_guess_and_said():
    model = MODELS / "states.tflite"
    planned = tmpass.planned_model(tmpass.plan(model, board(100_000)), model)
    start = planned.index(b'{"target"')
    heading = planned[start : planned.index(b"\0", start)]
    older = re.sub(rb',"holds":\[[^]]*\]', b"", heading)
    assert older != heading
    found = tmpass.carried_plan(planned.replace(heading, older.ljust(len(heading))))
    assert found.warnings[2].startswith("the file does not say what its memories hold: that is a guess")
    assert found.fits


def test_the_heading_for_a_built_in_target_is_short():
    """Its profile has what memories hold."""
    model = MODELS / "states.tflite"
    for name, long in (("tflm-nrf52840", False), ("own", True)):
        planned = tmpass.planned_model(tmpass.plan(model, replace(load_target("tflm-nrf52840"), name=name)), model)
        assert (b'"holds":["variables"]' in planned) is long


def test_copies_of_weights_fit_around_buffers_at_other_offsets():
    model = MODELS / "branchy.tflite"
    made = tmpass.plan(model, "pixel6-tpu")
    size = made.memories[0].alignment * 4
    high = replace(
        made,
        buffers=tuple(replace(row, offset=row.offset + size) for row in made.buffers),
        tensors=tuple(row if row.offset is None else replace(row, offset=row.offset + size) for row in made.tensors),
    )
    graph = load(model).graph
    planned = put_into(high, open_carrier(model), graph)
    found = tmpass.carried_plan(planned)
    assert found.peak == made.peak + size
    assert 0 < found.memories[0].loaded <= made.memories[0].loaded
    assert tmpass.verify(found, planned) == ()


def test_a_profile_of_another_name_lends_its_sources_and_is_told_apart():
    model = MODELS / "branchy.tflite"
    planned = tmpass.planned_model(tmpass.plan(model, board(100_000)), model)
    other = replace(board(100_000), name="other")
    found = tmpass.carried_plan(planned, other)
    assert len(found.warnings) == 1
    messages = [one.message for one in tmpass.verify(found, planned, target=other)]
    assert messages == ["the plan is for target 'mine', not for 'other'"]


def test_scratch_rules_that_are_not_in_the_file_are_said():
    model = MODELS / "branchy.tflite"
    rule = ScratchRule("CONV_2D", "64", "a measurement")
    made = tmpass.plan(model, "tflm-nrf52840", scratch=[rule])
    found = tmpass.carried_plan(tmpass.planned_model(made, model))
    assert "scratch rules that are not in the file" in found.warnings[1]


ROW = b'{"name": "arena", "capacity": null, "alignment": 16}'


@pytest.mark.parametrize(
    "heading",
    [
        b"",
        b"{",
        b"[]",
        b'{"target": "a"}',
        b'{"target": "a", "memories": [], "new": 1}',
        b'{"target": "a", "memories": [%s, %s]}' % (ROW, ROW),
        b'{"target": "a", "memories": [{"name": "a", "capacity": 1, "alignment": 1, "holds": ["bias"]}]}',
    ],
)
def test_a_damaged_heading_is_an_error(heading):
    tensors = [Tensor(name, [64], "UINT8") for name in "ab"]
    plan = struct.pack("<5i", 1, 1, 2, 0, 64)
    graph = Subgraph(tensors, [Operator("SOFTMAX", [0], [1])], inputs=[0], outputs=[1])
    model = write_model([graph], metadata={"OfflineMemoryAllocation": plan, "tmpass.plan": heading})
    with pytest.raises(ModelError, match="the heading of the plan in it"):
        tmpass.carried_plan(model)


def test_that_a_plan_is_made_of_offsets_in_a_file_is_a_fact_of_its_own():
    """It stays, whatever is done with the warnings, and plans from before the key was added say it in the first one."""
    model = MODELS / "branchy.tflite"
    made = tmpass.plan(model, "tflm")
    found = tmpass.carried_plan(tmpass.planned_model(made, model))
    assert (made.is_of_file, found.is_of_file) == (False, True)
    assert "is_of_file" not in json.loads(made.to_json())
    data = json.loads(found.to_json())
    assert data.pop("is_of_file") is True
    assert parse_plan(json.dumps(data)) == parse_plan(found.to_json())
    silent = replace(found, warnings=())
    assert parse_plan(silent.to_json()).is_of_file
