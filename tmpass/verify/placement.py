"""Where and when buffers stand, against what the schedule needs of their tensors."""

from tmpass.plan import Plan, PlannedBuffer
from tmpass.verify.collisions import Rectangle, find_collisions
from tmpass.verify.replay import Key, Needed
from tmpass.verify.violation import Violation, tensor_name


def extent(buffer: PlannedBuffer, needed: Needed) -> tuple[int, int]:
    """The half-open range of steps over which the tensors of `buffer` need it."""
    ranges = [needed[key] for key in buffer.tensors]
    return min(first for first, _ in ranges), max(last for _, last in ranges) + 1


def check_placement(plan: Plan, needed: Needed) -> list[Violation]:
    """Live ranges that differ from what is needed, overlaps, and offsets off alignment or above the capacity.

    Overlap is judged by what the model needs, whatever live ranges and sizes the buffers claim.
    """
    names = {(row.subgraph, row.index): tensor_name(row) for row in plan.tensors}
    sizes = {(row.subgraph, row.index): row.bytes or 0 for row in plan.tensors}

    def at(buffer: PlannedBuffer, step: int) -> str:
        """The tensor that uses `buffer` at `step`, or one whose turn is before or after."""

        def distance(key: Key) -> tuple[bool, Key]:
            first, last = needed[key]
            return not first <= step <= last, key

        return names[min(buffer.tensors, key=distance)]

    found = []
    for b in plan.buffers:
        lower, upper = extent(b, needed)
        if (b.lower, b.upper) != (lower, upper):
            name = at(b, lower)
            message = f"{name} lives in [{lower}, {upper}), but its buffer claims [{b.lower}, {b.upper})"
            found.append(Violation("live range", message, name, step=lower))
    for memory in plan.memories:
        inside = [b for b in plan.buffers if b.memory == memory.name]
        for b in inside:
            end = b.offset + b.size
            if b.offset % memory.alignment:
                name = at(b, b.lower)
                message = f"{name} is at {b.offset}, no multiple of {memory.alignment}"
                found.append(Violation("alignment", message, name, step=b.lower, low=b.offset, high=end))
            if plan.fits and b.size and memory.capacity is not None and end > memory.capacity:
                name, over = at(b, b.lower), end - memory.capacity
                message = f"{name} ends at byte {end}, {over} above the capacity {memory.capacity} of {memory.name}"
                found.append(Violation("capacity", message, name, step=b.lower, low=b.offset, high=end))
        rectangles = (
            Rectangle(*extent(b, needed), b.offset, b.offset + max(sizes[key] for key in b.tensors), b.id)
            for b in inside
        )
        for hit in find_collisions(rectangles):
            first, second = at(plan.buffers[hit.first], hit.step), at(plan.buffers[hit.second], hit.step)
            message = f"{first} and {second} share bytes {hit.low}..{hit.high - 1} of {memory.name} at step {hit.step}"
            found.append(Violation("overlap", message, first, second, hit.step, hit.low, hit.high))
    return found
