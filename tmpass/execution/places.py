"""Where a plan puts each tensor, and the byte arrays that are as large as it says."""

from dataclasses import dataclass

from tmpass.base.violation import Violation
from tmpass.execution.limits import too_many_bytes
from tmpass.plans.plan import Plan, PlannedTensor
from tmpass.verification.names import tensor_name

Key = tuple[int, int]

PATTERN = 0xA5
"""What stands in bytes that nothing has written: no plausible number in any element type."""


@dataclass(frozen=True, slots=True)
class Place:
    """Bytes `[low, high)` of `memory`, in buffer `buffer` of the plan."""

    memory: str
    low: int
    high: int
    buffer: int

    def overlaps(self, other: "Place") -> bool:
        """Whether the two have a byte in common."""
        return self.memory == other.memory and self.low < other.high and other.low < self.high

    def same(self, other: "Place | None") -> bool:
        """Whether the two are the same bytes."""
        return other is not None and (self.memory, self.low, self.high) == (other.memory, other.low, other.high)


@dataclass(frozen=True, slots=True)
class Layout:
    """The arrays by memory, the places by tensor, a title for each tensor, and what is wrong with the rows."""

    arrays: dict[str, bytearray]
    places: dict[Key, Place]
    titles: dict[Key, str]
    violations: tuple[Violation, ...]


def lay_out(plan: Plan, allowed: int) -> Layout:
    """The memories of `plan`, each as large as the peak that it claims, filled with a pattern.

    A tensor that has no place, or one outside its memory, is in no array: the run keeps it elsewhere.

    Raises:
        BudgetError: the memories take more than `allowed` bytes.
    """
    total = sum(memory.peak for memory in plan.memories)
    if total > allowed:
        raise too_many_bytes("the memories of the plan take", total, allowed)
    arrays = {memory.name: bytearray([PATTERN]) * memory.peak for memory in plan.memories}
    memory_of = {buffer.id: buffer.memory for buffer in plan.buffers}
    places: dict[Key, Place] = {}
    found = []
    for row in plan.tensors:
        if row.buffer is None or row.offset is None:
            continue
        low, high = row.offset, row.offset + (row.bytes or 0)
        memory = memory_of.get(row.buffer, "")
        if memory not in arrays:
            found.append(_wrong(row, f"is in buffer {row.buffer}, which has no memory", low, high))
        elif high > len(arrays[memory]) or low < 0:
            size = len(arrays[memory])
            found.append(_wrong(row, f"is at bytes {low}..{high - 1} of {memory}, which has {size}", low, high))
        else:
            places[row.subgraph, row.index] = Place(memory, low, high, row.buffer)
    titles = {row.key: tensor_name(row) for row in plan.tensors}
    return Layout(arrays, places, titles, tuple(found))


def _wrong(row: PlannedTensor, what: str, low: int, high: int) -> Violation:
    name = tensor_name(row)
    return Violation("offset", f"{name} {what}", name, low=low, high=high)
