"""What the exact searches set aside fits however the others are placed: every packing of those is tried."""

import itertools
import random

import pytest
from support.exact import overlaps

import tmpass._core as _core
from tmpass.packing.check import check_offsets
from tmpass.packing.problem import Buffer, Gap, Memory, Problem


def packings(problem, at, places):
    """All packings of the buffers `at`, each at one of its places."""
    for offsets in itertools.product(*(places[i] for i in at)):
        pairs = list(zip(at, offsets, strict=True))
        if not any(
            overlaps(problem.buffers[i], x, problem.buffers[j], y)
            for (i, x), (j, y) in itertools.combinations(pairs, 2)
        ):
            yield pairs


def test_every_packing_of_the_others_leaves_a_hole():
    rng = random.Random(5)
    tried = 0
    for _ in range(1500):
        capacity = rng.randint(4, 11)
        memories = rng.choice(((), (), (Memory("a", 0, 5), Memory("b", 6))))
        buffers = []
        for number in range(rng.randint(1, 4)):
            lower = rng.randint(0, 2)
            upper = rng.randint(lower + 1, 4)
            gaps = (Gap(1, 2),) if lower <= 1 < upper - 1 and rng.random() < 0.3 else ()
            offset = rng.randint(0, 4) if rng.random() < 0.2 else None
            own = rng.choice((1, 1, 1, 2, 3)) if offset is None else 1
            where = rng.choice(((), ("a",), ("b",))) if memories and offset is None else ()
            buffers.append(Buffer(str(number), lower, upper, rng.randint(1, 4), own, offset, gaps=gaps, memories=where))
        problem = Problem(tuple(buffers), None, 1, memories)
        fixed = [i for i, b in enumerate(buffers) if b.offset is not None]
        if check_offsets(problem.only(fixed), [buffers[i].offset for i in fixed]):
            continue
        for unit, removed in _core.always_fit(problem.native, capacity):
            places = [
                [
                    o
                    for o in ([b.offset] if b.offset is not None else range(0, capacity - b.size + 1, unit))
                    if check_offsets(Problem((b,), None, 1, memories), [o]) == []
                ]
                for b in buffers
            ]
            for turn, b in enumerate(removed):
                others = [i for i in range(len(buffers)) if i not in removed[: turn + 1]]
                for pairs in packings(problem, others, places):
                    tried += 1
                    assert any(not any(overlaps(buffers[b], o, buffers[i], x) for i, x in pairs) for o in places[b]), (
                        problem,
                        capacity,
                        b,
                        pairs,
                    )
    assert tried > 1000


def removed(problem, capacity):
    return [buffers for _, buffers in _core.always_fit(problem.native, capacity)]


@pytest.mark.parametrize(("capacity", "wanted"), [(5, []), (6, [1, 0]), (7, [0, 1])])
def test_each_of_two_takes_four_offsets_from_the_other(capacity, wanted):
    """In five bytes, a at 1 leaves b no room. In six it does, so b may wait; in seven even a may."""
    problem = Problem((Buffer("a", 0, 9, 3), Buffer("b", 5, 12, 2)))
    assert removed(problem, capacity) == [wanted]


def test_one_that_leaves_lets_its_neighbours_leave():
    chain = Problem(tuple(Buffer(str(i), i, i + 2, 1) for i in range(50)))
    assert sorted(removed(chain, 2)[0]) == list(range(50))
    assert removed(Problem(tuple(Buffer(str(i), i, i + 2, 2) for i in range(50))), 3) == [[]]
