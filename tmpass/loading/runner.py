"""What a format brings so that its models can be executed: operators that compute, one at a time.

The machine of `tmpass.execution` moves bytes and knows no operator; a Runner computes and knows no memory.
"""

from collections.abc import Generator, Sequence
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True, eq=False)
class Value:
    """What a tensor holds in one moment.

    Fields: `data` are its bytes as they stand in a memory, None for what has none (a sequence, strings); `form` is
    what the format has to know besides, such as element type and shape, and nobody else looks into.
    """

    data: bytes | None
    form: object


@dataclass(frozen=True, slots=True)
class Enter:
    """An operator asks for one run of its `calls[call]` with `inputs`; it is sent the values of the body's outputs."""

    call: int
    inputs: tuple[Value, ...]


Run = Generator[Enter, tuple[Value, ...], tuple[Value | None, ...]]
"""One run of an operator: asks for its bodies, if it has any, then returns what its outputs hold."""


@dataclass(frozen=True, slots=True)
class Difference:
    """How a result differs from the wanted one; `tolerated` if by no more than rounding explains."""

    text: str
    tolerated: bool


class Runner(Protocol):
    """A model that can be executed operator by operator, and as a whole.

    Fields: `engine` names what computes; `random` names an operator that draws from a generator, so that two runs
    differ, and is empty where there is none.

    Raises (each method):
        ModelError: the engine cannot run the model, or one operator of it.
    """

    engine: str
    random: str

    def draw(self, subgraph: int, index: int, seed: int) -> Value:
        """A value for input `index` of an entry, the same for the same `seed`."""

    def take(self, subgraph: int, index: int, value: object) -> Value:
        """`value`, which a caller gives for input `index` of an entry.

        Raises:
            UsageError: it is not one for this input.
        """

    def constant(self, subgraph: int, tensor: int) -> Value:
        """The value of a constant, or the first one of a variable."""

    def run(self, subgraph: int, op: int, inputs: Sequence[Value | None]) -> Run:
        """One run of an operator; an input is None where it is absent or a constant, which the runner knows."""

    def reads_sizes(self, subgraph: int, op: int) -> bool:
        """Whether an operator looks at nothing but the sizes of its inputs."""

    def size_follows(
        self, subgraph: int, op: int, output: int, inputs: Sequence[Value | None], known: Sequence[bool]
    ) -> bool:
        """Whether an output has one size for all inputs of these sizes, of which the `known` ones keep their values."""

    def reference(self, subgraph: int, inputs: Sequence[Value]) -> tuple[Value, ...]:
        """What the outputs of an entry hold when the engine runs the whole model."""

    def shake(self, value: Value, seed: int) -> Value:
        """`value` with an error in each float as large as rounding makes it; the same one for the same `seed`."""

    def compare(self, made: Value, wanted: Value, shaken: Sequence[Value] = ()) -> Difference | None:
        """How `made` differs from `wanted`; None where all bits are equal.

        `shaken` is what runs gave in which all floats were shaken: a difference as between them and `made` is rounding.
        """
