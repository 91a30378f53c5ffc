"""Texts for the parts of a plan that are not counted, not known or assumed."""

from collections.abc import Iterator

from tmpass.plans.left_out import NotCounted
from tmpass.plans.plan import MemoryUse, Plan
from tmpass.report.kernels import condition, does_not_run, not_known, unread
from tmpass.report.text import short_size
from tmpass.targets import target_names
from tmpass.targets.runtime import RUNTIMES

_KINDS = 3
"""The number of operator kinds that are named."""

_NO_RUNTIME = "what a runtime keeps for itself (the profile names no runtime)"
"""Said of targets of one's own. The built-in ones without a runtime are for compilers, which keep nothing."""

_ORDER = ("tensors", "weights", "inputs_outputs", "runtime", "scratch")
"""The most important first, since long lines are cut at their end."""


def not_counted(plan: Plan) -> str:
    """One line with everything that the figures of `plan` do not count; empty where they count all."""
    rows = sorted(plan.not_counted, key=lambda row: _ORDER.index(row.what))
    own = [_NO_RUNTIME] if not plan.target.runtime and plan.target.name not in target_names() else []
    return "; ".join([_describe(plan, row) for row in rows] + own)


def unknown(plan: Plan) -> str:
    """A sentence with the number of tensors of unknown size; empty where all sizes are known."""
    count = plan.unknown_tensors
    if not count:
        return ""
    return f"{count} tensor{'s' * (count > 1)} of unknown size {'are' if count > 1 else 'is'} not counted"


def verdict(plan: Plan) -> str:
    """The reservation under which `plan` fits; empty where it covers the whole model."""
    needed = condition(plan)
    if plan.unknown_tensors:
        part = f"as far as it is planned; {unknown(plan)}, so nothing is proved"
    elif not plan.schedule:
        part = "as far as it is planned: the model has no operators, only inputs and outputs"
    else:
        return needed
    return f"{needed}, {part}" if needed else part


def assumed(memory: MemoryUse) -> str:
    """The reason why the capacity is assumed, in brackets; empty where its source is known."""
    return f" ({memory.assumed})" if memory.assumed else ""


def target_name(plan: Plan, why: str = "") -> str:
    """The name of the target of `plan`, with the word "assumed" and `why` where nobody asked for it."""
    return f"{plan.target.name} (assumed{f': {why}' * bool(why)})" if plan.target.assumed else plan.target.name


def notes(plan: Plan, why: str = "") -> Iterator[str]:
    """One line for operators that do not run, what is not counted, an assumed target, and each assumed capacity.

    `why` says why a target that nobody named is assumed, where there is more to say.
    """
    if refused := does_not_run(plan):
        yield f"does not run: {refused}"
    if missing := not_known(plan):
        yield f"kernels: only {missing}"
    if other := unread(plan):
        yield f"format: only {other}"
    if left_out := not_counted(plan):
        yield f"not counted: {left_out}"
    if plan.target.assumed:
        yield f"target: {plan.target.name} is assumed, since {why or 'none was given'}"
    for memory in plan.memories:
        if memory.assumed:
            yield f"capacity of {memory.name}: {memory.assumed}"


def _describe(plan: Plan, row: NotCounted) -> str:
    size = "unknown size" if row.bytes is None else short_size(row.bytes)
    if row.what == "weights":
        return f"weights, {size}"
    if row.what == "inputs_outputs":
        return f"inputs and outputs of the caller, {size}"
    if row.what == "tensors":
        return f"{row.count} tensor{'s' * (row.count > 1)} of unknown size"
    if row.what == "scratch" and not RUNTIMES[plan.target.runtime].without_scratch and not plan.options.scratch:
        return "scratch of kernels (unknown without --scratch)"
    shown = row.names if len(row.names) == _KINDS + 1 else row.names[:_KINDS]  # a name takes no more room than "1 more"
    more = len(row.names) - len(shown)
    kinds = ", ".join(shown) + (f" and {more} more kinds" if more else "")
    return f"{'runtime memory' if row.what == 'runtime' else 'scratch'} of {kinds} (unknown)"
