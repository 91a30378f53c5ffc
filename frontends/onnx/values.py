"""Values of small tensors that are known before a run; shapes may depend on them."""

from collections.abc import Sequence

import numpy as np
from onnx import NodeProto, OperatorSetIdProto, helper
from onnx.reference import ReferenceEvaluator

from .read import MAX_VALUE_ELEMENTS
from .stored import Value

_MAX_TOTAL_ELEMENTS = 2**24
"""Elements of all computed values together, so that they stay below 128 MiB for every file."""

_BOUNDED_BY_INPUT = ("NonZero", "Compress", "Unique")
"""Operators whose output size is open before they run, but never much larger than their inputs."""

_EVALUATED = frozenset(
    {
        *_BOUNDED_BY_INPUT,
        "Abs",
        "Add",
        "And",
        "Cast",
        "CastLike",
        "Ceil",
        "Clip",
        "Concat",
        "Constant",
        "ConstantOfShape",
        "CumSum",
        "Div",
        "Equal",
        "Expand",
        "Flatten",
        "Floor",
        "Gather",
        "GatherElements",
        "GatherND",
        "Greater",
        "GreaterOrEqual",
        "Identity",
        "Less",
        "LessOrEqual",
        "Max",
        "Min",
        "Mod",
        "Mul",
        "Neg",
        "Not",
        "Or",
        "Pad",
        "Pow",
        "Range",
        "ReduceMax",
        "ReduceMin",
        "ReduceProd",
        "ReduceSum",
        "Reshape",
        "Round",
        "ScatterElements",
        "ScatterND",
        "Sign",
        "Slice",
        "Split",
        "Sqrt",
        "Squeeze",
        "Sub",
        "Sum",
        "Tile",
        "Transpose",
        "Trilu",
        "Unsqueeze",
        "Where",
        "Xor",
    }
)
"""The operators that exporters compute shapes with. Each takes time linear in its inputs and outputs."""


class Evaluator:
    """Evaluates single nodes with ONNX's own reference implementation, within a budget of elements."""

    def __init__(self, imports: Sequence[OperatorSetIdProto]) -> None:
        self._imports = imports
        self._left = _MAX_TOTAL_ELEMENTS

    def evaluate(
        self, node: NodeProto, inputs: Sequence[Value | None], elements: Sequence[int | None]
    ) -> dict[str, Value]:
        """Return the values of the outputs of `node`; empty where they are unknown or large.

        Args:
            node: an operator without bodies.
            inputs: the values of its inputs, None for an absent one.
            elements: the number of elements of each output, None where that is open.
        """
        if node.domain or node.op_type not in _EVALUATED:
            return {}
        if node.op_type in _BOUNDED_BY_INPUT:
            most = sum(value.size * max(1, value.ndim) for value in inputs if value is not None)
        elif None in elements:
            return {}
        else:
            most = sum(count for count in elements if count is not None)
        if most > min(MAX_VALUE_ELEMENTS, self._left):
            return {}
        results = self._run(node, inputs)
        self._left -= sum(value.size for value in results.values())
        return results

    def _run(self, node: NodeProto, inputs: Sequence[Value | None]) -> dict[str, Value]:
        feeds = {name: value for name, value in zip(node.input, inputs, strict=True) if name}
        outputs = [name for name in node.output if name]
        function = helper.make_function("", "node", list(feeds), outputs, [node], self._imports)
        try:
            # A division by zero or an overflow must leave a value unknown, not give a wrong one.
            with np.errstate(all="raise"):
                results = ReferenceEvaluator(function).run(None, feeds, attributes={})
        except Exception:
            return {}
        values = {name: np.asarray(value) for name, value in zip(outputs, results, strict=True)}
        return {name: value for name, value in values.items() if value.dtype.kind in "biuf"}
