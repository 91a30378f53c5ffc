"""A machine that runs a graph in the memory that a plan describes, to see whether values survive.

It knows nothing of live ranges: operators read their inputs and write their outputs byte by byte, and bytes hold what
was written last. A run in the arena must give what a run gives in which every tensor has storage of its own.
"""

from dataclasses import dataclass
from itertools import accumulate
from math import prod

from support.constant_bytes import PlannedConstants, constants_of, decoded, raw_bytes
from tmpass.graph.model import ABSENT, Graph, Move, TensorKind
from tmpass.plans.plan import Plan

Key = tuple[int, int]
Kernels = frozenset[tuple[str, int, int]]
GARBAGE = "garbage"


@dataclass(frozen=True)
class Region:
    """One run of a subgraph: of each operator in turn its index, its step if there is a plan, and its bodies."""

    subgraph: int
    steps: "tuple[tuple[int, int, tuple[Region, ...]], ...]"


class Private:
    """Every tensor has storage of its own; a byte holds any value. Operators run in the order of the file."""

    spoiled: tuple[str, ...] = ()

    def __init__(self) -> None:
        self.bytes: dict[object, object] = {}
        self.loops_copy = False

    def order(self, graph: Graph, s: int) -> list[int]:
        return list(range(len(graph.subgraphs[s].ops)))

    def region(self, graph: Graph, s: int) -> Region:
        calls = [(op, graph.subgraphs[s].ops[op].calls) for op in self.order(graph, s)]
        return Region(s, tuple((op, -1, tuple(self.region(graph, c.subgraph) for c in made)) for op, made in calls))

    def address(self, key: Key, byte: int = 0) -> object:
        return (*key, byte)

    def write(self, key: Key, values, start: int = 0) -> None:
        for byte, value in enumerate(values, start):
            self.bytes[self.address(key, byte)] = value

    def read(self, key: Key, size: int, start: int = 0) -> tuple[object, ...]:
        return tuple(self.bytes.get(self.address(key, byte), GARBAGE) for byte in range(start, start + size))

    def start(self, graph: Graph) -> None:
        """Write the constants."""
        for key in constants_of(graph):
            self.write(key, decoded(graph, key, raw_bytes(graph, key)))

    def begin(self, graph: Graph, s: int, op, step: int) -> None:
        """Bring the constants that `op` reads, before it runs."""

    def finish(self, graph: Graph, s: int, op, step: int) -> None:
        """See that they were there while it ran."""

    def leave(self, graph: Graph, s: int) -> None:
        """Bring the constants that are outputs of subgraph `s`."""

    def end(self, graph: Graph) -> None:
        """End the run."""


