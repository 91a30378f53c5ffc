"""OmniMalloc's tilings, drawn in n log n instead of n^2 steps: the same tiles for the same seed.

OmniMalloc computes the weights of all tiles before each split: 65,537 tiles take more than ten minutes. Here the splits
are a tree. Each node has the weight of the tiles below it, so a draw goes down one path, and comes to the same tile.

                 root: 9             A draw of 6.5: not in the first child (4), nor in
               /    |    \\            what it and the second have (4 + 2), so in the third.
        child: 4  child: 2  child: 3
"""

import random
from dataclasses import dataclass, field
from typing import Any


@dataclass(slots=True)
class _Node:
    """A tile, or a rectangle that was split; `weight` is the area of the tiles in it that can be split."""

    tile: Any
    weight: int
    parent: "_Node | None" = None
    children: "list[_Node]" = field(default_factory=list)


def tiling(name: str, size: int, seed: int) -> tuple[Any, ...]:
    """The allocations of OmniMalloc's source `name`, one of its tilings: `size` of them, drawn with `seed`."""
    from omnimalloc import Allocation
    from omnimalloc.benchmark.sources import BaseSource
    from omnimalloc.benchmark.sources.tiling_base import _Tile

    source = BaseSource.get(name)(num_allocations=size, seed=seed)
    rng = random.Random(seed)
    root = _node(source, _Tile(0, source.makespan, 0, source.capacity), None)
    tiles = 1
    while tiles < size and root.weight:
        node = _draw(root, rng.random() * root.weight)
        node.children = [_node(source, tile, node) for tile in source._split(node.tile, rng)]
        tiles += len(node.children) - 1
        change = sum(child.weight for child in node.children) - node.weight
        above: _Node | None = node
        while above is not None:
            above.weight += change
            above = above.parent
    if tiles != size:
        raise ValueError(f"{name} has no tiling of {size} tiles")
    return tuple(Allocation(at, tile.size, tile.start, tile.end) for at, tile in enumerate(_leaves(root)))


def _node(source: Any, tile: Any, parent: _Node | None) -> _Node:
    weight = (tile.end - tile.start) * tile.size if source._can_split(tile) else 0
    return _Node(tile, weight, parent)


def _draw(node: _Node, point: float) -> _Node:
    """The first tile whose end, of the weights side by side, is above `point`; the last one where none is."""
    before = 0
    while node.children:
        for child in node.children:
            if child.weight == 0:
                continue
            node = child
            if before + child.weight > point:
                break
            before += child.weight
        else:
            before -= node.weight
    return node


def _leaves(root: _Node) -> list[Any]:
    tiles, left = [], [root]
    while left:
        node = left.pop()
        left += reversed(node.children)
        if not node.children:
            tiles.append(node.tile)
    return tiles
