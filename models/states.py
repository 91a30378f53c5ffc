"""states: two signatures, each with tensors that keep their values from one run to the next.

- `frame` hears one frame [1, 16]: SVDF with a memory of 8 frames in 8 filters;
- `clip` hears eight frames [1, 8, 16]: an LSTM of 16 units, which remembers its output and its cells.
"""

from sketch import ABSENT, Sketch
from tflite_writer import Options, Signature, options, write_model
from weights import Weights

FRAMES, FEATURES, FILTERS, UNITS, WORDS = 8, 16, 8, 16, 4
_RELU, _TANH = 1, 4

_SVDF_OPTIONS = Options(6, ((0, "i", 1), (1, "b", _RELU)))
"""SVDFOptions: rank 1, and the activation."""

_LSTM_OPTIONS = Options(71, ((0, "b", _TANH),))
"""UnidirectionalSequenceLSTMOptions: the activation; no clipping, and the batch comes first."""


def states_tflite() -> bytes:
    """Write the model; its states hold 256, 64 and 64 bytes."""
    weights = Weights(seed=3)
    frame, clip = _frame(weights), _clip(weights)
    signatures = [
        Signature(sketch.name, number, [("sound", sketch.inputs[0])], [("words", sketch.outputs[0])])
        for number, sketch in enumerate((frame, clip))
    ]
    return write_model([frame.subgraph(), clip.subgraph()], signatures=signatures)


def _frame(weights: Weights) -> Sketch:
    frame = Sketch("frame")
    sound = frame.input("frame/sound", [1, FEATURES])
    features = frame.constant("frame/features", weights.draw(FILTERS, FEATURES))
    times = frame.constant("frame/times", weights.draw(FILTERS, FRAMES))
    memory = frame.variable("frame/memory", [1, FILTERS * FRAMES])
    inputs = [sound, features, times, ABSENT, memory]
    filtered = frame.op("SVDF", inputs, "frame/filtered", [1, FILTERS], _SVDF_OPTIONS)
    _classify(frame, filtered, FILTERS, weights)
    return frame


def _clip(weights: Weights) -> Sketch:
    clip = Sketch("clip")
    sound = clip.input("clip/sound", [1, FRAMES, FEATURES])
    gates = ("input", "forget", "cell", "output")
    to_gates = [clip.constant(f"clip/sound_to_{gate}", weights.draw(UNITS, FEATURES)) for gate in gates]
    around = [clip.constant(f"clip/output_to_{gate}", weights.draw(UNITS, UNITS)) for gate in gates]
    biases = [clip.constant(f"clip/{gate}_bias", weights.draw(UNITS)) for gate in gates]
    states = [clip.variable("clip/last_output", [1, UNITS]), clip.variable("clip/cells", [1, UNITS])]
    # No peepholes from the cells to the gates, and no projection of the output.
    inputs = [sound, *to_gates, *around, *[ABSENT] * 3, *biases, *[ABSENT] * 2, *states]
    heard = clip.op("UNIDIRECTIONAL_SEQUENCE_LSTM", inputs, "clip/heard", [1, FRAMES, UNITS], _LSTM_OPTIONS)
    _classify(clip, heard, UNITS, weights, FRAMES)
    return clip


def _classify(sketch: Sketch, source: int, width: int, weights: Weights, *frames: int) -> None:
    """Add the shares of the words at each of the `frames`, as the output."""
    filters = sketch.constant(f"{sketch.name}/words_filter", weights.draw(WORDS, width))
    shape = [1, *frames, WORDS]
    table = options("FullyConnectedOptions", keep_num_dims=bool(frames))
    logits = sketch.op("FULLY_CONNECTED", [source, filters, ABSENT], f"{sketch.name}/logits", shape, table)
    table = options("SoftmaxOptions", beta=1.0)
    sketch.outputs = [sketch.op("SOFTMAX", [logits], f"{sketch.name}/words", shape, table)]
