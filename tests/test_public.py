"""What `import tmpass` offers, and what it costs."""

import os
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

from tflite_writer import Operator, Subgraph, Tensor, write_model

import tmpass

NAMES = [
    "Allocation",
    "BudgetError",
    "Buffer",
    "Explanation",
    "Fleet",
    "Means",
    "ModelError",
    "Plan",
    "Problem",
    "Split",
    "Target",
    "TargetError",
    "TmpassError",
    "UnknownSizeError",
    "UsageError",
    "VerificationError",
    "allocate",
    "carried_plan",
    "diff",
    "execute",
    "explain",
    "fleet",
    "load",
    "load_settings",
    "load_target",
    "parse_plan",
    "plan",
    "planned_model",
    "spill",
    "split",
    "split_frontier",
    "verify",
    "verify_split",
]

HEAVY = ("numpy", "onnx", "networkx", "ortools", "rich", "click", "tflite", "flatbuffers", "tmpass._core")


def python(code: str, **environment: str) -> str:
    found = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, env={**os.environ, **environment}
    )
    return found.stdout.strip()


def test_the_public_names():
    assert tmpass.__all__ == NAMES
    assert all(getattr(tmpass, name) is not None for name in NAMES)
    assert set(NAMES) <= set(dir(tmpass))


def test_no_module_hides_a_function():
    code = """
import tmpass, tmpass.plans.plan, tmpass.packing.allocate, tmpass.verification.plan
from tmpass.plans.plan import Plan
assert all(callable(f) for f in (tmpass.plan, tmpass.allocate, tmpass.verify))
print(tmpass.plans.plan.Plan is Plan is tmpass.Plan)
"""
    assert python(code) == "True"


def test_an_unknown_name_is_an_attribute_error():
    assert not hasattr(tmpass, "nothing")


def test_the_version_is_that_of_the_distribution():
    assert tmpass.__version__ == version("tmpass")


def test_import_loads_nothing_heavy():
    code = f"import sys, tmpass; print([m for m in {HEAVY} if m in sys.modules])"
    assert python(code) == "[]"


def test_planning_a_tflite_file_needs_no_package_and_no_pool_of_threads(tmp_path):
    tanh = Operator("TANH", inputs=[0], outputs=[1])
    path = tmp_path / "small.tflite"
    path.write_bytes(write_model([Subgraph([Tensor("x", [4]), Tensor("y", [4])], [tanh], [0], [1])]))
    heavy = (*HEAVY[:2], "concurrent.futures", "logging")
    code = f"import sys, tmpass; tmpass.plan({str(path)!r}); print([m for m in {heavy} if m in sys.modules])"
    assert python(code) == "[]"


def test_the_stub_and_the_marker_for_typed_packages_are_there():
    package = Path(tmpass.__file__).parent
    assert (package / "py.typed").exists()
    assert (package / "_core.pyi").exists()
