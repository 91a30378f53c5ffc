"""The kind of each buffer and the colour of each kind: the same in every picture of every plan."""

import re
from collections.abc import Iterable, Mapping
from zlib import crc32

from tmpass.graph.model import TensorKey
from tmpass.plans.plan import Plan, PlannedBuffer, PlannedTensor
from tmpass.report.drawn import constant_kind, drawn_constants

FAMILIES: dict[str, tuple[str, ...]] = {
    "#7fb2f0": ("conv2d", "conv", "qlinearconv", "convinteger", "conv3d", "fusedconv"),
    "#5fc2b6": ("depthwiseconv2d", "transposeconv", "convtranspose", "conv3dtranspose"),
    "#f6a960": ("fullyconnected", "gemm", "matmul", "qlinearmatmul", "matmulinteger", "batchmatmul", "einsum"),
    "#86c98a": ("add", "qlinearadd", "addn", "sum"),
    "#ee8b85": ("relu", "relu6", "leakyrelu", "prelu", "clip", "hardswish", "gelu", "elu", "silu", "swish"),
    "#b9a3e3": ("averagepool2d", "averagepool", "globalaveragepool", "mean", "reducemean"),
    "#f0cf5a": ("mul", "qlinearmul", "pow", "square"),
    "#f29ac1": ("softmax", "logsoftmax", "logistic", "sigmoid", "tanh"),
    "#c9a283": ("concatenation", "concat", "qlinearconcat", "pack"),
    "#b3c65c": ("maxpool2d", "maxpool", "globalmaxpool", "reducemax"),
    "#8fd6f2": ("reshape", "squeeze", "unsqueeze", "expanddims", "flatten", "identity"),
    "#d7a7d8": ("transpose", "depthtospace", "spacetodepth", "shuffle"),
    "#f7b7a3": ("pad", "padv2", "mirrorpad"),
    "#a3d9b1": ("stridedslice", "slice", "split", "splitv", "gather", "gathernd", "unpack"),
    "#a9b8e8": ("quantize", "dequantize", "quantizelinear", "dequantizelinear", "dynamicquantizelinear", "cast"),
    "#e3d28a": ("batchnormalization", "layernormalization", "instancenormalization", "l2normalization", "rmsnorm"),
    "#c0d66f": ("resizebilinear", "resizenearestneighbor", "resize", "upsample"),
    "#e0a98e": ("lstm", "gru", "rnn", "svdf", "unidirectionalsequencelstm", "bidirectionalsequencelstm"),
    "#9ccfcf": ("if", "while", "loop", "scan", "call", "callonce"),
    "#d9b3a0": ("sub", "div", "rsqrt", "sqrt", "exp", "log", "neg", "abs", "maximum", "minimum"),
}
"""Colour -> kinds of operators that it is for, without case and signs: the formats write one kind in several ways.

Dark text is readable on each colour, and each is visible on white and on black. Frequent kinds, which are seen side by
side, have colours that are far apart.
"""

_REST = (
    *("#9fc5e8", "#f9cb9c", "#b6d7a8", "#ea9999", "#b4a7d6", "#a2c4c9", "#ffe08a", "#e6b0cf"),
    *("#cdb79e", "#c7d98f", "#a4dcef", "#d0b0e0", "#f3c3b3", "#9adbb8", "#b7c3ee", "#dcd3a0"),
)
"""Colours of all other kinds of operators, by a checksum of the kind."""

GIVEN = {"input": "#a9bcd0", "variable": "#8799b0", "scratch": "#ddd3c0", "outside of all steps": "#b8b8b8"}
CONSTANTS = {"constant": "#c3c9a5", "streamed constant": "#e6cfa8"}

_COLOUR_OF = {kind: colour for colour, kinds in FAMILIES.items() for kind in kinds}


def colour_of(kind: str) -> str:
    """The colour of the operators of `kind`, which is the same in every plan."""
    plain = re.sub(r"[^0-9a-z]", "", kind.casefold())
    return _COLOUR_OF.get(plain) or _REST[crc32(kind.encode(errors="backslashreplace")) % len(_REST)]


def kind_of(plan: Plan, buffer: PlannedBuffer, rows: Mapping[TensorKey, PlannedTensor]) -> str:
    """The kind of the operator that writes `buffer` first, or "input", "variable" or "scratch".

    Args:
        plan: the plan that has the buffer.
        buffer: one of its buffers.
        rows: the tensors of `plan` by subgraph and index.
    """
    roles = [rows[key].role for key in buffer.tensors if key in rows]
    given = next((role for role in roles if role in GIVEN), None)
    if given is not None:
        return given
    if buffer.step is not None:
        return "scratch"
    buffer = buffer if buffer.first is None else plan.buffers[buffer.first]
    return plan.schedule[buffer.lower].kind if buffer.lower < len(plan.schedule) else "outside of all steps"


def colours_of(plans: Iterable[Plan]) -> dict[str, str]:
    """The colour of each kind in `plans`: operators by falling bytes, then the kinds in GIVEN, then constants."""
    total: dict[str, int] = {}
    constants: set[str] = set()
    for plan in plans:
        rows = plan.tensors_by_key()
        for b in plan.buffers:
            kind = kind_of(plan, b, rows)
            total[kind] = total.get(kind, 0) + b.size
        constants.update(map(constant_kind, drawn_constants(plan)))
    operators = sorted((kind for kind in total if kind not in GIVEN), key=lambda kind: (-total[kind], kind))
    colours = {kind: colour_of(kind) for kind in operators}
    colours |= {kind: colour for kind, colour in GIVEN.items() if kind in total}
    return colours | {kind: colour for kind, colour in CONSTANTS.items() if kind in constants}
