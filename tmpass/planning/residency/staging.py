"""Orders of least peak with the staged bytes of constants, and a bound on what any order streams.

At each step: live bytes + pieces of streamed constants + residents <= room. So the room for residents ends where live
bytes and pieces together are most. Counted as scratch of the operators that read them, the pieces are part of the
problem whose least peak the search for an order finds.
"""

from collections import Counter
from collections.abc import Container, Mapping, Sequence
from dataclasses import replace

from tmpass.base.record import record
from tmpass.graph.model import Graph, TensorKey
from tmpass.planning.ordering.items import Items
from tmpass.planning.ordering.subgraphs import ModelItems
from tmpass.planning.residency.constants import Constant
from tmpass.planning.residency.on_chip import OnChip, numbers_in, read_by
from tmpass.planning.residency.weights import Weight, keep_weights
from tmpass.planning.timeline.schedule import Schedule


@record
class Staging:
    """The constants of a model as orders have to stage them.

    Fields:
        reads: (subgraph, operator) -> the numbers of the constants that it reads, each once.
        uses: of each constant, how many steps read it.
        bytes: of each constant.
        sizes: these, rounded up to the alignment.
        staging: of each constant, the bytes that it needs in its step where it is streamed.
        room: for buffers and copies, in bytes; rounded up, since nothing has to follow what is topmost.
        alignment: of the memory of the copies.
        chunk: the largest piece that is streamed at once, in bytes; None where only whole constants are.
        bodies: an operator runs bodies, which find what is loaded for it. Then no bound is known.
    """

    reads: Mapping[TensorKey, tuple[int, ...]]
    uses: tuple[int, ...]
    bytes: tuple[int, ...]
    sizes: tuple[int, ...]
    staging: tuple[int, ...]
    room: int
    alignment: int
    chunk: int | None
    bodies: bool

    @property
    def every(self) -> frozenset[int]:
        """The numbers of all constants."""
        return frozenset(range(len(self.sizes)))

    def padding(self, constant: int) -> int:
        """The bytes by which the piece of a constant is rounded up to the alignment."""
        size = self.bytes[constant]
        return self.staging[constant] - (size if self.chunk is None else min(size, self.chunk))

    def too_large(self, live: int) -> frozenset[int]:
        """The constants that cannot stay in any order, where each has at least `live` bytes at some step."""
        return frozenset(c for c, size in enumerate(self.sizes) if size > self.room - live)


def find_staging(free: OnChip, graph: Graph, timeline: Schedule, constants: Sequence[Constant]) -> Staging:
    """The constants of `graph` for any order of it. `free` and `timeline` are of one of them, with a limited room."""
    numbers = numbers_in(graph, constants)
    steps = [(step.subgraph, step.op) for step in timeline.steps]
    reads = {(s, op): read_by(graph.subgraphs[s].ops[op], numbers[s]) for s, op in dict.fromkeys(steps)}
    uses = Counter(c for step in steps for c in reads[step])
    alignment, room = free.memory.alignment, free.room or 0
    return Staging(
        reads,
        tuple(uses[c] for c in range(len(constants))),
        free.bytes,
        free.sizes,
        free.staging,
        -(-room // alignment) * alignment,
        alignment,
        free.chunk,
        any(op.calls for subgraph in graph.subgraphs for op in subgraph.ops),
    )


def staged(model: ModelItems, staging: Staging, streamed: Container[int], *, topmost: bool = False) -> ModelItems:
    """The order problems of `model`, with the pieces of the constants `streamed` as scratch.

    With `topmost`, the piece of an operator with the most padding is not rounded up, since nothing has to follow it.
    """

    def pieces(s: int, op: int) -> int:
        used = [c for c in staging.reads.get((s, op), ()) if c in streamed]
        padding = max((staging.padding(c) for c in used), default=0) if topmost else 0
        return sum(staging.staging[c] for c in used) - padding

    def part_with(s: int, part: Items) -> Items:
        return replace(part, scratch=[own + pieces(s, op) for op, own in enumerate(part.scratch)])

    return replace(model, items=tuple(part_with(s, part) for s, part in enumerate(model.items)))


def raised(model: ModelItems, key: TensorKey) -> tuple[ModelItems, int]:
    """The order problems of `model` where operator `key` decides the peak, and by how many bytes its need is raised.

    That is more than all subgraphs together may need, so that no other one decides it.
    """
    s, op = key
    more = 1 + sum(sum(part.size) + sum(part.scratch) + part.beginning + part.through for part in model.items)
    scratch = [own + more * (number == op) for number, own in enumerate(model.items[s].scratch)]
    items = tuple(replace(one, scratch=scratch) if at == s else one for at, one in enumerate(model.items))
    return replace(model, items=items), more


def least_streamed(staging: Staging, live: int, during: Mapping[TensorKey, int]) -> int | None:
    """A lower bound on the bytes that a run streams in any order; None where no order fits.

    Residents begin at multiples of the alignment, so that no other bytes are in what their sizes are rounded up to.

    Args:
        staging: the constants.
        live: bytes that residents leave to others at some step, in any order.
        during: (subgraph, operator) -> bytes that it needs at its step in any order, without constants.
    """
    used = [live, *during.values()]
    steps: list[list[int]] = [[] for _ in staging.sizes]
    for step, key in enumerate(during, start=1):
        for c in staging.reads[key]:
            steps[c].append(step)
    for own, uses in zip(steps, staging.uses, strict=True):
        while len(own) < uses:  # a step of which nothing is known but that it reads the constant
            own.append(len(used))
            used.append(0)
    weights = [Weight(size, tuple(own)) for size, own in zip(staging.bytes, steps, strict=True)]
    found = keep_weights(weights, used, staging.room, alignment=staging.alignment, chunk=staging.chunk)
    return None if found.missing else found.lower_bound
