"""tricky_fit: small allocation problems on which a quick method, or a simple bound, is wrong."""

import random

from tmpass.packing.problem import Buffer, Problem
from tmpass.packing.problem_csv import write_problem

_KIB = 1024


def tight(seed: int, buffers: int, *, steps: int, height: int) -> str:
    """Write `buffers` rectangles that fill `steps` x `height` KiB without a hole.

    They come from sawing the whole apart, so the least peak is `height` KiB, which is also alive at every step.
    """
    # random() alone promises the same numbers in every version of Python.
    draw = random.Random(seed).random
    pieces = [(0, steps, 0, height)]
    while len(pieces) < buffers:
        # The largest first: else some stay so large that they are easy.
        lower, upper, bottom, top = piece = max(pieces, key=lambda p: ((p[1] - p[0]) * (p[3] - p[2]), p))
        pieces.remove(piece)
        across = upper - lower > 1 and (top - bottom == 1 or draw() * (upper - lower) * 2 > draw() * (top - bottom))
        if across:
            cut = lower + 1 + int(draw() * (upper - lower - 1))
            pieces += [(lower, cut, bottom, top), (cut, upper, bottom, top)]
        else:
            cut = bottom + 1 + int(draw() * (top - bottom - 1))
            pieces += [(lower, upper, bottom, cut), (lower, upper, cut, top)]
    return _write(sorted((lower, upper, top - bottom) for lower, upper, bottom, top in pieces))


def scattered(seed: int, buffers: int, *, steps: int, longest: int, largest: int) -> str:
    """Write `buffers` that begin anywhere in `steps`, live up to `longest` of them and have up to `largest` KiB."""
    draw = random.Random(seed).random
    rows = []
    for _ in range(buffers):
        length = 1 + int(draw() * longest)
        lower = int(draw() * (steps - length + 1))
        rows.append((lower, lower + length, 1 + int(draw() * largest)))
    return _write(sorted(rows))


def unreachable() -> str:
    """Write seven buffers of which 6 KiB are alive at most, and which do not fit into 6 KiB.

    | step | alive (KiB)         |
    |------|---------------------|
    | 0    | a 3, b 2            |
    | 1    | b 2, c 2, d 2       |
    | 2    | b 2, d 2, e 1       |
    | 3    | d 2, e 1, f 3       |
    | 4    | e 1, g 4            |

    In 6 KiB, step 1 puts b, c and d at 0, 2 and 4 in some order. Neither b nor d is in the middle, where a at step
    0 or f at step 3 would find no 3 KiB in one piece. Let d be at 0 and b at 4; the other way is its mirror image.
    Then e and f share [2, 6) at step 3, so e is at 2 or at 5; at 5 it would meet b at step 2. With e at 2,
    g has at most 3 KiB in one piece at step 4, and needs 4.
    """
    return _write([(0, 1, 3), (0, 3, 2), (1, 2, 2), (1, 4, 2), (2, 5, 1), (3, 4, 3), (4, 5, 4)])


def pinned() -> str:
    """Write buffers with alignments, two of them fixed, which need 11 KiB although only 9232 bytes are alive.

    `table` at 2 KiB keeps `vectors`, 4 KiB at a multiple of 4 KiB, from address 0. Any place but 4 KiB lets it end
    at 12 KiB or above. There, it leaves [0, 2) and [3, 4) KiB below it to `weights`, which needs 3 KiB at
    step 4 and has to go to 8 KiB.
    """
    buffers = (
        Buffer("table", 0, 8, 1 * _KIB, 64, offset=2 * _KIB),
        Buffer("image", 0, 3, 2 * _KIB, 256),
        Buffer("vectors", 1, 5, 4 * _KIB, 4 * _KIB),
        Buffer("sums", 2, 6, 1000, 64),
        Buffer("weights", 4, 8, 3 * _KIB, 1 * _KIB),
        Buffer("flags", 3, 7, 40, 8),
        Buffer("result", 6, 8, 2 * _KIB, 64, offset=0),
    )
    return write_problem(Problem(buffers))


def _write(rows: list[tuple[int, int, int]]) -> str:
    """Write (lower, upper, KiB) as buffers a, b, c, ... or b0, b1, b2, ... where there are too many letters."""
    names = "abcdefghijklmnopqrstuvwxyz"
    few = len(rows) <= len(names)
    ids = [names[n] if few else f"b{n}" for n in range(len(rows))]
    buffers = (Buffer(i, lower, upper, size * _KIB) for i, (lower, upper, size) in zip(ids, rows, strict=True))
    return write_problem(Problem(tuple(buffers)))
