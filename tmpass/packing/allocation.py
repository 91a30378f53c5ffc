"""The answer to an allocation problem."""

from tmpass.base.choices import Status
from tmpass.base.record import record


@record
class Allocation:
    """The answer to a problem: a packing, and what is proved about it.

    With status INFEASIBLE or UNKNOWN, it still has the lowest packing found, which is above the capacity.

    Fields:
        offsets: in bytes, in the order of the problem's buffers; empty where no packing is known, because of memories,
            fixed offsets or pairs.
        peak: the highest offset + size in bytes; None without a packing.
        lower_bound: no packing has a lower peak.
        live_bytes: the largest sum of sizes alive at one step.
        status: what is known.
        allocator: how the packing was found: the name of an allocator, perhaps with an order.
        nodes: search steps that it took.
        stopped: whether Ctrl-C ended the search. The answer then depends on the time.
    """

    offsets: tuple[int, ...]
    peak: int | None
    lower_bound: int
    live_bytes: int
    status: Status
    allocator: str
    nodes: int = 0
    stopped: bool = False
