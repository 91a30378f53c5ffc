"""The exact answers that allocators, bounds and the verifier are held against.

Everything here is written from the words of the problem alone, slow and plain, and uses nothing of tmpass but
its data: what is tested must not be its own judge.
"""

from collections.abc import Sequence
from functools import lru_cache
from math import lcm
from typing import TYPE_CHECKING, NamedTuple

from tmpass.packing.problem import Buffer, Gap, Problem

if TYPE_CHECKING:
    from ortools.sat.python import cp_model


def occupied(buffer: Buffer, offset: int, step: int) -> set[int]:
    """Return the addresses that `buffer`, placed at `offset`, needs during `step`."""
    if not buffer.lower <= step < buffer.upper:
        return set()
    for gap in buffer.gaps:
        if gap.lower <= step < gap.upper:
            return set(range(offset + gap.window_lower, offset + gap.window_upper))
    return set(range(offset, offset + buffer.size))


def overlaps(a: Buffer, offset_a: int, b: Buffer, offset_b: int) -> bool:
    """Return whether `a` and `b` need one byte in one step: the definition, step by step and byte by byte."""
    steps = range(min(a.lower, b.lower), max(a.upper, b.upper))
    return any(occupied(a, offset_a, step) & occupied(b, offset_b, step) for step in steps)


def touches(a: Buffer, offset_a: int, b: Buffer, offset_b: int) -> bool:
    """Return whether in one step `a` and `b` need the same byte, or two bytes that follow each other."""
    return any(overlaps(a, offset_a + by, b, offset_b) for by in (-1, 0, 1))


def classes(problem: Problem) -> list[tuple[int, ...]]:
    """Return the buffers of `problem`, by index, grouped by what shares with what, also through others."""
    group = list(range(len(problem.buffers)))
    for _ in group:  # as often as the longest chain of pairs may need
        for a, b in problem.shared:
            group[a] = group[b] = min(group[a], group[b])
    return [tuple(i for i, g in enumerate(group) if g == name) for name in sorted(set(group))]


def allowed(problem: Problem, buffer: Buffer, offset: int) -> bool:
    """Return whether `buffer` may be at `offset` where it is alone: alignment, fixed offset, memories."""
    if offset % problem.alignment or offset % buffer.alignment or buffer.offset not in (None, offset):
        return False
    inside = [
        m.name
        for m in problem.memories
        if m.offset <= offset and (m.size is None or offset + buffer.size <= m.offset + m.size)
    ]
    return not problem.memories or any(not buffer.memories or name in buffer.memories for name in inside)


def legal(problem: Problem, offsets: Sequence[int]) -> bool:
    """Return whether `offsets` obey every law of `problem` but the capacity: the definition, pair by pair."""
    buffers = problem.buffers
    pairs = [(a, b) for b in range(len(buffers)) for a in range(b)]
    together = {pair for members in classes(problem) for pair in pairs if set(pair) <= set(members)}
    return (
        all(allowed(problem, b, o) for b, o in zip(buffers, offsets, strict=True))
        and all(offsets[a] == offsets[b] for a, b in together)
        and not any(
            overlaps(buffers[a], offsets[a], buffers[b], offsets[b]) for a, b in pairs if (a, b) not in together
        )
        and not any(touches(buffers[a], offsets[a], buffers[b], offsets[b]) for a, b in problem.apart)
    )


def top(problem: Problem, offsets: Sequence[int]) -> int:
    """Return the highest offset + size; an empty buffer has no top."""
    return max((o + b.size for b, o in zip(problem.buffers, offsets, strict=True) if b.size), default=0)


