"""The Runner of a model that computes with LiteRT."""

from collections.abc import Generator, Mapping, Sequence
from copy import copy
from typing import Any

from tmpass.base.errors import ModelError, TmpassError, brief
from tmpass.graph.model import ABSENT, Graph, TensorKind
from tmpass.loading.runner import Difference, Enter, Run, Runner, Value

from .. import schema
from ..buffers import Buffers
from ..flatbuffer import root_table
from ..single_operator import Operators
from ..variables import HANDLING, variable_name
from .alone import Alone
from .arrays import Form, Handle, array_of, has_array, value_of
from .compare import compare
from .control import CONTROL
from .draw import draw
from .given import take
from .interpreter import KERNELS, allocate, engine_name, import_interpreter, open_interpreter, run_signature
from .signed import signed
from .variables import Variables

_READING_SIZES = frozenset(("SHAPE", "RANK", "ZEROS_LIKE"))
"""The operators that read only the shapes of their inputs."""

_RUNS = 4
"""How often the whole model runs again, in interpreters of their own, where a result of the plan differs."""


class Engine:
    """A Runner (see tmpass.loading.runner) for the model in `data`, which was read into `graph`."""

    def __init__(self, data: bytes, graph: Graph) -> None:
        import_interpreter()
        self._graph, self._model = graph, root_table(data, "model")
        self._buffers = Buffers(self._model, data)
        subgraphs = list(self._model.tables(schema.Model.SUBGRAPHS, "subgraph"))
        self._tensors = [list(table.tables(schema.SubGraph.TENSORS, "tensor")) for table in subgraphs]
        self._tables = [list(table.tables(schema.SubGraph.OPERATORS, "operator")) for table in subgraphs]
        self._constants: dict[tuple[int, int], Value] = {}
        self._check()
        self._signed = signed(data, graph)
        kernels = self._find_kernels()
        self.engine = engine_name(kernels)
        self._kernels, self._operators = kernels, Operators(data, graph)
        self.begin()
        self._changed: dict[int, Value] = {}
        self.random = next((self._title(s, i) for s, sub in enumerate(graph.subgraphs) for i in self._random(s)), "")

    def begin(self) -> None:
        """Forget the variables of earlier runs, and their interpreters."""
        self._whole: Any = None
        self._variables = Variables()
        self._alone = Alone(self._operators, self._graph, self._kernels)
        self._entered: list[tuple[int, tuple[Value, ...]]] = []
        self._last: tuple[Value, ...] = ()

    def apart(self) -> Runner:
        """Return a runner of this model with its own variables and interpreters."""
        other = copy(self)
        other.begin()
        return other

    def draw(self, subgraph: int, index: int, seed: int) -> Value:
        """Draw a value for an input of an entry."""
        entry = self._graph.subgraphs[subgraph]
        return draw(entry.tensors[entry.inputs[index]], seed, index)

    def take(self, subgraph: int, index: int, value: object) -> Value:
        """Return the Value of `value`, which a caller gives for an input of an entry."""
        entry = self._graph.subgraphs[subgraph]
        return take(entry.tensors[entry.inputs[index]], value)

    def constant(self, subgraph: int, tensor: int) -> Value:
        """Return the value of a constant, or the one with which LiteRT begins for a variable."""
        known = self._graph.tensor((subgraph, tensor))
        if known.kind is not TensorKind.CONSTANT:
            return self._alone.initial(subgraph, tensor)
        key = subgraph, tensor
        if key not in self._constants:
            table = self._tensors[subgraph][tensor]
            number = table.scalar(schema.Tensor.BUFFER)
            content = self._buffers.small(number, self._buffers.size(number, table))
            shape = tuple(int(dim) for dim in known.shape or ())
            self._constants[key] = Value(content, Form(known.dtype.name, shape))
        return self._constants[key]

    def run(self, subgraph: int, op: int, inputs: Sequence[Value | None]) -> Run:
        """Run an operator. Those with bodies request runs of them."""
        node = self._graph.subgraphs[subgraph].ops[op]
        self._changed = {}
        try:
            if node.calls:
                given = tuple(
                    self.constant(subgraph, t) if value is None and t != ABSENT else value
                    for t, value in zip(node.inputs, inputs, strict=True)
                )
                return (yield from CONTROL[node.kind](node.calls, tuple(v for v in given if v is not None)))
            return (yield from self._plain(subgraph, op, inputs))
        except TmpassError as error:
            raise error if error.where else error.within(self._title(subgraph, op)) from None

    def changed(self, subgraph: int, op: int) -> Mapping[int, Value]:
        """The variables of a subgraph that the last run of an operator may have changed, by tensor."""
        del subgraph, op
        return self._changed

    def reference(self, subgraph: int, inputs: Sequence[Value]) -> tuple[Value, ...]:
        """Run the whole model, in the order of the file."""
        if self._whole is None:
            self._whole = open_interpreter(self._signed, self._kernels)
        self._entered.append((subgraph, tuple(inputs)))
        self._last = self._run_whole(self._whole, subgraph, inputs)
        return self._last

    def reads_sizes(self, subgraph: int, op: int) -> bool:
        """Whether an operator reads only the sizes of its inputs."""
        return self._graph.subgraphs[subgraph].ops[op].kind in _READING_SIZES

    def size_follows(
        self, subgraph: int, op: int, output: int, inputs: Sequence[Value | None], known: Sequence[bool]
    ) -> bool:
        """Whether the size of an output stays the same with other numbers in the inputs that are not `known`."""
        if self._graph.subgraphs[subgraph].ops[op].kind in HANDLING:
            return True
        return not self._alone.resizes(subgraph, op, output, inputs, known)

    def shake(self, value: Value, seed: int) -> Value:
        """Return `value`: the same kernels compute it in every run, so no rounding differs."""
        del seed
        return value

    def compare(self, made: Value, wanted: Value, shaken: Sequence[Value] = ()) -> Difference | None:
        """Return how `made` differs from `wanted`, which `reference` gave."""
        others = list(shaken)
        if shaken:  # results of the same operators; then those of the whole model
            index = next(number for number, value in enumerate(self._last) if value is wanted)
            again = [self._run_again()[index] for _ in range(_RUNS)]
            if any(compare(again[0], other) for other in again):
                others += again
        return compare(made, wanted, others)

    def _run_again(self) -> tuple[Value, ...]:
        """Run all entries that ran in this run in another interpreter; return the outputs of the last one."""
        interpreter, outputs = open_interpreter(self._signed, self._kernels), self._last
        for subgraph, inputs in self._entered:  # each may leave variables to the next
            outputs = self._run_whole(interpreter, subgraph, inputs)
        return outputs

    def _run_whole(self, interpreter: Any, subgraph: int, inputs: Sequence[Value]) -> tuple[Value, ...]:
        feeds = {f"i{number}": array_of(value) for number, value in enumerate(inputs)}
        made = run_signature(interpreter, str(subgraph), feeds)
        outputs = range(len(self._graph.subgraphs[subgraph].outputs))
        return tuple(value_of(made[f"o{number}"]) for number in outputs)

    def _plain(
        self, subgraph: int, op: int, inputs: Sequence[Value | None]
    ) -> Generator[Enter, tuple[Value, ...], tuple[Value | None, ...]]:
        """Run one operator in its own interpreter, or on the variables here."""
        node = self._graph.subgraphs[subgraph].ops[op]
        if node.kind not in HANDLING:
            results, self._changed = self._alone.run(subgraph, op, inputs)
            return results
        if node.kind == "VAR_HANDLE":
            return (Value(None, Handle(*variable_name(self._tables[subgraph][op]))),)
        given = [
            self.constant(subgraph, t) if value is None and t != ABSENT else value
            for t, value in zip(node.inputs, inputs, strict=True)
        ]
        return self._variables.run(node.kind, given)
        yield  # makes this a generator: an operator without bodies requests no runs

    def _check(self) -> None:
        """Refuse by name what cannot run one operator at a time.

        Raises:
            ModelError: bodies that run inside a kernel, weights in another file, or types without an array.
        """
        hint = "verify the plan without --execute"
        if self._model.has(schema.Model.EXTERNAL_BUFFERS):
            raise ModelError("its weights are in other files, where LiteRT's interpreter does not find them", hint=hint)
        for s, subgraph in enumerate(self._graph.subgraphs):
            for index, op in enumerate(subgraph.ops):
                if op.calls and op.kind not in CONTROL:
                    fault = f"{op.kind} runs a subgraph inside its kernel, and cannot be executed alone"
                    raise ModelError(fault, where=self._title(s, index), hint=hint)
                for t in (*op.inputs, *op.outputs):
                    tensor = subgraph.tensors[t] if t != ABSENT else None
                    if tensor is None or tensor.kind is TensorKind.CONSTANT or has_array(tensor.dtype):
                        continue
                    fault = f"tensor {brief(tensor.name)} is of {tensor.dtype.name}, which cannot be executed"
                    raise ModelError(fault, where=self._title(s, index), hint=hint)

    def _find_kernels(self) -> str:
        """The first kernels with which LiteRT takes the model.

        Raises:
            ModelError: it takes it with none, with its reason.
        """
        found: TmpassError | None = None
        for kernels in KERNELS:
            try:
                interpreter = open_interpreter(self._signed, kernels)
                if not self._graph.resized and all(not t.unknown for s in self._graph.subgraphs for t in s.tensors):
                    allocate(interpreter, ())
                return kernels
            except ModelError as error:
                found = found or error
        raise found or ModelError("LiteRT cannot run it")

    def _random(self, s: int) -> list[int]:
        return [index for index, op in enumerate(self._graph.subgraphs[s].ops) if op.random]

    def _title(self, s: int, index: int) -> str:
        op = self._graph.subgraphs[s].ops[index]
        return f"operator {index}{f' of subgraph {s}' if s else ''} ({op.kind} {brief(op.name)})"
