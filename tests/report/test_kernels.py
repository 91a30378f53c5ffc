"""What the outputs say of operators that a runtime does not run."""

from dataclasses import replace

import pytest
from support.tflite_operators import CASES
from support.typed_operators import typed_model
from tflite_writer import Operator, Subgraph, Tensor, write_model

import tmpass
from tmpass.fleets.outputs.texts import cells, state
from tmpass.fleets.row import row_of
from tmpass.plans.left_out import NotCounted, NotRun
from tmpass.report.kernels import does_not_run, kernel_lines, not_known, unread
from tmpass.report.left_out import unknown, verdict


def planned(kind, first, second):
    case = next(one for one in CASES if one.kind == kind)
    return tmpass.plan(typed_model(case, first, second, scaled=True), "tflm")


@pytest.mark.parametrize(
    ("kind", "first", "second", "advice"),
    [
        ("CONV_2D", "UINT8", "UINT8", "convert the model with int8 quantisation"),
        ("CONV_2D", "FLOAT32", "INT8", "quantise activations as well (int8), or keep float32 weights"),
        ("CONV_2D", "FLOAT32", "FLOAT16", "convert the model with float32 or int8 weights"),
        ("EXP", "INT8", "INT8", "EXP takes float32: convert the model so"),
        ("TILE", "FLOAT32", "FLOAT32", "replace TILE in the model"),
    ],
)
def test_each_fault_says_what_to_do(kind, first, second, advice):
    line = kernel_lines(planned(kind, first, second))[1]
    assert line == f"{advice}, or name own kernels in `kernels` of a profile"


def test_several_faults_are_counted():
    plan = planned("CONV_2D", "UINT8", "UINT8")
    row = plan.not_run[0]
    plan = replace(plan, not_run=(replace(row, count=3), replace(row, kind="TILE", fault="", count=1)))
    assert does_not_run(plan) == "TensorFlow Lite Micro does not run CONV_2D of uint8 (operator 0) and 3 more"
    assert kernel_lines(plan)[0] == "CONV_2D of uint8 (3), TILE"


def test_custom_operators_are_a_condition():
    tensors = [Tensor("x", [4]), Tensor("y", [4])]
    data = write_model([Subgraph(tensors, [Operator("my_own", [0], [1], custom=True)], [0], [1])])
    plan = tmpass.plan(data, "tflm")
    assert (plan.fits, does_not_run(plan), kernel_lines(plan)) == (True, "", [])
    assert not_known(plan) == "if TensorFlow Lite Micro has kernels for custom operator my_own"
    assert plan.summary().splitlines()[0] == f"fits         yes, {not_known(plan)}"


def test_a_format_that_the_runtime_does_not_read_is_a_condition():
    plan = planned("CONV_2D", "FLOAT32", "FLOAT32")
    plan = replace(plan, model=replace(plan.model, format="onnx"))
    said = "if converted to tflite: TensorFlow Lite Micro does not read onnx"
    assert (unread(plan), verdict(plan)) == (said, said)
    assert plan.summary().splitlines()[0] == f"fits         yes, {said}"
    row = row_of(plan, "net.onnx", "tflm", "0" * 64)
    assert (row.condition, state(row), cells(row)[-1]) == (said, "fits", said)
    assert unread(replace(plan, model=replace(plan.model, format="a format of a plugin"))) == ""


def test_a_condition_stands_beside_what_is_not_planned():
    plan = planned("CONV_2D", "FLOAT32", "FLOAT32")
    plan = replace(plan, not_run=(NotRun("custom:my_own", "", "", False, 1, 0, 0),))
    plan = replace(plan, not_counted=(NotCounted("tensors", 1, None, ("t",)),))
    assert verdict(plan) == f"{not_known(plan)}, as far as it is planned; {unknown(plan)}, so nothing is proved"


def test_pages_explanations_and_fleets_say_it():
    case = next(one for one in CASES if one.kind == "CONV_2D")
    data = typed_model(case, "UINT8", "UINT8", scaled=True)
    said = "TensorFlow Lite Micro does not run CONV_2D of uint8"
    assert said in tmpass.plan(data, "tflm").emit("html")
    assert said in tmpass.explain(data, "tflm").summary()
    assert tmpass.split(data, "tflm").plan.refused
    (row,) = tmpass.fleet([("net.tflite", data)], "tflm").rows
    assert (row.fits, row.code, state(row)) == (False, 1, "does not fit")
    assert row.not_run.startswith(said)
    assert cells(row)[-1] == row.not_run
