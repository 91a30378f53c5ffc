"""Constraint programming with CP-SAT of OR-tools, an independent solver and one that many would try first.

    offset
    ^  +-----+
    |  |  b  |         above
    |  +--+--+--+
    |     |  a  |      below
    +-------------> steps

For each maximal set of buffers that are alive at one step, the intervals of their bytes do not overlap. Each two of
them share one literal that says which is above. Offsets count in steps of the alignment, memories are domains, and two
buffers that must be apart have a byte between them.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from tmpass.base.packages import import_package
from tmpass.packing.allocators import CONSTRAINTS, Found, Goal
from tmpass.packing.allocators.arrays import peak_of
from tmpass.packing.allocators.external import solve_in_units
from tmpass.packing.allocators.interruptible import run
from tmpass.packing.allocators.units import Units, cliques, meeting
from tmpass.packing.problem import Problem

if TYPE_CHECKING:
    from ortools.sat.python import cp_model

HONOURS = frozenset(CONSTRAINTS)

MAX_PAIRS = 50_000
"""With more pairs of buffers that share a step, the answer is that of first fit. The model would take minutes."""

NODES_PER_TICK = 4_000_000
"""Nodes of the goal per unit of CP-SAT's deterministic time. A unit takes about ten seconds with models like these."""

SEED = 1

_MAX_UNITS = 2**40
"""The most units of the limit. Sums of that many stay far below what the solver refuses."""


def solve(problem: Problem, goal: Goal) -> Found:
    """The lowest packing that CP-SAT finds, with that of first fit as a hint.

    `goal.nodes` limit the solver's deterministic time, NODES_PER_TICK per unit. That is work which it counts itself,
    never seconds. Presolving has limits of its own and may exceed it. With one worker and a fixed seed, a version of
    OR-tools gives the same packing everywhere. Ctrl-C, which reaches only the main thread, ends the search, and the
    best packing so far is the answer.
    """
    return solve_in_units(problem, goal, _ask, most_pairs=MAX_PAIRS, most_units=_MAX_UNITS)


def _ask(units: Units, goal: Goal, best: Found) -> Found:
    cp_model = import_package("ortools.sat.python.cp_model", "solvers", "allocator cp-sat")
    model, choices = _model(units, goal, best)
    solver = cp_model.CpSolver()
    solver.parameters.num_workers = 1
    solver.parameters.random_seed = SEED
    solver.parameters.max_deterministic_time = goal.nodes / NODES_PER_TICK
    solver.parameters.catch_sigint_signal = False
    status, interrupted = run(lambda: solver.solve(model), solver.stop_search)
    ticks = solver.response_proto.deterministic_time
    nodes = min(goal.nodes, best.nodes + round(ticks * NODES_PER_TICK))
    found = replace(best, nodes=nodes)
    if status == cp_model.INFEASIBLE:
        return replace(found, bound=max(best.bound, min(units.limit + 1, best.peak)))
    if status in (cp_model.OPTIMAL, cp_model.FEASIBLE):
        offsets = units.offsets([solver.value(choice) for choice in choices])
        peak = peak_of(units.problem, list(offsets))
        if peak < best.peak:
            found = replace(found, offsets=offsets, peak=peak, method="cp-sat")
    if goal.minimize:
        proved = round(solver.best_objective_bound) * units.grain
        found = replace(found, bound=max(best.bound, min(proved, found.peak)))
    if interrupted:
        found = replace(found, stopped=True)
    return found


def _model(units: Units, goal: Goal, best: Found) -> "tuple[cp_model.CpModel, list[cp_model.IntVar]]":
    from ortools.sat.python import cp_model

    model = cp_model.CpModel()
    choices, offsets = [], []
    unit, grain = units.unit, units.grain
    peak = model.new_int_var(-(-best.bound // grain), units.limit // grain, "peak")
    for b, ranges in enumerate(units.choices):
        choices.append(model.new_int_var_from_domain(cp_model.Domain.from_intervals(ranges), f"choice{b}"))
        offsets.append(choices[b] * (units.step[b] // unit))
        model.add(offsets[b] * (unit // grain) + units.size(b) // grain <= peak)
        if best.offsets:
            model.add_hint(choices[b], best.offsets[units.at[b]] // units.step[b])
    intervals = {
        rectangle: model.new_fixed_size_interval_var(
            offsets[rectangle.buffer] + rectangle.low // unit, -(-rectangle.high // unit) - rectangle.low // unit, ""
        )
        for rectangle in units.rectangles
    }
    for clique in cliques(units.rectangles):
        if len(clique) > 1:
            model.add_no_overlap([intervals[rectangle] for rectangle in clique])
    _order(model, units, offsets)
    if goal.minimize:
        model.minimize(peak)
    return model, choices


def _order(model: "cp_model.CpModel", units: Units, offsets: Sequence[Any]) -> None:
    """For each two buffers that meet, a literal per forbidden range of their difference: above it, or below."""
    for (a, b), rectangles in meeting(units.rectangles).items():
        for first, last in units.forbidden_differences(rectangles, a, b):
            above = model.new_bool_var("")
            model.add(offsets[b] - offsets[a] > last).only_enforce_if(above)
            model.add(offsets[b] - offsets[a] < first).only_enforce_if(~above)
