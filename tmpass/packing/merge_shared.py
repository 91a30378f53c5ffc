"""Merging of buffers that must share into one, so that no allocator has to know about sharing.

    steps    0  1  2  3  4
    a        ##########           6 bytes
    b              #######        4 bytes

As one buffer: alive in [0, 5), 6 bytes, with a gap [3, 5) whose window is the lower 4 bytes.
"""

from bisect import bisect_left, insort
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import permutations
from math import lcm
from operator import itemgetter
from typing import NoReturn

from tmpass.base.errors import UsageError
from tmpass.base.record import record
from tmpass.packing.problem import Buffer, Gap, Memory, Problem, in_use


@record
class Merged:
    """A problem without shared pairs that stands for another.

    Fields:
        problem: with one buffer for each class of buffers that share.
        class_of: for each buffer of the original, the index of its class in `problem`.
        exact: whether both problems have the same packings. If not, `problem` has fewer: two classes must be apart as a
            whole where only some of their buffers must.
    """

    problem: Problem
    class_of: Sequence[int]
    exact: bool = True

    def offsets(self, found: tuple[int, ...]) -> tuple[int, ...]:
        """The offsets of the original's buffers, when `found` are those of `problem`."""
        if not found or isinstance(self.class_of, range):  # each buffer is a class of its own
            return found
        return tuple(found[at] for at in self.class_of)


def merge_shared(problem: Problem) -> Merged:
    """`problem` with one buffer for each class of buffers that share; `problem` itself where none share.

    Raises:
        UsageError: buffers of a class have different fixed offsets, no memory for all of them, windows with a hole
            between them at one step, or must be apart; or one without bytes may be at the end of its memory.
    """
    if not problem.shared:
        return Merged(problem, range(len(problem.buffers)))
    classes = _classes(len(problem.buffers), problem.shared)
    class_of = [0] * len(problem.buffers)
    for number, members in enumerate(classes):
        for member in members:
            class_of[member] = number
    buffers = tuple(_merge([problem.buffers[member] for member in members], problem.memories) for members in classes)
    apart: dict[tuple[int, int], list[tuple[Buffer, Buffer]]] = {}
    for pair in problem.apart:
        one, two = sorted(pair, key=lambda member: class_of[member])
        met = (problem.buffers[one], problem.buffers[two])
        if class_of[one] != class_of[two]:
            apart.setdefault((class_of[one], class_of[two]), []).append(met)
        elif _touch(*met):
            raise UsageError(f"{met[0].id} and {met[1].id} must share and must be apart", hint="drop one of the pairs")
    exact = all(_is_exact(buffers[one], buffers[two], met) for (one, two), met in apart.items())
    return Merged(replace(problem, buffers=buffers, shared=(), apart=tuple(sorted(apart))), tuple(class_of), exact)


def _is_exact(one: Buffer, two: Buffer, apart: list[tuple[Buffer, Buffer]]) -> bool:
    """Whether two classes must be apart as a whole at each step at which both need bytes.

    They must if a pair of `apart`, one buffer of each, needs all bytes that the classes need.
    """
    for step in _changes(one, two, *(b for pair in apart for b in pair)):
        need = _need(one, step), _need(two, step)
        if None not in need and need not in ((_need(a, step), _need(b, step)) for a, b in apart):
            return False
    return True


def _touch(a: Buffer, b: Buffer) -> bool:
    """Whether two buffers at one offset need overlapping or touching bytes at some step."""
    for step in _changes(a, b):
        one, two = _need(a, step), _need(b, step)
        if one is not None and two is not None and one[0] <= two[1] and two[0] <= one[1]:
            return True
    return False


def _changes(*buffers: Buffer) -> list[int]:
    """The steps at which the needs of one of `buffers` may change, rising."""
    return sorted({time for b in buffers for lower, upper, *_ in in_use(b) for time in (lower, upper)})


def _need(buffer: Buffer, step: int) -> tuple[int, int] | None:
    """The bytes [low, high), from its offset, that `buffer` needs at `step`; None where it needs none."""
    windows = (piece[2:] for piece in in_use(buffer) if piece[0] <= step < piece[1] and piece[2] < piece[3])
    return next(windows, None)


