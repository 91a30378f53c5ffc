"""What is known of the kernels of TensorFlow Lite Micro, in the real interpreter."""

import pytest
from support.kernel_runs import RUNS, why_not
from support.shared import parametrize, tflite_bindings
from support.typed_operators import typed_models

from tmpass.base.errors import ModelError
from tmpass.loading.load import load_to_plan
from tmpass.targets import find_not_run, load_target

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
    said, ran = {}, {}
    for name, data in typed_models(frozenset([kind])):
        types = tuple(name.split(" ")[1:3])
        said[types] = bool(known_faults(data, {}))
        ran[types] = ran.get(types, False) or why_not(data) == RUNS
    assert {types for types, refused in said.items() if refused} == {types for types, runs in ran.items() if not runs}


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
