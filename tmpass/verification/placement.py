"""The place and the live range of each buffer, against what the schedule needs of its tensors."""

from collections.abc import Sequence

from tmpass.base.violation import Violation
from tmpass.graph.model import TensorKey
from tmpass.packing.collisions import find_collisions
from tmpass.plans.plan import MemoryUse, Plan, PlannedBuffer
from tmpass.targets import RUNTIMES
from tmpass.verification.hulls import Hull
from tmpass.verification.names import rows_by_key, tensor_name
from tmpass.verification.replay import Needed


def check_placement(plan: Plan, needed: Needed, hulls: list[Hull]) -> list[Violation]:
    """Violations by live ranges, gaps, overlaps, alignment, capacity, or a memory that operators do not use.

    Overlaps are computed from what the model needs, and not from the live ranges, gaps and sizes that buffers claim.
    """
    rows = plan.fact(rows_by_key)

    def at(buffer: PlannedBuffer, step: int) -> str:
        """The name of a tensor that uses `buffer` at `step`, else of any tensor in it; scratch is named by its step."""
        if not buffer.tensors:
            return f"scratch of step {buffer.step}"

        def distance(key: TensorKey) -> tuple[bool, TensorKey]:
            first, last = needed[key]
            return not first <= step <= last, key

        return tensor_name(rows[min(buffer.tensors, key=distance)])

    found = []
    for b, hull in zip(plan.buffers, hulls, strict=True):
        if (b.lower, b.upper) != (hull.lower, hull.upper):
            name = at(b, hull.lower)
            message = f"{name} lives in [{hull.lower}, {hull.upper}), but its buffer claims [{b.lower}, {b.upper})"
            found.append(Violation("live range", message, name, step=hull.lower))
        elif b.gaps != hull.gaps:
            wrong = next((one for one, two in zip(hull.gaps, b.gaps, strict=False) if one != two), None)
            step = wrong.lower if wrong else hull.lower
            message = f"buffer {b.id} claims {len(b.gaps)} gaps, but needs other bytes of itself from step {step} on"
            found.append(Violation("live range", message, at(b, step), step=step))
    for memory in plan.memories:
        inside = plan.buffers_in(memory.name)
        rest, round_up = memory.overhead + memory.reserve, RUNTIMES[plan.target.runtime].round_up
        found += [
            _unusable(at(b, b.lower), b, memory) for b in inside if b.first is None and b.size and not memory.compute
        ]
        for b in inside:
            end, by = b.offset + round_up(b.size), 0 if b.first is None else plan.moved_by(b)
            for key in b.tensors:
                offset = (rows[key].offset or 0) + by
                if offset % memory.alignment and rows[key].bytes:
                    name, high = tensor_name(rows[key]), offset + (rows[key].bytes or 0)
                    message = f"{name} is at {offset}, which is not a multiple of {memory.alignment}"
                    found.append(Violation("alignment", message, name, "", needed[key][0], offset, high))
            if not b.tensors and b.offset % memory.alignment:
                message = f"{at(b, b.lower)} is at {b.offset}, which is not a multiple of {memory.alignment}"
                found.append(Violation("alignment", message, at(b, b.lower), "", b.lower, b.offset, end))
            if plan.fits and b.size and memory.capacity is not None and end > memory.capacity - rest:
                name, over = at(b, b.lower), end + rest - memory.capacity
                less = f", less {rest} for other uses," if rest else ""
                message = (
                    f"{name} ends at byte {end}, {over} above the capacity {memory.capacity}{less} of {memory.name}"
                )
                found.append(Violation("capacity", message, name, step=b.lower, low=b.offset, high=end))
        rectangles = [(*piece, b.id) for b in inside for piece in _taken(b, hulls[b.id])]
        for hit in find_collisions(rectangles):
            first, second = at(plan.buffers[hit.first], hit.step), at(plan.buffers[hit.second], hit.step)
            message = f"{first} and {second} share bytes {hit.low}..{hit.high - 1} of {memory.name} at step {hit.step}"
            found.append(Violation("overlap", message, first, second, hit.step, hit.low, hit.high))
    return found


def _unusable(name: str, buffer: PlannedBuffer, memory: MemoryUse) -> Violation:
    message = f"{name} is in {memory.name}, which operators do not use directly"
    return Violation("memory", message, name, step=buffer.lower, low=buffer.offset, high=buffer.offset + buffer.size)


def _taken(buffer: PlannedBuffer, hull: Hull) -> Sequence[tuple[int, int, int, int]]:
    """The pieces of a hull, with the whole of a further row in its first step: the copy writes all of it."""
    if buffer.first is None:
        return hull.pieces
    begins = buffer.lower + 1
    rest = [(max(lower, begins), upper, low, high) for lower, upper, low, high in hull.pieces if begins < upper]
    return [(buffer.lower, begins, hull.low, hull.high), *rest]
