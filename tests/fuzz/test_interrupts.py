"""A short run of `interrupts.py`, which takes any number of rounds and files."""

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))
from interrupts import draw, report

MODELS = Path(__file__).parents[2] / "models"


@pytest.mark.skipif(sys.platform != "linux", reason="it looks for processes in /proc")
@pytest.mark.slow
def test_ctrl_c_at_drawn_instants(tmp_path):
    files = [MODELS / "branchy.onnx", MODELS / "branchy.tflite", MODELS / "problems" / "scattered.csv"]
    ends = list(draw(files, rounds=24, seed=1, folder=tmp_path))
    assert not [end for end in ends if end.faults], report(ends)
    assert sorted(end.seconds for end in ends)[len(ends) // 2] < 0.2, report(ends)
