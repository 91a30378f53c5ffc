"""Tensors whose offsets are part of the model's file: one block of the arena, laid out as the file has it.

bytes  0          1024        4096
       |------- scratch -------|      commands of a compiled operator find its input and output in its scratch: the
       |  input   |output|            block is where the file has it, and nothing else gets bytes that it needs
"""

from dataclasses import replace

from tmpass.graph.model import Graph
from tmpass.planning.sharing.aliases import Aliases, Key

_REASON = "the file fixes its offset"


def fixed_offsets(graph: Graph) -> dict[Key, int]:
    """Tensor -> offset in bytes from the start of the arena, of those that the file fixes and whose size is known."""
    return {key: offset for key, offset in sorted(graph.fixed.items()) if graph.tensor(key).bytes is not None}


def join_fixed(graph: Graph, aliases: Aliases) -> Aliases:
    """`aliases`, where the fixed tensors share with nothing, with these in one class: each where the file has it."""
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
