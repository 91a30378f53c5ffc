"""The walk: each operator reads its inputs from the arrays, computes, and writes its outputs into them."""

from collections.abc import Container, Sequence

from tmpass.base.errors import brief
from tmpass.execution.limits import Trips
from tmpass.execution.marks import DRAWN, ODD, RANDOM, Mark, Marks
from tmpass.execution.places import Key, Layout
from tmpass.execution.regions import Region, Step
from tmpass.execution.storage import Storage, Writer
from tmpass.graph.model import ABSENT, Dim, Graph, Op, TensorKind
from tmpass.loading.runner import Enter, Runner, Value

_CALLER = Writer(None, "the caller of the model")


class Machine:
    """One run of a model in the memory of a plan.

    Fields: `reached` are the steps that were taken, `runs` counts them; `marks` are those of the values, and `sizes`
    tells, by tensor, where one came in another size than planned, and no fault of the plan is known.

    With `loops_copy`, what a round of a loop gives waits in the outputs of the loop's operator for the next one, as a
    Runtime has it; else it is copied to the inputs from where it stands. `promised` are the (input, output) that a
    kernel may put over each other, if they begin at one byte.
    """

    def __init__(
        self,
        graph: Graph,
        layout: Layout,
        runner: Runner,
        trips: Trips,
        *,
        loops_copy: bool = False,
        promised: Container[tuple[Key, Key]] = frozenset(),
    ) -> None:
        self.storage = Storage(layout)
        self.reached: set[int] = set()
        self.runs = 0
        self.marks = Marks()
        self.sizes: dict[Key, str] = {}
        self._trips, self._promised = trips, promised
        self._graph, self._runner, self._loops_copy = graph, runner, loops_copy
        self._caller_of: dict[int, int] = {}
        for s, subgraph in enumerate(graph.subgraphs):
            for t in sorted(subgraph.used):
                if subgraph.tensors[t].kind is TensorKind.VARIABLE:
                    self.storage.write((s, t), runner.constant(s, t), _CALLER)

    def run(
        self, region: Region, inputs: Sequence[Value], drawn: Sequence[bool], *, keep_inputs: bool
    ) -> tuple[Value, ...]:
        """Run an entry on `inputs`, of which some were `drawn`; what its outputs hold in the end.

        Raises:
            Broken: an operator comes before one that it needs.
            BudgetError: loops run too many rounds.
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
        values = self._read(inputs, me)
        marks = self.marks.of(self._owner(key) for key in inputs if key[1] != ABSENT)
        self.storage.scribble(((s, t) for t in op.temporaries), me)
        if op.calls:
            self.storage.reserve(real, me)
        results, inside = self._compute(s, step, values, marks, me)
        if op.calls:
            # What it was given stays as long as it runs, bodies included; and nothing else stands where it collects.
            self._read(inputs, me, shared=True)
            self.storage.settle(real)
        self._check_elementwise(s, step, op, values, results, me)
        marks |= inside
        if op.random:
            marks |= RANDOM | DRAWN
        for number, (key, result) in enumerate(zip(outputs, results, strict=True)):
            if key[1] != ABSENT and result is not None:
                self._put(s, step.op, number, key, result, values, marks, me)
        self._check_kept(op, inputs, (*real, *((s, t) for t in op.temporaries)), me)
        self.storage.end(step.last_of)
        self.reached.add(step.at)
        self.runs += 1

    def _put(
        self,
        s: int,
        op: int,
        number: int,
        key: Key,
        result: Value,
        values: Sequence[Value | None],
        marks: Mark,
        me: Writer,
    ) -> None:
        """Write output `number` of an operator whose inputs have `marks`, and find out who decided its size."""
        node = self._graph.subgraphs[s].ops[op]
        own = marks & ~ODD
        if self._runner.reads_sizes(s, op):  # sizes are as planned, and the same for all inputs, unless one is odd
            own = own if marks & ODD else 0
        wanted = self._graph.tensor(key).bytes
        if result.data is None or wanted is None or len(result.data) == wanted:
            self.marks.set(key, own)
            self.storage.write(key, result, me)
            return
        follows = marks & ODD  # the operator that made the first odd one is to be judged, not this one
        by_value = not follows and marks & DRAWN and self._decides(s, op, number, values)
        excused = bool(follows or by_value)
        if not follows and (by_value or len(result.data) < wanted):
            why = "values decide, and some were drawn" if by_value else "the plan may have more"
            size = f"{len(result.data)} bytes, {wanted} in the plan"
            self.sizes[key] = f"{self.storage.title(key)} has {size}: {why} ({node.kind} {brief(node.name)})"
        self.marks.set(key, own | ODD)
        self.storage.write(key, result, me, excused=excused)

    def _decides(self, s: int, op: int, number: int, values: Sequence[Value | None]) -> bool:
        """Whether values that were drawn, and not sizes alone, decide how large output `number` is."""
        node = self._graph.subgraphs[s].ops[op]
        if node.calls:  # a condition or a number of rounds
            return True
        known = [t == ABSENT or not self.marks.of([self._owner((s, t))]) & DRAWN for t in node.inputs]
        return not self._runner.size_follows(s, op, number, values, known)

    def _compute(
        self, s: int, step: Step, values: Sequence[Value | None], marks: Mark, me: Writer
    ) -> tuple[Sequence[Value | None], Mark]:
        """What the operator makes, running the bodies that it asks for, and the marks of what these gave."""
        op = self._graph.subgraphs[s].ops[step.op]
        run = self._runner.run(s, step.op, values)
        given: dict[int, tuple[Value, Key]] = {}  # by identity: what a body gave, and where that stands
        inside = 0
        try:
            request = next(run)
            while True:
                if op.calls[request.call].repeats:
                    self._trips.count(me.title)
                body = step.bodies[request.call]
                outputs = self._enter(s, body, request, given, marks | inside, me)
                keys = [(body.subgraph, t) for t in self._graph.subgraphs[body.subgraph].outputs]
                inside |= self.marks.of(self._owner(key) for key in keys)
                given = {id(value): (value, key) for value, key in zip(outputs, keys, strict=True)}
                request = run.send(outputs)
        except StopIteration as stop:
            results: tuple[Value | None, ...] = stop.value
            return [self._again(result, given, (), me) for result in results], inside

    def _enter(
        self, s: int, body: Region, request: Enter, given: dict[int, tuple[Value, Key]], marks: Mark, me: Writer
    ) -> tuple[Value, ...]:
        self._caller_of[body.subgraph] = s
        keys = [(body.subgraph, t) for t in self._graph.subgraphs[body.subgraph].inputs]
        for key, value in zip(keys, request.inputs, strict=True):
            # A runtime copies one after the other: what an earlier copy overwrites is lost to a later one. An input
            # that the body hands on as it is has to be kept apart by the runtime, wherever it stands. Where loops copy
            # by way of the operator's outputs, which nothing else may stand in, all were copied when the round ended.
            fresh = None if self._loops_copy else self._again(value, given, keys, me)
            value = value if fresh is None else fresh
            wanted = self._graph.tensor(key).bytes
            odd = value.data is not None and wanted is not None and len(value.data) != wanted
            self.marks.set(key, marks & ~ODD | (ODD if odd else 0))
            self.storage.write(key, value, me, excused=bool(marks & ODD))
        self._read(keys, me)
        return self._walk(body, me)

    def _again(
        self, value: Value | None, given: dict[int, tuple[Value, Key]], but: Sequence[Key], me: Writer
    ) -> Value | None:
        """`value`, from the array once more if it is one that a body gave."""
        if value is None or id(value) not in given:
            return value
        key = given[id(value)][1]
        return value if key in but else self._value(key, me)

    def _value(self, key: Key, reader: Writer) -> Value:
        """What `key` holds; the runner knows that of constants."""
        if self._graph.tensor(key).kind is TensorKind.CONSTANT:
            return self._runner.constant(*key)
        return self.storage.read(key, self._owner(key), reader)

    def _read(self, keys: Sequence[Key], reader: Writer, *, shared: bool = False) -> list[Value | None]:
        """What `keys` hold; None for what is absent or constant."""
        return [
            None
            if key[1] == ABSENT or self._graph.tensor(key).kind is TensorKind.CONSTANT
            else self.storage.read(key, self._owner(key), reader, shared=shared)
            for key in keys
        ]

    def _owner(self, key: Key) -> Key:
        """The tensor itself, or what it captures from the callers around."""
        s, t = key
        while (
            tensor := self._graph.subgraphs[s].tensors[t]
        ).kind is TensorKind.CAPTURE and tensor.captures is not None:
            s, t = self._caller_of[s], tensor.captures
        return s, t

    def _check_kept(self, op: Op, inputs: Sequence[Key], written: Sequence[Key], me: Writer) -> None:
        """Report inputs that `op` itself has overwritten, unless it may compute in place: element by element."""
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
        """Where the plan has the result over an input, run the operator once more with other numbers in the second half
        of it: the first half of the result must not change, or a kernel that writes as it reads would spoil it.
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

    def _same_elements(self, key: Key, other: Key) -> bool:
        """Whether element for element, each as wide, stands at the same bytes."""
        here, there = self.storage.place(key), self.storage.place(other)
        one, two = self._graph.tensor(key), self._graph.tensor(other)
        alike = one.dtype.bits == two.dtype.bits and _significant(one.shape) == _significant(two.shape)
        return alike and here is not None and here.same(there)


def _significant(shape: tuple[Dim, ...] | None) -> tuple[Dim, ...]:
    """`shape` without leading ones, which change nothing about where an element stands."""
    dims = shape or ()
    return dims[next((axis for axis, dim in enumerate(dims) if dim != 1), len(dims)) :]
