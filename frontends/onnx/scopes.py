"""The graphs of a model as a tree of scopes: their definitions, captured names and bodies."""

from collections.abc import Collection, Iterator, Mapping

from onnx import GraphProto, ModelProto, NodeProto, TensorProto

from tmpass.base.errors import ModelError
from tmpass.base.record import record

from .read import bodies
from .sorting import free_names, sort_nodes


@record
class Body:
    """A graph that a node runs, under the name of its attribute."""

    role: str
    scope: "Scope"


@record
class Scope:
    """A graph with its bodies.

    Fields:
        id: the number of the scope in its model; 0 is the main graph.
        graph: the graph itself.
        nodes: its nodes, in an order in which they can run.
        inputs: the names that a caller supplies.
        stored: the initialisers, by name.
        makers: the index of the node that makes each name defined here; -1 for inputs and initialisers.
        bodies: by the index of a node, the bodies that it runs.
        free: the names that an outer scope defines, and that are read here or in a body.
        places: for each node its position in the file; empty if the order is that of the file.
    """

    id: int
    graph: GraphProto
    nodes: tuple[NodeProto, ...]
    inputs: tuple[str, ...]
    stored: Mapping[str, TensorProto]
    makers: Mapping[str, int]
    bodies: Mapping[int, tuple[Body, ...]]
    free: tuple[str, ...]
    places: tuple[int, ...] = ()

    def place(self, index: int) -> int:
        """The position in the file of the node at `index`."""
        return self.places[index] if self.places else index

    @property
    def outputs(self) -> tuple[str, ...]:
        """The names of the graph's results."""
        return tuple(value.name for value in self.graph.output)

    def walk(self, without: Collection[int] = ()) -> Iterator["Scope"]:
        """Yield this scope and all scopes inside it, in the order of their ids, except for the ids in `without`."""
        yield self
        for inside in self.bodies.values():
            for body in inside:
                if body.scope.id not in without:
                    yield from body.scope.walk(without)


def node_title(node: NodeProto, index: int) -> str:
    """The name of a node in errors."""
    name = f" {node.name!r}" if node.name else ""
    return f"node {index}{name} ({node.op_type})"


def scopes_of(model: ModelProto) -> Scope:
    """Return the scope of the main graph of `model`.

    Nodes are sorted in `model` itself where one comes before a node that it reads from.

    An initialiser that is also listed among the main graph's inputs is not an input here: before IR version 4 each had
    to be listed. Since then a caller may override it, but brings the memory for that.

    Raises:
        ModelError: a tensor is read that nothing makes, or made twice, or nodes depend on each other in a cycle.
    """
    return _Builder().scope(model.graph, "", ())


_Levels = tuple[Mapping[str, int], ...]
"""The `makers` of the enclosing graphs, the innermost last."""

_Given = tuple[tuple[str, ...], dict[str, TensorProto]]


class _Builder:
    def __init__(self) -> None:
        self.count = 0

    def scope(self, graph: GraphProto, title: str, outer: _Levels) -> Scope:
        number, self.count = self.count, self.count + 1
        inputs, stored = self._given(graph, title, is_main=not outer)
        nodes = tuple(graph.node)
        makers = _makers(nodes, inputs, stored, title)
        places: tuple[int, ...] = ()
        reads = _reads(nodes, makers)
        if reads.late:
            places = sort_nodes(graph, title)
            nodes = tuple(graph.node)
            makers = _makers(nodes, inputs, stored, title)
            reads = _reads(nodes, makers)
        inside: dict[int, tuple[Body, ...]] = {}
        free: dict[str, None] = {}
        for index, node in enumerate(nodes):
            for name in reads.outside.get(index, ()):
                _check_made(name, outer, _place(title, node_title(node, index)))
                free[name] = None
            found = reads.bodies.get(index)
            if found:
                levels = (*outer, makers)
                place = _place(title, node_title(node, index))
                inside[index] = tuple(Body(r, self.scope(g, f"{place}, {r}", levels)) for r, g in found)
                free |= dict.fromkeys(n for b in inside[index] for n in b.scope.free if n not in makers)
        for value in graph.output:
            if value.name not in makers:
                _check_made(value.name, outer, _place(title, "the graph's outputs"))
                free[value.name] = None
        return Scope(number, graph, nodes, inputs, stored, makers, inside, tuple(free), places)

    def _given(self, graph: GraphProto, title: str, *, is_main: bool) -> _Given:
        """Return the names that a caller supplies, and the initialisers."""
        stored: dict[str, TensorProto] = {}
        for tensor in [*graph.initializer, *(s.values for s in graph.sparse_initializer)]:
            if tensor.name in stored:
                raise _defined_twice(tensor.name, title, "two initialisers")
            stored[tensor.name] = tensor
        inputs = [value.name for value in graph.input]
        if "" in stored or "" in inputs or any(not value.name for value in graph.output):
            raise ModelError(
                "an input, output or initialiser has no name",
                where=_place(title, f"graph {graph.name!r}"),
                hint="export the model again",
            )
        if is_main:
            return tuple(n for n in inputs if n not in stored), stored
        # The caller of a body supplies all inputs, even one that has a stored default.
        given = set(inputs)
        return tuple(inputs), {n: t for n, t in stored.items() if n not in given}


def _makers(
    nodes: tuple[NodeProto, ...], inputs: tuple[str, ...], stored: Mapping[str, TensorProto], title: str
) -> dict[str, int]:
    makers = dict.fromkeys(stored, -1)
    for name in inputs:
        if name in makers:
            raise _defined_twice(name, title, "two inputs of the graph")
        makers[name] = -1
    for index, node in enumerate(nodes):
        for name in node.output:
            if not name:
                continue
            if name in makers:
                first = makers[name]
                other = node_title(nodes[first], first) if first >= 0 else "an input or initialiser"
                raise _defined_twice(name, title, f"{other} and {node_title(node, index)}")
            makers[name] = index
    return makers


@record
class _Reads:
    """The names that nodes read although no earlier node makes them, and the bodies of nodes.

    Fields:
        outside: by the index of a node, the names that it reads and the graph does not make.
        bodies: by the index of a node, the graphs that it runs, each with its role.
        late: whether a node reads a name that a later one makes.
    """

    outside: Mapping[int, list[str]]
    bodies: Mapping[int, list[tuple[str, GraphProto]]]
    late: bool


def _reads(nodes: tuple[NodeProto, ...], makers: Mapping[str, int]) -> _Reads:
    outside: dict[int, list[str]] = {}
    found: dict[int, list[tuple[str, GraphProto]]] = {}
    late = False
    for index, node in enumerate(nodes):
        for name in node.input:
            maker = makers.get(name)
            if maker is None:
                if name:
                    outside.setdefault(index, []).append(name)
            elif maker >= index:
                late = True
        inside = list(bodies(node))
        if inside:
            found[index] = inside
            late = late or any(makers.get(name, -1) >= index for _, graph in inside for name in free_names(graph))
    return _Reads(outside, found, late)


def _check_made(name: str, levels: _Levels, place: str) -> None:
    """Check that an enclosing graph makes `name`.

    Raises:
        ModelError: none does.
    """
    if not any(name in makers for makers in levels):
        raise ModelError(f"reads {name!r}, which nothing makes", where=place, hint="export the model again")


def _defined_twice(name: str, title: str, makers: str) -> ModelError:
    return ModelError(
        f"is made twice, by {makers}",
        where=_place(title, f"tensor {name!r}"),
        hint="give each output a unique name",
    )


def _place(title: str, what: str) -> str:
    return f"{title}, {what}" if title else what
