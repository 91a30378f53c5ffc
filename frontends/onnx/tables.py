"""The tensors of one subgraph, numbered as they appear."""

from collections.abc import Collection, Mapping, Sequence

from tmpass.graph.model import ABSENT, Tensor, TensorKind

from .dimensions import Bindings
from .value_types import ValueType


class Table:
    """The tensors of a subgraph that is being made.

    Args:
        types: the types of its values, by name.
        fixed: the names of constants.
        bindings: the numbers that a user binds.
        varying: the names without a single true size.
        outer: the tensors of the calling subgraph.
        outside: the index in `outer` of each name that can be captured.
    """

    def __init__(
        self,
        types: Mapping[str, ValueType],
        fixed: Collection[str],
        bindings: Bindings,
        varying: Collection[str],
        *,
        outer: Sequence[Tensor],
        outside: Mapping[str, int],
    ) -> None:
        self._types, self._fixed, self._bindings, self._varying = types, fixed, bindings, varying
        self._outer, self._outside = outer, outside
        self.tensors: list[Tensor] = []
        self.indices: dict[str, int] = {}

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
        number = self._outside[name]
        source = self._outer[number]
        if source.kind is TensorKind.CONSTANT:
            return self._add(source)
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
