"""What the kernels of a runtime take: types of elements, the number of axes, and of inputs."""

from collections.abc import Iterator, Mapping
from dataclasses import field
from functools import cache
from itertools import product

from tmpass.base.record import record
from tmpass.targets.kernel_scales import SCALE_CHECKS
from tmpass.targets.kernel_shapes import SHAPED

ANY = "any"
"""The kernel does not look at types."""


@record
class Kernels:
    """What the kernels of one kind take.

    Fields:
        inputs: the positions whose types decide.
        output: whether the type of outputs[0] decides as well.
        taken: the types at these positions, the output last, of which the kernels take each row; empty for all.
        axes: the most that inputs[0] may have; None for any number.
        axes_of: element type of inputs[0] -> the same for that type, where it differs.
        most: inputs; None for any number.
        absent: positions of inputs that must be left out.
        present: positions of inputs that must not be.
        int32: positions of axes, sizes and indices, of which the kernel does not take int64.
        stored: positions of inputs that must be constants of the file.
        scaled: whether scales and zero points decide as well (`kernel_scales.py`).
        shaped: whether the shapes of two inputs, or a fused activation, decide as well (`kernel_shapes.py`).
    """

    inputs: tuple[int, ...] = (0,)
    output: bool = False
    taken: frozenset[tuple[str, ...]] = frozenset()
    axes: int | None = None
    most: int | None = None
    absent: tuple[int, ...] = ()
    present: tuple[int, ...] = ()
    int32: tuple[int, ...] = ()
    stored: tuple[int, ...] = ()
    scaled: bool = False
    shaped: bool = False
    axes_of: Mapping[str, int] = field(default_factory=dict, hash=False)

    def most_axes(self, dtype: str) -> int | None:
        """The most axes of an inputs[0] of that element type; None for any number."""
        return self.axes_of.get(dtype, self.axes)


_TYPES = "float32 int8 int16 int32 int64 uint8 bool float16 uint32 uint16 int4"
TRIED = frozenset(_TYPES.split())
"""The types that were tried, each at each position. Nothing is known of what kernels do with others."""

_TFLM = """
IF WHILE CALL_ONCE VAR_HANDLE READ_VARIABLE ASSIGN_VARIABLE: any
BROADCAST_TO LOGICAL_AND LOGICAL_OR RESHAPE SQUEEZE: bool float16 float32 int8 int16 int32 int64 uint8 uint32
SHAPE: bool float16 float32 int8 int16 int32 int64 uint8 uint32
LOGICAL_NOT REDUCE_ALL: bool
CONCATENATION: bool float32 int8 int16 int32 int64
REVERSE_V2: bool float32 int8 int16 int32 int64 uint8
SLICE STRIDED_SLICE: bool float32 int8 int16 int32
EQUAL NOT_EQUAL: bool float32 int8 int32 int64
CEIL COS EXP FLOOR FLOOR_DIV FLOOR_MOD L2_POOL_2D LOG NEG ROUND SIN SQRT SQUARE: float32
GREATER MAXIMUM MINIMUM PACK: float32 int8 int16 int32 int64
ADD DYNAMIC_UPDATE_SLICE MUL PAD PADV2 SPLIT SPLIT_V SQUARED_DIFFERENCE SUB UNPACK: float32 int8 int16 int32
ABS AVERAGE_POOL_2D EXPAND_DIMS LEAKY_RELU LOGISTIC MAX_POOL_2D MEAN PRELU RELU RELU6: float32 int8 int16
RESIZE_NEAREST_NEIGHBOR RSQRT SELECT_V2 SOFTMAX SUM TANH TRANSPOSE: float32 int8 int16
GREATER_EQUAL LESS LESS_EQUAL ZEROS_LIKE: float32 int8 int32 int64
DIV FILL: float32 int8 int32
ADD_N BATCH_TO_SPACE_ND CUMSUM DEPTH_TO_SPACE ELU EMBEDDING_LOOKUP GATHER GATHER_ND HARD_SWISH: float32 int8
L2_NORMALIZATION LOG_SOFTMAX MIRROR_PAD REDUCE_MAX REDUCE_MIN RESIZE_BILINEAR: float32 int8
SPACE_TO_BATCH_ND SPACE_TO_DEPTH: float32 int8
BROADCAST_ARGS: int32
CONV_2D DEPTHWISE_CONV_2D FULLY_CONNECTED: float32,float32 int8,int8 int8,int4 int16,int8
UNIDIRECTIONAL_SEQUENCE_LSTM: float32,float32 int8,int8 int16,int8
BATCH_MATMUL: float32,float32 int8,int8 int16,int16
TRANSPOSE_CONV: float32,float32 int8,int8 int16,int8 int16,int16
SVDF: float32,float32 int8,int8
ARG_MAX ARG_MIN: float32>int32 int8>int32
DEQUANTIZE: int8>float32 int16>float32 uint8>float32
QUANTIZE: float32>int8 float32>int16 int8>int8 int8>int16 int8>int32 int8>uint8 int16>int8 int16>int16 int16>int32
QUANTIZE: int32>int8 int32>int16 uint8>int8
CAST: float32|int8|int16|int32|bool|uint32>float32|int8|int16|int32|bool|uint32
"""
"""Kinds, and the types of what they compute on: `a,b` of two inputs, `a>b` of an input and the output; `a|b` is one."""

