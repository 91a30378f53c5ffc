"""An order of operators, with its peak and a lower bound."""

from tmpass.base.record import record


@record
class Ordered:
    """An order of operators, with a proved bound on the peak of all orders.

    Fields:
        peak: its live bytes at the peak step.
        bound: in bytes; no order has a lower peak.
        states: how many sets of operators the search looked at.
        stopped: Ctrl-C ended the search, so a better order may have been missed.
    """

    order: tuple[int, ...]
    peak: int
    bound: int
    states: int = 0
    stopped: bool = False
