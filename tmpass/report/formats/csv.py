"""The buffers of a plan with MiniMalloc's columns and their offsets, as `tmpass allocate` reads them.

    id,lower,upper,size,alignment,offset
    0,0,2,1024,64,0                             id is the number of the buffer in the plan

Where there are several memories each buffer names its own, and they follow each other in one address space, as the
option --memory of `tmpass allocate` has them. Sizes are those that the plan's runtime takes. Buffers without bytes have
no row, for MiniMalloc knows none.
"""

from collections.abc import Iterator

from tmpass.packing.problem import Buffer, Memory, Problem
from tmpass.packing.problem_csv import write_solution
from tmpass.plans.plan import Plan
from tmpass.targets.runtime import RUNTIMES

NAME = "csv"
SUFFIX = ".csv"
SUMMARY = "the buffers with MiniMalloc's columns and their offsets"


def emit(plan: Plan) -> str:
    """The buffers of `plan` as CSV, in the order of their numbers."""
    rounding = RUNTIMES[plan.target.runtime].rounding
    several = len(plan.memories) > 1
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


def _in_one_space(plan: Plan) -> Iterator[Memory]:
    """Each memory where the one before it ends; one that has no end is taken to end with what is used of it."""
    end = 0
    for memory in plan.memories:
        size = memory.peak if memory.capacity is None else memory.capacity
        begin = end + -end % memory.alignment
        yield Memory(memory.name, begin, size)
        end = begin + size
