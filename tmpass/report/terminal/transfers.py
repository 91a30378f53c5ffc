"""A plan of spills and fetches as text and as JSON."""

from collections import Counter
from itertools import pairwise
from typing import TYPE_CHECKING

from tmpass.base.choices import SpillOrder, Status
from tmpass.base.json_text import json_text
from tmpass.base.record import record
from tmpass.base.sizes import format_size
from tmpass.planning.residency.transfers.least_peak_order import largest_operator
from tmpass.planning.residency.transfers.least_scratchpad import LeastScratchpad
from tmpass.planning.residency.transfers.methods.cosma import is_too_large
from tmpass.planning.residency.transfers.problem import Episode, TensorKind, TransferPlan, TransferProblem
from tmpass.report.text import clip, counted, one_line

if TYPE_CHECKING:
    from rich.table import Table

_SHOWN = 4
"""The most tensors of an operator that a line names."""

_MOST_RETURNS = 20
"""The most returns of tensors that the table lists."""

_EXACT = ("auto", "free-order", "fixed-order")

_WITHOUT_BUDGET = ("belady-online", "greedy-online")
"""Methods whose answer does not depend on --nodes."""


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
    if plan.cost is None:
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


def travel_table(problem: TransferProblem, plan: TransferPlan) -> "tuple[Table, int] | None":
    """A table of the tensors that leave and come back, by the steps of their returns, and how many it leaves out.

    A tensor with a copy leaves without a spill, so that it is not beside any step. None where nothing comes back.
    """
    pairs = [(before, one) for before, one in pairwise(plan.episodes) if before.tensor == one.tensor]
    if not pairs:
        return None
    from tmpass.report.terminal.tables import plain_table

    first = {one.tensor: at for at, one in reversed(tuple(enumerate(plan.episodes)))}
    table = plain_table("tensor", ">bytes", ">out beside step", ">back at step", "by operator")
    pairs.sort(key=lambda pair: (pair[1].first, pair[1].tensor))
    for before, one in pairs[:_MOST_RETURNS]:
        tensor = problem.tensors[one.tensor]
        spilled = tensor.kind is TensorKind.ACTIVATION and plan.episodes[first[one.tensor]] == before
        out = str(before.last + 1) if spilled else "-"
        reader = _operator(problem, _reader(problem, plan, one))
        table.add_row(_tensor(problem, one.tensor), str(tensor.size), out, str(one.first), reader)
    return table, max(0, len(pairs) - _MOST_RETURNS)


def _reader(problem: TransferProblem, plan: TransferPlan, episode: Episode) -> int:
    """The first operator that reads the tensor of an episode in it, or else the one at its first step."""
    inside = plan.order[episode.first : episode.last + 1]
    return next((op for op in inside if episode.tensor in problem.operators[op].inputs), inside[0])


def least_summary(least: LeastScratchpad, order: SpillOrder) -> str:
    """The least capacity and what is proved of it, in one line; empty where no plan was found."""
    if least.capacity is None:
        return ""
    scope = "over all orders" if order is SpillOrder.FREE else "in the given order"
    proof = f"the least {scope}" if least.status is Status.OPTIMAL else f"at least {least.lower_bound} B {scope}"
    return f"{'least capacity':<16}{format_size(least.capacity)} to move at most {format_size(least.cost)}; {proof}\n"


def transfer_json(
    problem: TransferProblem, plan: TransferPlan, order: SpillOrder, least: LeastScratchpad | None = None
) -> str:
    """The figures of the summary and the order as one JSON object; the plan itself is what -o writes."""
    moved = crossings(problem, plan)
    op, need = largest_operator(problem)
    as_given = plan.cost is None or plan.order == tuple(range(len(plan.order)))
    fields: dict[str, object] = {
        "status": str(plan.status),
        "cost": plan.cost,
        "lower_bound": plan.lower_bound,
        "capacity": problem.capacity,
        "compulsory": {"loads": moved.loads, "stores": moved.stores},
        "spills": moved.spills,
        "fetches": moved.fetches,
        "moved_tensors": moved.tensors,
        "operators": len(problem.operators),
        "order": list(plan.order),
        "order_option": str(order),
        "reordered": not as_given,
        "method": plan.method,
        "largest_operator": {"op": op, "bytes": need} if problem.operators else None,
    }
    if least is not None:
        proved: dict[str, object] = {"capacity": least.capacity, "lower_bound": least.lower_bound, "cost": least.cost}
        fields["least_scratchpad"] = {**proved, "status": str(least.status)}
    return json_text(fields, indent=2) + "\n"


def _without_plan(problem: TransferProblem, plan: TransferPlan, order: SpillOrder) -> str:
    """Why there is no plan, and what would help."""
    op, need = largest_operator(problem)
    if need > problem.capacity:
        row = problem.operators[op]
        sizes = sorted(((problem.tensors[at].size, at) for at in (*row.inputs, *row.outputs)), reverse=True)
        parts = [f"{_tensor(problem, at)} {size} B" for size, at in sizes[:_SHOWN]]
        parts += [f"{len(sizes) - _SHOWN} more"] * (len(sizes) > _SHOWN)
        who = f"operator {_operator(problem, op)}"
        return (
            f"infeasible: {who} needs {need} B at once, {need - problem.capacity} B more than the capacity "
            f"{problem.capacity} B\n{who}: {', '.join(parts)}\n"
        )
    if plan.status is Status.INFEASIBLE:
        where, hint = (
            ("in the given order", "--order free, or more") if order is SpillOrder.GIVEN else ("in any order", "more")
        )
        return f"infeasible: no addresses exist {where} within {problem.capacity} B; try {hint} --capacity\n"
    rest = f"; lower bound {plan.lower_bound} B"
    found = f"unknown: {plan.method} found no plan within {problem.capacity} B"
    if plan.stopped:
        return f"{found} before it was interrupted{rest}\n"
    if plan.method in _WITHOUT_BUDGET:
        return f"{found}{rest}; try --residency auto\n"
    if plan.method == "cosma" and is_too_large(problem, order):
        return f"{found}: the program is too large{rest}; try --residency auto\n"
    hint = "more --nodes" if plan.method in _EXACT else "--residency auto, or more --nodes"
    return f"{found} and its budget{rest}; try {hint}\n"


def _tensor(problem: TransferProblem, at: int) -> str:
    return one_line(clip(problem.tensors[at].name, 60))


def _operator(problem: TransferProblem, at: int) -> str:
    return f"{at} ({one_line(clip(problem.operators[at].kind, 60))})"


def _fetches(count: int) -> str:
    return f"{count} fetch{'es' * (count != 1)}"
