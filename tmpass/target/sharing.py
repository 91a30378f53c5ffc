"""What the runtime of a target lets operators do with the storage of what they read."""

from collections.abc import Mapping
from dataclasses import dataclass, field

EVERY = "every"
"""In a list of operator kinds: all of them."""


@dataclass(frozen=True, slots=True)
class Sharing:
    """What the runtime of a target allows: the kinds of operators, or EVERY, that may pass on storage.

    Fields: `views` keep all bytes as they are; `in_place` write their result over an input that ends there; `parts`
    join or cut along the outermost axis, and find or leave the pieces where they are in the whole; `sources` says where
    each of these, by name, comes from.
    """

    views: tuple[str, ...] = (EVERY,)
    in_place: tuple[str, ...] = ()
    parts: tuple[str, ...] = ()
    sources: Mapping[str, str] = field(default_factory=dict, hash=False)

    @staticmethod
    def allows(kinds: tuple[str, ...], kind: str) -> bool:
        """Whether `kind` is one of `kinds`."""
        return EVERY in kinds or kind in kinds
