"""The places of tensors whose buffers leave the scratchpad and come back: each residence in which a tensor is alive.

    buffer        [== first ==]              [==== second ====]
    tensor a      [===========]              [==]                 two places
    tensor b                                    [=============]   one place, though its buffer was there before

The row of a tensor has its offset in the first residence of its buffer, where tensor b never is.
"""

from collections.abc import Iterator

from tmpass.base.errors import UsageError
from tmpass.base.record import record
from tmpass.graph.model import TensorKey
from tmpass.plans.plan import Plan, PlannedBuffer, PlannedTensor


@record
class TensorPlace:
    """A tensor at one offset of its memory.

    Fields:
        offset: its first byte there, from the beginning of the memory.
        lower, upper: the steps `[lower, upper)` in which it is alive there.
        row: the residence of its buffer.
    """

    offset: int
    lower: int
    upper: int
    row: PlannedBuffer


def tensor_places(plan: Plan) -> dict[TensorKey, tuple[TensorPlace, ...]]:
    """The places in the scratchpad of each tensor whose buffer leaves it, in the order of time.

    Raises:
        UsageError: a tensor has no live range, or is alive in no residence of its buffer.
    """
    inside: dict[int, list[PlannedBuffer]] = {}
    for row in plan.buffers:
        if row.first is not None and plan.transfers is not None:
            known = inside.setdefault(row.first, [plan.buffers[row.first]])
            known += [row] * (row.memory != plan.transfers.memory)
    found = {}
    for t in plan.tensors:
        if t.buffer is not None and t.buffer in inside:
            places = sorted(_places(plan, t, inside[t.buffer]), key=lambda place: place.lower)
            if not places:
                message = f"tensor {t.name!r} is alive in no residence of its buffer, which leaves the scratchpad"
                raise UsageError(message, where=plan.model.file, hint="plan the model again")
            found[t.key] = tuple(places)
    return found


def absent_tensors(plan: Plan) -> frozenset[tuple[int, TensorKey]]:
    """The rows of buffers, by their ids, with the tensors that they list and that are never in them.

    A residence has the tensors that are alive in its steps. A copy behind has those that were alive before its spill:
    what is written later is not in it.
    """
    behind = None if plan.transfers is None else plan.transfers.memory
    ranges = {t.key: t.live_range for t in plan.tensors if t.live_range is not None}
    found = set()
    for row in plan.buffers if ranges else ():
        end = row.lower if row.memory == behind else row.upper
        for key in row.tensors:
            if key in ranges and not (ranges[key][0] < end and row.lower < ranges[key][1]):
                found.add((row.id, key))
    return frozenset(found)


def _places(plan: Plan, tensor: PlannedTensor, rows: list[PlannedBuffer]) -> Iterator[TensorPlace]:
    lower, upper = tensor.live_range or (0, 0)
    for row in rows:
        if lower < row.upper and row.lower < upper:
            offset = (tensor.offset or 0) + plan.moved_by(row)
            yield TensorPlace(offset, max(lower, row.lower), min(upper, row.upper), row)
