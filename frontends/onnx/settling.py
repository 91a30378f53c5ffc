"""Holes of inferred types, filled from what is bound and from what the file declares."""

from .dimensions import Bindings
from .value_types import ValueType, fill

Types = list[dict[str, ValueType]]
"""By scope id, then by name: what each scope itself defines."""


def settle(name: str, known: ValueType, stated: dict[str, ValueType], bindings: Bindings) -> ValueType:
    """`known` with its holes filled, from what is bound and from what the file states of `name`."""
    known = bindings.settle(name, known)
    if not known.complete and name in stated:
        known = bindings.settle(name, fill(known, stated[name]))
    return known


def settle_all(inferred: Types, declared: Types, bindings: Bindings) -> Types:
    """`settle` for each value of each scope."""
    return [
        {name: settle(name, known, stated, bindings) for name, known in there.items()}
        for there, stated in zip(inferred, declared, strict=True)
    ]
