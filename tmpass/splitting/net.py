"""The main subgraph of a model as rewrites read it: operators in an order that runs, their layers, who reads what."""

from collections.abc import Sequence
from functools import cached_property

from tmpass.graph.dependencies import read_pairs
from tmpass.graph.dialect import Dialect
from tmpass.graph.draft import Draft, unchanged
from tmpass.graph.effects import effect_edges
from tmpass.graph.layer import Layer
from tmpass.graph.model import ABSENT, Graph, Op, TensorKind
from tmpass.graph.topological import topological_order
from tmpass.splitting.along import Along

Shape = tuple[int, ...]

ROUNDING = 16
"""The multiple to which sizes are rounded in estimates."""


class Net:
    """A model that is to be split.

    Fields:
        graph: of the model, with all sizes known.
        layers: of the operators of its main subgraph.
        dialect: how the format writes new operators, and where its tensors have rows and channels.
        most_joined: the most inputs of one CONCAT that the runtime takes; None for any number.
        order: the operators in an order in which they can run; None for that of the file, if it does.
    """

    def __init__(
        self,
        graph: Graph,
        layers: Sequence[Layer | None],
        dialect: Dialect,
        most_joined: int | None,
        order: tuple[int, ...] | None = None,
    ) -> None:
        self.graph, self.layers, self.dialect, self.most_joined = graph, tuple(layers), dialect, most_joined
        self.main = graph.subgraphs[0]
        self.axes = dialect.axes
        self.order = self._topological() if order is None else order
        self._shapes = [
            tuple([dim if isinstance(dim, int) else -1 for dim in t.shape or ()]) for t in self.main.tensors
        ]

    @cached_property
    def draft(self) -> Draft:
        """The draft of the model itself."""
        return unchanged(self.main)

    def ordered(self, order: Sequence[int]) -> "Net":
        """The same model with its operators in another order."""
        return Net(self.graph, self.layers, self.dialect, self.most_joined, tuple(order))

    def _topological(self) -> tuple[int, ...]:
        edges = read_pairs(self.main)
        return tuple(topological_order(self.main, edges, effect_edges(self.graph)[0]))

    @cached_property
    def readers(self) -> dict[int, tuple[int, ...]]:
        """Tensor -> the positions in the order of the operators that read it."""
        found: dict[int, list[int]] = {}
        for position, op in enumerate(self.order):
            for t in dict.fromkeys(self.main.ops[op].inputs):
                found.setdefault(t, []).append(position)
        return {t: tuple(positions) for t, positions in found.items()}

    @cached_property
    def writer(self) -> dict[int, int]:
        """Tensor -> the position in the order of the operator that writes it."""
        return {t: at for at, op in enumerate(self.order) for t in self.main.ops[op].outputs if t != ABSENT}

    def op(self, position: int) -> Op:
        """The operator at a position of the order."""
        return self.main.ops[self.order[position]]

    def layer(self, position: int) -> Layer | None:
        """The layer of the operator at a position of the order."""
        return self.layers[self.order[position]]

    def shape(self, t: int) -> Shape:
        """The shape of a tensor."""
        return self._shapes[t]

    def channels(self, t: int) -> int:
        """The axis of the channels of a tensor."""
        return self.axes.of_channels(len(self._shapes[t]))

    def axis(self, along: Along, t: int) -> int:
        """The axis of a tensor along which a stage is cut."""
        if along is Along.CHANNELS:
            return self.channels(t)
        return self.axes.rows if along is Along.ROWS else self.axes.columns

    def bytes(self, t: int) -> int:
        """The bytes of a tensor."""
        return self.main.tensors[t].bytes or 0

    def active(self, t: int) -> bool:
        """Whether a tensor needs bytes in the arena."""
        return t != ABSENT and self.main.tensors[t].kind is TensorKind.ACTIVATION

    @cached_property
    def ends(self) -> frozenset[int]:
        """The inputs and outputs of the model."""
        return frozenset((*self.main.inputs, *self.main.outputs))

    def result(self, first: int, last: int) -> int | None:
        """The one tensor that the operators [first, last] make for others; None where there are several."""
        outputs = frozenset(self.main.outputs)
        made = [
            t
            for position in range(first, last + 1)
            for t in self.op(position).outputs
            if t != ABSENT and (t in outputs or any(reader > last for reader in self.readers.get(t, ())))
        ]
        return made[0] if len(made) == 1 else None

    def sources(self, first: int, last: int) -> tuple[int, ...]:
        """The activations that operators at the positions [first, last] read from outside."""
        read = dict.fromkeys(t for position in range(first, last + 1) for t in self.op(position).inputs)
        return tuple(t for t in read if self.active(t) and not first <= self.writer.get(t, -1) <= last)

    def kept(self, first: int, last: int, result: int) -> frozenset[int]:
        """The result of a stage, and its sources that are needed after it."""
        after = (
            t
            for t in self.sources(first, last)
            if t in self.main.outputs or any(reader > last for reader in self.readers[t])
        )
        return frozenset((result, *after))

    def through(self, first: int, last: int) -> int:
        """The bytes of tensors that are alive before and after a stage, and that it does not read."""
        found, sources = 0, self.sources(first, last)
        for t, begin in self._begins.items():
            if begin < first and self._ends[t] > last and t not in sources:
                found += -(-self.bytes(t) // ROUNDING) * ROUNDING
        return found

    @cached_property
    def _begins(self) -> dict[int, int]:
        """Activation -> the position of the operator that writes it; -1 for inputs of the model."""
        return {t: at for t, at in (dict.fromkeys(self.main.inputs, -1) | self.writer).items() if self.active(t)}

    @cached_property
    def _ends(self) -> dict[int, int]:
        """Activation -> the position of its last reader; one past all for outputs of the model."""
        outputs, end = frozenset(self.main.outputs), len(self.order)
        return {t: end if t in outputs else max(self.readers.get(t, (-1,))) for t in self._begins}
