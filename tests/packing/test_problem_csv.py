"""Problem files: those of MiniMalloc and idealloc are read, and those that are written read back the same."""

import contextlib
import os
import time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.exact import busiest_step
from support.problems import problems

from tmpass.base.errors import UsageError
from tmpass.packing.problem import Buffer, Gap, Memory, Problem
from tmpass.packing.problem_csv import read_problem, write_problem, write_solution

SHARED = Path(__file__).parents[3] / "shared" / "problems"
FILES = sorted(SHARED.glob("**/*.csv"))


def read(text: str, **options: int | None) -> Problem:
    return read_problem(text, "p.csv", **{"capacity": None, **options})


def refusal(text: str) -> UsageError:
    with pytest.raises(UsageError) as caught:
        read(text)
    return caught.value


class TestRead:
    def test_minimalloc_s_columns(self):
        problem = read("id,lower,upper,size\nb1,0,3,4\nb2,3,9,4\n", capacity=12, alignment=4)
        assert problem == Problem((Buffer("b1", 0, 3, 4), Buffer("b2", 3, 9, 4)), 12, 4)

    @pytest.mark.parametrize("lower", ["lower", "start", "begin"])
    @pytest.mark.parametrize("name", ["id", "buffer", "buffer_id"])
    def test_every_name_of_a_column_in_any_order(self, name, lower):
        assert read(f"size,upper,{name},{lower}\n4,9,x,3\n").buffers == (Buffer("x", 3, 9, 4),)

    def test_end_is_inclusive_in_live_ranges_and_gaps(self):
        problem = read("start,size,buffer,end,gaps\n6,18,1,11,7-8\n")
        assert problem.buffers == (Buffer("1", 6, 12, 18, gaps=(Gap(7, 9),)),)

    def test_optional_columns(self):
        problem = read("id,lower,upper,size,alignment,hint,gaps,offset\na,0,9,32,16,7,1-2 4-6@3:5,48\n")
        gaps = Gap(1, 2), Gap(4, 6, 3, 5)
        assert problem.buffers == (Buffer("a", 0, 9, 32, 16, offset=48, hint=7, gaps=gaps),)

    @pytest.mark.parametrize("cells", [",,,", " , ,  , ", ",-1,,"])
    def test_empty_cells_stand_for_the_default(self, cells):
        problem = read(f"id,lower,upper,size,alignment,hint,gaps,offset\na,0,9,32,{cells}\n")
        assert problem.buffers == (Buffer("a", 0, 9, 32),)

    def test_gaps_are_put_in_order(self):
        assert read("id,lower,upper,size,gaps\na,0,9,4,5-6 1-2\n").buffers[0].gaps == (Gap(1, 2), Gap(5, 6))

    def test_rows_are_counted_where_there_is_no_id(self):
        assert [b.id for b in read("lower,upper,size\n0,1,4\n\n0,2,4\n").buffers] == ["0", "1"]

    def test_no_rows(self):
        assert read("id,lower,upper,size\n").buffers == ()

    @pytest.mark.parametrize("end", ["\n", "\r\n", "\r", "\n\n", "\n  \n"])
    def test_line_ends_and_blank_lines(self, end):
        text = end.join(["\ufeffid, lower , upper,size", "a, 0 ,3,4", "b,1,2,5"])
        assert read(text).buffers == (Buffer("a", 0, 3, 4), Buffer("b", 1, 2, 5))

    def test_quoted_ids(self):
        assert read('lower,upper,size,id\n0,1,2, "a,""b"\n').buffers[0].id == 'a,"b'

    def test_idealloc_has_no_header_and_further_columns(self):
        buffers = Buffer("0", 5, 9, 64), Buffer("1", 6, 8, 32)
        assert read("0,5,9,64,1,0\n1,6,8,32,1,77\n").buffers == buffers
        assert read("0,5,9,64\n1,6,8,32\n").buffers == buffers

    def test_the_largest_numbers(self):
        assert read(f"id,lower,upper,size\na,0,{2**31 - 1},{2**61}\n").buffers[0].size == 2**61


