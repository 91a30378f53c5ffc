"""The choice by bounds, held against all choices of small nets."""

import random
from dataclasses import replace

import pytest

from tmpass.splitting.along import Along
from tmpass.splitting.bound_choice import Block, BoundChoice, Way, choose_by_bounds
from tmpass.splitting.stage import Stage


def way(first, last, live, tail, parts):
    return Way(first, last, live, tail, Stage(first, last, Along.ROWS, tuple(range(parts + 1))))


def choices(ways, end, at=0):
    """All choices of ways that do not overlap."""
    if at == end:
        yield ()
        return
    yield from choices(ways, end, at + 1)
    for one in ways:
        if one.first == at:
            yield from ((one, *rest) for rest in choices(ways, end, one.last + 1))


def head(whole, blocks, chosen):
    """The most live bytes of a choice, block by block."""
    inside = {position for one in chosen for position in range(one.first, one.last + 1)}
    live = [whole[position] for position in range(len(whole)) if position not in inside]
    live += [one.live for one in chosen]
    for block in blocks:
        stages = tuple(one.stage for one in chosen if one.first <= block.last and one.last >= block.first)
        live += [block.live] if stages == block.stages else []
    return max(live, default=0)


def drawn(rng):
    """Costs of a net of up to six operators, and blocks that some of its choices have."""
    end = rng.randint(1, 6)
    whole = [rng.randint(0, 9) for _ in range(end)]
    ways = [
        way(first, last, rng.randint(0, 9), rng.randint(0, 4), parts)
        for first in range(end)
        for last in range(first, end)
        for parts in range(2, 2 + rng.randint(0, 2))
    ]
    ways += [Way(first, first, rng.randint(0, 9), 0) for first in range(end) if rng.random() < 0.2]
    blocks = list[Block]()
    for _ in range(rng.randint(0, 8)):
        chosen = rng.choice(list(choices([one for one in ways if one.stage is not None], end)))
        bounds = [position for position in range(end + 1) if all(not w.first < position <= w.last for w in chosen)]
        if len(bounds) < 2:
            continue
        low, high = sorted(rng.sample(bounds, 2))
        stages = tuple(one.stage for one in chosen if low <= one.first < high)
        blocks.append(Block(low, high - 1, stages, rng.randint(3, 12)))
    return whole, ways, blocks


@pytest.mark.parametrize("seed", range(40))
def test_the_best_of_all_choices_is_found(seed):
    rng = random.Random(seed)
    for _ in range(25):
        whole, ways, blocks = drawn(rng)
        best = min(
            head(whole, blocks, chosen) + sum(one.tail for one in chosen) for chosen in choices(ways, len(whole))
        )
        by_first = {position: [one for one in ways if one.first == position] for position in range(len(whole))}
        found = choose_by_bounds(whole, by_first, blocks, 1000)
        assert found.bytes == best
        assert found.bytes == head(whole, blocks, found.ways) + sum(one.tail for one in found.ways)
        assert choose_by_bounds(whole, by_first, blocks, best) is None


def test_a_block_is_not_for_a_way_of_which_only_a_bound_is_known():
    """It is one of many, which need not be in the block."""
    blocks = [Block(0, 1, (), 9), Block(0, 1, (way(0, 0, 1, 0, 2).stage,), 9)]
    assert choose_by_bounds([5, 5], {0: [Way(0, 0, 3, 0)]}, blocks, 100).bytes == 5


def test_a_block_is_for_what_it_has_only():
    """Three operators of 5 bytes need 9 together. With the second one in parts, which costs 1, they need 6."""
    half = way(1, 1, 3, 1, 2)
    blocks = [Block(0, 2, (), 9), Block(0, 2, (half.stage,), 6)]
    assert choose_by_bounds([5, 5, 5], {}, blocks, 100).bytes == 9
    assert choose_by_bounds([5, 5, 5], {1: [half]}, blocks[:1], 100).bytes == 6
    found = choose_by_bounds([5, 5, 5], {1: [half]}, blocks, 100)
    assert replace(found, worst=0) == BoundChoice(6, 1, 0, (half,))
