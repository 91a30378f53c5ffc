"""The oracles judge everything else, so they are held against answers worked out by hand and each other."""

import pytest
from hypothesis import given, settings
from support.exact import busiest_step, cp_sat_peak, least_peak, occupied, overlaps
from support.problems import problems, random_problem

from tmpass.packing.problem import Buffer, Gap, Problem


def test_buffers_that_share_a_step_and_a_byte_overlap():
    a, b = Buffer("a", 0, 3, 4), Buffer("b", 2, 5, 4)
    assert overlaps(a, 0, b, 3)
    assert not overlaps(a, 0, b, 4)
    assert not overlaps(a, 4, b, 0)


def test_live_ranges_are_half_open():
    assert not overlaps(Buffer("a", 0, 2, 4), 0, Buffer("b", 2, 5, 4), 0)


def test_an_empty_buffer_overlaps_nothing():
    assert not overlaps(Buffer("a", 0, 2, 0), 1, Buffer("b", 0, 2, 4), 0)


def test_a_gap_frees_all_but_its_window():
    a = Buffer("a", 0, 6, 8, gaps=(Gap(2, 4), Gap(4, 5, 2, 4)))
    assert occupied(a, 10, 1) == set(range(10, 18))
    assert occupied(a, 10, 3) == set()
    assert occupied(a, 10, 4) == {12, 13}
    assert occupied(a, 10, 6) == set()
    assert not overlaps(a, 0, Buffer("b", 2, 4, 8), 0)
    assert overlaps(a, 0, Buffer("b", 2, 5, 8), 0)
    assert not overlaps(a, 0, Buffer("b", 2, 5, 8), 4)
    assert overlaps(a, 0, Buffer("b", 2, 5, 8), 3)


def example(*buffers: Buffer, alignment: int = 1) -> Problem:
    return Problem(buffers, alignment=alignment)


@pytest.mark.parametrize("peak", [least_peak, cp_sat_peak])
class TestPeak:
    def test_of_nothing_is_zero(self, peak):
        assert peak(example()) == 0

    def test_of_minimalloc_s_example_is_its_capacity(self, peak):
        ranges = [(0, 3), (3, 9), (0, 9), (9, 21), (0, 21)]
        assert peak(example(*(Buffer(f"b{i}", *r, 4) for i, r in enumerate(ranges)))) == 12

    def test_can_lie_above_the_busiest_step(self, peak):
        """Five bytes would do for every step alone, but not for all.

        In step 0 b and g fill all five, in step 6 a and c do, so b and a lie at an end; say b at 0. Step 2 is
        full too, so d is at 2 or 4. With a on top, step 4 leaves 0 and 1 to d. With a at 0, it leaves 3 and 4
        to d and f: then d is at 4, e in step 2 at 2, and f at 3 meets e in step 3.
        """
        ranges = {"a": (4, 7), "b": (0, 3), "c": (6, 7), "d": (1, 6), "e": (2, 4), "f": (3, 6), "g": (0, 1)}
        sizes = {"a": 3, "b": 2, "c": 2, "d": 1, "e": 2, "f": 1, "g": 3}
        problem = example(*(Buffer(name, *ranges[name], size) for name, size in sizes.items()))
        assert busiest_step(problem) == 5
        assert peak(problem) == 6

    def test_honours_both_alignments(self, peak):
        both = Buffer("a", 0, 1, 1), Buffer("b", 0, 1, 1, alignment=2)
        assert peak(example(*both)) == 2
        assert peak(example(*both, alignment=3)) == 4
        assert peak(example(*both, Buffer("c", 0, 1, 5), alignment=3)) == 10

    def test_counts_a_fixed_buffer_unless_it_is_empty(self, peak):
        assert peak(example(Buffer("a", 0, 1, 2, offset=9), Buffer("b", 0, 1, 5))) == 11
        assert peak(example(Buffer("a", 0, 1, 0, offset=9))) == 0

    def test_goes_around_a_fixed_buffer(self, peak):
        assert peak(example(Buffer("a", 0, 1, 2, offset=3), Buffer("b", 0, 1, 4))) == 9

    def test_of_colliding_fixed_buffers_is_none(self, peak):
        assert peak(example(Buffer("a", 0, 2, 2, offset=0), Buffer("b", 1, 3, 2, offset=1))) is None
        assert peak(example(Buffer("a", 0, 2, 2, offset=0), Buffer("b", 2, 3, 2, offset=1))) == 3

    def test_uses_gaps_and_what_their_windows_leave(self, peak):
        a = Buffer("a", 0, 3, 8, gaps=(Gap(1, 2),))
        window = Buffer("a", 0, 3, 8, gaps=(Gap(1, 2, 0, 3),))
        assert peak(example(a, Buffer("b", 1, 2, 8))) == 8
        assert peak(example(window, Buffer("b", 1, 2, 5))) == 8
        assert peak(example(window, Buffer("b", 1, 2, 6))) == 9

    def test_ignores_the_capacity(self, peak):
        assert peak(Problem((Buffer("a", 0, 1, 5),), capacity=1)) == 5


@settings(max_examples=150, deadline=None)
@given(problems(with_fixed=True, with_alignment=True, with_gaps=True))
def test_brute_force_and_cp_sat_agree(problem):
    assert least_peak(problem) == cp_sat_peak(problem)


@settings(max_examples=50, deadline=None)
@given(problems(7))
def test_they_agree_on_plain_problems(problem):
    assert least_peak(problem) == cp_sat_peak(problem)


def test_cp_sat_says_when_its_time_ran_out():
    with pytest.raises(TimeoutError):
        cp_sat_peak(random_problem(1, 200, longest=60), 0.001)


def test_cp_sat_proves_problems_of_medium_size():
    problem = random_problem(3, 40, alignments=(1, 4, 16))
    assert cp_sat_peak(problem) >= max(buffer.size for buffer in problem.buffers)


def test_a_random_problem_depends_on_nothing_but_its_arguments():
    assert random_problem(7, 30, alignments=(1, 8)) == random_problem(7, 30, alignments=(1, 8))
    assert random_problem(7, 30) != random_problem(8, 30)
    assert random_problem(7, 0).buffers == ()
    problem = random_problem(7, 500, steps=20, longest=5, max_size=9, alignments=(2,), capacity=77, alignment=4)
    assert len(problem.buffers) == 500
    assert problem.horizon <= 20
    assert (problem.capacity, problem.alignment) == (77, 4)
    assert all(b.upper - b.lower <= 5 and 1 <= b.size <= 9 and b.alignment == 2 for b in problem.buffers)