class Arena(Private):
    """Tensors are where the plan says, and operators run when it says; tensors without a place are on their own.

    `ends` has the end of what was written in each memory.
    """

    def __init__(self, plan: Plan) -> None:
        super().__init__()
        self.place = {
            (t.subgraph, t.index): (plan.buffers[t.buffer].memory, t.offset)
            for t in plan.tensors
            if t.buffer is not None
        }
        self.rows = iter(plan.schedule)
        self.next = next(self.rows, None)
        self.ends: dict[str, int] = {}
        self.constants = PlannedConstants(plan, self.bytes, self._touch)
        self.later = [row for row in plan.buffers if row.first is not None]
        self.behind = "" if plan.transfers is None else plan.transfers.memory
        self.inside = {b.id: (b.memory, b.offset) for b in plan.buffers}
        self.moved: dict[int, list[Key]] = {}
        for t in plan.tensors:
            if t.buffer is not None:
                self.moved.setdefault(t.buffer, []).append((t.subgraph, t.index))

    @property
    def spoiled(self) -> tuple[str, ...]:
        return tuple(self.constants.spoiled)

    def region(self, graph: Graph, s: int) -> Region:
        steps = []
        for _ in graph.subgraphs[s].ops:
            row = self.next
            assert row is not None
            assert row.subgraph == s
            self.next = next(self.rows, None)
            calls = graph.subgraphs[s].ops[row.op].calls
            steps.append((row.op, row.step, tuple(self.region(graph, call.subgraph) for call in calls)))
        return Region(s, tuple(steps))

    def address(self, key: Key, byte: int = 0) -> object:
        if key not in self.place:
            return super().address(key, byte)
        memory, offset = self.place[key]
        return memory, offset + byte

    def write(self, key: Key, values, start: int = 0) -> None:
        super().write(key, values, start)
        if key in self.place and values:
            memory, offset = self.place[key]
            self._touch(memory, offset + start + len(values))

    def start(self, graph: Graph) -> None:
        super().start(graph)
        self.constants.start(graph)

    def begin(self, graph: Graph, s: int, op, step: int) -> None:
        self._travel(step)
        self._bring(graph, s, op, self.constants.stream(graph, step))

    def _travel(self, step: int) -> None:
        """Copy the buffers that leave before `step`, then those that come back, which are elsewhere from now on."""
        begins = [row for row in self.later if row.lower == step]
        for row in (row for row in begins if row.memory == self.behind):
            self._copy(self.inside[row.first], row)
        for row in (row for row in begins if row.memory != self.behind):
            stored = [r for r in self.later if r.first == row.first and r.memory == self.behind]
            for source in (r for r in stored if r.lower <= step < r.upper):
                self._copy((source.memory, source.offset), row)
            before = self.inside[row.first][1]
            self.inside[row.first] = row.memory, row.offset
            for key in self.moved.get(row.first, ()):
                self.place[key] = row.memory, self.place[key][1] + row.offset - before

    def _copy(self, source: tuple[str, int], row) -> None:
        memory, begin = source
        found = [self.bytes.get((memory, begin + byte), GARBAGE) for byte in range(row.size)]
        for byte, value in enumerate(found):
            self.bytes[row.memory, row.offset + byte] = value
        self._touch(row.memory, row.offset + row.size)

    def finish(self, graph: Graph, s: int, op, step: int) -> None:
        self._bring(graph, s, op, self.constants.still(graph, step))

    def leave(self, graph: Graph, s: int) -> None:
        for t in graph.subgraphs[s].outputs:
            if (kept := self.constants.kept((s, t))) is not None:
                self.write((s, t), decoded(graph, (s, t), kept[: graph.stored_as((s, t)).bytes]))

    def end(self, graph: Graph) -> None:
        self.constants.end(graph)

    def _bring(self, graph: Graph, s: int, op, copies: dict) -> None:
        for key, found in self.constants.values(graph, s, op.inputs, copies).items():
            self.write(key, decoded(graph, key, found))

    def _touch(self, memory: str, end: int) -> None:
        self.ends[memory] = max(end, self.ends.get(memory, 0))


def run(
    graph: Graph,
    storage: Private,
    *,
    keep_inputs: bool = False,
    loops_copy: bool = False,
    kernels: Kernels = frozenset(),
) -> list[object]:
    """What a user sees: the outputs of each entry, then the variables; inputs too with `keep_inputs`.

    With `loops_copy`, what goes around a loop waits in the outputs of its operator, as TensorFlow Lite Micro has it.
    The `kernels`, by kind, input and output, read all of that input before they write that output.
    """
    storage.loops_copy = loops_copy
    seen: list[object] = []
    for s, subgraph in enumerate(graph.subgraphs):
        for t, tensor in enumerate(subgraph.tensors):
            if tensor.kind is TensorKind.VARIABLE:
                storage.write((s, t), _fresh(graph, (s, t), "initial", s, t))
    storage.start(graph)
    for entry in graph.entries:
        s = entry.subgraph
        _give(graph, storage, s, graph.subgraphs[s].inputs, "input")
        _run(graph, storage, storage.region(graph, s), kernels)
        ends = (*graph.subgraphs[s].outputs, *(graph.subgraphs[s].inputs if keep_inputs else ()))
        seen += [_value(graph, storage, (s, t)) for t in ends]
    used = [
        (s, t)
        for s, subgraph in enumerate(graph.subgraphs)
        for t in sorted(subgraph.used)
        if subgraph.tensors[t].kind is TensorKind.VARIABLE
    ]
    storage.end(graph)
    return [*seen, *(_value(graph, storage, key) for key in used), *dict.fromkeys(storage.spoiled)]


