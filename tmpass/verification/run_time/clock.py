"""Durations by the speeds of a target, and which of these were asked for."""

from fractions import Fraction
from math import ceil

from tmpass.plans.planned_time import SECOND
from tmpass.targets import Target


class Clock:
    """Durations in whole picoseconds, rounded up.

    Attributes:
        facts: names of the speeds that were asked for and that the target has.
        lacking: names of those that it does not have, which count as 0.
    """

    def __init__(self, target: Target) -> None:
        self.facts, self.lacking = set[str](), set[str]()
        self._rate = target.macs_per_second
        self._speeds: dict[tuple[str, bool], tuple[str, int | None]] = {}
        for memory in target.memories:
            reading = f"{memory.name}.bandwidth", memory.bandwidth
            own = f"{memory.name}.write_bandwidth", memory.write_bandwidth
            self._speeds[memory.name, False] = reading
            self._speeds[memory.name, True] = reading if memory.write_bandwidth is None else own

    def macs(self, count: int) -> int:
        """How long `count` multiply-accumulate operations take."""
        return self._time("macs_per_second", count, self._rate)

    def bytes(self, memory: str, count: int, *, write: bool) -> int:
        """How long `count` bytes of a memory take to be read, or written."""
        return self._time(*self._named(memory, count, write)) if count else 0

    def _named(self, memory: str, count: int, write: bool) -> tuple[str, int, int | None]:
        name, speed = self._speeds[memory, write]
        return name, count, speed

    def _time(self, name: str, count: int, speed: int | None) -> int:
        if speed is None:
            self.lacking.add(name)
            return 0
        self.facts.add(name)
        return ceil(Fraction(count * SECOND, speed))
