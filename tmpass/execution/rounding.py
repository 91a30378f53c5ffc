"""Runs in which each operator's floats have a rounding error, to see how far rounding alone may move a result.

A whole model may be computed by other kernels than single operators are: half floats without rounding between two
operators, or sums in another order. Where an output is a difference of large numbers, an index or a rounded integer,
no tolerance by element type tells how much that may change. These runs do.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import cast

from tmpass.execution.limits import Limits, Trips
from tmpass.execution.machine import Machine
from tmpass.execution.memory_image import MemoryImage
from tmpass.execution.regions import Region
from tmpass.graph.model import Graph
from tmpass.loading.runner import Run, Runner, Value

SHAKES = 3
"""How many runs are made. Each draws other errors."""


@dataclass
class _Shaken:
    """A runner that adds a rounding error to every result of an operator."""

    runner: Runner
    seed: int
    made: int = field(default=0)

    def __getattr__(self, name: str) -> object:
        return getattr(self.runner, name)

    def run(self, subgraph: int, op: int, inputs: Sequence[Value | None]) -> Run:
        """Run one operator; its results have rounding errors."""
        results = yield from self.runner.run(subgraph, op, inputs)
        self.made += 1
        return tuple(
            None if value is None else self.runner.shake(value, (self.seed * 1_000_003 + self.made) * 64 + number)
            for number, value in enumerate(results)
        )


def shaken_runs(
    graph: Graph, runner: Runner, entered: Sequence[tuple[Region, Sequence[Value]]], limits: Limits
) -> list[tuple[Value, ...]]:
    """The outputs of an entry in SHAKES runs with rounding errors, each tensor in storage of its own.

    Args:
        graph: of the model.
        runner: keeps its variables: the runs have others.
        entered: the entries that ran so far, with their inputs. Each may leave variables to the last one.
        limits: of the execution.
    """
    found: list[tuple[Value, ...]] = []
    for seed in range(SHAKES):
        shaken = cast(Runner, _Shaken(runner.apart(), seed))
        machine = Machine(graph, MemoryImage({}, {}, {}, ()), shaken, Trips(limits.trips))
        outputs = [machine.run(region, inputs, [False] * len(inputs), keep_inputs=False) for region, inputs in entered]
        found.append(outputs[-1])
    return found
