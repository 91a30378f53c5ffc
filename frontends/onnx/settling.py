"""Holes of inferred types, filled from what is bound and from what the file declares."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from .disputes import larger
from .value_types import ValueType, fill

if TYPE_CHECKING:
    from .dimensions import Bindings
    from .scopes import Scope

Types = list[dict[str, ValueType]]
"""By scope id, then by name: what each scope itself defines."""


@dataclass(frozen=True, slots=True)
class Refined:
    """The types of all values, with what came up while they were found.

    Fields: `idle` are the ids of the branches that never run; `once` of the bodies of loops that run at most once;
    `varying` says of names, by scope id, why they have no one size; `disputes` has the computed types of those for
    which the file declares another one; `given_up` says that loops in loops took too much work.
    """

    types: Types
    idle: frozenset[int] = frozenset()
    once: frozenset[int] = frozenset()
    varying: Mapping[tuple[int, str], str] = field(default_factory=dict)
    disputes: Mapping[tuple[int, str], ValueType] = field(default_factory=dict)
    given_up: bool = False


def settle(name: str, known: ValueType, stated: dict[str, ValueType], bindings: "Bindings") -> ValueType:
    """`known`, as computed, with its holes filled from what the file states of `name`, then from what is bound.

    Raises:
        ModelError: what the file states is of another rank, and larger.
    """
    if name in stated:
        known = fill(larger(name, known, stated[name]), stated[name])
    return bindings.settle(name, known)


def settle_all(main: "Scope", inferred: Types, declared: Types, bindings: "Bindings") -> Types:
    """`settle` for each value of each scope; what is stored has the type that is stored with it."""
    return [
        {n: known if n in scope.stored else settle(n, known, stated, bindings) for n, known in there.items()}
        for scope, there, stated in zip(main.walk(), inferred, declared, strict=True)
    ]
