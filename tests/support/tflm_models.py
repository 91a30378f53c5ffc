"""Models for TensorFlow Lite Micro: one operator, once or several times, in the types of its kernels; drawn graphs."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from random import Random

import numpy as np
from tflite_writer import Operator, Options, Subgraph, Tensor, options, write_model

from .tflite_operators import CASES, Case, Const, State, conv, depthwise, floats, ints, pool

LAYOUTS = {"INT8": "i1", "INT16": "<i2", "INT32": "<i4", "INT64": "<i8", "FLOAT32": "<f4", "BOOL": "?"}
TYPES = ("FLOAT32", "INT8", "INT16", "INT32", "BOOL")
SCALED = ("INT8", "INT16")

WEIGHTED = {"CONV_2D": 0, "DEPTHWISE_CONV_2D": 3, "TRANSPOSE_CONV": 0, "FULLY_CONNECTED": 0}
"""Kinds with weights as input 1, and their axis of channels."""

SCALED_OUTPUTS = {
    ("SOFTMAX", "INT8"): (1 / 256, -128),
    ("SOFTMAX", "INT16"): (1 / 32768, 0),
    ("LOGISTIC", "INT8"): (1 / 256, -128),
    ("LOGISTIC", "INT16"): (1 / 32768, 0),
    ("TANH", "INT8"): (1 / 128, 0),
    ("TANH", "INT16"): (1 / 32768, 0),
    ("LOG_SOFTMAX", "INT8"): (16 / 256, 127),
}
"""The scale and zero point that a kernel demands of its output."""

_REDUCED = (((3, 4, 4, 8), (1, 2)), ((3, 9, 9, 64), (1, 2)), ((2, 3, 5), (0,)), ((3, 4, 4, 70), (3,)))


def _lstm(steps: int, width: int, cells: int) -> Case:
    gates = [*[floats(cells, width)] * 4, *[floats(cells, cells)] * 4, *[""] * 3, *[floats(cells)] * 4, *[""] * 2]
    inputs = [(3, steps, width), *gates, State((3, cells)), State((3, cells)), *[""] * 4]
    activation = options("UnidirectionalSequenceLSTMOptions", fused_activation_function=4)
    return Case("UNIDIRECTIONAL_SEQUENCE_LSTM", inputs, [(3, steps, cells)], activation)


def _reduction(kind: str, shape: tuple[int, ...], axes: tuple[int, ...]) -> Case:
    left = tuple(dim for axis, dim in enumerate(shape) if axis not in axes)
    return Case(kind, [shape, ints(*axes)], [left], options("ReducerOptions", keep_dims=False))


def _matmul(left: tuple[int, ...], right: object, out: tuple[int, ...], **adjoint: bool) -> Case:
    return Case("BATCH_MATMUL", [left, right], [out], options("BatchMatMulOptions", **adjoint))


OTHERS = [
    *(Case(kind, [(3, 4, 5)], [(3, 4, 5)]) for kind in ("ROUND", "RSQRT", "LOG", "LOGICAL_NOT")),
    *(Case(kind, [(3, 4)] * 2, [(3, 4)]) for kind in ("FLOOR_MOD", "LOGICAL_AND", "LOGICAL_OR")),
    *(Case(kind, [(3, 4)] * 2, [(3, 4)], out_dtype="BOOL") for kind in ("LESS_EQUAL", "GREATER_EQUAL")),
    *(Case("DEQUANTIZE", [(3, 4, 5)], [(3, 4, 5)], dtype=one, out_dtype="FLOAT32") for one in SCALED),
    *(Case("QUANTIZE", [(3, 4, 5)], [(3, 4, 5)], out_dtype=one) for one in SCALED),
    *(Case("ADD_N", [(3, 4)] * n, [(3, 4)]) for n in (2, 3, 5)),
    *(Case("CONCATENATION", [(3, 4)] * n, [(3, 4 * n)], options("ConcatenationOptions", axis=1)) for n in (1, 3, 5)),
    *(Case("PACK", [(3, 4)] * n, [(3, n, 4)], options("PackOptions", values_count=n, axis=1)) for n in (3, 7)),
    *(Case("CONV_2D", [(3, 9, 8, 2), floats(c, 3, 2, 2), floats(c)], [(3, 9, 8, c)], conv()) for c in (1, 8, 40)),
    Case("CONV_2D", [(3, 9, 8, 2), floats(8, 3, 2, 2)], [(3, 9, 8, 8)], conv()),
    *(
        Case("DEPTHWISE_CONV_2D", [(1, 9, 8, c), floats(1, 3, 2, c), floats(c)], [(1, 9, 8, c)], depthwise())
        for c in (3, 50)
    ),
    Case("FULLY_CONNECTED", [(3, 8), floats(50, 8)], [(3, 50)], options("FullyConnectedOptions")),
    *(
        Case(
            "TRANSPOSE_CONV",
            [ints(3, 8, 8, c), floats(c, 2, 2, 4), (3, 4, 4, 4), *[floats(c)] * bias],
            [(3, 8, 8, c)],
            options("TransposeConvOptions", padding=0, stride_w=2, stride_h=2),
        )
        for c in (2, 20)
        for bias in (0, 1)
    ),
    *(
        Case(
            "SVDF",
            [(b, 4), floats(2 * n, 4), floats(2 * n, m), floats(n), State((b, 2 * n * m))],
            [(b, n)],
            options("SVDFOptions", rank=2),
        )
        for b, n, m in ((3, 3, 5), (1, 8, 5), (2, 8, 9))
    ),
    _lstm(2, 4, 5),
    _lstm(7, 9, 16),
    *(_reduction(kind, *how) for kind in ("MEAN", "SUM", "REDUCE_MAX", "REDUCE_ALL") for how in _REDUCED),
    _matmul((3, 2, 40), (3, 40, 5), (3, 2, 5)),
    _matmul((3, 20, 40), floats(40, 50), (3, 20, 50)),
    _matmul((3, 20, 40), floats(50, 40), (3, 20, 50), adj_y=True),
    _matmul((3, 40, 20), (3, 40, 50), (3, 20, 50), adj_x=True),
    *(
        _matmul((3, 20, 20), (3, 20, 20), (3, 20, 20), adj_x=one, adj_y=other)
        for one in (False, True)
        for other in (False, True)
    ),
    *(_reduction(kind, (5, 2), ()) for kind in ("MEAN", "REDUCE_MAX")),
    Case("EMBEDDING_LOOKUP", [Const([0, 2]), floats(7, 40)], [(2, 40)]),
    Case("SOFTMAX", [(3, 30)], [(3, 30)], options("SoftmaxOptions", beta=1.0)),
    Case("MAX_POOL_2D", [(3, 9, 8, 20)], [(3, 5, 4, 20)], pool(0, 2, 2)),
]


@dataclass
class Builder:
    """A model in the making, in one type of numbers; with `channels`, weights have a scale for each channel."""

    dtype: str = "FLOAT32"
    channels: bool = False
    tensors: list[Tensor] = field(default_factory=list)
    operators: list[Operator] = field(default_factory=list)

    def add(self, shape: Sequence[int], dtype: str, scale: float = 0.5, zero: int = 0, **more: object) -> int:
        """A tensor, with a scale if its type needs one."""
        more.setdefault("scales", (scale,) if dtype in SCALED else ())
        self.tensors.append(Tensor(f"t{len(self.tensors)}", shape, dtype, has_rank=True, zero=zero, **more))
        return len(self.tensors) - 1

    def fixed(self, array: np.ndarray, dtype: str, **more: object) -> int:
        """A tensor of the file."""
        return self.add(array.shape, dtype, data=array.astype(LAYOUTS[dtype]).tobytes(), **more)

    def weights(self, kind: str, position: int, array: np.ndarray) -> int:
        """A constant of an operator of `kind`, in the type that its kernel takes at `position`."""
        if self.dtype not in SCALED:
            return self.fixed(array, self.dtype)
        if kind in WEIGHTED and position in (1, 2 + (kind == "TRANSPOSE_CONV")):
            axis = WEIGHTED[kind] if position == 1 else 0
            count = array.shape[axis] if self.channels else 1
            wide = "INT64" if self.dtype == "INT16" else "INT32"
            scale, dtype = (0.5, "INT8") if position == 1 else (0.25, wide)
            return self.fixed(array, dtype, scales=(scale,) * count, scaled=axis)
        if kind == "SVDF":
            dtype, scale = {1: ("INT8", 0.5), 2: ("INT16", 1 / 128), 3: ("INT32", 1 / 16384)}[position]
            return self.fixed(array, dtype, scales=(scale,))
        if kind == "UNIDIRECTIONAL_SEQUENCE_LSTM":
            return self.fixed(array, "INT8" if position < 12 else "INT32", scales=(0.5 if position < 12 else 0.25,))
        return self.fixed(array, self.dtype)

    def state(self, kind: str, position: int, shape: Sequence[int]) -> int:
        """A variable, with the type that the kernel of `kind` takes."""
        wide = kind == "SVDF" or position == 19
        dtype = "INT16" if self.dtype == "INT8" and wide else self.dtype
        return self.add(shape, dtype, 1 / 128, is_variable=True)

    def typed(self, dtype: str) -> str:
        return self.dtype if dtype == "FLOAT32" else dtype

    def case(self, case: Case, fed: list[int]) -> list[int]:
        """The inputs of an operator like `case`; what a caller feeds is added to `fed`."""
        read = []
        for position, given in enumerate(case.inputs):
            if isinstance(given, str):
                read.append(-1)
            elif isinstance(given, State):
                read.append(self.state(case.kind, position, given.shape))
            elif isinstance(given, Const):
                constant = given.dtype == "FLOAT32" and self.dtype != "FLOAT32"
                weights = self.weights(case.kind, position, given.array) if constant else None
                read.append(self.fixed(given.array, given.dtype) if weights is None else weights)
            else:
                wide = case.kind in ("TANH", "LOGISTIC") and self.dtype == "INT16"
                read.append(self.add(given, self.typed(case.dtype), 1 / 4096 if wide else 0.5))
                fed.append(read[-1])
        return read

    def run(
        self, kind: str, read: Sequence[int], made: Sequence[tuple[Sequence[int], str]], how: Options | None
    ) -> list[int]:
        """An operator and its outputs, each of a shape and type."""
        outputs = [self.add(shape, dtype, *SCALED_OUTPUTS.get((kind, dtype), (0.5, 0))) for shape, dtype in made]
        self.operators.append(Operator(kind, read, outputs, how))
        return outputs


def repeated(case: Case, dtype: str, copies: int = 1, *, channels: bool = False) -> bytes:
    """A model with `copies` of one operator over the same inputs."""
    builder, fed, ends = Builder(dtype, channels), list[int](), list[int]()
    repeat(builder, case, copies, fed, ends)
    return write_model([Subgraph(builder.tensors, builder.operators, fed, ends)])


def repeat(builder: Builder, case: Case, copies: int, fed: list[int], ends: list[int]) -> None:
    """Add `copies` of one operator over the same inputs; its inputs go to `fed`, its results to `ends`."""
    read = builder.case(case, fed)
    dtypes = [case.out_dtype] * len(case.outputs) if isinstance(case.out_dtype, str) else case.out_dtype
    made = [(s, builder.typed(d or case.dtype)) for s, d in zip(case.outputs, dtypes, strict=True)]
    if case.kind == "QUANTIZE":
        builder.dtype, made = "FLOAT32", [(case.outputs[0], str(case.out_dtype))]
    for _ in range(copies):
        ends += builder.run(case.kind, read, made, case.options)


def operator_models(copies: int = 1) -> Iterator[tuple[str, bytes]]:
    """Each operator of the lists, in each type and way to quantise it; some of these no kernel takes."""
    for number, case in enumerate((*CASES, *OTHERS)):
        if case.version != 1 or () in case.outputs:
            continue
        for dtype in TYPES:
            for channels in (False, True) if case.kind in WEIGHTED and dtype in SCALED else (False,):
                name = f"{number} {case.name} {dtype}{' by channel' if channels else ''}"
                yield name, repeated(case, dtype, copies, channels=channels)


def drawn_model(seed: int) -> bytes:
    """A drawn graph of image operators, in float, int8 or int16; the same for the same seed."""
    return write_model([drawn_subgraph(seed)])


def drawn_subgraph(seed: int) -> Subgraph:
    """The graph of `drawn_model`."""
    rng = Random(seed)
    builder = Builder(rng.choice(("FLOAT32", "INT8", "INT8", "INT16")), rng.random() < 0.6)
    shapes = [(1, rng.choice((4, 7, 12)), rng.choice((4, 9)), rng.choice((1, 3, 8))) for _ in range(rng.randint(1, 3))]
    known = [(builder.add(shape, builder.dtype), shape) for shape in shapes]
    fed = [t for t, _ in known]
    for _ in range(rng.randint(1, 25)):
        known.append(drawn_step(rng, builder, known))
    read = {t for operator in builder.operators for t in operator.inputs}
    ends = [t for operator in builder.operators for t in operator.outputs if t not in read]
    return Subgraph(builder.tensors, builder.operators, fed, ends)


def drawn_step(rng: Random, builder: Builder, known: list[tuple[int, tuple[int, ...]]]) -> tuple[int, tuple[int, ...]]:
    """One operator more, over one of the last results."""
    t, (batch, h, w, c) = rng.choice(known[-4:])
    shape = (batch, h, w, c)
    alike = [other for other, size in known if size == shape]
    kind = rng.choice(("CONV_2D", "DEPTHWISE_CONV_2D", "ADD", "MUL", "RELU", "MAX_POOL_2D", "CONCATENATION", "MEAN"))
    read, how, made = [t], None, shape
    if kind == "CONV_2D":
        out = rng.choice((1, 4, 16, 33))
        read += [builder.weights(kind, 1, np.ones((out, 3, 3, c))), builder.weights(kind, 2, np.ones(out))]
        how, made = conv(), (batch, h, w, out)
    elif kind == "DEPTHWISE_CONV_2D":
        read += [builder.weights(kind, 1, np.ones((1, 3, 3, c))), builder.weights(kind, 2, np.ones(c))]
        how = depthwise()
    elif kind in ("ADD", "MUL"):
        read.append(rng.choice(alike))
    elif kind == "MAX_POOL_2D":
        how, made = pool(0, 2, 2), (batch, -(-h // 2), -(-w // 2), c)
    elif kind == "CONCATENATION":
        read = [rng.choice(alike) for _ in range(rng.randint(2, 4))]
        how, made = options("ConcatenationOptions", axis=3), (batch, h, w, c * len(read))
    elif kind == "MEAN":
        read.append(builder.fixed(np.array([1, 2]), "INT32"))
        how, made = options("ReducerOptions", keep_dims=True), (batch, 1, 1, c)
    return builder.run(kind, read, [(made, builder.dtype)], how)[0], made


def behind_wide(case: Case, dtype: str, copies: int, *, channels: bool = False) -> bytes:
    """A dense layer with 700 scales, which preparation looks at, and behind it `copies` of one operator."""
    builder, fed, ends = Builder("INT8", channels=True), list[int](), list[int]()
    fed.append(builder.add((1, 4), "INT8"))
    weights = (builder.weights("FULLY_CONNECTED", at, np.ones(shape)) for at, shape in ((1, (700, 4)), (2, (700,))))
    how = options("FullyConnectedOptions")
    ends += builder.run("FULLY_CONNECTED", [fed[0], *weights], [((1, 700), "INT8")], how)
    builder.dtype, builder.channels = dtype, channels
    repeat(builder, case, copies, fed, ends)
    return write_model([Subgraph(builder.tensors, builder.operators, fed, ends)])
