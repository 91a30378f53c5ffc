"""The test models of the onnx package run in the bytes of their plans, on the inputs of the tests: no false alarm.

`python tests/bench/onnx_backend.py` prints what becomes of all of them.
"""

import pytest
from support.onnx_backend import cases, judge

pytest.importorskip("onnxruntime")

EVERY = 40
"""Of the models that are tried each time: two thousand take many minutes."""

REASONS = (
    "the size of",  # is not known: inputs decide it, also where the model declares the shape of its outputs
    "is bound to 0; dimensions are 1",
)


@pytest.fixture(scope="module")
def models():
    return list(cases())


def check(models):
    ran = 0
    for case in models:
        found = judge(case)
        assert found.kind not in ("false alarm", "stumbled", "not executed"), (case.name, found)
        if found.kind == "refused":
            assert any(reason in found.reason for reason in REASONS), (case.name, found)
        ran += found.kind == "verified"
    assert ran > len(models) * 0.8  # ONNX Runtime does not have all operators


@pytest.fixture(autouse=True)
def generous_limits(monkeypatch):
    """What is true of the answers is tested here, and not how long a busy machine takes."""
    monkeypatch.setenv("TMPASS_CHILD_LIMITS", "10")


def test_some_models(models):
    check(models[::EVERY])


@pytest.mark.slow
@pytest.mark.nightly
@pytest.mark.parametrize("part", range(1, EVERY, 3))
def test_all_models(models, part):
    check([case for other in range(part, min(part + 3, EVERY)) for case in models[other::EVERY]])
