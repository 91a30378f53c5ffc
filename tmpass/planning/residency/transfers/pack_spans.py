"""Addresses for episodes that are given: the packing of rectangles that a list of episodes is."""

from collections.abc import Sequence

from tmpass.base.choices import Status
from tmpass.packing.allocate import allocate
from tmpass.packing.problem import Buffer, Problem
from tmpass.planning.residency.transfers.problem import Episode, TransferProblem
from tmpass.planning.residency.transfers.uses import Span


def pack_spans(
    problem: TransferProblem, spans: Sequence[Sequence[Span]], allocator: str, *, nodes: int
) -> tuple[Episode, ...] | None:
    """The episodes with the addresses that `allocator` gives them; None where it finds none within the capacity."""
    pieces = [(tensor, first, last) for tensor, own in enumerate(spans) for first, last in own]
    buffers = tuple(
        Buffer(str(number), first, last + 1, problem.tensors[tensor].size)
        for number, (tensor, first, last) in enumerate(pieces)
    )
    answer = allocate(Problem(buffers, problem.capacity, problem.alignment), allocator, minimize=False, nodes=nodes)
    if answer.status not in (Status.OPTIMAL, Status.FEASIBLE):
        return None
    return tuple(Episode(*piece, offset) for piece, offset in zip(pieces, answer.offsets, strict=True))
