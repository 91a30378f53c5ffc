"""Side effects: operators that touch one state keep the order of the file, though no tensor connects them."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

from tmpass.graph.dependencies import read_pairs
from tmpass.graph.model import ABSENT, Graph, Subgraph, TensorKind
from tmpass.graph.topological import by_reads

State = tuple[str, int, int]
"""A state that operators share: its kind, and the subgraph and index of the tensor, or ABSENT."""

_RESOURCES: State = ("resources", ABSENT, ABSENT)
"""All resources count as one state. Only a run shows which of them a handle names."""

_GENERATOR: State = ("random", ABSENT, ABSENT)
"""The generator of random numbers. Each draw advances it."""

_CUSTOM: State = ("custom", ABSENT, ABSENT)
"""A state that all custom operators may share, since their meaning is not known."""


_BY_DATA = frozenset({_GENERATOR, _CUSTOM})
"""States whose accesses follow the order of the data where a file is not sorted."""


Edges = tuple[tuple[tuple[int, int], ...], ...]
"""Per subgraph, pairs (earlier, later) of operators."""


def effect_edges(graph: Graph) -> Edges:
    """Per subgraph, pairs (earlier, later) of operators that must keep the order of the file.

    These are operators that touch the same variable, resources, the generator of random numbers, or are custom. An
    operator touches what its bodies touch. A custom operator may write its inputs. So other readers of such a tensor
    stay before or after it, as in the file.
    """
    return graph.fact(_effect_edges)


def _effect_edges(graph: Graph) -> Edges:
    touched: list[frozenset[State]] = [frozenset()] * len(graph.subgraphs)
    edges: list[tuple[tuple[int, int], ...]] = [()] * len(graph.subgraphs)
    writes = may_write(graph)
    for s in innermost_first(graph):
        subgraph = graph.subgraphs[s]
        states = [
            own.union(*[touched[call.subgraph] for call in op.calls]) if op.calls else own
            for op, own in zip(subgraph.ops, _states(subgraph, s), strict=True)
        ]
        touched[s] = frozenset().union(*set(states))
        order: Iterable[int] = range(len(subgraph.ops))
        if writes[s] or not touched[s].isdisjoint(_BY_DATA):
            order = by_reads(len(subgraph.ops), read_pairs(subgraph))
        edges[s] = (*_same_state(states, order), *_around_writers(subgraph, writes[s], order))
    return tuple(edges)


def may_write(graph: Graph) -> Sequence[Mapping[int, frozenset[int]]]:
    """Per subgraph, the tensors that an operator reads and may write, for operators that have any.

    A custom operator may write all that it reads. An operator with bodies may write what they capture and may write.
    """
    return graph.fact(_may_write)


def _may_write(graph: Graph) -> Sequence[Mapping[int, frozenset[int]]]:
    found: list[dict[int, frozenset[int]]] = [{} for _ in graph.subgraphs]
    absent = frozenset((ABSENT,))
    for s in innermost_first(graph):
        for index, op in enumerate(graph.subgraphs[s].ops):
            if not op.custom and not op.calls:
                continue
            tensors = frozenset(op.inputs if op.custom else ())
            for call in op.calls:
                body = graph.subgraphs[call.subgraph].tensors
                exposed = {t for written in found[call.subgraph].values() for t in written}
                tensors = tensors.union([source for t in exposed if (source := body[t].captures) is not None])
            if not tensors <= absent:
                found[s][index] = tensors - absent if ABSENT in tensors else tensors
    return found


def innermost_first(graph: Graph) -> list[int]:
    """The subgraphs, each after those that its operators call."""
    if not graph.called:
        return list(range(len(graph.subgraphs)))
    order: list[int] = []
    seen: set[int] = set()
    stack: list[tuple[int, bool]] = [(s, False) for s in reversed(range(len(graph.subgraphs)))]
    while stack:
        s, called_are_done = stack.pop()
        if called_are_done:
            order.append(s)
        elif s not in seen:
            seen.add(s)
            stack.append((s, True))
            stack += [(call.subgraph, False) for op in graph.subgraphs[s].ops for call in op.calls]
    return order


def _states(subgraph: Subgraph, s: int) -> list[frozenset[State]]:
    """The states that each operator itself touches."""
    of_tensor = {t: _RESOURCES for t, tensor in enumerate(subgraph.tensors) if tensor.dtype.name == "resource"}
    of_tensor |= {t: ("variable", s, t) for t in subgraph.of_kind(TensorKind.VARIABLE)}
    of_kind: dict[tuple[bool, bool, bool], frozenset[State]] = {}
    found = []
    for op in subgraph.ops:
        kind = op.resource, op.random, op.custom
        if kind not in of_kind:
            named = zip((_RESOURCES, _GENERATOR, _CUSTOM), kind, strict=True)
            of_kind[kind] = frozenset(state for state, touches in named if touches)
        held = [of_tensor[t] for t in (*op.inputs, *op.outputs) if t in of_tensor] if of_tensor else []
        found.append(of_kind[kind].union(held) if held else of_kind[kind])
    return found


def _same_state(states: Sequence[frozenset[State]], order: Iterable[int]) -> Iterator[tuple[int, int]]:
    """Edges between two operators that touch one state, with none in between that touches it."""
    yield from _chains(states, range(len(states)), lambda state: state not in _BY_DATA)
    yield from _chains(states, order, lambda state: state in _BY_DATA)


def _chains(
    states: Sequence[frozenset[State]], order: Iterable[int], wanted: Callable[[State], bool]
) -> Iterator[tuple[int, int]]:
    last: dict[State, int] = {}
    listed = {each: sorted(filter(wanted, each)) for each in set(states)}  # few differ
    if not any(listed.values()):
        return
    for index in order:
        for state in listed[states[index]]:
            if state in last:
                yield last[state], index
            last[state] = index


def _around_writers(
    subgraph: Subgraph, writes: Mapping[int, frozenset[int]], order: Iterable[int]
) -> Iterator[tuple[int, int]]:
    """Edges that keep the readers of what an operator may write before or after it, as in the file."""
    exposed = frozenset().union(*writes.values())
    writer: dict[int, int] = {}  # of a tensor: the last operator that may have written it
    since: dict[int, list[int]] = defaultdict(list)  # of a tensor: the operators that have read it since
    for index in order if exposed else ():
        own, tensors = writes.get(index, ()), exposed.intersection(subgraph.ops[index].inputs)
        for t in sorted(tensors) if len(tensors) > 1 else tensors:
            if t in writer:
                yield writer[t], index
            if t in own:
                if t in since:
                    yield from ((reader, index) for reader in since.pop(t))
                writer[t] = index
            else:
                since[t].append(index)
