"""Constants as bytes: where a plan stores them, what it copies, and what operators then read.

Stored constants are written when the run starts, resident copies are made once, and streamed copies before the operator
of their step, a piece of the size of their row at a time.
"""

from collections.abc import Callable, Iterator, Sequence

from tmpass.graph.model import ABSENT, Graph, TensorKind
from tmpass.plans.plan import Plan, PlannedConstant

Key = tuple[int, int]
Address = tuple[str, int]


def raw_bytes(graph: Graph, key: Key) -> list[int]:
    """The bytes of a constant in the file: the same for all tensors that are stored once."""
    stored = graph.stored_as(key)
    seed = hash(("constant", stored.first))
    return [hash((seed, byte)) for byte in range(stored.bytes or 0)]


def decoded(graph: Graph, key: Key, found: Sequence[object]) -> list[object]:
    """The value that a tensor has by the bytes `found` of its constant, which may be fewer or more than its own."""
    size = graph.tensor(key).bytes or 0
    return list(found) if len(found) == size else [hash((*found, byte)) for byte in range(size)]


def constants_of(graph: Graph) -> Iterator[Key]:
    """The keys of all constants."""
    for s, subgraph in enumerate(graph.subgraphs):
        for t, tensor in enumerate(subgraph.tensors):
            if tensor.kind is TensorKind.CONSTANT:
                yield s, t


class PlannedConstants:
    """The rows of a plan for constants, carried out on `memory`; `spoiled` says what was not where it had to be.

    Args:
        memory: address -> value of that byte.
        touch: is told the memory and the end of what is written.
    """

    def __init__(self, plan: Plan, memory: dict[object, object], touch: Callable[[str, int], None]) -> None:
        self.memory, self.touch, self.spoiled = memory, touch, list[str]()
        self.usable = {memory.name for memory in plan.memories if memory.compute}
        self.stored = {key: row for row in plan.constants if row.use == "stored" for key in row.tensors}
        self.resident: dict[Key, list[PlannedConstant]] = {}
        self.streams: dict[int, list[PlannedConstant]] = {}
        for row in plan.constants:
            for step in range(row.lower, row.upper) if row.use == "streamed" else ():
                self.streams.setdefault(step, []).append(row)
            for key in row.tensors if row.use == "resident" else ():
                self.resident.setdefault(key, []).append(row)

    def start(self, graph: Graph) -> None:
        """Write what is stored, and copy what is resident."""
        for row in dict.fromkeys(self.stored.values()):
            self._write(row, max((raw_bytes(graph, key) for key in row.tensors), key=len)[: row.size])
        for row in dict.fromkeys(row for rows in self.resident.values() for row in rows):
            self._write(row, self._source(row)[: row.size])

    def stream(self, graph: Graph, step: int) -> dict[Key, list[list[object]]]:
        """Stream the copies for `step`, and return what an operator finds in them, by the tensors.

        A copy for an operator that runs bodies is there for them as well. If it comes in pieces, these come again.
        """
        whole, rows = list[PlannedConstant](), list[PlannedConstant]()
        for row in self.streams.get(step, ()):
            here = row.lower == step or len(self._source(row)) > row.size
            (rows if here else whole).append(row)
        sources = [self._source(row) for row in rows]
        found: list[list[object]] = [[] for _ in rows]
        most = max((-(-len(source) // row.size) for row, source in zip(rows, sources, strict=True)), default=0)
        for piece in range(most):
            pieces = [s[piece * row.size : (piece + 1) * row.size] for row, s in zip(rows, sources, strict=True)]
            for row, values in zip(rows, pieces, strict=True):
                self._write(row, values)
            for row, values, read in zip(rows, pieces, found, strict=True):
                read += self._read(row, len(values))
        held: dict[Key, list[list[object]]] = {}
        for row, read in zip(rows, found, strict=True):
            for key in row.tensors if row.memory in self.usable else ():
                held.setdefault(key, []).append(read[: graph.stored_as(key).bytes or 0])
        return self._found(graph, whole, held)

    def still(self, graph: Graph, step: int) -> dict[Key, list[list[object]]]:
        """What the operator of `step` finds in its copies when it ends. What came in pieces comes again."""
        if any(len(self._source(row)) > row.size for row in self.streams.get(step, ())):
            return self.stream(graph, step)
        return self._found(graph, self.streams.get(step, ()), {})

    def _found(self, graph: Graph, rows: Sequence[PlannedConstant], held: dict) -> dict:
        """Add to `held` what is in copies that came as a whole, by the tensors."""
        for row in rows:
            for key in row.tensors if row.memory in self.usable else ():
                held.setdefault(key, []).append(self._read(row, graph.stored_as(key).bytes or 0))
        return held

    def values(self, graph: Graph, s: int, inputs: Sequence[int], copies: dict[Key, list[list[object]]]) -> dict:
        """Constant -> the bytes that an operator with these `inputs` finds in the memories that it can use."""
        found: dict[Key, list[object]] = {}
        for t in dict.fromkeys(inputs):
            wanted = raw_bytes(graph, (s, t)) if t != ABSENT and (s, t) in self.stored else []
            if not wanted:
                continue
            places = [*self.resident.get((s, t), ()), self.stored[s, t]]
            there = [self._read(row, len(wanted)) for row in places if row.memory in self.usable]
            there += copies.get((s, t), [])
            if not there:
                self.spoiled.append(f"constant {(s, t)} is in no memory that its operator can use")
            self.spoiled += [f"constant {(s, t)} is spoiled for its operator" for one in there if one != wanted]
            found[s, t] = next((one for one in there if one != wanted), wanted if there else [])
        return found

    def kept(self, key: Key) -> list[object] | None:
        """The bytes of a constant in its home; None where it is stored nowhere."""
        return self._source(self.stored[key]) if key in self.stored else None

    def end(self, graph: Graph) -> None:
        """See that everything that stays is still there."""
        for key, row in self.stored.items():
            wanted = raw_bytes(graph, key)
            for place in (row, *self.resident.get(key, ())):
                if self._read(place, len(wanted)) != wanted:
                    self.spoiled.append(f"constant {key} is no longer in {place.memory}")

    def _source(self, row: PlannedConstant) -> list[object]:
        home = self.stored[row.tensors[0]]
        return self._read(home, home.size)

    def _read(self, row: PlannedConstant, size: int) -> list[object]:
        return [self.memory.get((row.memory, byte)) for byte in range(row.offset, row.offset + size)]

    def _write(self, row: PlannedConstant, values: Sequence[object]) -> None:
        for byte, value in enumerate(values, row.offset):
            self.memory[row.memory, byte] = value
        self.touch(row.memory, row.offset + len(values))