def least_peak(problem: Problem) -> int | None:
    """Return the least peak of a small problem, by trying all offsets; None if there is no packing at any.

    The capacity plays no part: whoever asks compares. Meant for at most 7 buffers, sizes and steps below 10, and
    fixed offsets and memories below 100: a fraction of a millisecond up to some of them.

    All that share are one unknown. Sets of offsets are the bits of an integer; for each value of one unknown, what it
    leaves to another is a shift and a mask.
    """
    groups = classes(problem)
    members = [[problem.buffers[i] for i in group] for group in groups]
    highest = _highest(problem, members)
    open_to = [
        sum(1 << o for o in range(highest + 1) if all(allowed(problem, b, o) for b in group)) for group in members
    ]
    place = {i: number for number, group in enumerate(groups) for i in group}
    distant = {frozenset((place[a], place[b])) for a, b in problem.apart}
    if any(len(pair) == 1 for pair in distant) and not _apart_at_one_offset(problem, place):
        return None
    reach = max((b.size for b in problem.buffers), default=0) + 1
    count = range(len(groups))
    denied = [[0 if a == b else _denied(problem, groups[a], groups[b], reach) for b in count] for a in count]
    sizes = [max(b.size for b in group) for group in members]

    def fits(peak: int) -> bool:
        domains = [
            mask & ((2 << peak - size) - 1 if size <= peak else 0) if size else mask
            for mask, size in zip(open_to, sizes, strict=True)
        ]
        return _solvable(domains, denied, reach)

    if not fits(highest + reach):
        return None
    floor = _most_live(problem, groups)
    tops = {
        o + size for mask, size in zip(open_to, sizes, strict=True) if size for o in range(highest + 1) if mask >> o & 1
    }
    return next(peak for peak in sorted({0, *tops}) if peak >= floor and fits(peak))


def _highest(problem: Problem, members: list[list[Buffer]]) -> int:
    """Return an offset that none needs to be above: where the last memory ends, or all stand on each other."""
    if problem.memories and all(m.size is not None for m in problem.memories):
        return max(m.offset + (m.size or 0) for m in problem.memories)
    ground = max([0, *(m.offset for m in problem.memories), *(b.offset or 0 for b in problem.buffers)])
    return ground + sum(
        max(b.size for b in group) + lcm(problem.alignment, *(b.alignment for b in group)) for group in members
    )


def _apart_at_one_offset(problem: Problem, place: dict[int, int]) -> bool:
    """Return whether no two that must be apart touch though they share an offset."""
    pairs = [(problem.buffers[a], problem.buffers[b]) for a, b in problem.apart if place[a] == place[b]]
    return not any(touches(a, 0, b, 0) for a, b in pairs)


def _denied(problem: Problem, one: tuple[int, ...], two: tuple[int, ...], reach: int) -> int:
    """Return the values of "offset of `two` minus offset of `one`" that are not legal, as bits from -reach on."""
    found = 0
    apart = {frozenset(pair) for pair in problem.apart}
    for i in one:
        for j in two:
            meets = touches if frozenset((i, j)) in apart else overlaps
            a, b = problem.buffers[i], problem.buffers[j]
            found |= _table(meets is touches, _shape(a), _shape(b), reach)
    return found


def _shape(buffer: Buffer) -> tuple[int, int, int, tuple[Gap, ...]]:
    return buffer.lower, buffer.upper, buffer.size, buffer.gaps


@lru_cache(100_000)
def _table(touching: bool, one: tuple, two: tuple, reach: int) -> int:
    a, b = (Buffer("", lower, upper, size, gaps=gaps) for lower, upper, size, gaps in (one, two))
    steps = range(max(a.lower, b.lower), min(a.upper, b.upper))
    needs = {(_bits(occupied(a, reach, step)), _bits(occupied(b, 0, step))) for step in steps}
    if touching:
        needs = {(x << 1 | x | x >> 1, y) for x, y in needs}
    return sum(1 << by for by in range(2 * reach + 1) if any(x & y << by for x, y in needs))


def _bits(addresses: set[int]) -> int:
    return sum(1 << address for address in addresses)


def _solvable(domains: list[int], denied: list[list[int]], reach: int) -> bool:
    """Return whether each unknown can have a value of its domain so that no pair is denied; -1 marks the settled."""
    open_ones = [i for i, mask in enumerate(domains) if mask >= 0]
    if not open_ones:
        return True
    at = min(open_ones, key=lambda i: domains[i].bit_count())
    mask = domains[at]
    while mask:
        offset = (mask & -mask).bit_length() - 1
        mask &= mask - 1
        left = list(domains)
        left[at] = -1
        for i in open_ones:
            if i != at:
                shift = offset - reach
                left[i] &= ~(denied[at][i] << shift if shift >= 0 else denied[at][i] >> -shift)
        if all(left[i] for i in open_ones) and _solvable(left, denied, reach):
            return True
    return False


