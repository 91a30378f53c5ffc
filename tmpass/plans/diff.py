"""The differences between two plans, such as those of a model before and after it was trained again.

old   x 0..64   y 64..96    z 0..16                 y grew        it has more bytes, wherever it is
new   x 0..64   y 64..128   z 16..32   w 32..48     z moved       w appeared: no memory held it before
"""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import fields
from fractions import Fraction

from tmpass.base.record import record
from tmpass.graph.model import TensorKey
from tmpass.plans.between import kept_between
from tmpass.plans.given import check_given
from tmpass.plans.heading import STORAGE_OPTIONS
from tmpass.plans.plan import MemoryUse, Options, Plan
from tmpass.plans.tensor_places import tensor_places

CHANGES = ("grew", "appeared", "parted", "shrank", "vanished", "joined", "moved")
"""The kinds of change of a tensor, those that cost bytes first. One that "parted" shared the storage of another tensor
before; one that "joined" shares it now.
"""


@record
class Location:
    """The bytes `[offset, offset + bytes)` of `memory`; `reason` says why another tensor has them too, if one has."""

    memory: str
    offset: int
    bytes: int
    reason: str = ""


@record
class TensorChange:
    """The change of one tensor, or of scratch, which has no `subgraph` and `index`.

    Fields:
        change: one of CHANGES.
        subgraph, index: in the new plan, or in the old one for a tensor that vanished.
        old, new: None where the plan does not hold it.
    """

    change: str
    name: str
    subgraph: int | None
    index: int | None
    old: Location | None
    new: Location | None

    @property
    def growth(self) -> int:
        """The growth in bytes; negative where the tensor shrank."""
        return (self.new.bytes if self.new else 0) - (self.old.bytes if self.old else 0)


@record
class OptionChange:
    """An option of planning, as in `Options`, that differs in two plans."""

    name: str
    old: object
    new: object


@record
class Figure:
    """A number in both plans: bytes, 0 in a plan that does not use the memory, or picoseconds."""

    old: int
    new: int

    @property
    def growth(self) -> int:
        """The growth in bytes; negative where the new number is lower."""
        return self.new - self.old

    @property
    def percent(self) -> Fraction | None:
        """The growth in percent of the old number; None where that is 0 and the new one is not."""
        if self.old == 0:
            return None if self.new else Fraction(0)
        return Fraction(100 * self.growth, self.old)


@record
class MemoryChange:
    """The figures of one memory.

    Fields:
        constants: what constants take, copies included, also those that lie between the buffers.
        overhead: what the runtime takes.
        needed: all that a run needs; None where one plan has buffers only, since it was written as version 1.
    """

    name: str
    peak: Figure
    bound: Figure
    constants: Figure
    overhead: Figure
    needed: Figure | None

    @property
    def growth(self) -> int:
        """The growth of the peak in bytes; negative where it is lower."""
        return self.peak.growth


@record
class Limit:
    """How much a figure may grow: by `amount` bytes, or with `relative` by `amount` percent of the old one."""

    amount: Fraction
    relative: bool

    def exceeded(self, figure: Figure) -> bool:
        """Whether a figure grew by more than the limit."""
        if not self.relative:
            return figure.growth > self.amount
        return figure.percent is None or bool(figure.percent > self.amount)

    def broken_by(self, change: MemoryChange) -> str:
        """The figure of a memory that grew by more: "peak", else "needed"; empty where neither did."""
        if self.exceeded(change.peak):
            return "peak"
        return "needed" if change.needed is not None and self.exceeded(change.needed) else ""

    def broken_by_transfers(self, found: "Difference") -> bool:
        """Whether the bytes that spills and fetches move grew by more; by percent, from none is always more."""
        return found.transfers is not None and self.exceeded(found.transfers)


@record
class ModelChange:
    """What two different models have in common.

    Fields:
        old, new: how many tensors each model has.
        common: how many tensors of both have the same subgraph and name, and are compared.
    """

    old: int
    new: int
    common: int

    @property
    def alike(self) -> bool:
        """Whether all tensors of both models are compared."""
        return self.common == self.old == self.new


@record
class Difference:
    """The differences between two plans: a row per memory, and one per tensor that changed.

    Fields:
        models: how the models differ; None for two plans of the same file.
        transfers: the bytes that spills and fetches move; None where neither plan has any.
        time: the picoseconds of a run; None where one of the plans has no time, or they count different things.
        options: that differ. Rules for scratch are left out where the targets differ, which have their own.
    """

    memories: tuple[MemoryChange, ...]
    shifts: tuple[TensorChange, ...]
    models: ModelChange | None = None
    transfers: Figure | None = None
    time: Figure | None = None
    options: tuple[OptionChange, ...] = ()


