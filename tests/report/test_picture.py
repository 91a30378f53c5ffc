"""The arena as text: each cell shows the buffer at its centre."""

import re
from dataclasses import replace
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.graphs import Sketch, chain, graph_of, graphs

from tmpass.api.plan import plan
from tmpass.loading.load import Model
from tmpass.packing.problem import Gap
from tmpass.plans.model_info import ModelInfo
from tmpass.plans.plan import MemoryUse, PlannedBuffer, PlannedConstant
from tmpass.report.terminal.picture import letter, picture

BASE = plan(Model(ModelInfo("test", "test", "0" * 64), chain(4, 4)))


def plan_of(*buffers, capacity=None):
    """A plan of (offset, size, lower, upper)."""
    planned = tuple(PlannedBuffer(i, "m", *b, tensors=()) for i, b in enumerate(buffers))
    peak = max((b.offset + b.size for b in planned if b.size), default=0)
    return replace(BASE, buffers=planned, memories=(MemoryUse("m", capacity, 1, peak, peak, peak),))


def cells(text):
    """The rows of a picture, the lowest addresses first, without margin, axes and the line of the capacity."""
    rows = [line[12:] for line in text.splitlines() if line[11] == "|" and not line[12:].startswith("=")]
    return rows[::-1]


def width(steps):
    """At most five columns for a step, and 68 for all."""
    return next((steps * wide for wide in (5, 4, 3, 2, 1) if steps * wide <= 68), 68)


def test_a_small_one():
    text = picture(plan_of((0, 2, 0, 8), (2, 2, 4, 8), (5, 1, 0, 1)))
    assert text.splitlines() == [
        "        6 B|CCCCC...................................",
        "           |........................................",
        "           |....................BBBBBBBBBBBBBBBBBBBB",
        "           |....................BBBBBBBBBBBBBBBBBBBB",
        "           |AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
        "           |AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
        "          0+----------------------------------------",
        "            0                                      7",
        "                                  ^ peak step 4, 4 B",
    ]


def test_the_capacity_is_above_a_plan_that_fits_and_within_one_that_does_not():
    for capacity, below, words in ((7, 6, "85.7 % used"), (6, 6, "100.0 % used"), (4, 4, "150.0 % needed")):
        lines = picture(plan_of((0, 6, 0, 8), capacity=capacity)).splitlines()
        line = f"        {capacity} B|= capacity, {words} "
        assert lines.index(f"{line:=<52}") == 6 - below
    assert "        0 B|= capacity ====" in picture(plan_of((0, 6, 0, 8), capacity=0))
    assert "capacity" not in picture(plan_of((0, 6, 0, 8)))
    assert picture(plan_of((0, 6, 0, 1), capacity=6)).startswith("        6 B|=====\n")


def test_a_window_is_drawn_without_the_free_bytes_beside_it():
    made = plan_of((0, 4, 0, 3))
    made = replace(made, buffers=(replace(made.buffers[0], gaps=(Gap(1, 2, 1, 3), Gap(2, 3))),))
    assert cells(picture(made)) == ["AAAAA..........", "AAAAAAAAAA.....", "AAAAAAAAAA.....", "AAAAA.........."]


