"""The constants of real models: their bytes against a count by another reader, and boards that are too small."""

import pytest
from support.shared import SHARED, files, tflite_bindings
from tflite import Model

import tmpass
from tmpass.base.errors import ModelError

CASES = SHARED / "cases"
MODELS = files("models/tflite/*.tflite")
pytestmark = pytest.mark.skipif(not MODELS, reason="there are no models beside the project")


def stored_bytes(data: bytes) -> int:
    """The bytes of all buffers that a constant of an operator, or an end of a subgraph, names; each once."""
    model, total, seen = Model.GetRootAs(data, 0), 0, set()
    for s in range(model.SubgraphsLength()):
        graph = model.Subgraphs(s)
        touched = {*graph.InputsAsNumpy(), *graph.OutputsAsNumpy()} if graph.InputsLength() else set()
        for o in range(graph.OperatorsLength()):
            op = graph.Operators(o)
            touched |= {op.Inputs(i) for i in range(op.InputsLength())}
            touched |= {op.Outputs(i) for i in range(op.OutputsLength())}
        for t in touched - {-1}:
            tensor = graph.Tensors(int(t))
            number = tensor.Buffer()
            if tensor.IsVariable() or number in seen:
                continue
            seen.add(number)
            buffer = model.Buffers(number)
            total += buffer.DataLength() or buffer.Size()  # the data may stand behind the flatbuffer
    return total


@pytest.mark.parametrize("path", MODELS, ids=lambda path: path.stem)
def test_flash_has_the_bytes_that_another_reader_counts(path):
    try:
        made = tmpass.plan(path, "tflm", bind=tflite_bindings(path), allow_unplanned=True, schedule="given")
    except ModelError as error:
        pytest.skip(str(error))
    assert sum(row.size for row in made.constants) == stored_bytes(path.read_bytes())
    assert all(row.memory == "flash" for row in made.constants)


def test_constants_above_the_flash_of_a_board_do_not_fit():
    made = tmpass.plan(SHARED / "models/tflite/keras_MobileNetV3Small_int8.tflite", "tflm-stm32h743")
    flash = made.memory("flash")
    assert (made.fits, made.status) == (False, "infeasible")
    assert sum(row.size for row in made.constants) == 2464346
    assert flash.shortfall == flash.needed - 2 * 1024**2 > 0


def test_weights_in_the_memory_of_the_activations_count():
    made = tmpass.plan(CASES / "13_fc_64k_weights.tflite", str(CASES / "13_one_memory.toml"))
    assert (made.fits, made.status, made.memories[0].peak) == (False, "infeasible", 512)
    assert (made.memories[0].needed, made.memories[0].shortfall) == (512 + 65536, 512 + 65536 - 32768)
