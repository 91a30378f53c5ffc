"""The quick judge of offsets says "right" exactly where the slow one finds nothing; it is asked first."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.problems import problems, random_problem

import tmpass._core as _core
from tmpass.packing import check as allocation
from tmpass.packing.allocate import allocate
from tmpass.packing.check import check_offsets
from tmpass.packing.problem import Buffer, Gap, Problem

FAR = 2**62


def slow(problem, offsets, capacity=None):
    """What is found without the quick judge."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(allocation, "_quick_check", lambda *_: False)
        return check_offsets(problem, offsets, capacity=capacity)


@settings(max_examples=600, deadline=None)
@given(problems(with_fixed=True, with_alignment=True), st.data(), st.none() | st.integers(0, 30))
def test_it_agrees_with_the_slow_judge(problem, data, capacity):
    offsets = [data.draw(st.integers(-1, 12)) if b.offset is None else b.offset for b in problem.buffers]
    offsets = [data.draw(st.integers(0, 12)) if data.draw(st.integers(0, 9)) == 0 else at for at in offsets]
    quick = _core.quick_check(problem.buffers, tuple(offsets), problem.alignment, FAR if capacity is None else capacity)
    assert quick == (not slow(problem, offsets, capacity))


@pytest.mark.parametrize("count", [3, 300])
def test_a_right_packing_is_right_and_one_byte_lower_is_not(count):
    problem = random_problem(3, count)
    offsets = list(allocate(problem).offsets)
    assert _core.quick_check(problem.buffers, tuple(offsets), 1, FAR)
    assert slow(problem, offsets) == check_offsets(problem, offsets) == []
    top = max(range(count), key=lambda i: offsets[i])
    offsets[top] -= 1
    assert not _core.quick_check(problem.buffers, tuple(offsets), 1, FAR)
    assert slow(problem, offsets) == check_offsets(problem, offsets) != []


def test_what_it_does_not_know_is_left_to_the_slow_judge():
    a, b = Buffer("a", 0, 1, 4), Buffer("b", 1, 2, 4)
    assert not check_offsets(Problem((a, b)), [0, 0])
    assert check_offsets(Problem((a, b), shared=((0, 1),)), [0, 4])
    assert not _core.quick_check((Buffer("a", 0, 3, 4, gaps=(Gap(1, 2),)),), (0,), 1, FAR)


@pytest.mark.parametrize("offsets", [(-1,), (FAR,), (2**63 - 1,)])
def test_offsets_beyond_all_bytes_are_not_right(offsets):
    assert not _core.quick_check((Buffer("a", 0, 1, 4),), offsets, 1, FAR)
    assert slow(Problem((Buffer("a", 0, 1, 4),), 2**40), offsets, 2**40)


@pytest.mark.parametrize("offsets", [(2**70,), (-(2**70),), (0, 0), ()])
def test_hostile_offsets_are_told_by_the_slow_judge(offsets):
    assert check_offsets(Problem((Buffer("a", 0, 1, 4),), 100), offsets, capacity=100)


def test_offsets_of_numpy_are_offsets():
    problem = Problem((Buffer("a", 0, 1, 4), Buffer("b", 0, 1, 4)))
    assert check_offsets(problem, np.array([0, 4])) == []
    assert check_offsets(problem, np.array([0, 3]))
