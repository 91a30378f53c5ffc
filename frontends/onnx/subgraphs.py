"""Conversion of scopes to subgraphs: operators over numbered tensors, with bodies as calls."""

from collections.abc import Mapping, Sequence

from onnx import NodeProto

from tmpass.graph.model import ABSENT, Call, Op, Stored, Subgraph, Tensor, TensorKey, TensorKind

from . import contrib
from .constants import Constants, is_folded
from .dimensions import Bindings
from .disputes import show
from .dropout import drops_nothing
from .elementwise import RANDOM, is_elementwise
from .elsewhere import cause
from .guard import naming
from .inference import Inference
from .moves import moves_of
from .opsets import STANDARD_DOMAINS, Opsets
from .quantization import quantization_of
from .scopes import Body, Scope
from .tables import Table
from .value_types import contradicts

Origins = dict[int, tuple[int, tuple[int, ...]]]
"""The origins of subgraphs: by number, the id of the scope, and for each operator the index of its node."""


class SubgraphMaker:
    """Makes subgraphs, numbered in the order in which operators call them."""

    def __init__(self, inference: Inference, fixed: Constants, opsets: Opsets, bindings: Bindings) -> None:
        self.types, self.idle = inference.types, inference.idle
        self.fixed, self.opsets, self.bindings = fixed, opsets, bindings
        self.varying = inference.varying
        self.unbindable: set[tuple[int, int]] = set()
        """The tensors without a single true size, by (subgraph, index)."""
        self.causes: dict[tuple[int, int], str] = {}
        """Why the shape of a tensor is open, by (subgraph, index), where that is known."""
        self.stored: dict[TensorKey, Stored] = {}
        """Where the constants are stored that bodies capture."""
        self.origins: Origins = {}
        self._done: dict[int, Subgraph] = {}

    @property
    def subgraphs(self) -> tuple[Subgraph, ...]:
        """All subgraphs made so far, in the order of their numbers."""
        return tuple(self._done[number] for number in range(len(self._done)))

    def make(self, scope: Scope, name: str, outer: Table | None = None) -> dict[str, int]:
        """Make the subgraph of `scope`.

        Args:
            scope: a graph of the file.
            name: of the subgraph.
            outer: the tensors of the calling subgraph, which it can capture.

        Returns:
            The indices of its tensors, by name.
        """
        number = len(self._done)
        # A placeholder takes this number, before bodies take the next ones.
        self._done[number] = Subgraph(name, (), (), (), ())
        varying = {name: why for (home, name), why in self.varying.items() if home == scope.id}
        types, fixed = self.types[scope.id], self.fixed[scope.id]
        table = Table(types, fixed, self.bindings, varying, number=number, outer=outer)
        for given in (*scope.inputs, *scope.stored):
            table.define(given)
        ops: list[Op] = []
        nodes: list[int] = []
        for index, node in enumerate(scope.nodes):
            if is_folded(node, self.fixed[scope.id]):
                for made in node.output:
                    table.define(made)
            else:
                nodes.append(index)
                with naming(node, index):
                    ops.append(self._op(node, index, scope, table))
                self._explain(node, scope, number, [table.tensors[t] for t in ops[-1].outputs if t != ABSENT], table)
        self._mark(number, scope, table, varying)
        if scope.places:  # the operators of a Graph are in the order of the file
            there = sorted(range(len(ops)), key=lambda at: scope.places[nodes[at]])
            nodes, ops = [nodes[at] for at in there], [ops[at] for at in there]
        inputs = tuple(table.indices[n] for n in scope.inputs)
        outputs = tuple(table.index(n) for n in scope.outputs)
        self.origins[number] = (scope.id, tuple(nodes))
        self._done[number] = Subgraph(name, tuple(table.tensors), tuple(ops), inputs, outputs)
        self.stored |= {(number, index): stored for index, stored in table.stored.items()}
        return table.indices

    def _op(self, node: NodeProto, index: int, scope: Scope, table: Table) -> Op:
        inputs = [table.index(name) for name in node.input]
        bodies = [body for body in scope.bodies.get(index, ()) if body.scope.id not in self.idle]
        captured = dict.fromkeys(table.index(n) for body in bodies for n in body.scope.free)
        own = set(inputs)
        inputs += [i for i in captured if i not in own and table.tensors[i].kind is not TensorKind.CONSTANT]
        name = node.name or next(filter(None, node.output), "") or f"{node.op_type}:{index}"
        calls = tuple(self._call(node, body, name, table) for body in bodies)
        outputs = tuple(table.define(result) for result in node.output)
        read = [None if t == ABSENT else table.tensors[t] for t in inputs]
        made = [None if t == ABSENT else table.tensors[t] for t in outputs]
        known = contrib.knows(node, self.opsets)
        standard = self.opsets.defines(node.domain, node.op_type)
        return Op(
            kind=f"{node.domain}::{node.op_type}" if node.domain else node.op_type,
            name=name,
            inputs=tuple(inputs),
            outputs=outputs,
            calls=calls,
            moves=moves_of(node, scope, self.opsets, read, made),
            elementwise=is_elementwise(node) or (known and contrib.is_elementwise(node)),
            random=self._draws(node, scope),
            custom=not known and (node.domain not in STANDARD_DOMAINS or not standard),
            quantization=quantization_of(node, read),
        )

    def _draws(self, node: NodeProto, scope: Scope) -> bool:
        """Whether `node` draws random numbers."""
        if node.domain or node.op_type != "Dropout":
            return not node.domain and node.op_type in RANDOM
        return not drops_nothing(node, scope, self.opsets.versions.get("", 1))

    def _explain(self, node: NodeProto, scope: Scope, number: int, made: list[Tensor], table: Table) -> None:
        """Record why the shapes of `made`, the outputs of `node` in subgraph `number`, are open."""
        vague = [t for t in made if t.shape is None or t.unknown]
        if vague and (why := cause(node, scope)):
            self.causes |= {(number, table.indices[t.name]): why for t in vague}
        elif vague and (node.domain, node.op_type) == ("", "If"):
            for tensor in vague:
                if why := self._branches(list(node.output).index(tensor.name), scope.bodies[scope.makers[tensor.name]]):
                    self.causes[number, table.indices[tensor.name]] = why

    def _branches(self, place: int, bodies: Sequence[Body]) -> str:
        """The two types of output `place` of an If where its branches disagree; "" if one is open."""
        given = [(body.scope.outputs[place], self.types[body.scope.id]) for body in bodies]
        known = [types[name] for name, types in given if name in types]
        if len(known) != 2 or not contradicts(*known):
            return ""
        return f"its branches give {show(known[0])} and {show(known[1])}"

    def _mark(self, number: int, scope: Scope, table: Table, varying: Mapping[str, str]) -> None:
        """Record the tensors of subgraph `number` without a single size.

        The cause is recorded for tensors at the loop and inside it, but not for those that follow from them.
        """
        for name, why in varying.items():
            if name in table.indices:
                key = (number, table.indices[name])
                self.unbindable.add(key)
                if name in scope.inputs or scope.makers[name] in scope.bodies:
                    self.causes.setdefault(key, why)

    def _call(self, node: NodeProto, body: Body, name: str, table: Table) -> Call:
        number = len(self._done)
        self.make(body.scope, body.scope.graph.name or f"{name}.{body.role}", table)
        # Only If is known to run a body at most once.
        return Call(number, body.role, repeats=(node.domain, node.op_type) != ("", "If"))
