"""`tmpass allocate`."""

import json
from pathlib import Path

import pytest

from tmpass.packing.check import check_offsets
from tmpass.packing.problem_csv import read_problem

PROBLEMS = Path(__file__).parent.parent.parent / "models" / "problems"

SMALL = """\
id,lower,upper,size
a,0,3,4
b,1,4,8
c,3,5,4
"""


@pytest.fixture
def small(tmp_path):
    path = tmp_path / "small.csv"
    path.write_text(SMALL)
    return path


def solution(text, capacity=None, alignment=1):
    """The offsets in a solution, once they are checked."""
    problem = read_problem(text, "solution", capacity=capacity, alignment=alignment)
    offsets = [b.offset for b in problem.buffers]
    assert check_offsets(problem, offsets, capacity=capacity) == []
    return offsets


def test_the_least_peak(run, small):
    done = run("allocate", small)
    assert (done.code, done.err) == (0, "")
    assert done.out == "optimal: peak 12, lower bound 12, 3 buffers, first-fit by size, 0 nodes\n"


def test_a_capacity_that_is_enough(run, small):
    done = run("allocate", small, "--capacity", "1KiB")
    assert done.code == 0
    assert "peak 12, lower bound 12, capacity 1024, 3 buffers" in done.out


def test_a_capacity_that_is_proved_too_small(run, small, tmp_path):
    done = run("allocate", small, "--capacity", 11, "-o", tmp_path / "out.csv")
    assert done.code == 1
    assert done.out.startswith("infeasible: peak 12, lower bound 12, capacity 11")
    assert not (tmp_path / "out.csv").exists()


def test_a_budget_that_ended_without_an_answer(run):
    tight = PROBLEMS / "tight.csv"
    ended = run("allocate", tight, "--capacity", 16384, "--nodes", 0)
    assert ended.code == 4
    assert ended.out.startswith("unknown: peak ")
    assert run("allocate", tight, "--capacity", 16384).out.startswith("optimal: peak 16384, ")


def test_minimize_goes_on_where_the_capacity_is_met(run):
    words = ("allocate", PROBLEMS / "tight.csv", "--capacity", "1MiB")
    assert run(*words).out.startswith("feasible: peak ")
    assert run(*words, "--minimize").out.startswith("optimal: peak 16384, ")


def test_each_allocator(run):
    words = ("allocate", PROBLEMS / "scattered.csv", "--allocator")
    assert "first-fit by" in run(*words, "first-fit").out
    assert "minimalloc" in run(*words, "minimalloc").out


def test_alignment_holds_for_every_offset(run, small):
    text = run("allocate", small, "--alignment", 16, "-o", "-").out
    assert all(offset % 16 == 0 for offset in solution(text, alignment=16))


def test_the_solution_is_the_problem_with_offsets(run, small, tmp_path):
    done = run("allocate", small, "-o", tmp_path / "out.csv")
    assert done.out.startswith("optimal: ")
    text = (tmp_path / "out.csv").read_text()
    assert [line.rpartition(",")[0] for line in text.splitlines()] == SMALL.splitlines()
    assert len(solution(text, 12)) == 3


def test_the_solution_on_standard_output_stands_alone(run, small, tmp_path):
    done = run("allocate", small, "-o", "-")
    run("allocate", small, "-o", tmp_path / "out.csv")
    assert done.out == (tmp_path / "out.csv").read_text()
    assert done.err.startswith("optimal: ")


def test_a_problem_from_standard_input(run):
    assert run("allocate", "-", stdin=SMALL).out.startswith("optimal: peak 12")


def test_a_solution_is_a_problem_that_is_solved(run, small):
    text = run("allocate", small, "-o", "-").out
    assert run("allocate", "-", "-o", "-", stdin=text).out == text


@pytest.mark.parametrize("path", sorted(PROBLEMS.glob("*.csv")), ids=lambda path: path.stem)
def test_the_problems_of_the_project(run, path):
    done = run("allocate", path, "-o", "-")
    assert done.code == 0
    solution(done.out)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "the file has no rows; begin with a header: id,lower,upper,size"),
        ("id,lower,upper,size\na,0,3,x\n", "line 2, column size: 'x' is not a whole number"),
        ("id,lower,upper,size\na,0,3\n", "line 2: 3 cells instead of 4"),
        ("id,lower,upper,size\na,3,3,1\n", "line 2, buffer 'a': lives in [3, 3)"),
        ("id,lower,upper,size,colour\n", "unknown column 'colour'"),
        ("id,lower,size\n", "no column 'upper' or 'end'"),
        ("id,lower,upper,size\na\x1b,0,1,1\na\x1b,0,1,1\n", "id 'a\\x1b' is in line 2 too"),
        ("id,lower,upper,size,offset\na,0,2,4,0\nb,1,2,4,2\n", "fixed offsets: a and b share bytes 2..3 at step 1"),
    ],
)
def test_problems_that_are_wrong(fails, text, message):
    assert message in fails(2, "allocate", "-", stdin=text)


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--capacity", "x"], "--capacity 'x' is not a size"),
        (["--alignment", "0"], "--alignment 0 is not in 1 .. 2^31; write 1 or more"),
        (["--nodes", "-1"], "--nodes -1 is not in 0 .. 2^62; write 0 or more"),
        (["--nodes", "9" * 30], "is not in 0 .. 2^62; write 2^62 or less"),
        (["--allocator", "best"], "allocator 'best' is unknown"),
        (["-o", "/none/out.csv"], "/none/out.csv: cannot write it: No such file or directory"),
    ],
)
def test_wrong_options(fails, small, words, message):
    assert message in fails(2, "allocate", small, *words)


