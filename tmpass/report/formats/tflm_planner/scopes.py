"""The allocation scopes of TensorFlow Lite Micro: the numbers in which it gives live ranges to a memory planner.

    scope 0             inputs of the model
    scope 1, 2, ...     one operator each; IF, WHILE and CALL_ONCE take one more as they enter each body

A body without operators has no step in a plan, so it is not known whether it is the first or the second one. The scopes
within its sibling are then known up to the number of bodies without operators.

Source: tensorflow/lite/micro/micro_allocation_info.cc, MarkAllocationLifetimes, as of 2022 to 2024.
"""

from collections.abc import Sequence

from tmpass.base.record import record
from tmpass.plans.plan import PlannedStep

BODIES = {"IF": 2, "WHILE": 2, "CALL_ONCE": 1}
"""The kinds of operators whose bodies the runtime numbers -> how many bodies each has."""


@record
class Scopes:
    """The scopes of one run of subgraph 0.

    Fields:
        begin: its first step.
        low, high: bounds on the scope of each of its steps.
        last: the last scope of the run.
    """

    begin: int
    low: tuple[int, ...]
    high: tuple[int, ...]
    last: int

    @property
    def end(self) -> int:
        """One past the last step of the run."""
        return self.begin + len(self.low)

    def range_of(self, lower: int, upper: int) -> tuple[int, int]:
        """The scopes within which a tensor may be used whose bytes are its own during the steps `[lower, upper)`.

        Returns:
            The first and the last scope, both included; (0, -1) where the run has none of the steps.
        """
        if not self.low:
            return 0, self.last
        if upper <= self.begin or lower >= self.end:
            return 0, -1
        first = self.low[lower - 1 - self.begin] + 1 if lower > self.begin else 0
        last = self.high[upper - self.begin] - 1 if upper < self.end else self.last
        return first, last


def scopes_of(schedule: Sequence[PlannedStep]) -> Scopes:
    """The scopes of the first run of subgraph 0, where TensorFlow Lite Micro begins.

    Complexity: linear, times the depth of bodies within bodies.
    """
    begin = next((row.step for row in schedule if row.subgraph == 0), len(schedule))
    walk = _Walk(schedule, begin)
    walk.run(())
    low = tuple(walk.low)
    return Scopes(begin, low, tuple(map(sum, zip(low, walk.unsure, strict=True))), walk.scope)


class _Walk:
    """A walk through the rows of one run.

    Fields:
        at: the next row.
        scope: the last scope so far.
        low: the least scope of each row so far.
        unsure: how much higher it may be.
    """

    def __init__(self, schedule: Sequence[PlannedStep], begin: int) -> None:
        self.schedule, self.at, self.scope = schedule, begin, 0
        self.low: list[int] = []
        self.unsure: list[int] = []

    def run(self, callers: tuple[int, ...]) -> None:
        """Number one run of the subgraph of the next row; a second run of it begins with the same operator."""
        if self.at == len(self.schedule):
            return
        subgraph, first = self.schedule[self.at].subgraph, self.schedule[self.at].op
        begin = self.at
        while self._next() == subgraph and (self.at == begin or self.schedule[self.at].op != first):
            kind = self.schedule[self.at].kind
            self.scope += 1
            self.low.append(self.scope)
            self.unsure.append(0)
            self.at += 1
            self._bodies(BODIES.get(kind, 0), (*callers, subgraph))

    def _bodies(self, count: int, callers: tuple[int, ...]) -> None:
        start, found = len(self.low), 0
        while found < count and self._next() not in (*callers, None):
            self.scope += 1
            self.run(callers)
            found += 1
        missing = count - found
        self.scope += missing
        for row in range(start, len(self.low)):
            self.unsure[row] += missing

    def _next(self) -> int | None:
        """The subgraph of the next row; None at the end."""
        return self.schedule[self.at].subgraph if self.at < len(self.schedule) else None