@settings(max_examples=100, deadline=None)
@given(st.integers(1, 400), st.data())
def test_the_mark_points_at_the_peak_step(steps, data):
    at = data.draw(st.integers(0, steps - 1))
    made = plan_of((0, 5, 0, steps), (5, 1, at, at + 1))
    *_, mark = picture(made).splitlines()
    assert len(mark) <= 80
    assert mark.strip("^ ") == f"peak step {at}, 6 B"
    assert mark.index("^") == 12 + min((2 * at + 1) * width(steps) // (2 * steps), width(steps) - 1)


@settings(max_examples=100, deadline=None)
@given(graphs(), st.none() | st.integers(0, 2**20))
def test_in_colour_it_is_the_same_picture(graph, budget):
    made = plan(Model(ModelInfo("test", "test", "0" * 64), graph), budget=budget)
    coloured = picture(made, colour=True)
    assert re.sub(r"\x1b\[[0-9;]*m", "", coloured) == picture(made)
    assert ("\x1b[38;5;16;48;5;" in coloured) == any(c != "." for row in cells(picture(made)) for c in row)
    assert all(line.count("\x1b") % 2 == 0 for line in coloured.splitlines())


def rectangles(largest, last):
    """Buffers that do not overlap, one above the other, with gaps between."""
    sizes = st.integers(1, largest)
    row = st.tuples(st.integers(0, largest), sizes, st.integers(0, last), st.integers(1, last))

    def stack(rows):
        top, made = 0, []
        for gap, size, lower, length in rows:
            made.append((top + gap, size, lower, lower + length))
            top += gap + size
        return made

    return st.lists(row, max_size=8).map(stack)


@settings(max_examples=300, deadline=None)
@given(rectangles(10, 9) | rectangles(2**50, 300) | rectangles(1000, 2**30))
def test_each_cell_shows_the_buffer_at_its_centre(buffers):
    made = plan_of(*buffers)
    rows = cells(picture(made))
    steps = max((upper for *_, upper in buffers), default=1)
    height = max(made.memories[0].peak, 1)
    assert (len(rows), len(rows[0])) == (min(20, height), width(steps))
    for r, row in enumerate(rows):
        for c, cell in enumerate(row):
            time, address = Fraction(2 * c + 1, 2 * len(row)) * steps, Fraction(2 * r + 1, 2 * len(rows)) * height
            there = [
                letter(i)
                for i, (offset, size, lower, upper) in enumerate(buffers)
                if lower <= time < upper and offset <= address < offset + size
            ]
            assert cell == (there[0] if there else ".")


@settings(max_examples=100, deadline=None)
@given(graphs())
def test_at_most_80_columns_for_any_graph(graph):
    check_form(picture(plan(Model(ModelInfo("test", "test", "0" * 64), graph))))


def check_form(text):
    lines = text.splitlines()
    assert text.endswith("\n")
    assert all(len(line) <= 80 for line in lines)
    assert len(lines) <= 24
    axis = next(at for at, line in enumerate(lines) if line[11] == "+")
    assert axis + 2 <= len(lines) <= axis + 3
    assert len({len(line) for line in lines[: axis + 1]}) == 1
    assert {line[11] for line in lines[:axis]} == {"|"}
    return [line for line in lines[: axis + 2] if not line[12:].startswith("=")]


@pytest.mark.parametrize("steps", [0, 1, 2, 67, 68, 69, 500])
def test_the_axis_names_the_first_and_the_last_step(steps):
    made = plan(Model(ModelInfo("test", "test", "0" * 64), chain(*(8 for _ in range(steps + 1)))))
    lines = check_form(picture(made))
    assert len(lines[0]) == 12 + width(max(steps, 1))
    assert lines[-1].replace(" ", "") == (f"0{steps - 1}" if steps > 1 else "0")
    if steps > 1:
        assert (lines[-1][12], lines[-1][-1]) == ("0", str(steps - 1)[-1])
        assert len(lines[-1]) == len(lines[0])


def test_a_plan_of_nothing():
    assert picture(plan_of()).splitlines() == ["        0 B|.....", "          0+-----", "            0"]


def test_a_model_of_nothing():
    check_form(picture(plan(Model(ModelInfo("test", "test", "0" * 64), graph_of(Sketch())))))


@pytest.mark.parametrize(
    ("peak", "label"), [(1023, "1023 B"), (1024, "1 KiB"), (1020000, "996.1 KiB"), (2**62, "4194304 TiB")]
)
def test_the_top_is_labelled_with_the_peak(peak, label):
    assert check_form(picture(plan_of((0, peak, 0, 1))))[0] == f"{label:>11}|AAAAA"


def test_letters_repeat_after_62():
    assert len({letter(i) for i in range(62)}) == 62
    assert letter(62) == letter(0) == "A"


def test_buffers_of_no_bytes_are_not_drawn():
    assert cells(picture(plan_of((0, 0, 0, 1), (0, 1, 0, 1)))) == ["BBBBB"]


def test_another_memory():
    made = plan_of((0, 1, 0, 1))
    far = replace(made.memories[0], name="far", peak=2)
    made = replace(
        made, memories=(*made.memories, far), buffers=(*made.buffers, PlannedBuffer(1, "far", 1, 1, 0, 1, ()))
    )
    assert cells(picture(made)) == ["AAAAA"]
    assert cells(picture(made, far)) == [".....", "BBBBB"]


def with_constants(made, *rows):
    """The plan with constants of (offset, size, lower, upper, use) in its memory."""
    held = tuple(PlannedConstant(i, "m", *row[:4], tensors=(), use=row[4]) for i, row in enumerate(rows))
    return replace(made, constants=held)


def test_constants_that_stay_and_those_that_are_streamed():
    made = with_constants(
        plan_of((0, 4, 0, 4), capacity=12), (6, 4, 0, 4, "resident"), (4, 2, 1, 2, "streamed"), (10, 2, 0, 4, "stored")
    )
    text = picture(made)
    assert cells(text) == [*["A" * 20] * 4, *[".....~~~~~.........."] * 2, *["#" * 20] * 6]
    assert text.startswith("       12 B|=")
    assert "\x1b[" not in text
    assert "\x1b[38;5;16;48;5;250m####" in picture(made, colour=True)


def test_the_line_of_the_capacity_leaves_reserve_and_runtime_out():
    made = plan_of((0, 10, 0, 8), capacity=20)
    made = replace(made, memories=(replace(made.memories[0], reserve=4, overhead=2),))
    line = picture(made).splitlines()[0]
    assert line.startswith("       14 B|= capacity less runtime and reserve ")
    short = replace(made, memories=(replace(made.memories[0], overhead=0),))
    assert picture(short).splitlines()[0].startswith("       16 B|= capacity less reserve, 70.0 % used ")
