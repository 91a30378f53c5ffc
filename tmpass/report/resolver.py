"""The kernels that a program registers in the resolver of a runtime, as text."""

from collections.abc import Iterable, Sequence

from tmpass.plans.left_out import Registration
from tmpass.plans.plan import Plan
from tmpass.report.c_names import comment
from tmpass.targets.runtime import RUNTIMES

_WIDTH = 107
"""Characters of a line behind its label."""


def resolver_line(plan: Plan) -> str:
    """How many kernels a program registers, and the first of them; empty where the runtime has no resolver."""
    if not plan.registrations:
        return ""
    calls = [_short(row) for row in plan.registrations]
    text = f"{len(calls)} to register: {', '.join(calls)}"
    shown = len(calls)
    while len(text) > _WIDTH and shown > 1:
        shown -= 1
        text = f"{len(calls)} to register: {', '.join(calls[:shown])} and {len(calls) - shown} more (tmpass show)"
    return text


def resolver_lines(plan: Plan) -> list[str]:
    """All kernels that a program registers, several in a line; none where the runtime has no resolver."""
    found: list[str] = []
    for call in map(_short, plan.registrations):
        if found and len(found[-1]) + len(call) + 2 <= _WIDTH:
            found[-1] += f", {call}"
        else:
            found.append(f"  {call}")
    return [f"kernels to register in {resolver(plan)}:", *found] if found else []


def resolver(plan: Plan) -> str:
    """The type of the resolver in C++, with room for the kernels of `plan`."""
    return f"{RUNTIMES[plan.target.runtime].resolver}<{len(plan.registrations)}>"


def resolver_comment(plan: Plan) -> list[str]:
    """A comment in C with the calls that register the kernels; no lines where the runtime has no resolver."""
    if not plan.registrations:
        return []
    calls = (f"resolver.{row.call};" if row.call else f"{row.kind}: no function of it" for row in plan.registrations)
    return [f"/* {resolver(plan)} resolver;", *(f" *   {comment(call)}" for call in calls), " */"]


def new_registrations(rows: Sequence[Registration], before: Iterable[Registration]) -> list[str]:
    """The calls that register the kernels of `rows` that are not among those of `before`."""
    known = set(before)
    return [row.call or row.kind for row in rows if row not in known]


def _short(row: Registration) -> str:
    return row.call.removesuffix("()") or row.kind
