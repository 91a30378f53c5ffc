"""A plan that breaks a law is a fault of tmpass: no part of an explanation hides it."""

import pytest
from make_models import FOLDER

from tmpass.base.errors import ModelError, VerificationError
from tmpass.explanation import least_budget, options, quantized
from tmpass.explanation.explain import explain
from tmpass.graph.binding import check_bindings
from tmpass.loading.load import load
from tmpass.targets import load_target


def broken(*_args, **_kwargs):
    raise VerificationError("a fault", violations=())


def impossible(*_args, **_kwargs):
    raise ModelError("it cannot be planned")


@pytest.mark.parametrize("module", [options, quantized])
def test_a_fault_of_tmpass_is_not_hidden(module, monkeypatch):
    monkeypatch.setattr(module, "plan", broken)
    with pytest.raises(VerificationError):
        explain(FOLDER / "branchy.onnx", budget="20KiB")
    monkeypatch.setattr(module, "plan", impossible)
    assert explain(FOLDER / "branchy.onnx", budget="20KiB").quantized is None or module is options


def test_a_fault_with_the_least_budget_is_not_hidden(monkeypatch):
    known = explain(FOLDER / "branchy.onnx", "pixel6-tpu")
    if not known.peak_step.memory.loaded:
        pytest.skip("no constants are copied")
    monkeypatch.setattr(least_budget, "plan", broken)
    loaded = load(FOLDER / "branchy.onnx", bindings=check_bindings({}))
    with pytest.raises(VerificationError):
        least_budget.with_least_budget(known, loaded, loaded.graph, load_target("pixel6-tpu"), {})
