"""Tensors whose offsets are part of the model's file: one block of the arena, laid out as the file has it.

bytes  0          1024        4096
       |------- scratch -------|      The commands of a compiled operator find its input and output in its scratch. So
       |  input   |output|            the block is where the file has it, and no other tensor gets bytes that it needs.
"""

from dataclasses import replace

from tmpass.graph.model import Graph, TensorKey
from tmpass.planning.sharing.aliases import Aliases

_REASON = "the file fixes its offset"


def fixed_offsets(graph: Graph) -> dict[TensorKey, int]:
    """Tensor -> its fixed offset in bytes from the start of the arena, for tensors of known size."""
    return {key: offset for key, offset in sorted(graph.fixed.items()) if graph.tensor(key).bytes is not None}


def join_fixed(graph: Graph, aliases: Aliases) -> Aliases:
    """The alias classes with all fixed tensors in one class, each at the position that the file has.

    In `aliases` the fixed tensors must share with nothing.
    """
    fixed = fixed_offsets(graph)
    if not fixed:
        return aliases
    first = min(fixed, key=lambda key: (fixed[key], -(graph.tensor(key).bytes or 0), key))
    position = {key: offset - fixed[first] for key, offset in fixed.items() if offset > fixed[first]}
    return replace(
        aliases,
        root=aliases.root | dict.fromkeys(fixed, first),
        position=aliases.position | position,
        reason=aliases.reason | dict.fromkeys(fixed, _REASON),
    )
