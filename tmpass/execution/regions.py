"""A plan's flat schedule as the tree that a run walks: a loop's body many times, a branch perhaps never.

step  0     1     2     3            Region main
      CONV  LOOP  ADD   RELU          ├─ Step 0
            └─ body ─┘                ├─ Step 1 ── Region body ── Step 2
                                      └─ Step 3
"""

from collections.abc import Iterator, Sequence

from tmpass.base.record import record
from tmpass.base.violation import Violation
from tmpass.graph.model import ABSENT, Graph, TensorKey, TensorKind
from tmpass.plans.plan import PlannedStep
from tmpass.verification.replay import Broken

_MAX_DEPTH = 100


@record
class Step:
    """One row of the schedule.

    Fields:
        at: its number.
        op: index of the operator in its subgraph.
        bodies: those that the operator may run.
        last_of: tensors that no later step of the region uses.
    """

    at: int
    op: int
    bodies: tuple["Region", ...]
    last_of: tuple[TensorKey, ...]


@record
class Region:
    """One subgraph, with its steps in the order of the plan."""

    subgraph: int
    steps: tuple[Step, ...]

    def all_steps(self) -> Iterator[int]:
        """The numbers of its steps and of those of the bodies in it."""
        for step in self.steps:
            yield step.at
            for body in step.bodies:
                yield from body.all_steps()


def find_regions(graph: Graph, rows: Sequence[PlannedStep], *, keep_inputs: bool) -> tuple[Region, ...]:
    """The region of every entry of `graph`.

    Raises:
        Broken: the rows do not have every operator once, with bodies behind their callers. Whether each operator comes
            after those that it reads from is not checked here: the run shows it.
    """
    at = 0

    def region(s: int, depth: int) -> Region:
        nonlocal at
        subgraph = graph.subgraphs[s]
        waiting = set(range(len(subgraph.ops)))
        found: list[tuple[int, int, tuple[Region, ...]]] = []
        while waiting:
            row = rows[at] if at < len(rows) else None
            if row is None or row.subgraph != s or row.op not in waiting or depth > _MAX_DEPTH:
                what = "the schedule ends" if row is None else f"operator {row.op} of subgraph {row.subgraph} comes"
                wanted = f"subgraph {s} still has to run operator {min(waiting)}"
                raise Broken(Violation("schedule", f"step {at}: {what}, but {wanted}", step=at))
            waiting.remove(row.op)
            here, at = at, at + 1
            calls = subgraph.ops[row.op].calls
            found.append((here, row.op, tuple(region(call.subgraph, depth + 1) for call in calls)))
        # What comes out outlives the region; what is captured belongs to the one outside.
        seen = {t for t, tensor in enumerate(subgraph.tensors) if tensor.kind is not TensorKind.ACTIVATION}
        seen.update((ABSENT, *subgraph.outputs, *(subgraph.inputs if keep_inputs and depth == 0 else ())))
        steps = []
        for here, number, bodies in reversed(found):
            op = subgraph.ops[number]
            ends = dict.fromkeys(t for t in (*op.inputs, *op.outputs) if t not in seen)
            seen.update(ends)
            steps.append(Step(here, number, bodies, tuple((s, t) for t in ends)))
        return Region(s, tuple(reversed(steps)))

    regions = tuple(region(entry.subgraph, 0) for entry in graph.entries)
    if at != len(rows):
        message = f"step {at}: operator {rows[at].op} of subgraph {rows[at].subgraph} comes, but none is left to run"
        raise Broken(Violation("schedule", message, step=at))
    return regions
