"""Shapes of the graph, where open dimensions have names, and bindings give them numbers."""

from collections.abc import Mapping, Sequence

from tmpass.base.errors import ModelError, UsageError
from tmpass.graph.model import Dim

from .tensors import RANK_LIMIT, Declared

Shape = tuple[Dim, ...]


class Shapes:
    """The names of open dimensions, and the numbers bound to them.

    Fields:
        symbols: names of the dimensions that nothing in the graph decides.
        other_symbols: names of the dimensions that may follow from others.

    Raises:
        UsageError: a binding is negative.
    """

    def __init__(self, bindings: Mapping[str, int], *, file_size: int) -> None:
        for symbol, value in bindings.items():
            if value < 0:
                raise UsageError(f"dimension {symbol!r} is bound to {value}", hint="dimensions are 0 or more")
        self._bindings = bindings
        self._contradicted: dict[str, tuple[int, str]] = {}
        self._used: set[str] = set()
        # Every open dimension copies the name of its tensor, and a hostile file could fill the memory with names.
        self._letters_left = 16 * file_size
        self.symbols: dict[str, None] = {}
        self.other_symbols: dict[str, None] = {}

    @property
    def bound(self) -> bool:
        """Whether there are bindings."""
        return bool(self._bindings)

    def binds(self, symbol: str) -> bool:
        """Whether there is a binding for `symbol`."""
        return symbol in self._bindings

    def settle(
        self, tensor: Declared, dims: Sequence[Dim | None] | None, *, first: bool = False, by: str = ""
    ) -> tuple[Shape | None, bool]:
        """Return the shape of `tensor`, None where its rank is unknown, and whether a binding decided it.

        Args:
            tensor: its name is the key of bindings.
            dims: its known dimensions, with None for each unknown one; None where the rank is unknown.
            first: whether nothing in the graph decides the shape.
            by: the kind of the operator that makes it.

        Raises:
            ModelError: the names of the open dimensions are far longer than the file.
        """
        if dims is None:
            dims = self._ranked(tensor)
            if dims is None:
                return None, False
        elif not self._bindings and None not in dims:
            return tuple(dims), False  # type: ignore[arg-type]  # no None is in it
        made, decided = list[Dim](), False
        for axis, dim in enumerate(dims):
            symbol = f"{tensor.name}:{axis}"
            bound = self._bindings.get(symbol)
            if isinstance(dim, int):
                if bound is not None and bound != dim:
                    self._contradicted.setdefault(symbol, (dim, by))
                made.append(dim)
                continue
            if dim is None:
                self._note(symbol, first)
            if bound is not None:
                self._used.add(symbol)
                decided = True
            made.append(bound if bound is not None else symbol if dim is None else dim)
        return tuple(made), decided

    def check_bindings(self) -> None:
        """Check that no binding contradicts the file, or the sizes that follow from other bindings.

        Raises:
            ModelError: a bound dimension is another number.
        """
        for symbol, (dim, kind) in self._contradicted.items():
            if symbol not in self._used:
                here = f"as {kind} makes it" if kind else "in the file"
                hint = "leave the binding out" + ("" if kind else ", or convert the model with that shape")
                raise ModelError(f"dimension {symbol!r} is {dim} {here}, not {self._bindings[symbol]}", hint=hint)

    def _ranked(self, tensor: Declared) -> tuple[None, ...] | None:
        """The open dimensions of a tensor of unknown rank: as many as are bound; None if the first is not bound."""
        rank = 0
        while rank < RANK_LIMIT and f"{tensor.name}:{rank}" in self._bindings:
            rank += 1
        return (None,) * rank or None

    def _note(self, symbol: str, first: bool) -> None:
        self._letters_left -= len(symbol)
        if self._letters_left < 0:
            raise ModelError("the names of the open dimensions are far longer than the file")
        (self.symbols if first else self.other_symbols)[symbol] = None


def differ(one: Shape, other: Shape) -> bool:
    """Whether two shapes differ in rank, or in a dimension that is a number in both."""
    pairs = zip(one, other, strict=False)
    return len(one) != len(other) or any(a != b for a, b in pairs if isinstance(a, int) and isinstance(b, int))
