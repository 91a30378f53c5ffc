"""Allocation problems whose packing no straight cut takes apart.

A pinwheel is four arms around a core. A straight cut, across or along, divides at least one of the five:

    +---+-------+
    |   |   3   |
    | 4 +---+---+
    |   | 5 |   |
    +---+---+ 2 |
    |   1   |   |
    +-------+---+

Each packing is known: the pieces fill a rectangle, or all but a small part of it.
"""

import itertools
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
        return [
            (lower, two, bottom, low),
            (two, upper, bottom, high),
            (one, upper, high, top),
            (lower, one, low, top),
            core,
        ]
    return [
        (lower, one, bottom, high),
        (one, upper, bottom, low),
        (two, upper, low, top),
        (lower, two, high, top),
        core,
    ]


def mosaic(seed: int, walls: int, *, steps: int = 1000, height: int = 1000) -> Problem:
    """Return the pieces between `walls` that grow from random points in a rectangle until they meet one another.

    A tessellation after Gilbert. There is one piece more than walls, and wheels of any number of arms occur.
    Steps and height must be at least half of `walls`.
    """
    rng = random.Random(seed)
    half = walls // 2
    across, upright = range(half), range(half, walls)
    # No two walls are in one line.
    xs = rng.choices(range(1, steps), k=half) + rng.sample(range(1, steps), walls - half)
    ys = rng.sample(range(1, height), half) + rng.choices(range(1, height), k=walls - half)
    ends = {wall: [0, steps] if wall < half else [0, height] for wall in range(walls)}
    meetings = []
    for a in across:
        for u in upright:
            early, late = sorted([(abs(xs[u] - xs[a]), a), (abs(ys[u] - ys[a]), u)])
            meetings.append((late[0], late[1], early[1]))
    for _, late, early in sorted(meetings):
        a, u = min(late, early), max(late, early)
        if ends[a][0] <= xs[u] <= ends[a][1] and ends[u][0] <= ys[a] <= ends[u][1]:
            at, own = (xs[u], xs[a]) if late == a else (ys[a], ys[u])
            ends[late][at > own] = at
    return _between(rng, [(ys[a], *ends[a]) for a in across], [(xs[u], *ends[u]) for u in upright], steps, height)


def _between(rng: random.Random, across: list[_Piece], upright: list[_Piece], steps: int, height: int) -> Problem:
    """Return the pieces between walls, each given by where it is, where it begins and where it ends."""
    across = [*across, (0, 0, steps), (height, 0, steps)]
    upright = [*upright, (0, 0, height), (steps, 0, height)]
    pieces = []
    for y, begin, end in across:
        # A piece stands on this wall between each two neighbours of those that rise from it or end it.
        feet = sorted(x for x, low, high in upright if begin <= x <= end and low <= y < high)
        for left, right in itertools.pairwise(feet):
            roof = min(v for v, b, e in across if v > y and b <= left and right <= e)
            pieces.append((left, right, roof - y))
    rng.shuffle(pieces)
    return Problem(tuple(Buffer(str(number), *row) for number, row in enumerate(pieces)), height)
