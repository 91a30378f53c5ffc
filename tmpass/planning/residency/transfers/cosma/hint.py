"""A plan that is known as values for the variables of COSMA's program, from which CP-SAT begins."""

from typing import Any

from tmpass.planning.residency.transfers.cosma.program import Cell, Program
from tmpass.planning.residency.transfers.problem import Episode, TransferPlan


def add_hint(program: Program, plan: TransferPlan) -> None:
    """Give each variable of `program` its value in `plan`.

    Args:
        program: of a window of all operators.
        plan: of the same problem; in the given order, where the window keeps that.
    """
    true, address = _cells(plan)
    grain = program.window.problem.alignment
    values: dict[int, tuple[Any, int]] = {}  # one variable may stand for several cells; a second hint is an error
    for name in ("created", "preserved", "spilled", "retrieved"):
        for cell, variable in getattr(program, name).items():
            values[variable.index] = variable, cell in true[name]
    for cell, variable in program.present.items():
        values[variable.index] = variable, cell in address
    for cell, variable in program.address.items():
        values[variable.index] = variable, address.get(cell, 0) // grain
    ran = set(zip(plan.order, range(len(plan.order)), strict=True))
    for cell, variable in program.runs.items():
        values[variable.index] = variable, cell in ran
    for variable, value in values.values():
        program.model.add_hint(variable, int(value))


def _cells(plan: TransferPlan) -> tuple[dict[str, set[Cell]], dict[Cell, int]]:
    """The tensors and steps at which each kind of variable is true, and addresses in bytes."""
    true: dict[str, set[Cell]] = {name: set() for name in ("created", "preserved", "spilled", "retrieved")}
    address: dict[Cell, int] = {}
    before: Episode | None = None
    departed: set[int] = set()
    for one in plan.episodes:
        again = before is not None and before.tensor == one.tensor
        true["retrieved" if again else "created"].add((one.tensor, one.first))
        true["preserved"].update((one.tensor, step) for step in range(one.first + 1, one.last + 1))
        address.update(((one.tensor, step), one.address) for step in range(one.first, one.last + 1))
        if before is not None and again and one.tensor not in departed:
            departed.add(one.tensor)
            true["spilled"].add((one.tensor, before.last + 1))
        before = one
    return true, address
