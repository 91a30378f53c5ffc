"""A plan in the words of a file."""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class GraphLayout:
    """What to do with one graph of a file.

    Fields: `order` are the indices of its nodes as they are to be, or empty where they stay; `offsets` are by name;
    `made` are those of what a node makes, -1 where there is none, by the index of the node; `types` are ValueInfoProtos
    of the names with an offset that the file gives no type, with that offset; `inside` are the nodes with bodies.
    """

    order: tuple[int, ...] = ()
    offsets: Mapping[str, int] = field(default_factory=dict)
    made: Mapping[int, tuple[int, ...]] = field(default_factory=dict)
    types: tuple[tuple[bytes, int], ...] = ()
    inside: frozenset[int] = frozenset()
