"""A plan of spills and fetches as text and as JSON."""

from collections import Counter

from tmpass.base.choices import SpillOrder, Status
from tmpass.base.json_text import json_text
from tmpass.base.record import record
from tmpass.base.sizes import format_size
from tmpass.planning.residency.transfers.least_peak_order import largest_operator
from tmpass.planning.residency.transfers.problem import TensorKind, TransferPlan, TransferProblem
from tmpass.report.text import clip, counted, one_line

_SHOWN = 4
"""The most tensors of an operator that a line names."""


@record
class Crossings:
    """What crosses between the scratchpad and the memory behind it.

    Fields:
        loads: bytes of the first loads of inputs and parameters; compulsory.
        stores: bytes of the outputs of the graph; compulsory.
        spills, fetches: how many of them the plan adds.
        tensors: how many tensors it moves.
    """

    loads: int
    stores: int
    spills: int
    fetches: int
    tensors: int


def crossings(problem: TransferProblem, plan: TransferPlan) -> Crossings:
    """What crosses in `plan`."""
    read = {tensor for row in problem.operators for tensor in row.inputs}
    stored = [at for at in read if problem.tensors[at].kind is not TensorKind.ACTIVATION]
    returns = {tensor: count - 1 for tensor, count in Counter(one.tensor for one in plan.episodes).items() if count > 1}
    made = [at for at in returns if problem.tensors[at].kind is TensorKind.ACTIVATION and at not in problem.outputs]
    loads, stores = (sum(problem.tensors[at].size for at in many) for many in (stored, problem.outputs))
    return Crossings(loads, stores, len(made), sum(returns.values()), len(returns))


def transfer_summary(problem: TransferProblem, plan: TransferPlan, order: SpillOrder) -> str:
    """The answer first, then one fact per line."""
    if not plan.order and problem.operators:
        return _without_plan(problem, plan, order)
    moved = crossings(problem, plan)
    scope = "over all orders" if order is SpillOrder.FREE else "in the given order"
    bound = f"{plan.lower_bound} B {scope}"
    if plan.status is Status.OPTIMAL:
        bound += " (reached)"
    else:
        bound += f", gap {format_size(plan.cost - plan.lower_bound)}"
    given = plan.order == tuple(range(len(plan.order)))
    peak = max((one.address + problem.tensors[one.tensor].size for one in plan.episodes), default=0)
    rows = {
        "off-chip bytes": f"{format_size(plan.cost)}, besides the compulsory ones",
        "lower bound": bound,
        "status": str(plan.status),
        "compulsory": f"{format_size(moved.loads)} loaded, {format_size(moved.stores)} stored",
        "transfers": f"{counted(moved.spills, 'spill')}, {_fetches(moved.fetches)}, {counted(moved.tensors, 'tensor')}",
        "scratchpad": f"peak {format_size(peak)} of {format_size(problem.capacity)}",
        "order": "as given" if given else "reordered",
        "method": plan.method,
    }
    width = max(map(len, rows)) + 2
    return "".join(f"{name:<{width}}{text}\n" for name, text in rows.items())


def transfer_json(problem: TransferProblem, plan: TransferPlan, order: SpillOrder) -> str:
    """The figures of the summary as one JSON object; the plan itself is what -o writes."""
    moved = crossings(problem, plan)
    op, need = largest_operator(problem)
    fields = {
        "status": str(plan.status),
        "cost": plan.cost if plan.order or not problem.operators else None,
        "lower_bound": plan.lower_bound,
        "capacity": problem.capacity,
        "compulsory": {"loads": moved.loads, "stores": moved.stores},
        "spills": moved.spills,
        "fetches": moved.fetches,
        "moved_tensors": moved.tensors,
        "operators": len(problem.operators),
        "order": str(order),
        "reordered": plan.order != tuple(range(len(plan.order))),
        "method": plan.method,
        "largest_operator": {"op": op, "bytes": need},
    }
    return json_text(fields, indent=2) + "\n"


def _without_plan(problem: TransferProblem, plan: TransferPlan, order: SpillOrder) -> str:
    """Why there is no plan, and what would help."""
    op, need = largest_operator(problem)
    if need > problem.capacity:
        row = problem.operators[op]
        sizes = sorted(((problem.tensors[at].size, at) for at in (*row.inputs, *row.outputs)), reverse=True)
        parts = [f"{size} B {one_line(clip(problem.tensors[at].name, 60))}" for size, at in sizes[:_SHOWN]]
        parts += [f"{len(sizes) - _SHOWN} more"] * (len(sizes) > _SHOWN)
        who = f"operator {op} ({one_line(clip(row.kind, 60))})"
        return (
            f"infeasible: {who} needs {need} B at once, {need - problem.capacity} B more than the capacity "
            f"{problem.capacity}\n{who}: {', '.join(parts)}\n"
        )
    if plan.status is Status.INFEASIBLE:
        where, hint = (
            ("in the given order", "--order free, or more") if order is SpillOrder.GIVEN else ("in any order", "more")
        )
        return f"infeasible: no addresses exist {where} within {problem.capacity} B; try {hint} --capacity\n"
    hint = "more --nodes" if plan.method in ("free-order", "fixed-order") else "--residency auto, or more --nodes"
    bound = f"lower bound {plan.lower_bound} B"
    return f"unknown: {plan.method} found no plan within {problem.capacity} B and its budget; {bound}; try {hint}\n"


def _fetches(count: int) -> str:
    return f"{count} fetch{'es' * (count != 1)}"
