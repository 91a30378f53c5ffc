"""Problems check their numbers: quickly where all is right, and word by word where it is not."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tmpass import _core
from tmpass.errors import UsageError
from tmpass.problem import Buffer, Gap, Problem

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
def test_what_is_read_at_once_is_what_no_closer_look_finds_fault_with(drawn, alignment):
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


def test_equal_problems_are_equal_however_they_were_read():
    one, other = (Problem((Buffer("a", 0, 1, 4),)) for _ in range(2))
    assert one == other
    assert one.native is one.native is not other.native
