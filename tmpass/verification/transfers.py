"""Buffers that leave the scratchpad and come back: what operators read is there, with its current bytes.

    step          0     1     2     3     4     5
    scratchpad    [=====|====]            [=====|====     two residences; the second begins with a fetch
    behind                    [===========|===]           begins with a spill, before the operator of step 2

Copies are made before the operator of their step, all spills before all fetches.
"""

from collections.abc import Iterator, Mapping, Sequence

from tmpass.base.choices import Transfers
from tmpass.base.errors import brief
from tmpass.base.record import record
from tmpass.base.violation import Violation
from tmpass.graph.model import ABSENT, Graph, TensorKey
from tmpass.plans.plan import Plan, PlannedBuffer, PlannedTensor
from tmpass.targets import RUNTIMES, Sharing
from tmpass.verification.contents import Contents
from tmpass.verification.names import rows_by_key, tensor_name
from tmpass.verification.reads import operator_ends
from tmpass.verification.replay import Needed
from tmpass.verification.state import exposed
from tmpass.verification.tied import tied_ends


@record
class _Journey:
    """The rows of a buffer that travels: its residences and its copies behind, each in the order of time."""

    inside: tuple[PlannedBuffer, ...]
    stored: tuple[PlannedBuffer, ...]

    def there(self, step: int) -> PlannedBuffer | None:
        """The residence at a step."""
        return next((row for row in self.inside if row.lower <= step < row.upper), None)

    def source(self, step: int) -> PlannedBuffer | None:
        """The copy behind from which a fetch at a step reads."""
        return next((row for row in self.stored if row.lower <= step < row.upper), None)


def check_transfer_rows(plan: Plan) -> list[Violation]:
    """Violations by rows of buffers that cannot be further residences of their `first`, and by wrong figures.

    The other checks rely on these.
    """
    known = plan.transfers
    later = [row for row in plan.buffers if row.first is not None]
    if known is None:
        ranges = [row for row in plan.tensors if row.live_range is not None]
        return [
            *(_wrong(row, "is a further residence, but the plan has no transfers") for row in later),
            *(_wrong_range(row, "but the plan has no transfers") for row in ranges),
        ]
    names = [memory.name for memory in plan.memories]
    runtime = RUNTIMES[plan.target.runtime]
    if known.memory not in names[1:] or plan.options.transfers == Transfers.NEVER or not runtime.copies_buffers:
        asked = f"with transfers {plan.options.transfers!r} and runtime {plan.target.runtime!r}"
        message = f"buffers leave {names[0]} for {brief(known.memory)}, {asked} and the memories {names}"
        return [Violation("transfer", message)]
    found = [_wrong(row, fault) for row in later if (fault := _fault(plan, row, known.memory))]
    if found:
        return found
    spilled = sum(row.size for row in later if row.memory == known.memory)
    fetched = sum(row.size for row in later if row.memory != known.memory)
    if (known.spilled, known.fetched) != (spilled, fetched):
        message = f"the plan claims {known.spilled} bytes spilled and {known.fetched} fetched, but its rows move"
        found.append(Violation("transfer", f"{message} {spilled} and {fetched}"))
    if known.lower_bound > spilled + fetched:
        message = f"the plan claims that {known.lower_bound} bytes must be moved, but it moves {spilled + fetched}"
        found.append(Violation("transfer", message))
    if known.any_order > known.lower_bound:
        message = f"the plan claims that every order moves {known.any_order} bytes, but this one {known.lower_bound}"
        found.append(Violation("transfer", message))
    return found


def _fault(plan: Plan, row: PlannedBuffer, behind: str) -> str:
    """Why a row cannot be a further residence of its buffer; empty if it can."""
    number = -1 if row.first is None else row.first
    first = plan.buffers[number] if 0 <= number < len(plan.buffers) else None
    inside = plan.memories[0].name
    if first is None or first.first is not None or first.step is not None or first.memory != inside:
        return f"is a further residence of row {row.first}, which is not the first residence of a buffer in {inside}"
    if (row.size, row.tensors, row.step) != (first.size, first.tensors, None):
        return f"has other bytes or tensors than its first residence, row {row.first}"
    if row.memory not in (inside, behind) or not 0 <= row.lower < row.upper or (row.memory == behind and row.gaps):
        return f"is in {brief(row.memory)} in the steps [{row.lower}, {row.upper}), where it cannot be"
    return ""


def _wrong(row: PlannedBuffer, what: str) -> Violation:
    return Violation("transfer", f"buffer {row.id} {what}", step=row.lower)


def _wrong_range(row: PlannedTensor, why: str) -> Violation:
    """The violation by a live range that a tensor should not have, or by one that it should have."""
    name, has = tensor_name(row), "no live range" if row.live_range is None else f"the live range {row.live_range}"
    return Violation("transfer", f"{name} has {has}, {why}", name)


