"""The time of one run, as a plan states it."""

from tmpass.base.record import record

SECOND = 10**12
"""Picoseconds in a second. Times are whole numbers of them, so that they are the same everywhere."""


@record
class PlannedTime:
    """How long one run takes by the model of docs/time.md, in picoseconds.

    Fields:
        total: from the first operator's first copy to the end of the last operator.
        compute: of all operators; None where the target does not say how fast it computes. Then it counts as 0.
        copies: between the scratchpad and other memories: streamed constants, spills and fetches.
        accesses: of operators to what lies in other memories than the scratchpad.
        hidden: the part of the copies that overlaps with operators.
        lower_bound: no plan with this order and this sharing takes less, in the same model.
        assumed: facts of the target that the time depends on and that have no public source, such as
            "dram.bandwidth" or "macs_per_second".
        unknown: facts that the time would depend on and that the target does not have. They count as 0.
    """

    total: int
    compute: int | None
    copies: int
    accesses: int
    hidden: int
    lower_bound: int
    assumed: tuple[str, ...] = ()
    unknown: tuple[str, ...] = ()
