"""What changed between two plans, such as those of a model before and after it was trained again.

old   x 0..64   y 64..96    z 0..16        y grew        its bytes, wherever it is
new   x 0..64   y 64..128   z 16..32       z moved       w appeared: the arena did not hold it before
"""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from fractions import Fraction

from tmpass.plans.plan import Plan

CHANGES = ("grew", "appeared", "parted", "shrank", "vanished", "joined", "moved")
"""What can become of a tensor, what costs bytes first: one that parted had its storage from another before, and one
that joined has it now."""


@dataclass(frozen=True, slots=True)
class Place:
    """`bytes` bytes of `memory` from `offset` on; `reason` says why these are another tensor's, if they are."""

    memory: str
    offset: int
    bytes: int
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Shift:
    """A tensor that is not as it was, or, without a number, scratch; `change` is one of CHANGES.

    `subgraph` and `index` are those of the new plan, or of the old one where it is not there any more.
    """

    change: str
    name: str
    subgraph: int | None
    index: int | None
    old: Place | None
    new: Place | None

    @property
    def growth(self) -> int:
        """The bytes that it takes more; negative where it takes fewer."""
        return (self.new.bytes if self.new else 0) - (self.old.bytes if self.old else 0)


@dataclass(frozen=True, slots=True)
class MemoryChange:
    """The peak and the lower bound of a memory; 0 in a plan that does not use it."""

    name: str
    old_peak: int
    new_peak: int
    old_bound: int
    new_bound: int

    @property
    def growth(self) -> int:
        """The bytes that the peak is higher; negative where it is lower."""
        return self.new_peak - self.old_peak

    @property
    def percent(self) -> Fraction | None:
        """The growth in hundredths of the old peak; None where that is 0 and the new one is not."""
        if self.old_peak == 0:
            return None if self.new_peak else Fraction(0)
        return Fraction(100 * self.growth, self.old_peak)


@dataclass(frozen=True, slots=True)
class Limit:
    """How much a peak may grow: by `amount` bytes, or hundredths of the old peak where it is `relative`."""

    amount: Fraction
    relative: bool

    def exceeded(self, change: MemoryChange) -> bool:
        """Whether the peak of a memory grew by more."""
        if not self.relative:
            return change.growth > self.amount
        return change.percent is None or bool(change.percent > self.amount)


@dataclass(frozen=True, slots=True)
class Difference:
    """All that changed: a row for each memory, and for each tensor that is not where and what it was."""

    memories: tuple[MemoryChange, ...]
    shifts: tuple[Shift, ...]


def diff(old: Plan, new: Plan) -> Difference:
    """What changed from `old` to `new`, what costs the most bytes first.

    Tensors are the same where subgraph and name are, in the order of their numbers where several have one name: to
    export a model again gives its tensors new numbers.
    """
    before, after = dict(_places(old)), dict(_places(new))
    numbers = {**_numbers(old), **_numbers(new)}
    found = []
    for key in dict.fromkeys((*after, *before)):
        was, now = before.get(key), after.get(key)
        if change := _change(was, now):
            subgraph, index = numbers.get(key, (None, None))
            found.append(Shift(change, key[1], subgraph, index, was, now))
    found.sort(key=lambda shift: (CHANGES.index(shift.change), -abs(shift.growth)))
    return Difference(tuple(_memories(old, new)), tuple(found))


_Key = tuple[int, str, int]
"""Subgraph, name, and how many of that name were before it."""

_NO_SUBGRAPH = -1
"""Where scratch is, which is told apart by its operator."""


def _numbers(plan: Plan) -> dict[_Key, tuple[int, int]]:
    """The subgraph and the index of each tensor."""
    tensors = sorted(plan.tensors, key=lambda t: (t.subgraph, t.index))
    return dict(
        zip(_keys((t.subgraph, t.name) for t in tensors), ((t.subgraph, t.index) for t in tensors), strict=True)
    )


def _places(plan: Plan) -> Iterator[tuple[_Key, Place]]:
    """The place of each tensor that has one, and of scratch."""
    tensors = {(t.subgraph, t.index): t for t in plan.tensors}
    for key, number in _numbers(plan).items():
        t = tensors[number]
        if t.buffer is not None:
            yield key, Place(plan.buffers[t.buffer].memory, t.offset or 0, t.bytes or 0, t.reason)
    scratch = [(b, plan.schedule[b.step]) for b in plan.buffers if b.step is not None]
    names = ((_NO_SUBGRAPH, f"scratch of {step.kind} {step.name}") for _, step in scratch)
    for key, (b, _) in zip(_keys(names), scratch, strict=True):
        yield key, Place(b.memory, b.offset, b.size)


def _keys(names: Iterable[tuple[int, str]]) -> Iterator[_Key]:
    seen: Counter[tuple[int, str]] = Counter()
    for subgraph, name in names:
        yield subgraph, name, seen[subgraph, name]
        seen[subgraph, name] += 1


def _change(was: Place | None, now: Place | None) -> str:
    if was is None or now is None:
        return "appeared" if was is None else "vanished"
    if was.bytes != now.bytes:
        return "grew" if now.bytes > was.bytes else "shrank"
    if bool(was.reason) != bool(now.reason):
        return "parted" if was.reason else "joined"
    return "" if (was.memory, was.offset) == (now.memory, now.offset) else "moved"


def _memories(old: Plan, new: Plan) -> Iterator[MemoryChange]:
    """A row for each memory of either; the only ones of both are the same by whatever name a target calls it."""
    before = {memory.name: memory for memory in old.memories}
    after = {memory.name: memory for memory in new.memories}
    if len(before) == len(after) == 1:
        before = {new.memories[0].name: old.memories[0]}
    for name in dict.fromkeys((*after, *before)):
        was, now = before.get(name), after.get(name)
        yield MemoryChange(
            name,
            was.peak if was else 0,
            now.peak if now else 0,
            was.lower_bound if was else 0,
            now.lower_bound if now else 0,
        )
