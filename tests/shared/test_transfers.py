"""Real ONNX models run in the bytes of plans with transfers, with outputs equal to those of ONNX Runtime."""

import pytest
from support.shared import parametrize
from support.travelling import budgets

import tmpass
from tmpass.api.execute import execute

pytest.importorskip("onnxruntime")


@pytest.mark.parametrize("budget", ["M_R", "M_H", "90 %"])
@parametrize("models/onnx/onnx_light_*.onnx")
def test_a_real_model_runs_where_it_does_not_fit_without_transfers(path, budget):
    room = budgets(path)[budget]
    assert not tmpass.plan(path, budget=room, transfers="never").fits
    made = tmpass.plan(path, budget=room)
    assert (made.fits, made.status) == (True, "optimal")
    if "densenet" in path.name or "resnet" in path.name:  # others fit where copies of constants lie among the buffers
        assert made.transfers is not None
    done = execute(made, path)
    assert (done.violations, done.notes) == ((), ())
