"""`auto` on buffers that are all alive at once with several alignments, and on many with long lives.

python tests/bench/at_once.py [--long]

One line for each problem: buffers, peak over the live bytes, bytes above the lower bound, seconds of the processor.
"""

import argparse
import random
import time
from collections.abc import Iterator

from tmpass.packing.allocate import allocate
from tmpass.packing.problem import Buffer, Problem

ALIGNMENTS = (1, 2, 4, 8, 16, 32, 64)
LARGEST = 5000


def at_once(count: int, seed: int) -> Problem:
    """Buffers of 1 to 5000 bytes at one step."""
    rng = random.Random(seed)
    return Problem(tuple(Buffer(str(i), 0, 1, rng.randint(1, LARGEST), rng.choice(ALIGNMENTS)) for i in range(count)))


def long_lives(count: int, steps: int, seed: int) -> Problem:
    """Buffers that live 300 to 1000 of some steps."""
    rng = random.Random(seed)
    buffers = []
    for i in range(count):
        life = rng.randint(300, 1000)
        lower = rng.randint(0, steps - life)
        buffers.append(Buffer(str(i), lower, lower + life, rng.randint(1, LARGEST)))
    return Problem(tuple(buffers))


def _problems(long: bool) -> Iterator[tuple[str, Problem]]:
    for count, seed in ((80, 4), (100, 1), (300, 5), (1500, 5), (5000, 6), (20_000, 7)):
        yield f"{count} at once", at_once(count, seed)
    for steps, seed in ((10_000, 1), (30_000, 2), (3000, 3)) if long else ():
        yield f"30000 in {steps} steps", long_lives(30_000, steps, seed)


def main() -> None:
    """Print the lines."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--long", action="store_true", help="30,000 buffers with long lives as well")
    for name, problem in _problems(parser.parse_args().long):
        begin = time.process_time()
        made = allocate(problem)
        seconds = time.process_time() - begin
        above = (made.peak or 0) - made.lower_bound
        print(f"{name}: {(made.peak or 0) / made.live_bytes:.6f}, {above} B, {seconds:.2f} s, {made.allocator}")


if __name__ == "__main__":
    main()
