"""What is known of scales and constants that TensorFlow Lite Micro refuses, in the real interpreter."""

import pytest
from support.scaled_operators import run_each, scaled_models

from tmpass.loading.load import load_to_plan
from tmpass.targets import find_not_run, load_target
from tmpass.targets.kernel_scales import SCALE_CHECKS
from tmpass.targets.kernel_types import tflm_kernels

pytestmark = pytest.mark.runtime

FEW = ("SOFTMAX", "SPLIT", "EQUAL", "ADD", "L2_NORMALIZATION")
KINDS = sorted({*SCALE_CHECKS, "L2_NORMALIZATION", *(kind for kind, one in tflm_kernels().items() if one.stored)})


@pytest.fixture(autouse=True)
def installed():
    pytest.importorskip("tflite_micro")


def refused(data):
    graph = load_to_plan(data, {}).graph
    return any(fault.known for _, _, fault in find_not_run(graph, load_target("tflm")))


@pytest.mark.parametrize(
    "kind", [kind if kind in FEW else pytest.param(kind, marks=pytest.mark.slow) for kind in KINDS]
)
def test_what_is_refused_does_not_run_and_the_other_way_round(kind):
    """Of the first case of a kind that runs in each type, each scale, zero point, constant, activation changed."""
    tried = 0
    for dtype in ("INT8", "INT16", "FLOAT32"):
        for name, ((_, whole), *changed) in scaled_models(dtype, frozenset([kind])):
            if not run_each([whole])[0]:
                continue
            assert not refused(whole)
            for (how, data), runs in zip(changed, run_each([data for _, data in changed]), strict=True):
                assert refused(data) == (not runs), (name, how)
                tried += 1
            break
    assert tried
