"""Spills and fetches in the byte arrays: made before their steps, as the plan says, with whatever bytes are there."""

from tmpass.base.violation import Violation
from tmpass.execution.memory_image import MemoryImage, Place
from tmpass.graph.model import TensorKey
from tmpass.plans.plan import Plan, PlannedBuffer
from tmpass.plans.transfers import BufferCopy, Direction, copies_by_step


class BufferCopies:
    """The copies of one run, which change the places of tensors.

    A tensor whose buffer is away has no place, so that whoever reads it then is found.

    Attributes:
        violations: copies that read or write outside of the arrays, or read what was never there.
    """

    def __init__(self, plan: Plan, image: MemoryImage) -> None:
        self._image, self.violations = image, list[Violation]()
        self._copies = copies_by_step(plan)
        self._ends: dict[int, list[PlannedBuffer]] = {}
        self._offsets = {row.key: row.offset for row in plan.tensors if row.buffer is not None}
        self._sizes = {row.key: row.bytes or 0 for row in plan.tensors}
        self._firsts = {row.id: row for row in plan.buffers}
        moving = {row.first for row in plan.buffers if row.first is not None}
        for row in plan.buffers:
            if (row.id in moving or row.first is not None) and row.memory == plan.memories[0].name:
                self._ends.setdefault(row.upper, []).append(row)

    def move(self, step: int) -> None:
        """Make the copies before `step`: all spills, then all fetches."""
        copies = self._copies.get(step, ())
        for copy in copies:
            if copy.direction is Direction.SPILL:
                self._copy(copy)
        for row in self._ends.get(step, ()):
            for key in row.tensors:
                self._image.places.pop(key, None)
        for copy in copies:
            if copy.direction is Direction.FETCH and self._copy(copy):
                for key in copy.target.tensors:
                    self._image.places[key] = self._place(key, copy.target)

    def _place(self, key: TensorKey, row: PlannedBuffer) -> Place:
        first = self._firsts.get(-1 if row.first is None else row.first, row)
        low = (self._offsets.get(key) or 0) + row.offset - first.offset
        return Place(row.memory, low, low + self._sizes.get(key, 0), first.id)

    def _copy(self, copy: BufferCopy) -> bool:
        """Copy the bytes, and say whether there were any to copy."""
        source, target, arrays = copy.source, copy.target, self._image.arrays
        if source is None or not all(self._inside(row) for row in (source, target)):
            message = f"the {copy.direction} of buffer {target.first} before step {copy.step} has no bytes to copy"
            self.violations.append(Violation("transfer", message, step=copy.step))
            return False
        data = arrays[source.memory][source.offset : source.offset + source.size]
        arrays[target.memory][target.offset : target.offset + len(data)] = data
        return True

    def _inside(self, row: PlannedBuffer) -> bool:
        return row.memory in self._image.arrays and row.offset + row.size <= len(self._image.arrays[row.memory])
