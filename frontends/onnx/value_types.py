"""The type of a value during shape inference: an element type, and a shape with holes."""

from collections.abc import Iterator
from math import prod

from onnx import TensorProto, TensorShapeProto, TypeProto

from tmpass.base.dtypes import DType
from tmpass.base.record import record

from .element_types import UNDEFINED, dtype_of

Hole = int | str | None
"""A dimension: a number, a name, or None where nothing is known."""


@record
class ValueType:
    """The type of a value as far as it is known.

    Fields:
        element: a TensorProto.DataType.
        shape: a Hole for each axis; None where the rank is unknown.
        other: the serialised TypeProto of a value that is not a dense tensor; else empty.
    """

    element: int = UNDEFINED
    shape: tuple[Hole, ...] | None = None
    other: bytes = b""

    @property
    def complete(self) -> bool:
        """Whether everything about it is known."""
        if self.other:
            return True
        return self.element != UNDEFINED and self.static

    @property
    def static(self) -> bool:
        """Whether it is a tensor without open dimensions."""
        return self.shape is not None and all(isinstance(d, int) for d in self.shape)

    @property
    def elements(self) -> int | None:
        """The number of elements, None where a dimension is open."""
        if self.shape is None or not self.static:
            return None
        return prod(d for d in self.shape if isinstance(d, int))

    @property
    def dtype(self) -> DType:
        """The element type; for a value that is not a dense tensor, one named like "sequence(tensor(float))"."""
        if not self.other:
            return dtype_of(self.element)
        proto = TypeProto.FromString(self.other)
        kind = (proto.WhichOneof("value") or "").removesuffix("_type").replace("_", " ")
        article = "an" if kind.startswith("o") else "a"
        return DType(_spell(proto), None, f"{article} {kind} has no static size")


def from_proto(proto: TypeProto) -> ValueType:
    """Return the ValueType of `proto`; a dimension below zero is open."""
    kind = proto.WhichOneof("value")
    if kind is None:
        return ValueType()
    if kind != "tensor_type":
        return ValueType(other=proto.SerializeToString(deterministic=True))
    tensor = proto.tensor_type
    if not tensor.HasField("shape"):
        return ValueType(tensor.elem_type)
    dims: list[Hole] = []
    for dim in tensor.shape.dim:
        if dim.HasField("dim_value"):
            dims.append(dim.dim_value if dim.dim_value >= 0 else None)
        else:
            dims.append(dim.dim_param or None)
    return ValueType(tensor.elem_type, tuple(dims))


def to_proto(value: ValueType) -> TypeProto:
    """Return the TypeProto of `value`."""
    proto = TypeProto()
    if value.other:
        proto.ParseFromString(value.other)
    if value.other or value.element == UNDEFINED:
        return proto
    proto.tensor_type.elem_type = value.element
    if value.shape is not None:
        proto.tensor_type.shape.SetInParent()
        for hole in value.shape:
            dim = proto.tensor_type.shape.dim.add()
            if isinstance(hole, int):
                dim.dim_value = hole
            elif hole is not None:
                dim.dim_param = hole
    return proto


def dims_of(proto: TypeProto) -> Iterator[TensorShapeProto.Dimension]:
    """Yield every dimension in a type, including those inside sequences and optionals."""
    kind = proto.WhichOneof("value")
    while kind in ("sequence_type", "optional_type"):
        proto = proto.sequence_type.elem_type if kind == "sequence_type" else proto.optional_type.elem_type
        kind = proto.WhichOneof("value")
    if kind == "tensor_type":
        yield from proto.tensor_type.shape.dim


def of_tensor(tensor: TensorProto) -> ValueType:
    """Return the type of a tensor stored in the file."""
    return ValueType(tensor.data_type, tuple(tensor.dims))


def fill(known: ValueType, more: ValueType) -> ValueType:
    """Return `known` with its holes filled from `more`, and with a number of `more` in the place of a name."""
    if known == more or more == _NOTHING:
        return known
    if known.other or (more.other and known.element != UNDEFINED):
        return known
    if more.other:
        return more
    element = known.element or more.element
    if known.shape is None or more.shape is None or len(known.shape) != len(more.shape):
        return ValueType(element, more.shape if known.shape is None else known.shape)
    return ValueType(element, tuple(_fill(a, b) for a, b in zip(known.shape, more.shape, strict=True)))


def join(one: ValueType, two: ValueType) -> ValueType:
    """Return the type of a value that has either of two types: the dimensions on which both agree."""
    if one == two:
        return one
    if one.other or two.other:
        return ValueType()
    element = one.element or two.element
    if one.shape is None or two.shape is None or len(one.shape) != len(two.shape):
        return ValueType(element)
    return ValueType(element, tuple(a if a == b else None for a, b in zip(one.shape, two.shape, strict=True)))


def contradicts(one: ValueType, two: ValueType) -> bool:
    """Whether two types cannot be of one tensor: their ranks differ, or their numbers on an axis."""
    if one.shape is None or two.shape is None:
        return False
    if len(one.shape) != len(two.shape):
        return True
    pairs = zip(one.shape, two.shape, strict=True)
    return any(isinstance(a, int) and isinstance(b, int) and a != b for a, b in pairs)


_NOTHING = ValueType()


def _fill(known: Hole, more: Hole) -> Hole:
    if known is None or (isinstance(known, str) and isinstance(more, int)):
        return more
    return known


def _spell(proto: TypeProto) -> str:
    """Spell a type as ONNX does. Protobuf limits how deep types nest, and so this recursion."""
    kind = proto.WhichOneof("value")
    if kind in ("tensor_type", "sparse_tensor_type"):
        inner = getattr(proto, kind)
        number = inner.elem_type
        name = TensorProto.DataType.Name(number).lower() if number in TensorProto.DataType.values() else str(number)
        return f"{kind.removesuffix('_type')}({name})"
    if kind == "sequence_type":
        return f"sequence({_spell(proto.sequence_type.elem_type)})"
    if kind == "optional_type":
        return f"optional({_spell(proto.optional_type.elem_type)})"
    if kind == "map_type":
        key = proto.map_type.key_type
        name = TensorProto.DataType.Name(key).lower() if key in TensorProto.DataType.values() else str(key)
        return f"map({name},{_spell(proto.map_type.value_type)})"
    return (kind or "unknown").removesuffix("_type")
