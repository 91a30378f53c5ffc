"""The constants of a plan, against those of the model: each is where the plan says, and over nothing else."""

from tmpass.base.choices import ConstantUse
from tmpass.base.errors import brief
from tmpass.base.violation import Violation
from tmpass.graph.model import ABSENT, Graph
from tmpass.packing.collisions import find_collisions
from tmpass.plans.plan import MemoryUse, Plan, PlannedConstant
from tmpass.verification.copies import check_copies
from tmpass.verification.hulls import Hull
from tmpass.verification.names import Names
from tmpass.verification.reads import check_reads, constants_read
from tmpass.verification.stored import Stored

_STORED, _STREAMED = ConstantUse.STORED, ConstantUse.STREAMED


def check_constants(plan: Plan, graph: Graph, hulls: list[Hull]) -> list[Violation]:
    """Violations by constants that are missing, twice, of another size, misaligned, over something else, or not there.

    A plan has all constants that a run touches, or none: then it lists their bytes as not counted.

    Args:
        plan: its schedule is a run of `graph`.
        graph: of the model.
        hulls: one per buffer of the plan.
    """
    if not plan.constants:
        claimed = plan.order.streamed_bound is not None
        return [Violation("order", "the plan claims streamed bytes, but has no constants")] * claimed + [
            Violation("constants", f"{memory.name} claims bytes of constants, but the plan has none")
            for memory in plan.memories
            if memory.constants or memory.loaded or memory.loaded_bound
        ]
    if found := _check_rows(plan, max(1, len(plan.schedule), *(hull.upper for hull in hulls))):
        return found
    stored = Stored(graph)
    found = _check_stored(plan, stored)
    if not found:
        reads = constants_read(plan, graph, stored)
        found = [*check_reads(plan, graph, reads), *check_copies(plan, graph, stored, reads, hulls)]
    return [*found, *_check_places(plan, hulls)]


def _check_rows(plan: Plan, end: int) -> list[Violation]:
    """Violations by a number, a memory, a use or a live range that cannot be. The run has the steps [0, end)."""
    memories, uses = {memory.name for memory in plan.memories}, tuple(ConstantUse)
    found = []
    for number, row in enumerate(plan.constants):
        always = row.use != _STREAMED
        wrong = row.memory not in memories or row.size < 1 or row.offset < 0 or row.use not in uses
        if row.id != number or wrong:
            memory = brief(row.memory)
            message = f"constant {row.id} in row {number} has a wrong number, memory {memory}, size, offset or use"
            found.append(Violation("constants", message))
        elif (always and (row.lower, row.upper) != (0, end)) or not 0 <= row.lower < row.upper <= end:
            message = f"constant {row.id} is {row.use}, but in the steps [{row.lower}, {row.upper}) of {end}"
            found.append(Violation("constants", message))
    return found


def _check_stored(plan: Plan, stored: Stored) -> list[Violation]:
    """Violations by constants that are not stored exactly once, in one memory, with their own bytes."""
    names = Names(plan)
    homes = sorted({row.memory for row in plan.constants if row.use == _STORED})
    found = []
    if len(homes) > 1:
        found.append(Violation("constants", f"constants are stored in {' and '.join(map(brief, homes))}"))
    memories = {memory.name: memory for memory in plan.memories}
    chunk = memories[homes[0]].chunk if homes else None
    left = dict(stored.members)
    for row in plan.constants:
        first = row.tensors[0] if row.tensors else (ABSENT, ABSENT)
        members, size = stored.members.get(first, ()), stored.sizes.get(first, 0)
        if not members or row.tensors != members or (row.use == _STORED and first not in left):
            message = f"constant {row.id} lists the tensors {brief(row.tensors)}; its bytes are those of"
            found.append(Violation("constants", f"{message} {brief(members)}, which are stored once"))
        elif row.size != (size if chunk is None or row.use != _STREAMED else min(size, chunk)):
            message = f"{names[first]} is {row.use} in {row.size} bytes of {brief(row.memory)}, but has {size}"
            found.append(Violation("constants", message))
        elif row.use != _STORED and row.memory in homes:
            message = f"{names[first]} is {row.use} in {brief(row.memory)}, where it is stored"
            found.append(Violation("constants", message))
        if row.use == _STORED:
            left.pop(first, None)
    found += [Violation("constants", f"{names[first]} is stored nowhere") for first in left]
    return found


def _check_places(plan: Plan, hulls: list[Hull]) -> list[Violation]:
    """Violations by constants that are misaligned, overlap, or take more than their memory says."""
    found = []
    for memory in plan.memories:
        inside = [row for row in plan.constants if row.memory == memory.name]
        for row in inside:
            if row.offset % memory.alignment:
                message = f"constant {row.id} is at {row.offset} of {memory.name}, which is not a multiple of"
                found.append(
                    Violation("alignment", f"{message} {memory.alignment}", low=row.offset, high=row.offset + row.size)
                )
        found += _overlaps(memory, inside, [hull for hull in hulls if hull.buffer.memory == memory.name])
        in_run = memory.overhead if memory.tail is None else memory.tail  # copies are made once the model is prepared
        for row in inside if plan.fits else ():
            rest = memory.reserve + (memory.overhead if row.use == _STORED else in_run)
            if memory.capacity is not None and row.offset + row.size + rest > memory.capacity:
                message = f"constant {row.id} ends at byte {row.offset + row.size} of {memory.name}, which has"
                found.append(Violation("capacity", f"{message} {memory.capacity}, less {rest} for other uses"))
        above = _rounded(memory, memory.peak)
        ends = [row.offset + row.size for row in inside]
        if any(row.use == _STORED for row in inside):
            needed = max([above, *(_rounded(memory, end) for end in ends)]) - above, 0
        else:
            needed = 0, max([memory.peak, *ends]) - memory.peak
        if (memory.constants, memory.loaded) != needed:
            message = f"{memory.name} claims {memory.constants + memory.loaded} bytes of constants above the buffers"
            found.append(Violation("constants", f"{message}, but they end {sum(needed)} bytes above"))
    return found


def _overlaps(memory: MemoryUse, inside: list[PlannedConstant], hulls: list[Hull]) -> list[Violation]:
    """Violations by constants that share bytes with one another or with a buffer, at one step."""
    if not inside:
        return []
    rows = [(row.lower, row.upper, row.offset, row.offset + row.size, row.id) for row in inside]
    behind = 1 + max([row.id for row in inside])
    lowest, highest = min([low for _, _, low, _, _ in rows]), max([high for _, _, _, high, _ in rows])
    rows += [
        (*piece, behind + hull.buffer.id)
        for hull in hulls
        if hull.low < highest and lowest < hull.high
        for piece in hull.pieces
    ]

    def name(owner: int) -> str:
        return f"constant {owner}" if owner < behind else f"buffer {owner - behind}"

    return [
        Violation(
            "overlap",
            f"{name(hit.first)} and {name(hit.second)} share bytes {hit.low}..{hit.high - 1} of {memory.name} at step "
            f"{hit.step}",
            step=hit.step,
            low=hit.low,
            high=hit.high,
        )
        for hit in find_collisions(rows)
        if min(hit.first, hit.second) < behind
    ]


def _rounded(memory: MemoryUse, size: int) -> int:
    return -(-size // memory.alignment) * memory.alignment
