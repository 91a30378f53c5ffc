"""A Runner for any graph: what an operator makes is a digest of all that it reads."""

import hashlib
from math import prod

from tmpass.graph.model import ABSENT, Graph, Move, TensorKind
from tmpass.loading.runner import Difference, Enter, Value

ROUNDS = 3


class ToyRunner:
    """Operators with calls run each body once, or those that repeat in turn, with their outputs copied to inputs."""

    engine = "the toy"
    random = ""

    def __init__(self, graph: Graph) -> None:
        self.graph = graph

    def _fill(self, key, *what) -> Value:
        size = self.graph.tensor(key).bytes or 0
        digest = hashlib.shake_128(repr((key, what)).encode())
        return Value(digest.digest(size), None)

    def begin(self):
        pass

    def apart(self):
        return self

    def changed(self, _subgraph, _op):
        return {}

    def draw(self, subgraph, index, seed):
        return self._fill((subgraph, self.graph.subgraphs[subgraph].inputs[index]), "input", seed)

    def take(self, _subgraph, _index, value):
        return Value(value, None)

    def reads_sizes(self, _subgraph, _op):
        return False

    def size_follows(self, *_operator):
        return True

    def shake(self, value, _seed):
        return value

    def constant(self, subgraph, tensor):
        return self._fill((subgraph, tensor), "constant")

    def run(self, subgraph, op, inputs):
        node = self.graph.subgraphs[subgraph].ops[op]
        read = [value.data if value else None for value in inputs]
        repeats = any(call.repeats for call in node.calls)
        last = {}
        for trip in range(ROUNDS if repeats else 1):
            for number, call in enumerate(node.calls):
                body = self.graph.subgraphs[call.subgraph]
                passed = [self._fill((call.subgraph, t), "passed", trip, *read) for t in body.inputs]
                for i, value in enumerate(last.get(number, ())[: len(passed)]):
                    if len(value.data) == len(passed[i].data):
                        passed[i] = value
                last[number] = yield Enter(number, tuple(passed))
                read += [value.data for value in last[number]]
        if node.moves is not None:
            given = [value or self.constant(subgraph, t) for value, t in zip(inputs, node.inputs, strict=True)]
            return self._moved(subgraph, node, [value.data for value in given])
        if node.elementwise:
            return (self._element_by_element(subgraph, op, node, inputs),)
        return tuple(None if t == ABSENT else self._fill((subgraph, t), i, *read) for i, t in enumerate(node.outputs))

    def _element_by_element(self, s, op, node, inputs):
        """Bytes that follow from those at the same place, and from all of an input of another size."""
        given = [(value or self.constant(s, t)).data for value, t in zip(inputs, node.inputs, strict=True)]
        size = self.graph.tensor((s, node.outputs[0])).bytes
        read = [[data[i] if len(data) == size else data for data in given] for i in range(size)]
        made = (hashlib.sha256(repr((s, op, i, known)).encode()).digest()[0] for i, known in enumerate(read))
        return Value(bytes(made), None)

    def _moved(self, s, node, given):
        """The same bytes as they stand in the results: rows of the whole, cut or joined."""
        moves, sizes = node.moves, [self.graph.tensor((s, t)).bytes for t in node.outputs]
        if moves.kind is Move.VIEW:
            return (Value(given[0], None),)
        whole = self.graph.tensor((s, (node.outputs if moves.kind is Move.CONCAT else node.inputs)[moves.whole]))
        rows = prod(whole.shape[: moves.axis])
        if rows == 0:
            return tuple(Value(b"", None) for _ in node.outputs)

        def row(data, index):
            width = len(data) // rows
            return data[index * width : (index + 1) * width]

        if moves.kind is Move.CONCAT:
            parts = [given[at] for at in moves.parts]
            return (Value(b"".join(row(part, i) for i in range(rows) for part in parts), None),)
        at = moves.start * prod(whole.shape[moves.axis + 1 :]) * whole.dtype.bits // 8
        results = []
        for size in sizes:
            width = size // rows
            results.append(Value(b"".join(row(given[moves.whole], i)[at : at + width] for i in range(rows)), None))
            at += width
        return tuple(results)

    def reference(self, subgraph, inputs):
        raise NotImplementedError("ask Reference")

    def compare(self, made, wanted, _shaken=()):
        return None if made.data == wanted.data else Difference("other bytes", tolerated=False)


class ReferencedRunner(ToyRunner):
    """With the results of a run in which every tensor has storage of its own; variables stay from entry to entry."""

    def __init__(self, graph: Graph) -> None:
        super().__init__(graph)
        self.values = {}

    def reference(self, subgraph, inputs):
        if subgraph == self.graph.entries[0].subgraph:
            self.values = {}
        return self._walk(subgraph, inputs, {})

    def _walk(self, s, inputs, outer):
        subgraph = self.graph.subgraphs[s]
        self.values |= {(s, t): value for t, value in zip(subgraph.inputs, inputs, strict=True)}

        def value(t):
            tensor = subgraph.tensors[t]
            if tensor.kind is TensorKind.CAPTURE:
                return outer[tensor.captures]
            if tensor.kind in (TensorKind.CONSTANT, TensorKind.VARIABLE):
                return self.values.setdefault((s, t), self.constant(s, t))
            return self.values[s, t]

        class Here(dict):
            def __missing__(self, t):
                return value(t)

        for index, op in enumerate(subgraph.ops):
            read = [
                None if t == ABSENT or subgraph.tensors[t].kind is TensorKind.CONSTANT else value(t) for t in op.inputs
            ]
            run = self.run(s, index, read)
            try:
                request = next(run)
                while True:
                    request = run.send(self._walk(op.calls[request.call].subgraph, request.inputs, Here()))
            except StopIteration as stop:
                results = stop.value
            self.values |= {(s, t): result for t, result in zip(op.outputs, results, strict=True) if t != ABSENT}
        return tuple(value(t) for t in subgraph.outputs)
