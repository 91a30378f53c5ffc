"""The dead ends to learn from: real placements, with features that mean what their names say."""

import math
from dataclasses import replace

import pytest
from support.families import guillotine

import tmpass._core as _core
from tmpass.packing.check import check_offsets
from tmpass.packing.learning.policy import FEATURES
from tmpass.packing.problem import Buffer

CUT = guillotine(2, 150, dropped=0.1)
PROBLEM = replace(CUT, buffers=(*CUT.buffers, Buffer("all", 0, 120, 8)), capacity=1032)
"""One part, since a buffer is alive at all steps."""


@pytest.fixture(scope="module")
def dead_ends():
    found = [
        dead_end
        for seed in (1, 2)
        for dead_end in _core.dead_ends(PROBLEM.native, PROBLEM.capacity, 2500, seed, 16, 60)
    ]
    assert len(found) > 40
    return found


def rows(dead_end):
    """For each choice its depth and its features by name."""
    depths, features = dead_end[3:]
    width = len(FEATURES)
    assert len(features) == width * len(depths)
    for at, depth in enumerate(depths):
        yield depth, dict(zip(FEATURES, features[at * width : (at + 1) * width], strict=True))


def test_the_placements_overlap_nothing_but_the_last_may_contradict(dead_ends):
    for buffers, offsets, last, depths, _ in dead_ends:
        placed = PROBLEM.only(buffers[:-1])
        assert check_offsets(placed, offsets[:-1], capacity=PROBLEM.capacity) == []
        assert 0 <= last < len(buffers)
        assert depths == sorted(set(depths))
        assert all(0 <= depth < last for depth in depths)
        assert depths[:8] == list(range(min(last, 8)))


def test_features_of_the_placement(dead_ends):
    count, capacity = len(PROBLEM.buffers), PROBLEM.capacity
    for dead_end in dead_ends:
        buffers, offsets, last, *_ = dead_end
        placed = sum(PROBLEM.buffers[at].size for at in buffers)
        total = sum(b.size for b in PROBLEM.buffers)
        for depth, row in rows(dead_end):
            buffer = PROBLEM.buffers[buffers[depth]]
            wanted = {
                "depth": depth / count,
                "place": depth,
                "lost": (len(buffers) - depth) / count,
                "size": buffer.size / capacity,
                "lifetime": (buffer.upper - buffer.lower) / 120,
                "offset": offsets[depth] / capacity,
                "last_member": last / len(buffers),
                "unplaced": 1 - placed / total,
                "buffers": math.log2(1 + count),
            }
            assert {name: row[name] for name in wanted} == pytest.approx(wanted, rel=1e-5, abs=1e-6)


def test_features_of_the_search_keep_their_bounds(dead_ends):
    members = 0
    for dead_end in dead_ends:
        depth_of_all = len(dead_end[0])
        for depth, row in rows(dead_end):
            assert 0 <= row["conflicts"] <= 1
            assert row["in_conflict"] in (0, 1)
            assert 0 <= row["reach"] <= 1
            assert 0 < row["shallowest"] * len(PROBLEM.buffers) <= depth_of_all - depth + 1e-3
            assert 0 < row["room"] + row["offset"] + row["size"] <= 1 + 1e-6
            assert row["dead_ends"] >= 1  # this one at least
            assert row["first_member"] <= row["last_member"] < 1
            members += row["in_conflict"]
    assert members > 0


def test_one_in_so_many_is_recorded_up_to_a_number():
    def found(every, most):
        return _core.dead_ends(PROBLEM.native, PROBLEM.capacity, 1000, 1, every, most)

    each = found(1, 100)
    assert found(4, 10) == each[3::4][:10]
    assert found(1, 7) == each[:7]
    with pytest.raises(ValueError, match="less than one"):
        found(0, 1)
