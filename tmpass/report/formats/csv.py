"""The buffers of a plan as CSV with MiniMalloc's columns and offsets; `tmpass allocate` reads it.

    id,lower,upper,size,alignment,offset
    0,0,2,1024,64,0                             id is the number of the buffer in the plan

Several memories follow each other in one address space, as with the option --memory of `tmpass allocate`; each buffer
names its memory, which is as large as what it has left for buffers. Sizes are rounded as the plan's runtime rounds
them. Empty buffers have no row: MiniMalloc has no size 0. Constants have none either: no allocator chooses their
places, and what they take is not left for buffers.
"""

from collections.abc import Iterator
from shlex import quote

from tmpass.packing.problem import Buffer, Memory, Problem
from tmpass.packing.problem_csv import write_solution
from tmpass.plans.plan import Plan
from tmpass.targets.runtime import RUNTIMES

NAME = "csv"
SUFFIX = ".csv"
SUMMARY = "the buffers with MiniMalloc's columns and their offsets"


def emit(plan: Plan) -> str:
    """The buffers of `plan` as CSV, by number."""
    rounding = RUNTIMES[plan.target.runtime].rounding
    several = _several(plan)
    memories = tuple(_in_one_space(plan))
    alignment = {memory.name: memory.alignment for memory in plan.memories}
    begin = {memory.name: memory.offset for memory in memories}
    rows = [b for b in plan.buffers if b.size]
    buffers = tuple(
        Buffer(
            str(b.id),
            b.lower,
            b.upper,
            b.size,
            alignment[b.memory],
            gaps=b.gaps,
            memories=(b.memory,) if several else (),
        ).rounded(rounding)
        for b in rows
    )
    problem = Problem(buffers, memories=memories if several else ())
    return write_solution(problem, [begin[b.memory] + b.offset for b in rows])


def note(plan: Plan, path: str) -> str:
    """The command that reads the file `path` of several memories again; empty for one memory, which needs none."""
    if not _several(plan):
        return ""
    memories = (f"--memory {quote(f'{m.name}={m.size}@{m.offset}')}" for m in _in_one_space(plan))
    file = "plan.csv" if path == "-" else quote(path)
    return f"a CSV has no sizes of memories; to read it: tmpass allocate {file} {' '.join(memories)}"


def _several(plan: Plan) -> bool:
    return len(plan.arenas) > 1


def _in_one_space(plan: Plan) -> Iterator[Memory]:
    """The memories one after another; a memory without a capacity, or above it, ends at its peak."""
    end = 0
    for memory in plan.arenas:
        size = max(memory.peak, memory.room or 0)
        begin = end + -end % memory.alignment
        yield Memory(memory.name, begin, size)
        end = begin + size
