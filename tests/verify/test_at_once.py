"""The quick judge of many offsets says "right" exactly where the slow one finds nothing."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.problems import problems, random_problem

from tmpass.allocate import allocate
from tmpass.problem import Buffer, Problem
from tmpass.verify import at_once
from tmpass.verify.allocation import check_offsets


@pytest.fixture(autouse=True)
def judge_few(monkeypatch):
    monkeypatch.setattr(at_once, "MANY", 1)


@settings(max_examples=400, deadline=None)
@given(problems(with_fixed=True, with_alignment=True), st.data(), st.none() | st.integers(0, 30))
def test_it_agrees_with_the_slow_judge(problem, data, capacity):
    if not problem.buffers:
        return
    offsets = [data.draw(st.integers(-1, 12)) if b.offset is None else b.offset for b in problem.buffers]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(at_once, "MANY", 2**60)
        wrong = check_offsets(problem, offsets, capacity=capacity)
    assert at_once.surely_right(problem, offsets, capacity) == (not wrong)


def test_a_right_packing_is_right_and_one_byte_lower_is_not():
    problem = random_problem(3, 300)
    offsets = list(allocate(problem).offsets)
    assert at_once.surely_right(problem, offsets, None)
    top = max(range(300), key=lambda i: offsets[i])
    offsets[top] -= 1
    assert not at_once.surely_right(problem, offsets, None)
    assert check_offsets(problem, offsets)


def test_what_it_does_not_know_is_left_to_the_slow_judge():
    a, b = Buffer("a", 0, 1, 4), Buffer("b", 1, 2, 4)
    assert at_once.surely_right(Problem((a, b)), [0, 0], None)
    assert not at_once.surely_right(Problem((a, b), apart=((0, 1),)), [0, 0], None)
    assert not at_once.surely_right(Problem((a, b), shared=((0, 1),)), [0, 0], None)
