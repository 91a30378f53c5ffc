"""Live ranges, derived again by walking through a plan's schedule as a runtime would.

This repeats tmpass.planning.liveness on purpose, in another way: a fault in one of the two shows as a difference.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from tmpass.base.violation import Violation
from tmpass.graph.model import ABSENT, Graph, Op, TensorKey, TensorKind
from tmpass.plans.plan import PlannedStep
from tmpass.verification.state import state_order

_MAX_DEPTH = 100
"""How deep bodies may be nested. The plans of tmpass stay below, and the limit bounds the recursion of the walk."""

_NEVER = 2**62
"""The first step of a tensor that is not needed."""

Needed = dict[TensorKey, tuple[int, int]]
"""Tensor -> (first, last) step at which it must keep its bytes, both inclusive."""


class Broken(Exception):
    """The schedule is not a run of the model. `violation` says where."""

    def __init__(self, violation: Violation) -> None:
        self.violation = violation
        super().__init__(violation.message)


@dataclass(slots=True, eq=False, repr=False)
class Replay:
    """The state of a walk through `steps`.

    Fields:
        before: (subgraph, operator) -> operators of the subgraph that must run before it.
        firsts, lasts: of each subgraph, the first and the last step at which each tensor must keep its bytes, as far
            as they are known; the last entry is for ABSENT.
        at: the next step.
        end: the last step of any run so far.
    """

    graph: Graph
    steps: tuple[PlannedStep, ...]
    keep_inputs: bool
    loops_copy: bool
    before: dict[tuple[int, int], list[int]]
    firsts: list[list[int]]
    lasts: list[list[int]]
    at: int = 0
    end: int = 0

    def need(self, s: int, tensors: Iterable[int], first: int, last: int) -> None:
        """Extend the steps at which `tensors` of subgraph `s` must keep their bytes by `first` to `last`, inclusive."""
        firsts, lasts = self.firsts[s], self.lasts[s]
        for t in tensors:
            if first < firsts[t]:
                firsts[t] = first
            if last > lasts[t]:
                lasts[t] = last

    def needed(self) -> Needed:
        """The steps of all tensors that are needed at any."""
        return {
            (s, t): (first, last)
            for s, subgraph in enumerate(self.graph.subgraphs)
            for t, first, last in zip(range(len(subgraph.tensors)), self.firsts[s], self.lasts[s], strict=False)
            if first <= last
        }


def replay(graph: Graph, steps: tuple[PlannedStep, ...], *, keep_inputs: bool, loops_copy: bool = False) -> Needed:
    """The steps at which each tensor must keep its bytes, for all tensors that a run touches.

    Args:
        graph: of the model.
        steps: the schedule of a plan.
        keep_inputs: whether inputs of entries must be intact after the run.
        loops_copy: as Runtime.loops_copy.

    Raises:
        Broken: the steps are not a run of every entry of `graph` in which each operator runs once per call, after those
            whose results it reads, and after those that touch the same variable or resource earlier in the file.
    """
    rooms = [len(subgraph.tensors) + 1 for subgraph in graph.subgraphs]
    firsts, lasts = [[_NEVER] * room for room in rooms], [[-1] * room for room in rooms]
    walk = Replay(graph, steps, keep_inputs, loops_copy, state_order(graph), firsts, lasts)
    for entry in graph.entries:
        _run(walk, entry.subgraph, caller=None, depth=0)
    if walk.at != len(steps):
        raise _broken(walk, "no operator is left to run", steps[walk.at])
    for s, subgraph in enumerate(graph.subgraphs):
        walk.need(s, [t for t in subgraph.of_kind(TensorKind.VARIABLE) if lasts[s][t] >= 0], 0, walk.end)
    return walk.needed()


def _run(walk: Replay, s: int, *, caller: int | None, depth: int) -> None:
    """Walk through one run of subgraph `s`: its operators in the order of the rows, until each has run."""
    subgraph = walk.graph.subgraphs[s]
    ops, steps, before = subgraph.ops, walk.steps, walk.before
    waiting = set(range(len(ops)))
    made_by_op = set().union(*[op.outputs for op in ops]) - {ABSENT, *subgraph.inputs}
    missing = made_by_op.difference(subgraph.of_kind(TensorKind.VARIABLE))
    first = walk.at
    while waiting:
        row = steps[walk.at] if walk.at < len(steps) else None
        if row is None or row.subgraph != s or row.op not in waiting:
            raise _broken(walk, f"subgraph {s} still has to run operator {min(waiting)}", row)
        number = row.op
        op = ops[number]
        if row.step != walk.at or row.kind != op.kind or row.name != op.name:
            raise _broken(walk, f"operator {number} of subgraph {s} is {op.kind} {op.name!r}", row)
        if not missing.isdisjoint(op.inputs):
            early = next(t for t in op.inputs if t in missing)
            raise _broken(walk, f"tensor {early} {subgraph.tensors[early].name!r} is not written yet", row)
        if (s, number) in before and not waiting.isdisjoint(before[s, number]):
            skipped = next(other for other in before[s, number] if other in waiting)
            raise _broken(walk, f"operator {skipped} touches the same variable or resource before it", row)
        waiting.remove(number)
        missing.difference_update(op.outputs)
        _run_op(walk, s, op, depth)
    last = walk.at - 1
    if first > last:  # without operators it takes the caller's step, or that of the entry
        first = last = walk.at if caller is None else caller
    walk.end = max(walk.end, last)
    walk.need(s, subgraph.inputs, first, last if walk.keep_inputs and caller is None else first)
    walk.need(s, subgraph.outputs, last, last)


def _run_op(walk: Replay, s: int, op: Op, depth: int) -> None:
    here = walk.at
    walk.at += 1
    if depth > _MAX_DEPTH:
        raise Broken(Violation("schedule", f"bodies are nested more than {_MAX_DEPTH} deep", step=here))
    for call in op.calls:
        _run(walk, call.subgraph, caller=here, depth=depth + 1)
    walk.need(s, (*op.inputs, *op.outputs, *op.temporaries), here, walk.at - 1)
    for call in op.calls:
        if call.repeats and not walk.loops_copy:
            body = walk.graph.subgraphs[call.subgraph]
            walk.need(call.subgraph, (*body.inputs, *body.outputs), here, walk.at - 1)


def _broken(walk: Replay, wanted: str, row: PlannedStep | None) -> Broken:
    found = "the schedule ends" if row is None else f"it runs operator {row.op} ({row.kind}) of subgraph {row.subgraph}"
    return Broken(Violation("schedule", f"step {walk.at}: {found}, but {wanted}", step=walk.at))
