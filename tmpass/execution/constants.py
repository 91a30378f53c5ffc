"""Constants in the byte arrays: stored and copied as the plan says, and compared where operators read them.

    run begins     write what is stored; read it, and write residents
    step           read the stored bytes, and write the streamed copies for the step: a piece after the other where a
                   row has less than the constant; read residents, copies, and what is read in place; run the operator;
                   read them again

The runner computes with its own constants, so a byte that is lost shows where it is read.
"""

from collections.abc import Iterator, Sequence

from tmpass.base.choices import ConstantUse
from tmpass.base.errors import ModelError, brief
from tmpass.base.violation import Violation
from tmpass.execution.memory_image import MemoryImage, Place
from tmpass.execution.storage import Storage, Writer
from tmpass.graph.model import ABSENT, Graph, TensorKey, TensorKind
from tmpass.loading.runner import Runner, Value
from tmpass.plans.plan import Plan, PlannedConstant

_ROW = -1
"""Stands for a subgraph in the key of a row: (_ROW, number) is not the key of a tensor."""


class Constants:
    """The constants of the runs of one plan.

    Attributes:
        violations: rows that do not have constants of the model, or that have fewer bytes than these.

    Args:
        plan: has constants.
        graph: of the model.
        runner: knows the values.
        stored: whether stored constants are in the arrays. Without, copies are made of the runner's values.
    """

    def __init__(self, plan: Plan, graph: Graph, runner: Runner, *, stored: bool) -> None:
        self._runner, self._graph, self.violations = runner, graph, list[Violation]()
        self._usable = {memory.name: memory.compute for memory in plan.memories}
        self._rows: dict[int, PlannedConstant] = {}
        self._home: dict[TensorKey, int] = {}
        self._resident: dict[TensorKey, list[int]] = {}
        self._streamed: dict[int, list[int]] = {}
        self._active: list[list[int]] = []  # of the steps that run now: the streamed rows for each
        self._data: dict[int, bytes] = {}
        self._missed: set[TensorKey] = set()
        self._is_stored = stored
        sizes = {row.tensors: row.size for row in plan.constants if row.use == ConstantUse.STORED}
        for number, row in enumerate(plan.constants):
            if not self._check(row):
                continue
            if row.use == ConstantUse.STREAMED:
                self._streamed.setdefault(row.lower, []).append(number)
            for key in row.tensors:
                if row.use == ConstantUse.RESIDENT:
                    self._resident.setdefault(key, []).append(number)
                elif row.use == ConstantUse.STORED:
                    self._home.setdefault(key, number)
            self._rows[number] = row
            self._data[number] = self._value(row, sizes.get(row.tensors, row.size))

    def add_places(self, image: MemoryImage) -> list[Violation]:
        """Give each row a place and a title in `image`; return the rows that are outside their memory."""
        found = []
        for number, row in self._rows.items():
            key = _ROW, number
            name = image.titles.get(row.tensors[0], "a constant")
            image.titles[key] = f"the {row.use} {'bytes' if row.use == ConstantUse.STORED else 'copy'} of {name}"
            if row.use == ConstantUse.STORED and not self._is_stored:
                continue
            low, high, there = row.offset, row.offset + row.size, len(image.arrays[row.memory])
            if low < 0 or high > there:
                what = f"bytes {low}..{high - 1} of {row.memory}, which has {there}"
                found.append(Violation("offset", f"{image.titles[key]} are at {what}", name, low=low, high=high))
                continue
            image.places[key] = Place(row.memory, low, high, _ROW - number)
        return found

    def load(self, storage: Storage, writer: Writer) -> None:
        """Write what is stored, and the copies that stay for the whole run."""
        self._active.clear()
        self._missed.clear()
        for use in (ConstantUse.STORED, ConstantUse.RESIDENT):
            for number, row in self._rows.items():
                if row.use == use:
                    data = self._data[number] if use == ConstantUse.STORED else self._source(number, storage, writer)
                    storage.write((_ROW, number), Value(data, None), writer)

    def stream(self, step: int, storage: Storage, me: Writer) -> None:
        """Write the copies for `step` and read them, piece by piece; the last piece stays."""
        numbers = self._streamed.get(step, [])
        self._active.append(numbers)
        pieces = [list(_pieces(self._source(number, storage, me), self._rows[number].size)) for number in numbers]
        for piece in range(max(map(len, pieces), default=0)):
            there = [(number, own[piece]) for number, own in zip(numbers, pieces, strict=True) if piece < len(own)]
            for number, data in there:
                storage.write((_ROW, number), Value(data, None), me)
            for number, _ in there:
                storage.read((_ROW, number), (_ROW, number), me)

    def read(self, inputs: Sequence[TensorKey], storage: Storage, me: Writer) -> None:
        """Compare what an operator reads: the copies for its step, those of the steps around it, residents, or what is
        stored in a memory that operators use.
        """
        numbers = dict.fromkeys(self._active[-1])
        for key in dict.fromkeys(inputs):
            if key[1] == ABSENT or self._graph.tensor(key).kind is not TensorKind.CONSTANT:
                continue
            around = [number for step in self._active for number in step if key in self._rows[number].tensors]
            found = [number for number in (*self._resident.get(key, ()), *around) if self._is_usable(number)]
            home = self._home.get(key)
            if not found and home is not None and self._is_usable(home):
                found = [home]
            if not found and self._graph.stored_as(key).bytes and key not in self._missed:
                self._missed.add(key)
                name = storage.title(key)
                message = f"{me.title} reads {name}, which is in no memory that operators use"
                storage.violations.append(Violation("constants", message, name, step=me.step))
            numbers |= dict.fromkeys(found)
        for number in numbers:
            storage.read((_ROW, number), (_ROW, number), me)

    def end(self, step: int, storage: Storage) -> None:
        """Forget the copies for `step`."""
        self._active.pop()
        storage.end((_ROW, number) for number in self._streamed.get(step, ()))

    def _source(self, number: int, storage: Storage, me: Writer) -> bytes:
        """The bytes of the constant of a copy, read where it is stored."""
        home = self._home.get(self._rows[number].tensors[0])
        if home is not None and storage.place((_ROW, home)) is not None:
            return storage.read((_ROW, home), (_ROW, home), me).data or b""
        return self._data[number]

    def _is_usable(self, number: int) -> bool:
        return self._usable[self._rows[number].memory]

    def _check(self, row: PlannedConstant) -> bool:
        """Whether a row has constants of the model in a memory of the plan, as the file has them stored once."""
        stored = row.use == ConstantUse.STORED
        if row.memory not in self._usable or not _is_constant(self._graph, row.tensors):
            what = "stored" if stored else "a copy"
            message = f"constant {row.id} is {what} in {brief(row.memory)}, of no constant of the model"
            self.violations.append(Violation("constants", message))
            return False
        files = [self._graph.stored_as(key) for key in row.tensors]
        if any(one.first != files[0].first for one in files):
            message = f"constant {row.id} has the tensors {brief(row.tensors)}, which the file does not store once"
            self.violations.append(Violation("constants", message))
        elif stored and row.size < max(one.bytes or 0 for one in files):
            needed = max(one.bytes or 0 for one in files)
            message = f"constant {row.id} is stored in {row.size} bytes, but has {needed}"
            self.violations.append(Violation("size", message, low=row.offset, high=row.offset + row.size))
        return True

    def _value(self, row: PlannedConstant, size: int) -> bytes:
        """The bytes that are stored. The runner has the values; where these take fewer bytes, zeros fill the rest.

        They stand in for a constant whose value the runner does not give, such as a sparse one.
        """
        try:
            data = self._runner.constant(*row.tensors[0]).data or b""
        except ModelError:
            data = b""
        return data[:size].ljust(size, b"\0")


def _pieces(data: bytes, size: int) -> Iterator[bytes]:
    for low in range(0, len(data), max(size, 1)):
        yield data[low : low + max(size, 1)]


def _is_constant(graph: Graph, tensors: Sequence[TensorKey]) -> bool:
    """Whether the model has all of `tensors`, at least one, as constants."""
    return bool(tensors) and all(
        0 <= s < len(graph.subgraphs)
        and 0 <= t < len(graph.subgraphs[s].tensors)
        and graph.tensor((s, t)).kind is TensorKind.CONSTANT
        for s, t in tensors
    )
