"""Places of streamed constants that are free for as many earlier steps as possible, so that copies may begin early.

height  +------+------+------+------+      Where each copy lay at once above the buffers of its step, the one for
        |      |   [2~~~~~2]  [4]   |      step 2 could not begin before step 1 ends. Above the buffers of step 1
        |      +------+      |      |      it begins a step earlier.
        |      | 1    +------+------+
        +------+      | 2    | 3  4 |
"""

from collections.abc import Sequence
from dataclasses import replace
from itertools import groupby

from tmpass.base.choices import ConstantUse
from tmpass.planning.residency.on_chip import OnChip
from tmpass.plans.plan import PlannedConstant

_FAR = 256
"""How many steps a copy may begin ahead of its own."""


def placed_ahead(free: OnChip, rows: Sequence[PlannedConstant], height: int) -> list[PlannedConstant]:
    """`rows` with the copies of each step where the most steps before have nothing.

    Where operators run bodies, nothing is changed: what they read is there at all steps of these.

    Args:
        free: of the memory.
        rows: of copies in it; those that are streamed by rising step.
        height: no copy that is streamed ends above this byte.
    """
    streamed = [row for row in rows if row.use == ConstantUse.STREAMED]
    if any(end > step + 1 for step, end in enumerate(free.ends)):
        return list(rows)
    moved: dict[int, int] = {}
    placed: list[tuple[int, int, int]] = []  # step, first byte, end
    for step, group in groupby(streamed, key=lambda row: row.lower):
        own = list(group)
        low = own[0].offset
        high = max(row.offset + row.size for row in own)
        size = -(-(high - low) // free.memory.alignment) * free.memory.alignment
        offset = _farthest(free, placed, step, size, height)
        offset = low if offset is None else offset
        placed.append((step, offset, offset + size))
        moved |= {row.id: row.offset + offset - low for row in own}
    return [replace(row, offset=moved[row.id]) if row.id in moved else row for row in rows]


def _farthest(free: OnChip, placed: Sequence[tuple[int, int, int]], step: int, size: int, height: int) -> int | None:
    """The lowest offset that is free in the most steps up to `step`; None where only the given one is known to be."""
    found, base = None, free.tops[step]
    for first in range(step - 1, max(-1, step - 1 - _FAR), -1):
        base = max(base, free.tops[first])
        others = sorted((low, high) for at, low, high in placed if at >= first)
        offset = base
        for low, high in others:
            if offset + size > low and offset < high:
                offset = max(offset, high)
        if offset + size > height:
            return found
        found = offset
    return found
