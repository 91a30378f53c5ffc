"""What one operator needs of the first memory while it runs, whatever the order: computed again from the graph."""

from collections import defaultdict
from collections.abc import Container, Iterable, Sequence
from typing import NamedTuple

from tmpass.base.choices import ConstantUse
from tmpass.base.violation import Violation
from tmpass.graph.model import ABSENT, Graph, Op, TensorKey, TensorKind
from tmpass.plans.plan import Plan
from tmpass.targets import EVERY, RUNTIMES, Sharing
from tmpass.verification.contents import Contents
from tmpass.verification.figures import is_missing
from tmpass.verification.orders import may_save, passing, saving_operators
from tmpass.verification.reads import constants_read
from tmpass.verification.stored import Stored


class OperatorNeed(NamedTuple):
    """The bytes of the first memory that the largest operator needs.

    Fields:
        least: with the sharing that is allowed; proved.
        most: if its tensors share nothing, and each has its padding behind it.
    """

    least: int
    most: int


def check_operator_bound(plan: Plan, graph: Graph, sharing: Sharing | None = None) -> list[Violation]:
    """The violation by a claim of what one operator needs that the model does not support, or with which it fits.

    A claim is too high if no operator needs as much though its tensors share nothing, or if the plan itself needs less.
    It is too low if there is room for it.

    Args:
        plan: its schedule, tensors, buffers and constants are those of `graph`.
        graph: of the model.
        sharing: what the target allows; None where that is not known.
    """
    first, claim = plan.memories[0], plan.order.operator_bound
    if claim is None:
        return []
    said = f"the plan claims that one operator alone needs {claim} bytes"
    if plan.fits or plan.transfers is not None or first.constants or not is_missing(first, claim, 0):
        return [Violation("order", f"{said}, which does not rule it out")]
    most = min(find_operator_need(plan, graph, sharing).most, first.peak + first.loaded)
    return [Violation("order", f"{said}, but none needs more than {most}")] if claim > most else []


def operator_bound_is_proved(plan: Plan, graph: Graph, sharing: Sharing | None = None) -> bool:
    """Whether some operator needs what `plan`, which has no violations, claims that one needs."""
    claim = plan.order.operator_bound
    return claim is not None and claim <= find_operator_need(plan, graph, sharing).least


def find_operator_need(
    plan: Plan,
    graph: Graph,
    sharing: Sharing | None = None,
    inside: Container[TensorKey] | None = None,
    beside: list[list[int]] | None = None,
    alignment: int | None = None,
) -> OperatorNeed:
    """What the operators of `graph` need of the first memory, each on its own.

    Counted are the tensors of an operator in that memory, its scratch, and a piece of each constant that it reads
    where constants are copied there. Each begins at a multiple of the alignment.

    Args:
        plan: its schedule, tensors, buffers and constants are those of `graph`.
        graph: of the model.
        sharing: what the target allows; if None, any operator may share, and kernels work in place as the plan says.
        inside: the tensors that count; None for those in that memory.
        beside: of each step, the bytes of each thing besides tensors that counts; None for all in that memory.
        alignment: of which everything begins at a multiple; None for that of the memory.
    """
    allowed = sharing or Sharing((EVERY,), (EVERY, *plan.target.in_place), (EVERY,))
    tensors = _Tensors(plan, graph, allowed, inside)
    if beside is None:
        first = plan.memories[0].name
        beside = [[size for size, _ in sizes] for sizes in sizes_beside(plan, graph, first)]
    alignment, least, most = alignment or plan.memories[0].alignment, 0, 0
    for row in plan.schedule:
        op, sizes = graph.subgraphs[row.subgraph].ops[row.op], beside[row.step]
        keys = tensors.of(row.subgraph, op)
        own = [graph.tensor(key).bytes or 0 for key in keys]
        shared = tensors.together(row.subgraph, op, keys)
        least = max(least, with_padding([shared, *sizes], alignment, [*sizes, *own]))
        apart = [*map(tensors.apart, keys), *sizes]
        most = max(most, sum(size + -size % alignment for size in apart))
    return OperatorNeed(least, most)


def with_padding(sizes: Sequence[int], alignment: int, topmost: Iterable[int]) -> int:
    """The bytes of things of these `sizes` at least, where all begin at multiples of `alignment`.

    Nothing has to follow the topmost, which is one of the sizes `topmost`.
    """
    padding = max((-size % alignment for size in topmost), default=0)
    return max(sum(sizes), sum(size + -size % alignment for size in sizes) - padding)


