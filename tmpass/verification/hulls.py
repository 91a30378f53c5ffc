"""The byte hull of a buffer at a step: the smallest interval that covers all its live tensors."""

from bisect import bisect_left, insort
from collections.abc import Iterator

from tmpass.base.record import maker, record
from tmpass.graph.model import TensorKey
from tmpass.packing.problem import Gap
from tmpass.plans.plan import Plan, PlannedBuffer
from tmpass.verification.names import rows_by_key
from tmpass.verification.replay import Needed


@record
class Hull:
    """The byte hull of one buffer over time.

    Fields:
        pieces: rows (lower, upper, low, high): bytes `[low, high)` of the memory during the steps `[lower, upper)`,
            disjoint in time, and in order of time.
        lower, upper, low, high: the smallest intervals of steps and of bytes that cover all tensors.
    """

    buffer: PlannedBuffer
    pieces: tuple[tuple[int, int, int, int], ...]
    lower: int
    upper: int
    low: int
    high: int

    @property
    def gaps(self) -> tuple[Gap, ...]:
        """The live-range gaps: steps at which less than the whole buffer is needed, as a plan states them."""
        if self.pieces == ((self.lower, self.upper, self.low, self.high),):
            return ()
        gaps: list[Gap] = []
        time = self.lower
        for lower, upper, low, high in self.pieces:
            if time < lower:
                gaps.append(Gap(time, lower))
            if (low, high) != (self.low, self.high):
                gaps.append(Gap(lower, upper, low - self.low, high - self.low))
            time = upper
        if time < self.upper and self.low < self.high:
            gaps.append(Gap(time, self.upper))
        return tuple(gaps)


def find_hulls(plan: Plan, needed: Needed) -> list[Hull]:
    """The hull of each buffer of `plan`, in their order.

    Each buffer must be scratch, or have a tensor whose row has an offset and bytes.
    """
    rows = plan.fact(rows_by_key)
    leaving = {buffer.first for buffer in plan.buffers if buffer.first is not None}
    hulls, made = [], maker(Hull)
    for buffer in plan.buffers:
        if buffer.first is not None or buffer.id in leaving:
            hulls.append(_part(plan, buffer, needed))
            continue
        if not buffer.tensors:  # scratch, which check_scratch has seen
            lower, upper, low, high = buffer.lower, buffer.upper, buffer.offset, buffer.offset + buffer.size
            hulls.append(Hull(buffer, ((lower, upper, low, high),), lower, upper, low, high))
            continue
        if len(buffer.tensors) == 1:
            row = rows[buffer.tensors[0]]
            low = row.offset or 0
            high = low + (row.bytes or 0)
            first, last = needed[buffer.tensors[0]]
            pieces = ((first, last + 1, low, high),) if low < high else ()
            hulls.append(made(buffer, pieces, first, last + 1, low, high))
            continue
        places: dict[TensorKey, tuple[int, int]] = {}
        for key in buffer.tensors:
            row = rows[key]
            offset = row.offset or 0
            places[key] = offset, offset + (row.bytes or 0)
        hulls.append(
            Hull(
                buffer,
                tuple(_pieces(places, needed)),
                min(needed[key][0] for key in places),
                max(needed[key][1] for key in places) + 1,
                min(low for low, _ in places.values()),
                max(high for _, high in places.values()),
            )
        )
    return hulls


def _part(plan: Plan, buffer: PlannedBuffer, needed: Needed) -> Hull:
    """The hull of one row of a buffer that leaves the scratchpad: what of it is in use during the steps of the row.

    The memory behind keeps the whole buffer, from the spill to the last fetch.
    """
    rows, by = plan.fact(rows_by_key), plan.moved_by(buffer)
    places = {
        key: ((rows[key].offset or 0) + by, (rows[key].offset or 0) + by + (rows[key].bytes or 0))
        for key in buffer.tensors
    }
    low, high = min(low for low, _ in places.values()), max(high for _, high in places.values())
    pieces = [(buffer.lower, buffer.upper, low, high)]
    if buffer.memory == plan.memories[0].name:
        pieces = [
            (max(lower, buffer.lower), min(upper, buffer.upper), start, end)
            for lower, upper, start, end in _pieces(places, needed)
            if lower < buffer.upper and buffer.lower < upper
        ]
    return Hull(buffer, tuple(pieces), buffer.lower, buffer.upper, low, high)


def _pieces(places: dict[TensorKey, tuple[int, int]], needed: Needed) -> Iterator[tuple[int, int, int, int]]:
    begins: dict[int, list[TensorKey]] = {}
    ends: dict[int, list[TensorKey]] = {}
    for key, (low, high) in places.items():
        if low < high:
            first, last = needed[key]
            begins.setdefault(first, []).append(key)
            ends.setdefault(last + 1, []).append(key)
    lows: list[int] = []
    highs: list[int] = []
    since, hull = 0, (0, 0)
    for time in sorted({*begins, *ends}):
        for key in ends.get(time, ()):
            del lows[bisect_left(lows, places[key][0])]
            del highs[bisect_left(highs, places[key][1])]
        for key in begins.get(time, ()):
            insort(lows, places[key][0])
            insort(highs, places[key][1])
        now = (lows[0], highs[-1]) if lows else (0, 0)
        if now != hull:
            if hull[0] < hull[1]:
                yield since, time, *hull
            since, hull = time, now
