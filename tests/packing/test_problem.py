"""Problems check their numbers: quickly where all are valid, and with an error for each that is not."""

import copy
import pickle

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import tmpass._core as _core
from tmpass.base.errors import UsageError
from tmpass.packing.allocate import allocate
from tmpass.packing.problem import Buffer, Gap, Memory, Problem

numbers = st.sampled_from((-1, 0, 1, 2, 3, 4, 8, 2**31 - 1, 2**31, 2**61, 2**62, 2**62 + 1, 2**63, 2**64))
small = st.integers(0, 4)
buffers = st.builds(
    Buffer,
    st.just("b"),
    small | numbers,
    st.integers(1, 9) | numbers,
    small | numbers,
    st.sampled_from((1, 2, 4)) | numbers,
    st.none() | small | numbers,
    st.none() | small | numbers,
    st.just(()) | st.lists(st.builds(Gap, small, st.integers(1, 9), small, small), max_size=2).map(tuple),
)


@settings(max_examples=2000, deadline=None)
@given(st.lists(buffers, max_size=3).map(tuple), st.sampled_from((1, 2, 3, 2**20, 2**31)))
def test_reading_accepts_exactly_what_the_checks_accept(drawn, alignment):
    problem = Problem((), None, alignment)
    object.__setattr__(problem, "buffers", drawn)
    try:
        problem._check_buffers(0)
    except UsageError:
        with pytest.raises((ValueError, OverflowError)):
            _core.Problem.read(drawn, alignment)
        with pytest.raises(UsageError):
            Problem(drawn, None, alignment)
    else:
        _core.Problem.read(drawn, alignment)
        Problem(drawn, None, alignment)


@pytest.mark.parametrize(
    "odd",
    [
        Buffer("b", 0, 1, 4.0),
        Buffer("b", 0, 1, "4"),
        Buffer("b", 0, 1, None),
        Buffer("b", 0, 1, 4, offset=0.0),
        Buffer("b", 0, 1, 4, gaps=(Gap(0, 1, 0.0),)),
        Buffer("b", 0.0, 1, 4),
    ],
    ids=str,
)
def test_invalid_numbers_are_refused(odd):
    for memories in ((), (Memory("sram", 0, 100),)):
        with pytest.raises(UsageError, match=r"buffer b: has the number .*; steps and bytes are whole numbers"):
            Problem((odd,), memories=memories)


@pytest.mark.parametrize(("size", "own"), [(-(2**63), 1), (4, 0), (4, -(2**63))])
@pytest.mark.parametrize("alignment", [1, 0, -4, -(2**63), 2**62])
def test_direct_calls_with_what_no_problem_has_are_refused_or_answered_no(size, own, alignment):
    odd = Buffer("b", 0, 1, size, own, 0)
    with pytest.raises(ValueError, match="out of range"):
        _core.Problem.read((odd,), alignment)
    with pytest.raises(ValueError, match="out of range"):
        _core.step_bound((odd,), alignment)
    assert not _core.quick_check((odd,), (0,), alignment, 100)


def test_lists_are_taken_for_tuples():
    listed = Problem([Buffer("a", 0, 3, 4, gaps=[Gap(1, 2)])])
    assert allocate(listed).offsets == (0,)
    assert isinstance(listed.buffers, tuple)


def test_problems_are_pickled_and_copied():
    problem = Problem((Buffer("a", 0, 3, 4), Buffer("b", 1, 3, 4)), 100)
    for other in (pickle.loads(pickle.dumps(problem)), copy.deepcopy(problem)):
        assert other == problem
        assert allocate(other) == allocate(problem)


def test_equal_problems_are_equal_however_they_were_read():
    one, other = (Problem((Buffer("a", 0, 1, 4),)) for _ in range(2))
    assert one == other
    assert one.native is one.native is not other.native
