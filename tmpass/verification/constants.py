"""The constants of a plan, against those of the model: each is where the plan says, and over nothing else."""

from tmpass.base.errors import brief
from tmpass.base.violation import Violation
from tmpass.graph.model import ABSENT, Graph, TensorKey, TensorKind
from tmpass.plans.plan import MemoryUse, Plan, PlannedConstant


def check_constants(plan: Plan, graph: Graph) -> list[Violation]:
    """Violations by constants that are missing, twice, of another size, misaligned, or over something else.

    A plan has all constants that a run touches, or none: then it lists their bytes as not counted.
    """
    if not plan.constants:
        return [
            Violation("constants", f"{memory.name} claims {memory.constants} bytes of constants, but the plan has none")
            for memory in plan.memories
            if memory.constants
        ]
    return [*_check_rows(plan), *_check_stored(plan, graph), *_check_places(plan)]


def _check_rows(plan: Plan) -> list[Violation]:
    """Violations by a number, a memory or a live range that cannot be."""
    memories, end = {memory.name for memory in plan.memories}, max(1, len(plan.schedule))
    found = []
    for number, row in enumerate(plan.constants):
        if row.id != number or row.memory not in memories or row.size < 1:
            message = f"constant {row.id} in row {number} has a wrong number, memory {brief(row.memory)} or size"
            found.append(Violation("constants", message))
        elif row.use == "stored" and (row.lower, row.upper) != (0, end):
            message = f"constant {row.id} is stored, but only in the steps [{row.lower}, {row.upper}) of {end}"
            found.append(Violation("constants", message))
    return found


def _check_stored(plan: Plan, graph: Graph) -> list[Violation]:
    """Violations by constants that are not stored exactly once, in one memory, with their own bytes."""
    sizes, members = _needed(graph)
    names = {row.key: row.name for row in plan.tensors}
    stored = [row for row in plan.constants if row.use == "stored"]
    homes = sorted({row.memory for row in stored})
    found = []
    if len(homes) > 1:
        found.append(Violation("constants", f"constants are stored in {' and '.join(map(brief, homes))}"))
    left = dict(members)
    for row in stored:
        first = row.tensors[0] if row.tensors else (ABSENT, ABSENT)
        name = brief(names.get(first, "no tensor"))
        if left.pop(first, None) != row.tensors:
            message = f"constant {row.id} lists the tensors {brief(row.tensors)}; those of {name} are "
            message += brief(members.get(first, ()))
            found.append(Violation("constants", message))
        elif row.size != sizes[first]:
            message = f"{name} is stored in {row.size} bytes, but the file has {sizes[first]}"
            found.append(Violation("constants", message))
    found += [Violation("constants", f"{brief(names.get(first, 'a constant'))} is stored nowhere") for first in left]
    return found


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


def _check_places(plan: Plan) -> list[Violation]:
    """Violations by constants that are misaligned, overlap, or take more than their memory says."""
    found = []
    for memory in plan.memories:
        inside = sorted((row for row in plan.constants if row.memory == memory.name), key=lambda row: row.offset)
        step, above = memory.alignment, _rounded(memory, memory.peak)
        for row in inside:
            if row.offset % step:
                message = f"constant {row.id} is at {row.offset} of {memory.name}, which is not a multiple of {step}"
                found.append(Violation("alignment", message, low=row.offset, high=row.offset + row.size))
        found += _overlaps(memory, inside, above)
        end = max((_rounded(memory, row.offset + row.size) for row in inside), default=above)
        if memory.constants != end - above:
            message = f"{memory.name} claims {memory.constants} bytes of constants, but they end {end - above} bytes"
            found.append(Violation("constants", f"{message} above the buffers"))
    return found


def _overlaps(memory: MemoryUse, inside: list[PlannedConstant], above: int) -> list[Violation]:
    """Violations by constants that begin below `above`, where buffers are, or within the constant before them."""
    found, last = [], above
    for row in inside:
        if row.offset < last:
            message = f"constant {row.id} of {memory.name} begins at {row.offset}, where {last} bytes are in use"
            found.append(Violation("overlap", message, low=row.offset, high=row.offset + row.size))
        last = max(last, row.offset + row.size)
    return found


def _rounded(memory: MemoryUse, size: int) -> int:
    return -(-size // memory.alignment) * memory.alignment
