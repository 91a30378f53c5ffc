"""Storages divided between several memories that operators compute on, so that what they touch costs the least.

mem_id 1   sram    | bodies |  small specs that are touched often  | padding |     by tmpass.planning.residency
mem_id 2   psram   |  large specs                                            |
"""

from collections.abc import Sequence
from dataclasses import field, replace
from math import lcm

from tmpass.base.choices import Status
from tmpass.base.errors import BudgetError, ModelError, TargetError
from tmpass.base.record import record
from tmpass.integrations.executorch.specs import Around, Packed, Storage
from tmpass.planning.residency.candidates import Candidate
from tmpass.planning.residency.placement import place
from tmpass.targets.memory import Memory, Use
from tmpass.targets.target import Target

FIRST = 1
"""The number of the first memory for specs; memory 0 holds constants."""


@record
class Banks:
    """The memories to divide between, and what operators do with specs.

    Fields:
        memories: with `mem_id` 1, 2, ..., nearest first.
        traffic: for a spec the bytes that operators read and write in one run.
        uses: for a spec what it is used for; activations where it is missing.
    """

    memories: tuple[Memory, ...]
    traffic: dict[int, int] = field(default_factory=dict)
    uses: dict[int, str] = field(default_factory=dict)


def memories_of(target: Target) -> tuple[Memory, ...]:
    """The memories of `target` for specs: those that operators use directly and that hold more than weights.

    Raises:
        TargetError: there is none.
    """
    found = tuple(memory for memory in target.memories if memory.compute and set(memory.holds) - {Use.WEIGHTS})
    if not found:
        raise TargetError("no memory that operators use directly holds tensors", where=f"target {target.name}")
    return found


def divide(storages: Sequence[Storage], banks: Banks, around: Around, alignment: int, nodes: int) -> list[Packed]:
    """The storages of each bank, with their offsets.

    A storage that names a memory stays in it. The others go where their traffic costs the least; see
    `tmpass.planning.residency.placement`.

    Args:
        storages: to divide.
        banks: what they are divided between.
        around: what lies in the banks beside them.
        alignment: of every offset, in bytes.
        nodes: budget of each search.

    Raises:
        ModelError: no bank may hold one of them, or they do not fit.
        BudgetError: the budget ended before it was known whether they fit.
    """
    alignments = [lcm(alignment, memory.alignment) for memory in banks.memories]
    begins = [around.begin(mem_id, own) for mem_id, own in enumerate(alignments, FIRST)]
    limited = [
        replace(memory, alignment=own, capacity=_left(memory, begin + around.padding))
        for memory, own, begin in zip(banks.memories, alignments, begins, strict=True)
    ]
    candidates = [Candidate(s.buffer, _traffic(s, banks), _allowed(s, banks)) for s in storages]
    found = place(candidates, limited, nodes=nodes)
    if not found.memory:
        raise _no_room(storages, limited, found.status)
    packed = []
    for m, begin in enumerate(begins):
        inside = tuple(storage for storage, where in zip(storages, found.memory, strict=True) if where == m)
        one = found.allocations[m]
        packed.append(Packed(FIRST + m, begin, inside, one.offsets, one.peak or 0))
    return packed


def _left(memory: Memory, taken: int) -> int | None:
    return None if memory.room is None else max(0, memory.room - taken)


def _traffic(storage: Storage, banks: Banks) -> int:
    """The bytes that operators touch in a storage: once written and once read where that is not known."""
    touched = [banks.traffic[number] for number, _ in storage.members if number in banks.traffic]
    return sum(touched) if touched else 2 * storage.buffer.size


def _allowed(storage: Storage, banks: Banks) -> tuple[int, ...]:
    """The numbers of the banks that may hold a storage."""
    if storage.mem_id is not None:
        return (storage.mem_id - FIRST,)
    uses = {banks.uses.get(number, Use.ACTIVATIONS.value) for number, _ in storage.members}
    allowed = tuple(m for m, memory in enumerate(banks.memories) if uses <= set(memory.holds))
    if not allowed:
        hint = "add them to the `holds` of a memory of the target, or let the caller allocate inputs and outputs"
        raise ModelError(f"no memory holds {' and '.join(sorted(uses))}", where="ExecuTorch", hint=hint)
    return allowed


def _no_room(storages: Sequence[Storage], memories: Sequence[Memory], status: Status) -> ModelError | BudgetError:
    """The error for storages without a place."""
    rooms = ", ".join(f"{memory.name} {memory.capacity} B" for memory in memories if memory.capacity is not None)
    steps = sorted({storage.buffer.lower for storage in storages})
    live, step = max((_live(storages, step), -step) for step in steps)
    if status is not Status.INFEASIBLE:
        what = f"the budget ended before a place for all specs was found in {rooms}"
        return BudgetError(what, where="ExecuTorch", hint="raise `nodes`")
    what = f"specs do not fit into {rooms}: {live} B are alive at node {-step}"
    return ModelError(what, where="ExecuTorch", hint="name a target with more room, or allocate less")


def _live(storages: Sequence[Storage], step: int) -> int:
    return sum(s.buffer.size for s in storages if s.buffer.lower <= step < s.buffer.upper)
