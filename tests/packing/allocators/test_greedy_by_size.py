"""The two rules that users have today, on problems small enough to work out by hand."""

import random

import pytest
from hypothesis import given, settings
from support.problems import problems

from tmpass.packing.allocate import allocate
from tmpass.packing.allocators import Goal, greedy_by_size, greedy_by_size_tflm
from tmpass.packing.problem import Buffer, Problem

LITE, MICRO = "greedy-by-size", "greedy-by-size-tflm"


def offsets(allocator, rows, alignment=1):
    """The offset of each name, for rows of name, lower, upper, size."""
    problem = Problem(tuple(Buffer(*row) for row in rows), alignment=alignment)
    return dict(zip((b.id for b in problem.buffers), allocate(problem, allocator).offsets, strict=True))


# Each one overlaps all before it, so they stand on each other. At step 6 those in lower case are gone:
#
#          0       20      30      39      47      54    57    59
#   step 5 |   A   |   g   |   B   |   h   |   C   |  i  |  D  |
#   step 6 |   A   |  10   |   B   |   8   |   C   |  3  |  D  |
GAPS = [
    ("A", 0, 7, 20),
    ("g", 1, 6, 10),
    ("B", 2, 7, 9),
    ("h", 3, 6, 8),
    ("C", 4, 7, 7),
    ("i", 5, 6, 3),
    ("D", 5, 7, 2),
    ("last", 6, 7, 1),
]


class TestTensorFlowLite:
    def test_buffers_alive_all_the_time_come_first_however_small(self):
        found = offsets(LITE, [("small", 0, 4, 1), ("large", 1, 3, 9), ("b", 0, 4, 2)])
        assert found == {"small": 0, "b": 1, "large": 3}

    def test_then_the_largest_and_of_equals_the_one_that_starts_first(self):
        found = offsets(LITE, [("whole", 0, 4, 1), ("late", 2, 3, 5), ("early", 1, 3, 5), ("large", 1, 3, 6)])
        assert found == {"whole": 0, "large": 1, "early": 7, "late": 12}

    def test_the_smallest_gap_that_is_large_enough(self):
        assert offsets(LITE, GAPS)["last"] == 54
        assert offsets(LITE, [("last", 6, 7, 1), *GAPS[:-1]])["last"] == 54

    def test_of_equal_gaps_the_lowest(self):
        """At step 6: A to 20, B from 30 to 39, C at 49."""
        rows = [("A", 0, 7, 20), ("g", 1, 6, 10), ("B", 2, 7, 9), ("h", 3, 6, 8), ("i", 3, 6, 2), ("C", 4, 7, 1)]
        assert offsets(LITE, [*rows, ("last", 6, 7, 1)])["last"] == 20

    def test_bytes_that_alignment_wastes_count_for_the_gap_found_so_far(self):
        """At step 6: A to 21, B from 36 to 44, C at 56. From the multiples of 4 on both gaps have 12 bytes, but the
        lower one is taken for 36 - 21 = 15.
        """
        rows = [("A", 0, 7, 21), ("g", 1, 6, 12), ("B", 2, 7, 8), ("h", 3, 6, 7), ("i", 3, 6, 3), ("C", 4, 7, 2)]
        assert offsets(LITE, [*rows, ("last", 6, 7, 1)], alignment=4)["last"] == 44


class TestTensorFlowLiteMicro:
    def test_the_largest_comes_first_also_before_buffers_alive_all_the_time(self):
        assert offsets(MICRO, [("small", 0, 4, 1), ("large", 1, 3, 9)]) == {"small": 9, "large": 0}

    def test_of_equals_the_last(self):
        assert offsets(MICRO, [("a", 0, 2, 5), ("b", 0, 2, 5), ("c", 0, 2, 5)]) == {"c": 0, "b": 5, "a": 10}

    def test_equal_are_sizes_that_round_up_to_the_same(self):
        found = offsets(MICRO, [("a", 0, 2, 20), ("b", 0, 2, 17), ("c", 0, 2, 16)], alignment=16)
        assert found == {"b": 0, "a": 32, "c": 64}

    def test_the_lowest_gap_that_is_large_enough(self):
        assert offsets(MICRO, GAPS)["last"] == 20


def by_the_words(problem):
    """TensorFlow Lite's rule once more, plainly: the offset of each name."""
    end = max(b.upper for b in problem.buffers)
    whole = [b for b in problem.buffers if (b.lower, b.upper) == (min(b.lower for b in problem.buffers), end)]
    others = sorted((b for b in problem.buffers if b not in whole), key=lambda b: (-b.size, b.lower))
    placed = {}
    for buffer in [*whole, *others]:
        near = [(placed[b.id], b.size) for b in problem.buffers if b.id in placed and shares_a_step(b, buffer)]
        gaps, top = [], 0
        for offset, size in sorted(near):
            begin = -(-top // problem.alignment) * problem.alignment
            if begin + buffer.size <= offset and (not gaps or offset - begin < gaps[-1][0]):
                gaps.append((offset - top, begin))
            top = max(top, offset + size)
        placed[buffer.id] = gaps[-1][1] if gaps else -(-top // problem.alignment) * problem.alignment
    return placed


def shares_a_step(a, b):
    return a.lower < b.upper and b.lower < a.upper


@pytest.mark.parametrize("seed", range(40))
def test_larger_problems_as_in_the_words_of_the_rule(seed):
    rng = random.Random(seed)
    starts = [rng.randrange(30) for _ in range(60)]
    rows = [(str(i), start, start + rng.randint(1, 8), rng.randint(1, 700)) for i, start in enumerate(starts)]
    problem = Problem(tuple(Buffer(*row) for row in rows), alignment=rng.choice((1, 16, 64)))
    assert offsets(LITE, rows, problem.alignment) == by_the_words(problem)


@settings(max_examples=50, deadline=None)
@given(problems(with_fixed=False, with_alignment=True))
def test_the_goal_and_the_nodes_change_nothing(problem):
    for allocator in (LITE, MICRO):
        assert allocate(problem, allocator, nodes=0).offsets == allocate(problem, allocator).offsets


@settings(max_examples=100, deadline=None)
@given(problems(max_buffers=8, with_alignment=True, with_gaps=True))
def test_a_packing_that_is_not_low_enough_is_left_out(problem):
    goal = Goal(0, True, 0)
    for rule in (greedy_by_size, greedy_by_size_tflm):
        found = rule.solve(problem, goal)
        assert rule.solve(problem, goal, below=found.peak + 1) == found
        if found.peak:
            assert rule.solve(problem, goal, below=found.peak).offsets == ()
