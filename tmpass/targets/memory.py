"""A memory of a target."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum


class Use(StrEnum):
    """What a memory may hold."""

    ACTIVATIONS = "activations"
    VARIABLES = "variables"
    WEIGHTS = "weights"
    INPUTS_OUTPUTS = "inputs_outputs"


USES = tuple(Use)
"""All uses, in the order of profiles."""


@dataclass(frozen=True, slots=True)
class Memory:
    """One memory of a target.

    Fields:
        name: unique in the target.
        capacity: in bytes, or None where unlimited.
        alignment: of every offset, in bytes.
        holds: what it may hold, in the order of USES.
        bandwidth: in bytes per second, or None where it is not known.
        sources: where "capacity", "alignment" and "bandwidth" come from.
    """

    name: str
    capacity: int | None
    alignment: int
    holds: tuple[str, ...]
    bandwidth: int | None = None
    sources: Mapping[str, str] = field(default_factory=dict, hash=False)