def _give(graph: Graph, storage: Private, s: int, inputs, *cause: object) -> None:
    """Write values that follow from `cause` to those of the `inputs` of subgraph `s` that are not constants."""
    for t in inputs:
        if graph.tensor((s, t)).kind is not TensorKind.CONSTANT:
            storage.write((s, t), _fresh(graph, (s, t), *cause, s, t))


def _size(graph: Graph, key: Key) -> int:
    return graph.tensor(key).bytes or 0


def _fresh(graph: Graph, key: Key, *cause: object) -> list[int]:
    """Bytes of which each follows from `cause` and its place."""
    seed = hash(cause)
    return [hash((seed, byte)) for byte in range(_size(graph, key))]


def _value(graph: Graph, storage: Private, key: Key) -> tuple[object, ...]:
    return storage.read(key, _size(graph, key))


def _spoil(graph: Graph, storage: Private, keys) -> None:
    """Kernels write before they have read all: whoever shares bytes with an input would show it."""
    for key in keys:
        if graph.tensor(key).kind is not TensorKind.VARIABLE:
            storage.write(key, [GARBAGE] * _size(graph, key))


def _run(graph: Graph, storage: Private, region: Region, kernels: Kernels) -> None:
    s = region.subgraph
    for index, step, inside in region.steps:
        op = graph.subgraphs[s].ops[index]
        storage.begin(graph, s, op, step)
        inputs = [(s, t) for t in op.inputs if t != ABSENT]
        outputs = [(s, t) for t in op.outputs if t != ABSENT]
        _spoil(graph, storage, [(s, t) for t in op.temporaries])
        if op.moves is not None:
            _pass_on(graph, storage, s, op)
        elif op.elementwise:
            _element_by_element(graph, storage, (s, index), inputs, outputs[0])
        else:
            _spoil(
                graph, storage, [(s, t) for t in op.outputs if t != ABSENT and not _over(storage, s, op, t, kernels)]
            )
            read = [_value(graph, storage, key) for key in inputs]
            bodies = _call(graph, storage, s, op, inside, read, kernels)
            again = [_value(graph, storage, key) for key in inputs]
            for number, key in enumerate(outputs):
                storage.write(key, _fresh(graph, key, s, index, number, *read, *bodies, *again))
        storage.finish(graph, s, op, step)
    storage.leave(graph, s)


def _over(storage: Private, s: int, op, result: int, kernels: Kernels) -> bool:
    """Whether the kernel of `op` knows that it writes `result` over one of its inputs, where that begins."""
    over = [
        op.inputs[i]
        for kind, i, o in kernels
        if kind == op.kind and i < len(op.inputs) and op.outputs[o : o + 1] == (result,)
    ]
    return any(t != ABSENT and storage.address((s, t)) == storage.address((s, result)) for t in over)


