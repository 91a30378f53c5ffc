"""Offsets and loads of kept weights: residents at the top of the memory, streamed ones above the activations."""

from collections.abc import Sequence

from tmpass.base.record import record
from tmpass.planning.residency.weight_times import Load
from tmpass.planning.residency.weights import KeptWeights, Weight, WeightUse, room_of


@record
class Place:
    """Bytes `[offset, offset + size)` that hold a weight, or its present chunk, at a step; None means at all steps."""

    weight: int
    step: int | None
    offset: int
    size: int


def weight_places(
    weights: Sequence[Weight],
    kept: KeptWeights,
    used: Sequence[int],
    capacity: int,
    *,
    alignment: int = 1,
    chunk: int | None = None,
) -> list[Place]:
    """The bytes of each weight that is in the memory at some step: residents first, then streamed ones by step.

    Args:
        weights: as for `keep_weights`, like all other arguments.
        kept: what `keep_weights` returned for them.
        used: all activations of a step are below these bytes; with live bytes the places may be theirs.
        capacity: of the memory in bytes.
        alignment: of each offset in bytes.
        chunk: the bytes that a streamed weight needs at a time, or None.
    """
    places = []
    offset = capacity - capacity % alignment - kept.resident
    for number in kept.residents:
        places.append(Place(number, None, offset, weights[number].size))
        offset += _up(weights[number].size, alignment)
    tops: dict[int, int] = {}
    for step, number in _streamed(weights, kept):
        size = room_of(weights[number], 1, chunk)
        at = tops.get(step, _up(used[step], alignment))
        places.append(Place(number, step, at, size))
        tops[step] = at + _up(size, alignment)
    return places


def loads_of(
    weights: Sequence[Weight], kept: KeptWeights, *, alignment: int = 1, chunk: int | None = None
) -> list[Load]:
    """The loads of a run for `run_times`: streamed weights, and as late bytes those that are read in place."""
    loads = []
    for step, number in _streamed(weights, kept):
        early = room_of(weights[number], 1, chunk)
        room = room_of(weights[number], alignment, chunk)
        loads.append(Load(step, early, weights[number].size - early, room))
    for number, weight in enumerate(weights):
        if kept.kept[number] is WeightUse.IN_PLACE:
            loads += [Load(step, 0, weight.size, 0) for step in weight.steps]
    return sorted(loads, key=lambda load: load.step)


def _streamed(weights: Sequence[Weight], kept: KeptWeights) -> list[tuple[int, int]]:
    """The step and the weight of each load into the memory, in the order of steps."""
    away = (number for number, how in enumerate(kept.kept) if how in (WeightUse.STREAMED, WeightUse.CHUNKS))
    return sorted((step, number) for number in away for step in weights[number].steps)


def _up(size: int, alignment: int) -> int:
    return -(-size // alignment) * alignment
