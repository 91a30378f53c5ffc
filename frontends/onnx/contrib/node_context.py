"""A node with the known facts about its inputs, and helpers for rules."""

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
"""The operator set of `standard`."""


class NodeContext:
    """A node with the known facts about its inputs, by position. An input that is left out is unknown."""

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
        """The known type of input `index`."""
        return self.inputs[index] if index < len(self.inputs) else UNKNOWN

    def shape(self, index: int) -> tuple[Hole, ...] | None:
        """The shape of input `index`, None where its rank is open."""
        return self.type(index).shape

    def element(self, index: int) -> int:
        """The element type of input `index`."""
        return self.type(index).element

    def value(self, index: int) -> Value | None:
        """The value of input `index`, None where it is not known before a run."""
        return self._value_of(self.node.input[index]) if self.has(index) else None

    def number(self, name: str, default: int = 0) -> int:
        """The attribute `name`, a whole number."""
        return self._attributes[name].i if name in self._attributes else default

    def numbers(self, name: str) -> list[int]:
        """The attribute `name`, a list of whole numbers; empty where it is missing."""
        return list(self._attributes[name].ints) if name in self._attributes else []

    def attributes(self, *names: str) -> dict[str, Any]:
        """The attributes among `names` that the node has, by name."""
        return {name: helper.get_attribute_value(self._attributes[name]) for name in names if name in self._attributes}


Rule = Callable[[NodeContext], Sequence[ValueType]]
"""A function from a node to the types of its outputs, in order. Types missing at the end are unknown."""


def standard(kind: str, inputs: Sequence[ValueType], version: int = _STANDARD, **attributes: Any) -> ValueType:
    """Return the output type of the standard operator `kind` over `inputs`, as far as ONNX infers it."""
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
    """Return `known` with float elements, since ONNX's inference rejects quantized ones for some operators."""
    return ValueType(FLOAT, known.shape)


def of(element: int, shape: Sequence[Hole] | None) -> ValueType:
    """The type of a tensor with this element type and shape."""
    return ValueType(element, None if shape is None else tuple(shape))


def times(one: Hole, factor: int) -> Hole:
    """`one` times `factor`, None where `one` is not a number."""
    return one * factor if isinstance(one, int) else None


def plus(one: Hole, two: Hole) -> Hole:
    """The sum of two dimensions, None where one is not a number."""
    return one + two if isinstance(one, int) and isinstance(two, int) else None


def over(one: Hole, divisor: int) -> Hole:
    """`one` over `divisor`, rounded down; None where `one` is not a number."""
    return one // divisor if isinstance(one, int) and divisor else None
