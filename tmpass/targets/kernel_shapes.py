"""What the kernels of TensorFlow Lite Micro demand of shapes and fused activations.

Measured with tflite-micro 0.dev20261023182759: elementwise operators of two inputs with each number of axes up to 8, of
equal shapes, with one element, and stretched along some axes. Outputs were compared with those of one axis. From 8 axes
on, kernels write past the lengths that they keep: they end the process, or give wrong values, or right ones by chance.
"""

from collections.abc import Mapping
from math import prod

from tmpass.graph.model import ABSENT, Op, Tensor

_MOST = 7
"""The most axes with which all of these kernels are right."""

_EACH = frozenset(("ADD", "SUB", "MUL", "DIV"))
"""Kinds whose kernels look at lengths even where the shapes are equal."""

_RIGHT: Mapping[str, frozenset[str]] = {"ADD": frozenset(("int8", "int16")), "SUB": frozenset(("int32",))}
"""Of these, the types whose kernels are right where the shapes are equal, with any number of axes."""

_LOGICAL = frozenset(("LOGICAL_AND", "LOGICAL_OR"))
"""Kinds whose kernels do not look at lengths where the shapes are equal."""

_COMPARED = frozenset(("EQUAL", "GREATER", "GREATER_EQUAL", "LESS", "LESS_EQUAL", "NOT_EQUAL"))
_STRETCHED = _COMPARED | {"FLOOR_DIV", "FLOOR_MOD", "MAXIMUM", "MINIMUM", "SQUARED_DIFFERENCE"}
"""Kinds whose kernels look at lengths only where an input of several elements is stretched."""

_NEVER_FUSED = frozenset(("CONCATENATION", "L2_NORMALIZATION"))
"""Kinds whose kernels take no fused activation."""

_LAST_ACTIVATION = 5
"""The last number of an activation in the format. Kernels take others as none."""

SHAPED = _EACH | _LOGICAL | _STRETCHED | _NEVER_FUSED
"""Kinds that `wrong_shape` looks at."""


def wrong_shape(op: Op, tensors: tuple[Tensor, ...]) -> tuple[str, str] | None:
    """What the kernel of `op` does not take of shapes or its activation, and what it takes; None where it takes all.

    Args:
        op: one of a kind of SHAPED.
        tensors: of its subgraph.
    """
    if op.kind in _NEVER_FUSED:
        fused = 0 < dict(op.options).get("fused_activation_function", 0) <= _LAST_ACTIVATION
        return ("with a fused activation", "none, with the activation as an operator behind it") if fused else None
    shapes = [tensors[t].shape for t in op.inputs[:2] if t != ABSENT]
    if len(shapes) < 2 or any(shape is None for shape in shapes):
        return None
    first, second = ((*(shape or ()),) for shape in shapes)
    axes = max(len(first), len(second))
    if axes <= _MOST or not _reads_lengths(op.kind, tensors[op.inputs[0]].dtype.name, first, second):
        return None
    return f"of {axes} axes", f"at most {_MOST}"


def _reads_lengths(kind: str, dtype: str, first: tuple[int | str, ...], second: tuple[int | str, ...]) -> bool:
    """Whether the kernel of `kind` computes with the lengths of each axis."""
    if kind in _EACH:
        return first != second or dtype not in _RIGHT.get(kind, frozenset())
    if kind in _LOGICAL:
        return first != second
    if kind == "GREATER" and dtype == "int16":
        return False
    single = any(
        all(not isinstance(dim, str) for dim in shape) and prod(map(int, shape)) == 1 for shape in (first, second)
    )
    return first != second and not single
