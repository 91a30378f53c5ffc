"""Tensors: what the file declares of each, and what kind of storage that makes it need."""

from collections.abc import Collection
from dataclasses import dataclass

from tmpass.dtypes import DType
from tmpass.errors import ModelError
from tmpass.graph import TensorKind

from . import schema
from .buffers import Buffers
from .element_types import ELEMENT_TYPES
from .flatbuffer import DAMAGED, Table

RANK_LIMIT = 64
"""The most dimensions a tensor may have; kernels take 8 at most."""


@dataclass(slots=True)
class Declared:
    """A tensor as its table declares it; `shape` is None where the field is absent."""

    name: str
    dtype: DType
    shape: tuple[int, ...] | None
    has_rank: bool
    variable: bool
    has_data: bool
    table: Table

    @property
    def empty(self) -> bool:
        """Whether it is known to have no elements."""
        return self.shape is not None and min(self.shape, default=1) == 0

    def quantization(self) -> tuple[bytes, bytes]:
        """The bytes of the scales and zero points, empty where there are none."""
        parameters = self.table.table(schema.Tensor.QUANTIZATION, "quantization")
        if parameters is None:
            return b"", b""
        field = schema.QuantizationParameters
        return parameters.vector(field.SCALE, 4), parameters.vector(field.ZERO_POINT, 8)


def read_tensors(subgraph: Table, buffers: Buffers) -> list[Declared]:
    """Read the tensors of `subgraph`.

    Raises:
        ModelError: an element type or a buffer is not known, or a rank is absurd.
    """
    field = schema.Tensor
    tensors = []
    for index, table in enumerate(subgraph.tables(schema.SubGraph.TENSORS, "tensor")):
        number = table.scalar(field.TYPE)
        if not 0 <= number < len(ELEMENT_TYPES):
            fault = f"has element type {number}, which is not known"
            raise ModelError(fault, where=table.where, hint=f"types 0 to {len(ELEMENT_TYPES) - 1} are known")
        shape = table.integers(field.SHAPE)
        if shape and len(shape) > RANK_LIMIT:
            fault = f"has {len(shape)} dimensions, above {RANK_LIMIT}"
            raise ModelError(fault, where=table.where, hint=DAMAGED)
        external = table.scalar(field.EXTERNAL_BUFFER) != 0
        tensors.append(
            Declared(
                name=table.string(field.NAME) or f"tensor_{index}",
                dtype=ELEMENT_TYPES[number][1],
                shape=shape,
                has_rank=bool(table.scalar(field.HAS_RANK)),
                variable=bool(table.scalar(field.IS_VARIABLE)),
                has_data=external or buffers.size(table.scalar(field.BUFFER), table) > 0,
                table=table,
            )
        )
    return tensors


def kinds(tensors: list[Declared], inputs: tuple[int, ...], made: Collection[int], where: str) -> list[TensorKind]:
    """Tell the kind of each tensor of the subgraph `where`, with `made` the ones that an operator makes.

    Raises:
        ModelError: an input has data of its own.
    """
    result = [
        TensorKind.VARIABLE if t.variable else TensorKind.CONSTANT if t.has_data else TensorKind.ACTIVATION
        for t in tensors
    ]
    for index in inputs:
        if result[index] is TensorKind.CONSTANT:
            fault = f"tensor {index} {tensors[index].name!r} is an input, yet the file holds data for it"
            raise ModelError(fault, where=where, hint="it must be one of the two: convert the model again")
    fed = set(inputs)
    for index, tensor in enumerate(tensors):
        # Nothing needs to be stored for such a one: runtimes take it as a constant of no bytes.
        if tensor.empty and not tensor.variable and index not in made and index not in fed:
            result[index] = TensorKind.CONSTANT
    return result