class TestRefuse:
    def test_says_file_line_column_cell_and_what_is_expected(self):
        error = refusal("id,lower,upper,size\na,0,3,4\n\nb,1,x7,4\n")
        assert error.where == "p.csv, line 4, column upper"
        assert error.what == "'x7' is not a whole number from 0 to 2^62"
        assert error.hint

    def test_names_a_column_as_the_file_does(self):
        assert refusal("id,begin,end,size\na,?,3,4\n").where == "p.csv, line 2, column begin"

    @pytest.mark.parametrize("number", ["-1", "+1", "1.0", "1e3", "0x10", "1_000", "٣", "²", "1 2", str(2**62 + 1)])
    def test_an_invalid_whole_number(self, number):
        assert repr(number) in refusal(f"id,lower,upper,size\na,0,3,{number}\n").what

    @pytest.mark.parametrize("column", ["lower", "size", "alignment", "hint", "offset", "gaps"])
    def test_a_number_of_a_hundred_thousand_digits_at_once(self, column):
        columns = {"id": "a", "lower": "0", "upper": "9", "size": "4"} | {column: "9" * 100_000}
        begun = time.process_time()
        error = refusal(f"{','.join(columns)}\n{','.join(columns.values())}\n")
        assert time.process_time() - begun < 0.5
        assert error.where == f"p.csv, line 2, column {column}"
        assert len(str(error)) < 250

    def test_an_empty_cell_of_a_required_column(self):
        assert "empty" in refusal("id,lower,upper,size\na,,3,4\n").what

    @pytest.mark.parametrize(
        "gap", ["1", "1-2-3", "a-b", "1-2@", "1-2@3", "1-2@3:", "-1-2", "1-2;3-4", "1-99999999999999999999"]
    )
    def test_an_invalid_gap(self, gap):
        error = refusal(f"id,lower,upper,size,gaps\na,0,9,8,{gap}\n")
        assert repr(gap) in error.what
        assert "lower-upper@window_lower:window_upper" in error.what

    @pytest.mark.parametrize("gap", ["3-3", "4-3", "8-10", "1-3 2-4", "1-2@5:4", "1-2@0:9"])
    def test_a_gap_that_does_not_fit_its_buffer(self, gap):
        error = refusal(f"id,lower,upper,size,gaps\nz,0,9,8,\na,0,9,8,{gap}\n")
        assert error.where == "p.csv, line 3, buffer 'a'"

    def test_a_buffer_that_the_problem_refuses(self):
        error = refusal("id,lower,upper,size\na,0,3,4\nb,5,5,4\n")
        assert error.where == "p.csv, line 3, buffer 'b'"
        assert "[5, 5)" in error.what

    def test_a_sum_above_the_largest_size(self):
        error = refusal(f"id,lower,upper,size\na,0,3,{2**61}\nb,0,3,{2**61}\n")
        assert error.where == "p.csv"
        assert "add up" in error.what

    def test_an_error_in_an_option_does_not_name_the_file(self):
        with pytest.raises(UsageError) as caught:
            read("id,lower,upper,size\na,0,3,4\n", alignment=0)
        assert caught.value.where == ""

    def test_an_unknown_column(self):
        error = refusal("id,lower,upper,sise\na,0,3,4\n")
        assert "'sise'" in error.what
        assert "size" in error.hint
        assert error.where == "p.csv, line 1"

    @pytest.mark.parametrize(
        "header", ["id,buffer,lower,upper,size", "id,lower,upper,end,size", "id,lower,upper,size,size"]
    )
    def test_two_columns_of_one_meaning(self, header):
        assert "have the same meaning" in refusal(header + "\n").what

    @pytest.mark.parametrize(
        ("header", "missing"),
        [("id,upper,size", "'begin'"), ("id,lower,size", "'end'"), ("id,lower,upper", "'size'")],
    )
    def test_a_missing_column(self, header, missing):
        assert missing in refusal(header + "\n").what

    @pytest.mark.parametrize("row", ["a,0,3", "a,0,3,4,5"])
    def test_a_row_of_another_length(self, row):
        assert refusal(f"id,lower,upper,size\n{row}\n").where == "p.csv, line 2"

    def test_a_short_row_without_a_header(self):
        assert "3 cells" in refusal("0,1,2\n").what
        assert refusal("0,1,2,3\n1,2,3\n").where == "p.csv, line 2"

    def test_an_id_that_stands_twice(self):
        error = refusal("id,lower,upper,size\na,0,3,4\nb,0,3,4\na,0,3,4\n")
        assert error.where == "p.csv, line 4"
        assert "line 2" in error.what

    @pytest.mark.parametrize("text", ["", "\n\n", "\ufeff"])
    def test_an_empty_file(self, text):
        assert refusal(text).where == "p.csv"

    @pytest.mark.parametrize(
        "text", ['id,lower,upper,size\n"a,0,3,4\n', 'id,lower,upper,size\n"a"b,0,3,4\n', "a" * 200_000]
    )
    def test_invalid_csv(self, text):
        assert "not valid CSV" in refusal(text).what


