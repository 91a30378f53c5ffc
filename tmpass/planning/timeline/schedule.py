"""The types of a timeline: steps, regions and the schedule of a whole model."""

from tmpass.base.record import record


@record
class Step:
    """One step: operator `op` of `subgraph`. The steps of its bodies follow it, up to step `end`, exclusive."""

    subgraph: int
    op: int
    end: int


@record
class Region:
    """One run of a subgraph, over the steps `[lower, upper)`.

    A subgraph without operators takes the caller's step; as an entry, it takes a step of its own.

    Fields:
        caller: the step of the operator that runs it; None for an entry.
        repeats: whether it may run many times within that step.
    """

    subgraph: int
    lower: int
    upper: int
    caller: int | None = None
    repeats: bool = False


@record
class Schedule:
    """The timeline of a model: `steps` in the order of time, `regions` in the order of their callers.

        step   0    1     2    3     4    5      6
               CONV IF    MUL  ADD   SUB  RELU   ...       IF: end 5
                    |---------------------|                while it runs, its inputs and outputs stay alive
                          then      else                   regions [2, 4) and [4, 5)

    `horizon` is one past the last step.
    """

    steps: tuple[Step, ...]
    regions: tuple[Region, ...]
    horizon: int
