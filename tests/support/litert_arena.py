"""The arenas that litert-cpu foretells, beside those of the interpreter."""

from dataclasses import dataclass
from pathlib import Path

import tmpass
from support.litert_memory import extent, litert_addresses
from support.shared import tflite_bindings
from tmpass.base.errors import TmpassError
from tmpass.loading.load import load
from tmpass.targets.kernels import LITERT_KEPT, Kept

SKIPPED = ("tflite_conv_huge_im2col.tflite",)
"""4 GB of arena."""


@dataclass(frozen=True, slots=True)
class Arenas:
    """The bytes of the arena and of the persistent arena of one model, as planned and in LiteRT.

    Fields:
        unknown: the kinds of operators whose scratch is not counted.
    """

    planned: int
    arena: int
    planned_apart: int
    apart: int
    unknown: tuple[str, ...]


def arenas(path: Path) -> Arenas | None:
    """The arenas of a model in the order of its file, where tensors are placed greedily by size.

    None where LiteRT does not prepare it, where it cannot be planned, where a run makes sizes known, since LiteRT has
    such tensors on the heap, or where it has several subgraphs, since LiteRT gives each of them arenas. Results that
    LiteRT keeps on the heap are in neither arena.
    """
    how = {"schedule": "given", "allocator": "greedy-by-size", "keep_inputs": True}
    try:
        graph = load(path).graph
        if path.name in SKIPPED or len(graph.subgraphs) > 1:
            return None
        plan = tmpass.plan(path, "litert-cpu", bind=tflite_bindings(path), **how)
        addresses = litert_addresses(path.read_bytes())
    except TmpassError:
        return None
    on_heap = (Kept.KNOWN, Kept.ALWAYS)
    heap = {t for op in graph.subgraphs[0].ops if LITERT_KEPT.get(op.kind) in on_heap for t in op.outputs}
    homes = {b.id: b.memory for b in plan.buffers}
    placed = [row for row in plan.tensors if row.buffer is not None]
    apart = [row for row in placed if homes[row.buffer] == "persistent-arena" and row.index not in heap]
    inside = [row.index for row in placed if row.bytes and homes[row.buffer] == "arena"]
    if any(t not in addresses.named for t in inside):
        return None
    return Arenas(
        plan.memories[0].peak,
        addresses.arena(inside),
        extent((row.offset, row.offset + row.bytes) for row in apart),
        extent(addresses.named[row.index] for row in apart if row.index in addresses.named),
        next((one.names for one in plan.not_counted if one.what == "scratch"), ()),
    )
