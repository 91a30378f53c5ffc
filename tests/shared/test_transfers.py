"""Real ONNX models run in the bytes of plans in little room, with outputs equal to those of ONNX Runtime."""

import pytest
from support.shared import parametrize
from support.travelling import budgets

import tmpass
from tmpass.api.execute import execute

pytest.importorskip("onnxruntime")


@pytest.mark.parametrize("budget", ["M_R", "M_H", "90 %"])
@parametrize("models/onnx/onnx_light_*.onnx")
def test_a_real_model_runs_in_little_room_with_transfers_if_need_be(path, budget):
    room = budgets(path)[budget]
    made = tmpass.plan(path, budget=room)
    assert (made.fits, made.status) == (True, "optimal")
    # Others fit where copies of constants lie among the buffers.
    assert (made.transfers is not None) == ("densenet" in path.name or "resnet" in path.name)
    assert tmpass.plan(path, budget=room, transfers="never").fits == (made.transfers is None)
    done = execute(made, path)
    assert (done.violations, done.notes) == ((), ())
