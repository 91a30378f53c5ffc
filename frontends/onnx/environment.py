"""The types and values that are known during a sweep over a scope."""

from collections.abc import Mapping

from onnx import TensorProto

from .scopes import Scope
from .stored import Value, stored_value
from .value_types import ValueType, contradicts


class Environment:
    """The known types and values of a scope, with access to those of the scopes around it."""

    def __init__(
        self,
        scope: Scope,
        outer: "Environment | None",
        inferred: Mapping[str, ValueType],
        types: dict[str, ValueType],
    ) -> None:
        self.scope, self.outer, self.inferred, self.types = scope, outer, inferred, types
        self.values: dict[str, Value | None] = {}

    def type_of(self, name: str) -> ValueType:
        """Return the type of `name`, here or outside, as far as it is known."""
        home = self._home(name)
        return home.types[name] if home else ValueType()

    def value_of(self, name: str) -> Value | None:
        """Return the value of `name`, here or outside, or None where it is not known before a run."""
        home = self._home(name)
        if home is None:
            return None
        if name not in home.values:
            stored = home.scope.stored.get(name)
            home.values[name] = stored_value(stored) if stored is not None else None
        return home.values[name]

    def stored(self, name: str) -> TensorProto | None:
        """Return the initialiser `name`, of this scope or one outside, or None."""
        home = self._home(name)
        return home.scope.stored.get(name) if home else None

    def is_news(self, name: str) -> bool:
        """Whether more is known of `name` than ONNX's inference of the whole model knew."""
        home = self._home(name)
        if home is None:
            return False
        return home.types[name] != home.inferred.get(name) or self.value_of(name) is not None

    def is_overruled(self, name: str) -> bool:
        """Whether `name` has another shape than ONNX's inference of the whole model found."""
        home = self._home(name)
        return home is not None and contradicts(home.types[name], home.inferred.get(name, ValueType()))

    def key_of(self, name: str) -> tuple[int, str]:
        """The id of the scope that defines `name`, and `name`."""
        home = self._home(name)
        return (home.scope.id if home else -1, name)

    def _home(self, name: str) -> "Environment | None":
        """Return the nearest scope that defines `name`."""
        here: Environment | None = self
        while here is not None and name not in here.types:
            here = here.outer
        return here
