"""The constants of a plan, against those of the model: each is where the plan says, and over nothing else."""

from tmpass.base.choices import ConstantUse
from tmpass.base.errors import brief
from tmpass.base.violation import Violation
from tmpass.graph.model import ABSENT, Graph, TensorKey, TensorKind
from tmpass.packing.collisions import Rectangle, find_collisions
from tmpass.plans.plan import MemoryUse, Plan, PlannedConstant
from tmpass.verification.copies import check_copies
from tmpass.verification.hulls import Hull


def check_constants(plan: Plan, graph: Graph, hulls: list[Hull]) -> list[Violation]:
    """Violations by constants that are missing, twice, of another size, misaligned, over something else, or not there.

    A plan has all constants that a run touches, or none: then it lists their bytes as not counted.

    Args:
        plan: its schedule is a run of `graph`.
        graph: of the model.
        hulls: one per buffer of the plan.
    """
    if not plan.constants:
        return [
            Violation("constants", f"{memory.name} claims bytes of constants, but the plan has none")
            for memory in plan.memories
            if memory.constants or memory.loaded or memory.loaded_bound
        ]
    if found := _check_rows(plan, max(1, len(plan.schedule), *(hull.upper for hull in hulls))):
        return found
    stored = _Stored(graph)
    return [
        *_check_stored(plan, stored),
        *_check_uses(plan, graph, stored),
        *_check_places(plan, hulls),
        *check_copies(plan, graph, hulls),
    ]


def _check_rows(plan: Plan, end: int) -> list[Violation]:
    """Violations by a number, a memory, a use or a live range that cannot be. The run has the steps [0, end)."""
    memories = {memory.name for memory in plan.memories}
    found = []
    for number, row in enumerate(plan.constants):
        always = row.use != ConstantUse.STREAMED
        if row.id != number or row.memory not in memories or row.size < 1 or row.use not in tuple(ConstantUse):
            message = f"constant {row.id} in row {number} has a wrong number, memory {brief(row.memory)}, size or use"
            found.append(Violation("constants", message))
        elif (always and (row.lower, row.upper) != (0, end)) or not 0 <= row.lower < row.upper <= end:
            message = f"constant {row.id} is {row.use}, but in the steps [{row.lower}, {row.upper}) of {end}"
            found.append(Violation("constants", message))
    return found


def _check_stored(plan: Plan, stored: "_Stored") -> list[Violation]:
    """Violations by constants that are not stored exactly once, in one memory, with their own bytes."""
    names = {row.key: brief(row.name) for row in plan.tensors}
    homes = sorted({row.memory for row in plan.constants if row.use == ConstantUse.STORED})
    found = []
    if len(homes) > 1:
        found.append(Violation("constants", f"constants are stored in {' and '.join(map(brief, homes))}"))
    homes_chunk = {memory.name: memory.chunk for memory in plan.memories}
    chunks = {
        row.tensors[0]: chunk
        for row in plan.constants
        if row.use == ConstantUse.STORED and row.tensors and (chunk := homes_chunk[row.memory])
    }
    left = dict(stored.members)
    for row in plan.constants:
        first = row.tensors[0] if row.tensors else (ABSENT, ABSENT)
        members, size = stored.members.get(first, ()), stored.sizes.get(first, 0)
        if row.tensors != members or (row.use == ConstantUse.STORED and first not in left):
            message = f"constant {row.id} lists the tensors {brief(row.tensors)}; its bytes are those of"
            found.append(Violation("constants", f"{message} {brief(members)}, which are stored once"))
        elif row.size != (min(size, chunks.get(first, size)) if row.use == ConstantUse.STREAMED else size):
            message = f"{names[first]} is {row.use} in {row.size} bytes of {brief(row.memory)}, but has {size}"
            found.append(Violation("constants", message))
        elif row.use != ConstantUse.STORED and row.memory in homes:
            message = f"{names[first]} is {row.use} in {brief(row.memory)}, where it is stored"
            found.append(Violation("constants", message))
        if row.use == ConstantUse.STORED:
            left.pop(first, None)
    found += [Violation("constants", f"{names[first]} is stored nowhere") for first in left]
    return found


