"""The contract between a format and the execution of plans: a Runner computes operators, one at a time.

The machine of `tmpass.execution` moves bytes and knows no operator. A Runner computes and knows no memory.
"""

from collections.abc import Generator, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from tmpass.base.record import record


@dataclass(frozen=True, slots=True, eq=False)
class Value:
    """The value of a tensor at one moment.

    Fields:
        data: its bytes as they are stored in a memory; None for a value without bytes (a sequence, strings).
        form: what only the format reads, such as element type and shape.
    """

    data: bytes | None
    form: object


@record
class Enter:
    """An operator asks to run the body `calls[call]` with `inputs`. The answer is the outputs of that body."""

    call: int
    inputs: tuple[Value, ...]


Run = Generator[Enter, tuple[Value, ...], tuple[Value | None, ...]]
"""One run of an operator: it yields a request for each run of a body, and returns the values of its outputs."""


@record
class Difference:
    """A difference between two results. It is `tolerated` where rounding explains it."""

    text: str
    tolerated: bool


class Runner(Protocol):
    """A model that can be executed operator by operator, and as a whole.

    Fields:
        engine: the name of the library that computes.
        random: the name of an operator that draws from a generator, so that two runs differ; "" without one.

    Raises (each method):
        ModelError: the engine cannot run the model, or one operator of it.
    """

    engine: str
    random: str

    def begin(self) -> None:
        """Forget what earlier runs left in variables that the runner keeps: a run of the model begins."""

    def apart(self) -> "Runner":
        """A runner of the same model whose variables are its own, as a run begins with them."""

    def draw(self, subgraph: int, index: int, seed: int) -> Value:
        """A random value for input `index` of an entry, which is the same for the same `seed`."""

    def take(self, subgraph: int, index: int, value: object) -> Value:
        """The Value of `value`, which a caller gives for input `index` of an entry.

        Raises:
            UsageError: it has another type or shape than this input.
        """

    def constant(self, subgraph: int, tensor: int) -> Value:
        """The value of a constant, or the initial one of a variable."""

    def run(self, subgraph: int, op: int, inputs: Sequence[Value | None]) -> Run:
        """One run of an operator. An input is None where it is absent or a constant, which the runner knows."""

    def changed(self, subgraph: int, op: int) -> Mapping[int, Value]:
        """The variables of `subgraph` that the last run of an operator may have changed, by tensor."""

    def reads_sizes(self, subgraph: int, op: int) -> bool:
        """Whether an operator reads only the sizes of its inputs, not their values."""

    def size_follows(
        self, subgraph: int, op: int, output: int, inputs: Sequence[Value | None], known: Sequence[bool]
    ) -> bool:
        """Whether the size of an output follows from the sizes of the inputs and the values of the `known` ones."""

    def reference(self, subgraph: int, inputs: Sequence[Value]) -> tuple[Value, ...]:
        """The outputs of an entry when the engine runs the whole model."""

    def shake(self, value: Value, seed: int) -> Value:
        """`value` with a random error in each float, as large as that of rounding; the same for the same `seed`."""

    def compare(self, made: Value, wanted: Value, shaken: Sequence[Value] = ()) -> Difference | None:
        """The difference between two values, or None where all bits are equal.

        Args:
            made: the result of the plan.
            wanted: the result of the engine.
            shaken: results of runs in which all floats were shaken. A difference as large as that between them and
                `made` is rounding.
        """
