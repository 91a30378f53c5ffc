"""Texts for the time of one run."""

from tmpass.plans.plan import Plan
from tmpass.plans.planned_time import SECOND, PlannedTime


def time_line(plan: Plan, *, names: bool = False) -> str:
    """The time of one run, its parts, the lower bound, and what is assumed; empty where the plan has none.

    Args:
        plan: that may have a time.
        names: name the facts that are assumed, rather than that some are.
    """
    known = plan.time
    if known is None:
        return ""
    parts = [] if known.compute is None else [f"{duration(known.compute)} compute"]
    parts += [f"{duration(known.copies)} copies"] if known.copies or not known.accesses else []
    parts += [f"{duration(known.accesses)} outside"] if known.accesses else []
    parts += [f"{duration(known.hidden)} hidden"] if known.hidden else []
    least = "reached" if known.total == known.lower_bound else duration(known.lower_bound)
    return f"{duration(known.total)}: {', '.join(parts)}; lower bound {least}{_remarks(known, names)}"


def _remarks(known: PlannedTime, names: bool) -> str:
    """What the time does not count, and what is assumed, to follow it."""
    left_out = [_left_out(name) for name in known.unknown]
    found = f"; without {' and '.join(left_out)}" if left_out else ""
    which = f": {', '.join(known.assumed)}" if names else ""
    return found + (f" (assumed{which})" if known.assumed else "")


def _left_out(name: str) -> str:
    """What a time does not count since a profile lacks the key `name`."""
    memory, dot, key = name.rpartition(".")
    return f"{memory} (no {key} in profile)" if dot else "computing"


def duration(picoseconds: int) -> str:
    """A time in the largest unit that fits, with about three digits: `105.2 us`."""
    for size, unit, digits in ((SECOND, "s", 3), (SECOND // 10**3, "ms", 2), (SECOND // 10**6, "us", 1)):
        if picoseconds >= size:
            return f"{picoseconds / size:.{digits}f} {unit}"
    return f"{picoseconds / 1000:.1f} ns" if picoseconds else "0"
