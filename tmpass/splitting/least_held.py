"""The fewest bytes that the parts of a stage hold together once each has read the source.

A part holds a slice of the source, or a tensor that it computed. Slices of several parts may lie in the source and
cover each other; other tensors have different bytes. So the minimum over the sets of parts that hold their slice is
asked for: the rows of the source that they cover, and the smallest tensors of the others.

The parts are walked in the order of their slices. What the next slice adds depends only on where the last one that was
chosen stops, if no slice stops before an earlier one. Where one does, the earlier one is taken to stop there as well:
fewer rows are a lower bound too.
"""

from collections.abc import Sequence
from itertools import accumulate

from tmpass.base.record import record
from tmpass.splitting.rewrites.spans import Span


@record
class Held:
    """What a part may hold.

    Fields:
        rows: of the source that each of its slices has; None where it holds no slice.
        bytes: of the smallest other tensor; None where there is none, so it holds its slice.
    """

    rows: Span | None
    bytes: int | None


def least_held(parts: Sequence[Held], source: int, length: int) -> int:
    """The fewest bytes that the parts hold together.

    Args:
        parts: of the stage.
        source: its bytes.
        length: its rows.

    Complexity: quadratic in the number of parts.
    """
    found = sum(part.bytes or 0 for part in parts if part.rows is None)
    sliced = sorted(
        ((part.rows.start, part.rows.stop, part.bytes) for part in parts if part.rows is not None),
        key=lambda one: one[:2],
    )
    stops = list(accumulate((stop for _, stop, _ in reversed(sliced)), min))[::-1]
    least = {0: 0}  # where the last chosen slice stops -> the fewest bytes, in rows' bytes times `length`
    for (start, _, other), stop in zip(sliced, stops, strict=True):
        held = min(known + max(0, stop - max(start, last)) * source for last, known in least.items())
        step = {} if other is None else {last: known + other * length for last, known in least.items()}
        least = step | {stop: min(held, step.get(stop, held))}
    return found + min(least.values()) // length
