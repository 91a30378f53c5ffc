"""An order of operators and what is known of it."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Ordered:
    """An order of operators; no order has a `peak` below `bound` bytes. `stopped` by Ctrl-C, it may not be the best.

    `states` is how many sets of operators were looked at to find that out.
    """

    order: tuple[int, ...]
    peak: int
    bound: int
    states: int = 0
    stopped: bool = False
