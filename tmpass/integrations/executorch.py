"""tmpass as a memory-planning algorithm of ExecuTorch.

    from executorch.exir import ExecutorchBackendConfig
    from executorch.exir.memory_planning import MemoryPlanningAlgorithmSuite, greedy
    from executorch.exir.passes import MemoryPlanningPass
    from tmpass.integrations.executorch import plan_memory

    suite = MemoryPlanningAlgorithmSuite([greedy, plan_memory])      # takes the smaller result
    edge.to_executorch(ExecutorchBackendConfig(memory_planning_pass=MemoryPlanningPass(memory_planning_algo=suite)))

ExecuTorch's specs in one of its memories:

    mem_id 1   | bodies of cond, while, ... |  spec  spec  spec      | padding |      a memory is one problem
               0         input_mem_buffer_sizes         a view is inside its storage_base
"""

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any, Protocol

from tmpass.base.errors import ModelError
from tmpass.base.record import record
from tmpass.packing.allocate import DEFAULT_NODES, allocate
from tmpass.packing.problem import Buffer, Problem

if TYPE_CHECKING:
    from executorch.exir.memory_planning import MemoryAlgoResult

_FIRST = 1
"""The memory of specs that name none; memory 0 holds constants."""


class Spec(Protocol):
    """The members of ExecuTorch's TensorSpec that planning uses; both ends of `lifetime` are included."""

    lifetime: list[int | None]
    mem_id: int | None
    storage_base: "Spec | None"
    storage_base_offset: int

    @property
    def allocated_memory(self) -> int:
        """The size in bytes, rounded up to the alignment."""

    def nbytes(self) -> int:
        """The size in bytes."""

    def realign(self, new_alignment: int) -> int:
        """Set the alignment."""


@record
class Place:
    """The place of a spec; specs whose bytes overlap, also through others, have the same `group`."""

    mem_id: int
    group: int
    offset: int


def plan_memory(
    alignment: int,
    specs: Iterable[Any],
    graph_module: Any,
    graph_signature: Any,
    extra_padding: int = 0,
    *,
    allocator: str = "auto",
    nodes: int = DEFAULT_NODES,
) -> "MemoryAlgoResult":
    """Place `specs`: an algorithm for ExecuTorch's MemoryPlanningAlgorithmSuite.

    The bytes of bodies are reserved for the whole run, since the result of a branch stays there after the branch.
    ExecuTorch itself gives all bodies the same bytes, so two conditionals whose results are alive at once overlap with
    any algorithm.

    Args:
        alignment: of every offset, in bytes.
        specs: the tensors to place, with their lifetimes.
        graph_module: has the sizes of its bodies' memories.
        graph_signature: not used.
        extra_padding: bytes to add to each memory in use.
        allocator: the name of one, as for tmpass.allocate.
        nodes: budget of the search, in nodes. The same budget gives the same plan.

    Raises:
        ModelError: a view is not inside its storage, or its storage is not placed.
    """
    from executorch.exir.memory_planning import MemoryAlgoResult, SpecAllocResult

    del graph_signature
    reserved = getattr(graph_module, "input_mem_buffer_sizes", None) or []
    ordered = list(specs)
    places, sizes = place_specs(alignment, ordered, reserved, extra_padding, allocator=allocator, nodes=nodes)
    found = {
        spec: SpecAllocResult(place.mem_id, place.group, place.offset)
        for spec, place in zip(ordered, places, strict=True)
    }
    return MemoryAlgoResult(found, sizes)


def place_specs(
    alignment: int,
    specs: Sequence[Spec],
    reserved: Sequence[int],
    extra_padding: int,
    *,
    allocator: str = "auto",
    nodes: int = DEFAULT_NODES,
) -> tuple[list[Place], list[int]]:
    """Place `specs`, each memory as a packing problem of its own.

    Args:
        alignment: of every offset, in bytes.
        specs: the tensors to place.
        reserved: for each memory, the bytes at its beginning that are taken.
        extra_padding: bytes to add to each memory in use.
        allocator: the name of one, as for tmpass.allocate.
        nodes: budget of the search, in nodes.

    Returns:
        A place for each spec, and the bytes of each memory.

    Raises:
        ModelError: a view is not inside its storage, or its storage is not placed.
    """
    numbers = {id(spec): number for number, spec in enumerate(specs)}
    for spec in specs:
        spec.realign(alignment)
    bases = [_base(number, specs, numbers) for number in range(len(specs))]
    roots: dict[int, list[int]] = {}
    for number, (root, _) in enumerate(bases):
        roots.setdefault(root, []).append(number)
    memories: dict[int, list[int]] = {}
    for root in roots:
        memories.setdefault(_memory(specs[root]), []).append(root)
    places: dict[int, Place] = {}
    sizes = [0] * (max(memories, default=_FIRST) + 1)
    for mem_id, inside in sorted(memories.items()):
        begin = reserved[mem_id] if mem_id < len(reserved) else 0
        begin += -begin % alignment
        buffers = tuple(_buffer(root, specs, roots[root], alignment) for root in inside)
        answer = allocate(Problem(buffers, alignment=alignment), allocator, minimize=True, nodes=nodes)
        sizes[mem_id] = begin + (answer.peak or 0) + extra_padding
        groups = _groups([(o, o + b.size) for o, b in zip(answer.offsets, buffers, strict=True)])
        for root, offset, group in zip(inside, answer.offsets, groups, strict=True):
            for number in roots[root]:
                places[number] = Place(mem_id, group, begin + offset + bases[number][1])
    if not memories and len(reserved) > _FIRST:
        sizes[_FIRST] = reserved[_FIRST]
    return [places[number] for number in range(len(specs))], sizes


def _memory(spec: Spec) -> int:
    return _FIRST if spec.mem_id is None else spec.mem_id


def _base(number: int, specs: Sequence[Spec], numbers: dict[int, int]) -> tuple[int, int]:
    """The spec that owns the storage of spec `number`, and the offset of `number` in it."""
    at, offset, seen = number, 0, {number}
    while (base := specs[at].storage_base) is not None:
        spec = specs[at]
        below = numbers.get(id(base))
        offset += spec.storage_base_offset
        if below is None or below in seen:
            raise ModelError(f"view {number} is in storage that is not placed", where="ExecuTorch")
        if spec.storage_base_offset < 0 or spec.storage_base_offset + spec.nbytes() > base.allocated_memory:
            raise ModelError(f"view {number} is not inside its storage", where="ExecuTorch")
        seen.add(below)
        at = below
    return at, offset


def _buffer(root: int, specs: Sequence[Spec], members: Sequence[int], alignment: int) -> Buffer:
    """The buffer of spec `root`: alive while any spec in its storage is."""
    spans = []
    for number in members:
        lower, upper = specs[number].lifetime
        if lower is None or upper is None:
            raise ModelError(f"spec {number} has no lifetime", where="ExecuTorch")
        spans.append((lower, upper))
    # Lifetimes include their last step; live ranges do not.
    first, last = min(lower for lower, _ in spans), max(upper for _, upper in spans)
    return Buffer(str(root), first, max(first, last) + 1, specs[root].allocated_memory, alignment)


def _groups(spans: Sequence[tuple[int, int]]) -> list[int]:
    """The number of the connected group of overlapping byte ranges, for each range."""
    groups = [0] * len(spans)
    group, end = -1, 0
    for at in sorted(range(len(spans)), key=lambda at: spans[at]):
        begin, upper = spans[at]
        if group < 0 or begin >= end:
            group += 1
        groups[at] = group
        end = max(end, upper)
    return groups
