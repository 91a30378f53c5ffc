"""Merging of buffers that share changes no least peak, against an oracle that does not merge."""

import time
from dataclasses import replace

import pytest
from hypothesis import given, settings
from support.exact import classes, least_peak, legal, occupied
from support.problems import problems

from tmpass.base.errors import UsageError
from tmpass.packing.allocate import allocate
from tmpass.packing.merge_shared import merge_shared
from tmpass.packing.problem import Buffer, Gap, Memory, Problem

ANY = problems(
    5, with_fixed=True, with_alignment=True, with_gaps=True, with_memories=True, with_shared=True, with_apart=True,
    min_size=1,
)  # fmt: skip


@settings(max_examples=500, deadline=None)
@given(ANY)
def test_the_least_peak_stays(problem):
    least = least_peak(problem)
    try:
        merged = merge_shared(problem)
    except UsageError as refusal:
        reason = refusal.what
    else:
        found = least_peak(merged.problem)
        assert merged.problem.shared == ()
        assert found == least or (not merged.exact and (found is None or found > least))
        return
    assert least is None or "a hole between them" in reason


@settings(max_examples=300, deadline=None)
@given(problems(5, with_gaps=True, with_shared=True, min_size=1))
def test_one_needs_at_each_step_what_its_buffers_need(problem):
    try:
        merged = merge_shared(problem)
    except UsageError:
        return
    for members in classes(problem):
        one = merged.problem.buffers[merged.class_of[members[0]]]
        for step in range(problem.horizon):
            assert occupied(one, 0, step) == set().union(*(occupied(problem.buffers[i], 0, step) for i in members))


def test_offsets_go_back_to_all_that_share():
    problem = Problem((Buffer("a", 0, 1, 4), Buffer("b", 0, 2, 4), Buffer("c", 1, 2, 4)), shared=((0, 2),))
    merged = merge_shared(problem)
    assert merged.offsets((0, 4)) == (0, 4, 0)
    assert merged.offsets(()) == ()
    assert legal(problem, merged.offsets((0, 4)))


def test_a_problem_without_shared_pairs_is_not_changed():
    problem = Problem((Buffer("a", 0, 1, 4), Buffer("b", 0, 2, 4)), apart=((0, 1),))
    assert merge_shared(problem).problem is problem


def test_through_others():
    four = tuple(Buffer(name, 0, 1, 4) for name in "abcd")
    assert merge_shared(Problem(four, shared=((3, 1), (0, 3)))).class_of == (0, 0, 1, 0)


def test_the_smaller_one_is_a_window_where_the_larger_one_is_dead():
    shared = Problem((Buffer("a", 0, 3, 6), Buffer("b", 2, 5, 4)), shared=((0, 1),))
    assert merge_shared(shared).problem.buffers == (Buffer("a", 0, 5, 6, gaps=(Gap(3, 5, 0, 4),)),)


def test_the_constraints_of_all_members_are_kept():
    a, b = Buffer("a", 0, 1, 4, 4, hint=8, memories=("x", "y")), Buffer("b", 0, 1, 4, 6, offset=12, memories=("y", "z"))
    memories = (Memory("x", 0, 8), Memory("y", 8, 16), Memory("z", 24))
    assert merge_shared(Problem((a, b), memories=memories, shared=((0, 1),))).problem.buffers == (
        Buffer("a", 0, 1, 4, 12, offset=12, hint=8, memories=("y",)),
    )


def test_merging_is_not_exact_where_only_one_of_the_buffers_must_be_apart():
    """The buffer made of a and b keeps apart from c as a whole, though b alone may touch c."""
    a, b, c = Buffer("a", 0, 2, 4), Buffer("b", 2, 4, 4), Buffer("c", 1, 4, 4)
    assert merge_shared(Problem((a, b, c), shared=((0, 1),), apart=((0, 2),))).exact is False
    assert merge_shared(Problem((a, b, c), shared=((0, 1),), apart=((0, 2), (1, 2)))).exact


