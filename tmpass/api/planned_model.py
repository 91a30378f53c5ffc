"""Model files that carry their plan: operators in the planned order, and offsets where a runtime looks for them."""

from hashlib import sha256

from tmpass.api.verify import verify
from tmpass.base.errors import UsageError, VerificationError
from tmpass.graph.model import Graph, TensorKind
from tmpass.loading.load import Carrier, load_carrier, open_carrier
from tmpass.plans.plan import Plan
from tmpass.targets import RUNTIMES

LEFT_OUT = -1
"""In the place of an offset: the runtime finds a place itself, or there is nothing to place."""


def planned_model(plan: Plan, model: object) -> bytes:
    """The file of `model` with `plan` in it, in the place of an older plan that tmpass put there.

    Args:
        plan: from wherever it comes; it is verified.
        model: a path, the bytes of a file, or a model in memory. The plan must be for it, or for what it was before
            tmpass planned it.

    Raises:
        UsageError: the format carries no plan, or the plan is for another model.
        VerificationError: the plan is wrong.
        ModelError: the model cannot be read, or what it holds does not go with a plan.
    """
    carrier = open_carrier(model)
    _check_file(plan, carrier)
    loaded = load_carrier(carrier, plan.options.bind)
    violations = verify(plan, loaded)
    if violations:
        fault = f"the plan is wrong: {violations[0].message}"
        raise VerificationError(fault, violations=violations, where=carrier.name, hint="plan the model again")
    return put_into(plan, carrier, loaded.graph)


def original_model(model: object) -> bytes:
    """The file of `model` as it was before tmpass put a plan into it.

    Raises:
        UsageError: there is no plan of tmpass in it, or its format carries none.
        ModelError: it cannot be read, or was changed since.
    """
    carrier = open_carrier(model)
    if not carrier.planned:
        raise UsageError("tmpass put no plan into it", where=carrier.name, hint="it is as it came")
    return carrier.data


def put_into(plan: Plan, carrier: Carrier, graph: Graph) -> bytes:
    """The file with `plan`, which is right for `graph`, the one of that file.

    Where bindings give tensors another size than the file has, only the order goes into it: what reads offsets takes
    the file's sizes.
    """
    offsets = tensor_offsets(plan, graph)
    if graph.resized:
        offsets = [[LEFT_OUT] * len(row) for row in offsets]
    keeps_offsets = RUNTIMES[plan.target.runtime].keeps_offsets
    return carrier.apply(operator_orders(plan, graph), offsets, plan, keeps_offsets=keeps_offsets)


def operator_orders(plan: Plan, graph: Graph) -> list[list[int]]:
    """Of each subgraph, its operators in the order of `plan`; a subgraph that runs again does so in the same order."""
    orders: list[dict[int, None]] = [{} for _ in graph.subgraphs]
    for row in plan.schedule:
        orders[row.subgraph].setdefault(row.op)
    return [list(order) for order in orders]


def tensor_offsets(plan: Plan, graph: Graph) -> list[list[int]]:
    """Of each subgraph, the offset of each tensor in the scratchpad.

    Variables are left to the runtime, which keeps them apart. A tensor that nobody touches begins with the others at 0:
    runtimes set bytes aside for it, which may be any.
    """
    offsets = [[LEFT_OUT] * len(subgraph.tensors) for subgraph in graph.subgraphs]
    inside = {b.id for b in plan.buffers if b.memory == plan.target.memory}
    used = [subgraph.used for subgraph in graph.subgraphs]
    for row in plan.tensors:
        kind = graph.tensor((row.subgraph, row.index)).kind
        if kind in (TensorKind.VARIABLE, TensorKind.CONSTANT):
            continue
        if row.buffer in inside and row.offset is not None:
            offsets[row.subgraph][row.index] = row.offset
        elif row.bytes and row.index not in used[row.subgraph]:
            offsets[row.subgraph][row.index] = 0
    return offsets


def _check_file(plan: Plan, carrier: Carrier) -> None:
    digest = sha256(carrier.data).hexdigest()
    if digest != plan.model.sha256:
        before = "before it was planned " if carrier.planned else ""
        fault = f"the plan is for a file with SHA-256 {plan.model.sha256}, {before}this one has {digest}"
        raise UsageError(fault, where=carrier.name, hint="plan this model")
