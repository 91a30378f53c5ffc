"""Float tensors that a plan has as integers, since a device computes with the integers around them.

Each row is checked by the operators around its tensor, and not by a search for groups, as the planner makes.
"""

from collections.abc import Iterator, Mapping
from dataclasses import replace

from tmpass.base.choices import Int8
from tmpass.base.violation import Violation
from tmpass.graph.model import ABSENT, Graph, Op, Quantization, Subgraph, Tensor, TensorKey, TensorKind
from tmpass.plans.plan import Plan, PlannedTensor
from tmpass.verification.names import tensor_name

_PASSIVE = (Quantization.DEQUANTIZE, Quantization.QUANTIZE)


def as_integers(plan: Plan, graph: Graph) -> tuple[Graph, list[Violation]]:
    """The graph with those tensors as integers that `plan` lists as integers, and violations where that is forbidden.

    A tensor of floats may be another name for integers where

    - a DequantizeLinear makes it from them, and each operator that reads it takes integers or is a QuantizeLinear; or
    - an operator that takes integers makes it, and only the QuantizeLinear that makes the integers reads it; or only
      one activation reads it, whose result is such a name.

    An operator takes integers if each of its float inputs and each of its float results is such a name. It passes
    integers on as they are only where all of them have one scale and one type.
    """
    claimed: dict[TensorKey, TensorKey] = {}
    found = []
    others = list(_other_types(plan, graph)) if plan.options.int8 == Int8.NATIVE else []
    if not others:
        return graph, []
    surroundings = [_Surroundings(subgraph) for subgraph in graph.subgraphs]
    for row in others:
        s, source = row.subgraph, surroundings[row.subgraph].integers(row.index)
        if source is not None and graph.tensor((s, source)).dtype.name == row.dtype:
            claimed[row.key] = s, source
    rows = {row.key: row for row in others}
    owned = [{t: held for (at, t), (_, held) in claimed.items() if at == s} for s in range(len(graph.subgraphs))]
    for s, own in enumerate(owned):
        for t in own:
            if why := surroundings[s].fault(t, own):
                name = tensor_name(rows[s, t])
                found.append(Violation("size", f"{name} is planned as integers, but {why}", name))
    if not claimed:
        return graph, found
    subgraphs = tuple(
        replace(
            subgraph,
            ops=tuple(
                replace(op, moves=None) if op.moves and surroundings[s].alters(op, owned[s]) else op
                for op in subgraph.ops
            ),
            tensors=tuple(
                replace(tensor, dtype=graph.tensor(claimed[s, t]).dtype) if (s, t) in claimed else tensor
                for t, tensor in enumerate(subgraph.tensors)
            ),
        )
        for s, subgraph in enumerate(graph.subgraphs)
    )
    return replace(graph, subgraphs=subgraphs, held_in=claimed), found


def _other_types(plan: Plan, graph: Graph) -> Iterator[PlannedTensor]:
    """The rows of float tensors of `graph` that have another element type in `plan`.

    Rows of tensors that the graph does not have are left out: the check of the list of tensors reports them.
    """
    tensors = [subgraph.tensors for subgraph in graph.subgraphs]
    for row in plan.tensors:
        s, t = row.subgraph, row.index
        if 0 <= s < len(tensors) and 0 <= t < len(tensors[s]):
            real = tensors[s][t]
            if row.dtype != real.dtype.name and _floating(real):
                yield row


