"""LiteRT, given inputs of another size, makes the shapes that the frontend computes."""

from importlib import import_module

import pytest
from support.shared import parametrize
from support.tflite_graphs import drawn_model
from support.tflite_operators import CASES, Case
from tmpass.frontends import tflite
from tmpass.frontends.isolate import call_apart

from tmpass.base.errors import ModelError
from tmpass.graph.model import TensorKind

pytestmark = pytest.mark.runtime


@pytest.fixture(autouse=True)
def installed():
    pytest.importorskip("ai_edge_litert")


def sizes(package, model: bytes, inputs: list[tuple[int, ...]]) -> dict[int, tuple[int, ...]]:
    """The shape of every tensor of the main subgraph after a run with `inputs` of these shapes."""
    import numpy as np

    kernels = package.OpResolverType.BUILTIN_WITHOUT_DEFAULT_DELEGATES
    interpreter = package.Interpreter(model_content=model, experimental_op_resolver_type=kernels, num_threads=1)
    for details, shape in zip(interpreter.get_input_details(), inputs, strict=True):
        if tuple(details["shape"]) != shape:
            interpreter.resize_tensor_input(details["index"], list(shape))
    interpreter.allocate_tensors()
    for details in interpreter.get_input_details():
        interpreter.set_tensor(details["index"], np.ones(details["shape"], details["dtype"]))
    interpreter.invoke()
    return {d["index"]: tuple(map(int, d["shape"])) for d in interpreter.get_tensor_details()}


def measured(model: bytes, inputs: list[tuple[int, ...]]) -> dict[int, tuple[int, ...]]:
    """As `sizes`, in a child process; ModelError where LiteRT does not run the model."""
    return call_apart(sizes, import_module("ai_edge_litert.interpreter"), model, inputs, package="ai-edge-litert")


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_an_operator_makes_the_shapes_that_are_computed(case: Case):
    main = tflite.load(case.model, case.bindings).subgraphs[0]
    theirs = measured(case.model, [main.tensors[t].shape for t in main.inputs])
    assert [theirs[t] for t in main.outputs] == [main.tensors[t].shape for t in main.outputs] == list(case.outputs)


def agree(model: bytes, bindings: dict[str, int]) -> None:
    """Check the planned shape of every tensor that is used."""
    main = tflite.load(model, bindings).subgraphs[0]
    theirs = measured(model, [main.tensors[t].shape for t in main.inputs])
    for t in sorted(main.used):
        tensor = main.tensors[t]
        if tensor.kind is TensorKind.ACTIVATION and tensor.dtype.bits is not None:
            assert (tensor.name, tensor.shape) == (tensor.name, theirs[t])


@pytest.mark.parametrize("batch", [1, 5])
@pytest.mark.parametrize("seed", range(40))
def test_a_drawn_model_has_the_shapes_that_are_computed(seed, batch):
    model = drawn_model(seed)
    assert tflite.load(model, {}).symbols == ("t0:0",)
    agree(model, {"t0:0": batch})


NOT_RUN = {
    "mediapipe_face_detector_edgetpu.tflite": "custom op",
    "tflm_audio_preprocessor_int8.tflite": "custom op",
    "tflm_person_detect_vela.tflite": "custom op",
    "coral_bodypix_075_512_512_decoder.tflite": "custom op",
    "coral_posenet_075_721_1281_decoder.tflite": "custom op",
    "tflm_person_detect.tflite": "quantized_dimension",
}
"""What LiteRT does not run, and why."""

OPEN = {"tflite_dynamic_shapes.tflite", "keras_gru_lstm_while.tflite", "tflite_call_once_mul.tflite"}
"""Models with sizes that only a run can tell."""


@pytest.mark.parametrize("batch", [1, 3])
@parametrize("models/tflite/*.tflite")
def test_a_real_model_has_the_shapes_that_are_computed(path, batch):
    model = path.read_bytes()
    inputs = tflite.load(model, {}).symbols
    if path.name in NOT_RUN:
        with pytest.raises(ModelError, match=NOT_RUN[path.name]):
            agree(model, {})
    elif path.name not in OPEN and path.name != "tflite_conv_huge_im2col.tflite" and (inputs or batch == 1):
        agree(model, dict.fromkeys(inputs, batch))
