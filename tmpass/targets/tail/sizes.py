"""The sizes that the rules of a runtime give for one model."""

from collections.abc import Iterable, Iterator, Sequence

from tmpass.base.errors import UsageError
from tmpass.base.record import record
from tmpass.graph.model import ABSENT, Graph, Op, Subgraph, Tensor, TensorKey, TensorKind
from tmpass.targets.scratch.find import operands
from tmpass.targets.scratch.formula import Options, Tensors, parse_formula
from tmpass.targets.tail.rules import Allocation, Kernel, Per, Place, Rules, Size

RESOURCES = "resource variables"
"""The name of the row of variables that operators assign to."""


@record
class _Known:
    """An operator with a rule: the bytes of its options and buffers, and the number of its scratch buffers."""

    op: Op
    subgraph: Subgraph
    kernel: Kernel
    options: tuple[int, ...]
    persistent: tuple[int, ...]
    prepared: tuple[int, ...]
    scratch: int


class Sizes:
    """What `rules` say of the tensors and operators of `graph`.

    `unknown` are the kinds of operators without a rule. `keeps` says what the buffers of the others are, where that is
    known.
    """

    def __init__(self, graph: Graph, rules: Rules, word: int, orders: Sequence[Sequence[int]] | None = None) -> None:
        self._graph, self._rules, self._word = graph, rules, word
        self.unknown: set[str] = set()
        self.keeps: dict[str, str] = {}
        self._kernels: list[_Known] = []
        self._resources: dict[object, int] = {}
        self._held: set[TensorKey] = set()
        for s, subgraph in enumerate(graph.subgraphs):
            for index in range(len(subgraph.ops)) if orders is None else orders[s]:
                self._enter((s, index), subgraph.ops[index], subgraph)
        self._scratch = sum(known.scratch for known in self._kernels)

    def _enter(self, place: Place, op: Op, subgraph: Subgraph) -> None:
        kernel = self._rules.kernel(place, op)
        tensors = (*operands(subgraph, op), op.options)
        try:
            if kernel is None:
                raise UsageError("there is no rule")
            options, persistent, prepared, scratch = (
                tuple([size for size in self._sizes(some, *tensors) if size])
                for some in (kernel.options, kernel.persistent, kernel.prepared, kernel.scratch)
            )
            if kernel.resource is not None:
                self._assign(place, op, self._size(kernel.resource, *tensors))
            if kernel.holds_outputs:
                self._held.update((place[0], t) for t in op.outputs)
            self._kernels.append(_Known(op, subgraph, kernel, options, persistent, prepared, len(scratch)))
            if kernel.keeps:
                self.keeps[op.kind] = kernel.keeps
        except UsageError:
            self.unknown.add(op.kind)

    def _assign(self, place: Place, op: Op, size: int) -> None:
        """Note that `op` assigns to a variable. One of unknown name counts for itself."""
        name = self._graph.handles.get((place[0], op.inputs[0]), place)
        self._resources[name] = max(self._resources.get(name, 0), size)

    def _size(self, size: Size, inputs: Tensors = (), outputs: Tensors = (), options: Options = ()) -> int:
        return parse_formula(size).of(inputs, outputs, self._word, options)

    def _sizes(
        self, sizes: Iterable[Size], inputs: Tensors = (), outputs: Tensors = (), options: Options = ()
    ) -> Iterator[int]:
        return (self._size(size, inputs, outputs, options) for size in sizes)

    def allocations(self, allocation: Allocation) -> Iterator[tuple[str, int, int, int]]:
        """Name, count, bytes and alignment of all that `allocation` stands for."""
        align = self._size(allocation.align)
        if allocation.per is Per.OPTIONS:
            for known in self._kernels:
                yield from ((allocation.what, 1, size, self._size(known.kernel.align)) for size in known.options)
            return
        if allocation.per is Per.KERNEL:
            for known in self._kernels:
                yield from ((known.op.kind, 1, size, align) for size in known.persistent)
            for known in self._kernels:
                yield from ((known.op.kind, 1, size, align) for size in known.prepared)
            yield from ((RESOURCES, 1, size, align) for size in self._resources.values())
            return
        for group in self._groups(allocation.per):
            if allocation.together:
                if group or allocation.per not in (Per.SCRATCH, Per.RESOURCE):
                    sizes = [sum(self._sizes(allocation.bytes, (one,))) for one in group]
                    yield allocation.what, len(group), sum(sizes), align
                continue
            for one in group:
                for number, size in enumerate(self._sizes(allocation.bytes, (one,))):
                    yield allocation.what, number == 0, size, align

    def _groups(self, per: Per) -> Iterator[Sequence[Tensor | None]]:
        """What an allocation is made for, by subgraph or for the whole model."""
        subgraphs = self._graph.subgraphs
        main = subgraphs[0] if subgraphs else None
        handles = sum(op.kind == "VAR_HANDLE" and not op.custom for graph in subgraphs for op in graph.ops)
        names = len(set(self._graph.handles.values())) or handles
        match per:
            case Per.MODEL:
                yield [None]
            case Per.RESOURCES:
                yield [None] * (names > 0)
            case Per.RESOURCE:
                yield [None] * names
            case Per.SUBGRAPH:
                yield [None] * len(subgraphs)
            case Per.TENSOR:
                yield from ([None] * len(graph.tensors) for graph in subgraphs)
            case Per.OPERATOR:
                yield from ([None] * len(graph.ops) for graph in subgraphs)
            case Per.SCRATCH:
                yield [None] * self._scratch
            case Per.VARIABLE:
                for graph in subgraphs:
                    yield [tensor for tensor in graph.tensors if tensor.kind is TensorKind.VARIABLE]
            case Per.INPUT:
                yield [main.tensors[t] for t in main.inputs] if main else []
            case Per.OUTPUT:
                yield [main.tensors[t] for t in main.outputs] if main else []

    def preparing(self, kernels: int) -> int:
        """The most bytes of head and tail while one operator is prepared, after those before it.

        Args:
            kernels: the bytes of the tail with the buffers of all kernels.
        """
        left = sum(map(self._own, self._kernels))
        most, requests = kernels - left + self._requests(0), 0
        for known in self._kernels:
            left -= self._own(known)
            most = max(most, kernels - left + self._requests(requests) + self._looked_at(known))
            requests += known.scratch
        return most

    def prepared_first(self) -> int:
        """The most bytes of head and kernels while one operator is prepared that is the first one."""
        taken = (sum(one.persistent + one.prepared) + self._looked_at(one) for one in self._kernels)
        return self._requests(0) + max(taken, default=0)

    def _own(self, known: "_Known") -> int:
        """The bytes that a kernel takes in its preparation and keeps."""
        return sum(round_up(size, self._rules.alignment) for size in known.prepared)

    def placed(self) -> int:
        """The bytes in the head while buffers are placed."""
        rule, graphs = self._rules.preparation, self._graph.subgraphs
        tensors = sum(len(graph.tensors) for graph in graphs) + self._scratch
        buffers = self._scratch + sum(
            tensor.kind is TensorKind.ACTIVATION and tensor.bytes != 0 and (s, t) not in self._held
            for s, graph in enumerate(graphs)
            for t, tensor in enumerate(graph.tensors)
        )
        lists = round_up(self._requests(self._scratch) + len(graphs) * self._size(rule.subgraph), self._word)
        lists += tensors * self._size(rule.tensors)
        return round_up(lists, self._rules.alignment) + buffers * self._size(rule.buffer)

    def _requests(self, scratch: int) -> int:
        """The bytes in the head for the requests of `scratch` buffers."""
        rule = self._rules.preparation
        return round_up((rule.spare + scratch) * self._size(rule.request), self._word)

    def _looked_at(self, known: "_Known") -> int:
        """The bytes of the tensors that a kernel looks at during preparation."""
        names = ("inputs", "outputs") if known.kernel.temporaries is None else known.kernel.temporaries
        size = 0
        for tensor in _named(names, known.op, known.subgraph):
            size += sum(round_up(part, self._word) for part in self._sizes(self._rules.preparation.tensor, (tensor,)))
        return size


def _named(names: Iterable[str], op: Op, subgraph: Subgraph) -> Iterator[Tensor]:
    """The tensors of `op` that `names` stand for, as often as they are named."""
    for name in names:
        side = op.inputs if name.startswith("in") else op.outputs
        number = name.removeprefix("in").removeprefix("out")
        chosen = side[int(number) : int(number) + 1] if number.isdecimal() else side
        yield from (subgraph.tensors[t] for t in chosen if t != ABSENT)


def round_up(size: int, step: int) -> int:
    """`size`, rounded up to a multiple of `step`."""
    return -(-size // step) * step