def sizes_beside(plan: Plan, graph: Graph, memory: str | None = None) -> list[list[tuple[int, bool]]]:
    """Of each step, the bytes of what its operator needs besides tensors; and whether that is scratch.

    That is each scratch, and a piece of each constant that is copied to the first memory.

    Args:
        plan: its schedule, buffers and constants are those of `graph`.
        graph: of the model.
        memory: the one whose scratch counts; None for all.
    """
    first, found = plan.memories[0].name, [list[tuple[int, bool]]() for _ in plan.schedule]
    for buffer in plan.buffers:
        if buffer.step is not None and memory in (None, buffer.memory):
            found[buffer.step].append((buffer.size, True))
    if any(row.use != ConstantUse.STORED and row.memory == first for row in plan.constants):
        stored, chunks = Stored(graph), {memory.name: memory.chunk for memory in plan.memories}
        homes = {row.tensors[0]: row.memory for row in plan.constants if row.use == ConstantUse.STORED}
        for sizes, read in zip(found, constants_read(plan, graph, stored), strict=True):
            for constant in read:
                size, chunk = stored.sizes[constant], chunks[homes[constant]]
                sizes.append((size if chunk is None else min(size, chunk), False))
    return found


class _Tensors:
    """The tensors in a memory of `plan`, and the bytes that they have in common where `sharing` is allowed."""

    def __init__(self, plan: Plan, graph: Graph, sharing: Sharing, inside: Container[TensorKey] | None = None) -> None:
        options, first = plan.options, plan.memories[0]
        self._graph, self._runtime = graph, RUNTIMES[plan.target.runtime]
        homes = {buffer.id for buffer in plan.buffers if buffer.memory == first.name}
        self._inside = {row.key for row in plan.tensors if row.buffer in homes} if inside is None else inside
        self._contents = Contents(graph, passing(options.share, sharing))
        self._tied, self._listed = bool(options.tie), saving_operators(options, sharing)
        self._whole = first.alignment % self._runtime.rounding == 0
        ends = set[TensorKey]()
        if not options.share_io and not options.tie:
            subgraphs = {entry.subgraph for entry in graph.entries} - graph.called
            ends = {(s, t) for s in subgraphs for t in (*graph.subgraphs[s].inputs, *graph.subgraphs[s].outputs)}
        self._ends = ends
        inputs = [(e.subgraph, t) for e in graph.entries for t in graph.subgraphs[e.subgraph].inputs]
        self._kept = set(inputs) if options.keep_inputs else set()

    def of(self, s: int, op: Op) -> list[TensorKey]:
        """The tensors that an operator of subgraph `s` has in the memory."""
        used = dict.fromkeys((*op.inputs, *op.outputs, *op.temporaries))
        return [(s, t) for t in used if t != ABSENT and (s, t) in self._inside]

    def apart(self, key: TensorKey) -> int:
        """The bytes of a tensor that shares nothing, or that shares from any byte on."""
        size = self._graph.tensor(key).bytes or 0
        alone = self._origins(key) == [(key, 0, size)]
        return self._runtime.round_up(size) + (0 if alone else self._runtime.rounding - 1)

    def together(self, s: int, op: Op, keys: list[TensorKey]) -> int:
        """The bytes that `keys`, the tensors of `op`, take with all sharing."""
        kept, tensors, outputs = self._ends | self._kept, self._graph.subgraphs[s].tensors, op.outputs
        alone = frozenset(t for t in outputs if t != ABSENT and self._contents.owner((s, t)) in self._ends)
        most = may_save(op, self._listed, alone, tied=self._tied)
        ending = [
            (s, t)
            for t in (dict.fromkeys(op.inputs) if most else ())
            if (s, t) in keys
            and self._contents.owner((s, t)) not in kept
            and t not in self._graph.subgraphs[s].outputs
            and tensors[t].kind is not TensorKind.VARIABLE
        ]
        ways = [[key] for key in ending] if most == 1 else [ending]
        all_ = self._bytes(keys)
        return all_ - max((all_ - self._bytes([key for key in keys if key not in way]) for way in ways), default=0)

    def _bytes(self, keys: Iterable[TensorKey]) -> int:
        """The different bytes of `keys`. Bytes that are the same by content count once."""
        spans: dict[TensorKey, list[tuple[int, int, int]]] = defaultdict(list)
        largest = 0
        for key in keys:
            origins = self._origins(key)
            largest = max(largest, self._graph.tensor(key).bytes or 0)
            for source, start, count in origins:
                spans[source].append((start, start + count, len(origins)))
        total = 0
        for found in spans.values():
            if len(found) == 1:
                low, high, pieces = found[0]
                total += self._runtime.round_up(high - low) if pieces == 1 and self._whole else high - low
                continue
            end = 0
            for low, high, _ in sorted(found):
                total += max(0, high - max(low, end))
                end = max(end, high)
        return max(total, largest)

    def _origins(self, key: TensorKey) -> list[tuple[TensorKey, int, int]]:
        size, owner = self._graph.tensor(key).bytes or 0, self._contents.owner(key)
        if owner in self._ends:
            return [(owner, 0, size)] if size else []
        return self._contents.origins(key, size)
