"""A plan that a model file carries is verified against that file and against its original, in either format."""

import pickle
from dataclasses import replace

import pytest
from make_models import FOLDER as MODELS

import tmpass
from tmpass.loading.load import load
from tmpass.targets import load_target

FILES = (("branchy.onnx", "pixel6-tpu"), ("branchy.tflite", "pixel6-tpu"), ("attention.tflite", "tflm-nrf52840"))
"""A model and the target that it is planned for."""


@pytest.fixture(params=FILES, ids=lambda row: " ".join(row))
def carrier(request, tmp_path):
    """The original, the planned file, and the target."""
    name, target = request.param
    original = MODELS / name
    planned = tmp_path / f"planned{original.suffix}"
    planned.write_bytes(tmpass.planned_model(tmpass.plan(original, target), original))
    return original, planned, target


def test_the_planned_file_and_its_original_are_both_accepted(carrier):
    original, planned, target = carrier
    found = tmpass.carried_plan(planned)
    for model in (planned, original, planned.read_bytes(), original.read_bytes()):
        assert tmpass.verify(found, model) == ()
        assert tmpass.verify(found, model, target=target) == ()


def test_a_pickled_plan_knows_the_file_that_carried_it(carrier):
    original, planned, target = carrier
    found = pickle.loads(pickle.dumps(tmpass.carried_plan(planned)))
    assert tmpass.verify(found, original, target=target) == tmpass.verify(found, planned, target=target) == ()


def test_what_the_file_adds_is_not_in_the_json(carrier):
    found = tmpass.carried_plan(carrier[1])
    again = tmpass.parse_plan(found.to_json())
    assert again == found
    assert again.model.carried is None
    assert len(found.model.carried.front) < 4096  # neither weights nor the graph


def test_a_fault_in_the_plan_is_found_against_both(carrier):
    original, planned, _ = carrier
    found = tmpass.carried_plan(planned)
    wrong = replace(found, memories=(replace(found.memories[0], peak=1), *found.memories[1:]))
    kinds = [{one.kind for one in tmpass.verify(wrong, model)} for model in (original, planned)]
    assert "peak" in kinds[0]
    assert kinds[0] == kinds[1]


def test_other_files_are_refused(carrier):
    """Another model, its planned file, and another plan of the same model."""
    original, planned, target = carrier
    found = tmpass.carried_plan(planned)
    other = MODELS / f"control_flow{original.suffix}"
    twin = tmpass.planned_model(tmpass.plan(original, target, share="none"), original)
    for model in (other, tmpass.planned_model(tmpass.plan(other, target), other), twin):
        (violation,) = tmpass.verify(found, model)
        assert violation.message.startswith("the plan is for a file with SHA-256 ")


def test_a_planned_file_that_was_changed_has_no_original(tmp_path):
    original, changed = MODELS / "branchy.tflite", tmp_path / "changed.tflite"
    changed.write_bytes(tmpass.planned_model(tmpass.plan(original, "tflm"), original) + bytes(4))
    found = tmpass.carried_plan(changed)
    assert tmpass.verify(found, changed) == ()
    assert [one.kind for one in tmpass.verify(found, original)] == ["model"]


@pytest.mark.parametrize("name", ["branchy.onnx", "branchy.tflite"])
def test_both_are_executed(name, tmp_path):
    pytest.importorskip("onnxruntime" if name.endswith("onnx") else "ai_edge_litert")
    original, planned = MODELS / name, tmp_path / name
    planned.write_bytes(tmpass.planned_model(tmpass.plan(original), original))
    found = tmpass.carried_plan(planned)
    for model in (planned, original):
        run = tmpass.execute(found, model)
        assert (run.violations, run.unreached) == ((), ())
        assert run.outputs


@pytest.mark.parametrize("model", ["branchy", "attention"])
def test_figures_from_the_file_are_right_where_the_board_has_the_same(model, tmp_path):
    """The plan says truly that it has them from the file; the numbers are compared with those of the board."""
    like = load_target("tflm-nrf52840")
    board, smaller = (replace(like, name="mine", memories=like.override(size).memories) for size in (100_000, 90_000))
    original, planned = MODELS / f"{model}.tflite", tmp_path / "planned.tflite"
    planned.write_bytes(tmpass.planned_model(tmpass.plan(original, board), original))
    found = tmpass.carried_plan(planned)
    assert found.memories[0].capacity_source == "the planned file"
    for model_file in (planned, original):
        assert tmpass.verify(found, model_file, target=board) == ()
        assert tmpass.verify(found, model_file, target=smaller)[0].message.startswith("arena has capacity 100000")
    claimed = replace(found, is_of_file=False)  # a plan of another origin
    assert "is from 'the planned file'" in tmpass.verify(claimed, planned, target=board)[0].message


@pytest.mark.parametrize(("name", "kind"), [("branchy.tflite", "planned file"), ("branchy.onnx", "original")])
def test_a_loaded_model_that_is_the_counterpart_says_what_to_give(name, kind):
    """Only bytes tell that a model is the other file of the two; a loaded one has none."""
    path = MODELS / name
    data = tmpass.planned_model(tmpass.plan(path), path)
    plan = tmpass.carried_plan(data)
    own, other = (load(data), load(path)) if kind == "planned file" else (load(path), load(data))
    assert tmpass.verify(plan, own) == ()
    (violation,) = tmpass.verify(plan, other)
    assert violation.message.endswith(
        f"; a loaded Model has no bytes to make the {kind} of: give the path or the bytes of the file"
    )
    assert tmpass.verify(plan, path) == tmpass.verify(plan, data) == ()
