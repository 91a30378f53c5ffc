"""The operators that a draft adds to a model."""

from tmpass.base.dtypes import INT32
from tmpass.graph.dialect import Axes, Dialect, New, Operands

NEW_KINDS = {New.SLICE: "SLICE", New.PAD: "PAD", New.CONCAT: "CONCATENATION"}
"""By their names in the format."""

DIALECT = Dialect(NEW_KINDS, Axes(1, 2, -1, (4,)), Operands.SIZES, Operands.SIZES, INT32)
"""Rows, columns and channels are the axes 1, 2 and the last one: NHWC."""
