"""The own reference of the operators against TensorFlow Lite Micro: bit for bit for integers."""

import pytest
from support.interpreters import draw, run_tflm
from support.split_models import drawn_split_model
from support.split_reference import Reference

pytest.importorskip("tflite_micro")


@pytest.mark.parametrize("seed", range(12))
def test_the_reference_is_the_interpreter_bit_for_bit(seed):
    model = drawn_split_model(seed, "INT8")
    known = Reference(model)
    (given,) = known.inputs(0)
    made = known.outputs(known.run([draw(given.shape, given.dtype, (0, 0))]))
    assert run_tflm(model, 1).outputs[0][0] == made[0].tobytes()
