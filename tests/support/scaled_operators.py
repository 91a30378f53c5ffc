"""Models of one operator that TensorFlow Lite Micro runs, with one scale, zero point or constant changed."""

from collections.abc import Iterator, Sequence
from dataclasses import replace

from tflite_writer import Operator, Subgraph, Tensor, options, write_model

from .kernel_runs import RUNS, why_not_each
from .tflite_operators import CASES, Case, Const
from .tflm_models import OTHERS, WEIGHTED, Builder

_FACTORS = (-60, -20, -19, -18, -16, -15, -14, -10, -1, 1, 6, 7, 10, 13, 14, 18, 19, 20, 60)
"""Powers of two. Kernels limit scales by powers of two, up to 2^20."""

_ZEROS = (0, 1, -128, 127)


_SMALL = (0.5, 6 * 0.5**31, 2.7939e-9, 0.5**31, 4.6566e-10, 0.5**60, 0.0)
"""Scales of an output, of which 6 or 1 are more steps than a number of 32 bits holds, or just not."""

_FUSED = {
    "ADD": "AddOptions", "SUB": "SubOptions", "MUL": "MulOptions", "DIV": "DivOptions", "CONV_2D": "Conv2DOptions",
    "DEPTHWISE_CONV_2D": "DepthwiseConv2DOptions", "FULLY_CONNECTED": "FullyConnectedOptions",
    "TRANSPOSE_CONV": "TransposeConvOptions", "L2_NORMALIZATION": "L2NormOptions", "AVERAGE_POOL_2D": "Pool2DOptions",
    "MAX_POOL_2D": "Pool2DOptions", "L2_POOL_2D": "Pool2DOptions", "CONCATENATION": "ConcatenationOptions",
    "SVDF": "SVDFOptions",
}  # fmt: skip
"""Kinds with a fused activation, and their options."""

_DOMAIN = "only defined for positive values"
"""What RSQRT says of a value that only a run shows."""


def run_each(models: Sequence[bytes]) -> list[bool]:
    """Whether TensorFlow Lite Micro runs each model, for values that its kernel computes with."""
    return [why == RUNS or _DOMAIN in why for why in why_not_each(models)]


def scaled_models(dtype: str, kinds: frozenset[str] | None = None) -> Iterator[tuple[str, list[tuple[str, bytes]]]]:
    """For each case in type `dtype`: its name, and its model as it is ("") and changed, with what was changed."""
    for case in (*CASES, *OTHERS):
        if case.version != 1 or () in case.outputs or not (kinds is None or case.kind in kinds):
            continue
        try:
            tensors, operator, fed = _parts(case, dtype)
        except KeyError:  # no weights of this type
            continue
        found = [("", tensors, operator, fed), *_changed(case, tensors, operator, fed)]
        models = [(how, write_model([Subgraph(t, [o], f, o.outputs)])) for how, t, o, f in found]
        yield f"{case.name} {dtype}", models


def _parts(case: Case, dtype: str) -> tuple[list[Tensor], Operator, list[int]]:
    builder, fed = Builder(dtype), list[int]()
    read = builder.case(case, fed)
    dtypes = [case.out_dtype] * len(case.outputs) if isinstance(case.out_dtype, str) else case.out_dtype
    made = [(shape, builder.typed(d or case.dtype)) for shape, d in zip(case.outputs, dtypes, strict=True)]
    if case.kind == "QUANTIZE":
        made = [(case.outputs[0], str(case.out_dtype))]
        builder.dtype = "FLOAT32"
    builder.run(case.kind, read, made, case.options)
    return builder.tensors, builder.operators[0], fed


_Changed = tuple[str, list[Tensor], Operator, list[int]]


def _changed(case: Case, tensors: list[Tensor], operator: Operator, fed: list[int]) -> Iterator[_Changed]:
    for t, tensor in enumerate(tensors):
        inputs = list(operator.inputs)
        place = f"input {inputs.index(t)}" if t in inputs else f"output {list(operator.outputs).index(t)}"
        if t in inputs and isinstance(case.inputs[inputs.index(t)], Const):
            fed_too = [replace(one, data=None) if other == t else one for other, one in enumerate(tensors)]
            yield f"{place} computed", fed_too, operator, [*fed, t]
        for how, change in _scalings(tensor):
            changed = [replace(one, **change) if other == t else one for other, one in enumerate(tensors)]
            yield f"{place} {how}", changed, operator, fed
    if case.kind == "SOFTMAX" and operator.options is not None:
        for beta in (0.0, 0.5**25, 0.5**26, 2.0):
            fields = ((0, "f", beta),)
            how = replace(operator.options, fields=fields)
            yield f"beta {beta}", tensors, replace(operator, options=how), fed
    if case.kind in _FUSED:
        yield from _activated(case, tensors, operator, fed)


def _activated(case: Case, tensors: list[Tensor], operator: Operator, fed: list[int]) -> Iterator[_Changed]:
    """With each fused activation, all scales but those of weights changed alike."""
    name, left = _FUSED[case.kind], operator.inputs[1] if case.kind in WEIGHTED else None
    given = options(name, fused_activation_function=0)
    ((field, layout, _),) = given.fields
    others = tuple(one for one in (operator.options.fields if operator.options else ()) if one[0] != field)
    for number in range(7):
        how = replace(given, fields=(*others, (field, layout, number)))
        for scale in _SMALL:
            changed = [
                replace(one, scales=tuple(old * scale / 0.5 for old in one.scales)) if t != left else one
                for t, one in enumerate(tensors)
            ]
            yield f"activation {number} scale {scale}", changed, replace(operator, options=how), fed


def _scalings(tensor: Tensor) -> Iterator[tuple[str, dict[str, object]]]:
    if not tensor.scales:
        return
    for factor in _FACTORS:
        yield f"scale x 2^{factor}", {"scales": tuple(scale * 2.0**factor for scale in tensor.scales)}
    yield "scale 0", {"scales": (0.0,)}
    yield "without scales", {"scales": ()}
    for zero in _ZEROS:
        if zero != tensor.zero:
            yield f"zero point {zero}", {"zero": zero}
    for axis, length in enumerate(tensor.shape or ()):
        if length > 1:
            yield f"scales along axis {axis}", {"scales": (tensor.scales[0],) * length, "scaled": axis}
