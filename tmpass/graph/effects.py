"""What keeps its order though no tensor says so: operators that touch one state."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

from tmpass.graph.dependencies import reads
from tmpass.graph.model import ABSENT, Graph, Op, Subgraph, TensorKind
from tmpass.graph.topological import by_reads

Token = tuple[str, int, int]
"""What operators may change for each other: a kind of state, and which, by subgraph and tensor."""

_RESOURCES: Token = ("resources", ABSENT, ABSENT)
"""All resources are one: which of them a handle names is known only in a run."""

_GENERATOR: Token = ("random", ABSENT, ABSENT)
"""Each draw moves the generator on."""

_CUSTOM: Token = ("custom", ABSENT, ABSENT)
"""Operators of unknown meaning may know of each other."""


_BY_DATA = frozenset({_GENERATOR, _CUSTOM})
"""State that takes the turns of the data, where a file is not sorted."""


def effect_edges(graph: Graph) -> tuple[tuple[tuple[int, int], ...], ...]:
    """Per subgraph, (earlier, later) for operators that must keep the order of the file.

    Those that touch the same variable, resources, the generator of random numbers, or are custom; an operator touches
    what its bodies touch. A custom one may write what it reads, so the other readers of that stay on their side of it.
    """
    touched: list[frozenset[Token]] = [frozenset()] * len(graph.subgraphs)
    edges: list[tuple[tuple[int, int], ...]] = [()] * len(graph.subgraphs)
    writes = may_write(graph)
    for s in innermost_first(graph):
        subgraph = graph.subgraphs[s]
        tokens = [_tokens(subgraph, s, op).union(*(touched[c.subgraph] for c in op.calls)) for op in subgraph.ops]
        touched[s] = frozenset().union(*tokens) if tokens else frozenset()
        turns: Iterable[int] = range(len(subgraph.ops))
        if writes[s] or not touched[s].isdisjoint(_BY_DATA):
            turns = by_reads(len(subgraph.ops), ((writer, reader) for writer, reader, _ in reads(subgraph)))
        edges[s] = (*_in_turn(tokens, turns), *_around_writers(subgraph, writes[s], turns))
    return tuple(edges)


def may_write(graph: Graph) -> list[dict[int, frozenset[int]]]:
    """Per subgraph: operator -> the tensors that it reads and may write, for those that have any.

    A custom operator may write all that it reads; one that calls bodies what they capture and may write.
    """
    found: list[dict[int, frozenset[int]]] = [{} for _ in graph.subgraphs]
    for s in innermost_first(graph):
        for index, op in enumerate(graph.subgraphs[s].ops):
            tensors = {t for t in op.inputs if t != ABSENT} if op.custom else set[int]()
            for call in op.calls:
                body = graph.subgraphs[call.subgraph].tensors
                exposed = {t for written in found[call.subgraph].values() for t in written}
                tensors.update(source for t in exposed if (source := body[t].captures) is not None)
            if tensors:
                found[s][index] = frozenset(tensors)
    return found


def innermost_first(graph: Graph) -> list[int]:
    """The subgraphs, each after those that its operators call. There is no circle: see timeline.py."""
    order: list[int] = []
    seen: set[int] = set()
    open_: list[tuple[int, bool]] = [(s, False) for s in reversed(range(len(graph.subgraphs)))]
    while open_:
        s, called_are_done = open_.pop()
        if called_are_done:
            order.append(s)
        elif s not in seen:
            seen.add(s)
            open_.append((s, True))
            open_ += [(call.subgraph, False) for op in graph.subgraphs[s].ops for call in op.calls]
    return order


def _tokens(subgraph: Subgraph, s: int, op: Op) -> set[Token]:
    tokens: set[Token] = set()
    for t in (*op.inputs, *op.outputs):
        if t == ABSENT:
            continue
        if subgraph.tensors[t].kind is TensorKind.VARIABLE:
            tokens.add(("variable", s, t))
        elif subgraph.tensors[t].dtype.name == "resource":
            tokens.add(_RESOURCES)
    if op.resource:
        tokens.add(_RESOURCES)
    if op.random:
        tokens.add(_GENERATOR)
    if op.custom:
        tokens.add(_CUSTOM)
    return tokens


def _in_turn(tokens: Sequence[frozenset[Token] | set[Token]], turns: Iterable[int]) -> Iterator[tuple[int, int]]:
    yield from _turn_by_turn(tokens, range(len(tokens)), lambda token: token not in _BY_DATA)
    yield from _turn_by_turn(tokens, turns, lambda token: token in _BY_DATA)


def _turn_by_turn(
    tokens: Sequence[frozenset[Token] | set[Token]], turns: Iterable[int], wanted: Callable[[Token], bool]
) -> Iterator[tuple[int, int]]:
    last: dict[Token, int] = {}
    for index in turns:
        for token in sorted(filter(wanted, tokens[index])):
            if token in last:
                yield last[token], index
            last[token] = index


def _around_writers(
    subgraph: Subgraph, writes: Mapping[int, frozenset[int]], turns: Iterable[int]
) -> Iterator[tuple[int, int]]:
    """Edges that keep the readers of what an operator may write before or after it, as in the file."""
    exposed = frozenset().union(*writes.values())
    writer: dict[int, int] = {}  # of a tensor: the last operator that may have written it
    since: dict[int, list[int]] = defaultdict(list)  # and those that have read it since
    for index in turns if exposed else ():
        for t in sorted(exposed.intersection(subgraph.ops[index].inputs)):
            if t in writer:
                yield writer[t], index
            if t in writes.get(index, ()):
                yield from ((reader, index) for reader in since.pop(t, ()))
                writer[t] = index
            else:
                since[t].append(index)