def _most_live(problem: Problem, groups: list[tuple[int, ...]]) -> int:
    """Return the most bytes needed in one step, those of a group counted once."""
    members = [[problem.buffers[i] for i in group] for group in groups]
    needs = (
        sum(len(set().union(*(occupied(b, 0, step) for b in group))) for group in members)
        for step in range(problem.horizon)
    )
    return max(needs, default=0)


def busiest_step(problem: Problem) -> int:
    """Return the most bytes needed in one step, which no packing of buffers that do not share can go below."""
    steps = range(problem.horizon)
    return max((sum(len(occupied(b, 0, step)) for b in problem.buffers) for step in steps), default=0)


def cp_sat_peak(problem: Problem, seconds: float = 30.0) -> int | None:
    """Return the least peak of a medium problem, by CP-SAT; None if two fixed buffers collide.

    The capacity plays no part, and memories, shared and apart pairs are not known here. Each buffer is a chain of
    rectangles that move together: one for every part between its gaps and one for every window.

    Raises:
        TimeoutError: nothing was proved in `seconds`.
    """
    from ortools.sat.python import cp_model

    model = rectangles_model(problem)
    model.model.minimize(model.peak)
    solver = cp_model.CpSolver()
    solver.parameters.max_time_in_seconds = seconds
    solver.parameters.num_workers = 1
    status = solver.solve(model.model)
    if status == cp_model.INFEASIBLE:
        return None
    if status != cp_model.OPTIMAL:
        raise TimeoutError(f"CP-SAT proved nothing in {seconds} s")
    return int(solver.value(model.peak))


class RectanglesModel(NamedTuple):
    """A model for CP-SAT that has no goal yet, its peak, and an offset for each buffer."""

    model: "cp_model.CpModel"
    peak: "cp_model.IntVar"
    offsets: "list[cp_model.LinearExprT]"


def rectangles_model(problem: Problem, limit: int | None = None) -> RectanglesModel:
    """Return the packings of `problem` up to `limit` as the rectangles of cp_sat_peak; without a limit, all of them."""
    from ortools.sat.python import cp_model

    buffers = problem.buffers
    if limit is None:
        limit = sum(b.size + problem.alignment_of(b) + (b.offset or 0) for b in buffers)
    model = cp_model.CpModel()
    peak = model.new_int_var(0, limit, "peak")
    offsets, across, up, demands = [], [], [], []
    for index, buffer in enumerate(buffers):
        step = problem.alignment_of(buffer)
        offset = step * model.new_int_var(0, limit // step, f"offset{index}")
        offsets.append(offset)
        if buffer.offset is not None:
            model.add(offset == buffer.offset)
        if buffer.size:  # an empty buffer has no top
            model.add(offset + buffer.size <= peak)
        for lower, upper, first, last in _rectangles(buffer):
            across.append(model.new_fixed_size_interval_var(lower, upper - lower, ""))
            up.append(model.new_fixed_size_interval_var(offset + first, last - first, ""))
            demands.append(last - first)
    model.add_no_overlap_2d(across, up)
    model.add_cumulative(across, demands, peak)
    return RectanglesModel(model, peak, offsets)


def _rectangles(buffer: Buffer) -> list[tuple[int, int, int, int]]:
    """Return what `buffer` occupies as (lower, upper, first byte, end byte), none of them empty."""
    parts, lower = [], buffer.lower
    for gap in buffer.gaps:
        parts.append((lower, gap.lower, 0, buffer.size))
        parts.append((gap.lower, gap.upper, gap.window_lower, gap.window_upper))
        lower = gap.upper
    parts.append((lower, buffer.upper, 0, buffer.size))
    return [part for part in parts if part[0] < part[1] and part[2] < part[3]]
