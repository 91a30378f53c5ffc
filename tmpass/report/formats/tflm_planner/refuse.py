"""What no memory planner of TensorFlow Lite Micro can do."""

from typing import NoReturn

from tmpass.base.choices import ConstantUse, Role
from tmpass.base.errors import UsageError, brief
from tmpass.plans.plan import Plan
from tmpass.report.c_tables import refuse_alignment
from tmpass.targets.runtime import RUNTIMES

RUNTIME = "tflm"
_LARGEST = (1 << 31) - 1
"""The largest offset: the interface has them as `int`."""


def refuse(plan: Plan) -> None:
    """Refuse a plan that a planner could not carry out.

    Raises:
        UsageError: the plan is for another runtime, leaves out tensors, copies constants, is too large, or has an
            alignment that C does not have.
    """
    refuse_alignment(plan)

    def no(what: str, hint: str) -> NoReturn:
        raise UsageError(what, where=plan.model.file, hint=hint)

    if plan.target.runtime != RUNTIME:
        fault = f"tflm-planner is for TensorFlow Lite Micro, and the plan is for {brief(plan.target.name)}"
        no(fault, 'plan it for a target with runtime = "tflm"')
    if plan.model.format not in RUNTIMES[RUNTIME].reads:
        no(f"TensorFlow Lite Micro does not read {plan.model.format}", "convert the model to tflite")
    # Also handles of resources: the runtime has four bytes of the arena for each element of them.
    unplanned = next((t for t in plan.tensors if t.role == Role.UNPLANNED), None)
    if unplanned is not None:
        fault = f"the runtime asks for bytes of tensor {brief(unplanned.name)}, which has none in the plan"
        no(f"{fault}: {unplanned.reason}", "give unknown sizes with --bind; models with resources cannot be written so")
    copied = next((c for c in plan.constants if c.use != ConstantUse.STORED), None)
    if copied is not None:
        fault = f"constants are copied to {brief(copied.memory)}, and TensorFlow Lite Micro reads them where they are"
        no(fault, "take weights out of what that memory holds")
    if large := next((memory for memory in plan.arenas if memory.peak > _LARGEST), None):
        no(f"the peak of {brief(large.name)} is above 2 GiB, which the interface cannot say", "use a smaller model")
