"""Planned models in LiteRT, which takes the order and no offsets: the same results, in an arena that is not larger."""

from pathlib import Path

import pytest
from support.interpreters import run_litert
from support.shared import parametrize, tflite_bindings

import tmpass
from tmpass.base.errors import ModelError

pytestmark = pytest.mark.runtime

MODELS = sorted((Path(__file__).parents[2] / "models").glob("*.tflite"))


@pytest.fixture(autouse=True)
def installed():
    pytest.importorskip("ai_edge_litert")


def check(path) -> None:
    model = path.read_bytes()
    if path.name == "tflite_conv_huge_im2col.tflite":
        pytest.skip("4 GB of arena")
    try:
        before = run_litert(model)
    except ModelError as error:
        pytest.skip(f"LiteRT does not run the original: {error}")
    try:
        plan = tmpass.plan(path, "litert-cpu", bind=tflite_bindings(path), allow_unplanned=True)
        planned = tmpass.planned_model(plan, path)
    except ModelError as error:
        assert path.name == "tflm_person_detect_vela.tflite"
        pytest.skip(str(error))
    after = run_litert(planned)
    assert after.outputs == before.outputs
    assert after.arena <= before.arena


@parametrize("models/tflite/*.tflite")
def test_a_real_model_runs_as_before_in_an_arena_that_is_not_larger(path):
    check(path)


@pytest.mark.parametrize("path", MODELS, ids=lambda path: path.name)
def test_a_model_of_the_project_runs_as_before_in_an_arena_that_is_not_larger(path):
    check(path)
