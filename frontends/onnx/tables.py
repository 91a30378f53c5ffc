"""The tensors of one subgraph, numbered as they appear."""

from collections.abc import Collection, Mapping

from tmpass.graph.model import ABSENT, Stored, Tensor, TensorKind

from .dimensions import Bindings
from .value_types import ValueType


class Table:
    """The tensors of a subgraph that is being made.

    Args:
        types: the types of its values, by name.
        fixed: the names of constants.
        bindings: the numbers that a user binds.
        varying: the names without a single true size.
        number: of the subgraph.
        outer: the tensors of the calling subgraph; None for an entry.

    Attributes:
        tensors: by index.
        indices: name -> index.
        stored: of the constants that it captures, index -> where they are stored.
    """

    def __init__(
        self,
        types: Mapping[str, ValueType],
        fixed: Collection[str],
        bindings: Bindings,
        varying: Collection[str],
        *,
        number: int,
        outer: "Table | None",
    ) -> None:
        self._types, self._fixed, self._bindings, self._varying = types, fixed, bindings, varying
        self.number, self._outer = number, outer
        self.tensors: list[Tensor] = []
        self.indices: dict[str, int] = {}
        self.stored: dict[int, Stored] = {}

    def define(self, name: str) -> int:
        """Add a tensor that this subgraph makes or is given, and return its index."""
        if not name:
            return ABSENT
        kind = TensorKind.CONSTANT if name in self._fixed else TensorKind.ACTIVATION
        known = self._types.get(name, ValueType())
        if name not in self._varying:
            known = self._bindings.settle(name, known)
        return self._add(Tensor(name, known.dtype, self._shape(name, known), kind))

    def index(self, name: str) -> int:
        """Return the index of a tensor that is read. A tensor from outside is captured at the first read."""
        if not name:
            return ABSENT
        if name in self.indices:
            return self.indices[name]
        assert self._outer is not None  # an entry captures nothing
        number = self._outer.indices[name]
        source = self._outer.tensors[number]
        if source.kind is TensorKind.CONSTANT:
            index = self._add(source)
            self.stored[index] = self._outer.stored.get(number) or Stored((self._outer.number, number), source.bytes)
            return index
        return self._add(Tensor(name, source.dtype, source.shape, TensorKind.CAPTURE, captures=number))

    def _add(self, tensor: Tensor) -> int:
        self.indices[tensor.name] = len(self.tensors)
        self.tensors.append(tensor)
        return self.indices[tensor.name]

    def _shape(self, name: str, known: ValueType) -> tuple[int | str, ...] | None:
        """Return the shape, with a name for each open dimension: that of the file, or tensor and axis."""
        if known.shape is None:
            return None
        return tuple(self._bindings.made_up(name, axis) if d is None else d for axis, d in enumerate(known.shape))
