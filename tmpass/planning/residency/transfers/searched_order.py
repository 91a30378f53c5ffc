"""The order of a model's operators with the fewest transfers, and a bound on all orders.

The search counts bytes without addresses (`free_order.py`). An operator that may write a result over an input needs as
many bytes less, in orders in which no later operator reads that input. Each order that the search comes up with is
planned as a whole, with its own sharing and addresses, and the cheapest one is taken.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from itertools import chain

from tmpass.base.choices import Status
from tmpass.base.record import record
from tmpass.graph.dependencies import read_pairs
from tmpass.graph.effects import effect_edges
from tmpass.graph.model import ABSENT, Subgraph, TensorKey, TensorKind
from tmpass.planning.layout_request import LayoutRequest
from tmpass.planning.residency.transfers.free_order import DEFAULT_LABELS, NO_PLAN, search_orders
from tmpass.planning.residency.transfers.order_problems import Overwrite, order_problems
from tmpass.planning.residency.transfers.problem import (
    TensorKind as Kind,
)
from tmpass.planning.residency.transfers.problem import (
    TransferOperator,
    TransferPlan,
    TransferProblem,
    TransferTensor,
)
from tmpass.targets import Sharing

_LABELS_PER_STATE = 5
"""With the default budget of states, RandWire with 32 nodes takes about 3 s; all other networks end long before."""

CostIn = Callable[[tuple[int, ...]], int | None]
"""The bytes that the best plan moves whose operators run in an order; None where there is no plan."""


@record
class SearchedOrder:
    """What a search over all orders found.

    Fields:
        order: of the operators of the only subgraph; empty where no plan was found.
        bound: no plan of any order moves fewer bytes, at a level of sharing that `is_bounded` names.
        stopped: Ctrl-C ended the search.
    """

    order: tuple[int, ...]
    bound: int
    stopped: bool


def search_order(
    request: LayoutRequest, own: Mapping[int, Sequence[int]], capacity: int, alignment: int, cost_in: CostIn
) -> SearchedOrder | None:
    """The order of the operators of a model of one subgraph for which the fewest transfers are found.

    None where none is searched for: with bodies, variables, ties or several entries.

    Args:
        request: of the model.
        own: operator -> sizes of its scratch and of its copies of constants, in bytes; these never leave.
        capacity: of the scratchpad, in bytes, without what is taken.
        alignment: of addresses in it.
        cost_in: judges an order.
    """
    graph = request.graph
    if len(graph.subgraphs) != 1 or len(graph.entries) != 1 or request.ties:
        return None
    subgraph = graph.subgraphs[0]
    if any(op.calls for op in subgraph.ops) or any(t.kind is TensorKind.VARIABLE for t in subgraph.tensors):
        return None
    model = _Model(request, own)
    problem = model.problem(capacity, alignment)

    def plan_in(order: Sequence[int], _: int) -> TransferPlan:
        cost = cost_in(_of_model(order, subgraph))
        return NO_PLAN if cost is None else TransferPlan(tuple(order), (), cost, 0, Status.FEASIBLE, "")

    labels = min(DEFAULT_LABELS, _LABELS_PER_STATE * request.options.states)
    found = search_orders(order_problems(problem, model.overwrites), plan_in, labels=labels, keep=request.keep)
    return SearchedOrder(_of_model(found.order, subgraph), found.lower_bound if model.is_exact else 0, found.stopped)


def _of_model(order: Iterable[int], subgraph: Subgraph) -> tuple[int, ...]:
    """The order without the caller."""
    return tuple(number - 1 for number in order if 0 < number <= len(subgraph.ops))


def is_bounded(request: LayoutRequest, sharing: Sharing) -> bool:
    """Whether plans at a level of sharing move at least the bound of `search_order`: no tensor is a part of another."""
    level = _level(request)
    if not sharing.parts or sharing == level:
        return True
    (one, pairs), (two, other_pairs) = request.alias_classes(sharing), request.alias_classes(level)
    return (one.root, one.position, pairs) == (two.root, two.position, other_pairs)


def _level(request: LayoutRequest) -> Sharing:
    """The most sharing in which no tensor is a part of another one."""
    return next((one for one in request.sharing_levels if not one.parts), request.sharing_levels[-1])


@dataclass
class _Model:
    """The model as a problem of transfers, for operators in the order of the file.

    Before all operators of the model the caller writes the inputs, and after all of them reads the outputs.
    Views have the storage of what they show. What has to follow an operator without any tensor of its own reads a
    token from it, which has no bytes.

    Fields:
        own: operator -> sizes of its scratch and of its copies of constants.
        tensors: of the problem.
        numbers: the class of a tensor -> its number in the problem.
        maker: number -> operator of the model, or -1 for the caller.
    """

    request: LayoutRequest
    own: Mapping[int, Sequence[int]]
    tensors: list[TransferTensor] = field(default_factory=list)
    numbers: dict[TensorKey, int] = field(default_factory=dict)
    maker: dict[int, int] = field(default_factory=dict)

    @cached_property
    def _root(self) -> dict[TensorKey, TensorKey]:
        return self.request.alias_classes(_level(self.request))[0].root

    def problem(self, capacity: int, alignment: int) -> TransferProblem:
        """The operators with their tensors, and the scratchpad."""
        subgraph = self.request.graph.subgraphs[0]
        given = self._all_of(subgraph.inputs)
        self.maker = dict.fromkeys(given, -1)
        needs, made = self._operators(subgraph)
        self._add_tokens(subgraph, needs, made)
        given, kept = self._enclose(given, self._all_of(subgraph.outputs), needs, made)
        operators = [TransferOperator("caller", (), given)]
        operators += [
            TransferOperator(op.kind, inputs, tuple(outputs))
            for op, inputs, outputs in zip(subgraph.ops, needs, made, strict=True)
        ]
        operators.append(TransferOperator("caller", kept, ()))
        return TransferProblem(tuple(self.tensors), tuple(operators), (), capacity, alignment)

    @property
    def overwrites(self) -> tuple[Overwrite, ...]:
        """The results that may be written over inputs, with the numbers of the problem. Known after `problem`."""
        return tuple(Overwrite(op + 1, source, result) for op, source, result in self._pairs if source != result)

    @property
    def is_exact(self) -> bool:
        """Whether no plan in which no tensor is a part of another one costs less than one of the problem.

        Tensors of one class are equally large, each operator writes one result over an input at most, and results are
        written over inputs only where the problem has both.
        """
        request, subgraph = self.request, self.request.graph.subgraphs[0]
        aliases, pairs = request.alias_classes(_level(request))
        sizes = {key: subgraph.tensors[key[1]].bytes for key in aliases.root}
        alike = all(sizes[key] == subgraph.tensors[root[1]].bytes for key, root in aliases.root.items())
        one_each = len({(op, result) for op, _, result in self._pairs}) == len({op for op, _, _ in self._pairs})
        known = len(self._pairs) == len(pairs) and all(
            source == result or self.maker.get(result) == op for op, source, result in self._pairs
        )
        return alike and not any(aliases.position.values()) and one_each and known

    @cached_property
    def _pairs(self) -> tuple[tuple[int, int, int], ...]:
        """Operator of the model, source and result, numbers of the problem."""
        pairs = self.request.alias_classes(_level(self.request))[1]
        named = [(pair.op, self._number(pair.source[1]), self._number(pair.result[1])) for pair in pairs]
        return tuple((op, source, result) for op, source, result in named if source is not None and result is not None)

    def _add(self, size: int) -> int:
        self.tensors.append(TransferTensor(str(len(self.tensors)), size, Kind.ACTIVATION))
        return len(self.tensors) - 1

    def _number(self, t: int) -> int | None:
        """The number of a tensor in the problem; None for constants, and what is empty, unknown or external."""
        request = self.request
        tensor = None if t == ABSENT else request.graph.subgraphs[0].tensors[t]
        if tensor is None or tensor.kind is TensorKind.CONSTANT or not tensor.bytes or (0, t) in request.external:
            return None
        root = self._root.get((0, t), (0, t))
        if root not in self.numbers:
            self.numbers[root] = self._add(0)
        at, size = self.numbers[root], request.target.runtime.round_up(tensor.bytes)
        self.tensors[at] = replace(self.tensors[at], size=max(self.tensors[at].size, size))
        return at

    def _all_of(self, group: Iterable[int]) -> tuple[int, ...]:
        return tuple(dict.fromkeys(at for t in group if (at := self._number(t)) is not None))

    def _operators(self, subgraph: Subgraph) -> tuple[list[tuple[int, ...]], list[list[int]]]:
        """What each operator reads, and what it makes."""
        needs, made = list[tuple[int, ...]](), list[list[int]]()
        for index, op in enumerate(subgraph.ops):
            used, results = self._all_of(op.inputs), self._all_of((*op.outputs, *op.temporaries))
            made.append([at for at in results if self.maker.setdefault(at, index) == index])
            needs.append(tuple(at for at in dict.fromkeys((*used, *results)) if self.maker[at] != index))
            made[-1] += [self._add(size) for size in self.own.get(index, ())]
        return needs, made

    def _enclose(
        self, given: tuple[int, ...], kept: tuple[int, ...], needs: list[tuple[int, ...]], made: list[list[int]]
    ) -> tuple[tuple[int, ...], tuple[int, ...]]:
        """What the caller writes and reads, with tokens that put each operator between the two.

        For inputs are alive before the first operator, whatever it reads, and outputs after the last.
        """
        if given and not all(needs):
            given = (*given, self._add(0))
            needs[:] = [used or given[-1:] for used in needs]
        read = {*kept, *chain.from_iterable(needs)}
        for results in made:
            if read.isdisjoint(results):
                results.append(self._add(0))
                kept = (*kept, results[-1])
        return given, kept

    def _add_tokens(self, subgraph: Subgraph, needs: list[tuple[int, ...]], made: list[list[int]]) -> None:
        tokens: dict[int, int] = {}
        edges = (*read_pairs(subgraph), *effect_edges(self.request.graph)[0])
        for writer, reader in edges:
            if all(self.maker[at] != writer for at in needs[reader]):
                if writer not in tokens:
                    tokens[writer] = self._add(0)
                    made[writer].append(tokens[writer])
                needs[reader] = tuple(dict.fromkeys((*needs[reader], tokens[writer])))
                self.maker[tokens[writer]] = writer
