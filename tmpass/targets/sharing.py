"""What the runtime of a target lets operators do with the storage of what they read."""

from collections.abc import Mapping
from dataclasses import dataclass, field

EVERY = "every"
"""In a list of operator kinds: all of them."""

CUSTOM = "custom:"
"""In front of a kind that no format lists: a custom operator, or one of another frontend."""


@dataclass(frozen=True, slots=True)
class Over:
    """The kernels of kind `op` may write their output `output` over their input `input`, both by position."""

    op: str
    input: int = 0
    output: int = 0

    def __str__(self) -> str:
        """As a person reads it: "SOFTMAX over input 0"."""
        result = f", output {self.output}," if self.output else ""
        return f"{self.op}{result} over input {self.input}"


@dataclass(frozen=True, slots=True)
class Sharing:
    """What the runtime of a target allows: the kinds of operators, or EVERY, that may pass on storage.

    Fields: `views` keep all bytes as they are; `in_place` write their result over an input that ends there, a kind
    over one that `written_over` names, an Over as it says; `parts` join or cut along the outermost axis, and find or
    leave the pieces where they are in the whole; `sources` says where each of these, by name, comes from.
    """

    views: tuple[str, ...] = (EVERY,)
    in_place: tuple[str | Over, ...] = ()
    parts: tuple[str, ...] = ()
    sources: Mapping[str, str] = field(default_factory=dict, hash=False)

    @staticmethod
    def allows(kinds: tuple[str | Over, ...], kind: str) -> bool:
        """Whether `kind` is one of `kinds`."""
        return EVERY in kinds or kind in kinds

    def written_over(self, kind: str, *, elementwise: bool, custom: bool) -> tuple[Over, ...] | None:
        """What an operator of `kind` may write over what, as its kernel promises; None for the first output over any
        input with the same elements, which is right of element-wise operators whatever the kernel.

        A kind that stands alone in the list means that for element-wise operators, and the first input for others.
        """
        if self.in_place == (EVERY,):
            return None if elementwise else ()
        # The operators of other domains of ONNX are custom to the graph, though lists have them.
        names = (CUSTOM + kind,) if custom and "::" not in kind else (kind, CUSTOM + kind)
        named = tuple(over for over in self.in_place if isinstance(over, Over) and over.op in names)
        if named:
            return named
        if elementwise and self.allows(self.in_place, kind):
            return None
        return tuple(Over(name) for name in names if name in self.in_place)
