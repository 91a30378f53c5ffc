"""Integer programming: the big-M model with which papers compare, solved by SCIP through OR-tools.

For each two buffers a and b that share a step, and each range of differences of their offsets that this forbids,

    offset(b) - offset(a) > last  - M (1 - above)          above = 1 puts b above a
    offset(b) - offset(a) < first + M above                above = 0 puts it below

with all offsets in units. SCIP computes in floating point. So every packing is rounded and checked here with whole
numbers, and its proofs count only while M is so small that the tolerances cannot hide a unit.
"""

from dataclasses import replace
from itertools import pairwise
from math import ceil
from typing import Any

from tmpass.base.packages import import_package
from tmpass.base.record import record
from tmpass.packing.allocators import CONSTRAINTS, Found, Goal
from tmpass.packing.allocators.arrays import peak_of
from tmpass.packing.allocators.external import solve_in_units
from tmpass.packing.allocators.interruptible import run
from tmpass.packing.allocators.units import Ranges, Units, meeting
from tmpass.packing.problem import Problem

HONOURS = frozenset(CONSTRAINTS)

MAX_PAIRS = 20_000
"""With more pairs of buffers that share a step, the packing of first fit is the answer. A node would take minutes."""

NODES_PER_BRANCH = 1000
"""Nodes of the goal per node of SCIP, which solves at least one linear program."""

_PROVABLE = 2**20
"""With M above this number of units, no answer of SCIP counts as a proof: M times _TOLERANCE comes near one unit."""

_MAX_UNITS = 2**22
"""With a limit above this number of units, SCIP is not asked. From 2^28 on, it did not return for four buffers."""

_TOLERANCE = 1e-9
"""The error that SCIP may make in a constraint or a whole number."""


def solve(problem: Problem, goal: Goal) -> Found:
    """The lowest packing that branch and bound finds, with that of first fit as a hint.

    `goal.nodes` limit the nodes of SCIP, each of which counts for NODES_PER_BRANCH. The work at the first node,
    presolving and cuts, is limited by the size of the problem only, so a small budget may still take long. SCIP runs on
    one thread with fixed seeds: the same version of OR-tools gives the same packing. Ctrl-C ends it, and the best
    packing so far is the answer.
    """
    return solve_in_units(problem, goal, _ask, most_pairs=MAX_PAIRS, most_units=_MAX_UNITS)


def _ask(units: Units, goal: Goal, best: Found) -> Found:
    pywraplp = import_package("ortools.linear_solver.pywraplp", "solvers", "allocator ilp")
    model = _model(units, goal, best)
    solver = model.solver
    branches = -(-goal.nodes // NODES_PER_BRANCH)
    settings = {
        "limits/nodes": min(branches, 2**62),
        "numerics/feastol": _TOLERANCE,
        "misc/catchctrlc": "FALSE",
    }
    solver.SetSolverSpecificParametersAsString("".join(f"{name} = {value}\n" for name, value in settings.items()))
    status, interrupted = run(solver.Solve, solver.InterruptSolve)
    found = replace(best, nodes=min(goal.nodes, solver.nodes() * NODES_PER_BRANCH))
    sound = model.span <= _PROVABLE
    if status == pywraplp.Solver.INFEASIBLE:
        return replace(found, bound=max(best.bound, min(units.limit + 1, best.peak))) if sound else found
    if status in (pywraplp.Solver.OPTIMAL, pywraplp.Solver.FEASIBLE):
        chosen = [round(choice.solution_value()) for choice in model.choices]
        offsets = units.offsets(chosen)
        peak = peak_of(units.problem, list(offsets))
        if peak < best.peak and model.holds(units, chosen):
            found = replace(found, offsets=offsets, peak=peak, method="ilp")
    if goal.minimize and sound:
        proved = ceil(solver.Objective().BestBound() - 1e-3) * units.grain
        found = replace(found, bound=max(best.bound, min(proved, found.peak)))
    if interrupted:
        found = replace(found, stopped=True)
    return found


@record
class _Model:
    """An integer program.

    Fields:
        choices: the variables, one for each choice of Units.
        forbidden: per two buffers, the differences of their offsets that are forbidden, in units.
        span: the largest M, in units.
    """

    solver: Any
    choices: list[Any]
    forbidden: dict[tuple[int, int], Ranges]
    span: int

    def holds(self, units: Units, chosen: list[int]) -> bool:
        """Whether `chosen` obeys every constraint, computed in whole numbers."""
        offsets = [step // units.unit * k for step, k in zip(units.step, chosen, strict=True)]
        if not all(_inside(k, ranges) for k, ranges in zip(chosen, units.choices, strict=True)):
            return False
        return not any(_inside(offsets[b] - offsets[a], ranges) for (a, b), ranges in self.forbidden.items())


def _model(units: Units, goal: Goal, best: Found) -> _Model:
    from ortools.linear_solver import pywraplp

    solver = pywraplp.Solver.CreateSolver("SCIP")
    unit, grain = units.unit, units.grain
    peak = solver.IntVar(-(-best.bound // grain), units.limit // grain, "peak")
    choices, lows, highs = [], [], []
    hint: list[tuple[Any, int]] = []
    start = [best.offsets[at] // step if best.offsets else 0 for at, step in zip(units.at, units.step, strict=True)]
    for b, ranges in enumerate(units.choices):
        choices.append(_choice(solver, ranges, f"choice{b}"))
        hint.append((choices[b], start[b]))
        scale = units.step[b] // unit
        lows.append(scale * ranges[0][0])
        highs.append(scale * ranges[-1][1])
        solver.Add(choices[b] * (units.step[b] // grain) + units.size(b) // grain <= peak)
    forbidden = {
        (a, b): units.forbidden_differences(rectangles, a, b)
        for (a, b), rectangles in meeting(units.rectangles).items()
    }
    span = units.limit // grain
    for (a, b), ranges in forbidden.items():
        by = choices[b] * (units.step[b] // unit) - choices[a] * (units.step[a] // unit)
        aboves = []
        for first, last in ranges:
            below = start[b] * units.step[b] - start[a] * units.step[a] < first * unit
            aboves.append(solver.BoolVar(f"above{len(hint)}"))
            hint.append((aboves[-1], int(not below)))
            lifted, lowered = last + 1 - (lows[b] - highs[a]), highs[b] - lows[a] - (first - 1)
            solver.Add(by >= last + 1 - lifted * (1 - aboves[-1]))
            solver.Add(by <= first - 1 + lowered * aboves[-1])
            span = max(span, lifted, lowered)
        for lower, upper in pairwise(aboves):
            solver.Add(upper <= lower)
    if best.offsets:
        solver.SetHint(*map(list, zip(*hint, strict=True)))
    if goal.minimize:
        solver.Minimize(peak)
    return _Model(solver, choices, forbidden, span)


def _inside(value: int, ranges: Ranges) -> bool:
    return any(first <= value <= last for first, last in ranges)


def _choice(solver: Any, ranges: Ranges, name: str) -> Any:
    """A variable whose value is in one of `ranges`."""
    choice = solver.IntVar(ranges[0][0], ranges[-1][1], name)
    if len(ranges) > 1:
        inside = [solver.BoolVar(f"{name}.{number}") for number in range(len(ranges))]
        solver.Add(sum(inside) == 1)
        solver.Add(choice >= sum(first * chosen for (first, _), chosen in zip(ranges, inside, strict=True)))
        solver.Add(choice <= sum(last * chosen for (_, last), chosen in zip(ranges, inside, strict=True)))
    return choice
