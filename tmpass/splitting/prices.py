"""What operators of a draft cost: multiply-accumulate operations, time, and bytes that the runtime keeps for each."""

from collections.abc import Iterable, Sequence
from functools import cache, cached_property
from math import prod

from tmpass.graph.dialect import New
from tmpass.graph.draft import Draft, DraftOp, DraftTensor, draft_graph
from tmpass.graph.layer import Padding, Role, Window
from tmpass.graph.macs import count_macs
from tmpass.graph.model import Graph, Subgraph
from tmpass.splitting.along import Along
from tmpass.splitting.builder import Builder
from tmpass.splitting.net import Net
from tmpass.splitting.stage import Stage
from tmpass.targets import Target

_MANY = 64


class Prices:
    """Prices of operators of drafts of one net on one target; each is computed once.

    Args:
        net: the model.
        target: of the plan.
        padded: whether bytes that the runtime keeps count with their padding, which depends on the order of the
            operators. Without it, they are a lower bound for all orders.
    """

    def __init__(self, net: Net, target: Target, *, padded: bool = True) -> None:
        self._net, self._target, self._padded = net, target, padded
        self._tails: dict[object, int] = {}
        self._macs = [count_macs(net.main, op) for op in net.main.ops]
        self._empty = self._tail(Subgraph("", (), (), (), ()))
        tensors = (net.main.tensors[0],) * _MANY if net.main.tensors else ()
        self._tensor = (self._tail(Subgraph("", tensors, (), (), ())) - self._empty) // _MANY

    @cached_property
    def tail(self) -> int:
        """Bytes that the runtime keeps for the original."""
        return self._tail_of(draft_graph(self._net.draft, self._net.graph, self._net.dialect))

    @property
    def macs(self) -> int:
        """The MACs of the original."""
        return sum(self._macs)

    def original_tail(self, ops: Iterable[int]) -> int:
        """Bytes that the runtime keeps for operators of the original, without those of their tensors."""
        draft = self._net.draft
        return sum(self.tail_of(draft.tensors, (draft.ops[op],), 0) for op in ops)

    def original_macs(self, ops: Iterable[int]) -> int:
        """The MACs of operators of the original."""
        return sum(self._macs[op] for op in ops)

    def macs_of(self, tensors: Sequence[DraftTensor], ops: Iterable[DraftOp]) -> int:
        """The MACs of operators of a draft: those of the original, as often as there are elements of the result."""
        found = 0
        for op in ops:
            elements = prod(tensors[op.outputs[0]].shape)
            if op.new is None:
                whole = prod(self._net.shape(self._net.main.ops[op.like].outputs[0]))
                found += self._macs[op.like] * elements // max(1, whole)
            elif op.new is New.PAD:
                found += elements
        return found

    @property
    def known(self) -> bool:
        """Whether the times of the runtime's kernels are known."""
        return self._target.runtime.times is not None

    @cached_property
    def time(self) -> int:
        """The time of a run of the original, in picoseconds; 0 where the times of the runtime are not known."""
        return sum(self._times)

    @cached_property
    def _times(self) -> list[int]:
        """The time of each operator of the original."""
        draft = self._net.draft
        return [self.time_of(draft.tensors, (op,)) for op in draft.ops]

    def original_time(self, ops: Iterable[int]) -> int:
        """The time of operators of the original."""
        return sum(self._times[op] for op in ops)

    def time_of(self, tensors: Sequence[DraftTensor], ops: Iterable[DraftOp]) -> int:
        """The time of operators of a draft, in picoseconds; 0 where the times of the runtime are not known."""
        times, found = self._target.runtime.times, 0
        if times is None:
            return 0
        for op in ops:
            elements = prod(tensors[op.outputs[0]].shape) if op.outputs else 0
            if op.new is not None:
                found += times.of(self._net.dialect.kinds[op.new], elements, 0, 0)
                continue
            original = self._net.main.ops[op.like]
            taps, macs = self._inside(op, tensors, elements)
            found += times.of(original.kind, elements, taps, macs)
        return found

    def _inside(self, op: DraftOp, tensors: Sequence[DraftTensor], elements: int) -> tuple[int, int]:
        """The places of windows inside the input, over all elements of the result, and the MACs at these places."""
        net, layer = self._net, self._net.layers[op.like]
        whole = prod(net.shape(net.main.ops[op.like].outputs[0])) if op.outputs else 0
        macs = self._macs[op.like]
        if layer is None or layer.role is not Role.WINDOW:
            return 0, macs * elements // max(1, whole)
        given, made = tensors[op.inputs[layer.data[0]]].shape, tensors[op.outputs[0]].shape
        taps, size, padding = elements, 1, op.padding or layer.padding
        for axis, window in zip(net.axes.spatial, layer.windows, strict=True):
            if axis < len(made):
                size *= window.size
                taps = taps // made[axis] * count_taps(window, padding, given[axis], made[axis])
        return taps, macs * taps // max(1, whole * size)

    def stage(self, stage: Stage, builder: Builder) -> tuple[int, int, int, int]:
        """What a stage costs in addition to its operators in one piece: bytes of tail, MACs, time and operators.

        Args:
            stage: the stage.
            builder: has its operators in parts, and nothing else.
        """
        net, (tensors, ops, more) = self._net, builder.made()
        own = [net.order[p] for p in range(stage.first, stage.last + 1)]
        # The tensors between the operators of the stage are replaced by those of the parts.
        more -= sum(len(net.main.ops[op].outputs) for op in own) - 1
        if stage.along is Along.CHANNELS:
            more -= sum(len(layer.filters) for op in own if (layer := net.layers[op]))
        return (
            self.tail_of(tensors, ops, more) - self.original_tail(own),
            self.macs_of(tensors, ops) - self.original_macs(own),
            self.time_of(tensors, ops) - self.original_time(own),
            len(ops) - len(own),
        )

    def tail_of(self, tensors: Sequence[DraftTensor], ops: Sequence[DraftOp], new: int) -> int:
        """Bytes that the runtime keeps for operators of a draft, and for `new` tensors more than the original has."""
        found = new * self._tensor
        for op in ops:
            channels = tensors[op.outputs[0]].shape[-1:]
            key = op.like, op.new, channels, len(op.inputs)
            if key not in self._tails:
                self._tails[key] = self._of(op, tensors)
            found += self._tails[key]
        return found

    def _of(self, op: DraftOp, tensors: Sequence[DraftTensor]) -> int:
        """Bytes for one operator, without those of its tensors."""
        net = self._net
        used = tuple(dict.fromkeys(t for t in (*op.inputs, *op.outputs) if t >= 0))
        index = {t: number for number, t in enumerate(used)} | {-1: -1}
        renamed = DraftOp(
            op.like, tuple(index[t] for t in op.inputs), tuple(index[t] for t in op.outputs), new=op.new, axis=op.axis
        )
        alone = Draft(tuple(tensors[t] for t in used), (renamed,), (), ())
        graph = draft_graph(alone, net.graph, net.dialect).subgraphs[0]
        return self._tail(graph) - self._tail(Subgraph("", graph.tensors, (), (), ()))

    def _tail(self, subgraph: Subgraph) -> int:
        return self._tail_of(Graph(self._net.graph.format, (subgraph,), ()))

    def _tail_of(self, graph: Graph) -> int:
        if not self._target.runtime.tail:
            return 0
        from tmpass.targets.tail import runtime_bytes

        found = runtime_bytes(graph, self._target)
        if found is None:
            return 0
        return found.total if self._padded else found.total - found.padding


@cache
def count_taps(window: Window, padding: Padding, length: int, count: int) -> int:
    """How many places of `count` windows over `length` elements lie inside; of EXPLICIT padding, all."""
    if padding is not Padding.SAME:
        return count * window.size
    before = window.same(length)[1]
    return sum(
        0 <= number * window.stride - before + place * window.dilation < length
        for number in range(count)
        for place in range(window.size)
    )
