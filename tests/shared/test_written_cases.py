"""Networks that were written in two ways, or with operators that ONNX does not define, from the shared folder."""

from support.shared import parametrize

import tmpass
from tmpass.api.execute import execute
from tmpass.api.verify import verify


@parametrize("cases/11_q*.onnx")
def test_pairs_and_integer_operators_take_the_same_bytes(path):
    plan = tmpass.plan(path, "ethos-u55", budget="24KiB")
    assert (plan.fits, plan.memories[0].peak) == (True, 16384)
    assert verify(plan, path, target="ethos-u55") == ()
    pairs = path.name == "11_qdq.onnx"
    floats = tmpass.plan(path, "ethos-u55", budget="24KiB", int8="float")
    assert floats.memories[0].peak == (65536 if pairs else 16384)
    assert any("--int8 native" in warning for warning in floats.warnings) == pairs


@parametrize("cases/12_qlinear_contrib.onnx")
def test_operators_of_com_microsoft_have_shapes(path):
    plan = tmpass.plan(path, "ethos-u55")
    assert {row.name: row.bytes for row in plan.tensors if row.name in "abdy"} == {
        "a": 8192,
        "b": 8192,
        "d": 8192,
        "y": 8,
    }
    assert execute(plan, path).violations == ()
