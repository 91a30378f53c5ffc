"""Bounds of the verifier: no packing is below them, and plans state the same."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.brute_force import needs
from support.exact import least_peak
from support.problems import small_problem

from tmpass.packing.bounds import lower_bound
from tmpass.packing.problem import Buffer, Gap, Problem
from tmpass.plans.plan import PlannedBuffer
from tmpass.verification.bounds import forced_by
from tmpass.verification.hulls import Hull


def hull(buffer: Buffer) -> Hull:
    """The hull that a buffer at offset 0 would have, cut at every step."""
    pieces = []
    for step in range(buffer.lower, buffer.upper):
        used = needs(buffer, step)
        if len(used):
            pieces.append((step, step + 1, used.start, used.stop))
    planned = PlannedBuffer(0, "m", 0, buffer.size, buffer.lower, buffer.upper, ())
    return Hull(planned, tuple(pieces), buffer.lower, buffer.upper, 0, buffer.size)


def plain(problem: Problem) -> Problem:
    """`problem` as a plan has it: alignment of the memory only, nothing fixed, empty windows at the start."""

    def gaps(buffer: Buffer) -> tuple[Gap, ...]:
        return tuple(g if g.window_lower < g.window_upper else Gap(g.lower, g.upper) for g in buffer.gaps)

    buffers = (Buffer(b.id, b.lower, b.upper, b.size, gaps=gaps(b)) for b in problem.buffers)
    return Problem(tuple(buffers), None, problem.alignment)


@given(st.integers(0, 2**32))
def test_no_packing_is_below_what_is_forced(seed):
    problem = plain(small_problem(random.Random(seed)))
    forced = forced_by(map(hull, problem.buffers), problem.alignment, 1)
    least = least_peak(problem)
    assert least is not None
    assert forced.live_bytes <= forced.peak <= least


@given(st.integers(0, 2**32))
def test_it_is_the_bound_that_allocators_state(seed):
    problem = plain(small_problem(random.Random(seed)))
    forced, bound = forced_by(map(hull, problem.buffers), problem.alignment, 1), lower_bound(problem)
    assert (forced.live_bytes, forced.peak) == (bound.live_bytes, bound.peak)


@given(st.integers(0, 2**32), st.sampled_from([4, 16]))
def test_bytes_are_set_aside_in_whole_granules(seed, rounding):
    problem = plain(small_problem(random.Random(seed)))
    rounded = Problem(tuple(b.rounded(rounding) for b in problem.buffers), None, problem.alignment)
    forced, bound = forced_by(map(hull, problem.buffers), problem.alignment, rounding), lower_bound(rounded)
    assert forced.live_bytes == bound.live_bytes


@pytest.mark.parametrize(("alignment", "peak"), [(1, 22), (16, 38)])
def test_all_but_the_topmost_end_where_another_may_begin(alignment, peak):
    buffers = [Buffer("a", 0, 2, 10), Buffer("b", 1, 3, 6), Buffer("c", 1, 2, 6)]
    forced = forced_by(map(hull, buffers), alignment, 1)
    assert (forced.peak, forced.peak_step, forced.live_bytes, forced.live_step) == (peak, 1, 22, 1)


def test_nothing_forces_nothing():
    assert forced_by((), 16, 16).peak == 0
