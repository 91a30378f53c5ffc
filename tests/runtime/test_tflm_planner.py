"""Planners in a real MicroAllocator: it asks for what was planned, and models run as with its own planner.

The package xmos-ai-tools has the headers of TensorFlow Lite Micro, and a library with its symbols (a fork under another
namespace, which does not change the allocator). tflite-micro has neither.
"""

import subprocess
from importlib.util import find_spec
from pathlib import Path

import pytest
from support.shared import parametrize, tflite_bindings
from support.tflm_planner import compile_interpreter, two_memories
from support.tflm_requests import requests

import tmpass
from tmpass.loading.load import load_to_plan
from tmpass.report.formats.tflm_planner.rows import memories_of

pytestmark = pytest.mark.runtime

BRANCHY = Path(__file__).parents[2] / "models" / "branchy.tflite"


def check(folder, path) -> None:
    spec = find_spec("xmos_ai_tools")
    if spec is None:
        pytest.skip("xmos-ai-tools is not installed")
    plan = tmpass.plan(path, two_memories(), bind=tflite_bindings(path))
    model = tmpass.planned_model(plan, path)
    (folder / "planned.tflite").write_bytes(model)
    program = compile_interpreter(folder, plan, Path(spec.submodule_search_locations[0]))
    done = subprocess.run(
        [program, folder / "planned.tflite"], capture_output=True, text=True, timeout=120, check=False
    )
    lines = [line.split() for line in done.stdout.splitlines()]
    ran = [line for line in lines if line[:1] == ["ran"]]
    if not ran:
        pytest.skip(f"this TensorFlow Lite Micro does not run it: {done.stdout.strip().splitlines()[:1]}")
    assert done.returncode == 0
    assert len(ran) == 2
    assert len(ran[0]) > 1
    assert ran[0] == ran[1]
    asked = [tuple(map(int, line[1:])) for line in lines if line[0] == "ask"]
    tensors = requests(load_to_plan(model, tflite_bindings(path)).graph, {})
    assert asked == [(row.size, row.first, row.last) for row in tensors]
    names = [memory.name for memory in memories_of(plan)]
    for what in ("input", "output"):
        found = [(names[int(line[1])], int(line[2])) for line in lines if line[0] == what]
        assert found
        rows = [t for t in plan.tensors if (t.subgraph, t.role) == (0, what)]
        assert set(found) >= {(plan.buffers[t.buffer].memory, t.offset) for t in rows if t.buffer is not None}


def test_a_model_of_the_project_runs_as_before(tmp_path):
    check(tmp_path, BRANCHY)


@parametrize("models/tflite/mlperf_tiny_[av]*.tflite")
def test_a_real_model_runs_as_before(tmp_path, path):
    check(tmp_path, path)


@parametrize("models/tflite/tflm_hello_world_int8.tflite")
def test_the_smallest_model_runs_as_before(tmp_path, path):
    check(tmp_path, path)
