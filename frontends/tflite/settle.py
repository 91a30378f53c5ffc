"""Settling of the shape of every tensor, from the file, the operators and the bindings.

LiteRT computes shapes itself before a run; TensorFlow Lite Micro takes the shapes in the file. Where both shapes are
numbers and differ in bytes, the larger one is planned, with a warning. A dimension that the file leaves open gets its
number from the operator, or else from a binding. If no rule computes a dimension, the file's number counts if the
inputs have the file's sizes, else it is open.
"""

from collections.abc import Sequence
from math import prod

from tmpass.base.errors import ModelError, brief
from tmpass.graph.model import ABSENT, Dim, Op, TensorKind

from .buffers import Buffers
from .flatbuffer import Table
from .inference.custom import CUSTOM_RULES
from .inference.dims import written
from .inference.op_context import Impossible, OpContext, Unknown
from .inference.op_context import Shape as Inferred
from .inference.rules import DATA_DEPENDENT, infer
from .passing import LOOPS, PASSED, check_results, check_same_sizes, check_state, merge
from .shapes import Shape, Shapes
from .subgraphs import ReadSubgraph
from .tensors import Declared, read_numbers
from .variables import HANDLING, Variables

_ACTIVATION = TensorKind.ACTIVATION
_MOST_DEPTH = 100
_WHOLE = ("int32", "int64")
_LISTED = 4


class SubgraphShapes:
    """The shapes in a subgraph, by tensor.

    Fields:
        true: the shapes of a run.
        planned: the larger of the shape of a run and the shape in the file.
        disputed: tensors for which the file states another number of elements than the operator makes, or numbers
        where a dimension is open.
        inexact: tensors whose size follows from a binding of a tensor inside the graph.
        numbers: the known elements of tensors that may hold shapes.
    """

    __slots__ = ("disputed", "inexact", "numbers", "planned", "true")

    def __init__(self, count: int) -> None:
        self.true: list[Shape | None] = [None] * count
        self.planned: list[Shape | None] = [None] * count
        self.disputed: set[int] = set()
        self.inexact: set[int] = set()
        self.numbers: dict[int, Inferred | None] = {}


