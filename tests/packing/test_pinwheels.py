"""The problems that no straight cut takes apart: what they promise, so that a failure is the allocator's."""

import pytest
from support.pinwheels import mosaic, pinwheels


def live_bytes(problem):
    """The live bytes of each step."""
    live = [0] * problem.horizon
    for b in problem.buffers:
        for step in range(b.lower, b.upper):
            live[step] += b.size
    return live


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("share", [0, 0.5, 1])
def test_a_cut_rectangle_is_full_at_every_step(seed, share):
    problem = pinwheels(seed, 150, share=share)
    assert len(problem.buffers) == 150
    assert live_bytes(problem) == [1024] * 120


def test_one_pinwheel_has_four_arms_around_a_core():
    problem = pinwheels(1, 5, steps=9, height=9, share=1)
    one, two = sorted({edge for b in problem.buffers for edge in (b.lower, b.upper)} - {0, 9})
    ranges = sorted((b.lower, b.upper) for b in problem.buffers)
    assert ranges == sorted([(0, one), (0, two), (one, two), (one, 9), (two, 9)])
    assert live_bytes(problem) == [9] * 9


def test_slack_takes_bytes_away_from_every_large_piece():
    full, less = (pinwheels(3, 80, slack=slack, height=4096) for slack in (0, 0.02))
    assert 0.97 * 4096 < sum(live_bytes(less)) / 120 < 0.99 * 4096
    assert full.capacity == less.capacity == 4096


def test_an_alignment_is_one_that_the_piece_has_in_the_rectangle():
    drawn = {b.alignment for b in pinwheels(4, 200, alignments=(1, 2, 4, 64)).buffers}
    assert drawn == {1, 2, 4, 64}


@pytest.mark.parametrize("seed", range(10))
def test_a_mosaic_is_full_at_every_step_and_has_a_piece_more_than_walls(seed):
    problem = mosaic(seed, 100, steps=60)
    assert len(problem.buffers) == 101
    assert live_bytes(problem) == [1000] * 60


def test_the_same_seed_gives_the_same_problem():
    assert pinwheels(7, 90) == pinwheels(7, 90) != pinwheels(8, 90)
    assert mosaic(7, 90) == mosaic(7, 90) != mosaic(8, 90)
