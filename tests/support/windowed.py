"""Problems whose buffers need windows of their bytes, with a known packing, in which no byte is ever free."""

import random
from typing import NamedTuple

from tmpass.packing.problem import Buffer, Gap, Problem


class Piece(NamedTuple):
    """The steps `[lower, upper)` and the bytes `[low, high)` of a rectangle."""

    lower: int
    upper: int
    low: int
    high: int


def windowed(seed: int, pieces: int, *, steps: int = 60, height: int = 256, share: float = 0.3) -> Problem:
    """Return the `pieces` of a rectangle, cut across or along again and again, of which some are parts of one buffer.

    The parts of a buffer follow each other in time, at most three, and each has bytes of the one before.
    """
    rng = random.Random(seed)
    cut = _cut(rng, pieces, steps, height)
    rng.shuffle(cut)
    left, made = set(cut), []
    for piece in cut:
        if piece not in left:
            continue
        parts = [piece]
        left.discard(piece)
        while len(parts) < 3 and rng.random() < share:
            last = parts[-1]
            after = [p for p in cut if p in left and p.lower == last.upper and p.low < last.high and last.low < p.high]
            if not after:
                break
            parts.append(rng.choice(after))
            left.discard(parts[-1])
        made.append(_buffer(f"b{len(made)}", parts))
    return Problem(tuple(made), height)


def _cut(rng: random.Random, count: int, steps: int, height: int) -> list[Piece]:
    pieces = [Piece(0, steps, 0, height)]
    while len(pieces) < count:
        at = max(range(len(pieces)), key=lambda i: _area(pieces[i]) * rng.random())
        piece = pieces[at]
        across = rng.random() < 0.5
        if across and piece.upper - piece.lower > 1:
            time = rng.randint(piece.lower + 1, piece.upper - 1)
            pieces[at : at + 1] = [piece._replace(upper=time), piece._replace(lower=time)]
        elif not across and piece.high - piece.low > 1:
            byte = rng.randint(piece.low + 1, piece.high - 1)
            pieces[at : at + 1] = [piece._replace(high=byte), piece._replace(low=byte)]
    return pieces


def _area(piece: Piece) -> int:
    return (piece.upper - piece.lower) * (piece.high - piece.low)


def _buffer(name: str, parts: list[Piece]) -> Buffer:
    low, high = min(part.low for part in parts), max(part.high for part in parts)
    gaps = [Gap(p.lower, p.upper, p.low - low, p.high - low) for p in parts if (p.low, p.high) != (low, high)]
    return Buffer(name, parts[0].lower, parts[-1].upper, high - low, gaps=tuple(gaps))
