"""Nogoods of place-or-postpone change no answer, and shorten proofs and searches.

Without nogoods the search is held against brute force in `test_postpone.py`. Problems as small as those there end
before dead ends are explained, so here larger ones are asked with nogoods and without.
"""

import random

import pytest
from support.pinwheels import pinwheels

import tmpass._core as _core
from tmpass.packing.allocators.arrays import peak_of
from tmpass.packing.check import check_offsets
from tmpass.packing.problem import Buffer, Gap, Problem

FOUND, IMPOSSIBLE, ENDED = 0, 1, 2
OFF = ({}, {"window": False}, {"exchange": False}, {"first": False}, {"sums": False})
"""Each of these rules gives other reasons to dead ends."""


def ask(problem, capacity, nodes, **rules):
    """The answer of the kernel without blocks, its packing checked."""
    answer, offsets, _ = _core.postpone(problem.native, capacity, nodes, 1, _core.PostponeRules(blocks=False, **rules))
    if answer == FOUND:
        assert check_offsets(problem, offsets) == []
        assert peak_of(problem, offsets) <= capacity
    return answer


def rules(nogoods):
    return _core.PostponeRules(blocks=False, nogoods=nogoods)


def refilled(rng, steps, height):
    """Live ranges and sizes that fill `height` at each step: some end, and others of the same sum begin.

    Many such problems have no packing at their height.
    """
    alive, rows = [], []

    def begin(step, total):
        while total > 0:
            size = rng.randint(1, min(total, height // 2))
            alive.append((step, size))
            total -= size

    begin(0, height)
    for step in range(1, steps):
        ending = rng.sample(alive, rng.randint(1, max(1, len(alive) // 2)))
        for row in ending:
            alive.remove(row)
        rows += [(lower, step, size) for lower, size in ending]
        begin(step, sum(size for _, size in ending))
    return rows + [(lower, steps, size) for lower, size in alive]


def constrained(rng, rows):
    """The same with some bytes less, and some aligned, fixed or with a gap."""
    buffers = []
    for number, (lower, upper, size) in enumerate(rows):
        alignment = rng.choice((1, 1, 1, 1, 2, 3))
        gaps = (Gap(lower + 1, upper - 1),) if upper - lower >= 3 and rng.random() < 0.2 else ()
        offset = alignment * rng.randint(0, 5) if rng.random() < 0.04 else None
        less = rng.random() < 0.15
        buffers.append(Buffer(str(number), lower, upper, max(1, size - less), alignment, offset=offset, gaps=gaps))
    return Problem(tuple(buffers))


def plain(rows):
    return Problem(tuple(Buffer(str(number), *row) for number, row in enumerate(rows)))


@pytest.mark.parametrize("off", OFF, ids=str)
def test_no_answer_changes(off):
    rng = random.Random(5)
    answers = set()
    for number in range(120):
        height = rng.randint(6, 20)
        rows = refilled(rng, rng.randint(4, 10), height)
        problem = plain(rows) if number % 3 == 0 else constrained(rng, rows)
        for capacity in (height, height + 1, height + 2):
            answers.add(tuple(ask(problem, capacity, 3000, nogoods=on, **off) for on in (True, False)))
    assert {FOUND, IMPOSSIBLE} <= {without for _, without in answers}
    assert not {(FOUND, IMPOSSIBLE), (IMPOSSIBLE, FOUND)} & answers


@pytest.mark.parametrize("seed", [165, 204, 381, 554])
def test_proofs_that_there_is_no_packing_are_shorter(seed):
    problem = plain(refilled(random.Random(seed), 10, 24))
    assert ask(problem, 24, 4000) == IMPOSSIBLE
    assert ask(problem, 24, 12_000, nogoods=False) == ENDED


@pytest.mark.parametrize("seed", [7003, 7005, 7013])
def test_packings_are_found_sooner(seed):
    """Attempts after the first do not search again what is known to have no packing."""
    problem = pinwheels(seed, 150, steps=60, height=256)
    assert ask(problem, 256, 15_000) == FOUND
    assert ask(problem, 256, 60_000, nogoods=False) == ENDED


def test_a_part_of_more_than_512_buffers_is_searched_without_nogoods():
    problem = pinwheels(1, 600)
    spent = [_core.postpone(problem.native, 1024, 20_000, 1, rules(on))[::2] for on in (True, False)]
    assert spent[0] == spent[1]
