"""Tensors as the file declares them, and their kinds of storage."""

from collections.abc import Collection
from dataclasses import dataclass
from struct import Struct, calcsize, unpack

from tmpass.base.dtypes import DType
from tmpass.base.errors import ModelError
from tmpass.graph.model import TensorKind

from . import schema
from .buffers import Buffers
from .element_types import ELEMENT_TYPES
from .flatbuffer import DAMAGED, Table

RANK_LIMIT = 64
"""The most dimensions of a tensor; kernels take 8 at most."""

_LAYOUTS = {"int32": "i", "int64": "q"}
_MOST_BYTES = 8 * RANK_LIMIT
"""The most bytes that are read of a constant that holds a shape or says where to cut: 8 for each axis."""

_FLOAT, _LONG = Struct("<f"), Struct("<q")
_UNSCALED = (0, 0.0, 0, 0)


@dataclass(slots=True, eq=False, repr=False)
class Declared:
    """A tensor as its table declares it.

    Fields:
        shape: as in the file; None where the field is absent.
        dims: the dimensions, with None for each open one; None where the rank is unknown.
        external: the number of its buffer outside the file, 0 if it has none.
        buffer: the number of its buffer in the file, 0 for one outside.
    """

    name: str
    dtype: DType
    shape: tuple[int, ...] | None
    dims: tuple[int | None, ...] | None
    variable: bool
    has_data: bool
    external: int
    buffer: int
    table: Table

    @property
    def empty(self) -> bool:
        """Whether it certainly has no elements."""
        return self.shape is not None and min(self.shape, default=1) == 0

    @property
    def scaling(self) -> tuple[int, float, int, int]:
        """How many scales it has, the first, its zero point, and the axis along which several lie.

        There are none without zero points beside them, as interpreters see it.
        """
        parameters = self.table.table(schema.Tensor.QUANTIZATION, "quantization")
        if parameters is None:
            return _UNSCALED
        field = schema.QuantizationParameters
        count = parameters.span(field.SCALE, 4)[1]
        zeros = parameters.vector(field.ZERO_POINT, 8) if count else b""
        if not zeros:
            return _UNSCALED
        (scale,) = _FLOAT.unpack_from(parameters.vector(field.SCALE, 4))
        return count, scale, _LONG.unpack_from(zeros)[0], parameters.scalar(field.QUANTIZED_DIMENSION)

    def quantization(self) -> tuple[bytes, bytes]:
        """The bytes of the scales and of the zero points; empty where there are none."""
        parameters = self.table.table(schema.Tensor.QUANTIZATION, "quantization")
        if parameters is None:
            return b"", b""
        field = schema.QuantizationParameters
        return parameters.vector(field.SCALE, 4), parameters.vector(field.ZERO_POINT, 8)


def read_tensors(subgraph: Table, buffers: Buffers) -> list[Declared]:
    """Read the tensors of `subgraph`.

    Raises:
        ModelError: an element type is unknown, a buffer does not exist, or a rank is too large.
    """
    field = schema.Tensor
    tensors, types, sizes = [], [dtype for _, dtype in ELEMENT_TYPES], buffers.sizes
    for index, table in enumerate(subgraph.tables(schema.SubGraph.TENSORS, "tensor")):
        number = table.scalar(field.TYPE)
        if not 0 <= number < len(types):
            fault = f"has the unknown element type {number}"
            raise ModelError(fault, where=table.where, hint=f"types 0 to {len(types) - 1} are known")
        shape = table.integers(field.SHAPE)
        if shape and len(shape) > RANK_LIMIT:
            _ranked(table, shape)
        external = table.scalar(field.EXTERNAL_BUFFER)
        buffer = 0 if external else table.scalar(field.BUFFER)
        has_data = external != 0 or (sizes[buffer] if buffer < len(sizes) else buffers.size(buffer, table)) > 0
        plain = shape and min(shape) >= 0 and not table.has(field.SHAPE_SIGNATURE)
        tensors.append(
            Declared(
                table.string(field.NAME) or f"tensor_{index}",
                types[number],
                shape,
                shape if plain else _dims(table, shape, has_data),
                bool(table.scalar(field.IS_VARIABLE)),
                has_data,
                external,
                buffer,
                table,
            )
        )
    return tensors


def _dims(table: Table, shape: tuple[int, ...] | None, has_data: bool) -> tuple[int | None, ...] | None:
    """The dimensions of a tensor with the field `shape`, None for each open one; None where the rank is unknown.

    For an open dimension the shape has a number without meaning, mostly 1, and the field `shape_signature` has -1. An
    empty shape means a scalar, or a tensor of unknown rank if it has no data and the field `has_rank` is not set. Some
    writers never set `has_rank`.
    """
    signature = table.integers(schema.Tensor.SHAPE_SIGNATURE) if table.has(schema.Tensor.SHAPE_SIGNATURE) else None
    if not shape:
        if signature and not has_data:
            return tuple(None if dim < 0 else dim for dim in _ranked(table, signature))
        return () if has_data or table.scalar(schema.Tensor.HAS_RANK) else None
    if signature and min(signature) < 0 and not has_data:
        if len(signature) != len(shape):
            fault = f"its shape has {len(shape)} dimensions, but its signature has {len(signature)}"
            raise ModelError(fault, where=table.where, hint=DAMAGED)
        return tuple(None if min(dim, stated) < 0 else dim for dim, stated in zip(shape, signature, strict=True))
    return shape if min(shape) >= 0 else tuple(None if dim < 0 else dim for dim in shape)


def _ranked(table: Table, dims: tuple[int, ...]) -> tuple[int, ...]:
    if len(dims) > RANK_LIMIT:
        raise ModelError(f"has {len(dims)} dimensions, more than {RANK_LIMIT}", where=table.where, hint=DAMAGED)
    return dims


def read_numbers(tensor: Declared, buffers: Buffers) -> tuple[int, ...] | None:
    """Return the whole numbers that the file has for `tensor`, None where it has none, or too many for a shape."""
    layout = _LAYOUTS.get(tensor.dtype.name)
    if layout is None or not tensor.has_data:
        return None
    data = buffers.small(tensor.buffer, _MOST_BYTES)
    width = calcsize(layout)
    return unpack(f"<{len(data) // width}{layout}", data) if data and not len(data) % width else None


def kinds(tensors: list[Declared], inputs: tuple[int, ...], made: Collection[int], where: str) -> list[TensorKind]:
    """Return the kind of each tensor of a subgraph.

    Args:
        tensors: of the subgraph.
        inputs: the indices of its inputs.
        made: the indices of the tensors that an operator makes.
        where: the name of the subgraph in errors.

    Raises:
        ModelError: an input has data of its own.
    """
    variable, constant, activation = TensorKind.VARIABLE, TensorKind.CONSTANT, TensorKind.ACTIVATION
    result = [variable if t.variable else constant if t.has_data else activation for t in tensors]
    for index in inputs:
        if result[index] is constant:
            fault = f"tensor {index} {tensors[index].name!r} is an input, but the file has data for it"
            raise ModelError(fault, where=where, hint="an input cannot have data: convert the model again")
    fed = set(inputs)
    for index, kind in enumerate(result):
        # A tensor without elements that nothing writes: runtimes treat it as a constant of 0 bytes.
        if kind is activation and index not in made and index not in fed and tensors[index].empty:
            result[index] = constant
    return result
