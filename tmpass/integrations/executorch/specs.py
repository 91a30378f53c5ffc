"""Specs of ExecuTorch as buffers: a view is inside the storage of another spec."""

from collections.abc import Sequence
from typing import Protocol

from tmpass.base.errors import ModelError
from tmpass.base.record import record
from tmpass.packing.problem import Buffer


class Spec(Protocol):
    """The members of ExecuTorch's TensorSpec that planning uses; both ends of `lifetime` are included."""

    lifetime: list[int | None]
    mem_id: int | None
    storage_base: "Spec | None"
    storage_base_offset: int

    @property
    def allocated_memory(self) -> int:
        """The size in bytes, rounded up to the alignment."""

    def nbytes(self) -> int:
        """The size in bytes."""

    def realign(self, new_alignment: int) -> int:
        """Set the alignment."""


@record
class Place:
    """The place of a spec; specs whose bytes overlap, also through others, have the same `group`."""

    mem_id: int
    group: int
    offset: int


@record
class Storage:
    """The storage that one spec owns.

    Fields:
        root: the number of that spec.
        mem_id: the memory that a pass before has chosen for it, or None.
        members: the number of each spec in the storage, and its offset in bytes.
        buffer: alive while any of them is.
    """

    root: int
    mem_id: int | None
    members: tuple[tuple[int, int], ...]
    buffer: Buffer


@record
class Around:
    """What lies in the memories beside specs.

    Fields:
        reserved: for each memory, the bytes at its beginning that are taken.
        padding: bytes to add to each memory in use.
    """

    reserved: tuple[int, ...] = ()
    padding: int = 0

    def begin(self, mem_id: int, alignment: int) -> int:
        """The first byte for specs in a memory."""
        taken = self.reserved[mem_id] if mem_id < len(self.reserved) else 0
        return taken + -taken % alignment


@record
class Packed:
    """The storages of one memory, their offsets from `begin`, and the highest end of one there, in bytes."""

    mem_id: int
    begin: int
    storages: tuple[Storage, ...]
    offsets: tuple[int, ...]
    peak: int


def find_storages(specs: Sequence[Spec], alignment: int) -> list[Storage]:
    """The storages of `specs`, each with all specs in it.

    Args:
        specs: the tensors to place; their alignment is set.
        alignment: of every offset, in bytes.

    Raises:
        ModelError: a view is not inside its storage, its storage is not placed, or a spec has no lifetime.
    """
    numbers = {id(spec): number for number, spec in enumerate(specs)}
    for spec in specs:
        spec.realign(alignment)
    members: dict[int, list[tuple[int, int]]] = {}
    for number in range(len(specs)):
        root, offset = _base(number, specs, numbers)
        members.setdefault(root, []).append((number, offset))
    return [
        Storage(root, specs[root].mem_id, tuple(inside), _buffer(root, specs, [at for at, _ in inside], alignment))
        for root, inside in members.items()
    ]


def _base(number: int, specs: Sequence[Spec], numbers: dict[int, int]) -> tuple[int, int]:
    """The spec that owns the storage of spec `number`, and the offset of `number` in it."""
    at, offset, seen = number, 0, {number}
    while (base := specs[at].storage_base) is not None:
        spec = specs[at]
        below = numbers.get(id(base))
        offset += spec.storage_base_offset
        if below is None or below in seen:
            raise ModelError(f"view {number} is in storage that is not placed", where="ExecuTorch")
        if spec.storage_base_offset < 0 or spec.storage_base_offset + spec.nbytes() > base.allocated_memory:
            raise ModelError(f"view {number} is not inside its storage", where="ExecuTorch")
        seen.add(below)
        at = below
    return at, offset


def _buffer(root: int, specs: Sequence[Spec], members: Sequence[int], alignment: int) -> Buffer:
    """The buffer of spec `root`: alive while any spec in its storage is."""
    spans = []
    for number in members:
        lower, upper = specs[number].lifetime
        if lower is None or upper is None:
            raise ModelError(f"spec {number} has no lifetime", where="ExecuTorch")
        spans.append((lower, upper))
    # Lifetimes include their last step; live ranges do not.
    first, last = min(lower for lower, _ in spans), max(upper for _, upper in spans)
    return Buffer(str(root), first, max(first, last) + 1, specs[root].allocated_memory, alignment)
