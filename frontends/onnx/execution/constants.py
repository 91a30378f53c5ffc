"""The values of constants: stored in the file, or computed once by the nodes that a compiler folds."""

from collections.abc import Mapping

from onnx import NodeProto, TensorProto

from tmpass.base.errors import ModelError
from tmpass.loading.runner import Value

from ..scopes import Scope
from .nodes import Nodes, Stored
from .sessions import run_node

_Name = tuple[int, str]
"""A name in the scope that defines it."""


class Constants:
    """The constants of a model, by the scope that reads them.

    Args:
        scopes: by id.
        parents: by the id of a scope, the id of the scope around it.
        nodes: runs the nodes that compute constants.
    """

    def __init__(self, scopes: Mapping[int, Scope], parents: Mapping[int, int], nodes: Nodes) -> None:
        self._scopes, self._parents, self._nodes = scopes, parents, nodes
        self._values: dict[_Name, Value] = {}

    def stored(self, scope: int, name: str) -> Stored | None:
        """Return the tensor in the file that holds a constant; None if nodes compute it."""
        home = self._scopes[self._home(scope, name)]
        tensor = home.stored.get(name)
        if tensor is not None:
            sparse = (s for s in home.graph.sparse_initializer if s.values.name == name)
            return next(sparse, tensor)
        node = self._maker(home, name)
        if not node.domain and node.op_type == "Constant":
            # ONNX Runtime also turns these into stored tensors, which kernels may prepare in advance.
            return next((a.t for a in node.attribute if a.name == "value"), None)
        return None

    def value(self, scope: int, name: str) -> Value:
        """Return the value of a constant.

        Raises:
            ModelError: ONNX Runtime cannot compute it.
        """
        # An explicit stack: the chain of nodes behind a constant may be longer than Python recurses.
        waiting = [(self._home(scope, name), name)]
        while waiting:
            home, wanted = waiting[-1]
            if (home, wanted) in self._values:
                waiting.pop()
                continue
            missing = [] if self.stored(home, wanted) is not None else self._missing(home, wanted)
            if missing:
                waiting += missing
            else:
                self._compute(home, wanted)
        return self._values[self._home(scope, name), name]

    def _missing(self, home: int, name: str) -> list[_Name]:
        """The constants that have to be computed before `name` can be."""
        places = ((self._home(home, n), n) for n in self._reads(self._scopes[home], name))
        return [place for place in places if place not in self._values and self.stored(*place) is None]

    def _compute(self, home: int, name: str) -> None:
        scope = self._scopes[home]
        tensor = self.stored(home, name)
        if tensor is not None:
            self._values[home, name] = _load(tensor, name)
            return
        given: dict[str, Value] = {}
        stored: dict[str, Stored] = {}
        for read in self._reads(scope, name):
            found = self.stored(home, read)
            if found is not None:
                stored[read] = found
            else:
                given[read] = self._values[self._home(home, read), read]
        index = scope.makers[name]
        node = scope.nodes[index]
        results = self._nodes.run(("constant", home, index), node, given, stored)
        self._values |= {(home, n): v for n, v in zip(node.output, results, strict=True) if v is not None}

    def _reads(self, scope: Scope, name: str) -> list[str]:
        index = scope.makers[name]
        inside = (n for body in scope.bodies.get(index, ()) for n in body.scope.free if n not in body.scope.makers)
        return list(dict.fromkeys(n for n in (*scope.nodes[index].input, *inside) if n))

    @staticmethod
    def _maker(scope: Scope, name: str) -> NodeProto:
        return scope.nodes[scope.makers[name]]

    def _home(self, scope: int, name: str) -> int:
        """The id of the scope that defines `name`: `scope` or one around it."""
        while name not in self._scopes[scope].makers:
            scope = self._parents[scope]
        return scope


def _load(tensor: Stored, name: str) -> Value:
    """Return a stored tensor as a Value, by running a model that only outputs it."""
    from onnx import helper

    if not isinstance(tensor, TensorProto):
        raise ModelError("a sparse constant is an output", where=f"tensor {name!r}", hint="store it as a dense tensor")
    return run_node(helper.make_node("Constant", [], ["value"], value=tensor), {})
