"""How far rounding alone may move a result: runs in which each operator's floats are off by a rounding error.

A whole model may be computed by other kernels than single operators: half floats without rounding between two of them,
sums in another order. Where an output is a difference of large numbers, an index or a rounded integer, no tolerance by
element type says what that may change; these runs do.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import cast

from tmpass.execution.limits import Limits, Trips
from tmpass.execution.machine import Machine
from tmpass.execution.places import Layout
from tmpass.execution.regions import Region
from tmpass.graph.model import Graph
from tmpass.loading.runner import Run, Runner, Value

SHAKES = 3
"""How many runs; each draws other errors."""


@dataclass
class _Shaken:
    """A runner that is off by a rounding error in whatever operators make."""

    runner: Runner
    seed: int
    made: int = field(default=0)

    def __getattr__(self, name: str) -> object:
        return getattr(self.runner, name)

    def run(self, subgraph: int, op: int, inputs: Sequence[Value | None]) -> Run:
        """One run of an operator."""
        results = yield from self.runner.run(subgraph, op, inputs)
        self.made += 1
        return tuple(
            None if value is None else self.runner.shake(value, (self.seed * 1_000_003 + self.made) * 64 + number)
            for number, value in enumerate(results)
        )


def shaken_runs(
    graph: Graph, region: Region, runner: Runner, inputs: Sequence[Value], limits: Limits
) -> list[tuple[Value, ...]]:
    """What the outputs of an entry hold in a few runs with rounding errors, every tensor in storage of its own."""
    found = []
    for seed in range(SHAKES):
        machine = Machine(graph, Layout({}, {}, {}, ()), cast(Runner, _Shaken(runner, seed)), Trips(limits.trips))
        found.append(machine.run(region, inputs, [False] * len(inputs), keep_inputs=False))
    return found
