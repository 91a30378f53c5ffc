"""A law that a plan or a packing breaks."""

from tmpass.base.record import record


@record
class Violation:
    """One broken law.

    Fields:
        kind: "overlap", "capacity", "alignment", "live range", "alias", "size", "missing", ...
        message: one line for a person.
        first, second: names of the tensors or buffers, or "".
        step: the step at which it is broken, or None.
        low, high: the bytes `[low, high)` that are concerned, or None.
    """

    kind: str
    message: str
    first: str = ""
    second: str = ""
    step: int | None = None
    low: int | None = None
    high: int | None = None

    def __post_init__(self) -> None:
        """Escape control characters, which names in a plan may hold, so that the message is one line."""
        if not self.message.isprintable():
            escaped = (c if c.isprintable() else c.encode("unicode_escape").decode() for c in self.message)
            object.__setattr__(self, "message", "".join(escaped))
