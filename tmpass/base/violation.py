"""What a verifier found wrong."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Violation:
    """One broken law.

    Fields: `kind` is "overlap", "capacity", "alignment", "live range", "alias", "size", "missing", ...; `message`
    is one line for a person. `first` and `second` name the tensors or buffers, `step` is the step and
    `[low, high)` the bytes at stake, where there are any.
    """

    kind: str
    message: str
    first: str = ""
    second: str = ""
    step: int | None = None
    low: int | None = None
    high: int | None = None

    def __post_init__(self) -> None:
        """Keep the message in one line, whatever control characters the names in a plan hold."""
        if not self.message.isprintable():
            escaped = (c if c.isprintable() else c.encode("unicode_escape").decode() for c in self.message)
            object.__setattr__(self, "message", "".join(escaped))