def _check_uses(plan: Plan, graph: Graph, stored: "_Stored") -> list[Violation]:
    """Violations by operators that read a constant in a memory that they cannot use, or by a copy that nobody reads.

    A constant that is streamed is there in the step of one operator that reads it, and in no other.
    """
    usable = {memory.name for memory in plan.memories if memory.compute}
    always = {row.tensors[0] for row in plan.constants if row.use != ConstantUse.STREAMED and row.memory in usable}
    streamed = {(row.tensors[0], row.lower): row for row in plan.constants if row.use == ConstantUse.STREAMED}
    names = {row.key: brief(row.name) for row in plan.tensors}
    found, unread = [], set(streamed)
    for step in plan.schedule:
        op = graph.subgraphs[step.subgraph].ops[step.op]
        for t in op.inputs:
            first = stored.first.get((step.subgraph, t))
            if first is None:
                continue
            unread.discard((first, step.step))
            row = streamed.get((first, step.step))
            if first not in always and (row is None or row.memory not in usable):
                message = f"step {step.step} reads {names[first]}, which is in no memory that operators use"
                found.append(Violation("constants", message, names[first], step=step.step))
    for first, lower in sorted(unread):
        message = f"{names.get(first, first)} is streamed for step {lower}, which does not read it"
        found.append(Violation("constants", message, step=lower))
    for row in plan.constants:
        if row.use == ConstantUse.STREAMED and row.upper != row.lower + 1:
            message = f"constant {row.id} is streamed for the steps [{row.lower}, {row.upper}), more than one"
            found.append(Violation("constants", message, step=row.lower))
    return found


class _Stored:
    """The constants that a run touches, by the first tensor with their bytes: those of no or unknown bytes left out.

    Attributes:
        first: tensor -> the first with its bytes.
        members: all tensors with these bytes.
        sizes: how many bytes there are.
    """

    def __init__(self, graph: Graph) -> None:
        sizes, members = _needed(graph)
        self.sizes, self.members = sizes, members
        self.first = {key: first for first, keys in members.items() for key in keys}


def _needed(graph: Graph) -> tuple[dict[TensorKey, int], dict[TensorKey, tuple[TensorKey, ...]]]:
    """The bytes of each stored constant that a run touches, and the tensors that have them, both by the first of these.

    Constants of no bytes or of unknown size need no place.
    """
    sizes: dict[TensorKey, int] = {}
    members: dict[TensorKey, list[TensorKey]] = {}
    for s, subgraph in enumerate(graph.subgraphs):
        touched = {*subgraph.inputs, *subgraph.outputs}
        for op in subgraph.ops:
            touched.update((*op.inputs, *op.outputs, *op.temporaries))
        for t in sorted(touched - {ABSENT}):
            if subgraph.tensors[t].kind is TensorKind.CONSTANT:
                told = graph.stored.get((s, t))
                size = subgraph.tensors[t].bytes if told is None or told.bytes is None else told.bytes
                if size:
                    storage = (s, t) if told is None else told.first
                    sizes[storage] = size
                    members.setdefault(storage, []).append((s, t))
    return (
        {keys[0]: sizes[storage] for storage, keys in members.items()},
        {keys[0]: tuple(keys) for keys in members.values()},
    )


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
        above = _rounded(memory, memory.peak)
        end = max([above, *(_rounded(memory, row.offset + row.size) for row in inside)])
        here = any(row.use == ConstantUse.STORED for row in inside)
        if (memory.constants, memory.loaded) != ((end - above, 0) if here else (0, end - above)):
            message = f"{memory.name} claims {memory.constants + memory.loaded} bytes of constants above the buffers"
            found.append(Violation("constants", f"{message}, but they end {end - above} bytes above"))
    return found


def _overlaps(memory: MemoryUse, inside: list[PlannedConstant], hulls: list[Hull]) -> list[Violation]:
    """Violations by constants that share bytes with one another or with a buffer, at one step."""
    if not inside:
        return []
    rows = [Rectangle(row.lower, row.upper, row.offset, row.offset + row.size, row.id) for row in inside]
    behind = 1 + max(row.id for row in inside)
    rows += [Rectangle(*piece, behind + hull.buffer.id) for hull in hulls for piece in hull.pieces]

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