@given(st.text(st.sampled_from('id,lowerupsz0123456789-@: "\n\r\ufeff\0x'), max_size=80))
def test_any_text_is_a_problem_or_refused(text):
    for given_text in (text, "id,lower,upper,size,gaps,offset\n" + text):
        with contextlib.suppress(UsageError):
            assert read(given_text).horizon >= 0


class TestWrite:
    def test_a_solution_has_minimalloc_s_columns(self):
        problem = Problem((Buffer("b1", 0, 3, 4), Buffer("b2", 3, 9, 4)))
        assert write_solution(problem, [8, 0]) == "id,lower,upper,size,offset\nb1,0,3,4,8\nb2,3,9,4,0\n"

    def test_optional_columns_only_where_a_buffer_has_one(self):
        gaps = Gap(1, 2), Gap(4, 6, 0, 5)
        problem = Problem((Buffer("a", 0, 9, 32, 16, hint=7, gaps=gaps), Buffer("b", 0, 9, 8)))
        assert write_solution(problem, [0, 32]) == (
            "id,lower,upper,size,alignment,hint,gaps,offset\n"
            "a,0,9,32,16,7,1-2 4-6@0:5,0\n"
            "b,0,9,8,1,-1,,32\n"
        )  # fmt: skip

    @pytest.mark.parametrize("name", [" a", "a ", "", " ", "a,b", 'say "a"', "a\nb", "\r", "\ufeff", "é/a:0", "-1"])
    def test_any_id_survives(self, name):
        problem = Problem((Buffer(name, 0, 9, 4),))
        assert read(write_problem(problem)) == problem

    def test_an_id_is_quoted_only_where_it_must_be(self):
        text = write_problem(Problem((Buffer("x y/z:0", 0, 9, 4), Buffer("a,b", 0, 9, 4))))
        assert text == 'id,lower,upper,size\nx y/z:0,0,9,4\n"a,b",0,9,4\n'

    def test_a_problem_has_offsets_only_where_they_are_fixed(self):
        free, fixed = Buffer("a", 0, 9, 4), Buffer("b", 0, 9, 4, offset=4)
        assert write_problem(Problem((free,))) == "id,lower,upper,size\na,0,9,4\n"
        assert write_problem(Problem((free, fixed))) == "id,lower,upper,size,offset\na,0,9,4,\nb,0,9,4,4\n"


