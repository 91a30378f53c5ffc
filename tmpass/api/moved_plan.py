"""A plan with its buffers at other offsets: those that the file of a model has."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from tmpass.base.choices import ConstantUse, Status
from tmpass.base.errors import UsageError
from tmpass.packing.allocate import allocate
from tmpass.packing.problem import Buffer, Problem
from tmpass.plans.heading import Heading
from tmpass.plans.plan import FILE_SOURCE, OF_FILE, MemoryUse, Plan, PlannedBuffer, PlannedConstant
from tmpass.targets import RUNTIMES

_REST = "; {count} of {all} buffers have none there: the runtime places them, here they are where they fit"


def moved_plan(made: Plan, bases: Mapping[int, int], heading: Heading | None) -> Plan:
    """`made` with its buffers at `bases`, and the others, and copies of constants, where they fit between.

    Args:
        made: a plan without transfers of buffers.
        bases: the offset of each buffer of the scratchpad that has one in the file.
        heading: of the plan in the file, which has the overhead; None without one.
    """
    memory = made.memories[0]
    if heading is not None and memory.overhead != heading.memories[0].overhead:
        memory = replace(memory, overhead=heading.memories[0].overhead, overhead_source=FILE_SOURCE, preparation=0)
    rows = [row for row in made.buffers if row.memory == memory.name]
    placed = _placed(rows, bases, memory.alignment)
    granule = RUNTIMES[made.target.runtime].rounding
    peak = max((placed[row.id] + -(-row.size // granule) * granule for row in rows), default=0)
    constants, loaded = _constants(made, placed, peak)
    buffers = tuple(replace(row, offset=placed.get(row.id, row.offset)) for row in made.buffers)
    by = {row.id: placed[row.id] - row.offset for row in rows}
    tensors = tuple(
        row if row.buffer not in by or row.offset is None else replace(row, offset=row.offset + by[row.buffer])
        for row in made.tensors
    )
    left = len(rows) - len(bases)
    note = OF_FILE + (_REST.format(count=left, all=len(rows)) if left else "")
    memories = (replace(memory, peak=peak, loaded=loaded), *made.memories[1:])
    return replace(
        made,
        status=_status(made, memories).value,
        fits=not made.refused and all(not one.shortfall for one in memories),
        memories=memories,
        constants=constants,
        buffers=buffers,
        tensors=tensors,
        warnings=(note, *(w for w in made.warnings if "offline memory plan" not in w)),
        time=None,
        version="",
        is_of_file=True,
    )


def _placed(rows: Sequence[PlannedBuffer], bases: Mapping[int, int], alignment: int) -> dict[int, int]:
    """The offset of each of `rows`: those of `bases`, and for the others where they fit between."""
    if len(bases) == len(rows):
        return dict(bases)
    wanted = [_fixed(row, bases.get(row.id)) for row in rows]
    top = max((bases[row.id] + row.size for row in rows if row.id in bases), default=0)
    above = [bases.get(row.id, top + -top % alignment + row.offset) for row in rows]
    return dict(zip((row.id for row in rows), _fitted(wanted, above, alignment), strict=True))


def _constants(made: Plan, placed: Mapping[int, int], peak: int) -> tuple[tuple[PlannedConstant, ...], int]:
    """The rows of the constants with the buffers at `placed`, and what copies take above `peak`."""
    memory = made.memories[0]
    inside = [row for row in made.constants if row.memory == memory.name]
    stored = any(row.use == ConstantUse.STORED for row in inside)
    rows = [row for row in made.buffers if row.memory == memory.name]
    if stored:  # above the buffers
        by = _rounded(peak, memory) - _rounded(memory.peak, memory)
        inside = [replace(row, offset=row.offset + by) for row in inside]
    elif any(placed[row.id] != row.offset for row in rows):
        inside = _copies(inside, [_fixed(row, placed[row.id]) for row in rows], memory, peak)
    ends = [row.offset + row.size for row in inside]
    at = {row.id: row for row in inside}
    return tuple(at.get(row.id, row) for row in made.constants), 0 if stored else max([peak, *ends]) - peak


def _copies(
    copies: Sequence[PlannedConstant], buffers: Sequence[Buffer], memory: MemoryUse, peak: int
) -> list[PlannedConstant]:
    """`copies` where they fit between `buffers`."""
    wanted = [*buffers, *(Buffer(f"constant {row.id}", row.lower, row.upper, row.size) for row in copies)]
    by = _rounded(peak, memory) - min((row.offset for row in copies), default=0)
    above = [*(buffer.offset or 0 for buffer in buffers), *(row.offset + by for row in copies)]
    offsets = _fitted(wanted, above, memory.alignment)[len(buffers) :]
    return [replace(row, offset=offset) for row, offset in zip(copies, offsets, strict=True)]


def _fixed(row: PlannedBuffer, offset: int | None) -> Buffer:
    return Buffer(str(row.id), row.lower, row.upper, row.size, offset=offset, gaps=row.gaps)


def _fitted(wanted: Sequence[Buffer], otherwise: Sequence[int], alignment: int) -> Sequence[int]:
    """The offset of each of `wanted`; `otherwise` where the fixed ones overlap, or are not aligned."""
    try:
        return allocate(Problem(tuple(wanted), alignment=alignment), "first-fit").offsets
    except UsageError:
        return otherwise


def _rounded(peak: int, memory: MemoryUse) -> int:
    return peak + -peak % memory.alignment


def _status(made: Plan, memories: Sequence[MemoryUse]) -> Status:
    if made.refused:
        return Status.INFEASIBLE
    if any(one.shortfall for one in memories):
        proved = memories[0].proved_shortfall or any(one.fixed_shortfall for one in memories[1:])
        return Status.INFEASIBLE if proved else Status.UNKNOWN
    optimal = memories[0].peak <= memories[0].lower_bound and made.status == Status.OPTIMAL
    return Status.OPTIMAL if optimal else Status.FEASIBLE
