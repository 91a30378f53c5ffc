"""Texts for models and operators that a runtime does not read or run, or is not known to run."""

from collections.abc import Sequence

from tmpass.loading.registry import BUILT_IN
from tmpass.plans.left_out import NotRun
from tmpass.plans.plan import Plan
from tmpass.report.text import clip
from tmpass.targets.runtime import RUNTIMES
from tmpass.targets.sharing import CUSTOM

_KINDS = 3
"""The number of kinds that are named."""

_OWN = "or name own kernels in `kernels` of a profile"


def does_not_run(plan: Plan) -> str:
    """Which operators the runtime is known not to run, in a line; empty where there are none."""
    if not plan.refused:
        return ""
    first = plan.refused[0]
    more = sum(row.count for row in plan.refused) - 1
    return f"{_title(plan)} does not run {_what(first)} (operator {first.op}){f' and {more} more' if more else ''}"


def kernel_lines(plan: Plan) -> list[str]:
    """What the runtime does not run, kind by kind, and what to do: a line for each; none where it runs all."""
    if not plan.refused:
        return []
    return [_listed(plan.refused), _advice(plan.refused)]


def not_known(plan: Plan) -> str:
    """Which operators are not known to run, as a condition: "if ... runs ..."; empty where there are none."""
    rows = [row for row in plan.not_run if not row.known]
    return f"if {_title(plan)} has kernels for {_listed(rows)}" if rows else ""


def unread(plan: Plan) -> str:
    """That the runtime does not read the format of the model, as a condition; empty where it does, or reads any."""
    runtime, form = RUNTIMES[plan.target.runtime], plan.model.format
    if form not in BUILT_IN or not runtime.reads or form in runtime.reads:
        return ""
    return f"if converted to {' or '.join(runtime.reads)}: {runtime.title} does not read {form}"


def condition(plan: Plan) -> str:
    """The condition under which the model fits, "if ..."; empty without one, and where it does not fit in any case."""
    return (unread(plan) or not_known(plan)) if plan.fits else ""


def _title(plan: Plan) -> str:
    return RUNTIMES[plan.target.runtime].title or plan.target.name


def _listed(rows: Sequence[NotRun]) -> str:
    shown = [f"{_what(row)}{f' ({row.count})' if row.count > 1 else ''}" for row in rows[:_KINDS]]
    more = len(rows) - len(shown)
    return ", ".join(shown) + (f" and {more} more" if more else "")


def _what(row: NotRun) -> str:
    kind = f"custom operator {row.kind.removeprefix(CUSTOM)}" if row.kind.startswith(CUSTOM) else row.kind
    return f"{clip(kind, 60)} {row.fault}".strip()


def _advice(rows: Sequence[NotRun]) -> str:
    """What to do about the first of the rows that something can be done about by converting the model."""
    faults = [row.fault for row in rows]
    if any("uint8" in fault for fault in faults):
        return f"convert the model with int8 quantisation, {_OWN}"
    if any("float16" in fault for fault in faults):
        return f"convert the model with float32 or int8 weights, {_OWN}"
    if any(fault.startswith("of float32 with") for fault in faults):
        return f"quantise activations as well (int8), or keep float32 weights, {_OWN}"
    first = rows[0]
    if first.takes:
        return f"{first.kind} takes {first.takes}: convert the model so, {_OWN}"
    return f"replace {first.kind} in the model, {_OWN}"
