"""How ONNX writes the operators that a draft adds: it depends on the operator set."""

from tmpass.base.dtypes import INT64
from tmpass.graph.dialect import Axes, Dialect, New, Operands

from .open_file import open_file

NEW_KINDS = {New.SLICE: "Slice", New.PAD: "Pad", New.CONCAT: "Concat"}

AXES = Axes(rows=2, columns=3, channels=1, ranks=(3, 4))
"""NCHW, and NCW with rows only."""

SLICES_BY_INPUTS, PADS_BY_INPUTS = 10, 11
"""The first operator sets in which Slice and Pad take their numbers as inputs. Before, they are attributes."""


def find_dialect(data: bytes) -> Dialect:
    """The dialect of the model in `data`.

    Raises:
        ModelError: it cannot be read.
    """
    version = open_file(data).version
    slices = Operands.ENDS if version >= SLICES_BY_INPUTS else None
    pads = Operands.ENDS if version >= PADS_BY_INPUTS else None
    return Dialect(NEW_KINDS, AXES, slices, pads, INT64, fewest_filters=2)
