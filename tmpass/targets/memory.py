"""A memory of a target."""

from collections.abc import Mapping
from dataclasses import dataclass, field

USES = ("activations", "variables", "weights", "inputs_outputs")
"""What a memory can hold."""


@dataclass(frozen=True, slots=True)
class Memory:
    """One memory of a target.

    Fields: `capacity` in bytes, None where unlimited; `alignment` of every offset, in bytes; `holds`, the
    USES it has; `bandwidth` in bytes per second, None where unknown; `sources` says where "capacity",
    "alignment" and "bandwidth" come from.
    """

    name: str
    capacity: int | None
    alignment: int
    holds: tuple[str, ...]
    bandwidth: int | None = None
    sources: Mapping[str, str] = field(default_factory=dict, hash=False)
