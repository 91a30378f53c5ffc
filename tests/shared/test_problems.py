"""Every published allocation problem can be given to the allocators."""

import pytest
from support.shared import parametrize

from tmpass.base.choices import Status
from tmpass.packing.allocate import allocate
from tmpass.packing.check import check_offsets
from tmpass.packing.problem_csv import read_problem, write_solution

CAPACITY = 1048576


@parametrize("problems/challenging/*.csv")
def test_the_challenging_set_gives_a_packing(path):
    problem = read_problem(path.read_text(), path.name, capacity=CAPACITY)
    answer = allocate(problem, minimize=False, nodes=2000)
    assert check_offsets(problem, answer.offsets) == []
    assert answer.status in (Status.OPTIMAL, Status.FEASIBLE, Status.UNKNOWN), "all of them fit, as published"


@parametrize("problems/executorch/*.csv")
def test_the_executorch_problems_are_solved(path):
    problem = read_problem(path.read_text(), path.name, capacity=None)
    answer = allocate(problem)
    assert answer.status is Status.OPTIMAL
    assert read_problem(write_solution(problem, answer.offsets), "solution", capacity=answer.peak)
    if path.name == "et_mha.csv":
        assert answer.peak == 260352


@parametrize("problems/input.12.csv")
@pytest.mark.parametrize("allocator", ["auto", "minimalloc", "place-or-postpone", "telamalloc", "first-fit"])
def test_the_example_of_minimalloc(path, allocator):
    problem = read_problem(path.read_text(), path.name, capacity=12)
    assert allocate(problem, allocator).peak == 12


@parametrize("problems/compilers/*.csv")
def test_the_problems_of_compilers_end_near_the_live_bytes(path):
    problem = read_problem(path.read_text(), path.name, capacity=None)
    answer = allocate(problem)
    share = 1.002 if len(problem.buffers) > 20_000 else 1.0
    assert answer.peak <= share * answer.live_bytes
