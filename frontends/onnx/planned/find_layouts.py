"""The layout of each graph of a file: a plan is translated from operator and tensor indices to nodes and names."""

from collections.abc import Iterable, Iterator, Mapping, Sequence

from onnx import ModelProto
from onnx.helper import make_tensor_value_info

from tmpass.base.errors import ModelError
from tmpass.graph.model import Subgraph, Tensor, TensorKind

from ..convert import INPUTS_MAY_BE_LEFT_OUT, convert_whole
from ..element_types import UNDEFINED, element_of
from ..functions import calls_functions
from ..read import read
from ..scopes import Scope, scopes_of
from .layout import GraphLayout


def find_layouts(
    data: bytes, bindings: Mapping[str, int], orders: Sequence[Sequence[int]], offsets: Sequence[Sequence[int]]
) -> dict[int, GraphLayout]:
    """Return the layout of each graph of the file, by the position of the graph in the file.

    Args:
        data: the bytes of a file.
        bindings: those with which the planned graph was loaded.
        orders: for each subgraph, the operators in the order in which they run.
        offsets: for each subgraph, the offset of each tensor in bytes, -1 for a tensor without one.

    Raises:
        ModelError: the file cannot be read, or the order moves nodes of local functions.
    """
    subgraphs, origins, main = convert_whole(data, bindings)
    model = read(data)
    moved = any(list(order) != sorted(order) for order in orders)
    called = calls_functions(model)
    if called and moved:
        raise ModelError(
            "the plan moves nodes of its local functions",
            hint="inline them first with onnx.inliner, or plan with --schedule given",
        )
    # `convert_whole` inlines functions, so here only the main graph and some of its nodes are in the file.
    if called:
        return {0: _layout(scopes_of(model), subgraphs[0], (), offsets[0], bindings, (), _demoted(model))}
    homes = {scope: number for number, (scope, _) in origins.items()}
    found = {}
    for at, scope in enumerate(_as_in_file(main)):
        number = homes.get(scope.id)
        inside = [scope.place(index) for index in scope.bodies]
        if number is None:  # a branch that is never taken
            found[at] = GraphLayout(inside=frozenset(inside))
        else:
            order = _order(scope, origins[number][1], orders[number])
            demoted = () if scope.id else _demoted(model)
            found[at] = _layout(scope, subgraphs[number], order, offsets[number], bindings, inside, demoted)
    return found


def _as_in_file(scope: Scope) -> Iterator[Scope]:
    """Yield `scope` and all scopes inside it, in the order of the file.

    This is the order of their ids only if the nodes in the file are sorted.
    """
    yield scope
    for index in sorted(scope.bodies, key=scope.place):
        for body in scope.bodies[index]:
            yield from _as_in_file(body.scope)


def _demoted(model: ModelProto) -> Iterable[str]:
    """The inputs to remove from the list: before IR version 4 each initialiser had to be listed as an input.

    In a newer file a caller may override a listed initialiser, so runtimes would no longer treat it as a constant.
    """
    if model.ir_version >= INPUTS_MAY_BE_LEFT_OUT:
        return ()
    stored = {tensor.name for tensor in model.graph.initializer}
    return [value.name for value in model.graph.input if value.name in stored]


def _order(scope: Scope, nodes: Sequence[int], order: Sequence[int]) -> tuple[int, ...]:
    """The planned order of all nodes of `scope`, as positions in the file; empty if no node moves.

    Nodes of operators come in `order`. A folded node, which never runs, comes before its first reader: it only reads
    initialisers, and results of other folded nodes.
    """
    if list(order) == sorted(order) and not scope.places:
        return ()
    waiting = set(range(len(scope.nodes))) - set(nodes)
    found: list[int] = []
    for op in order:
        index = nodes[op]
        needed = set(_folded(scope, index, waiting))
        waiting -= needed
        found += [*sorted(needed), index]
    return tuple(scope.place(index) for index in (*found, *sorted(waiting)))


def _folded(scope: Scope, index: int, waiting: set[int]) -> Iterator[int]:
    """Yield the nodes among `waiting` that the node at `index` needs, directly or through other such nodes."""
    stack, seen = [index], set()
    while stack:
        at = stack.pop()
        inside = (name for body in scope.bodies.get(at, ()) for name in body.scope.free)
        for name in (*scope.nodes[at].input, *inside):
            maker = scope.makers.get(name, -1)
            if maker in waiting and maker not in seen:
                seen.add(maker)
                stack.append(maker)
                yield maker


def _layout(
    scope: Scope,
    subgraph: Subgraph,
    order: tuple[int, ...],
    places: Sequence[int],
    bindings: Mapping[str, int],
    inside: Iterable[int],
    demoted: Iterable[str],
) -> GraphLayout:
    own = {
        tensor.name: (tensor, place)
        for tensor, place in zip(subgraph.tensors, places, strict=True)
        if place >= 0 and tensor.kind is not TensorKind.CAPTURE and tensor.name in scope.makers
    }
    offsets = {name: place for name, (_, place) in own.items()}
    made = {
        scope.place(index): tuple(offsets.get(name, -1) for name in node.output)
        for index, node in enumerate(scope.nodes)
    }
    graph = scope.graph
    typed = {value.name for value in (*graph.input, *graph.output, *graph.value_info)}
    return GraphLayout(
        order,
        offsets,
        {index: places for index, places in made.items() if max(places, default=-1) >= 0},
        tuple((_type(t, bindings), place) for name, (t, place) in own.items() if name not in typed),
        frozenset(inside),
        frozenset(demoted),
    )


def _type(tensor: Tensor, bindings: Mapping[str, int]) -> bytes:
    """The ValueInfoProto of `tensor`, without a shape if there are bindings, since the file stays unbound."""
    shape = None if bindings else tensor.shape
    element = element_of(tensor.dtype)
    value = make_tensor_value_info(tensor.name, element, shape)
    if element == UNDEFINED:
        value.ClearField("type")
    return bytes(value.SerializeToString(deterministic=True))