def _live_ranges(plan: Plan, needed: Needed, journeys: Mapping[int, _Journey]) -> Iterator[Violation]:
    """Violations by live ranges that are not those of the tensors that travel."""
    for row in plan.tensors:
        if row.buffer not in journeys:
            if row.live_range is not None:
                yield _wrong_range(row, "but its buffer does not leave the scratchpad")
        elif row.live_range != (wanted := (needed[row.key][0], needed[row.key][1] + 1)):
            yield _wrong_range(row, f"but is needed in the steps [{wanted[0]}, {wanted[1]})")


def check_transfers(plan: Plan, graph: Graph, needed: Needed, allowed: Sharing) -> list[Violation]:
    """Violations by an operator that does not find a tensor, or not its current bytes, in the scratchpad.

    Args:
        plan: its rows passed `check_transfer_rows`, and its schedule is a run of `graph`.
        graph: of the model.
        needed: the steps at which each tensor must keep its bytes.
        allowed: the sharing that target and options allow.
    """
    if plan.transfers is None:
        return []
    journeys = _journeys(plan, plan.transfers.memory)
    found = [*_fixed_tensors(plan, graph, journeys), *_copies_in_bodies(plan, graph, journeys)]
    found += _live_ranges(plan, needed, journeys)
    for journey in journeys.values():
        found += _order_of(journey)
    if found:
        return found
    found += _absent(plan, graph, journeys)
    births = _Births(plan, graph, needed, allowed)
    for journey in journeys.values():
        found += _stale(plan, journey, needed, births)
    return found


def _journeys(plan: Plan, behind: str) -> dict[int, _Journey]:
    """The buffers with several rows, by the ids of their first ones."""
    rows: dict[int, list[PlannedBuffer]] = {}
    for row in plan.buffers:
        if row.first is not None:
            rows.setdefault(row.first, [plan.buffers[row.first]]).append(row)
    journeys = {}
    for first, own in rows.items():
        ordered = sorted(own, key=lambda row: (row.lower, row.upper))
        inside, stored = ([r for r in ordered if (r.memory == behind) is away] for away in (False, True))
        journeys[first] = _Journey(tuple(inside), tuple(stored))
    return journeys


def _fixed_tensors(plan: Plan, graph: Graph, journeys: Mapping[int, _Journey]) -> Iterator[Violation]:
    """Violations by tensors that travel though a body uses them, or they may change after they are written."""
    called, contents = graph.called, Contents(graph, Sharing(views=()))
    names = plan.fact(rows_by_key)
    ends = _ends_at_one_place(plan, graph)
    for first in journeys:
        for key in plan.buffers[first].tensors:
            if key in ends:
                name = tensor_name(names[key])
                yield Violation("transfer", f"{name} leaves the scratchpad, but is {ends[key]}", name)
            if key[0] in called or not contents.steady(key) or contents.owner(key)[0] != key[0]:
                name = tensor_name(names[key])
                message = f"{name} leaves the scratchpad, but it is a variable, in a body, or written more than once"
                yield Violation("transfer", message, name)


def _ends_at_one_place(plan: Plan, graph: Graph) -> dict[TensorKey, str]:
    """Inputs and outputs that the caller finds at one address before and after the run, each with the reason."""
    found: dict[TensorKey, str] = {}
    for one, two in tied_ends(plan, graph, plan.fact(rows_by_key))[0]:
        found |= {one: "tied to an input", two: "an input that an output is tied to"}
    for entry in graph.entries if plan.options.keep_inputs else ():
        found |= {(entry.subgraph, t): "an input that is kept" for t in graph.subgraphs[entry.subgraph].inputs}
    return found


def _copies_in_bodies(plan: Plan, graph: Graph, journeys: Mapping[int, _Journey]) -> Iterator[Violation]:
    """Violations by copies before a step of a body, which may run several times or not at all."""
    inside = set[int]()
    for step, end in enumerate(operator_ends(plan, graph)):
        inside.update(range(step + 1, end))
    for journey in journeys.values():
        for row in (*journey.inside[1:], *journey.stored):
            if row.lower in inside:
                yield _wrong(row, f"is copied before step {row.lower}, while an operator runs its bodies")


def _order_of(journey: _Journey) -> Iterator[Violation]:
    """Violations by residences at one time, a fetch without a copy behind, or a spill of what is not there."""
    first, *later = journey.inside
    if first.first is not None:
        yield _wrong(first, f"begins before row {first.first}, the first residence")
        return
    for before, row in zip(journey.inside, later, strict=False):
        if row.lower < before.upper:
            yield _wrong(row, f"is in the scratchpad twice at step {row.lower}")
        if journey.source(row.lower) is None:
            yield _wrong(row, f"is fetched before step {row.lower}, but no spill has put it into the memory behind")
    for row in journey.stored:
        if journey.there(row.lower - 1) is None:
            yield _wrong(row, f"is spilled before step {row.lower}, but is not in the scratchpad")
        elif journey.there(row.lower) is not None:
            yield _wrong(row, f"is spilled before step {row.lower}, but stays in the scratchpad then")


