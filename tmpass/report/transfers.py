"""Texts for spills and fetches: what they move, and what is proved about it."""

import re

from tmpass.base.sizes import format_size
from tmpass.plans.plan import Plan, PlannedBuffer
from tmpass.plans.transfers import Direction, buffer_copies
from tmpass.report.text import short_size

_NO_HELP = "transfers do not help: "
"""How the warning of a plan begins that names the operator which needs more than the scratchpad has."""

_TOO_LARGE = r".*?alone needs \d+ B, \d+ B above [a-z ]+"
"""What the warning says before tiles and the operator's name."""


def no_help(plan: Plan) -> str:
    """The operator that is too large for transfers, and its bytes; empty where that is not known, or the plan fits.

    The warning has its name and tiles as well, which a line has no room for.
    """
    found = next((line.removeprefix(_NO_HELP) for line in plan.warnings if line.startswith(_NO_HELP)), "")
    short = re.match(_TOO_LARGE, found)
    return short[0] if short else found


def moved(plan: Plan) -> str:
    """The bytes that spills and fetches move in one run, and the lower bound; empty without transfers."""
    known = plan.transfers
    if known is None:
        return ""
    if not known.moved:
        return "none"
    there = f"{short_size(known.spilled)} out to {known.memory}, {short_size(known.fetched)} back"
    least = "reached" if known.moved == known.lower_bound else format_size(known.lower_bound)
    return f"{format_size(known.moved)} in each run: {there}; lower bound {least}"


def bound(plan: Plan) -> str:
    """What is proved about the bytes that are moved, in this order or in all, with this sharing."""
    known = plan.transfers
    assert known is not None
    if not known.moved:
        return "no bytes are moved"
    if known.moved == known.any_order:
        return "the fewest over all orders, with this sharing"
    if known.moved == known.lower_bound:
        return "the fewest for this order and sharing"
    return f"at least {format_size(known.lower_bound)} for this order and sharing"


def about(plan: Plan, row: PlannedBuffer) -> str:
    """What a further row of a buffer is: `fetched before step 7`; empty for the first one."""
    if row.first is None or plan.transfers is None:
        return ""
    if row.memory == plan.transfers.memory:
        return f"copy of buffer {row.first}, spilled before step {row.lower}"
    return f"buffer {row.first} again, fetched before step {row.lower}"


def moved_by_step(plan: Plan) -> list[tuple[int, int, int]]:
    """Steps before which copies are made, each with the bytes that are spilled and fetched then."""
    found: dict[int, list[int]] = {}
    for copy in buffer_copies(plan):
        found.setdefault(copy.step, [0, 0])[copy.direction is Direction.FETCH] += copy.bytes
    return [(step, spilled, fetched) for step, (spilled, fetched) in sorted(found.items())]
