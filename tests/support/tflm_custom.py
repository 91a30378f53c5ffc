"""Models of one custom operator of TensorFlow Lite Micro, in drawn sizes, once or several times."""

from collections.abc import Callable, Sequence
from random import Random

from flatbuffers import flexbuffers
from tflite_writer import Operator, Subgraph, Tensor, write_model

_SCALED = {"scales": (0.5,)}


def flexbuffer(options: dict[str, object]) -> bytes:
    """The options of a custom operator."""
    builder = flexbuffers.Builder()
    with builder.Map():
        for name, value in sorted(options.items()):
            add = {bool: builder.Bool, int: builder.Int}.get(type(value), builder.Float)
            add(name, value)
    return bytes(builder.Finish())


class _Drawn:
    """One operator: its tensors as (shape, type, more), and its options."""

    def __init__(self, kind: str, inputs: Sequence[tuple], outputs: Sequence[tuple], **options: object) -> None:
        self.kind, self.inputs, self.outputs, self.options = kind, inputs, outputs, options

    def model(self, copies: int) -> bytes:
        """A model with `copies` of it over the same inputs."""
        tensors = [_tensor(f"in{number}", *one) for number, one in enumerate(self.inputs)]
        operators, ends = [], []
        for copy in range(copies):
            made = range(len(tensors), len(tensors) + len(self.outputs))
            tensors += [_tensor(f"out{copy}_{number}", *one) for number, one in enumerate(self.outputs)]
            ends += made
            reads = range(len(self.inputs))
            custom = {"custom": True, "custom_options": flexbuffer(self.options)}
            operators.append(Operator(self.kind, list(reads), list(made), **custom))
        fed = [number for number in range(len(self.inputs)) if not tensors[number].data]
        return write_model([Subgraph(tensors, operators, fed, ends)])


def _tensor(name: str, shape: Sequence[int], dtype: str, more: dict | None = None) -> Tensor:
    return Tensor(name, shape, dtype, has_rank=True, **(more or {}))


def _delay(rng: Random) -> _Drawn:
    shape = (rng.randint(1, 4), rng.randint(1, 200))
    return _Drawn("SignalDelay", [(shape, "INT16")], [(shape, "INT16")], delay_length=rng.randint(0, 90))


def _framer(rng: Random) -> _Drawn:
    rows, frames, step = rng.randint(1, 3), rng.randint(1, 4), rng.randint(1, 60)
    size = step + rng.randint(0, 90)
    outputs = [((rows, frames, size), "INT16"), ((), "BOOL")]
    options = {"frame_size": size, "frame_step": step, "prefill": rng.random() < 0.5}
    return _Drawn("SignalFramer", [((rows, frames * step), "INT16")], outputs, **options)


def _stacker(rng: Random) -> _Drawn:
    channels, left, right = rng.randint(1, 50), rng.randint(0, 5), rng.randint(0, 5)
    options = {
        "num_channels": channels,
        "stacker_left_context": left,
        "stacker_right_context": right,
        "stacker_step": rng.randint(1, left + right + 1),
    }
    outputs = [((channels * (left + right + 1),), "INT16"), ((), "BOOL")]
    return _Drawn("SignalStacker", [((channels,), "INT16")], outputs, **options)


def _overlap_add(rng: Random) -> _Drawn:
    rows, frames, step = rng.randint(1, 3), rng.randint(1, 4), rng.randint(1, 60)
    dtype, number = rng.choice((("INT16", 7), ("FLOAT32", 0)))
    inputs = [((rows, frames, step + rng.randint(0, 90)), dtype)]
    return _Drawn("SignalOverlapAdd", inputs, [((rows, frames * step), dtype)], T=number, frame_step=step)


def _circular_buffer(rng: Random) -> _Drawn:
    slots, width, channels = rng.randint(2, 20), rng.randint(1, 3), rng.randint(1, 40)
    outputs = [((1, slots, width, channels), "INT8", _SCALED), ((1,), "BOOL")][: rng.randint(1, 2)]
    return _Drawn("CIRCULAR_BUFFER", [((1, 1, width, channels), "INT8", _SCALED)], outputs, cycles_max=1)


def _detection(rng: Random) -> _Drawn:
    boxes, classes, found = rng.randint(1, 60), rng.randint(1, 20), rng.randint(1, 12)
    anchors = ((boxes, 4), "FLOAT32", {"data": b"\0\0\0\x3f" * 4 * boxes})
    return _Drawn(
        "TFLite_Detection_PostProcess",
        [((1, boxes, 4), "FLOAT32"), ((1, boxes, classes + 1), "FLOAT32"), anchors],
        [((1, found, 4), "FLOAT32"), ((1, found), "FLOAT32"), ((1, found), "FLOAT32"), ((1,), "FLOAT32")],
        max_detections=found,
        max_classes_per_detection=1,
        detections_per_class=rng.randint(1, 9),
        use_regular_nms=rng.random() < 0.5,
        num_classes=classes,
        nms_score_threshold=0.5,
        nms_iou_threshold=0.5,
        **dict.fromkeys(("y_scale", "x_scale", "h_scale", "w_scale"), 5.0),
    )


def _decode(rng: Random) -> _Drawn:
    inputs, outputs = [], []
    for _ in range(rng.randint(1, 3)):
        channels, each, code = rng.choice((1, 4)), rng.randint(4, 40), rng.choice((0, 2))
        # The code, a version, a version of the code, bits of an index, and the distance of tables.
        table = bytes([code, 1, 0, 0, 1, 2, 4]) + bytes(9) + bytes(range(4)) * channels * each
        inputs += [((channels * each,), "UINT8", {"data": b"\x1b" * channels * each})]
        inputs += [((len(table),), "UINT8", {"data": table})]
        outputs.append(((channels, each), "INT8", {"scales": (0.5,) * channels}))
    return _Drawn("TFLM_DECODE", inputs, outputs)


CUSTOM: dict[str, Callable[[Random], _Drawn]] = {
    "SignalDelay": _delay,
    "SignalFramer": _framer,
    "SignalStacker": _stacker,
    "SignalOverlapAdd": _overlap_add,
    "CIRCULAR_BUFFER": _circular_buffer,
    "TFLite_Detection_PostProcess": _detection,
    "TFLM_DECODE": _decode,
}
"""Kinds, and how one of each is drawn."""


def drawn_custom(kind: str, seed: int) -> bytes:
    """A model of one to three operators of `kind`; the same for the same seed."""
    rng = Random(f"{kind} {seed}")
    return CUSTOM[kind](rng).model(rng.randint(1, 3))