def test_two_that_never_meet_may_share_and_be_apart():
    problem = Problem((Buffer("a", 0, 1, 4), Buffer("b", 1, 2, 4)), shared=((0, 1),), apart=((0, 1),))
    assert merge_shared(problem).problem.apart == ()


@pytest.mark.parametrize(
    ("first", "second", "more", "message"),
    [
        ({"offset": 0}, {"offset": 4}, {}, "buffers a, b must share, but are fixed at 0 and 4"),
        ({"memories": ("x",)}, {"memories": ("y",)}, {"memories": (Memory("x", 0, 8), Memory("y", 8))}, "no memory"),
        ({"gaps": (Gap(0, 1, 0, 1),)}, {"gaps": (Gap(0, 1, 2, 3),)}, {}, "windows with a hole between them at step 0"),
        ({}, {}, {"apart": ((0, 1),)}, "a and b must share and must be apart"),
    ],
)
def test_buffers_that_cannot_share(first, second, more, message):
    two = Buffer("a", 0, 2, 4, **first), Buffer("b", 0, 1, 4, **second)
    with pytest.raises(UsageError, match=message):
        merge_shared(Problem(two, shared=((0, 1),), **more))


def test_apart_within_a_class_is_kept_where_windows_leave_a_byte_between():
    a, b = Buffer("a", 0, 2, 1), Buffer("b", 0, 2, 3, gaps=(Gap(0, 2, 2, 3),))
    c = Buffer("c", 0, 2, 3)  # which closes what is between them
    problem = Problem((a, b, c), shared=((0, 1), (1, 2)), apart=((0, 1),))
    assert merge_shared(problem).problem.apart == ()
    near = replace(problem, buffers=(a, replace(b, gaps=(Gap(0, 2, 1, 3),)), c))
    with pytest.raises(UsageError, match="a and b must share and must be apart"):
        merge_shared(near)


@pytest.mark.parametrize("share", ["the first", "the one before"])
def test_many_that_share_are_merged_in_a_moment(share):
    count = 20_000
    buffers = tuple(Buffer(str(i), i, count + i, 64 + i) for i in range(count))
    pairs = tuple((0 if share == "the first" else i - 1, i) for i in range(1, count))
    begin = time.process_time()
    (one,) = merge_shared(Problem(buffers, shared=pairs)).problem.buffers
    assert time.process_time() - begin < 5
    assert (one.lower, one.upper, one.size) == (0, 2 * count - 1, count + 63)
    assert one.gaps[:2] == (Gap(0, 1, 0, 64), Gap(1, 2, 0, 65))


@pytest.mark.parametrize(
    ("fixed", "begin", "refused"), [(None, 4, True), (4, 4, True), (8, 4, False), (None, 5, False)]
)
def test_one_without_bytes_may_not_be_at_the_end_of_another_memory(fixed, begin, refused):
    """There it is within its memory and the others within theirs, which one buffer cannot be."""
    nothing, some = Buffer("b2", 1, 2, 0, memories=("x", "z")), Buffer("b3", 0, 2, 5, offset=fixed)
    memories = Memory("x", 1, 3), Memory("y", begin, 4 + 8 - begin), Memory("z", 16)
    problem = Problem((nothing, some), None, 4, memories, ((0, 1),))
    assert legal(problem, [4, 4]) is (begin == 4 and fixed != 8)
    if not refused:
        assert merge_shared(problem).problem.buffers[0].memories == ("x", "z")
        return
    with pytest.raises(UsageError, match="b2, without bytes, may be at the end of x, where y begins") as refusal:
        merge_shared(problem)
    assert refusal.value.hint == "let b2 be in y, too"
    helped = replace(problem, buffers=(replace(nothing, memories=("x", "y", "z")), some))
    assert allocate(helped).offsets == (4, 4)
