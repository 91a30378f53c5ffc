"""Holes of inferred types are filled from declarations in the file, then from bindings."""

from collections.abc import Mapping
from dataclasses import field
from typing import TYPE_CHECKING

from tmpass.base.record import record

from .disputes import larger
from .value_types import ValueType, fill

if TYPE_CHECKING:
    from .dimensions import Bindings
    from .scopes import Scope

Types = list[dict[str, ValueType]]
"""The types of what each scope itself defines: by scope id, then by name."""


@record
class Refined:
    """The types of all values, with other findings of refinement.

    Fields:
        types: by scope id and name.
        idle: ids of the branches that never run.
        once: ids of the bodies of loops that run at most once.
        varying: why a name has no single size, by scope id and name.
        disputes: the computed types of names for which the file declares another one, by scope id and name.
        given_up: whether refinement gave up because of too many nested loops.
    """

    types: Types
    idle: frozenset[int] = frozenset()
    once: frozenset[int] = frozenset()
    varying: Mapping[tuple[int, str], str] = field(default_factory=dict)
    disputes: Mapping[tuple[int, str], ValueType] = field(default_factory=dict)
    given_up: bool = False


def settle(name: str, known: ValueType, stated: dict[str, ValueType], bindings: "Bindings") -> ValueType:
    """Fill the holes of a computed type from the file, then from bindings.

    Args:
        name: of the value.
        known: its computed type.
        stated: the types that the file declares, by name.
        bindings: the numbers that a user binds.

    Raises:
        ModelError: the declared shape is larger, and has another rank.
    """
    if name in stated:
        known = fill(larger(name, known, stated[name]), stated[name])
    return bindings.settle(name, known)


def settle_all(main: "Scope", inferred: Types, declared: Types, bindings: "Bindings") -> Types:
    """Apply `settle` to each value of each scope, except for initialisers, which keep their stored type."""
    return [
        {n: known if n in scope.stored else settle(n, known, stated, bindings) for n, known in there.items()}
        for scope, there, stated in zip(main.walk(), inferred, declared, strict=True)
    ]
