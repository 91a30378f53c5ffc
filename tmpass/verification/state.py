"""State that operators keep between steps. Accesses to one state keep the order of the model's file."""

from collections import defaultdict
from collections.abc import Sequence
from heapq import heappop, heappush
from itertools import product

from tmpass.graph.model import ABSENT, Graph, Op, Subgraph, TensorKind

Token = tuple[int, int]
"""A state: a variable (subgraph, index), or one of those below."""

_RESOURCES: Token = (-1, -1)
"""The state of all resources together. Which handle names which resource is not known before a run."""

_DRAWS: Token = (-1, -2)
"""The state of the generator of random numbers."""

_UNKNOWN: Token = (-1, -3)
"""The state of custom operators."""

_BY_NATURE = {
    has: frozenset([token for token, there in zip((_RESOURCES, _DRAWS, _UNKNOWN), has, strict=True) if there])
    for has in product((False, True), repeat=3)
}
"""Whether an operator has resources, draws, and is custom -> the states that it touches for that."""


def state_order(graph: Graph) -> dict[tuple[int, int], list[int]]:
    """(subgraph, operator) -> operators of the subgraph that must run before it, because both touch one state.

    Where the file is not sorted, the order of its data counts, except for variables and resources. An operator touches
    what its bodies touch. Reads count like writes, since some operators write what they are given to read. For each
    state only the last operator before is listed; the others follow from it.
    """
    touched: dict[int, frozenset[Token]] = {}
    shown = graph.fact(exposed)
    before: dict[tuple[int, int], list[int]] = defaultdict(list)
    for s in _innermost_first(graph):
        ops, own = graph.subgraphs[s].ops, _own(graph, s)
        tokens = [
            mine.union(*[touched.get(call.subgraph, frozenset()) for call in op.calls]) if op.calls else mine
            for op, mine in zip(ops, own, strict=True)
        ]
        touched[s] = frozenset().union(*set(tokens))
        if not touched[s] and not shown:
            continue
        turns: Sequence[int] = range(len(ops))
        if not touched[s].isdisjoint((_DRAWS, _UNKNOWN)) or any(at == s for at, _ in shown):
            turns = _turns(graph.subgraphs[s])
        for stored, sequence in ((True, range(len(ops))), (False, turns)):
            last: dict[Token, int] = {}
            # Variables and resources keep the file's order; other state may follow the data.
            kept = {all_: sorted(t for t in all_ if (t[0] >= 0 or t == _RESOURCES) is stored) for all_ in set(tokens)}
            for index in sequence if any(kept.values()) else ():
                for token in kept[tokens[index]]:
                    if token in last:
                        before[s, index].append(last[token])
                    last[token] = index
        for early, late in _past_writers(graph, s, shown, turns):
            before[s, late].append(early)
    return before


def _turns(subgraph: Subgraph) -> Sequence[int]:
    """The operators in the file's order; if that is not sorted, in the topological order that is closest to it.

    In that order each operator comes as soon as it can run; of several that can, the first in the file.
    """
    if subgraph.fact(is_sorted):
        return range(len(subgraph.ops))
    needs = _makers(subgraph)
    order = _first_able(needs)
    return order if len(order) == len(needs) else range(len(needs))


def topological_orders(graph: Graph) -> list[list[int]]:
    """The operators of each subgraph: next comes the first in the file of those whose data and state allow it."""
    before = state_order(graph)
    return [
        _first_able([others.union(before.get((s, index), ())) for index, others in enumerate(_makers(subgraph))])
        for s, subgraph in enumerate(graph.subgraphs)
    ]


def is_sorted(subgraph: Subgraph) -> bool:
    """Whether each operator comes after those that make what it reads."""
    maker = _maker(subgraph)
    return all(maker[t] < index for index, op in enumerate(subgraph.ops) for t in op.inputs if t in maker)


def _maker(subgraph: Subgraph) -> dict[int, int]:
    """Tensor -> the operator that makes it in each run; the last one, where there are several."""
    maker = {t: i for i, op in enumerate(subgraph.ops) for t in op.outputs}
    for t in (ABSENT, *subgraph.inputs, *subgraph.of_kind(TensorKind.VARIABLE)):
        maker.pop(t, None)
    return maker


