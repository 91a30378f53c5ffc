"""Model files that carry their plan: operators in the planned order, with offsets in the format's metadata."""

import warnings
from hashlib import sha256

from tmpass.api.verify import verify
from tmpass.base.errors import UsageError, VerificationError
from tmpass.base.sizes import format_size
from tmpass.graph.model import Graph, TensorKind
from tmpass.loading.carrier import Carrier, load_carrier, open_carrier
from tmpass.plans.given import check_given
from tmpass.plans.plan import Plan
from tmpass.plans.planner_note import planner_note
from tmpass.plans.transfers import refuse_transfers
from tmpass.targets import RUNTIMES

SPLIT_STAYS = "it was split, and strip takes off plans only: the unsplit model is not in it"
"""What the user is told of a split model."""

LEFT_OUT = -1
"""An offset for tensors without one: the runtime places them itself, or they have no bytes."""


def planned_model(plan: Plan, model: object) -> bytes:
    """The file of `model` with `plan` in it; an older plan of tmpass is replaced.

    Args:
        plan: of any origin; it is verified.
        model: a path, the bytes of a file, or a model in memory. The plan must be for this model, or for the original
            of a planned one.

    Raises:
        UsageError: the format carries no plan, the plan is for another model, or it does not fit.
        VerificationError: the plan is wrong.
        ModelError: the model cannot be read, or contains something that rules out a plan inside it.

    Warns:
        UserWarning: the runtime has one arena, and the plan has tensors in other memories, for which the file has no
            offsets. The firmware needs the planner that `plan.emit("tflm-planner")` writes.
    """
    made = make_planned_file(plan, model)
    if note := planner_note(plan):
        warnings.warn(note, stacklevel=2)
    return made


def make_planned_file(plan: Plan, model: object) -> bytes:
    """As planned_model, without the warning: the command line prints its own."""
    check_given(plan=plan)
    carrier = open_carrier(model)
    _check_file(plan, carrier)
    loaded = load_carrier(carrier, plan.options.bind)
    violations = verify(plan, loaded)
    if violations:
        fault = f"the plan is wrong: {violations[0].message}"
        raise VerificationError(fault, violations=violations, where=carrier.name, hint="plan the model again")
    if plan.refused:
        first, title = plan.refused[0], RUNTIMES[plan.target.runtime].title
        fault = f"the plan does not fit: {title} does not run {f'{first.kind} {first.fault}'.strip()}"
        raise UsageError(fault, where=carrier.name, hint="tmpass plan says what to do")
    if not plan.fits:
        memory, missing = next((m.name, m.shortfall) for m in plan.memories if m.shortfall)
        fault = f"the plan does not fit: {format_size(missing)} are missing in {memory}"
        raise UsageError(fault, where=carrier.name, hint="plan it for a larger budget or another target")
    return put_into(plan, carrier, loaded.graph)


def original_model(model: object) -> bytes:
    """The original file of a planned model, byte for byte.

    Raises:
        UsageError: the file has no plan of tmpass, or its format carries none.
        ModelError: it cannot be read, or was changed after planning.
    """
    carrier = open_carrier(model)
    if not carrier.planned:
        hint = SPLIT_STAYS if _split(carrier) else "it is an original already"
        raise UsageError("it has no plan of tmpass", where=carrier.name, hint=hint)
    return carrier.data


def stays_split(model: object) -> bool:
    """Whether a planned model was split before it was planned, so that its original is a split model.

    Raises:
        ModelError: it cannot be read, or was changed after planning.
    """
    return _split(open_carrier(model))


def _split(carrier: Carrier) -> bool:
    from tmpass.splitting.note import is_split  # which few models are

    return is_split(load_carrier(carrier, {}).graph.metadata)


def put_into(plan: Plan, carrier: Carrier, graph: Graph) -> bytes:
    """The file of `carrier` with `plan`, a verified plan for its `graph`.

    Where bindings resize tensors, only the order is written: runtimes that read offsets use the sizes of the file.

    Raises:
        UsageError: buffers of the plan leave the scratchpad.
    """
    refuse_transfers(plan, "the file of a model")
    offsets = tensor_offsets(plan, graph)
    if graph.resized:
        offsets = [[LEFT_OUT] * len(row) for row in offsets]
    keeps_offsets = RUNTIMES[plan.target.runtime].keeps_offsets
    return carrier.apply(operator_orders(plan, graph), offsets, plan, keeps_offsets=keeps_offsets)


def operator_orders(plan: Plan, graph: Graph) -> list[list[int]]:
    """The operators of each subgraph in the planned order, which is the same in every run of the subgraph."""
    orders: list[dict[int, None]] = [{} for _ in graph.subgraphs]
    for row in plan.schedule:
        orders[row.subgraph].setdefault(row.op)
    return [list(order) for order in orders]


def tensor_offsets(plan: Plan, graph: Graph) -> list[list[int]]:
    """The offset of each tensor in the scratchpad, for each subgraph; LEFT_OUT for tensors without one.

    Variables are left to the runtime, which has its own memory for them. A tensor that no operator uses gets offset 0:
    runtimes reserve bytes for it, and any bytes will do.
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
