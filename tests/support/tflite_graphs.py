"""Drawn TFLite models with an open batch, in the shapes that converters write for one sample."""

from dataclasses import dataclass, field
from random import Random

import numpy as np
from tflite_writer import Operator, Options, Subgraph, Tensor, options, write_model

from .tflite_operators import conv, depthwise, pool, strided


@dataclass
class Drawing:
    """A model in the making; a sample has the shape `sample[t]`, behind the batch."""

    rng: Random
    tensors: list[Tensor] = field(default_factory=list)
    operators: list[Operator] = field(default_factory=list)
    sample: dict[int, tuple[int, ...]] = field(default_factory=dict)

    def open(self, sample: tuple[int, ...], dtype: str = "FLOAT32", *, marked: bool = False) -> int:
        """A tensor with an open batch; some writers only set the signature of inputs."""
        signature = [-1, *sample] if self.rng.random() < 0.8 or marked or not self.tensors else None
        self.tensors.append(Tensor(f"t{len(self.tensors)}", [1, *sample], dtype, shape_signature=signature))
        self.sample[len(self.tensors) - 1] = sample
        return len(self.tensors) - 1

    def fixed(self, array, dtype: str) -> int:
        array = np.asarray(array, "<i4" if dtype == "INT32" else "<f4")
        self.tensors.append(Tensor(f"t{len(self.tensors)}", array.shape, dtype, data=array.tobytes()))
        return len(self.tensors) - 1

    def plain(self, shape: tuple[int, ...]) -> int:
        """A tensor of whole numbers that is not a sample."""
        self.tensors.append(Tensor(f"t{len(self.tensors)}", shape, "INT32", has_rank=True))
        return len(self.tensors) - 1

    def weights(self, *shape: int) -> int:
        return self.fixed(np.full(shape, 0.1), "FLOAT32")

    def whole(self, *numbers: int) -> int:
        return self.fixed(numbers, "INT32")

    def op(self, kind: str, inputs, sample: tuple[int, ...], table: Options | None = None) -> int:
        made = self.open(sample, marked=kind == "SLICE")  # whose kernel holds to what is not marked as open
        self.operators.append(Operator(kind, inputs, [made], table))
        return made

    def batch_of(self, t: int) -> int:
        """The operators by which Keras finds out the batch of `t`; the tensor with that number."""
        dims, number = self.plain((1 + len(self.sample[t]),)), self.plain(())
        self.operators.append(Operator("SHAPE", [t], [dims], options("ShapeOptions", out_type=2)))
        ends = [self.whole(0), self.whole(1), self.whole(1)]
        self.operators.append(Operator("STRIDED_SLICE", [dims, *ends], [number], strided(shrink_axis_mask=1)))
        return number


def _flatten(d: Drawing, t: int) -> int:
    count = int(np.prod(d.sample[t]))
    packed = d.plain((2,))
    number, rest = d.batch_of(t), d.fixed(count, "INT32")
    d.operators.append(Operator("PACK", [number, rest], [packed], options("PackOptions", values_count=2, axis=0)))
    return d.op("RESHAPE", [t, packed], (count,))


def _image(d: Drawing, t: int) -> int:
    count = int(np.prod(d.sample[t]))
    return d.op("RESHAPE", [t, d.whole(-1, 1, count, 1)], (1, count, 1))


def step(d: Drawing, known: list[int]) -> int:
    """One operator or a few more, over tensors that are `known`."""
    t = d.rng.choice(known)
    sample = d.sample[t]
    alike = [other for other in known if d.sample[other] == sample]
    if len(sample) == 3 and d.rng.random() < 0.6:
        h, w, c = sample
        kind = d.rng.choice(["conv", "depthwise", "pool", "mean", "pad", "resize", "transpose"])
        if kind == "conv":
            padding, stride = d.rng.choice([(0, 1), (0, 2), (1, 1)])
            out = (-(-h // stride), -(-w // stride)) if padding == 0 else (h, w)
            return d.op("CONV_2D", [t, d.weights(4, 1, 1, c), d.weights(4)], (*out, 4), conv(padding, stride))
        if kind == "depthwise":
            return d.op("DEPTHWISE_CONV_2D", [t, d.weights(1, 3, 3, c), d.weights(c)], sample, depthwise())
        if kind == "pool":
            return d.op("MAX_POOL_2D", [t], (-(-h // 2), -(-w // 2), c), pool(0, 2, 2))
        if kind == "mean":
            return d.op("MEAN", [t, d.whole(1, 2)], (c,), options("ReducerOptions", keep_dims=False))
        if kind == "pad":
            return d.op("PAD", [t, d.fixed([[0, 0], [1, 1], [0, 2], [0, 0]], "INT32")], (h + 2, w + 2, c))
        if kind == "resize" and h * w < 100:
            return d.op("RESIZE_NEAREST_NEIGHBOR", [t, d.whole(2 * h, w)], (2 * h, w, c))
        return d.op("TRANSPOSE", [t, d.whole(0, 2, 1, 3)], (w, h, c))
    kind = d.rng.choice(["unary", "binary", "concat", "flatten", "image", "dense", "slice", "split", "softmax"])
    if kind == "binary":
        return d.op(d.rng.choice(["ADD", "MUL", "MAXIMUM"]), [t, d.rng.choice(alike)], sample)
    if kind == "concat":
        made = (*sample[:-1], 2 * sample[-1])
        return d.op("CONCATENATION", [t, d.rng.choice(alike)], made, options("ConcatenationOptions", axis=-1))
    if kind == "flatten":
        return _flatten(d, t)
    if kind == "image":
        return _image(d, t)
    if kind == "dense":
        keep = d.rng.random() < 0.5 or len(sample) == 1
        table = options("FullyConnectedOptions", keep_num_dims=keep)
        if keep:
            return d.op("FULLY_CONNECTED", [t, d.weights(5, sample[-1]), d.weights(5)], (*sample[:-1], 5), table)
    if kind == "slice":
        begin, size = d.whole(*[0] * (1 + len(sample))), d.whole(-1, *sample[:-1], max(1, sample[-1] // 2))
        return d.op("SLICE", [t, begin, size], (*sample[:-1], max(1, sample[-1] // 2)))
    if kind == "split" and sample[-1] % 2 == 0:
        made = [d.open((*sample[:-1], sample[-1] // 2)) for _ in range(2)]
        axis = d.fixed(len(sample), "INT32")
        d.operators.append(Operator("SPLIT", [axis, t], made, options("SplitOptions", num_splits=2)))
        return made[0]
    if kind == "softmax":
        return d.op("SOFTMAX", [t], sample, options("SoftmaxOptions", beta=1.0))
    return d.op(d.rng.choice(["RELU", "TANH", "LOGISTIC", "ABS"]), [t], sample)


def drawn_model(seed: int, operators: int = 12) -> bytes:
    """The file of a model that takes samples [-1, 6, 4, 2], the same for the same seed."""
    d = Drawing(Random(seed))
    known = [d.open((6, 4, 2))]
    while len(d.operators) < operators:
        known.append(step(d, known))
    read = {t for op in d.operators for t in op.inputs}
    results = [t for op in d.operators for t in op.outputs if t not in read]
    return write_model([Subgraph(d.tensors, d.operators, [0], results)])
