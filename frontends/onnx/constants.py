"""Constants: the tensors that are computed from stored tensors alone, so that they are known before a run."""

from onnx import NodeProto

from .dropout import drops_nothing
from .elementwise import RANDOM
from .opsets import Opsets
from .scopes import Scope

Constants = list[set[str]]
"""By scope id: the constant names that a scope defines. Code only looks names up here, and never iterates."""


def constants(main: Scope, opsets: Opsets) -> Constants:
    """Return the constants of each scope: initialisers, and results of deterministic operators over constants.

    The results of an operator with bodies are constants if everything is constant that it and its bodies read.
    """
    found: Constants = [set() for _ in main.walk()]
    _mark(main, (), found, opsets)
    return found


def is_folded(node: NodeProto, here: set[str]) -> bool:
    """Whether all outputs of `node` are among the constants `here`, so that it never runs."""
    names = [name for name in node.output if name]
    return bool(names) and all(name in here for name in names)


def _mark(scope: Scope, outer: tuple[Scope, ...], found: Constants, opsets: Opsets) -> None:
    here = found[scope.id]
    here.update(scope.stored)
    around = (*outer, scope)

    def constant(name: str) -> bool:
        home = next((level for level in reversed(around) if name in level.makers), None)
        return home is not None and name in found[home.id]

    for index, node in enumerate(scope.nodes):
        inside = scope.bodies.get(index, ())
        read = [*node.input, *(name for body in inside for name in body.scope.free)]
        if all(not name or constant(name) for name in read) and _deterministic(node, scope, index, opsets):
            here.update(name for name in node.output if name)
        for body in inside:
            _mark(body.scope, around, found, opsets)


def _deterministic(node: NodeProto, scope: Scope, index: int, opsets: Opsets) -> bool:
    """Whether the same inputs give the same outputs; not for operators that ONNX does not define."""
    if not opsets.defines(node.domain, node.op_type) or node.op_type in RANDOM:
        return False
    if node.op_type == "Dropout" and not drops_nothing(node, scope, opsets.versions.get("", 1)):
        return False
    inner = (body.scope for body in scope.bodies.get(index, ()))
    return all(_deterministic(n, s, i, opsets) for s in inner for i, n in enumerate(s.nodes))
