"""Shapes: scalars, open dimensions and their bindings."""

from collections.abc import Mapping

from tmpass.errors import ModelError, UsageError
from tmpass.graph import Dim, TensorKind

from .tensors import Declared


class Shapes:
    """Turns declared shapes into shapes of the graph, with names for open dimensions and their bindings.

    `modern` says that the writer of the file marks tensors of known rank: then an empty shape without the
    mark means that the rank is not known, else that the tensor is a scalar. `symbols` collects the names.

    Raises:
        UsageError: a binding is negative.
    """

    def __init__(self, bindings: Mapping[str, int], *, modern: bool, file_size: int) -> None:
        for symbol, value in bindings.items():
            if value < 0:
                raise UsageError(f"dimension {symbol!r} is bound to {value}", hint="dimensions are 0 or more")
        self._bindings, self._modern = bindings, modern
        self._contradicted: dict[str, int] = {}
        # Every open dimension copies the name of its tensor: a hostile file could fill the memory with them.
        self._letters_left = 16 * file_size
        self.symbols: dict[str, None] = {}

    def shape(self, tensor: Declared, kind: TensorKind) -> tuple[Dim, ...] | None:
        """Return the shape of `tensor`, None where its rank is not known.

        Raises:
            ModelError: the names of the open dimensions are far longer than the file.
        """
        dims = tensor.shape
        if not dims:
            scalar = tensor.has_rank or kind is TensorKind.CONSTANT or (dims is not None and not self._modern)
            return () if scalar else None
        if min(dims) >= 0 and not self._bindings:
            return dims
        return tuple(self._dim(f"{tensor.name}:{axis}", dim) for axis, dim in enumerate(dims))

    def check_bindings(self) -> None:
        """Check that no binding contradicts the file.

        Raises:
            ModelError: a binding names a dimension that the file fixes at another number.
        """
        for symbol, dim in self._contradicted.items():
            if symbol not in self.symbols:
                fault = f"dimension {symbol!r} is {dim} in the file, not {self._bindings[symbol]}"
                raise ModelError(fault, hint="leave the binding out, or convert the model with that shape")

    def _dim(self, symbol: str, dim: int) -> Dim:
        if dim < 0:
            self._letters_left -= len(symbol)
            if self._letters_left < 0:
                raise ModelError("the names of the open dimensions are far longer than the file is")
            self.symbols[symbol] = None
            return self._bindings.get(symbol, symbol)
        if self._bindings.get(symbol, dim) != dim:
            self._contradicted.setdefault(symbol, dim)
        return dim
