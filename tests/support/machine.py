"""A machine that runs a graph in the memory that a plan describes, to see whether values survive.

It knows nothing of live ranges: operators read their inputs and write their outputs, bytes hold what was written
last. A run in the arena must give what a run gives in which every tensor has storage of its own.
"""

from tmpass.graph import ABSENT, Graph, TensorKind
from tmpass.plan import Plan

Key = tuple[int, int]
GARBAGE = ("garbage",)


class Private:
    """Every tensor has storage of its own, and operators run in the order of the file."""

    def __init__(self) -> None:
        self.values: dict[Key, object] = {}

    def order(self, s: int, count: int) -> list[int]:
        return list(range(count))

    def write(self, key: Key, value: object) -> None:
        self.values[key] = value

    def read(self, key: Key) -> object:
        return self.values.get(key, GARBAGE)

    def same_place(self, a: Key, b: Key) -> bool:
        return a == b


class Arena(Private):
    """Tensors are where the plan says, and operators run when it says; those without a buffer have their own storage."""

    def __init__(self, plan: Plan) -> None:
        super().__init__()
        self.place = {(t.subgraph, t.index): (t.offset, t.bytes) for t in plan.tensors if t.buffer is not None}
        self.bytes: dict[int, object] = {}
        self.orders: dict[int, list[int]] = {}
        for step in plan.schedule:
            order = self.orders.setdefault(step.subgraph, [])
            if step.op not in order:  # a body that runs again runs as before
                order.append(step.op)

    def order(self, s: int, count: int) -> list[int]:
        return self.orders.get(s, [])

    def write(self, key: Key, value: object) -> None:
        if key not in self.place:
            super().write(key, value)
            return
        offset, size = self.place[key]
        self.bytes.update((byte, (value, byte - offset)) for byte in range(offset, offset + size))

    def read(self, key: Key) -> object:
        if key not in self.place:
            return super().read(key)
        offset, size = self.place[key]
        found = [self.bytes.get(byte, (GARBAGE, 0)) for byte in range(offset, offset + size)]
        whole = all(value == found[0][0] and at == i for i, (value, at) in enumerate(found))
        return found[0][0] if whole and found else ("broken", key, tuple(found))

    def same_place(self, a: Key, b: Key) -> bool:
        return self.place.get(a, a) == self.place.get(b, b)


def run(graph: Graph, storage: Private, *, keep_inputs: bool = False) -> list[object]:
    """What a user sees: the outputs of each entry, then the variables; inputs too with `keep_inputs`."""
    seen: list[object] = []
    for s, subgraph in enumerate(graph.subgraphs):
        for t, tensor in enumerate(subgraph.tensors):
            if tensor.kind in (TensorKind.CONSTANT, TensorKind.VARIABLE):
                storage.write((s, t), ("initial", s, t))
    for entry in graph.entries:
        s = entry.subgraph
        for t in graph.subgraphs[s].inputs:
            storage.write((s, t), ("input", s, t))
        _run(graph, storage, s)
        ends = (*graph.subgraphs[s].outputs, *(graph.subgraphs[s].inputs if keep_inputs else ()))
        seen += [_value(graph, storage, (s, t)) for t in ends]
    used = [
        (s, t)
        for s, subgraph in enumerate(graph.subgraphs)
        for t in sorted(subgraph.used)
        if subgraph.tensors[t].kind is TensorKind.VARIABLE
    ]
    return seen + [_value(graph, storage, key) for key in used]


def _value(graph: Graph, storage: Private, key: Key) -> object:
    return "empty" if graph.tensor(key).bytes == 0 else storage.read(key)


def _run(graph: Graph, storage: Private, s: int) -> None:
    for index in storage.order(s, len(graph.subgraphs[s].ops)):
        op = graph.subgraphs[s].ops[index]
        inputs = [(s, t) for t in op.inputs if t != ABSENT]
        outputs = [(s, t) for t in op.outputs if t != ABSENT]
        if not (op.view and storage.same_place(inputs[0], outputs[0])):
            # Kernels write before they have read all: whoever shares bytes with an input would show it.
            fresh = [key for key in outputs if graph.tensor(key).kind is not TensorKind.VARIABLE]
            for key in (*fresh, *((s, t) for t in op.temporaries)):
                storage.write(key, GARBAGE)
        read = [_value(graph, storage, key) for key in inputs]
        bodies = _call(graph, storage, s, op, read)
        again = [_value(graph, storage, key) for key in inputs]
        for number, key in enumerate(outputs):
            storage.write(key, read[0] if op.view else hash((s, index, number, *read, *bodies, *again)))


def _call(graph: Graph, storage: Private, s: int, op, read: list[object]) -> list[object]:
    """Run the bodies of `op`: each once, or, where they repeat, three times in turn with outputs copied to inputs."""
    for number, call in enumerate(op.calls):
        body = graph.subgraphs[call.subgraph]
        for t, tensor in enumerate(body.tensors):
            if tensor.kind is TensorKind.CAPTURE:
                storage.write((call.subgraph, t), storage.read((s, tensor.captures)))
        if call.repeats:
            for t in body.inputs:
                storage.write((call.subgraph, t), hash((number, t, *read)))
    results: list[object] = []
    for _ in range(3 if any(call.repeats for call in op.calls) else 1):
        for number, call in enumerate(op.calls):
            body = graph.subgraphs[call.subgraph]
            if not call.repeats:
                for t in body.inputs:
                    storage.write((call.subgraph, t), hash((number, t, *read)))
            _run(graph, storage, call.subgraph)
            for i, t in enumerate(body.outputs):
                value = _value(graph, storage, (call.subgraph, t))
                results.append(value)
                if call.repeats and i < len(body.inputs):
                    storage.write((call.subgraph, body.inputs[i]), value)
    return results
