"""Allocation problems of any number: what an allocator must be fast on is the family, not a file.

The hard ones have a packing at their capacity, since each is a part of one that is known. The easy ones have no
capacity, and a packing at or near the bound.
"""

import random
from dataclasses import replace

from tmpass.packing.problem import Buffer, Problem


def guillotine(seed: int, buffers: int, *, steps: int = 120, height: int = 1024, dropped: float = 0.0) -> Problem:
    """Return the pieces of a rectangle of `steps` and `height` that was cut across or along again and again.

    Without `dropped`, the fraction that is taken away, not a byte is free at any step.
    """
    rng = random.Random(seed)
    pieces = [(0, steps, height)]
    while len(pieces) < buffers:
        # Of three the one with the largest area, so that few become too thin to cut.
        at = max(rng.sample(range(len(pieces)), min(3, len(pieces))), key=lambda i: _area(pieces[i]))
        lower, upper, size = pieces[at]
        cuts = ["along"] * (upper - lower > 1) + ["across"] * (size > 1)
        if not cuts:
            continue
        if rng.choice(cuts) == "along":
            cut = rng.randint(lower + 1, upper - 1)
            pieces[at : at + 1] = [(lower, cut, size), (cut, upper, size)]
        else:
            cut = rng.randint(1, size - 1)
            pieces[at : at + 1] = [(lower, upper, cut), (lower, upper, size - cut)]
    rng.shuffle(pieces)
    return _numbered(pieces[: len(pieces) - int(dropped * len(pieces))], height)


def _area(piece: tuple[int, int, int]) -> int:
    return (piece[1] - piece[0]) * piece[2]


def variant(problem: Problem, seed: int, dropped: float) -> Problem:
    """Return `problem` without a fraction of its buffers, in another order: no harder to satisfy."""
    kept = [(b.lower, b.upper, b.size) for b in problem.buffers]
    rng = random.Random(seed)
    return _numbered(rng.sample(kept, len(kept) - round(dropped * len(kept))), problem.capacity)


def beside(first: Problem, second: Problem) -> Problem:
    """Return both one after the other in time, with a common step that no buffer crosses."""
    later = tuple(replace(b, lower=b.lower + first.horizon, upper=b.upper + first.horizon) for b in second.buffers)
    pieces = [(b.lower, b.upper, b.size) for b in (*first.buffers, *later)]
    return _numbered(pieces, max(first.capacity or 0, second.capacity or 0))


def stacked(first: Problem, second: Problem) -> Problem:
    """Return both at the same time, in the sum of their capacities."""
    pieces = [(b.lower, b.upper, b.size) for b in (*first.buffers, *second.buffers)]
    return _numbered(pieces, (first.capacity or 0) + (second.capacity or 0))


def with_known_packings(scale: int) -> dict[str, Problem]:
    """A problem of each family whose capacity is known to be enough; the buffers grow in number with `scale`."""
    return {
        "guillotine": guillotine(1, 30 * scale, steps=20 * scale, height=64 * scale**3),
        "dropped": guillotine(2, 40 * scale + 10, steps=30 * scale, height=256, dropped=0.2),
        "variant": variant(guillotine(3, 40 * scale, steps=30 * scale), seed=1, dropped=0.06),
        "beside": beside(guillotine(4, 10 * scale + 20), guillotine(5, 10 * scale + 20)),
        "stacked": stacked(guillotine(6, 8 * scale + 4), guillotine(7, 8 * scale + 4)),
    }


def easy(seed: int, buffers: int, *, longest: int = 12, largest: int = 64 * 1024) -> Problem:
    """Return what a compiler sees of a plain network: one buffer made at each step, read soon, some of them late.

    Live ranges are 2 steps and now and then up to `longest`; sizes are multiples of 64 up to `largest`, as many small
    ones as large ones.
    """
    rng = random.Random(seed)
    pieces = []
    for step in range(buffers):
        life = rng.randint(3, longest) if rng.random() < 0.25 else 2
        pieces.append((step, step + life, _log_uniform(rng, 64, largest)))
    return _numbered(pieces, None)


def skipping(seed: int, buffers: int, *, skips: float = 0.001, largest: int = 4096) -> Problem:
    """Return the tensors of a net of cells: most are read soon, and a share of `skips` reads one far back as well."""
    rng = random.Random(seed)
    last, sizes = list(range(1, buffers + 1)), []
    for made in range(buffers):
        sizes.append(16 * rng.randint(1, largest))
        if rng.random() < 0.4:
            read = max(0, made - rng.randint(2, 12))
            last[read] = max(last[read], made)
        if rng.random() < skips:
            read = max(0, made - rng.randint(100, 2000))
            last[read] = max(last[read], made)
    return _numbered([(made, last[made] + 1, sizes[made]) for made in range(buffers)], None)


def short_lived(seed: int, buffers: int, *, longest: int = 100, largest: int = 1024 * 1024) -> Problem:
    """Return buffers that start at random over as many steps as there are of them, and live 1 to `longest` steps."""
    rng = random.Random(seed)
    starts = [rng.randrange(buffers) for _ in range(buffers)]
    return _numbered([(t, t + rng.randint(1, longest), _log_uniform(rng, 64, largest)) for t in starts], None)


def _log_uniform(rng: random.Random, grain: int, largest: int) -> int:
    """Return a multiple of `grain` up to `largest`; all orders of magnitude are equally likely."""
    return grain * round((largest // grain) ** rng.random())


def _numbered(pieces: list[tuple[int, int, int]], capacity: int | None) -> Problem:
    return Problem(tuple(Buffer(str(i), *piece) for i, piece in enumerate(pieces)), capacity)


def brimful(seed: int, steps: int, *, height: int = 12, longest: int = 6) -> Problem:
    """Return buffers that need `height` bytes at every step: most such problems have no packing that low.

    Whenever some end, others begin with exactly their bytes, so that it takes luck to find the same places free.
    """
    rng = random.Random(seed)
    alive: list[tuple[int, int]] = []  # end and size
    pieces = []
    for step in range(steps):
        alive = [(end, size) for end, size in alive if end > step]
        room = height - sum(size for _, size in alive)
        while room:
            size = rng.randint(1, min(room, height // 2))
            end = min(steps, step + rng.randint(1, longest))
            pieces.append((step, end, size))
            alive.append((end, size))
            room -= size
    return _numbered(pieces, height)
