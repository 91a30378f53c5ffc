"""The check of packings: each law broken once, and no legal packing refused."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.exact import legal
from support.problems import problems

from tmpass.base.errors import UsageError
from tmpass.packing.check import check_offsets
from tmpass.packing.problem import Buffer, Gap, Memory, Problem

EVERYTHING = problems(
    4, with_fixed=True, with_alignment=True, with_gaps=True, with_memories=True, with_shared=True, with_apart=True,
    max_size=4, max_step=4,
)  # fmt: skip


@settings(max_examples=1000, deadline=None)
@given(EVERYTHING, st.data())
def test_it_agrees_with_the_definition(problem, data):
    offsets = [data.draw(st.integers(0, 8)) if b.offset is None else b.offset for b in problem.buffers]
    for one, two in problem.shared if data.draw(st.booleans()) else ():
        offsets[two] = offsets[one]
    assert (check_offsets(problem, offsets) == []) == legal(problem, offsets)


A, B = Buffer("a", 0, 2, 4), Buffer("b", 1, 3, 4)
MEMORIES = Memory("sram", 0, 6), Memory("dram", 8)


@pytest.mark.parametrize("offset", [0.0, 0.5, np.float64(4), "0", None, float("nan")])
@pytest.mark.parametrize("more", [{}, {"memories": MEMORIES}, {"shared": ((0, 1),)}, {"apart": ((0, 1),)}])
def test_what_is_not_a_whole_number_is_refused(offset, more):
    with pytest.raises(UsageError, match=r"buffer b: the offset .* is not a whole number"):
        check_offsets(Problem((A, B), **more), [0, offset])


@pytest.mark.parametrize(
    ("problem", "offsets", "kind", "message"),
    [
        (Problem((A, B)), [0, 3], "overlap", "a and b share bytes 3..3 at step 1"),
        (Problem((A,), memories=MEMORIES), [4], "memory", "a at 4 is not inside one of its memories"),
        (Problem((replace(A, memories=("dram",)),), memories=MEMORIES), [0], "memory", "a at 0 is not inside"),
        (Problem((A, B), shared=((0, 1),)), [0, 4], "shared", "a is at 0, but shares with b at 4"),
        (Problem((A, B), apart=((0, 1),)), [0, 4], "apart", "a and b must be apart, but touch at byte 4 at step 1"),
        (Problem((A, B), apart=((1, 0),)), [4, 0], "apart", "b and a must be apart, but touch at byte 4 at step 1"),
        (
            Problem((replace(A, gaps=(Gap(1, 2, 0, 2),)), B), apart=((0, 1),)),
            [0, 2],
            "apart",
            "a and b must be apart, but touch at byte 2 at step 1",
        ),
    ],
)
def test_one_broken_law_each(problem, offsets, kind, message):
    (violation,) = check_offsets(problem, offsets)
    assert violation.kind == kind
    assert violation.message.startswith(message)


@pytest.mark.parametrize(
    ("problem", "offsets"),
    [
        (Problem((A, B), apart=((0, 1),)), [0, 5]),
        (Problem((A, replace(B, lower=2)), apart=((0, 1),)), [0, 4]),  # they do not meet
        (Problem((A, B), shared=((0, 1),)), [3, 3]),
        (Problem((A, B, replace(A, id="c")), shared=((0, 1), (1, 2))), [3, 3, 3]),  # a and c, through b
        (Problem((A, B), memories=MEMORIES), [2, 8]),
    ],
)
def test_allowed_packings(problem, offsets):
    assert check_offsets(problem, offsets) == []
