"""A plan says which operators its runtime does not run; the verifier counts them again."""

from dataclasses import replace

import pytest
from support.tflite_operators import CASES
from support.typed_operators import typed_model

import tmpass
from tmpass.api.verify import trusted
from tmpass.base.errors import UsageError
from tmpass.report.terminal.summary import summary

CONV = next(one for one in CASES if one.kind == "CONV_2D")
UINT8 = typed_model(CONV, "UINT8", "UINT8", scaled=True)
INT8 = typed_model(CONV, "INT8", "INT8", scaled=True)


def test_a_model_that_does_not_run_does_not_fit():
    plan = tmpass.plan(UINT8, "tflm")
    (row,) = plan.not_run
    assert (plan.fits, plan.status) == (False, "infeasible")
    assert (row.kind, row.fault, row.known, row.count, row.subgraph, row.op) == ("CONV_2D", "of uint8", True, 1, 0, 0)
    assert tmpass.verify(plan, UINT8) == tmpass.verify(plan, UINT8, target="tflm") == ()
    first, *others = summary(plan).splitlines()
    assert first == "fits         no; TensorFlow Lite Micro does not run CONV_2D of uint8 (operator 0)"
    assert [line for line in others if line.startswith("kernels")] == [
        "kernels      CONV_2D of uint8",
        "kernels      convert the model with int8 quantisation, or name own kernels in `kernels` of a profile",
    ]
    with pytest.raises(UsageError, match="does not run CONV_2D of uint8"):
        tmpass.planned_model(plan, UINT8)


def test_a_model_that_runs_says_nothing_of_kernels():
    plan = tmpass.plan(INT8, "tflm")
    assert (plan.fits, plan.not_run) == (True, ())
    assert '"not_run"' not in plan.to_json()
    assert "kernels " not in summary(plan)


def test_a_plan_that_is_silent_on_kernels_is_wrong_for_the_target():
    plan = tmpass.plan(UINT8, "tflm")
    silent = replace(plan, not_run=(), fits=True, status="optimal")
    (found,) = tmpass.verify(silent, UINT8, target="tflm")
    assert found.kind == "kernels"
    assert "TensorFlow Lite Micro does not run 'CONV_2D of uint8'" in found.message
    assert "plan again" in found.message
    told = [one.message for one in trusted(silent, UINT8) if one.what == "kernels"]
    assert told == ["the runtime has kernels for all operators"]


@pytest.mark.parametrize(
    "change",
    [{"count": 2}, {"op": 1}, {"kind": "ADD"}, {"fault": "of int64"}, {"known": False}, {"takes": ""}],
)
def test_a_row_that_is_wrong_is_found(change):
    plan = tmpass.plan(UINT8, "tflm")
    wrong = replace(plan, not_run=(replace(plan.not_run[0], **change),))
    assert tmpass.verify(wrong, UINT8, target="tflm")


def test_a_plan_that_fits_though_an_operator_does_not_run_contradicts_itself():
    plan = replace(tmpass.plan(UINT8, "tflm"), fits=True, status="optimal")
    assert [found.kind for found in tmpass.verify(plan, UINT8)] == ["status"]


def test_a_plan_says_more_than_there_is():
    plan = tmpass.plan(INT8, "tflm")
    row = tmpass.plan(UINT8, "tflm").not_run[0]
    more = replace(plan, not_run=(row,), fits=False, status="infeasible")
    assert any(found.kind == "kernels" for found in tmpass.verify(more, INT8, target="tflm"))


def test_a_planned_file_for_a_board_with_kernels_of_its_own_is_right(tmp_path):
    profile = tmp_path / "board.toml"
    profile.write_text(
        """name = "my-board"
summary = "ours"
standing = "measured"
runtime = "tflm"
kernels = { value = ["CONV_2D"], source = "our port" }
[[memory]]
name = "arena"
capacity = { value = "64KiB", source = "linker script" }
alignment = { value = 16, source = "TFLM" }
holds = ["activations", "inputs_outputs"]
"""
    )
    plan = tmpass.plan(UINT8, profile)
    assert (plan.fits, plan.not_run) == (True, ())
    planned = tmpass.planned_model(plan, UINT8)
    for target in (None, profile):
        carried = tmpass.carried_plan(planned, target)
        assert (carried.fits, carried.not_run) == (True, ())
        assert tmpass.verify(carried, planned) == ()
    told = {one.what for one in trusted(carried, planned)}
    assert "kernels" in told