def _makers(subgraph: Subgraph) -> list[set[int]]:
    """For each operator, those that make what it reads."""
    maker = _maker(subgraph)
    return [{maker[t] for t in op.inputs if t in maker} for op in subgraph.ops]


def _first_able(needs: list[set[int]]) -> list[int]:
    """The operators in an order in which each follows its `needs`, as early as the file has it; none of a cycle."""
    readers: dict[int, list[int]] = defaultdict(list)
    for index, others in enumerate(needs):
        for other in others:
            readers[other].append(index)
    missing = [len(others) for others in needs]
    order: list[int] = []
    able = [index for index, others in enumerate(needs) if not others]
    while able:
        index = heappop(able)
        order.append(index)
        for reader in readers[index]:
            missing[reader] -= 1
            if not missing[reader]:
                heappush(able, reader)
    return order


def exposed(graph: Graph) -> set[tuple[int, int]]:
    """The tensors that a custom operator may write, since it reads them, under all of their names."""
    found: set[tuple[int, int]] = set()
    for s, subgraph in enumerate(graph.subgraphs):
        read = set().union(*[op.inputs for op in subgraph.ops if op.custom])
        found.update([(s, t) for t in read if t != ABSENT])
    callers = [
        (s, call.subgraph) for s, sub in enumerate(graph.subgraphs) for op in sub.ops if op.calls for call in op.calls
    ]
    size = 0
    while size < len(found):  # outwards, one level of bodies at a time
        size = len(found)
        for s, body in callers:
            tensors = graph.subgraphs[body].tensors
            found |= {
                (s, c) for t, tensor in enumerate(tensors) if (body, t) in found and (c := tensor.captures) is not None
            }
    return found


def _past_writers(graph: Graph, s: int, shown: set[tuple[int, int]], turns: Sequence[int]) -> list[tuple[int, int]]:
    """Pairs (earlier, later) of readers of one tensor, one of which may write it: it is custom, or its body is.

    Pairs that follow from others are left out.
    """
    pairs = []
    here = {t for at, t in shown if at == s}
    last: dict[int, int] = {}  # of a tensor: its last reader that may write it
    others: dict[int, list[int]] = defaultdict(list)  # and the readers after that
    ops = graph.subgraphs[s].ops
    for index in turns if here else ():
        op = ops[index]
        for t in here.intersection(op.inputs):
            if t in last:
                pairs.append((last[t], index))
            if op.custom or (op.calls and _hands_on(graph, op, t, shown)):
                if t in others:
                    pairs += [(reader, index) for reader in others.pop(t)]
                last[t] = index
            else:
                others[t].append(index)
    return pairs


def _hands_on(graph: Graph, op: Op, t: int, shown: set[tuple[int, int]]) -> bool:
    """Whether a body of `op` captures tensor `t` and shows it to a custom operator."""
    return any(
        tensor.captures == t and (call.subgraph, inner) in shown
        for call in op.calls
        for inner, tensor in enumerate(graph.subgraphs[call.subgraph].tensors)
    )


def _own(graph: Graph, s: int) -> list[frozenset[Token]]:
    """The states that each operator of subgraph `s` itself touches."""
    subgraph = graph.subgraphs[s]
    held = {t: _RESOURCES for t, tensor in enumerate(subgraph.tensors) if tensor.dtype.name == "resource"}
    held |= {t: (s, t) for t in subgraph.of_kind(TensorKind.VARIABLE)}
    found = [_BY_NATURE[op.resource, op.random, op.custom] for op in subgraph.ops]
    for index, op in enumerate(subgraph.ops) if held else ():
        found[index] = found[index].union([held[t] for t in (*op.inputs, *op.outputs) if t in held])
    return found


def _innermost_first(graph: Graph) -> Sequence[int]:
    """Every subgraph after those that its operators call. A cycle of calls, which cannot run, is cut somewhere."""
    if not graph.called:
        return range(len(graph.subgraphs))
    order: list[int] = []
    seen: set[int] = set()
    for root in range(len(graph.subgraphs)):
        stack = [(root, False)]
        while stack:
            s, done = stack.pop()
            if done:
                order.append(s)
            elif s not in seen:
                seen.add(s)
                stack.append((s, True))
                stack += [(call.subgraph, False) for op in graph.subgraphs[s].ops for call in op.calls]
    return order
