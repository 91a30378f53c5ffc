"""Which tensors share storage, and why."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

from tmpass.graph import ABSENT, Graph, Op, TensorKind

Key = tuple[int, int]
"""A tensor: (subgraph, index)."""

Mark = tuple[str, object]


@dataclass(frozen=True, slots=True)
class Aliases:
    """`root` maps each tensor that shares to one of its class; `reason` says why it is in there."""

    root: dict[Key, Key]
    reason: dict[Key, str]

    def of(self, key: Key) -> Key:
        """The class of a tensor, named by its root."""
        return self.root.get(key, key)


def find_aliases(graph: Graph, *, views: bool, external: frozenset[Key] = frozenset()) -> Aliases:
    """The classes of tensors that share one piece of storage.

    A capture always shares with what it captures. With `views`, an operator that keeps the bytes as they are shares its
    output with its input, unless that

    - joins a variable, or a tensor that is written more than once: the other would change with it;
    - joins what goes into a loop's body with what comes out of it: between two iterations the runtime copies the
      outputs to the inputs, one by one, and would overwrite what it has still to copy;
    - joins two tensors of `external`, which live outside the arena, each at an address of its own.
    """
    classes = _Classes(_marks(graph, external))
    reason: dict[Key, str] = {}
    for caller, body in _captures(graph):
        classes.join(caller, body)
        reason[body] = f"is {graph.tensor(caller).name!r} of subgraph {caller[0]}, captured"
    if views:
        writes = _writes(graph)
        for source, result, op in _views(graph):
            if writes[source] <= 1 and writes[result] <= 1 and classes.may_join(source, result):
                classes.join(source, result)
                reason[result] = f"{op.kind} keeps the bytes of {graph.tensor(source).name!r}"
    return Aliases({key: classes.find(key) for key in classes.parent}, reason)


@dataclass(slots=True)
class _Classes:
    """Union-find over tensors; `marks` holds, per root, what forbids it to join others."""

    marks: dict[Key, frozenset[Mark]]
    parent: dict[Key, Key] = field(default_factory=dict)

    def find(self, key: Key) -> Key:
        root = key
        while (above := self.parent.get(root, root)) != root:
            root = above
        while (above := self.parent.get(key, key)) != root:
            self.parent[key] = root
            key = above
        return root

    def join(self, a: Key, b: Key) -> None:
        root, other = self.find(a), self.find(b)
        self.parent[other] = self.parent.setdefault(root, root)
        if other in self.marks:
            self.marks[root] = self.marks.get(root, frozenset()) | self.marks[other]

    def may_join(self, a: Key, b: Key) -> bool:
        one, two = self.find(a), self.find(b)
        if one == two:
            return True
        marks = self.marks.get(one, frozenset()) | self.marks.get(two, frozenset())
        looped = any(("loop output", s) in marks for kind, s in marks if kind == "loop input")
        return not looped and ("variable", None) not in marks and sum(kind == "external" for kind, _ in marks) <= 1


def _marks(graph: Graph, external: frozenset[Key]) -> dict[Key, frozenset[Mark]]:
    pairs: list[tuple[Key, Mark]] = [(key, ("external", key)) for key in external]
    for s, subgraph in enumerate(graph.subgraphs):
        for t, tensor in enumerate(subgraph.tensors):
            if tensor.kind is TensorKind.VARIABLE:
                pairs.append(((s, t), ("variable", None)))
        for op in subgraph.ops:
            for call in op.calls:
                if call.repeats:
                    body = graph.subgraphs[call.subgraph]
                    pairs += [((call.subgraph, t), ("loop input", call.subgraph)) for t in body.inputs]
                    pairs += [((call.subgraph, t), ("loop output", call.subgraph)) for t in body.outputs]
    marks: dict[Key, frozenset[Mark]] = {}
    for key, mark in pairs:
        marks[key] = marks.get(key, frozenset()) | {mark}
    return marks


def _captures(graph: Graph) -> Iterator[tuple[Key, Key]]:
    """(captured, capture) for every tensor that a body reads from the subgraph that calls it."""
    for s, subgraph in enumerate(graph.subgraphs):
        for op in subgraph.ops:
            for call in op.calls:
                for t, tensor in enumerate(graph.subgraphs[call.subgraph].tensors):
                    if tensor.kind is TensorKind.CAPTURE and tensor.captures is not None:
                        yield (s, tensor.captures), (call.subgraph, t)


def _views(graph: Graph) -> Iterator[tuple[Key, Key, Op]]:
    """(source, result, operator) where the bytes stay the same and both are ordinary tensors of known size."""
    ordinary = (TensorKind.ACTIVATION, TensorKind.CAPTURE)
    for s, subgraph in enumerate(graph.subgraphs):
        for op in subgraph.ops:
            if not op.view or ABSENT in (op.inputs[0], op.outputs[0]):
                continue
            source, result = subgraph.tensors[op.inputs[0]], subgraph.tensors[op.outputs[0]]
            sizes_agree = source.bytes is not None and source.bytes == result.bytes
            if source.kind in ordinary and result.kind in ordinary and sizes_agree:
                yield (s, op.inputs[0]), (s, op.outputs[0]), op


def _writes(graph: Graph) -> Counter[Key]:
    """How often each tensor is written: by the caller as an input, and by operators."""
    return Counter(
        (s, t)
        for s, subgraph in enumerate(graph.subgraphs)
        for t in (*subgraph.inputs, *(t for op in subgraph.ops for t in op.outputs))
    )
