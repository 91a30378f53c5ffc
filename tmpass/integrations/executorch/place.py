"""Places of specs in ExecuTorch's memories.

mem_id 1   | bodies of cond, while, ... |  spec  spec  spec      | padding |      a memory is one problem
0         input_mem_buffer_sizes         a view is inside its storage_base
"""

from collections.abc import Sequence

from tmpass.base.errors import UsageError
from tmpass.base.record import record
from tmpass.integrations.executorch.banks import FIRST, Banks, divide
from tmpass.integrations.executorch.specs import Around, Packed, Place, Spec, Storage, find_storages
from tmpass.packing.allocate import DEFAULT_NODES, allocate
from tmpass.packing.problem import Problem


@record
class Search:
    """How places are searched: the name of an allocator, as for tmpass.allocate, and the budget of it in nodes."""

    allocator: str = "auto"
    nodes: int = DEFAULT_NODES


def place_specs(
    alignment: int,
    specs: Sequence[Spec],
    around: Around,
    banks: Banks | None = None,
    search: Search | None = None,
) -> tuple[list[Place], list[int]]:
    """A place for each of `specs`, and the bytes of each memory.

    A spec with a `mem_id` stays in that memory. All others go to memory 1, or to the bank where touching their bytes
    costs the least.

    Args:
        alignment: of every offset, in bytes.
        specs: the tensors to place.
        around: what lies in the memories beside them.
        banks: the memories to divide between.
        search: how places are searched. Banks are searched by the allocator "auto" only.

    Raises:
        ModelError: a view is not inside its storage, its storage is not placed, or specs do not fit into the banks.
        BudgetError: the budget ended before it was known whether they fit.
        UsageError: banks with another allocator than "auto".
    """
    search = search or Search()
    if banks and search.allocator != "auto":
        raise UsageError("only the allocator auto divides between memories", where="ExecuTorch", hint="leave it out")
    storages = find_storages(specs, alignment)
    packed: list[Packed] = []
    divided = [s for s in storages if banks and (s.mem_id is None or FIRST <= s.mem_id < FIRST + len(banks.memories))]
    if banks and divided:
        packed += divide(divided, banks, around, alignment, search.nodes)
    single: dict[int, list[Storage]] = {}
    for storage in storages:
        if storage not in divided:
            single.setdefault(FIRST if storage.mem_id is None else storage.mem_id, []).append(storage)
    for mem_id, inside in sorted(single.items()):
        problem = Problem(tuple(storage.buffer for storage in inside), alignment=alignment)
        answer = allocate(problem, search.allocator, minimize=True, nodes=search.nodes)
        packed.append(Packed(mem_id, around.begin(mem_id, alignment), tuple(inside), answer.offsets, answer.peak or 0))
    return _places(packed, len(specs)), _sizes(packed, around)


def _places(packed: Sequence[Packed], count: int) -> list[Place]:
    """The place of each of `count` specs."""
    found = {}
    for one in packed:
        groups = groups_of([(o, o + s.buffer.size) for o, s in zip(one.offsets, one.storages, strict=True)])
        for storage, offset, group in zip(one.storages, one.offsets, groups, strict=True):
            for number, within in storage.members:
                found[number] = Place(one.mem_id, group, one.begin + offset + within)
    return [found[number] for number in range(count)]


def _sizes(packed: Sequence[Packed], around: Around) -> list[int]:
    """The bytes of each memory. One that specs do not use has those of bodies."""
    ends = {one.mem_id: one.begin + one.peak + around.padding for one in packed if one.storages}
    count = max(FIRST + 1, *(mem_id + 1 for mem_id in ends), len(around.reserved))
    return [ends.get(m, around.reserved[m] if m < len(around.reserved) else 0) for m in range(count)]


def groups_of(spans: Sequence[tuple[int, int]]) -> list[int]:
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
