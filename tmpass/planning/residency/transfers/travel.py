"""Buffers that leave the scratchpad and come back: their residences, and the rows of the plan for them."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import pairwise

from tmpass.base.record import record
from tmpass.packing.problem import Gap
from tmpass.planning.liveness import Ranges, Storage
from tmpass.planning.residency.transfers.fixed_order import FixedBuffer
from tmpass.plans.plan import PlannedBuffer, PlannedConstant, PlannedTransfers

Episode = tuple[int, int, int]
"""A residence in the scratchpad: its first and last step, both included, and its offset."""

Away = tuple[int, int]
"""The steps `[lower, upper)` in which the memory behind has a copy: from its spill to the step of its last fetch."""


@record
class Travel:
    """The rows of a plan with transfers, in place of those that an allocation gives.

    Fields:
        buffers: all rows of buffers.
        copies: rows of streamed constants, numbered from 0.
        transfers: their figures.
        ranges: the live ranges of the tensors.
    """

    buffers: tuple[PlannedBuffer, ...]
    copies: tuple[PlannedConstant, ...]
    transfers: PlannedTransfers
    ranges: Ranges


def find_away(buffer: FixedBuffer, episodes: Sequence[Episode]) -> tuple[Away, ...]:
    """When the memory behind has copies of a buffer: one for each version of it that is fetched later.

    A copy is made where the buffer first leaves with this version, and serves all fetches until it changes.
    """
    found: list[Away] = []
    stale = True
    for (first, last, _), (after, _, _) in pairwise(episodes):
        stale = stale or any(use.writes for use in buffer.uses if first <= use.step <= last)
        if stale:
            found.append((last + 1, after + 1))
        else:
            found[-1] = found[-1][0], after + 1
        stale = False
    return tuple(found)


def residence_rows(
    storage: Storage, memory: str, episodes: Sequence[Sequence[Episode]], numbers: Sequence[int]
) -> tuple[dict[int, PlannedBuffer], list[PlannedBuffer]]:
    """The first residence of each buffer in `memory`, by its number, and the later ones, which have no id yet."""
    first, later = dict[int, PlannedBuffer](), list[PlannedBuffer]()
    for number, own in zip(numbers, episodes, strict=True):
        buffer, members = storage.buffers[number], storage.members[number]
        step = None if members else buffer.lower
        for count, (lower, last, offset) in enumerate(own):
            gaps = tuple(_clipped(buffer.gaps, lower, last + 1))
            size = buffer.size
            row = PlannedBuffer(number, memory, offset, size, lower, last + 1, members, gaps, step)
            if count:
                later.append(replace(row, id=-1, first=number))
            else:
                first[number] = row
    return first, later


def _clipped(gaps: Sequence[Gap], lower: int, upper: int) -> Iterator[Gap]:
    """The parts of `gaps` within the steps `[lower, upper)`."""
    for gap in gaps:
        if gap.lower < upper and lower < gap.upper:
            yield replace(gap, lower=max(gap.lower, lower), upper=min(gap.upper, upper))
