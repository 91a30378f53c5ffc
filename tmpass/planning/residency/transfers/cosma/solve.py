"""Solves COSMA's program with CP-SAT: the cheapest plan of a window, or the least scratchpad without transfers."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from tmpass.base.choices import Status
from tmpass.base.record import record
from tmpass.packing.allocators.interruptible import run
from tmpass.planning.residency.transfers.cosma.hint import add_hint
from tmpass.planning.residency.transfers.cosma.program import Program, build, cells
from tmpass.planning.residency.transfers.cosma.window import Window, whole
from tmpass.planning.residency.transfers.problem import TransferPlan, TransferProblem

if TYPE_CHECKING:
    from ortools.sat.python import cp_model

MAX_CELLS = 20_000
"""With more pairs of a tensor and a step, CP-SAT is not asked: building and presolving alone would take minutes."""

NODES_PER_TICK = 400_000
"""Nodes of a task per unit of CP-SAT's deterministic time, about fifteen seconds each for programs like these."""

SEED = 1


@record
class Step:
    """One step of an answer: the operator, tensors on chip with addresses, and those of them that came at this step."""

    op: int
    on_chip: dict[int, int]
    came: frozenset[int]


@record
class Answer:
    """What CP-SAT found for a window.

    Fields:
        steps: empty without a solution.
        spilled: the tensors that have a copy at the end because of a spill.
        bound: no solution of the window costs less, in bytes.
        status: OPTIMAL, FEASIBLE, INFEASIBLE (the window has no solution), or UNKNOWN.
        nodes: spent.
        stopped: Ctrl-C ended the search.
    """

    steps: tuple[Step, ...]
    spilled: frozenset[int]
    bound: int
    status: Status
    nodes: int = 0
    stopped: bool = False


NO_ANSWER = Answer((), frozenset(), 0, Status.UNKNOWN)


def solve_window(window: Window, *, nodes: int, start: TransferPlan | None = None) -> Answer:
    """The cheapest solution of the program of `window` that CP-SAT finds.

    `nodes` limit the solver's deterministic time, NODES_PER_TICK per unit: work that it counts itself, with one worker
    and a fixed seed. Presolving has limits of its own and may exceed it. The search begins with the plan `start`, where
    the window has all operators.
    """
    if cells(window) > MAX_CELLS:
        return NO_ANSWER
    program = build(window)
    if start is not None:
        add_hint(program, start)
    costs = [program.size(tensor) * variable for (tensor, _), variable in program.retrieved.items()]
    costs += [
        program.size(tensor) * variable
        for (tensor, _), variable in program.spilled.items()
        if window.spill_costs[tensor]
    ]
    costs += [
        program.size(tensor) * (1 - sum(program.on_chip(tensor, window.steps - 1)))
        for tensor in sorted(window.later.intersection(window.tensors))
    ]
    program.model.minimize(sum(costs))
    solver, status, stopped = _solve(program, nodes)
    bound = max(0, round(solver.best_objective_bound)) * program.unit if status is not Status.INFEASIBLE else 0
    spent = round(solver.response_proto.deterministic_time * NODES_PER_TICK)
    if status not in (Status.OPTIMAL, Status.FEASIBLE):
        return Answer((), frozenset(), bound, status, spent, stopped)
    spilled = frozenset(tensor for (tensor, _), variable in program.spilled.items() if solver.boolean_value(variable))
    return Answer(_steps(program, solver), spilled, bound, status, spent, stopped)


def least_scratchpad(
    problem: TransferProblem, order: Sequence[int], *, keep_order: bool, nodes: int
) -> tuple[int | None, int]:
    """The least peak with which nothing leaves (S = R = 0), None where none is found, and a lower bound; in bytes.

    Args:
        problem: its capacity limits the peak.
        order: one in which the operators can run.
        keep_order: whether they run in it.
        nodes: the budget, as in `solve_window`.
    """
    window = whole(problem, order, keep_order=keep_order)
    if cells(window) > MAX_CELLS or not window.tensors:
        return (None, 0) if window.tensors else (0, 0)
    program = build(window, transfers=False)
    grain = problem.alignment // program.unit
    peak = program.model.new_int_var(0, problem.capacity // program.unit, "peak")
    for (tensor, step), address in program.address.items():
        row = program.model.add(address * grain + program.size(tensor) <= peak)
        row.only_enforce_if(_present(program, tensor, step))
    program.model.minimize(peak)
    solver, status, stopped = _solve(program, nodes)
    if stopped:
        raise KeyboardInterrupt
    if status is Status.INFEASIBLE:
        return None, problem.capacity + 1
    bound = max(0, round(solver.best_objective_bound)) * program.unit
    return (None if status is Status.UNKNOWN else solver.value(peak) * program.unit), bound


def _present(program: Program, tensor: int, step: int) -> Any:
    """A variable that is true where the tensor is on chip."""
    there = program.on_chip(tensor, step)
    if len(there) == 1:
        return there[0]
    present = program.model.new_bool_var("")
    program.model.add(sum(there) == present)
    return present


def _solve(program: Program, nodes: int) -> "tuple[cp_model.CpSolver, Status, bool]":
    """The solver with what it found, the status, and whether Ctrl-C ended it."""
    from ortools.sat.python import cp_model

    solver = cp_model.CpSolver()
    solver.parameters.num_workers = 1
    solver.parameters.random_seed = SEED
    solver.parameters.max_deterministic_time = nodes / NODES_PER_TICK
    solver.parameters.catch_sigint_signal = False
    found, stopped = run(lambda: solver.solve(program.model), solver.stop_search)
    words = {
        cp_model.OPTIMAL: Status.OPTIMAL,
        cp_model.FEASIBLE: Status.FEASIBLE,
        cp_model.INFEASIBLE: Status.INFEASIBLE,
    }
    return solver, words.get(found, Status.UNKNOWN), stopped


def _steps(program: Program, solver: "cp_model.CpSolver") -> tuple[Step, ...]:
    true = solver.boolean_value
    ops = {step: op for (op, step), variable in program.runs.items() if true(variable)}
    on_chip: list[dict[int, int]] = [{} for _ in ops]
    came: list[set[int]] = [set() for _ in ops]
    for (tensor, step), address in program.address.items():
        if any(map(true, program.on_chip(tensor, step))):
            on_chip[step][tensor] = solver.value(address) * program.window.problem.alignment
            if (tensor, step) not in program.preserved or not true(program.preserved[tensor, step]):
                came[step].add(tensor)
    return tuple(Step(ops[step], on_chip[step], frozenset(came[step])) for step in range(len(ops)))
