"""The order of a model's operators with the fewest transfers, as far as tensors tell: without places and versions."""

from collections.abc import Iterable, Mapping
from dataclasses import replace

from tmpass.base.choices import Status
from tmpass.graph.dependencies import reads
from tmpass.graph.effects import effect_edges
from tmpass.graph.model import ABSENT, TensorKey, TensorKind
from tmpass.planning.layout_request import LayoutRequest
from tmpass.planning.residency.transfers.fixed_order import FixedOrderProblem
from tmpass.planning.residency.transfers.free_order import DEFAULT_LABELS, solve_free_order
from tmpass.planning.residency.transfers.problem import (
    TensorKind as Kind,
)
from tmpass.planning.residency.transfers.problem import (
    TransferOperator,
    TransferProblem,
    TransferTensor,
)
from tmpass.planning.timeline.schedule import Schedule


def search_order(
    request: LayoutRequest, timeline: Schedule, pinned: Mapping[int, int], problem: FixedOrderProblem
) -> tuple[int, ...] | None:
    """The order of the operators of a model of one subgraph, for which a search finds the fewest transfers.

    None where there is no such order, or none is searched for: with bodies, variables or several entries.

    Args:
        request: of the model.
        timeline: in which `pinned` counts.
        pinned: step -> bytes that its operator needs besides buffers that may leave: scratch, copies of constants.
        problem: of any order; its room counts.
    """
    graph = request.graph
    if len(graph.subgraphs) != 1 or len(graph.entries) != 1 or request.ties:
        return None
    subgraph = graph.subgraphs[0]
    if any(op.calls for op in subgraph.ops) or any(t.kind is TensorKind.VARIABLE for t in subgraph.tensors):
        return None
    own = {timeline.steps[step].op: size for step, size in pinned.items() if step < len(timeline.steps)}
    asked = _problem(request, own, problem)
    found = solve_free_order(asked, labels=min(DEFAULT_LABELS, request.options.states))
    if found.status is Status.INFEASIBLE or not found.order:
        return None
    order = tuple(number - 1 for number in found.order if 0 < number <= len(subgraph.ops))
    return None if order == tuple(step.op for step in timeline.steps) else order


def _problem(request: LayoutRequest, own: Mapping[int, int], problem: FixedOrderProblem) -> TransferProblem:
    """The model as a problem of transfers, for operators in the order of the file.

    Before the operators of the model stands the caller, who writes the inputs, and behind them who reads the outputs.
    Views have the storage of what they show, and so have results that are written over the only use of their source.
    What has to follow an operator without any tensor of its own reads a token from it, which has no bytes.
    """
    subgraph, names = request.graph.subgraphs[0], _classes(request)
    tensors, numbers = list[TransferTensor](), dict[TensorKey, int]()

    def add(size: int) -> int:
        tensors.append(TransferTensor(str(len(tensors)), size, Kind.ACTIVATION))
        return len(tensors) - 1

    def number(t: int) -> int | None:
        tensor = None if t == ABSENT else subgraph.tensors[t]
        if tensor is None or tensor.kind is TensorKind.CONSTANT or not tensor.bytes or (0, t) in request.external:
            return None
        root = names.get((0, t), (0, t))
        if root not in numbers:
            numbers[root] = add(0)
        at, size = numbers[root], request.target.runtime.round_up(tensor.bytes)
        tensors[at] = replace(tensors[at], size=max(tensors[at].size, size))
        return at

    def all_of(group: Iterable[int]) -> tuple[int, ...]:
        return tuple(dict.fromkeys(at for t in group if (at := number(t)) is not None))

    given = all_of(subgraph.inputs)
    maker, made = dict.fromkeys(given, -1), list[list[int]]()
    needs: list[tuple[int, ...]] = []
    for index, op in enumerate(subgraph.ops):
        used, results = all_of(op.inputs), all_of((*op.outputs, *op.temporaries))
        made.append([at for at in results if maker.setdefault(at, index) == index])
        needs.append(tuple(at for at in dict.fromkeys((*used, *results)) if maker[at] != index))
        if own.get(index):
            made[-1].append(add(own[index]))
    tokens: dict[int, int] = {}
    for writer, reader in (*((a, b) for a, b, _ in reads(subgraph)), *effect_edges(request.graph)[0]):
        if all(maker[at] != writer for at in needs[reader]):
            if writer not in tokens:
                tokens[writer] = add(0)
                made[writer].append(tokens[writer])
            needs[reader] = tuple(dict.fromkeys((*needs[reader], tokens[writer])))
            maker[tokens[writer]] = writer
    operators = [TransferOperator("caller", (), given)]
    operators += [
        TransferOperator(op.kind, inputs, tuple(outputs))
        for op, inputs, outputs in zip(subgraph.ops, needs, made, strict=True)
    ]
    operators.append(TransferOperator("caller", all_of(subgraph.outputs), ()))
    return TransferProblem(tuple(tensors), tuple(operators), (), problem.capacity, problem.alignment)


def _classes(request: LayoutRequest) -> dict[TensorKey, TensorKey]:
    """Tensor -> the tensor that names its class, of those that share in every order."""
    level = next((one for one in request.sharing_levels if not one.parts), request.sharing_levels[-1])
    aliases, pairs = request.alias_classes(level)
    names = {key: aliases.of(key) for key in aliases.root}
    readers: dict[TensorKey, int] = {}
    for op in request.graph.subgraphs[0].ops:
        for t in dict.fromkeys(op.inputs):
            root = names.get((0, t), (0, t))
            readers[root] = readers.get(root, 0) + 1
    for pair in pairs:
        source, result = (names.get(key, key) for key in (pair.source, pair.result))
        if source != result and readers.get(source) == 1:
            names |= {key: source for key, root in names.items() if root == result}
            names[pair.result] = source
            readers[source] = readers.get(result, 0)
    return names