def _pass_on(graph: Graph, storage: Private, s: int, op) -> None:
    """Copy the pieces of the whole that are not where they belong: first spoil where they go, then copy all."""
    moves = op.moves
    joins = moves.kind is Move.CONCAT
    whole = (s, (op.outputs if joins else op.inputs)[moves.whole])
    parts = [(s, (op.inputs if joins else op.outputs)[at]) for at in moves.parts]
    shape = graph.tensor(whole).shape
    view = moves.kind is Move.VIEW
    outer = 1 if view else prod(shape[: moves.axis])
    row = _size(graph, whole) // outer if outer else 0
    inner = 0 if view else prod(shape[moves.axis + 1 :]) * graph.tensor(whole).dtype.bits // 8
    rows = [_size(graph, part) // outer if outer else 0 for part in parts]
    begin = moves.start * inner if moves.kind is Move.SLICE else 0
    copies = []  # whole tensor to tensor: (source, its byte, result, its byte, count)
    for part, count, low in zip(parts, rows, accumulate(rows, initial=begin), strict=False):
        if outer == 1 and storage.address(part) == storage.address(whole, low):
            continue
        for at in range(outer):
            here, there = (part, at * count), (whole, at * row + low)
            copies.append((*here, *there, count) if joins else (*there, *here, count))
    for _, _, result, at, count in copies:
        storage.write(result, [GARBAGE] * count, at)
    for source, begin, result, at, count in copies:
        storage.write(result, storage.read(source, count, begin), at)


def _element_by_element(graph: Graph, storage: Private, op: Key, inputs: list[Key], result: Key) -> None:
    """Write element i when element i of the inputs of the same shape, and the others whole, are read."""

    def shape(key: Key) -> tuple[int, ...]:
        dims = graph.tensor(key).shape
        while dims and dims[0] == 1:
            dims = dims[1:]
        return dims

    width = {key: graph.tensor(key).dtype.bits // 8 for key in (*inputs, result)}
    alike = [key for key in inputs if shape(key) == shape(result)]
    over = [k for k in alike if storage.address(k) == storage.address(result) and width[k] == width[result]]
    if len(over) != 1 or inputs.count(over[0]) > 1:
        _spoil(graph, storage, [result])
    elements = range(_size(graph, result) // width[result])
    for i in reversed(elements) if op[1] % 2 else elements:
        read = [
            storage.read(key, width[key], i * width[key]) if key in alike else _value(graph, storage, key)
            for key in inputs
        ]
        seed = hash((op, i, *read))
        storage.write(result, [hash((seed, byte)) for byte in range(width[result])], i * width[result])


def _call(graph: Graph, storage: Private, s: int, op, inside, read: list[object], kernels: Kernels) -> list[object]:
    """Run the bodies of `op`: each once, or, where they repeat, three times in turn with outputs copied to inputs."""
    for number, call in enumerate(op.calls):
        body = graph.subgraphs[call.subgraph]
        for t, tensor in enumerate(body.tensors):
            if tensor.kind is TensorKind.CAPTURE:
                storage.write((call.subgraph, t), _value(graph, storage, (s, tensor.captures)))
        if call.repeats and not storage.loops_copy:
            _give(graph, storage, call.subgraph, body.inputs, number, *read)
    results: list[object] = []
    waiting: dict[int, list[object]] = {}  # of each body that repeats, what goes around with it, where loops copy
    for _ in range(3 if any(call.repeats for call in op.calls) else 1):
        for number, call in enumerate(op.calls):
            body = graph.subgraphs[call.subgraph]
            if not call.repeats or (storage.loops_copy and number not in waiting):
                _give(graph, storage, call.subgraph, body.inputs, number, *read)
            elif storage.loops_copy:
                _copy_in(graph, storage, s, op, number, waiting[number])
                # What no round gives the operator brings again.
                _give(graph, storage, call.subgraph, body.inputs[len(waiting[number]) :], number, *read)
            _run(graph, storage, inside[number], kernels)
            values = [_value(graph, storage, (call.subgraph, t)) for t in body.outputs]
            results += values
            if call.repeats and storage.loops_copy:
                waiting[number] = _copy_out(graph, storage, s, op, number, values)
            elif call.repeats:
                for t, value in zip(body.inputs, values, strict=False):
                    # Sizes may differ in a drawn graph: what fits is copied.
                    storage.write((call.subgraph, t), value[: _size(graph, (call.subgraph, t))])
    return results


def _copy_out(graph: Graph, storage: Private, s: int, op, number: int, values: list) -> list:
    """Write what a round gave to the outputs of its operator `op`; returns what has to wait elsewhere, None for what
    is there: only the last body has them, and a drawn operator may have others.
    """
    waiting = []
    for at, value in enumerate(values):
        key = (s, op.outputs[at]) if at < len(op.outputs) else None
        there = number == len(op.calls) - 1 and key is not None and _size(graph, key) >= len(value)
        if there:
            storage.write(key, value)
        waiting.append((None, len(value)) if there else (value, len(value)))
    return waiting


def _copy_in(graph: Graph, storage: Private, s: int, op, number: int, waiting: list) -> None:
    """Write what waits to the inputs of a body."""
    body = op.calls[number].subgraph
    inputs = graph.subgraphs[body].inputs
    for t in inputs[len(waiting) :]:
        storage.write((body, t), [0] * _size(graph, (body, t)))
    for at, (t, (value, size)) in enumerate(zip(inputs, waiting, strict=False)):
        held = storage.read((s, op.outputs[at]), size) if value is None else value
        # Sizes may differ in a drawn graph: what is missing is the same in every round.
        room = _size(graph, (body, t))
        storage.write((body, t), [*held[:room], *[0] * (room - len(held))])
