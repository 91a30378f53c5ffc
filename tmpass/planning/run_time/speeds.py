"""The speeds of a target, and which of them a run depends on."""

from dataclasses import dataclass, field

from tmpass.plans.planned_time import SECOND
from tmpass.targets import Target, Use


@dataclass
class Speeds:
    """The speeds of `target`; `used` gets the names of those that were asked for, `unknown` of those that it lacks."""

    target: Target
    used: dict[str, None] = field(default_factory=dict)
    unknown: dict[str, None] = field(default_factory=dict)

    def read(self, memory: str, size: int) -> int:
        """The picoseconds that reading `size` bytes of a memory takes, rounded up; 0 where its speed is not known."""
        return self._moving(memory, size, write=False)

    def write(self, memory: str, size: int) -> int:
        """The same for writing."""
        return self._moving(memory, size, write=True)

    def compute(self, macs: int) -> int:
        """The picoseconds of `macs` operations; 0 where the rate is not known."""
        name = "macs_per_second"
        if self.target.macs_per_second is None:
            self.unknown[name] = None
            return 0
        self.used[name] = None
        return -(-macs * SECOND // self.target.macs_per_second)

    @property
    def assumed(self) -> tuple[str, ...]:
        """The names of the used facts that are assumptions, sorted."""
        return tuple(sorted(set(self.used) & set(self.target.assumed)))

    def _moving(self, name: str, size: int, *, write: bool) -> int:
        if not size:
            return 0
        memory = next(memory for memory in self.target.memories if memory.name == name)
        fact, speed = "bandwidth", memory.bandwidth
        if write and memory.write_bandwidth is not None:
            fact, speed = "write_bandwidth", memory.write_bandwidth
        if speed is None:
            self.unknown[f"{name}.bandwidth"] = None
            return 0
        self.used[f"{name}.{fact}"] = None
        return -(-size * SECOND // speed)


def places_of_buffers(target: Target) -> tuple[str, ...]:
    """The names of the memories that operators use and that may hold buffers of any kind."""
    return tuple(memory.name for memory in target.memories if memory.compute and set(memory.holds) - {Use.WEIGHTS})
