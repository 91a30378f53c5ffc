"""The memories of a plan as byte arrays, and the place of each tensor in them."""

from tmpass.base.choices import ConstantUse
from tmpass.base.record import record
from tmpass.base.violation import Violation
from tmpass.execution.limits import too_many_bytes
from tmpass.graph.model import TensorKey
from tmpass.plans.plan import Plan, PlannedTensor
from tmpass.verification.names import tensor_name

PATTERN = 0xA5
"""The value of bytes that nothing has written. It is not a plausible number in any element type."""


@record
class Place:
    """The bytes `[low, high)` of `memory`, in buffer `buffer` of the plan."""

    memory: str
    low: int
    high: int
    buffer: int

    def overlaps(self, other: "Place") -> bool:
        """Whether the two places have a byte in common."""
        return self.memory == other.memory and self.low < other.high and other.low < self.high

    def same(self, other: "Place | None") -> bool:
        """Whether the two places are the same bytes."""
        return other is not None and (self.memory, self.low, self.high) == (other.memory, other.low, other.high)


@record
class MemoryImage:
    """One byte array per memory, with the places of the tensors.

    Fields:
        arrays: by the name of the memory.
        places: of the tensors that have one.
        titles: how messages name each tensor.
        violations: rows of the plan that name no memory, or bytes outside of it.
    """

    arrays: dict[str, bytearray]
    places: dict[TensorKey, Place]
    titles: dict[TensorKey, str]
    violations: tuple[Violation, ...]


def array_sizes(plan: Plan, *, stored: bool = False) -> dict[str, int]:
    """Memory -> the bytes that a run uses of it: its buffers, copies of constants, and those that are stored there.

    Args:
        plan: any.
        stored: whether stored constants count; they take what the memory says of them.
    """
    sizes = {memory.name: memory.peak for memory in plan.memories}
    for row in plan.constants:
        if row.use != ConstantUse.STORED and row.memory in sizes:
            sizes[row.memory] = max(sizes[row.memory], row.offset + row.size)
    for memory in plan.memories if stored else ():
        if memory.constants:
            align = max(1, memory.alignment)
            sizes[memory.name] = max(sizes[memory.name], -(-memory.peak // align) * align + memory.constants)
    return sizes


def make_memory_image(plan: Plan, allowed: int, *, stored: bool = False) -> MemoryImage:
    """The memories of `plan` as far as `array_sizes` says, filled with PATTERN.

    A tensor without a place, or with one outside its memory, is in no array: the run keeps it elsewhere.

    Args:
        plan: may be wrong in any way.
        allowed: how many bytes they may take.
        stored: whether stored constants have bytes.

    Raises:
        BudgetError: the memories take more than `allowed` bytes.
    """
    sizes = array_sizes(plan, stored=stored)
    if sum(sizes.values()) > allowed:
        raise too_many_bytes("the memories of the plan take", sum(sizes.values()), allowed)
    peaks = {memory.name: memory.peak for memory in plan.memories}
    arrays = {name: bytearray([PATTERN]) * size for name, size in sizes.items()}
    memory_of = {buffer.id: buffer.memory for buffer in plan.buffers}
    places: dict[TensorKey, Place] = {}
    found = []
    for row in plan.tensors:
        if row.buffer is None or row.offset is None:
            continue
        low, high = row.offset, row.offset + (row.bytes or 0)
        memory = memory_of.get(row.buffer, "")
        if memory not in arrays:
            found.append(_wrong(row, f"is in buffer {row.buffer}, which has no memory", low, high))
        elif high > peaks[memory] or low < 0:
            what = f"is at bytes {low}..{high - 1} of {memory}, which has {peaks[memory]}"
            found.append(_wrong(row, what, low, high))
        else:
            places[row.key] = Place(memory, low, high, row.buffer)
    titles = {row.key: tensor_name(row) for row in plan.tensors}
    return MemoryImage(arrays, places, titles, tuple(found))


def _wrong(row: PlannedTensor, what: str, low: int, high: int) -> Violation:
    name = tensor_name(row)
    return Violation("offset", f"{name} {what}", name, low=low, high=high)
