"""TFLite operators with an open batch: models of one operator each, and the shapes that batches of three make."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from tflite_writer import Operator, Options, Subgraph, Tensor, options, write_model

BATCH = 3

Shape = tuple[int, ...]


@dataclass(frozen=True)
class Const:
    """An input that the file has."""

    values: object
    dtype: str = "INT32"

    @property
    def array(self) -> np.ndarray:
        return np.array(self.values, {"INT32": "<i4", "INT64": "<i8", "FLOAT32": "<f4", "BOOL": "?"}[self.dtype])


@dataclass(frozen=True)
class State:
    """An input that is kept from run to run: no caller resizes it, so the file has it for the whole batch."""

    shape: Shape


@dataclass(frozen=True)
class Case:
    """An operator `kind` with `inputs`: shapes, of which those that begin with BATCH are open there, or constants."""

    kind: str
    inputs: Sequence[Shape | Const | State | str]
    outputs: Sequence[Shape]
    options: Options | None = None
    dtype: str = "FLOAT32"
    out_dtype: str | Sequence[str] = ""
    version: int = 1

    @property
    def name(self) -> str:
        shapes = [i.array.shape if isinstance(i, Const) else i for i in self.inputs if isinstance(i, Const | tuple)]
        more = "" if self.options is None else " " + ",".join(str(value) for _, _, value in self.options.fields)
        return f"{self.kind} {' '.join(str(list(shape)) for shape in shapes)}{more}".replace(" ", "")

    @property
    def model(self) -> bytes:
        """A file that leaves batches open, and says 1 for them, as converters do."""
        tensors, fed, read = [], [], []
        for position, given in enumerate(self.inputs):
            read.append(-1 if isinstance(given, str) else len(tensors))
            if isinstance(given, str):
                continue
            if isinstance(given, State):
                tensors.append(Tensor(f"s{position}", given.shape, self.dtype, is_variable=True))
                continue
            if isinstance(given, Const):
                array = given.array
                tensors.append(Tensor(f"c{position}", array.shape, given.dtype, data=array.tobytes(), has_rank=True))
                continue
            fed.append(read[-1])
            tensors.append(opened(f"x{position}", given, self.dtype))
        dtypes = [self.out_dtype] * len(self.outputs) if isinstance(self.out_dtype, str) else self.out_dtype
        made = range(len(tensors), len(tensors) + len(self.outputs))
        for index, dtype in zip(made, dtypes, strict=True):
            rank = len(self.outputs[index - made[0]])
            tensors.append(
                Tensor(
                    f"y{index - made[0]}", [1] * rank, dtype or self.dtype, shape_signature=[-1] * rank, has_rank=True
                )
            )
        operator = Operator(self.kind, read, made, self.options, version=self.version)
        return write_model([Subgraph(tensors, [operator], fed, made)])

    @property
    def bindings(self) -> dict[str, int]:
        return {
            f"x{position}:0": BATCH
            for position, given in enumerate(self.inputs)
            if isinstance(given, tuple) and given[:1] == (BATCH,)
        }


def opened(name: str, shape: Shape, dtype: str) -> Tensor:
    """A tensor whose first dimension is open where `shape` begins with BATCH."""
    if shape[:1] != (BATCH,):
        return Tensor(name, shape, dtype, has_rank=True)
    return Tensor(name, [1, *shape[1:]], dtype, shape_signature=[-1, *shape[1:]], has_rank=True)


def floats(*shape: int) -> Const:
    return Const(np.ones(shape, "<f4"), "FLOAT32")


def ints(*values: int) -> Const:
    return Const(list(values))


def one(value: int) -> Const:
    return Const(value)


def conv(padding=0, stride=1, dilation=1) -> Options:
    return options(
        "Conv2DOptions",
        padding=padding,
        stride_w=stride,
        stride_h=stride,
        dilation_w_factor=dilation,
        dilation_h_factor=dilation,
    )


def depthwise(padding=0, stride=1, dilation=1) -> Options:
    return options(
        "DepthwiseConv2DOptions",
        padding=padding,
        stride_w=stride,
        stride_h=stride,
        depth_multiplier=1,
        dilation_w_factor=dilation,
        dilation_h_factor=dilation,
    )


def pool(padding=0, stride=1, size=2) -> Options:
    sizes = {"stride_w": stride, "stride_h": stride, "filter_width": size, "filter_height": size}
    return options("Pool2DOptions", padding=padding, **sizes)


def strided(**masks: int) -> Options:
    return options("StridedSliceOptions", **masks)


_SAME = "ABS NEG RELU RELU6 LOGISTIC TANH SQRT SQUARE EXP FLOOR CEIL SIN COS ELU HARD_SWISH LEAKY_RELU SOFTMAX"
_SAME += " LOG_SOFTMAX L2_NORMALIZATION ZEROS_LIKE"
_SPREADING = "ADD SUB MUL DIV MAXIMUM MINIMUM POW SQUARED_DIFFERENCE FLOOR_DIV"
_COMPARED = "LESS GREATER EQUAL NOT_EQUAL"

CASES = [
    *(
        Case(kind, [(BATCH, 4, 5)], [(BATCH, 4, 5)], options("SoftmaxOptions", beta=1.0) if kind == "SOFTMAX" else None)
        for kind in _SAME.split()
    ),
    *(Case(kind, [(BATCH, 4, 5), floats(5)], [(BATCH, 4, 5)]) for kind in _SPREADING.split()),
    *(Case(kind, [floats(2, 1, 5), (BATCH, 1)], [(2, BATCH, 5)]) for kind in _SPREADING.split()),
    *(Case(kind, [(BATCH, 4), (BATCH, 1)], [(BATCH, 4)], out_dtype="BOOL") for kind in _COMPARED.split()),
    Case("CAST", [(BATCH, 4)], [(BATCH, 4)], out_dtype="INT32"),
    Case("PRELU", [(BATCH, 4, 5), floats(1, 5)], [(BATCH, 4, 5)]),
    Case("SELECT_V2", [Const([[True], [False]], "BOOL"), (BATCH, 2, 4), floats(1)], [(BATCH, 2, 4)]),
    *(
        Case("CONV_2D", [(BATCH, 9, 8, 2), floats(5, 3, 2, 2), floats(5)], [(BATCH, *out, 5)], conv(*how))
        for how, out in {
            (0, 1): (9, 8),
            (1, 1): (7, 7),
            (0, 2): (5, 4),
            (1, 2): (4, 4),
            (1, 3): (3, 3),
            (1, 1, 2): (5, 6),
            (0, 1, 3): (9, 8),
        }.items()
    ),
    *(
        Case(
            "DEPTHWISE_CONV_2D", [(BATCH, 9, 8, 2), floats(1, 3, 2, 2), floats(2)], [(BATCH, *out, 2)], depthwise(*how)
        )
        for how, out in {(0, 1): (9, 8), (1, 2): (4, 4), (1, 1, 2): (5, 6)}.items()
    ),
    *(
        Case(kind, [(BATCH, 9, 8, 2)], [(BATCH, *out, 2)], pool(*how))
        for kind in ("MAX_POOL_2D", "AVERAGE_POOL_2D")
        for how, out in {(0, 2, 2): (5, 4), (1, 2, 3): (4, 3), (1, 1, 2): (8, 7)}.items()
    ),
    Case(
        "TRANSPOSE_CONV",
        [ints(BATCH, 8, 8, 2), floats(2, 2, 2, 4), (BATCH, 4, 4, 4)],
        [(BATCH, 8, 8, 2)],
        options("TransposeConvOptions", padding=0, stride_w=2, stride_h=2),
    ),
    Case(
        "CONV_3D",
        [(BATCH, 5, 9, 8, 2), floats(2, 3, 2, 2, 4)],
        [(BATCH, 4, 4, 4, 4)],
        options(
            "Conv3DOptions",
            padding=1,
            stride_d=1,
            stride_w=2,
            stride_h=2,
            dilation_d_factor=1,
            dilation_w_factor=1,
            dilation_h_factor=1,
        ),
    ),
    Case("RESIZE_BILINEAR", [(BATCH, 4, 4, 2), ints(7, 9)], [(BATCH, 7, 9, 2)]),
    Case("RESIZE_NEAREST_NEIGHBOR", [(BATCH, 4, 4, 2), ints(7, 9)], [(BATCH, 7, 9, 2)]),
    Case("SPACE_TO_DEPTH", [(BATCH, 4, 6, 2)], [(BATCH, 2, 3, 8)], options("SpaceToDepthOptions", block_size=2)),
    Case("DEPTH_TO_SPACE", [(BATCH, 2, 3, 8)], [(BATCH, 4, 6, 2)], options("DepthToSpaceOptions", block_size=2)),
    Case("SPACE_TO_BATCH_ND", [(BATCH, 4, 5, 2), ints(2, 3), Const([[0, 0], [1, 0]])], [(BATCH * 6, 2, 2, 2)]),
    Case("BATCH_TO_SPACE_ND", [(BATCH * 4, 2, 3, 2), ints(2, 2), Const([[0, 0], [1, 0]])], [(BATCH, 4, 5, 2)]),
    Case("FULLY_CONNECTED", [(BATCH, 8), floats(5, 8), floats(5)], [(BATCH, 5)], options("FullyConnectedOptions")),
    Case(
        "FULLY_CONNECTED", [(BATCH, 2, 8), floats(5, 8), floats(5)], [(BATCH * 2, 5)], options("FullyConnectedOptions")
    ),
    Case(
        "FULLY_CONNECTED",
        [(BATCH, 2, 8), floats(5, 8), floats(5)],
        [(BATCH, 2, 5)],
        options("FullyConnectedOptions", keep_num_dims=True),
    ),
    *(
        Case("BATCH_MATMUL", [one_, other], [out], options("BatchMatMulOptions", adj_x=x, adj_y=y))
        for one_, other, out, x, y in (
            ((BATCH, 2, 4), (BATCH, 4, 5), (BATCH, 2, 5), False, False),
            ((BATCH, 4, 2), (BATCH, 4, 5), (BATCH, 2, 5), True, False),
            ((BATCH, 2, 4), floats(5, 4), (BATCH, 2, 5), False, True),
            ((BATCH, 1, 2, 4), floats(6, 4, 5), (BATCH, 6, 2, 5), False, False),
        )
    ),
    Case("RESHAPE", [(BATCH, 4, 5), ints(-1, 20)], [(BATCH, 20)]),
    Case("RESHAPE", [(BATCH, 4, 5), ints(2, -1, 5)], [(2, 6, 5)]),
    Case("RESHAPE", [(BATCH, 4, 5)], [(BATCH, 20)], options("ReshapeOptions", new_shape=[-1, 20])),
    Case("SQUEEZE", [(BATCH, 1, 4, 1)], [(BATCH, 4)], options("SqueezeOptions", squeeze_dims=[])),
    Case("SQUEEZE", [(BATCH, 1, 4, 1)], [(BATCH, 1, 4)], options("SqueezeOptions", squeeze_dims=[-1])),
    Case("EXPAND_DIMS", [(BATCH, 4), one(1)], [(BATCH, 1, 4)]),
    Case("EXPAND_DIMS", [(BATCH, 4), one(-1)], [(BATCH, 4, 1)]),
    Case("TRANSPOSE", [(BATCH, 4, 5), ints(2, 0, 1)], [(5, BATCH, 4)]),
    Case("CONCATENATION", [(BATCH, 4), (BATCH, 5)], [(BATCH, 9)], options("ConcatenationOptions", axis=1)),
    Case("CONCATENATION", [(BATCH, 4), floats(2, 4)], [(BATCH + 2, 4)], options("ConcatenationOptions", axis=-2)),
    Case("PACK", [(BATCH, 4), (BATCH, 4)], [(BATCH, 2, 4)], options("PackOptions", values_count=2, axis=1)),
    Case("PACK", [(BATCH, 4), (BATCH, 4)], [(BATCH, 4, 2)], options("PackOptions", values_count=2, axis=-1)),
    Case("UNPACK", [(BATCH, 2, 4)], [(BATCH, 4)] * 2, options("UnpackOptions", num=2, axis=1)),
    Case("SPLIT", [one(1), (BATCH, 6)], [(BATCH, 3)] * 2, options("SplitOptions", num_splits=2)),
    Case(
        "SPLIT_V",
        [(BATCH, 6), ints(1, -1, 2), one(1)],
        [(BATCH, 1), (BATCH, 3), (BATCH, 2)],
        options("SplitVOptions", num_splits=3),
    ),
    Case("SLICE", [(BATCH, 6), ints(0, 2), ints(-1, 3)], [(BATCH, 3)]),
    Case("SLICE", [(BATCH, 6), ints(1, 2), ints(-1, -1)], [(BATCH - 1, 4)]),
    Case(
        "STRIDED_SLICE",
        [(BATCH, 6), ints(0, 1), ints(0, 6), ints(1, 2)],
        [(BATCH, 3)],
        strided(begin_mask=1, end_mask=1),
    ),
    Case("STRIDED_SLICE", [(BATCH, 6), ints(0, 4), ints(0, 0), ints(1, -1)], [(BATCH, 4)], strided(end_mask=1)),
    Case(
        "STRIDED_SLICE",
        [(BATCH, 6), ints(0, -2), ints(0, -1), ints(1, 1)],
        [(BATCH,)],
        strided(begin_mask=1, end_mask=1, shrink_axis_mask=2),
    ),
    Case(
        "STRIDED_SLICE",
        [(BATCH, 6, 4), ints(0, 0, 1), ints(0, 0, 3), ints(1, 1, 1)],
        [(BATCH, 6, 1, 2)],
        strided(ellipsis_mask=1, new_axis_mask=2),
    ),
    # In LiteRT an ellipsis stands for one axis at least, and what is said of axes behind the last counts for nothing.
    Case(
        "STRIDED_SLICE",
        [(BATCH, 6), ints(0, 1, 1), ints(0, 4, 2), ints(1, 1, 1)],
        [(BATCH, 3)],
        strided(ellipsis_mask=1),
    ),
    Case("STRIDED_SLICE", [(BATCH, 6), ints(1, 1, 1), ints(3, 4, 2), ints(1, 1, 1)], [(BATCH - 1, 3)], strided()),
    Case("PAD", [(BATCH, 4), Const([[0, 0], [1, 2]])], [(BATCH, 7)]),
    Case("PADV2", [(BATCH, 4), Const([[1, 0], [1, 2]]), Const(0.0, "FLOAT32")], [(BATCH + 1, 7)]),
    Case("MIRROR_PAD", [(BATCH, 4), Const([[0, 0], [1, 2]])], [(BATCH, 7)], options("MirrorPadOptions", mode=0)),
    Case("TILE", [(BATCH, 4), ints(2, 3)], [(BATCH * 2, 12)]),
    Case("BROADCAST_TO", [(BATCH, 1), ints(2, BATCH, 4)], [(2, BATCH, 4)], version=2),
    Case("GATHER", [(BATCH, 6), ints(0, 2, 4, 1)], [(BATCH, 4)], options("GatherOptions", axis=1)),
    Case("GATHER", [(BATCH, 6), Const([[0, 1], [1, 0]])], [(BATCH, 2, 2)], options("GatherOptions", axis=-1)),
    Case("GATHER", [floats(7, 6), (BATCH,)], [(BATCH, 6)], dtype="INT32", out_dtype="FLOAT32"),
    Case("GATHER_ND", [(BATCH, 6, 2), Const([[0, 1], [1, 0], [0, 0], [1, 1]])], [(4, 2)]),
    *(
        Case(
            kind,
            [(BATCH, 6, 2), ints(1)],
            [(BATCH, 1, 2) if keep else (BATCH, 2)],
            options("ReducerOptions", keep_dims=keep),
        )
        for kind in ("MEAN", "SUM", "REDUCE_MAX", "REDUCE_MIN", "REDUCE_PROD")
        for keep in (False, True)
    ),
    Case("MEAN", [(BATCH, 6, 2), ints(-1, -2)], [(BATCH,)], options("ReducerOptions", keep_dims=False)),
    Case("ARG_MAX", [(BATCH, 6), one(1)], [(BATCH,)], options("ArgMaxOptions", output_type=2), out_dtype="INT32"),
    Case("ARG_MIN", [(BATCH, 6), one(-1)], [(BATCH,)], options("ArgMinOptions", output_type=2), out_dtype="INT32"),
    Case("TOPK_V2", [(BATCH, 6), one(2)], [(BATCH, 2)] * 2, out_dtype=("FLOAT32", "INT32")),
    Case(
        "ONE_HOT",
        [(BATCH, 2), one(5), Const(1.0, "FLOAT32"), Const(0.0, "FLOAT32")],
        [(BATCH, 2, 5)],
        options("OneHotOptions", axis=-1),
        dtype="INT32",
        out_dtype="FLOAT32",
    ),
    Case("SHAPE", [(BATCH, 6, 2)], [(3,)], options("ShapeOptions", out_type=2), out_dtype="INT32"),
    Case("RANK", [(BATCH, 6, 2)], [()], out_dtype="INT32"),
    Case("CUMSUM", [(BATCH, 6), one(1)], [(BATCH, 6)]),
    Case("REVERSE_V2", [(BATCH, 6), ints(1)], [(BATCH, 6)]),
    Case("MATRIX_DIAG", [(BATCH, 4)], [(BATCH, 4, 4)]),
    Case("SCATTER_ND", [Const([[0], [2], [4]]), (BATCH, 2), ints(6, 2)], [(6, 2)]),
    Case("RFFT2D", [(BATCH, 4, 8), ints(4, 8)], [(BATCH, 4, 5)], out_dtype="COMPLEX64"),
    Case("EMBEDDING_LOOKUP", [(BATCH,), floats(7, 4)], [(BATCH, 4)], dtype="INT32", out_dtype="FLOAT32"),
    Case("L2_POOL_2D", [(BATCH, 9, 8, 2)], [(BATCH, 5, 4, 2)], pool(0, 2, 2)),
    Case("LOCAL_RESPONSE_NORMALIZATION", [(BATCH, 4, 4, 2)], [(BATCH, 4, 4, 2)]),
    Case(
        "GATHER",
        [(BATCH, 6, 2), (BATCH, 4)],
        [(BATCH, 4, 2)],
        options("GatherOptions", axis=1, batch_dims=1),
        dtype="INT32",
    ),
    Case("DYNAMIC_UPDATE_SLICE", [(BATCH, 6), floats(1, 2), ints(0, 3)], [(BATCH, 6)]),
    Case("MATRIX_SET_DIAG", [(BATCH, 4, 4), (BATCH, 4)], [(BATCH, 4, 4)]),
    Case("FILL", [ints(BATCH, 4), Const(1.0, "FLOAT32")], [(BATCH, 4)]),
    Case("RANGE", [one(2), one(11), one(3)], [(3,)], out_dtype="INT32"),
    Case("SPARSE_TO_DENSE", [Const([[0, 1], [2, 3]]), ints(4, 5), floats(2), Const(0.0, "FLOAT32")], [(4, 5)]),
    Case("UNSORTED_SEGMENT_SUM", [(BATCH, 4), ints(0, 1, 0), one(5)], [(5, 4)]),
    Case("SELECT", [(BATCH, 4), (BATCH, 4), (BATCH, 4)], [(BATCH, 4)], dtype="BOOL"),
    Case(
        "REVERSE_SEQUENCE",
        [(BATCH, 6), ints(1, 2, 3)],
        [(BATCH, 6)],
        options("ReverseSequenceOptions", seq_dim=1, batch_dim=0),
    ),
    Case("BROADCAST_ARGS", [ints(1, 4), ints(3, 2, 1)], [(3,)], out_dtype="INT32"),
    Case("RANDOM_UNIFORM", [ints(BATCH, 4)], [(BATCH, 4)]),
    Case("MULTINOMIAL", [(BATCH, 4), one(7)], [(BATCH, 7)], out_dtype="INT32"),
    Case("BUCKETIZE", [(BATCH, 4)], [(BATCH, 4)], options("BucketizeOptions", boundaries=[]), out_dtype="INT32"),
    Case(
        "NON_MAX_SUPPRESSION_V4",
        [(BATCH, 4), (BATCH,), one(2), Const(0.5, "FLOAT32"), Const(0.0, "FLOAT32")],
        [(2,), ()],
        out_dtype="INT32",
    ),
    Case(
        "NON_MAX_SUPPRESSION_V5",
        [(BATCH, 4), (BATCH,), one(2), Const(0.5, "FLOAT32"), Const(0.0, "FLOAT32"), Const(0.0, "FLOAT32")],
        [(2,), (2,), ()],
        out_dtype=("INT32", "FLOAT32", "INT32"),
    ),
    Case(
        "SVDF",
        [(BATCH, 4), floats(6, 4), floats(6, 5), floats(3), State((BATCH, 30))],
        [(BATCH, 3)],
        options("SVDFOptions", rank=2),
    ),
    Case("RNN", [(BATCH, 4), floats(5, 4), floats(5, 5), floats(5), State((BATCH, 5))], [(BATCH, 5)]),
    *(
        Case(
            "UNIDIRECTIONAL_SEQUENCE_RNN",
            [(BATCH, 2, 4), floats(5, 4), floats(5, 5), floats(5), state],
            [(BATCH, 2, 5)],
            options("SequenceRNNOptions", time_major=major),
        )
        for major, state in ((False, State((BATCH, 5))), (True, State((2, 5))))
    ),
    Case(
        "UNIDIRECTIONAL_SEQUENCE_LSTM",
        [
            (BATCH, 2, 4),
            *[floats(5, 4)] * 4,
            *[floats(5, 5)] * 4,
            *[""] * 3,
            *[floats(5)] * 4,
            *[""] * 2,
            State((BATCH, 5)),
            State((BATCH, 5)),
            *[""] * 4,
        ],
        [(BATCH, 2, 5)],
        options("UnidirectionalSequenceLSTMOptions", fused_activation_function=4),
    ),
]
"""Each operator whose result can be told from shapes and constants, at least once; "" is an input that is left out."""
