"""Plans in which one tensor is written over another that a later step still reads."""

from collections.abc import Iterator
from dataclasses import replace

from tmpass.plans.plan import Plan, PlannedBuffer


def collided(plan: Plan, most: int = 2) -> Iterator[Plan]:
    """Up to `most` plans, each with one buffer moved over another that is written before and read after."""
    found = 0
    buffers = [b for b in plan.buffers if len(b.tensors) == 1 and b.first is None and b.size]
    for one in buffers:
        for other in buffers:
            # A body's input may have the same bytes as what its caller passes: the same subgraph then.
            alike = one.memory == other.memory and one.tensors[0][0] == other.tensors[0][0]
            if alike and one.lower < other.lower < one.upper - 1 and found < most:
                yield _over(plan, one, other)
                found += 1
                break


def _over(plan: Plan, one: PlannedBuffer, other: PlannedBuffer) -> Plan:
    """`plan` with `other` over the bytes of `one`."""
    peak = next(memory.peak for memory in plan.memories if memory.name == one.memory)
    by = min(one.offset, peak - other.size) - other.offset
    rows = tuple(replace(b, offset=b.offset + by) if b.id == other.id else b for b in plan.buffers)
    tensors = tuple(
        replace(t, offset=t.offset + by) if t.buffer == other.id and t.offset is not None else t for t in plan.tensors
    )
    return replace(plan, buffers=rows, tensors=tensors)