_DECIDING = {"SPLIT": (1,), "SELECT_V2": (1,), "FILL": (1,), "EMBEDDING_LOOKUP": (1,), "TRANSPOSE_CONV": (2, 1)}
"""Kinds whose first inputs are not what they compute on."""

_AXES = {
    "PRELU": 4, "STRIDED_SLICE": 4, "SLICE": 5, "PAD": 5, "PADV2": 5, "TRANSPOSE": 5, "BROADCAST_TO": 5,
    "BATCH_MATMUL": 5, "CONCATENATION": 6, "REVERSE_V2": 6, "DYNAMIC_UPDATE_SLICE": 6,
}  # fmt: skip

_AXES_OF = {"PRELU": {"int8": 7, "int16": 7}}
"""Of integers, PRELU is right up to 7 axes. With 8 it runs, and gives wrong values."""

_MOST = {"CONCATENATION": 10}

_ABSENT = {"UNIDIRECTIONAL_SEQUENCE_LSTM": (9, 10, 11, 16, 17, 20, 21, 22, 23)}
"""Peephole connections, a projection, layer normalisation."""

_PRESENT = {"UNIDIRECTIONAL_SEQUENCE_LSTM": (*range(1, 9), *range(12, 16))}
"""The weights and biases of all four gates."""

_INT32_SECOND = """
ARG_MAX ARG_MIN BATCH_TO_SPACE_ND BROADCAST_ARGS CUMSUM EXPAND_DIMS GATHER GATHER_ND MEAN PAD PADV2 REDUCE_ALL
REDUCE_MAX REDUCE_MIN RESIZE_BILINEAR RESIZE_NEAREST_NEIGHBOR REVERSE_V2 SPACE_TO_BATCH_ND SUM
"""

_INT32 = {**dict.fromkeys(_INT32_SECOND.split(), (1,)), "STRIDED_SLICE": (2, 3), "EMBEDDING_LOOKUP": (0,)}

_STORED = {
    "EXPAND_DIMS": (1,), "FILL": (0,), "PAD": (1,), "PADV2": (1,), "RESIZE_BILINEAR": (1,),
    "RESIZE_NEAREST_NEIGHBOR": (1,), "SPLIT": (0,), "SPLIT_V": (2,), "STRIDED_SLICE": (1, 2, 3), "TRANSPOSE": (1,),
}  # fmt: skip
"""Positions of axes, sizes and paddings from which the kernel computes before the first run."""


@cache
def tflm_kernels() -> Mapping[str, Kernels]:
    """Kind -> what the reference kernels of TensorFlow Lite Micro take; they have no other kinds of TFLite.

    Measured with tflite-micro 0.dev20261023182759: models of one operator in each type, and with each number of axes
    up to 8 (tests/bench/tflm_kernels.py).
    """
    found: dict[str, Kernels] = {}
    for kind, words in _lines(_TFLM):
        inputs = _DECIDING.get(kind, (0, 1) if "," in words[0] else (0,))
        rows = frozenset(row for word in words if word != ANY for row in _rows(word))
        older = found[kind].taken if kind in found else frozenset()
        found[kind] = Kernels(
            inputs,
            ">" in words[0],
            older | rows,
            axes=_AXES.get(kind),
            axes_of=_AXES_OF.get(kind, {}),
            most=_MOST.get(kind),
            absent=_ABSENT.get(kind, ()),
            present=_PRESENT.get(kind, ()),
            int32=_INT32.get(kind, ()),
            stored=_STORED.get(kind, ()),
            scaled=kind in SCALE_CHECKS,
            shaped=kind in SHAPED,
        )
    return found


def _rows(word: str) -> Iterator[tuple[str, ...]]:
    return product(*(types.split("|") for types in word.replace(">", ",").split(",")))


def _lines(table: str) -> Iterator[tuple[str, list[str]]]:
    for line in table.strip().split("\n"):
        kinds, _, words = line.partition(":")
        for kind in kinds.split():
            yield kind, words.split()
