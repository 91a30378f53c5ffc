"""The choices that arguments, options of commands and plans have: one enum for each.

A member is equal to its word and prints as its word, so a word that a user gave may stand in its place.
"""

from enum import StrEnum


class _Word(StrEnum):
    def __repr__(self) -> str:
        return repr(self.value)


class Io(_Word):
    """Where the inputs and outputs of a model are: in the arena, or in memory that the caller provides."""

    ARENA = "arena"
    EXTERNAL = "external"


class Share(_Word):
    """Which tensors may share storage.

    AUTO   all that the target allows, and fewer where that needs fewer bytes
    VIEWS  only views, such as a reshape and its input
    NONE   none
    """

    AUTO = "auto"
    VIEWS = "views"
    NONE = "none"


class OrderMethod(_Word):
    """The order of the operators.

    AUTO         as in the file, unless another order needs a smaller arena
    GIVEN        as in the file
    TOPOLOGICAL  of all operators that can come next, the first in the file
    LEAST_PEAK   the one with the fewest live bytes at its peak step
    """

    AUTO = "auto"
    GIVEN = "given"
    TOPOLOGICAL = "topological"
    LEAST_PEAK = "least-peak"


FEWEST_TRANSFERS = "fewest-transfers"
"""The order of a plan with transfers that was found by a search for the fewest of them. No option asks for it alone."""

FEWEST_STREAMED = "fewest-streamed"
"""The order that leaves constants the most room, in a plan that streams some. No option asks for it alone."""

PLANNED_ORDERS = (
    OrderMethod.GIVEN,
    OrderMethod.TOPOLOGICAL,
    OrderMethod.LEAST_PEAK,
    FEWEST_TRANSFERS,
    FEWEST_STREAMED,
)
"""What a plan may say of its order: AUTO only asks."""


class SpillOrder(_Word):
    """The order of the operators where tensors leave the scratchpad: as given, or chosen for the fewest bytes moved."""

    GIVEN = "given"
    FREE = "free"


class Int8(_Word):
    """What operators between a DequantizeLinear and a QuantizeLinear compute with: the integers, or floats."""

    NATIVE = "native"
    FLOAT = "float"


class Transfers(_Word):
    """Whether buffers may leave the scratchpad for a memory behind it, and come back.

    AUTO      where the model does not fit otherwise, and the target has such a memory
    NEVER     not at all
    REQUIRED  where the model does not fit into the scratchpad; no buffer is placed in another memory instead
    """

    AUTO = "auto"
    NEVER = "never"
    REQUIRED = "required"


class Objective(_Word):
    """What a plan has the least of, among those that fit: bytes moved, or the time of a run."""

    BYTES = "bytes"
    TIME = "time"


class Role(_Word):
    """The role of a tensor in a plan."""

    INPUT = "input"
    OUTPUT = "output"
    ACTIVATION = "activation"
    VARIABLE = "variable"
    CONSTANT = "constant"
    UNPLANNED = "unplanned"


class Status(_Word):
    """What is known about a problem, or a plan.

    OPTIMAL     a packing within the capacity; none is lower
    FEASIBLE    a packing within the capacity
    INFEASIBLE  proved: no packing is within the capacity
    UNKNOWN     the budget ended before a packing or a proof was found
    """

    OPTIMAL = "optimal"
    FEASIBLE = "feasible"
    INFEASIBLE = "infeasible"
    UNKNOWN = "unknown"


class ConstantUse(_Word):
    """What a place of a constant in a memory is for.

    STORED    its home, where it is always
    RESIDENT  a copy in another memory, loaded once, before the first run
    STREAMED  a copy in another memory, loaded in each run before the operator that reads it
    """

    STORED = "stored"
    RESIDENT = "resident"
    STREAMED = "streamed"


TAIL = "the tail of the arena, by rules"
"""The source of an overhead that is the tail of an arena."""

TAIL_ALIGNMENT = 16
"""An arena with a tail is a multiple of it."""

TAIL_ASSUMED = f"assumed size of pointers: {TAIL}"
"""The source of such an overhead where no source gives the size of a pointer, on which it depends."""
