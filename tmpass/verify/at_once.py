"""Whether many offsets are right, without a word on what is wrong: all comparisons at once.

by start    a b c d e f       Each is compared with the next one, then with the one after that, ... as long as
            |-|-|-|-|-|       any two so far apart still share a step: short lives make few rounds.
            |---|---| ...
"""

from collections.abc import Sequence

from tmpass.problem import Problem
from tmpass.sizes import MAX_BYTES

MANY = 20_000
"""From so many buffers on, loading numpy is worth it."""

_MOST_PAIRS = 1_000_000_000


def surely_right(problem: Problem, offsets: Sequence[int], capacity: int | None) -> bool:
    """Whether `offsets`, one for each buffer, break no law; False also where this is left to a closer look."""
    buffers = problem.buffers
    if len(buffers) < MANY or problem.memories or problem.shared or problem.apart:
        return False
    if any(b.gaps for b in buffers) or min(offsets) < 0 or max(offsets) > MAX_BYTES:
        return False
    import numpy as np

    size = np.array([b.size for b in buffers], np.int64)
    alignment = np.lcm(np.array([b.alignment for b in buffers], np.int64), problem.alignment)
    fixed = np.array([-1 if b.offset is None else b.offset for b in buffers], np.int64)
    low = np.array(offsets, np.int64)
    if (low % alignment).any() or ((fixed >= 0) & (fixed != low)).any():
        return False
    if capacity is not None and (low + size > capacity)[size > 0].any():
        return False
    lower = np.array([b.lower for b in buffers], np.int64)
    order = np.argsort(lower, kind="stable")
    order = order[size[order] > 0]
    lower, low = lower[order], low[order]
    upper = np.array([b.upper for b in buffers], np.int64)[order]
    high = low + size[order]
    reach = np.searchsorted(lower, upper)  # the first that starts at or after the end
    at = np.arange(len(order))
    if int((reach - at).sum()) > _MOST_PAIRS:
        return False
    distance = 1
    while len(at := at[at + distance < reach[at]]):
        other = at + distance
        if ((low[at] < high[other]) & (low[other] < high[at])).any():
            return False
        distance += 1
    return True
