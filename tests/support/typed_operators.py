"""Models of one operator for TensorFlow Lite Micro in any types, whether its kernels take them or not."""

from collections.abc import Iterator
from math import prod

from tflite_writer import Operator, Subgraph, Tensor, write_model

from .tflite_operators import CASES, Case, Const, State
from .tflm_models import OTHERS, SCALED_OUTPUTS

TYPES = ("FLOAT32", "INT8", "INT16", "INT32", "INT64", "UINT8", "BOOL", "FLOAT16", "UINT32", "UINT16", "INT4")
_ONES = {
    "FLOAT32": b"\0\0\x80\x3f", "FLOAT16": b"\0\x3c", "INT8": b"\1", "UINT8": b"\1", "BOOL": b"\1",
    "INT16": b"\1\0", "UINT16": b"\1\0", "INT32": b"\1\0\0\0", "UINT32": b"\1\0\0\0", "INT64": b"\1" + b"\0" * 7,
}  # fmt: skip
_QUANTISED = ("INT8", "INT16", "UINT8", "INT4")
_BIASED = {"CONV_2D": 2, "DEPTHWISE_CONV_2D": 2, "FULLY_CONNECTED": 2, "TRANSPOSE_CONV": 3, "SVDF": 3}
_BIAS = {"INT8": "INT32", "UINT8": "INT32", "INT16": "INT64"}
WEIGHTED = (*_BIASED, "BATCH_MATMUL", "UNIDIRECTIONAL_SEQUENCE_LSTM")
"""Kinds whose weights may be of another type than activations; no valid model mixes types elsewhere."""

_CASES = 2
"""Cases of a kind that are tried."""


def typed_models(kinds: frozenset[str] | None = None) -> Iterator[tuple[str, bytes]]:
    """Names and models: each kind with activations and weights of each type, quantised and not."""
    seen: dict[str, int] = {}
    for case in (*CASES, *OTHERS):
        seen[case.kind] = seen.get(case.kind, 0) + 1
        if seen[case.kind] > _CASES or () in case.outputs or not (kinds is None or case.kind in kinds):
            continue
        floats = any(isinstance(given, tuple) for given in case.inputs) and case.dtype == "FLOAT32"
        for first in TYPES if floats else ("FLOAT32",):
            for second in TYPES if case.kind in WEIGHTED or not floats else (first,):
                for scaled in (True, False) if first in _QUANTISED else (True,):
                    name = f"{case.name} {first} {second}{'' if scaled else ' without scales'}"
                    yield name, typed_model(case, first, second, scaled=scaled)


def typed_model(case: Case, first: str, second: str, *, scaled: bool) -> bytes:
    """A model of `case` whose activations are of type `first` and whose constants of type `second`."""
    tensors: list[Tensor] = []
    read, fed = [], []

    def add(shape: object, dtype: str, scale: float = 0.5, zero: int = 0, **more: object) -> int:
        quantised = scaled and (dtype in _QUANTISED or "bias" in more)
        more.pop("bias", None)
        scales = (scale,) if quantised and dtype != "FLOAT32" else ()
        name = f"t{len(tensors)}"
        tensors.append(Tensor(name, shape, dtype, has_rank=True, scales=scales, zero=zero if scales else 0, **more))
        return len(tensors) - 1

    for position, given in enumerate(case.inputs):
        if isinstance(given, str):
            read.append(-1)
        elif isinstance(given, State):
            read.append(add(given.shape, "FLOAT32" if first == "FLOAT32" else "INT16", 1 / 128, is_variable=True))
        elif isinstance(given, Const) and given.dtype != "FLOAT32":
            read.append(add(given.array.shape, given.dtype, data=given.array.tobytes()))
        elif isinstance(given, Const):
            dtype, scale, more = _constant(case.kind, position, first, second)
            read.append(add(given.array.shape, dtype, scale, data=_ones(given.array.shape, dtype), **more))
        else:
            dtype = first if case.dtype == "FLOAT32" else case.dtype
            wide = case.kind in ("TANH", "LOGISTIC") and dtype == "INT16"
            read.append(add(given, dtype, 1 / 4096 if wide else 0.5))
            fed.append(read[-1])
    made = [case.out_dtype] * len(case.outputs) if isinstance(case.out_dtype, str) else case.out_dtype
    ends = []
    for shape, dtype in zip(case.outputs, made, strict=True):
        dtype = dtype or (first if case.dtype == "FLOAT32" else case.dtype)
        ends.append(add(shape, dtype, *SCALED_OUTPUTS.get((case.kind, dtype), (0.5, 0))))
    operator = Operator(case.kind, read, ends, case.options, version=case.version)
    return write_model([Subgraph(tensors, [operator], fed, ends)])


def _constant(kind: str, position: int, first: str, second: str) -> tuple[str, float, dict[str, bool]]:
    """The type and the scale of a constant at `position`, and whether it is a bias."""
    lstm = kind == "UNIDIRECTIONAL_SEQUENCE_LSTM"
    if position == _BIASED.get(kind) or (lstm and position >= 12):
        return _BIAS.get(first, first) if not lstm or first != "INT16" else "INT32", 0.25, {"bias": True}
    if kind == "SVDF" and position == 2:
        return "INT16" if first == "INT8" else first, 1 / 128, {}
    return second, 0.5, {}


def _ones(shape: tuple[int, ...], dtype: str) -> bytes:
    count = prod(shape)
    return b"\x11" * ((count + 1) // 2) if dtype == "INT4" else _ONES[dtype] * count
