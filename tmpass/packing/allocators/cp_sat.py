"""Constraint programming: CP-SAT of OR-tools, as an independent opinion and as the solver that many would try first.

offset
^   |  +-----+             For each largest set of buffers alive at one step, their intervals of bytes do not overlap;
|   |  |  b  |  above      and each two of them share one literal that says which is above. Offsets are counted in
|   +--+--+--+             steps of the alignment, memories are domains, and two that must be apart have a byte between
|   |  a  |     below      what their literal puts in order.
+-------------> steps
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from tmpass.packing.allocators import CONSTRAINTS, Found, Goal, first_fit, satisfied
from tmpass.packing.allocators.arrays import peak_of
from tmpass.packing.allocators.interruptible import run
from tmpass.packing.allocators.units import Units, cliques, count_pairs, meeting, to_units
from tmpass.packing.problem import Problem

if TYPE_CHECKING:
    from ortools.sat.python import cp_model

HONOURS = frozenset(CONSTRAINTS)

MAX_PAIRS = 50_000
"""With more pairs of buffers that share a step, first fit's packing is the answer: the model would take minutes."""

NODES_PER_TICK = 4_000_000
"""Nodes of the goal for a unit of CP-SAT's deterministic time, which is some ten seconds with models like these."""

SEED = 1

_MAX_UNITS = 2**40
"""Of the limit: sums of that many stay far from where the solver refuses them."""


def solve(problem: Problem, goal: Goal) -> Found:
    """The lowest packing that CP-SAT finds, starting from that of first fit.

    `goal.nodes` are a limit on the solver's deterministic time, NODES_PER_TICK to a unit: work that it counts itself,
    never seconds; presolving has limits of its own and may go above. One worker and a fixed seed: the same version of
    OR-tools gives the same packing everywhere. Ctrl-C ends the search, and the best packing so far is the answer; it
    reaches only the main thread.
    """
    best = first_fit.solve(problem, goal)
    if not goal.nodes or satisfied(problem, goal, best) or count_pairs(problem) > MAX_PAIRS:
        return best
    limit = best.peak if best.offsets else problem.reach
    if not goal.minimize and problem.capacity is not None:
        limit = min(limit, problem.capacity)
    units = to_units(problem, limit)
    if units is None:
        return replace(best, bound=max(best.bound, limit + 1))
    if limit // units.grain > _MAX_UNITS:
        return best
    return _ask(units, goal, best)


def _ask(units: Units, goal: Goal, best: Found) -> Found:
    from ortools.sat.python import cp_model

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
        piece: model.new_fixed_size_interval_var(
            offsets[piece.buffer] + piece.low // unit, -(-piece.high // unit) - piece.low // unit, ""
        )
        for piece in units.pieces
    }
    for clique in cliques(units.pieces):
        if len(clique) > 1:
            model.add_no_overlap([intervals[piece] for piece in clique])
    _order(model, units, offsets)
    if goal.minimize:
        model.minimize(peak)
    return model, choices


def _order(model: "cp_model.CpModel", units: Units, offsets: Sequence[Any]) -> None:
    """For each two that meet, a literal for each range of differences that they deny: above it, or below."""
    for (a, b), pieces in meeting(units.pieces).items():
        for first, last in units.denied(pieces, a, b):
            above = model.new_bool_var("")
            model.add(offsets[b] - offsets[a] > last).only_enforce_if(above)
            model.add(offsets[b] - offsets[a] < first).only_enforce_if(~above)
