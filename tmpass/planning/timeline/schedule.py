"""The order of operators: one order per subgraph, then one timeline for the whole model."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Step:
    """Operator `op` of `subgraph`; what it runs inside itself follows it, up to step `end`, exclusive."""

    subgraph: int
    op: int
    end: int


@dataclass(frozen=True, slots=True)
class Region:
    """One run of a subgraph, over the steps `[lower, upper)`.

    `caller` is the step of the operator that runs it, None for an entry; `repeats` says that it may run again and again
    within that step. A subgraph without operators takes the caller's own step, or, as an entry, one of its own.
    """

    subgraph: int
    lower: int
    upper: int
    caller: int | None = None
    repeats: bool = False


@dataclass(frozen=True, slots=True)
class Schedule:
    """The timeline: `steps` in the order of time, `regions` in the order of their callers.

        step   0    1     2    3     4    5      6
               CONV IF    MUL  ADD   SUB  RELU   ...       IF: end 5
                    |---------------------|                while it runs, its inputs and outputs stay alive
                          then      else                   regions [2, 4) and [4, 5)

    `horizon` is one past the last step.
    """

    steps: tuple[Step, ...]
    regions: tuple[Region, ...]
    horizon: int
