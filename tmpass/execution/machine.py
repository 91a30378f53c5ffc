"""The walk of a run: each operator reads its inputs from the arrays, computes, and writes its outputs into them."""

from collections.abc import Container, Sequence

from tmpass.base.errors import brief
from tmpass.execution.constants import Constants
from tmpass.execution.limits import Trips
from tmpass.execution.marks import DRAWN, OTHER_SIZE, RANDOM, Mark, Marks
from tmpass.execution.memory_image import MemoryImage
from tmpass.execution.regions import Region, Step
from tmpass.execution.storage import Storage, Writer
from tmpass.execution.transfers import BufferCopies
from tmpass.graph.model import ABSENT, Dim, Graph, Op, TensorKey, TensorKind
from tmpass.loading.runner import Enter, Runner, Value

_CALLER = Writer(None, "the caller of the model")


class Machine:
    """One run of a model in the memory of a plan, with a runner whose variables are as a run begins with them.

    Fields:
        reached: steps that were run at least once, and those of an initialisation that another operator had run.
        runs: how many operators were run.
        marks: those of the values.
        transfers: the spills and fetches of buffers, set before the run; None where no buffer leaves the scratchpad.
        sizes: a line for each tensor that came in another size than planned without a known fault of the plan.

    Args:
        loops_copy: the results of a loop iteration wait in the outputs of the loop's operator for the next iteration,
            as Runtime.loops_copy says; else they are copied to the inputs of the body from where they are.
        promised: (input, output) pairs that a kernel may put over each other, if both begin at the same byte.
        constants: those of the plan; None where it has none.
    """

    def __init__(
        self,
        graph: Graph,
        image: MemoryImage,
        runner: Runner,
        trips: Trips,
        *,
        loops_copy: bool = False,
        promised: Container[tuple[TensorKey, TensorKey]] = frozenset(),
        constants: Constants | None = None,
    ) -> None:
        outside = [] if constants is None else constants.add_places(image)
        self._constants, self.storage = constants, Storage(image)
        self.transfers: BufferCopies | None = None
        self.reached: set[int] = set()
        self.runs = 0
        self.marks = Marks()
        self.sizes: dict[TensorKey, str] = {}
        self._trips, self._promised = trips, promised
        self._graph, self._runner, self._loops_copy = graph, runner, loops_copy
        self._caller_of: dict[int, int] = {}
        self._initialised: set[int] = set()
        self._variables = [
            (s, t)
            for s, subgraph in enumerate(graph.subgraphs)
            for t in sorted(subgraph.used)
            if subgraph.tensors[t].kind is TensorKind.VARIABLE
        ]
        for key in self._variables:
            self.storage.write(key, runner.constant(*key), _CALLER)
        if constants is not None:
            self.storage.violations += [*constants.violations, *outside]
            constants.load(self.storage, _CALLER)

    def run(
        self, region: Region, inputs: Sequence[Value], drawn: Sequence[bool], *, keep_inputs: bool
    ) -> tuple[Value, ...]:
        """The outputs of an entry that is run on `inputs`.

        Args:
            region: of the entry.
            inputs: their values.
            drawn: for each input, whether its value was drawn.
            keep_inputs: check that the inputs are intact after the run.

        Raises:
            Broken: an operator comes before one that it reads from.
            BudgetError: loops run too many iterations.
            ModelError: the runner cannot run an operator.
        """
        keys = [(region.subgraph, t) for t in self._graph.subgraphs[region.subgraph].inputs]
        for key, value, by_chance in zip(keys, inputs, drawn, strict=True):
            self.marks.set(key, DRAWN if by_chance else 0)
            self.storage.write(key, value, _CALLER)
        self._read(keys, _CALLER)  # no input lies over another
        outputs = self._walk(region, _CALLER)
        if keep_inputs:
            self._read(keys, _CALLER)
        self._read(self._variables, _CALLER)  # the next run begins with them
        return outputs

    def _walk(self, region: Region, reader: Writer) -> tuple[Value, ...]:
        for step in region.steps:
            self._step(region.subgraph, step)
        s = region.subgraph
        return tuple(self._value((s, t), reader) for t in self._graph.subgraphs[s].outputs)

    def _step(self, s: int, step: Step) -> None:
        op = self._graph.subgraphs[s].ops[step.op]
        me = Writer(step.at, f"step {step.at} ({op.kind} {brief(op.name)})")
        inputs = [(s, t) for t in op.inputs]
        outputs = [(s, t) for t in op.outputs]
        real = [key for key in outputs if key[1] != ABSENT]
        if self.transfers is not None:
            self.transfers.move(step.at)
        if self._constants is not None:
            self._constants.stream(step.at, self.storage, me)
        values = self._read(inputs, me)
        marks = self.marks.of(self._owner(key) for key in inputs if key[1] != ABSENT)
        self.storage.scribble(((s, t) for t in op.temporaries), me)
        if op.calls:
            self.storage.reserve(real, me)
        results, inside = self._compute(s, step, values, marks, me)
        if op.calls:
            # Its inputs must be intact after its bodies ran, and nothing else may be where it collects its outputs.
            self._read(inputs, me, shared=True)
            self.storage.release(real)
        changed = dict(self._runner.changed(s, step.op))
        self._check_elementwise(s, step, op, values, results, me)
        marks |= inside
        if op.random:
            marks |= RANDOM | DRAWN
        for t, value in changed.items():
            self.marks.set((s, t), marks)
            self.storage.write((s, t), value, me)
        for number, (key, result) in enumerate(zip(outputs, results, strict=True)):
            if key[1] != ABSENT and result is not None:
                self._write_output(s, step.op, number, result, values, marks, me)
        self._check_kept(op, inputs, (*real, *((s, t) for t in op.temporaries)), me)
        if self._constants is not None:
            self._constants.read(inputs, self.storage, me)
            self._constants.end(step.at, self.storage)
        self.storage.end(step.last_of)
        self.reached.add(step.at)
        self.runs += 1

    def _write_output(
        self,
        s: int,
        op: int,
        number: int,
        result: Value,
        values: Sequence[Value | None],
        marks: Mark,
        me: Writer,
    ) -> None:
        """Write output `number` of an operator whose inputs have `marks`.

        A size that is not the planned one is a fault of the plan only if it depends neither on drawn values nor on a
        tensor that already had another size.
        """
        node = self._graph.subgraphs[s].ops[op]
        key = s, node.outputs[number]
        own = marks & ~OTHER_SIZE
        if self._runner.reads_sizes(s, op):  # sizes are those of the plan, on any inputs, unless one is marked
            own = own if marks & OTHER_SIZE else 0
        wanted = self._graph.tensor(key).bytes
        if result.data is None or wanted is None or len(result.data) == wanted:
            self.marks.set(key, own)
            self.storage.write(key, result, me)
            return
        follows = marks & OTHER_SIZE  # only the operator that made the first other size is judged
        by_value = not follows and marks & DRAWN and self._decides(s, op, number, values)
        any_size = bool(follows or by_value)
        if not follows and (by_value or len(result.data) < wanted):
            why = "values decide, and some were drawn" if by_value else "the plan may have more"
            size = f"{len(result.data)} bytes, {wanted} in the plan"
            self.sizes[key] = f"{self.storage.title(key)} has {size}: {why} ({node.kind} {brief(node.name)})"
        self.marks.set(key, own | OTHER_SIZE)
        self.storage.write(key, result, me, any_size=any_size)

    def _decides(self, s: int, op: int, number: int, values: Sequence[Value | None]) -> bool:
        """Whether drawn values, and not sizes alone, decide the size of output `number`."""
        node = self._graph.subgraphs[s].ops[op]
        if node.calls:  # by a condition or a number of iterations
            return True
        known = [t == ABSENT or not self.marks.of([self._owner((s, t))]) & DRAWN for t in node.inputs]
        return not self._runner.size_follows(s, op, number, values, known)

    def _compute(
        self, s: int, step: Step, values: Sequence[Value | None], marks: Mark, me: Writer
    ) -> tuple[Sequence[Value | None], Mark]:
        """Run an operator and each body that it asks for; return its results, and the marks of what the bodies gave."""
        op = self._graph.subgraphs[s].ops[step.op]
        if op.calls and all(call.once and call.subgraph in self._initialised for call in op.calls):
            self.reached.update(at for body in step.bodies for at in body.all_steps())
            return [None] * len(op.outputs), 0
        run = self._runner.run(s, step.op, values)
        given: dict[int, tuple[Value, TensorKey]] = {}  # by identity: what a body gave, and the tensor that has it
        inside = 0
        try:
            request = next(run)
            while True:
                if op.calls[request.call].repeats:
                    self._trips.count(me.title)
                body = step.bodies[request.call]
                outputs = self._enter(s, body, request, given, marks | inside, me)
                if op.calls[request.call].once:
                    self._initialised.add(body.subgraph)
                keys = [(body.subgraph, t) for t in self._graph.subgraphs[body.subgraph].outputs]
                inside |= self.marks.of(self._owner(key) for key in keys)
                # A loop's condition runs between two rounds of its body, whose results wait where they are, or were
                # copied before the condition ran.
                others = given.items() if not self._loops_copy else ()
                given = {i: (value, key) for i, (value, key) in others if key[0] != body.subgraph}
                given |= {id(value): (value, key) for value, key in zip(outputs, keys, strict=True)}
                request = run.send(outputs)
        except StopIteration as stop:
            results: tuple[Value | None, ...] = stop.value
            return [self._again(result, given, (), me) for result in results], inside

    def _enter(
        self, s: int, body: Region, request: Enter, given: dict[int, tuple[Value, TensorKey]], marks: Mark, me: Writer
    ) -> tuple[Value, ...]:
        self._caller_of[body.subgraph] = s
        keys = [(body.subgraph, t) for t in self._graph.subgraphs[body.subgraph].inputs]
        for key, value in zip(keys, request.inputs, strict=True):
            # A runtime copies one value after the other: what an earlier copy overwrites is lost to a later one. An
            # input that the body hands on unchanged must be kept by the runtime, wherever it is. Where loops copy
            # through the operator's outputs, where nothing else may be, all were copied when the iteration ended.
            fresh = None if self._loops_copy else self._again(value, given, keys, me)
            value = value if fresh is None else fresh
            wanted = self._graph.tensor(key).bytes
            differs = value.data is not None and wanted is not None and len(value.data) != wanted
            self.marks.set(key, marks & ~OTHER_SIZE | (OTHER_SIZE if differs else 0))
            self.storage.write(key, value, me, any_size=bool(marks & OTHER_SIZE))
        self._read(keys, me)
        return self._walk(body, me)

    def _again(
        self, value: Value | None, given: dict[int, tuple[Value, TensorKey]], but: Sequence[TensorKey], me: Writer
    ) -> Value | None:
        """`value`, read from the array again if a body gave it."""
        if value is None or id(value) not in given:
            return value
        key = given[id(value)][1]
        return value if key in but else self._value(key, me)

    def _value(self, key: TensorKey, reader: Writer) -> Value:
        """The value of tensor `key`, a constant's from the runner."""
        if self._graph.tensor(key).kind is TensorKind.CONSTANT:
            return self._runner.constant(*key)
        return self.storage.read(key, self._owner(key), reader)

    def _read(self, keys: Sequence[TensorKey], reader: Writer, *, shared: bool = False) -> list[Value | None]:
        """The values of `keys`; None for one that is absent or constant."""
        return [
            None
            if key[1] == ABSENT or self._graph.tensor(key).kind is TensorKind.CONSTANT
            else self.storage.read(key, self._owner(key), reader, shared=shared)
            for key in keys
        ]

    def _owner(self, key: TensorKey) -> TensorKey:
        """The tensor itself, or the one that it captures from a caller."""
        s, t = key
        while (
            tensor := self._graph.subgraphs[s].tensors[t]
        ).kind is TensorKind.CAPTURE and tensor.captures is not None:
            s, t = self._caller_of[s], tensor.captures
        return s, t

    def _check_kept(self, op: Op, inputs: Sequence[TensorKey], written: Sequence[TensorKey], me: Writer) -> None:
        """Report inputs that `op` itself has overwritten, unless it may compute in place."""
        for key in inputs:
            place = self.storage.place(key)
            if key[1] == ABSENT or place is None:
                continue
            for other in written:
                there = self.storage.place(other)
                if there is None or not there.overlaps(place):
                    continue
                if (key, other) in self._promised and there.low == place.low:
                    continue
                if other[1] != op.outputs[0] or not (op.elementwise and self._same_elements(key, other)):
                    self._read([key], me, shared=bool(op.calls))

    def _check_elementwise(
        self, s: int, step: Step, op: Op, values: Sequence[Value | None], results: Sequence[Value | None], me: Writer
    ) -> None:
        """Report a result that the plan puts over an input, though the operator is not element-wise.

        The operator runs once more with other numbers in the second half of the input. The first half of the result
        must not change: otherwise a kernel that writes while it reads would spoil the result.
        """
        if not op.elementwise or op.outputs[0] == ABSENT or results[0] is None:
            return
        made, result = results[0].data or b"", (s, op.outputs[0])
        for number, (t, value) in enumerate(zip(op.inputs, values, strict=True)):
            if value is None or not value.data or not self._same_elements((s, t), result):
                continue
            if len(value.data) != self._graph.tensor((s, t)).bytes:  # another size than planned
                continue
            width = max((self._graph.tensor((s, t)).dtype.bits or 8) // 8, 1)
            half = len(value.data) // width // 2 * width
            data = value.data[:half] + value.data[:width] * ((len(value.data) - half) // width)
            changed = [*values[:number], Value(data, value.form), *values[number + 1 :]]
            again = self._compute(s, step, changed, 0, me)[0][0]
            if again is None or (again.data or b"")[:half] != made[:half]:
                self.storage.report_in_place(result, (s, t), me)

    def _same_elements(self, key: TensorKey, other: TensorKey) -> bool:
        """Whether the two tensors have the same elements, by number and width, at the same bytes."""
        here, there = self.storage.place(key), self.storage.place(other)
        one, two = self._graph.tensor(key), self._graph.tensor(other)
        alike = one.dtype.bits == two.dtype.bits and _significant(one.shape) == _significant(two.shape)
        return alike and here is not None and here.same(there)


def _significant(shape: tuple[Dim, ...] | None) -> tuple[Dim, ...]:
    """`shape` without leading ones, which do not change where an element is."""
    dims = shape or ()
    return dims[next((axis for axis, dim in enumerate(dims) if dim != 1), len(dims)) :]
