"""The plan of one graph, in terms of the nodes and names of a file."""

from collections.abc import Mapping
from dataclasses import field

from tmpass.base.record import record


@record
class GraphLayout:
    """The changes to one graph of a file. Offsets are in bytes.

    Fields:
        order: the indices of its nodes in the planned order; empty if they stay.
        offsets: by name.
        made: by the index of a node, the offsets of its outputs, -1 for an output without one.
        types: for each name that has an offset but no ValueInfoProto in the file, a new one and the offset.
        inside: the indices of the nodes with bodies.
        demoted: inputs that are removed from the list of inputs.
    """

    order: tuple[int, ...] = ()
    offsets: Mapping[str, int] = field(default_factory=dict)
    made: Mapping[int, tuple[int, ...]] = field(default_factory=dict)
    types: tuple[tuple[bytes, int], ...] = ()
    inside: frozenset[int] = frozenset()
    demoted: frozenset[str] = frozenset()
