"""What a picture of a memory draws: its buffers, and the constants that are in it."""

from collections.abc import Iterator, Mapping

from tmpass.base.choices import ConstantUse
from tmpass.graph.model import TensorKey
from tmpass.plans.plan import MemoryUse, Plan, PlannedConstant, PlannedTensor


def constants_in(plan: Plan, memory: MemoryUse) -> list[PlannedConstant]:
    """The constants in `memory`, stored there or copied into it, in the order of the plan."""
    return [row for row in plan.constants if row.memory == memory.name]


def drawn_constants(plan: Plan) -> Iterator[PlannedConstant]:
    """The constants in memories that have a picture."""
    drawn = {memory.name for memory in plan.arenas}
    return (row for row in plan.constants if row.memory in drawn)


def height_of(plan: Plan, memory: MemoryUse) -> int:
    """The first byte of `memory` above all buffers and constants."""
    return max([memory.peak, *(row.offset + row.size for row in constants_in(plan, memory))])


def constant_kind(constant: PlannedConstant) -> str:
    """The kind of a constant, as legends have it."""
    return "streamed constant" if constant.use == ConstantUse.STREAMED else "constant"


def constant_name(constant: PlannedConstant, rows: Mapping[TensorKey, PlannedTensor]) -> str:
    """The name of the first of its tensors; empty where the plan has no row for any.

    Args:
        constant: of a plan.
        rows: the tensors of the plan by subgraph and index.
    """
    return next((rows[key].name for key in constant.tensors if key in rows), "")