class TestMemoriesAndPairs:
    MEMORIES = (Memory("sram", 0, 64), Memory("dram", 64))

    def test_the_columns(self):
        text = "id,lower,upper,size,memory,share,apart\na,0,3,4,sram dram,b,\nb,0,3,4,,a,c\nc,0,3,4,dram,,b b\n"
        problem = read_problem(text, "p.csv", capacity=None, memories=self.MEMORIES)
        assert [b.memories for b in problem.buffers] == [("sram", "dram"), (), ("dram",)]
        assert (problem.shared, problem.apart) == (((0, 1),), ((1, 2),))

    @pytest.mark.parametrize("column", ["share", "apart"])
    @pytest.mark.parametrize(
        ("name", "what"), [("x", "'x' is not the id of a buffer"), ("a", "'a' is the buffer itself")]
    )
    def test_an_unknown_partner_names_line_and_column(self, column, name, what):
        error = refusal(f"id,lower,upper,size,{column}\nb,0,1,4,\na,0,3,4,{name}\n")
        assert (error.where, error.what) == (f"p.csv, line 3, column {column}", what)

    def test_an_unknown_memory_names_line_and_buffer(self):
        error = refusal("id,lower,upper,size,memory\na,0,3,4,sram\n")
        assert error.where == "p.csv, line 2, buffer 'a'"
        assert "asks for memory sram" in error.what

    @settings(deadline=None)
    @given(problems(min_size=1, with_memories=True, with_shared=True, with_apart=True, with_hints=True))
    def test_they_read_back_as_they_were_written(self, problem):
        back = read_problem(write_problem(problem), "p.csv", capacity=None, memories=problem.memories)
        assert back.buffers == problem.buffers
        for kind in ("shared", "apart"):
            pairs = ({frozenset(pair) for pair in getattr(p, kind)} for p in (back, problem))
            assert next(pairs) == next(pairs)


@st.composite
def named_problems(draw: st.DrawFn) -> Problem:
    """A drawn problem with everything that a file can hold, with names that need quotes."""
    problem = draw(problems(min_size=1, with_fixed=True, with_alignment=True, with_gaps=True, with_capacity=True))
    count = len(problem.buffers)
    names = draw(st.lists(st.text(), min_size=count, max_size=count, unique=True))
    hints = draw(st.lists(st.none() | st.integers(0, 2**40), min_size=count, max_size=count))
    buffers = tuple(
        Buffer(name, b.lower, b.upper, b.size, b.alignment, b.offset, hint, b.gaps)
        for name, hint, b in zip(names, hints, problem.buffers, strict=True)
    )
    return Problem(buffers, problem.capacity, problem.alignment)


@settings(deadline=None)
@given(named_problems())
def test_a_problem_reads_back_as_it_was_written(problem):
    assert read(write_problem(problem), capacity=problem.capacity, alignment=problem.alignment) == problem


@settings(deadline=None)
@given(named_problems(), st.data())
def test_a_solution_reads_back_as_the_problem_with_its_offsets_fixed(problem, data):
    offsets = [data.draw(st.integers(0, 2**20)) * problem.alignment_of(b) for b in problem.buffers]
    back = read(write_solution(problem, offsets), capacity=problem.capacity, alignment=problem.alignment)
    fixed = tuple(
        Buffer(b.id, b.lower, b.upper, b.size, b.alignment, offset, b.hint, b.gaps)
        for b, offset in zip(problem.buffers, offsets, strict=True)
    )
    assert back == Problem(fixed, problem.capacity, problem.alignment)


def test_a_hundred_thousand_rows_are_read_in_time():
    count = 100_000
    problem = Problem(tuple(Buffer(f"b{i}", i, i + 5, i + 1, 16) for i in range(count)))
    text = write_solution(problem, [0] * count)
    begun = time.process_time()
    assert len(read(text).buffers) == count
    assert time.process_time() - begun < 5  # measured 0.5: the rest is for slow machines


def test_the_shared_problems_are_there():
    if not FILES and os.environ.get("TMPASS_REQUIRE_SHARED") != "1":
        pytest.skip("no shared problems beside the repository")
    assert len(FILES) >= 20


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_the_shared_problems_are_read(path):
    text = path.read_text()
    problem = read_problem(text, path.name, capacity=2**20)
    assert len(problem.buffers) == len(text.split()) - 1
    assert write_problem(problem).split() == text.split()


def test_minimalloc_s_example_needs_its_capacity():
    if not SHARED.exists():
        pytest.skip("no shared problems beside the repository")
    problem = read_problem((SHARED / "input.12.csv").read_text(), "input.12.csv", capacity=12)
    assert busiest_step(problem) == 12