def diff(old: Plan, new: Plan) -> Difference:
    """The changes from `old` to `new`, those that cost the most bytes first.

    Two tensors are the same if their subgraph and name are. Tensors of one name are matched in the order of their
    indices. Indices alone would not do: they change when a model is exported again.

    Raises:
        UsageError: `old` or `new` is not a Plan.
    """
    check_given(old=old, new=new)
    before, after = dict(_locations(old)), dict(_locations(new))
    was_named, now_named = _numbers(old), _numbers(new)
    numbers = {**was_named, **now_named}
    found = []
    for key in dict.fromkeys((*after, *before)):
        was, now = before.get(key), after.get(key)
        if change := _change(was, now):
            subgraph, index = numbers.get(key, (None, None))
            found.append(TensorChange(change, key[1], subgraph, index, was, now))
    found.sort(key=lambda shift: (CHANGES.index(shift.change), -abs(shift.growth)))
    moved = [0 if plan.transfers is None else plan.transfers.moved for plan in (old, new)]
    transfers = Figure(*moved) if any(moved) else None
    models = ModelChange(len(was_named), len(now_named), len(was_named.keys() & now_named.keys()))
    same = old.model.sha256 == new.model.sha256
    memories, options = tuple(_memories(old, new)), tuple(_options(old, new))
    return Difference(memories, tuple(found), None if same else models, transfers, _times(old, new), options)


def _options(old: Plan, new: Plan) -> Iterator[OptionChange]:
    """The options in which the plans differ, in the order of the fields.

    Of a plan that was made of offsets in a file only those count that decide the storage: it has no others, and leaves
    out tensors whatever was asked.
    """
    names = [field.name for field in fields(Options)]
    if old.is_of_file or new.is_of_file:
        names = [name for name in names if name in STORAGE_OPTIONS and name != "allow_unplanned"]
    for name in names:
        was, now = getattr(old.options, name), getattr(new.options, name)
        if was != now and (name != "scratch" or old.target.name == new.target.name):
            yield OptionChange(name, was, now)


def _times(old: Plan, new: Plan) -> Figure | None:
    """The times of both plans, if both count the same."""
    was, now = old.time, new.time
    if was is None or now is None or was.unknown != now.unknown:
        return None
    return Figure(was.total, now.total)


_Key = tuple[int, str, int]
"""Subgraph, name, and how many tensors of that name come before it."""

_NO_SUBGRAPH = -1
"""Stands for the subgraph of scratch, whose name has its operator."""


def _numbers(plan: Plan) -> dict[_Key, TensorKey]:
    """The subgraph and the index of each tensor."""
    tensors = sorted(plan.tensors, key=lambda t: t.key)
    return dict(zip(_keys((t.subgraph, t.name) for t in tensors), (t.key for t in tensors), strict=True))


def _locations(plan: Plan) -> Iterator[tuple[_Key, Location]]:
    """The first location of each tensor that has one, and of scratch."""
    tensors, places = plan.tensors_by_key(), tensor_places(plan)
    for key, number in _numbers(plan).items():
        t = tensors[number]
        if t.buffer is not None:
            offset = places[number][0].offset if number in places else t.offset or 0
            yield key, Location(plan.buffers[t.buffer].memory, offset, t.bytes or 0, t.reason)
    scratch = [(b, plan.schedule[b.step]) for b in plan.buffers if b.step is not None]
    names = ((_NO_SUBGRAPH, f"scratch of {step.kind} {step.name}") for _, step in scratch)
    for key, (b, _) in zip(_keys(names), scratch, strict=True):
        yield key, Location(b.memory, b.offset, b.size)


def _keys(names: Iterable[tuple[int, str]]) -> Iterator[_Key]:
    """A key for each (subgraph, name), in their order."""
    seen: Counter[tuple[int, str]] = Counter()
    for subgraph, name in names:
        yield subgraph, name, seen[subgraph, name]
        seen[subgraph, name] += 1


def _change(was: Location | None, now: Location | None) -> str:
    """One of CHANGES, or "" where nothing changed."""
    if was is None or now is None:
        return "appeared" if was is None else "vanished"
    if was.bytes != now.bytes:
        return "grew" if now.bytes > was.bytes else "shrank"
    if bool(was.reason) != bool(now.reason):
        return "parted" if was.reason else "joined"
    return "" if (was.memory, was.offset) == (now.memory, now.offset) else "moved"


def _memories(old: Plan, new: Plan) -> Iterator[MemoryChange]:
    """A row for each memory of either plan. If each has buffers in one, the two are the same, whatever their names."""
    before = {memory.name: memory for memory in old.memories}
    after = {memory.name: memory for memory in new.memories}
    first, was_first = new.memories[0].name, old.memories[0].name
    if len(old.arenas) == len(new.arenas) == 1 and was_first not in after and first not in before:
        before = {first if name == was_first else name: memory for name, memory in before.items()}
    # A plan of version 1 does not have the bytes of its model's file.
    comparable = (old.model.bytes is None) == (new.model.bytes is None)
    for name in dict.fromkeys((*after, *before)):
        was, now = before.get(name), after.get(name)
        pairs = zip(_figures(old, was), _figures(new, now), strict=True)
        peak, bound, constants, overhead, needed = (Figure(one, other) for one, other in pairs)
        yield MemoryChange(name, peak, bound, constants, overhead, needed if comparable else None)


def _figures(plan: Plan, memory: MemoryUse | None) -> tuple[int, int, int, int, int]:
    """The peak of a memory, its lower bound, the bytes of constants and overhead, and all that is needed."""
    if memory is None:
        return 0, 0, 0, 0, 0
    constants = memory.constants + memory.loaded + kept_between(plan, memory)
    return memory.peak, memory.lower_bound, constants, memory.overhead, memory.needed
