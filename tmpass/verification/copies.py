"""The bytes that copies of constants need and move at least, computed again."""

from tmpass.base.choices import ConstantUse
from tmpass.base.violation import Violation
from tmpass.graph.model import Graph
from tmpass.plans.plan import MemoryUse, Plan
from tmpass.verification.hulls import Hull
from tmpass.verification.reads import Reads, held_constants
from tmpass.verification.stored import Stored

_STORED, _STREAMED = ConstantUse.STORED, ConstantUse.STREAMED


def check_copies(plan: Plan, graph: Graph, stored: Stored, reads: Reads, hulls: list[Hull]) -> list[Violation]:
    """Violations by bounds on copies of constants that do not follow from the schedule, or that it is below.

    Args:
        plan: the rows of its constants are those of `stored`.
        graph: of the model.
        stored: its constants.
        reads: what its operators read of them.
        hulls: one per buffer of the plan.
    """
    bounds = _bounds(plan, graph, stored, reads, hulls)
    return _check_streamed(plan, stored) + [
        Violation("constants", f"{m.name} claims that copies need {m.loaded_bound} bytes, but {bound} are proved")
        for m in plan.memories
        if m.loaded_bound != (bound := bounds.get(m.name, 0))
    ]


def _check_streamed(plan: Plan, stored: Stored) -> list[Violation]:
    """The violation by a bound on what any order streams where none can be, or that the plan itself is below."""
    bound = plan.order.streamed_bound
    if bound is None:
        return []
    streamed = sum(stored.sizes[row.tensors[0]] for row in plan.constants if row.use == _STREAMED)
    if plan.transfers is None and plan.fits and 0 <= bound <= streamed:
        return []
    message = f"the plan claims that without transfers any order streams {bound} bytes, but its own streams {streamed}"
    return [Violation("order", message)]


def _bounds(plan: Plan, graph: Graph, stored: Stored, reads: Reads, hulls: list[Hull]) -> dict[str, int]:
    """Memory -> the bytes above its lower bound that copies need at the step where live bytes and copies are most.

    An operator that runs bodies has its copies while these run. What is topmost at a step needs no rounding up.
    """
    copies = {row.memory for row in plan.constants if row.use != _STORED}
    homes = {row.tensors[0]: row.memory for row in plan.constants if row.use == _STORED}
    chunks = {memory.name: memory.chunk for memory in plan.memories}
    pieces = {first: _piece(size, chunks[homes[first]]) for first, size in stored.sizes.items()}
    bounds = {}
    for memory in plan.memories:
        if memory.name not in copies:
            continue
        live, most = _live_bytes(plan, memory, hulls), memory.lower_bound
        spare = {first: -piece % memory.alignment for first, piece in pieces.items()}
        whole = {first: piece + spare[first] for first, piece in pieces.items()}
        for step, read in enumerate(held_constants(plan, graph, reads)):
            if read:
                rounded = sum([whole[one] for one in read])
                most = max(most, live[step] + rounded - max([spare[one] for one in read]))
        bounds[memory.name] = most - memory.lower_bound
    return bounds


def _piece(size: int, chunk: int | None) -> int:
    """The bytes of a constant that are there at once: all, or one piece."""
    return size if chunk is None else min(size, chunk)


def _live_bytes(plan: Plan, memory: MemoryUse, hulls: list[Hull]) -> list[int]:
    """The live bytes of the buffers in `memory` at each step."""
    changes = [0] * (len(plan.schedule) + 1)
    for hull in hulls:
        if hull.buffer.memory == memory.name:
            for lower, upper, low, high in hull.pieces:
                if lower < len(plan.schedule):
                    changes[lower] += high - low
                    changes[min(upper, len(plan.schedule))] -= high - low
    live, total = [], 0
    for change in changes:
        total += change
        live.append(total)
    return live