class _Surroundings:
    """The makers and users of all tensors of one subgraph."""

    def __init__(self, subgraph: Subgraph) -> None:
        self.subgraph = subgraph
        self.maker = {t: op for op in subgraph.ops for t in op.outputs}
        self.users: dict[int, list[Op]] = {}
        for op in subgraph.ops:
            for t in op.inputs:
                self.users.setdefault(t, []).append(op)

    def integers(self, t: int) -> int | None:
        """The index of the integer tensor that float tensor `t` may stand for; None if there is none.

        It is the input of the DEQUANTIZE that makes `t`, or the output of the QUANTIZE that alone reads it, directly or
        after one clamp.
        """
        maker = self.maker.get(t)
        if maker is None or not maker.inputs:
            return None
        if maker.quantization is Quantization.DEQUANTIZE:
            return maker.inputs[0]
        for _ in range(2):
            users = self.users.get(t, [])
            if len(users) != 1 or users[0].inputs[0] != t or users[0].calls:
                return None
            if users[0].quantization is Quantization.QUANTIZE:
                return users[0].outputs[0]
            if users[0].quantization is not Quantization.CLAMP:
                return None
            t = users[0].outputs[0]
        return None

    def fault(self, t: int, names: dict[int, int]) -> str:
        """The reason why `t` cannot be a name for the integers `names[t]`; empty if it can."""
        tensors, held = self.subgraph.tensors, names[t]
        if t in self.subgraph.inputs or t in self.subgraph.outputs or tensors[t].kind is not TensorKind.ACTIVATION:
            return "it goes in or out of its subgraph"
        if held == ABSENT or tensors[held].kind not in (TensorKind.ACTIVATION, TensorKind.CAPTURE):
            return "there are no integers for it"
        if tensors[held].shape != tensors[t].shape or _floating(tensors[held]):
            return f"{tensors[held].name!r} is not of its shape, or holds floats itself"
        maker = self.maker[t]
        if maker.quantization is not Quantization.DEQUANTIZE and (why := self._computes(maker, names)):
            return why
        for user in self.users.get(t, []):
            if user.quantization is not Quantization.QUANTIZE and (why := self._computes(user, names)):
                return why
        return ""

    def alters(self, op: Op, names: Mapping[int, int]) -> bool:
        """Whether `op`, which passes `names` on, may have to change the integers that they stand for."""
        touched = [t for t in (*op.inputs, *op.outputs) if t in names]
        scales = [self._scale(t) for t in touched]
        types = {self.subgraph.tensors[names[t]].dtype.name for t in touched}
        return None in scales or len(set(scales)) > 1 or len(types) > 1

    def _scale(self, t: int) -> tuple[int, ...] | None:
        """The constants that scale the floats `t`; None if there are none, or not one scale for all elements."""
        made = self.maker[t].quantization is Quantization.DEQUANTIZE
        users = self.users.get(t, [])
        op = self.maker[t] if made else users[0] if len(users) == 1 else None
        if op is None or op.quantization not in _PASSIVE or len(op.inputs) < 2:
            return None
        constants = tuple(x for x in op.inputs[1:] if x != ABSENT)
        return constants if self.subgraph.tensors[op.inputs[1]].shape in ((), (1,)) else None

    def _computes(self, op: Op, names: dict[int, int]) -> str:
        """The reason why `op` cannot compute with integers; empty if it can."""
        if op.calls or op.custom or op.random or op.resource or op.temporaries or op.quantization in _PASSIVE:
            return f"{op.kind} {op.name!r} has no such kernel"
        floats = [x for x in (*op.inputs, *op.outputs) if x != ABSENT and _floating(self.subgraph.tensors[x])]
        other = next((x for x in floats if x not in names), None)
        if other is not None:
            return f"{op.kind} {op.name!r} also has the floats of {self.subgraph.tensors[other].name!r}"
        # Kernels apply an activation between an operator and a QuantizeLinear while they write.
        read = [x for x in op.inputs if x in names]
        fused = op.quantization is Quantization.CLAMP and bool(read) and names[read[0]] == names.get(op.outputs[0])
        if not fused and any(self.maker[x].quantization is not Quantization.DEQUANTIZE for x in read):
            return f"{op.kind} {op.name!r} reads what no DequantizeLinear makes"
        return "" if read else f"{op.kind} {op.name!r} reads no integers"


def _floating(tensor: Tensor) -> bool:
    return tensor.kind is not TensorKind.CONSTANT and "float" in tensor.dtype.name
