"""Checks of a plan against the file and the target that it names."""

from collections.abc import Mapping

from tmpass.base.errors import brief
from tmpass.base.violation import Violation
from tmpass.graph.model import Graph, TensorKey
from tmpass.plans.model_info import ModelInfo
from tmpass.plans.plan import MemoryUse, Plan
from tmpass.targets import Memory, Target
from tmpass.verification.kept import check_kept
from tmpass.verification.names import tensor_name
from tmpass.verification.rules import check_rules

_USES = {"input": "inputs_outputs", "output": "inputs_outputs", "activation": "activations", "variable": "variables"}
"""Role of a tensor -> the use that a memory must allow to take it."""


def check_model(plan: Plan, info: ModelInfo) -> Violation | None:
    """The violation where `plan` is for another file than the one of `info`; None where it is for that file."""
    if info.sha256 == plan.model.sha256:
        if info.format != plan.model.format:
            message = f"the plan is for a model of format {brief(plan.model.format)}, this one is {info.format}"
            return Violation("model", message, plan.model.file, info.file)
        # Plans of version 1 have no size; they have no constants either.
        if (
            plan.model.bytes != info.bytes
            and info.bytes is not None
            and (plan.constants or plan.model.bytes is not None)
        ):
            message = f"the plan is for a file of {plan.model.bytes} bytes, this one has {info.bytes}"
            return Violation("model", message, plan.model.file, info.file)
        return None
    message = f"the plan is for a file with SHA-256 {plan.model.sha256}, this one has {info.sha256}"
    return Violation("model", message, plan.model.file, info.file)


def check_target(
    plan: Plan, profile: Target | None, file: str, names: Mapping[TensorKey, TensorKey], graph: Graph
) -> list[Violation]:
    """The differences between `plan` and the target that it names.

    Args:
        plan: for this target.
        profile: of the target; None checks nothing.
        file: name of the model's file.
        names: tensors that are other names for stored ones; they need no memory of their own.
        graph: of the model.
    """
    if profile is None:
        return []
    wanted = {memory.name: memory for memory in profile.memories}
    found = []
    nameless = f"<memory>.{plan.model.format}"
    # A plan in a model's file is for any name of its original: the file can be renamed.
    if plan.model.file != file and plan.model.carried is None and nameless not in (plan.model.file, file):
        message = f"the plan is for the file {brief(plan.model.file)}, not for {brief(file)}"
        found.append(Violation("model", message, plan.model.file, file))
    if plan.target.runtime != profile.runtime.name:
        planned, real = (
            f"runtime {name!r}" if name else "no runtime" for name in (plan.target.runtime, profile.runtime.name)
        )
        message = f"the plan names {planned}, {profile.name} has {real}"
        found.append(Violation("target", message))
    if plan.target.memory in wanted and plan.target.memory != profile.scratchpad.name:
        message = (
            f"the plan fills {plan.target.memory!r}, the scratchpad of {profile.name} is {profile.scratchpad.name!r}"
        )
        found.append(Violation("target", message))
    for filled in plan.memories:
        memory = wanted.get(filled.name)
        real = _numbers(memory, plan) if memory else "no such memory"
        if real != _numbers(filled, plan):
            found.append(Violation("target", f"{filled.name} has {_numbers(filled, plan)}; {profile.name} has {real}"))
    homes = {b.id: wanted.get(b.memory) for b in plan.buffers}
    for row in plan.tensors:
        home = homes.get(row.buffer) if row.buffer is not None else None
        use = None if row.key in names else _USES.get(row.role)
        if home is not None and use is not None and use not in home.holds:
            message = f"{tensor_name(row)} is in {home.name}, which holds no {use}"
            found.append(Violation("target", message, tensor_name(row)))
    found += _check_transfers(plan, profile, names)
    found += check_kept(plan, profile, graph)
    kinds = {rule.kind for rule in plan.options.scratch}
    for kind in sorted({rule.kind for rule in profile.scratch} - kinds):
        message = f"{profile.name} has scratch for {kind}, but the plan's options have none"
        found.append(Violation("target", message))
    found += check_rules(plan, profile, graph)
    for b in plan.buffers:
        home = wanted.get(b.memory)
        if b.step is not None and home is not None and _USES["activation"] not in home.holds:
            message = f"scratch of step {b.step} is in {home.name}, which holds no {_USES['activation']}"
            found.append(Violation("target", message, step=b.step))
    return found


def other_target(plan: Plan, profile: Target | None) -> Violation | None:
    """The violation where `plan` is for a target of another name than `profile`, from which others may follow."""
    if profile is None or plan.target.name == profile.name:
        return None
    return Violation("target", f"the plan is for target {brief(plan.target.name)}, not for {brief(profile.name)}")


def _check_transfers(plan: Plan, profile: Target, names: Mapping[TensorKey, TensorKey]) -> list[Violation]:
    """Violations by transfers that the target cannot make, or to a memory that may not hold what is stored there."""
    if plan.transfers is None:
        return []
    places = {memory.name: at for at, memory in enumerate(profile.memories)}
    near, far = places.get(plan.memories[0].name, 0), places.get(plan.transfers.memory)
    if not profile.runtime.copies_buffers or far is None or far <= near or not profile.scratchpad.compute:
        message = (
            f"buffers leave {plan.memories[0].name} for {brief(plan.transfers.memory)}, which {profile.name} cannot"
        )
        return [Violation("target", f"{message} do")]
    holds, rows = profile.memories[far].holds, plan.tensors_by_key()
    found = []
    for b in plan.buffers:
        keys = b.tensors if b.first is not None and b.memory == plan.transfers.memory else ()
        for use in sorted({_USES.get(rows[key].role, "") for key in keys if key not in names} - {"", *holds}):
            message = f"buffer {b.first} is spilled to {b.memory}, which holds no {use}"
            found.append(Violation("target", message, tensor_name(rows[b.tensors[0]]), step=b.lower))
    return found


def _numbers(memory: Memory | MemoryUse, plan: Plan) -> str:
    """The numbers of a memory, of those that plans of its version have."""
    reserve = f", reserve {memory.reserve}" if memory.reserve else ""
    chunk = f", chunk {memory.chunk}" if memory.chunk else ""
    compute = "" if memory.compute else ", not used by operators"
    more = f"{reserve}{chunk}{compute}" if plan.constants or plan.model.bytes is not None else reserve
    capacity = "unlimited" if memory.capacity is None else f"{memory.capacity}"
    return f"capacity {capacity}, alignment {memory.alignment}{more}"
