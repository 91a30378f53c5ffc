"""What is known of the kernels of TensorFlow Lite Micro, in the real interpreter."""

from dataclasses import replace

import pytest
from support.kernel_runs import RUNS, why_not, why_not_each
from support.shared import parametrize, tflite_bindings
from support.tflite_operators import CASES, Const
from support.tflm_models import OTHERS
from support.typed_operators import typed_model, typed_models

from tmpass.base.errors import ModelError
from tmpass.loading.load import load_to_plan
from tmpass.targets import find_not_run, load_target
from tmpass.targets.kernel_types import tflm_kernels

pytestmark = pytest.mark.runtime

SAMPLE = "CONV_2D FULLY_CONNECTED ADD_N ABS EXP LEAKY_RELU SOFTMAX TRANSPOSE CUMSUM PACK TILE CAST GATHER"


@pytest.fixture(autouse=True)
def installed():
    pytest.importorskip("tflite_micro")


def known_faults(data, bindings):
    graph = load_to_plan(data, bindings).graph
    return [fault.text for _, _, fault in find_not_run(graph, load_target("tflm")) if fault.known]


@pytest.mark.slow
@pytest.mark.parametrize("kind", SAMPLE.split())
def test_a_type_is_refused_exactly_where_no_kernel_takes_it(kind):
    """With and without scales: what runs in one way is taken."""
    said, ran, models = {}, {}, list(typed_models(frozenset([kind])))
    for (name, data), real in zip(models, why_not_each([data for _, data in models]), strict=True):
        types = tuple(name.split(" ")[1:3])
        said[types] = said.get(types, True) and bool(known_faults(data, {}))
        ran[types] = ran.get(types, False) or real == RUNS
    assert {types for types, refused in said.items() if refused} == {types for types, runs in ran.items() if not runs}


def refused(kind, positions, change):
    """The kinds of faults, told and real, of the first case that runs, with each of its inputs changed in turn."""
    dtype = "BOOL" if kind == "REDUCE_ALL" else "FLOAT32"
    for case in (one for one in (*CASES, *OTHERS) if one.kind == kind and () not in one.outputs):
        fixed = all(isinstance(case.inputs[position], Const) for position in positions)
        if not fixed or why_not(typed_model(case, dtype, dtype, scaled=True)) != RUNS:
            continue
        for position in positions:
            inputs = [change(given) if at == position else given for at, given in enumerate(case.inputs)]
            data = typed_model(replace(case, inputs=inputs), dtype, dtype, scaled=True)
            yield bool(known_faults(data, {})), why_not(data) != RUNS
        return


@pytest.mark.parametrize(
    ("kind", "positions"), [(kind, one.int32) for kind, one in tflm_kernels().items() if one.int32]
)
def test_indices_of_int64_are_refused(kind, positions):
    found = refused(kind, positions, lambda given: Const(given.array.tolist(), "INT64"))
    assert set(found) == {(True, True)}


def test_an_lstm_without_a_gate_is_refused():
    kind = "UNIDIRECTIONAL_SEQUENCE_LSTM"
    assert set(refused(kind, tflm_kernels()[kind].present, lambda _: "")) == {(True, True)}


@parametrize("models/tflite/*.tflite")
def test_what_runs_is_not_refused(path):
    if path.stat().st_size > 700_000:
        pytest.skip("the bench tflm_kernels.py has the large ones")
    try:
        faults = known_faults(path.read_bytes(), tflite_bindings(path))
    except ModelError:
        pytest.skip("it cannot be planned")
    real = why_not(path.read_bytes())
    assert not faults or real.startswith("kernel")
    if real.startswith("kernel") and "CUSTOM" not in real:
        assert faults
