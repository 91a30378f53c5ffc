"""Joining of parts: one CONCAT, or a tree of them where a runtime takes few inputs.

Proof: CONCAT along one axis is associative. A joint holds consecutive parts in their order, so that the last CONCAT
makes the same sequence of elements.
"""

from collections.abc import Sequence

from tmpass.splitting.builder import Builder


def join(builder: Builder, parts: Sequence[int], axis: int, whole: int) -> None:
    """Join `parts` along `axis` to the tensor `whole`, with no more inputs of one CONCAT than the runtime takes."""
    most, level = builder.net.most_joined, list(parts)
    depth = 0
    while most is not None and len(level) > most:
        depth += 1
        count = -(-len(level) // most)
        size = -(-len(level) // count)
        level = [
            _joint(builder, level[at : at + size], axis, whole, f"/join{depth}_{at // size}")
            for at in range(0, len(level), size)
        ]
    builder.concat(level, axis, whole)


def _joint(builder: Builder, parts: Sequence[int], axis: int, whole: int, suffix: str) -> int:
    if len(parts) == 1:
        return parts[0]
    shape = list(builder.shape(parts[0]))
    shape[axis] = sum(builder.shape(part)[axis] for part in parts)
    made = builder.joint(whole, tuple(shape), suffix)
    builder.concat(parts, axis, made)
    return made
