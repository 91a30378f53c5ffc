"""From a plan, by numbers of operators and tensors, to the nodes and names of a file."""

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
    """Return the layout of each graph, by the number of its scope.

    Args:
        data: the bytes of a file.
        bindings: as the graph was loaded with, that the plan is for.
        orders: of each of its subgraphs, the operators as they run.
        offsets: of each of its subgraphs, the offset of each tensor, -1 where it has none.

    Raises:
        ModelError: the file cannot be read, or its local functions do not let its nodes be put in this order.
    """
    subgraphs, origins, main = convert_whole(data, bindings)
    model = read(data)
    moved = any(list(order) != sorted(order) for order in orders)
    called = calls_functions(model)
    if called and moved:
        raise ModelError(
            "the plan puts the nodes of its local functions among others",
            hint="inline them first with onnx.inliner, or plan with --schedule given",
        )
    # Where functions were inlined only the main graph is the file's own, and of its nodes only some.
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
    """`scope` and all inside it, in the order in which the file has them: that of ids only where nodes are sorted."""
    yield scope
    for index in sorted(scope.bodies, key=scope.place):
        for body in scope.bodies[index]:
            yield from _as_in_file(body.scope)


def _demoted(model: ModelProto) -> Iterable[str]:
    """The inputs that are to be none: before IR version 4 all that is stored had to be listed among them.

    In a newer file a caller could override what is listed there, so that runtimes no longer take it for constant.
    """
    if model.ir_version >= INPUTS_MAY_BE_LEFT_OUT:
        return ()
    stored = {tensor.name for tensor in model.graph.initializer}
    return [value.name for value in model.graph.input if value.name in stored]


def _order(scope: Scope, nodes: Sequence[int], order: Sequence[int]) -> tuple[int, ...]:
    """All nodes of `scope`, by where they stand in the file: those of operators in `order`, and what never runs before
    its first reader. Empty where nothing moves.

    A node that a compiler folds reads only what is stored, or what others of its kind make.
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
    """The nodes among `waiting` that the node at `index` needs, directly or through others of them."""
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
    """A ValueInfoProto; without a shape where bindings settled it, for the file itself is not bound to them."""
    shape = None if bindings else tensor.shape
    element = element_of(tensor.dtype)
    value = make_tensor_value_info(tensor.name, element, shape)
    if element == UNDEFINED:
        value.ClearField("type")
    return bytes(value.SerializeToString(deterministic=True))