def _absent(plan: Plan, graph: Graph, journeys: Mapping[int, _Journey]) -> Iterator[Violation]:
    """Violations by tensors that an operator or the caller touches while they are away."""
    rows = plan.fact(rows_by_key)
    for key, (first, last), who in _touches(plan, graph):
        journey = journeys.get(rows[key].buffer if rows[key].buffer is not None else -1)  # type: ignore[arg-type]
        if journey is None:
            continue
        row = journey.there(first)
        if row is None or row.upper <= last:
            name = tensor_name(rows[key])
            step = first if row is None else row.upper
            message = f"{name} is not in the scratchpad at step {step}, where {who} needs it"
            yield Violation("transfer", message, name, step=step)


def _touches(plan: Plan, graph: Graph) -> Iterator[tuple[TensorKey, tuple[int, int], str]]:
    """Each tensor that an operator or the caller reads or writes, with the first and last step, and by whom."""
    ends = operator_ends(plan, graph)
    spans: dict[int, tuple[int, int]] = {}
    for row, end in zip(plan.schedule, ends, strict=True):
        op = graph.subgraphs[row.subgraph].ops[row.op]
        for t in {*op.inputs, *op.outputs, *op.temporaries} - {ABSENT}:
            yield (row.subgraph, t), (row.step, end - 1), "its operator"
        low, high = spans.get(row.subgraph, (row.step, row.step))
        spans[row.subgraph] = min(low, row.step), max(high, end - 1)
    for entry in graph.entries:
        if entry.subgraph in graph.called or entry.subgraph not in spans:
            continue
        (first, last), subgraph = spans[entry.subgraph], graph.subgraphs[entry.subgraph]
        for t in subgraph.inputs:
            yield (entry.subgraph, t), (first, first), "the caller"
            if plan.options.keep_inputs:
                yield (entry.subgraph, t), (last, last), "the caller"
        for t in subgraph.outputs:
            yield (entry.subgraph, t), (last, last), "the caller"


def _stale(plan: Plan, journey: _Journey, needed: Needed, births: "_Births") -> Iterator[Violation]:
    """Violations by fetches of a copy that was made before a tensor that is still needed had its bytes."""
    rows = plan.fact(rows_by_key)
    for row in journey.inside[1:]:
        source = journey.source(row.lower)
        assert source is not None  # as _order_of has seen
        for key in row.tensors:
            if needed[key][0] < row.lower <= needed[key][1] and births.of(key, row.lower) >= source.lower:
                name = tensor_name(rows[key])
                message = f"{name} is fetched before step {row.lower} from the copy of step {source.lower}, which is"
                yield Violation("transfer", f"{message} older than its bytes", name, step=row.lower)


class _Births:
    """The steps in which the bytes of tensors came into their buffers.

    An operator that only passes bytes on, in place, writes nothing: then the step is that of what it reads.
    """

    def __init__(self, plan: Plan, graph: Graph, needed: Needed, allowed: Sharing) -> None:
        self._plan, self._needed, self._rows = plan, needed, plan.fact(rows_by_key)
        self._contents, self._exposed = Contents(graph, allowed), exposed(graph)
        self._touched: dict[TensorKey, list[int]] = {}
        self._found: dict[TensorKey, int] = {}
        for key, (_, last), _ in _touches(plan, graph) if self._exposed else ():
            self._touched.setdefault(key, []).append(last)

    def of(self, key: TensorKey, before: int) -> int:
        """The last step before `before` in which bytes of `key` may have come into its buffer."""
        if key in self._exposed:  # a custom operator may write what it reads
            return max(step for step in self._touched[key] if step < before)
        if key not in self._found:
            self._found[key] = self._birth(key)
        return self._found[key]

    def _birth(self, key: TensorKey) -> int:
        """The step in which the bytes of `key` came in, by following the tensors that hold them before."""
        spans, latest = [(key, *self._span(key))], -1
        while spans:
            one, low, high = spans.pop()
            first, own = self._needed[one][0], [(low, high)]
            for other in self._before(one, first):
                start, end = self._span(other)
                inside = [(max(a, start), min(b, end)) for a, b in own if a < end and start < b]
                if inside and all(self._same(one, other, a, b - a) for a, b in inside):
                    spans += [(other, a, b) for a, b in inside]
                    own = [(c, d) for a, b in own for c, d in ((a, min(b, start)), (max(a, end), b)) if c < d]
            if any(a < b for a, b in own):
                latest = max(latest, first)
        return latest

    def _span(self, key: TensorKey) -> tuple[int, int]:
        low = self._rows[key].offset or 0
        return low, low + (self._rows[key].bytes or 0)

    def _before(self, key: TensorKey, first: int) -> Sequence[TensorKey]:
        """The other tensors of the buffer that were there before step `first`, and are still there then."""
        buffer = self._plan.buffers[self._rows[key].buffer or 0]
        return [k for k in buffer.tensors if self._needed[k][0] < first <= self._needed[k][1]]

    def _same(self, one: TensorKey, other: TensorKey, low: int, size: int) -> bool:
        """Whether two tensors hold the same `size` bytes from byte `low` of the memory on."""
        starts = [low - (self._rows[key].offset or 0) for key in (one, other)]
        return self._contents.same(one, starts[0], other, starts[1], size)
