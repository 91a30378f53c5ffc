"""Outputs that the options of a plan tie to inputs: their bytes, and whether they have the inputs' addresses."""

from bisect import bisect_left, insort
from collections import defaultdict
from collections.abc import Iterator, Mapping
from typing import NamedTuple

from tmpass.base.choices import Io
from tmpass.base.errors import brief
from tmpass.base.violation import Violation
from tmpass.graph.model import Graph, Subgraph, TensorKey, TensorKind
from tmpass.plans.plan import Plan, PlannedTensor
from tmpass.verification.names import tensor_name

CHANGES_A_COPY = (
    "DYNAMIC_UPDATE_SLICE",
    "STABLEHLO_DYNAMIC_UPDATE_SLICE",
    "STABLEHLO_SCATTER",
    "Scatter",
    "ScatterElements",
    "ScatterND",
    "TensorScatter",
)
"""Operators whose first output is a copy of their first input with some of it changed."""


class TiedBytes(NamedTuple):
    """The bytes `[low, high)` of a buffer: those of `given`, and later those of `output`."""

    low: int
    high: int
    output: TensorKey
    given: TensorKey


class TiedPlaces:
    """The places of a plan's tied outputs, found by their bytes. Outputs apart from their inputs are left out.

    As in overlaps.py, a tensor of less than 2^k bytes that has a byte of `[low, high)` begins above low - 2^k.
    """

    def __init__(self, ties: tuple[tuple[TensorKey, TensorKey], ...], rows: Mapping[TensorKey, PlannedTensor]) -> None:
        self._shelves: dict[int, dict[int, list[TiedBytes]]] = defaultdict(dict)
        for output, given in ties:
            row, low = rows[output], rows[output].offset or 0
            if row.buffer is not None and row.bytes and (row.buffer, row.offset) == _place(rows[given]):
                shelf = self._shelves[row.buffer].setdefault(row.bytes.bit_length(), [])
                insort(shelf, TiedBytes(low, low + row.bytes, output, given))

    def overlapping(self, buffer: int, low: int, high: int) -> Iterator[TiedBytes]:
        """The ties with at least one of the bytes `[low, high)` of `buffer`."""
        for bits, shelf in self._shelves.get(buffer, {}).items():
            for at in range(bisect_left(shelf, (low - (1 << bits),)), bisect_left(shelf, (high,))):
                if shelf[at].high > low:
                    yield shelf[at]


def _place(row: PlannedTensor) -> tuple[int | None, int | None]:
    return row.buffer, row.offset


def tied_ends(
    plan: Plan, graph: Graph, rows: Mapping[TensorKey, PlannedTensor]
) -> tuple[tuple[tuple[TensorKey, TensorKey], ...], list[Violation]]:
    """The tied (output, input) pairs, and violations by them.

    Violations are names that the model does not have, inputs that are kept, sizes or types that differ, and outputs at
    another address than their inputs.
    """
    ties: list[tuple[TensorKey, TensorKey]] = []
    found: list[Violation] = []
    called = graph.called if plan.options.tie else frozenset()
    known = [
        (entry, _Names(entry.outputs, subgraph, subgraph.outputs), _Names(entry.inputs, subgraph, subgraph.inputs))
        for entry in (graph.entries if plan.options.tie else ())
        if entry.subgraph not in called
        for subgraph in (graph.subgraphs[entry.subgraph],)
    ]
    for output, given in sorted(plan.options.tie.items()):
        pairs = []
        for entry, outputs, inputs in known:
            made, taken = outputs.end(entry.name, output), inputs.end(entry.name, given)
            if made is not None and taken is not None:
                pairs.append(((entry.subgraph, made), (entry.subgraph, taken)))
        if not pairs or plan.options.keep_inputs or plan.options.io == Io.EXTERNAL:
            why = "the options leave inputs as they are" if pairs else "no entry of the model has both"
            found.append(Violation("tie", f"output {brief(output)} is tied to input {brief(given)}, but {why}"))
        for pair in pairs:
            one, two = rows[pair[0]], rows[pair[1]]
            if (one.bytes, one.dtype) != (two.bytes, two.dtype):
                message = f"{tensor_name(one)} is tied to {tensor_name(two)}, which has another size or type"
                found.append(Violation("tie", message, tensor_name(one), tensor_name(two)))
            elif one.buffer is None or (one.buffer, one.offset) != (two.buffer, two.offset):
                message = f"{tensor_name(one)} is tied to {tensor_name(two)}, but is at {one.offset}, not {two.offset}"
                found.append(Violation("tie", message, tensor_name(one), tensor_name(two)))
        ties += pairs
    return tuple(dict.fromkeys(ties)), found


class _Names:
    """The inputs or the outputs of an entry by name: by `public` names, or by those of the tensors."""

    def __init__(self, public: Mapping[str, int], subgraph: Subgraph, ends: tuple[int, ...]) -> None:
        self._public, self._subgraph, self._ends = public, subgraph, frozenset(ends)
        self._own: dict[str, list[int]] = defaultdict(list)
        for t in ends:
            if t >= 0:
                self._own[subgraph.tensors[t].name].append(t)

    def end(self, entry: str, name: str) -> int | None:
        """The tensor that `name` stands for: a public name, a tensor's name, or either with the entry's in front."""
        for word in (name, name.removeprefix(f"{entry}:")):
            for t in [self._public[word]] if word in self._public else self._own.get(word, ()):
                if t in self._ends and self._subgraph.tensors[t].kind is TensorKind.ACTIVATION:
                    return t
        return None
