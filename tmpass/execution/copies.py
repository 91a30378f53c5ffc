"""Copies of constants in the byte arrays: made as the plan says, and compared when their operators read them.

    run begins     write residents
    step           write its streamed copies, a piece after the other where a row has less than the constant
                   read residents and copies; run the operator; read them again

The runner computes with its own constants, so a byte that is lost shows where it is read.
"""

from collections.abc import Iterator, Sequence

from tmpass.base.choices import ConstantUse
from tmpass.base.errors import ModelError, brief
from tmpass.base.violation import Violation
from tmpass.execution.memory_image import MemoryImage, Place
from tmpass.execution.storage import Storage, Writer
from tmpass.graph.model import Graph, TensorKey, TensorKind
from tmpass.loading.runner import Runner, Value
from tmpass.plans.plan import Plan, PlannedConstant

_COPY = -1
"""Stands for a subgraph in the key of a copy: (_COPY, row) is not the key of a tensor."""


class Copies:
    """The copies of one run.

    Attributes:
        violations: rows that are not copies of constants of the model.
    """

    def __init__(self, plan: Plan, graph: Graph, runner: Runner) -> None:
        self._runner, self.violations = runner, list[Violation]()
        self._sizes = {row.tensors: row.size for row in plan.constants if row.use == ConstantUse.STORED}
        self._resident: dict[TensorKey, list[PlannedConstant]] = {}
        self._streamed: dict[int, list[PlannedConstant]] = {}
        self._rows: list[PlannedConstant] = []
        memories = {memory.name for memory in plan.memories}
        for row in plan.constants:
            if row.use == ConstantUse.STORED:
                continue
            if row.memory not in memories or not _is_constant(graph, row.tensors):
                message = f"constant {row.id} is a copy in {brief(row.memory)} of no constant of the model"
                self.violations.append(Violation("constants", message))
                continue
            self._rows.append(row)
            if row.use == ConstantUse.STREAMED:
                self._streamed.setdefault(row.lower, []).append(row)
            for key in row.tensors if row.use == ConstantUse.RESIDENT else ():
                self._resident.setdefault(key, []).append(row)

    def add_places(self, image: MemoryImage) -> None:
        """Give each copy a place and a title in `image`."""
        for row in self._rows:
            key = _COPY, row.id
            image.places[key] = Place(row.memory, row.offset, row.offset + row.size, _COPY - row.id)
            name = image.titles.get(row.tensors[0], "a constant")
            image.titles[key] = f"the {row.use} copy of {name}"

    def load(self, storage: Storage, writer: Writer) -> None:
        """Write the copies that stay for the whole run."""
        for row in self._rows:
            if row.use == ConstantUse.RESIDENT:
                storage.write((_COPY, row.id), Value(self._data(row), None), writer)

    def stream(self, step: int, storage: Storage, me: Writer) -> None:
        """Write the copies for `step` and read them, piece by piece; the last piece stays."""
        rows = self._streamed.get(step, ())
        pieces = [list(_pieces(self._data(row), row.size)) for row in rows]
        for number in range(max(map(len, pieces), default=0)):
            there = [(row, own[number]) for row, own in zip(rows, pieces, strict=True) if number < len(own)]
            for row, piece in there:
                storage.write((_COPY, row.id), Value(piece, None), me)
            for row, _ in there:
                storage.read((_COPY, row.id), (_COPY, row.id), me)

    def read(self, step: int, inputs: Sequence[TensorKey], storage: Storage, me: Writer) -> None:
        """Compare the copies that an operator reads: those for its step, and residents."""
        rows = [row for key in dict.fromkeys(inputs) for row in self._resident.get(key, ())]
        for row in (*dict.fromkeys(rows), *self._streamed.get(step, ())):
            storage.read((_COPY, row.id), (_COPY, row.id), me)

    def end(self, step: int, storage: Storage) -> None:
        """Forget the copies for `step`."""
        storage.end((_COPY, row.id) for row in self._streamed.get(step, ()))

    def _data(self, row: PlannedConstant) -> bytes:
        """The bytes that are stored. The runner has the values; where these take fewer bytes, zeros fill the rest.

        They stand in for a constant whose value the runner does not give, such as a sparse one.
        """
        size = self._sizes.get(row.tensors, row.size)
        try:
            data = self._runner.constant(*row.tensors[0]).data or b""
        except ModelError:
            data = b""
        return data[:size].ljust(size, b"\0")


def has_copies(plan: Plan) -> bool:
    """Whether `plan` copies any constant."""
    return any(row.use != ConstantUse.STORED for row in plan.constants)


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
