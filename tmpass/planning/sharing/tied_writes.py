"""In-place pairs that ties need: operators that write a tied output over its input.

They are found in one walk over the operators. The ties of an operator are found by the classes of its inputs and
outputs, and by their bytes.
"""

from bisect import bisect_left, insort
from collections.abc import Iterator, Mapping, Sequence

from tmpass.base.errors import brief
from tmpass.graph.model import ABSENT, Graph, Op, Subgraph, TensorKey, TensorKind
from tmpass.planning.sharing.aliases import Aliases, written
from tmpass.planning.sharing.in_place import may_write_over
from tmpass.planning.sharing.tied import EndTie
from tmpass.planning.sharing.timed_classes import InPlace
from tmpass.targets import Sharing, Target

_SCATTERS = frozenset(
    {"TensorScatter", "ScatterND", "ScatterElements", "Scatter", "DYNAMIC_UPDATE_SLICE", "STABLEHLO_SCATTER"}
    | {"STABLEHLO_DYNAMIC_UPDATE_SLICE"}
)
"""Operators that copy their first input and change some of it. In place, only the change is left to do."""


def tie_candidates(graph: Graph, ties: Sequence[EndTie], sharing: Sharing) -> list[InPlace]:
    """The pairs that may be written in place for a tie, whatever the layout, in the subgraphs of `ties`.

    Their operators are element-wise, a scatter or a view, or named by `sharing`.
    """
    writes = written(graph) if ties else {}
    found = []
    for s in sorted({tie.output[0] for tie in ties}):
        subgraph = graph.subgraphs[s]
        # An output is needed after the last step, and an input before the first one.
        inputs, outputs = frozenset(subgraph.inputs), frozenset(subgraph.outputs)

        def free(t: int, s: int = s) -> bool:
            return graph.subgraphs[s].tensors[t].kind is TensorKind.ACTIVATION and writes[s, t] <= 1

        for index, op in enumerate(subgraph.ops):
            for source, result in dict.fromkeys(may_be_tied(op, subgraph, sharing)):
                if source in outputs or result in inputs or op.inputs.count(source) != 1:
                    continue
                if free(source) and free(result):
                    found.append(InPlace(s, index, (s, source), (s, result)))
    return found


def tie_pairs(
    graph: Graph, ties: Sequence[EndTie], aliases: Aliases, candidates: Sequence[InPlace]
) -> Iterator[InPlace]:
    """The candidates that must be written in place so that `ties` hold.

    Their operators read bytes of a tied input and write these bytes of its output: all of them, a piece of them, or a
    tensor that they are a piece of. A tensor that is only next to them does not count: it has another place where less
    shares. The pairs come in the order of the ties, and for each tie in the order of the file.
    """
    places = _Places(graph, ties, aliases)
    found: list[tuple[int, int]] = []
    for number, pair in enumerate(candidates):
        tie = places.first(pair.source, pair.result)
        if tie is not None and aliases.of(pair.source) != aliases.of(pair.result):
            found.append((tie, number))
    return (candidates[number] for _, number in sorted(found))


class _Places:
    """The ties between two classes, by the position of one class over the other and by their bytes.

    They are kept by size, in powers of two, and by address within each of these: a tensor of less than 2^k bytes that
    has a byte of `[low, high)` begins above low - 2^k.
    """

    def __init__(self, graph: Graph, ties: Sequence[EndTie], aliases: Aliases) -> None:
        self._graph, self._aliases = graph, aliases
        self._shelves: dict[tuple[TensorKey, TensorKey, int], dict[int, list[tuple[int, int, int]]]] = {}
        for number, tie in enumerate(ties):
            low, high = self._span(tie.output)
            shelf = self._shelves.setdefault(self._over(tie.input, tie.output), {})
            insort(shelf.setdefault((high - low).bit_length(), []), (low, high, number))

    def first(self, source: TensorKey, result: TensorKey) -> int | None:
        """The number of the first tie that needs `result` over `source`; None if there is none."""
        shelves = self._shelves.get(self._over(source, result))
        if shelves is None:
            return None
        (low, high), found = self._span(result), []
        for bits, shelf in shelves.items():
            for at in range(bisect_left(shelf, (low - (1 << bits),)), bisect_left(shelf, (high,))):
                start, end, number = shelf[at]
                if max(low, start) < min(high, end):
                    found.append(number)
        return min(found, default=None)

    def _over(self, source: TensorKey, result: TensorKey) -> tuple[TensorKey, TensorKey, int]:
        """The classes of both, and the distance of their begins, in bytes, if both tensors begin at one byte."""
        position = self._aliases.position
        return self._aliases.of(source), self._aliases.of(result), position.get(source, 0) - position.get(result, 0)

    def _span(self, key: TensorKey) -> tuple[int, int]:
        low = self._aliases.position.get(key, 0)
        return low, low + (self._graph.tensor(key).bytes or 0)


def may_be_tied(op: Op, subgraph: Subgraph, sharing: Sharing) -> Iterator[tuple[int, int]]:
    """The (source, result) pairs that `op` may write in place for a tie."""
    yield from may_write_over(op, subgraph, sharing)
    if op.elementwise:
        yield from may_write_over(op, subgraph, Sharing(in_place=(op.kind,)))
    if (op.kind in _SCATTERS or op.view) and op.inputs and op.outputs:
        source, result = op.inputs[0], op.outputs[0]
        if ABSENT not in (source, result) and subgraph.tensors[source].bytes == subgraph.tensors[result].bytes:
            yield source, result


def forced_in_place(
    graph: Graph,
    ties: Sequence[EndTie],
    target: Target,
    members: Sequence[tuple[TensorKey, ...]],
    position: Mapping[TensorKey, int],
) -> list[str]:
    """A line for each operator that must write in place for a tie, though `target` does not list it.

    Args:
        graph: of the model.
        ties: that the plan holds.
        target: whose sharing counts.
        members: the tensors of each buffer.
        position: first byte of a tensor in its buffer, where that is not 0.
    """
    home = {key: buffer for buffer, tensors in enumerate(members) for key in tensors}
    first: dict[tuple[int, int | None], int] = {}
    for number, tie in enumerate(ties):
        first.setdefault((tie.output[0], home.get(tie.output)), number)
    found: list[tuple[int, str]] = []
    for s in sorted({tie.output[0] for tie in ties}):
        subgraph = graph.subgraphs[s]
        for op in subgraph.ops:
            if op.view and target.sharing.allows(target.sharing.views, op.kind):
                continue
            pairs = dict.fromkeys(may_be_tied(op, subgraph, target.sharing))
            there = [
                (first[s, home[s, one]], one, two)
                for one, two in pairs
                if (s, one) in home and home[s, one] == home.get((s, two)) and (s, home[s, one]) in first
                if position.get((s, one), 0) == position.get((s, two), 0)
            ]
            allowed = frozenset(may_write_over(op, subgraph, target.sharing)) if there else frozenset()
            for number, one, two in there:
                if (one, two) not in allowed:
                    names = f"{brief(subgraph.tensors[two].name)} over {brief(subgraph.tensors[one].name)}"
                    needs = f"--tie needs a {op.kind} that writes {names}"
                    found.append((number, f"{needs}: [sharing] of {target.name} does not list it"))
    return [line for _, line in sorted(found, key=lambda row: row[0])]