def test_files_that_cannot_be_read(fails, tmp_path):
    assert "cannot read it: No such file" in fails(2, "allocate", tmp_path / "none.csv")
    (tmp_path / "latin.csv").write_bytes(b"id\xe9")
    assert "it is not UTF-8 text at byte 2" in fails(2, "allocate", tmp_path / "latin.csv")


def test_explain_names_the_buffers_that_cannot_fit(run, small):
    done = run("allocate", small, "--capacity", 11, "--explain")
    assert done.code == 1
    assert done.out.splitlines()[1:] == [
        "why: 2 buffers of steps 0..3 do not fit within 11 B; without any one of them the others fit",
        "     at step 1 they have 12 B alive",
        "buffer  steps  size  align",
        "a        0..2     4      1",
        "b        1..3     8      1",
        "these 2 buffers need 12 B, 1 B above the capacity",
    ]


def test_explain_names_the_buffers_that_force_the_least_peak(run):
    done = run("allocate", PROBLEMS / "unreachable.csv", "--explain")
    assert done.code == 0
    assert "7 buffers of steps 0..4 do not fit within 7167 B" in done.out
    assert "proved by search: no packing has room for all of them" in done.out
    assert done.out.endswith("these 7 buffers need 7168 B (7 KiB): no packing is lower\n")


def test_explain_one_buffer(run):
    done = run("allocate", "-", "--capacity", 5, "--explain", stdin=SMALL)
    assert "why: b alone does not fit within 5 B\n" in done.out
    assert done.out.endswith("this buffer needs 8 B, 3 B above the capacity\n")


def test_explain_a_conflict_at_any_capacity(run):
    done = run("allocate", "-", "--memory", "sram=11", "--explain", stdin=SMALL)
    assert done.code == 1
    assert "why: 2 buffers of steps 0..3 have no packing at any capacity" in done.out
    assert done.out.endswith("no capacity is enough: their memories, fixed offsets or pairs contradict each other\n")


def test_explain_where_all_fits(run, small):
    done = run("allocate", small, "--capacity", 12, "--explain")
    assert done.code == 0
    assert done.out.endswith("why: nothing to explain; --minimize tells what forces the least peak\n")


def test_explain_where_nothing_is_known(run):
    done = run("allocate", PROBLEMS / "tight.csv", "--capacity", 16384, "--nodes", 0, "--explain")
    assert done.code == 4
    assert "why: not known; neither a packing nor a proof, " in done.out


def test_explain_tells_that_the_budget_ended(run):
    words = ("allocate", PROBLEMS / "unreachable.csv", "--capacity", 6144, "--explain", "--nodes")
    done = run(*words, 60)
    assert done.code == 1
    assert "the set may not be minimal: the budget ended after" in done.out


def test_the_explanation_leaves_standard_output_to_the_solution(run, small):
    done = run("allocate", small, "-o", "-", "--explain")
    assert done.out == run("allocate", small, "-o", "-").out
    assert "these 2 buffers need 12 B: no packing is lower" in done.err


def test_the_answer_as_json(run, small):
    facts = json.loads(run("allocate", small, "--capacity", 11, "--explain", "--json").out)
    assert (facts["status"], facts["peak"], facts["capacity"], facts["buffers"]) == ("infeasible", 12, 11, 3)
    conflict = facts["conflict"]
    assert [b["id"] for b in conflict["buffers"]] == ["a", "b"]
    assert (conflict["lower_bound"], conflict["peak"], conflict["minimal"], conflict["cause"]) == (12, 12, True, "step")
    assert json.loads(run("allocate", small, "--json").out)["conflict"] is None


def test_the_example_in_the_documentation_is_the_output(run):
    docs = PROBLEMS.parent.parent / "docs" / "allocators.md"
    words = "allocate models/problems/unreachable.csv --capacity 6KiB --explain"
    _, _, rest = docs.read_text().partition(f"    $ tmpass {words}\n")
    shown = rest.partition("\n\n")[0]
    done = run("allocate", PROBLEMS / "unreachable.csv", *words.split()[2:])
    assert "\n".join(f"    {line}" for line in done.out.splitlines()) == shown
