"""The order of a plan, and what is proved of all orders."""

from dataclasses import field

from tmpass.base.record import record
from tmpass.plans.json_rows import OPTIONAL


@record
class PlannedOrder:
    """The order of the operators, and a bound on all orders.

    Fields:
        method: one of choices.PLANNED_ORDERS.
        lower_bound: bytes of the first memory; in every order, with the sharing that was allowed, at least as many are
            alive at one step.
        states: how many sets of operators the search looked at.
        streamed_bound: no order, with any choice of constants that stay, streams fewer bytes of constants in a run
            while no buffer leaves that memory; None where it is not known, or nothing is streamed.
        operator_bound: bytes of the first memory that one operator needs, whatever the order, the allowed sharing
            and the constants that stay; None where none is known to need more than there is.
        held_bound: bytes of the first memory that tensors take at one step which no other memory may hold, whatever the
            order, the allowed sharing and the division of the buffers; None where that is not known to be more than
            there is.
        room_bound: bytes of the first memory that tensors take at one step for which the other memories have no room,
            whatever the order, the allowed sharing and the division; None where that is not known to be more than there
            is, or not more than `held_bound`.
    """

    method: str
    lower_bound: int
    states: int
    streamed_bound: int | None = field(default=None, metadata=OPTIONAL)
    operator_bound: int | None = field(default=None, metadata=OPTIONAL)
    held_bound: int | None = field(default=None, metadata=OPTIONAL)
    room_bound: int | None = field(default=None, metadata=OPTIONAL)

    @property
    def not_elsewhere(self) -> int:
        """The larger of `held_bound` and `room_bound`: bytes that no other memory takes; 0 without both."""
        return max(self.held_bound or 0, self.room_bound or 0)
