"""Allocation problems whose packing no straight cut takes apart.

    +---+-------+
    |   |   3   |     A pinwheel: four arms around a core. A straight cut, across or along, divides at least one piece.
    | 4 +---+---+     Each packing is known: the pieces fill a rectangle, or all but a small part of it.
    |   | 5 |   |
    +---+---+ 2 |
    |   1   |   |
    +-------+---+
"""

import random

from tmpass.packing.problem import Buffer, Problem

_Piece = tuple[int, int, int]
"""The first step, the step after the last, and the size."""


def pinwheels(
    seed: int,
    buffers: int,
    *,
    steps: int = 120,
    height: int = 1024,
    share: float = 0.5,
    slack: float = 0.0,
    alignments: tuple[int, ...] = (1,),
) -> Problem:
    """Return the pieces of a rectangle of `steps` and `height` that was cut again and again.

    Args:
        seed: of all draws.
        buffers: how many pieces.
        steps: the length of the rectangle.
        height: of the rectangle: the capacity, which all steps need to the last byte where `slack` is 0.
        share: the probability of a pinwheel, where the piece is large enough for one; otherwise the cut is straight.
        slack: the fraction of the bytes of each piece that is taken away, at least, rounded to whole bytes by chance.
        alignments: one of them is drawn for each piece, among those that divide the offset which it has in the
            rectangle.
    """
    rng = random.Random(seed)
    pieces = [(0, steps, 0, height)]
    while len(pieces) < buffers:
        # Of three the one with the largest area, so that few become too thin to cut.
        at = max(rng.sample(range(len(pieces)), min(3, len(pieces))), key=lambda i: _area(pieces[i]))
        lower, upper, bottom, top = pieces[at]
        long, tall = upper - lower, top - bottom
        if long >= 3 and tall >= 3 and len(pieces) + 4 <= buffers and rng.random() < share:
            pieces[at : at + 1] = _pinwheel(rng, *pieces[at])
            continue
        cuts = ["along"] * (long > 1) + ["across"] * (tall > 1)
        if not cuts:
            continue
        if rng.choice(cuts) == "along":
            cut = rng.randint(lower + 1, upper - 1)
            pieces[at : at + 1] = [(lower, cut, bottom, top), (cut, upper, bottom, top)]
        else:
            cut = rng.randint(bottom + 1, top - 1)
            pieces[at : at + 1] = [(lower, upper, bottom, cut), (lower, upper, cut, top)]
    rng.shuffle(pieces)
    rows = []
    for number, (lower, upper, bottom, top) in enumerate(pieces):
        less = int(slack * (top - bottom) + rng.random()) if slack else 0
        alignment = rng.choice([a for a in alignments if bottom % a == 0] or [1])
        rows.append(Buffer(str(number), lower, upper, max(1, top - bottom - less), alignment))
    return Problem(tuple(rows), height)


def _area(piece: tuple[int, int, int, int]) -> int:
    return (piece[1] - piece[0]) * (piece[3] - piece[2])


def _pinwheel(rng: random.Random, lower: int, upper: int, bottom: int, top: int) -> list[tuple[int, int, int, int]]:
    """Return the five pieces of a rectangle, which turn one way or the other."""
    one, two = sorted(rng.sample(range(lower + 1, upper), 2))
    low, high = sorted(rng.sample(range(bottom + 1, top), 2))
    core = (one, two, low, high)
    if rng.random() < 0.5:
        return [(lower, two, bottom, low), (two, upper, bottom, high), (one, upper, high, top), (lower, one, low, top), core]
    return [(lower, one, bottom, high), (one, upper, bottom, low), (two, upper, low, top), (lower, two, high, top), core]


def mosaic(seed: int, buffers: int, *, steps: int = 120, height: int = 1024) -> Problem:
    """Return the rectangles between random walls: cut by no rule, so that wheels of any number of pieces occur.

    Rectangles are inserted at a corner one by one (Baxter permutations); then walls are spread over steps and bytes.
    """
    raise NotImplementedError
