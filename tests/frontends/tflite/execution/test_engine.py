"""Execution of TFLite models with LiteRT, one operator at a time."""

import sys

import numpy as np
import pytest
from make_models import FOLDER
from support.collide import collided
from support.tflite_loops import WHILE
from tflite_writer import Operator, Subgraph, Tensor, options, write_model
from tmpass.frontends.tflite.execution.interpreter import refused

import tmpass
from tmpass.api.execute import execute
from tmpass.base.errors import ModelError, TmpassError, UsageError

pytest.importorskip("ai_edge_litert")
pytestmark = pytest.mark.runtime


def executed(model, **given):
    return execute(tmpass.plan(model), model, **given)


def test_the_models_of_the_project_run():
    for name in ("attention", "branchy", "control_flow"):
        done = executed(FOLDER / f"{name}.tflite")
        assert (done.violations, done.notes) == ((), ())
        assert done.outputs
        assert done.compared
        assert "LiteRT" in done.engine


def test_tensors_over_each_other_are_found():
    for name in ("attention", "branchy"):
        path = FOLDER / f"{name}.tflite"
        wrong = list(collided(tmpass.plan(path), most=8))
        assert wrong
        for plan in wrong:
            (first, *_) = execute(plan, path).violations
            assert first.kind == "overwritten"


def counting(trips: int) -> bytes:
    """WHILE i < trips: i + 1."""
    i, one = Tensor("i", [1], "INT32"), Tensor("one", [1], "INT32", data=np.int32([1]).tobytes())
    end = Tensor("end", [1], "INT32", data=np.int32([trips]).tobytes())
    less = Operator("LESS", [0, 1], [2], options("LessOptions"))
    cond = Subgraph([i, end, Tensor("going", [1], "BOOL")], [less], [0], [2], name="cond")
    add = Operator("ADD", [0, 1], [2], options("AddOptions"))
    body = Subgraph([i, one, Tensor("next", [1], "INT32")], [add], [0], [2], name="body")
    main = Subgraph([i, Tensor("last", [1], "INT32")], [Operator("WHILE", [0], [1], WHILE)], [0], [1])
    return write_model([main, cond, body])


def test_a_loop_runs_its_condition_and_its_body():
    done = executed(counting(7), inputs={"i": np.int32([2])})
    assert (done.violations, done.notes, done.unreached) == ((), (), ())
    assert done.steps == 1 + 6 + 5  # the loop, its conditions, its bodies
    with pytest.raises(TmpassError, match="the loops have not ended after 100 iterations"):
        executed(counting(2**30), trips=100)


def variables(*, assigned: bool) -> bytes:
    """The sums y = x + x, v = y, where `assigned`; then z = y + v."""
    tensors = [Tensor(name, [2, 3], "FLOAT32") for name in ("x", "y", "again", "z")] + [Tensor("v", [], "RESOURCE")]
    add = options("AddOptions")
    operators = [
        Operator("VAR_HANDLE", [], [4], options("VarHandleOptions", container="", shared_name="v")),
        Operator("ADD", [0, 0], [1], add),
        *([Operator("ASSIGN_VARIABLE", [4, 1], [])] if assigned else []),
        Operator("READ_VARIABLE", [4], [2]),
        Operator("ADD", [1, 2], [3], add),
    ]
    return write_model([Subgraph(tensors, operators, [0], [3])])


def test_a_variable_has_the_value_that_was_assigned():
    done = executed(variables(assigned=True), inputs={"x": np.ones((2, 3), "f4")})
    assert (done.violations, done.notes, done.outputs) == ((), (), 1)
    with pytest.raises(ModelError, match="variable 'v' is read before it is assigned"):
        executed(variables(assigned=False))


def test_a_value_of_another_element_type_shape_or_name_is_one_line():
    path = FOLDER / "branchy.tflite"
    (name,) = (t.name for t in tmpass.plan(path).tensors if t.role == "input")
    shape = next(t.shape for t in tmpass.plan(path).tensors if t.role == "input")
    for given, said in (
        ({name: np.zeros(shape, "f8")}, "an array of float64 is given for one of "),
        ({name: np.zeros((3, 3), "f4")}, "it is given with shape [3, 3], but the plan is for ["),
        ({"xyz": np.zeros(3)}, f"the model has no input 'xyz'; its inputs are '{name}'"),
    ):
        with pytest.raises(UsageError) as error:
            executed(path, inputs=given)
        assert said in str(error.value)
        assert "\n" not in str(error.value)


def test_the_users_values_are_those_that_run():
    path = FOLDER / "branchy.tflite"
    (row,) = (t for t in tmpass.plan(path).tensors if t.role == "input")
    done = executed(path, inputs={row.name: np.zeros(row.shape, row.dtype)})
    assert (done.given, done.drawn, done.violations) == ((row.name,), (), ())


@pytest.mark.parametrize(
    ("said", "fault"),
    [
        (
            "quantized_dimension must be in range [0, 1). Was 3.Tensor 33 has invalid quantization parameters.quantiz",
            "quantized_dimension must be in range [0, 1). Was 3",
        ),
        ("tensorflow/lite/kernels/conv.cc:349 1 != 0.5 was not true.Node number 3 (CONV_2D) failed to prepare.", None),
        ("Input tensor 0 lacks data.", "Input tensor 0 lacks data"),
        ("Type INT16 (7) of tf.Add is not supported", "Type INT16 (7) of tf.Add is not supported"),
    ],
)
def test_the_first_of_several_faults_of_litert_is_told(said, fault):
    """It sets one behind the other without a blank; the first is the reason."""
    fault = fault or "1 != 0.5 was not true, at its operator 3 (CONV_2D)"
    assert str(refused(ValueError(said))) == f"LiteRT cannot run it: {fault}; only what LiteRT runs can be executed"


def test_a_refusal_names_what_runs_a_plan_for_tensorflow_lite_micro():
    mine = write_model(
        [Subgraph([Tensor("x", [4]), Tensor("y", [4])], [Operator("Mine", [0], [1], custom=True)], [0], [1])]
    )
    for target, named in (("tflm", True), ("pixel6-tpu", False)):
        with pytest.raises(ModelError, match="only what LiteRT runs can be executed") as caught:
            execute(tmpass.plan(mine, target), mine)
        assert ("docs/examples/run_in_tflm.py" in str(caught.value)) is named


def test_a_custom_operator_is_refused_by_name():
    model = write_model(
        [
            Subgraph(
                [Tensor("x", [4], "FLOAT32"), Tensor("y", [4], "FLOAT32")],
                [Operator("Mine", [0], [1], custom=True)],
                [0],
                [1],
            )
        ]
    )
    with pytest.raises(ModelError, match="LiteRT has no kernel for the custom operator 'Mine'"):
        executed(model)


def test_a_missing_package_is_one_line_with_the_command(monkeypatch):
    monkeypatch.setitem(sys.modules, "ai_edge_litert.interpreter", None)
    monkeypatch.setitem(sys.modules, "ai_edge_litert", None)
    with pytest.raises(UsageError, match=r"running a TFLite model needs ai_edge_litert: .*'ai-edge-litert"):
        executed(FOLDER / "branchy.tflite")
