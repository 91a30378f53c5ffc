"""One node as a rule sees it, and what several rules need."""

from collections.abc import Callable, Sequence
from typing import Any

from onnx import NodeProto, TensorProto, defs, helper
from onnx.shape_inference import infer_node_outputs

from ..stored import Value
from ..value_types import Hole, ValueType, from_proto, to_proto

MICROSOFT, NCHWC = "com.microsoft", "com.microsoft.nchwc"

FLOAT, INT32, UINT8, BOOL = TensorProto.FLOAT, TensorProto.INT32, TensorProto.UINT8, TensorProto.BOOL

UNKNOWN = ValueType()

_STANDARD = 21
"""The operator set whose rules are asked where an operator has the shapes of a standard one."""


class Call:
    """A node with what is known of its inputs, by position; one that is left out is unknown."""

    def __init__(
        self, node: NodeProto, type_of: Callable[[str], ValueType], value_of: Callable[[str], Value | None]
    ) -> None:
        self.node = node
        self.inputs = [type_of(name) if name else UNKNOWN for name in node.input]
        self._value_of = value_of
        self._attributes = {a.name: a for a in node.attribute}

    def has(self, index: int) -> bool:
        """Whether input `index` is given."""
        return index < len(self.node.input) and bool(self.node.input[index])

    def type(self, index: int) -> ValueType:
        """What is known of input `index`."""
        return self.inputs[index] if index < len(self.inputs) else UNKNOWN

    def shape(self, index: int) -> tuple[Hole, ...] | None:
        """The shape of input `index`, None where its rank is open."""
        return self.type(index).shape

    def element(self, index: int) -> int:
        """The element type of input `index`."""
        return self.type(index).element

    def value(self, index: int) -> Value | None:
        """The value of input `index`, where it is known before a run."""
        return self._value_of(self.node.input[index]) if self.has(index) else None

    def number(self, name: str, default: int = 0) -> int:
        """The attribute `name`, a whole number."""
        return self._attributes[name].i if name in self._attributes else default

    def numbers(self, name: str) -> list[int]:
        """The attribute `name`, a list of whole numbers; empty where it is missing."""
        return list(self._attributes[name].ints) if name in self._attributes else []

    def attributes(self, *names: str) -> dict[str, Any]:
        """Those of the attributes `names` that are given, by name."""
        return {name: helper.get_attribute_value(self._attributes[name]) for name in names if name in self._attributes}


Rule = Callable[[Call], Sequence[ValueType]]
"""From a node to the types of its outputs, in their order; what is missing at the end is not known."""


def standard(kind: str, inputs: Sequence[ValueType], version: int = _STANDARD, **attributes: Any) -> ValueType:
    """The type of what the standard operator `kind` makes of `inputs`; an unknown type where ONNX finds none."""
    names = [f"i{n}" for n in range(len(inputs))]
    node = helper.make_node(kind, names, ["o"], **attributes)
    types = {name: to_proto(known) for name, known in zip(names, inputs, strict=True)}
    found = infer_node_outputs(
        defs.get_schema(kind, version, ""), node, types, opset_imports=[helper.make_opsetid("", version)]
    )
    known = from_proto(found["o"])
    brought = {d for given in inputs for d in given.shape or () if isinstance(d, str)}
    if known.shape is None:
        return known
    return ValueType(known.element, tuple(d if isinstance(d, int) or d in brought else None for d in known.shape))


def as_float(known: ValueType) -> ValueType:
    """`known` with floats: some standard rules ask for an element type that quantized operators do not have."""
    return ValueType(FLOAT, known.shape)


def of(element: int, shape: Sequence[Hole] | None) -> ValueType:
    """A tensor of this element type and shape."""
    return ValueType(element, None if shape is None else tuple(shape))


def times(one: Hole, factor: int) -> Hole:
    """`one` times `factor`, where it is a number."""
    return one * factor if isinstance(one, int) else None


def plus(one: Hole, two: Hole) -> Hole:
    """The sum of two dimensions, where both are numbers."""
    return one + two if isinstance(one, int) and isinstance(two, int) else None


def over(one: Hole, divisor: int) -> Hole:
    """`one` over `divisor`, where it is a number."""
    return one // divisor if isinstance(one, int) and divisor else None