def _classes(count: int, pairs: tuple[tuple[int, int], ...]) -> list[list[int]]:
    """The classes of 0 .. count - 1 that `pairs` connect, each with its members rising."""
    above = list(range(count))

    def root(member: int) -> int:
        while above[member] != member:
            above[member] = above[above[member]]
            member = above[member]
        return member

    for first, second in pairs:
        low, high = sorted((root(first), root(second)))
        above[high] = low
    classes: dict[int, list[int]] = {}
    for member in range(count):
        classes.setdefault(root(member), []).append(member)
    return list(classes.values())


def _merge(members: list[Buffer], memories: tuple[Memory, ...]) -> Buffer:
    first = members[0]
    if len(members) == 1:
        return first
    fixed = {b.offset for b in members if b.offset is not None}
    if len(fixed) > 1:
        _refuse(members, f"are fixed at {min(fixed)} and {max(fixed)}", "fix one of them, or all at one offset")
    allowed = [set(b.memories) for b in members if b.memories]
    common = tuple(name for b in members for name in b.memories if all(name in names for names in allowed))
    if allowed:
        _refuse_ends(members, fixed, memories)
    if allowed and not common:
        _refuse(members, "no memory may hold all of them", "name one memory for all of them")
    size = max(b.size for b in members)
    return replace(
        first,
        lower=min(b.lower for b in members),
        upper=max(b.upper for b in members),
        size=size,
        alignment=lcm(*(b.alignment for b in members)),
        offset=min(fixed, default=None),
        hint=next((b.hint for b in members if b.hint is not None), None),
        gaps=tuple(_gaps(members, size)),
        memories=tuple(dict.fromkeys(common)),
    )


def _refuse_ends(members: list[Buffer], fixed: set[int], memories: tuple[Memory, ...]) -> None:
    """Raise where a member without bytes may be at the end of its memory and the others in the memory behind it.

    One buffer cannot stand for that: it would be in both memories.
    """
    for before, behind in permutations(memories, 2):
        if before.size is None or before.offset + before.size != behind.offset or not fixed <= {behind.offset}:
            continue
        there = [b for b in members if b.memories and behind.name not in b.memories]
        if there and all(b.size == 0 and before.name in b.memories for b in there):
            _refuse(
                members,
                f"{there[0].id}, without bytes, may be at the end of {before.name}, where {behind.name} begins",
                f"let {there[0].id} be in {behind.name}, too",
            )


def _gaps(members: list[Buffer], size: int) -> Iterator[Gap]:
    """The fewest gaps for the steps at which `members` together need less than `size` bytes."""
    last: Gap | None = None
    for lower, upper, windows in _windows(members):
        window = _hull(windows)
        if window is None:
            _refuse(members, f"have windows with a hole between them at step {lower}", "make their windows meet")
        if last is not None and last.upper == lower and (last.window_lower, last.window_upper) == window:
            last = replace(last, upper=upper)
            continue
        if last is not None:
            yield last
        last = None if window == (0, size) else Gap(lower, upper, *window)
    if last is not None:
        yield last


def _hull(windows: list[tuple[int, int]]) -> tuple[int, int] | None:
    """The bytes that the sorted `windows` cover; None where there is a hole between them."""
    if not windows:
        return 0, 0
    begin, end = windows[0][0], windows[-1][1]
    if windows[-1][0] > begin:  # otherwise they begin together, and the last one is the largest
        end = windows[0][1]
        for low, high in windows:
            if low > end:
                return None
            end = max(end, high)
    return begin, end


def _windows(members: list[Buffer]) -> Iterator[tuple[int, int, list[tuple[int, int]]]]:
    """Spans of steps in which the needs of `members` do not change: begin, end and the distinct windows, sorted."""
    changes: list[tuple[int, int, int, int]] = []
    for b in members:
        for lower, upper, low, high in in_use(b):
            count = 1 if low < high else 0
            changes += ((lower, count, low, high), (upper, -count, low, high))
    changes.sort(key=itemgetter(0))
    counts: dict[tuple[int, int], int] = {}
    windows: list[tuple[int, int]] = []
    time = changes[0][0]
    for step, count, low, high in changes:
        if step > time:
            yield time, step, windows
            time = step
        if not count:
            continue
        window = low, high
        before = counts.get(window, 0)
        counts[window] = after = before + count
        if before == 0 < after:
            insort(windows, window)
        elif after == 0 < before:
            del windows[bisect_left(windows, window)], counts[window]


def _refuse(members: list[Buffer], fault: str, law: str) -> NoReturn:
    names = ", ".join(b.id for b in members[:4]) + (" ..." if len(members) > 4 else "")
    raise UsageError(f"buffers {names} must share, but {fault}", hint=law)
