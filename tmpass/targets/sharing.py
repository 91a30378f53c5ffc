"""Sharing: which operators a runtime allows to reuse the storage of their inputs."""

from collections.abc import Mapping
from dataclasses import field

from tmpass.base.record import record

EVERY = "every"
"""In a list of operator kinds: all of them."""

CUSTOM = "custom:"
"""The prefix of a kind that no format lists: a custom operator, or one of another frontend."""


@record
class Over:
    """Kernels of kind `op` may write output number `output` over input number `input`."""

    op: str
    input: int = 0
    output: int = 0

    def __str__(self) -> str:
        """The pair as text: "SOFTMAX over input 0"."""
        result = f", output {self.output}," if self.output else ""
        return f"{self.op}{result} over input {self.input}"


@record
class Sharing:
    """The kinds of operators, or EVERY, that may share storage between inputs and outputs.

    Fields:
        views: those that keep all bytes as they are.
        in_place: those that may write their result over an input that ends there: a kind over the input that
            `written_over` gives, an Over as it says.
        parts: those that join or cut along the outermost axis, and whose pieces may stay inside the whole.
        sources: where each of these, by name, comes from.
    """

    views: tuple[str, ...] = (EVERY,)
    in_place: tuple[str | Over, ...] = ()
    parts: tuple[str, ...] = ()
    sources: Mapping[str, str] = field(default_factory=dict, hash=False)

    @staticmethod
    def allows(kinds: tuple[str | Over, ...], kind: str) -> bool:
        """Whether `kinds` has `kind` or EVERY."""
        return EVERY in kinds or kind in kinds

    def written_over(self, kind: str, *, elementwise: bool, custom: bool) -> tuple[Over, ...] | None:
        """The outputs that an operator may write over inputs, as its kernel promises.

        A kind alone in the list allows the first output over the first input; for element-wise operators, over any.

        Args:
            kind: of the operator.
            elementwise: whether element i of its output depends only on elements i of its inputs.
            custom: whether its meaning is not in the format's own list.

        Returns:
            The allowed pairs; or None, where the first output may be written over any input with the same elements,
            which is correct for element-wise operators whatever the kernel does.
        """
        if self.in_place == (EVERY,):
            return None if elementwise else ()
        # Operators of other ONNX domains are custom in the graph, though the lists of kinds have them.
        names = (CUSTOM + kind,) if custom and "::" not in kind else (kind, CUSTOM + kind)
        named = tuple(over for over in self.in_place if isinstance(over, Over) and over.op in names)
        if named:
            return named
        if elementwise and self.allows(self.in_place, kind):
            return None
        return tuple(Over(name) for name in names if name in self.in_place)
