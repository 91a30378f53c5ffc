"""The edges that ties add: readers of a tied input run before the operator that overwrites it."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

from tmpass.graph.model import ABSENT, Graph, Op
from tmpass.planning.sharing.tied import EndTie

_BITS = 4096
"""How many ties are followed at once, each as one bit of a number."""


def tie_edges(graph: Graph, ties: Sequence[EndTie], s: int, views: bool | None = None) -> Iterator[tuple[int, int]]:
    """Edges (earlier, later) of subgraph `s`: readers of a tied input before the operator that writes over it.

    With `views` true, readers are all that read the input or a view of it, and the writer is the one that makes the
    tensor that the output is a view of. With None, an output that may hold bytes of the input, as views and pieces do,
    has no edges: where these share, the write changes nothing.
    """
    here = [tie for tie in ties if tie.output[0] == s and graph.tensor(tie.output).bytes]
    if not here:
        return
    ops = graph.subgraphs[s].ops
    writers = {t: index for index, op in enumerate(ops) for t in op.outputs if t != ABSENT}
    readers: dict[int, list[int]] = defaultdict(list)
    for index, op in enumerate(ops):
        for t in dict.fromkeys(op.inputs):
            readers[t].append(index)
    seen = _Views(ops, writers)
    passed = _passed_on(graph, here, s, writers) if views is None else frozenset()
    for tie in here:
        (_, output), (_, given) = tie.output, tie.input
        if output not in writers or tie in passed:
            continue
        names = seen.of(given) if views is not False else {given}
        if output in names:
            continue
        last = seen.origin(output) if views else output
        writer = writers.get(last, writers[output])
        read = {index for t in (names if views else (given,)) for index in readers[t]}
        yield from ((index, writer) for index in sorted(read) if index != writer)


class _Views:
    """The views of each tensor of a subgraph, and the origin of each view."""

    def __init__(self, ops: Sequence[Op], writers: Mapping[int, int]) -> None:
        self._source = {t: ops[at].inputs[0] for t, at in writers.items() if ops[at].view}
        self._views: dict[int, list[int]] = defaultdict(list)
        for view, source in self._source.items():
            self._views[source].append(view)
        self._origin: dict[int, int] = {}

    def of(self, t: int) -> set[int]:
        """Tensor `t`, its views, views of these, and so on."""
        found, open_ = {t}, [t]
        while open_:
            fresh = [view for view in self._views.get(open_.pop(), ()) if view not in found]
            found.update(fresh)
            open_ += fresh
        return found

    def origin(self, t: int) -> int:
        """The tensor that `t` is a view of, through any number of views; `t` itself if it is not a view."""
        chain = {t: None}
        while t not in self._origin and t in self._source and self._source[t] not in chain:
            t = self._source[t]
            chain[t] = None
        last = self._origin.get(t, t)
        self._origin.update(dict.fromkeys(chain, last))
        return last


def _passed_on(graph: Graph, ties: Sequence[EndTie], s: int, writers: Mapping[int, int]) -> frozenset[EndTie]:
    """The ties whose output may hold bytes of the input, which operators of subgraph `s` pass on under any name.

    Complexity: linear where outputs hold bytes of few inputs. For n ties whose outputs may each hold bytes of every
    input, it takes n^2 / 4096 steps.
    """
    stored = {t: held for (at, t), (_, held) in graph.held_in.items() if at == s}

    def held(t: int) -> int:
        while t in stored:
            t = stored[t]
        return t

    ends = [(held(tie.output[1]), held(tie.input[1])) for tie in ties]
    order = _sources_first((output for output, _ in ends), _makers(graph.subgraphs[s].ops, writers, stored, held))
    found: set[EndTie] = set()
    for begin in range(0, len(ties), _BITS):
        block = ends[begin : begin + _BITS]
        mine: dict[int, int] = defaultdict(int)  # tensor -> a bit for each tie whose input it is
        for number, (_, given) in enumerate(block):
            mine[given] |= 1 << number
        bits: dict[int, int] = {}  # tensor -> a bit for each tie whose input's bytes it may hold
        for t, sources in order:
            bits[t] = mine.get(t, 0)
            for source in sources:
                bits[t] |= bits.get(source, 0)
        found.update(ties[begin + n] for n, (output, _) in enumerate(block) if bits[output] >> n & 1)
    return frozenset(found)


def _makers(
    ops: Sequence[Op], writers: Mapping[int, int], stored: Mapping[int, int], held: Callable[[int], int]
) -> Callable[[int], list[int]]:
    """A function: tensor -> tensors whose bytes an operator passes on to it, or to another name of it."""
    names: dict[int, list[int]] = defaultdict(list)
    for t in stored:
        names[held(t)].append(t)

    def sources(t: int) -> list[int]:
        makers = (ops[writers[name]] for name in (t, *names.get(t, ())) if name in writers)
        return list(dict.fromkeys(held(u) for op in makers if op.moves is not None for u in op.inputs if u != ABSENT))

    return sources


def _sources_first(starts: Iterable[int], sources: Callable[[int], list[int]]) -> list[tuple[int, list[int]]]:
    """Each tensor that leads to one of `starts`, with its sources, in an order with sources first."""
    order: dict[int, list[int]] = {}
    begun: dict[int, list[int]] = {}
    for start in starts:
        open_ = [start]
        while open_:
            t = open_[-1]
            if t not in begun:
                begun[t] = sources(t)
                open_ += [source for source in begun[t] if source not in begun]
            else:
                order.setdefault(t, begun[t])
                open_.pop()
    return list(order.items())
