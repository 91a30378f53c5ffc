"""A memory of a target."""

from collections.abc import Mapping
from dataclasses import field
from enum import StrEnum

from tmpass.base.choices import Role
from tmpass.base.record import record


class Use(StrEnum):
    """What a memory may hold."""

    ACTIVATIONS = "activations"
    VARIABLES = "variables"
    WEIGHTS = "weights"
    INPUTS_OUTPUTS = "inputs_outputs"


USES = tuple(Use)
"""All uses, in the order of profiles."""

USES_OF: Mapping[str, Use] = {
    Role.INPUT: Use.INPUTS_OUTPUTS,
    Role.OUTPUT: Use.INPUTS_OUTPUTS,
    Role.ACTIVATION: Use.ACTIVATIONS,
    Role.VARIABLE: Use.VARIABLES,
}
"""Role of a tensor -> the use that a memory must allow to take it."""

WRITTEN = frozenset(USES_OF.values())
"""The uses for tensors that a run writes."""


@record
class Memory:
    """One memory of a target.

    Fields:
        name: unique in the target.
        capacity: in bytes, or None where unlimited.
        alignment: of every offset, in bytes.
        holds: what it may hold, in the order of USES.
        bandwidth: in bytes per second, or None where it is not known.
        write_bandwidth: of writes, where it differs.
        reserve: bytes that the program around the model needs, such as its stack and static data. No plan uses them.
        compute: whether operators read and write it directly. Otherwise bytes are copied to a memory where they do.
        chunk: the largest piece in which constants are streamed out of it, in bytes; None where only as a whole.
        survives: whether it keeps its content from one inference to the next.
        sources: where these facts come from, by the names of the fields.
    """

    name: str
    capacity: int | None
    alignment: int
    holds: tuple[str, ...]
    bandwidth: int | None = None
    sources: Mapping[str, str] = field(default_factory=dict, hash=False)
    write_bandwidth: int | None = None
    reserve: int = 0
    compute: bool = True
    chunk: int | None = None
    survives: bool = True

    @property
    def room(self) -> int | None:
        """The capacity without the reserve, in bytes; None where it is unlimited."""
        return None if self.capacity is None else max(0, self.capacity - self.reserve)
