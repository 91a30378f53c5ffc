"""The constants that stay on chip, against all choices: none streams fewer bytes, and what can fit does."""

import random
from itertools import product

import pytest

from tmpass.planning.residency.on_chip import OnChip, choose_resident
from tmpass.targets import Memory


def draw(rng: random.Random) -> OnChip:
    """A few constants and steps, with room for some of the constants."""
    alignment = rng.choice((1, 1, 4, 16))

    def rounded(size: int) -> int:
        return -(-size // alignment) * alignment

    sizes = [rng.choice((1, 3, 8, 8, 16, 16, 17, 24, 40, 64)) for _ in range(rng.randint(1, 7))]
    steps = rng.randint(1, 6)
    uses = [tuple(rng.sample(range(len(sizes)), rng.randint(0, min(3, len(sizes))))) for _ in range(steps)]
    tops = [rounded(rng.choice((0, 8, 16, 32, 48))) for _ in range(steps)]
    chunk = rng.choice((None, None, 4, 8, 16))
    staging = [rounded(size if chunk is None else min(size, chunk)) for size in sizes]
    most = max(tops) + sum(map(rounded, sizes))
    room = rng.choice((None, *(rng.randint(0, most) for _ in range(6)), most))
    memory = Memory("sram", room, alignment, ("weights",))
    up = tuple(rounded(size) for size in sizes)
    ends = tuple(range(1, steps + 1))
    return OnChip(memory, tuple(tops), tuple(uses), tuple(sizes), up, tuple(staging), room, chunk, ends)


def streamed(free: OnChip, resident: list[bool]) -> int:
    """The bytes that one run streams."""
    return sum(free.bytes[c] for used in free.uses for c in used if not resident[c])


def fits(free: OnChip, resident: list[bool]) -> bool:
    """Whether buffers, streamed constants and residents above them are within the room."""
    above = sum(size for size, stays in zip(free.sizes, resident, strict=True) if stays)
    return free.room is None or free.height(resident) + above <= free.room


@pytest.mark.parametrize("seed", range(8))
def test_no_choice_streams_fewer_bytes(seed):
    feasible = tight = 0
    for number in range(200):
        free = draw(random.Random(1000 * seed + number))
        chosen = choose_resident(free)
        every = [list(choice) for choice in product((False, True), repeat=len(free.sizes))]
        able = [choice for choice in every if fits(free, choice)]
        if not able:
            assert not any(chosen), "nothing that stays makes room"
            continue
        assert fits(free, chosen), (free, chosen)
        assert streamed(free, chosen) == min(streamed(free, choice) for choice in able), (free, chosen)
        feasible += 1
        tight += streamed(free, chosen) > 0
    assert feasible > 80
    assert tight > 20


@pytest.mark.parametrize("seed", range(4))
def test_where_any_choice_fits_the_one_without_residents_does(seed):
    """So a method that finds nothing else may always stream all constants."""
    for number in range(200):
        free = draw(random.Random(5000 * seed + number))
        every = [list(choice) for choice in product((False, True), repeat=len(free.sizes))]
        assert fits(free, [False] * len(free.sizes)) or not any(fits(free, choice) for choice in every)