class Settling:
    """Settles all shapes. The walk starts at subgraphs that no operator calls, and enters each body where it is
    called.

    With `batches`, an open batch of an input that is not bound has the number in the file.

    Fields:
        batches: the number of each such batch, by "tensor name:0".
        causes: why a shape is open, by (subgraph, tensor).

    Raises:
        ModelError: bindings make an operator impossible, the results of a body do not match its caller, or a variable
            does not keep its size.
    """

    def __init__(
        self, subgraphs: Sequence[ReadSubgraph], buffers: Buffers, shapes: Shapes, *, batches: bool = False
    ) -> None:
        self._subgraphs, self._buffers, self._shapes = subgraphs, buffers, shapes
        self._take_batches = batches
        self.batches: dict[str, int] = {}
        self._bodies: dict[int, SubgraphShapes] = {}
        self._differing: list[str] = []
        self._resized = False
        self._variables = Variables()
        self.causes: dict[tuple[int, int], str] = {}
        called = {call.subgraph for subgraph in subgraphs for op in subgraph.ops for call in op.calls}
        roots = [s for s in range(len(subgraphs)) if s not in called]
        for s in roots:
            self._enter(s)
        for s in roots:
            self._run(s, 0)
        for s in range(len(subgraphs)):  # the others only call each other
            if s not in self._bodies:
                self._enter(s)
                self._run(s, 0)
        self._variables.check(self._bodies)

    @property
    def bodies(self) -> list[SubgraphShapes]:
        """The shapes in each subgraph."""
        return [self._bodies[s] for s in range(len(self._subgraphs))]

    @property
    def handles(self) -> dict[tuple[int, int], str]:
        """The variables that handles stand for, by (subgraph, tensor)."""
        return self._variables.handles

    @property
    def warnings(self) -> tuple[str, ...]:
        """A warning about the tensors whose declared size differs from what operators make, if there are any."""
        if not self._differing:
            return ()
        some = "; ".join(self._differing[:_LISTED]) + ("; ..." if len(self._differing) > _LISTED else "")
        count = f"{len(self._differing)} tensor{'s' if len(self._differing) > 1 else ''}"
        return (f"the file has another size for {count} than operators make; the larger one is planned: {some}",)

    def _enter(self, s: int) -> None:
        """Settle the tensors of subgraph `s` that no operator makes; a run starts there."""
        body = self._prepare(s)
        read = self._subgraphs[s]
        for t in read.inputs:
            true, shape = body.true[t], read.tensors[t].shape or ()
            if true is None or (true != shape and (shape or set(true) > {1})):
                self._resized = True

    def _prepare(self, s: int, given: dict[int, Inferred | None] | None = None, by: str = "") -> SubgraphShapes:
        read = self._subgraphs[s]
        count = len(read.tensors)
        body = self._bodies[s] = SubgraphShapes(count)
        made, inputs = {t for op in read.ops for t in op.outputs}, set(read.inputs)
        temporary = {t for op in read.ops for t in op.temporaries}
        for t, tensor in enumerate(read.tensors):
            if given is not None and t in given and read.kinds[t] is _ACTIVATION:
                self._take(s, t, given[t], by, trusted=not self._resized)
            elif t not in made or read.kinds[t] is not _ACTIVATION:
                # A temporary of an operator only holds quantization, and then an empty shape is a scalar.
                dims = () if tensor.dims is None and t in temporary else tensor.dims
                if self._take_batches and given is None and t in inputs:
                    dims = self._with_batch(tensor)
                body.true[t] = body.planned[t] = self._shapes.settle(tensor, dims, first=given is None)[0]
                if body.true[t] is None and (t in inputs or read.kinds[t] is TensorKind.VARIABLE):
                    self._note_cause(s, t)
        return body

    def _with_batch(self, tensor: Declared) -> tuple[int | None, ...] | None:
        """The known dimensions of an input, with the number in the file for its batch if only that is open."""
        dims, shape = tensor.dims, tensor.shape or ()
        batch = f"{tensor.name}:0"
        if dims is None or len(dims) < 2 or dims[0] is not None or shape[0] <= 0 or self._shapes.binds(batch):
            return dims
        known = (
            dim is not None or self._shapes.binds(f"{tensor.name}:{axis}") for axis, dim in enumerate(dims) if axis
        )
        if not all(known):
            return dims
        self.batches[batch] = shape[0]
        return shape[0], *dims[1:]

    def _run(self, s: int, depth: int) -> None:
        read, body = self._subgraphs[s], self._bodies[s]
        for op, table in zip(read.ops, read.tables, strict=True):
            made = self._call(s, op, table, depth) if op.calls else self._infer(s, op, table)
            inexact = bool(body.inexact) and not body.inexact.isdisjoint(op.inputs)
            disputed = bool(body.disputed) and not body.disputed.isdisjoint(op.inputs)
            for position, t in enumerate(op.outputs):
                if t == ABSENT or read.kinds[t] is not _ACTIVATION:
                    continue
                dims = made[position] if position < len(made) else None
                self._take(s, t, dims, op.kind, trusted=not (self._resized or disputed), inexact=inexact)
                if body.true[t] is None and all(i == ABSENT or body.true[i] is not None for i in op.inputs):
                    self._note_cause(s, t)
            if op.calls and op.kind in PASSED and op.kind not in LOOPS:
                for call in op.calls:
                    check_results(op, call, read, self._subgraphs[call.subgraph], body, self._bodies, table.where)

    def _take(
        self,
        s: int,
        t: int,
        made: Inferred | None,
        by: str,
        *,
        trusted: bool,
        inexact: bool = False,
    ) -> None:
        """Settle tensor `t`.

        Args:
            s: the subgraph.
            t: the tensor.
            made: its shape by the rule of its operator, or as its caller passes it; None if that is unknown.
            by: the kind of that operator or caller.
            trusted: whether numbers in the file count where `made` has none.
            inexact: whether an input has a size that follows from a binding inside the graph.
        """
        body, tensor = self._bodies[s], self._subgraphs[s].tensors[t]
        dims = tensor.dims
        if made is not None and dims is not None and made == dims and not self._shapes.bound and None not in dims:
            body.true[t] = body.planned[t] = dims  # type: ignore[assignment]  # every dimension is a number
            return
        known: Sequence[Dim | None] | None
        if made is None:
            known = dims if dims is None or trusted else (None,) * len(dims)
        elif dims is None or len(dims) != len(made):
            known = made
        else:
            stated = (None,) * len(dims) if by in DATA_DEPENDENT or not trusted else dims
            known = [
                number if dim is None or (inexact and number is not None) else dim
                for dim, number in zip(made, stated, strict=True)
            ]
        shape, decided = self._shapes.settle(tensor, known, by=by)
        body.true[t] = body.planned[t] = shape
        if decided or (inexact and shape != dims):
            body.inexact.add(t)
        if shape is None or dims is None or shape == dims or None in dims:
            return
        if any(isinstance(dim, str) for dim in shape):
            body.disputed.add(t)
            return
        made_elements, stated_elements = prod(map(int, shape)), prod(int(dim or 0) for dim in dims)
        if made_elements != stated_elements:
            body.disputed.add(t)
            self._differing.append(f"{brief(tensor.name)} is {written(dims)} in the file, {written(shape)} by {by}")
            if stated_elements > made_elements:
                body.planned[t] = tuple(int(dim or 0) for dim in dims)

    def _infer(self, s: int, op: Op, table: Table) -> list[Inferred]:
        body, read = self._bodies[s], self._subgraphs[s]
        if op.kind in HANDLING and not op.custom:
            return list(self._variables.visit(s, op, table, body.true))
        if op.custom and op.kind not in CUSTOM_RULES:
            return []
        context = OpContext(
            op.kind, table, (op.inputs, op.outputs), read.tensors, body.true, lambda t: self._numbers(s, t)
        )
        made: list[Inferred]
        try:
            made = infer(context, custom=op.custom)
        except Unknown:
            made = []
        except Impossible as reason:
            if self._shapes.bound and (self._resized or not body.inexact.isdisjoint(op.inputs)):
                fault = f"{op.kind} {brief(op.name)} cannot run with these bindings: {reason}"
                hint = "bind other numbers, or convert the model with those sizes"
                raise ModelError(fault, where=table.where, hint=hint) from None
            made = []
        if len(op.outputs) == 1 and read.tensors[op.outputs[0]].dtype.name in _WHOLE and not op.custom:
            from .inference.numbers import known_numbers  # imported here: most models have no such tensors

            body.numbers[op.outputs[0]] = known_numbers(context)
        return made

    def _numbers(self, s: int, t: int) -> Inferred | None:
        known = self._bodies[s].numbers
        if t not in known:
            known[t] = read_numbers(self._subgraphs[s].tensors[t], self._buffers)
        return known[t]

    def _call(self, s: int, op: Op, table: Table, depth: int) -> Sequence[Inferred | None]:
        """Settle the bodies that `op` runs, and return the shapes of its outputs."""
        body = self._bodies[s]
        if op.kind not in PASSED:
            for call in op.calls:
                # These operators pass single elements, or nothing.
                inputs = self._subgraphs[call.subgraph].inputs
                tensors = self._subgraphs[call.subgraph].tensors
                self._visit(call.subgraph, {t: () for t in inputs if tensors[t].dims is None}, op, table, depth)
            return self._infer(s, op, table)
        passed = [None if t == ABSENT else body.true[t] for t in op.inputs[PASSED[op.kind] :]]
        given: list[list[Shape | None]] = []
        for call in op.calls:
            callee = self._subgraphs[call.subgraph]
            inner = self._visit(call.subgraph, dict(zip(callee.inputs, passed, strict=True)), op, table, depth)
            if call.role == "body":
                check_state(op, call, self._subgraphs[s], callee, inner, table.where)
            elif call.role != "cond":
                given.append([inner.true[t] for t in callee.outputs])
        if op.kind in LOOPS:
            return passed
        return [merge(shapes) for shapes in zip(*given, strict=True)]

    def _visit(self, s: int, given: dict[int, Shape | None], op: Op, table: Table, depth: int) -> SubgraphShapes:
        known = self._bodies.get(s)
        if known is not None:
            check_same_sizes(self._subgraphs[s], s, known, given, table.where)
            return known
        body = self._prepare(s, dict(given), op.kind)
        if depth < _MOST_DEPTH:  # deeper calls are refused when the timeline is made
            self._run(s, depth + 1)
        return body

    def _note_cause(self, s: int, t: int) -> None:
        tensor: Declared = self._subgraphs[s].tensors[t]
        if tensor.dtype.bits is not None:
            self.causes[s, t] = f"bind '{tensor.name}:0', '{tensor.name}:1', ... to state its shape"
