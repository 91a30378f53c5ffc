"""Tensors that are images, and their axes of height and width: convolutions and pools can be tiled along these only.

A tile of channels would need all channels of the input. What is element by element between images is an image too:

    CONV_2D ──> x ──> RELU ──> y ──> ADD ──> z        x, y, z and the other input of ADD
"""

import re
from collections.abc import Iterator

from tmpass.base.record import record
from tmpass.graph.model import ABSENT, Graph, Move, Op, Subgraph, TensorKey

_IMAGES = re.compile("conv(?!ert)|pool|resize|upsample", re.IGNORECASE)
"""Kinds of operators that read and write images."""

_LAYOUTS = {
    "tflite": {3: "NWC", 4: "NHWC", 5: "NDHWC"},
    "onnx": {3: "NCW", 4: "NCHW", 5: "NCDHW"},
}
"""Format of a model and number of dimensions of an image -> the letters of its axes."""

_SPATIAL = "DHW"

_JOINS = (Move.CONCAT, Move.SPLIT, Move.SLICE)


@record
class Images:
    """The tensors of a graph that are images.

    Fields:
        layouts: number of dimensions -> letters of the axes.
        keys: the images.
    """

    layouts: dict[int, str]
    keys: frozenset[TensorKey]

    def axes(self, key: TensorKey, rank: int) -> tuple[int, ...]:
        """The axes along which a tensor with `rank` axes may be tiled: height and width of an image, and else all."""
        layout = self.layouts.get(rank, "") if key in self.keys else ""
        return tuple(at for at in range(rank) if not layout or layout[at] in _SPATIAL)

    def letter(self, key: TensorKey, rank: int, axis: int) -> str:
        """The letter of an axis of an image; empty for any other tensor."""
        return self.layouts.get(rank, "")[axis : axis + 1] if key in self.keys else ""


def find_images(graph: Graph, format_: str) -> Images:
    """The images of `graph`, which was read from a file of `format_`; none where its layout is not known."""
    layouts = _LAYOUTS.get(format_, {})
    keys = {(s, t) for s, subgraph in enumerate(graph.subgraphs) for t in _in(subgraph, layouts)} if layouts else set()
    return Images(layouts, frozenset(keys))


def _in(subgraph: Subgraph, layouts: dict[int, str]) -> set[int]:
    """The indices of the images of a subgraph."""
    found = {t for op in subgraph.ops if _IMAGES.search(op.kind) for t in _data(op)}
    groups = [set(group) for op in subgraph.ops for group in _alike(op, subgraph)]
    waiting = True
    while waiting:  # once for each operator of a chain against the order of the file; it seldom takes three rounds
        waiting = False
        for group in groups:
            if not group <= found and not group.isdisjoint(found):
                found |= group
                waiting = True
    return {t for t in found if len(subgraph.tensors[t].shape or ()) in layouts}


def _data(op: Op) -> Iterator[int]:
    """The images of an operator on images. Its weights are constants, which no plan tiles."""
    yield from (t for t in (*op.inputs, *op.outputs) if t != ABSENT)


def _alike(op: Op, subgraph: Subgraph) -> Iterator[set[int]]:
    """Tensors of an operator whose axes have the same meaning."""
    if op.elementwise or (op.moves is not None and op.moves.kind in _JOINS):
        tensors = {t for t in (*op.inputs, *op.outputs) if t != ABSENT}
        ranks = {t: len(subgraph.tensors[t].shape or ()) for t in tensors}
        rank = max(ranks.values(), default=0)
        yield {t for t in tensors if ranks[t] == rank}
