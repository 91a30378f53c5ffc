"""The distribution of buffers over the memories of a target."""

from collections.abc import Iterator, Mapping, Sequence

from tmpass.base.choices import Role
from tmpass.base.errors import ModelError
from tmpass.base.record import record
from tmpass.base.sizes import MAX_BYTES
from tmpass.graph.model import Graph, TensorKey
from tmpass.packing.allocation import Allocation
from tmpass.packing.problem import Problem
from tmpass.planning.liveness import Storage
from tmpass.targets import USES_OF, Memory, Target

_SCRATCH = USES_OF[Role.ACTIVATION]
"""The use of scratch, which holds no tensor."""


@record
class MemoryAllocation:
    """The allocation of one memory.

    Fields:
        indices: the numbers of its buffers in the whole storage.
        room: the bytes of the memory that are for buffers; None where it is unlimited.
    """

    memory: Memory
    indices: tuple[int, ...]
    allocation: Allocation
    room: int | None = None


def distribute(
    graph: Graph, storage: Storage, target: Target, taken: Mapping[str, int] | None = None
) -> Iterator[tuple[Memory, Problem, tuple[int, ...]]]:
    """The packing problem of each memory that takes a buffer, and of the scratchpad in any case, which comes first.

    A buffer goes to the first memory that may hold all of its tensors.

    Args:
        graph: of the model.
        storage: its buffers.
        target: of the plan.
        taken: memory -> bytes of it that are not for buffers, besides its reserve.

    Raises:
        TargetError: no memory may hold them.
        ModelError: the sizes in one memory add up to more than 2^62 bytes.
    """
    scratchpad = target.scratchpad
    inside: dict[str, list[int]] = {scratchpad.name: []}
    home: dict[tuple[Role, ...], str] = {}
    roles, held_in = storage.roles, graph.held_in
    for index, members in enumerate(storage.members):
        if len(members) == 1 and not held_in:
            kinds: tuple[Role, ...] = (roles[members[0]],)
        else:
            kinds = tuple([roles[key] for key in members if key not in held_in])
        if kinds not in home:
            home[kinds] = target.memory_for(tuple(uses_of(graph, storage, members))).name
        name = home[kinds]
        if name in inside:
            inside[name].append(index)
        else:
            inside[name] = [index]
    memories = {memory.name: memory for memory in target.memories}
    for name, indices in inside.items():
        memory = memories[name]
        buffers = tuple([storage.buffers[i] for i in indices])
        if target.runtime.rounding != 1:
            buffers = tuple([buffer.rounded(target.runtime.rounding) for buffer in buffers])
        _check_sum(graph, storage, indices, memory)
        room = room_for_buffers(memory, (taken or {}).get(name, 0))
        yield memory, Problem(buffers, room, memory.alignment), tuple(indices)


def uses_of(graph: Graph, storage: Storage, members: Sequence[TensorKey]) -> list[str]:
    """The uses that a memory must allow to take a buffer with these tensors. Without tensors it is scratch."""
    return [USES_OF[storage.roles[key]] for key in members if key not in graph.held_in] or [_SCRATCH]


def room_for_buffers(memory: Memory, taken: int) -> int | None:
    """The bytes of `memory` that are for buffers. What comes above them begins at a multiple of its alignment."""
    if memory.room is None or not taken:
        return memory.room
    return max(0, memory.room - taken) // memory.alignment * memory.alignment


def _check_sum(graph: Graph, storage: Storage, indices: Sequence[int], memory: Memory) -> None:
    """Raise where the sizes add up to more than a Problem allows, with the name of the largest tensor."""
    total = sum([storage.buffers[i].size for i in indices]) + memory.alignment * len(indices)
    if total <= MAX_BYTES:
        return
    largest = max(indices, key=lambda i: storage.buffers[i].size)
    tensors = [graph.tensor(key) for key in storage.members[largest]]
    name = max(tensors, key=lambda t: t.bytes or 0).name if tensors else "scratch"
    size = storage.buffers[largest].size
    raise ModelError(
        f"the tensors add up to {total} bytes, above 2^62; the largest is {name!r} of {size} bytes",
        hint="check its shape",
    )
