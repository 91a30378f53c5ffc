"""The curve on the HTML page: an inline picture with a text alternative, and the rows of `tmpass explain --curve`."""

import re
from dataclasses import replace
from html import unescape

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.pages import MODELS

from tmpass.api.plan import plan
from tmpass.base.choices import Status
from tmpass.explanation.capacity_curve import curve_of
from tmpass.explanation.curve_point import CurvePoint
from tmpass.report.curve import curve_rows
from tmpass.report.formats import csv, html, json
from tmpass.report.formats.html import emit
from tmpass.report.formats.registry import takes_facts
from tmpass.report.model_facts import ModelFacts
from tmpass.report.page.curve import curve_section

MODEL, TARGET = MODELS / "branchy.tflite", "pixel6-tpu"


def fits(size: int, streamed: int, **facts) -> CurvePoint:
    return CurvePoint(size, Status.FEASIBLE, streamed, 0, **facts)


POINTS = (
    CurvePoint(1024, Status.INFEASIBLE, 0, 0),
    fits(1500, 3072),
    fits(2048, 1024, knee=True),
    fits(4096, 0, knee=True, own=True),
)


def texts(section: str) -> list[str]:
    return [unescape(text) for text in re.findall(r"<text[^>]*>([^<]*)</text>", section)]


def boxes(section: str) -> list[tuple[float, float, float]]:
    """Left end, right end and line of each label."""
    found = re.findall(r'<text class="[a-z]+" x="([-\d.]+)" y="([-\d.]+)">([^<]*)</text>', section)
    return [(float(x), float(x) + 6.2 * len(unescape(text)), float(y)) for x, y, text in found]


def test_knees_and_the_plan_are_labelled_with_their_size_and_bytes_streamed():
    section = curve_section(POINTS, "sram")
    labels = [text for text in texts(section) if ": " in text]
    assert set(labels) == {"1.465 KiB: 3 KiB streamed", "2 KiB: 1 KiB streamed", "4 KiB: 0 B streamed (this plan)"}
    assert section.count('<circle class="knee"') == 1 + 1  # one of them is in the legend; the plan's has its own mark
    assert section.count('<circle class="own"') == section.count('<circle class="least"') == 2


def test_the_picture_has_words_for_those_who_do_not_see_it():
    section = curve_section(POINTS, "sram")
    assert 'role="img" aria-labelledby="curve-title curve-text"' in section
    (title,) = re.findall(r'<title id="curve-title">([^<]*)</title>', section)
    (words,) = re.findall(r'<desc id="curve-text">([^<]*)</desc>', section)
    assert title == "Bytes that each run moves, against the size of sram"
    assert words == (
        "The least size that fits is 1.465 KiB: 3 KiB streamed. "
        "Knees, beyond which a byte saves less than half as much: "
        "2 KiB: 1 KiB streamed; 4 KiB: 0 B streamed. This plan has 4 KiB: 0 B streamed. Beyond 4 KiB nothing is saved."
    )


def test_the_table_has_the_rows_of_the_terminal():
    section = curve_section(POINTS, "sram")
    heads, rows = curve_rows(POINTS)
    cells = [unescape(text) for text in re.findall(r"<t[hd][^>]*>([^<]*)</t[hd]>", section)]
    assert cells == [*heads, *(cell for row in rows for cell in row)]
    assert rows[-1] == ["4096 (4 KiB)", "yes", "0", "0", "all constants stay, knee, this plan"]


def test_colours_are_those_of_the_page_in_light_and_dark():
    assert not re.search(r"#[0-9a-f]{3,6}\b|rgb\(|(?:fill|stroke|style)=", curve_section(POINTS, "sram"))
    css = emit(plan(MODEL, TARGET))
    known = set(re.findall(r"--(\w+):", css))
    rules = re.findall(r"^#curve [^\n]*", css, re.MULTILINE)
    used = {name for rule in rules for name in re.findall(r"var\(--(\w+)\)", rule)}
    assert {"quiet", "ink", "strong", "line"} <= used <= known
    classes = set(re.findall(r'class="(\w+)"', curve_section(POINTS, "sram"))) - {"number", "name", "rows", "hint"}
    assert {name for name in classes if f".{name}" not in "".join(rules)} == {"least"}  # an empty circle


def test_a_page_has_the_curve_only_where_it_is_asked_for():
    made = plan(MODEL, TARGET)
    assert 'id="curve"' not in emit(made)
    points = curve_of(made, MODEL, TARGET)
    page = emit(made, None, ModelFacts(curve=points))
    assert page.count('<section id="curve">') == page.count("<svg ") == 1
    assert page.index("<canvas") < page.index('<section id="curve">') < page.index('<section id="constants"')
    for one in points:
        assert f'<td class="number">{one.size} (' in page
    assert emit(made, None, ModelFacts(curve=points)) == page


def test_without_a_limit_or_without_a_slope_there_is_a_line_instead_of_a_picture():
    assert "sram has no limit, so nothing depends on its size" in curve_section((), "sram")
    flat = curve_section((POINTS[0], fits(1500, 0, own=True)), "sram")
    assert "nothing but whether it fits depends on the size" in flat
    assert "<details open>" in flat
    for section in (curve_section((), "sram"), flat):
        assert "<svg" not in section


def test_a_plan_beyond_the_picture_or_too_small_is_marked_as_well():
    far = (*POINTS[:3], fits(4096, 0, knee=True), fits(1 << 23, 0, own=True))
    assert "8 MiB: 0 B streamed (this plan) \N{RIGHTWARDS ARROW}" in texts(curve_section(far, "sram"))
    small = (replace(POINTS[0], own=True), *POINTS[1:3], replace(POINTS[3], own=False))
    assert "1 KiB: does not fit (this plan)" in texts(curve_section(small, "sram"))
    assert "This plan has 1 KiB: does not fit." in curve_section(small, "sram")


def test_sizes_that_fit_with_transfers_are_shaded_and_have_the_bytes_moved():
    rows = (POINTS[0], fits(1200, 3072, moved=2048, own=True), *(replace(one, own=False) for one in POINTS[1:]))
    section = curve_section(rows, "sram")
    assert 'class="moves"' in section
    assert 'class="moves"' not in curve_section(POINTS, "sram")
    assert "1.172 KiB: 2 KiB moved, 3 KiB streamed (this plan)" in texts(section)
    assert "The least size that fits is 1.172 KiB: 2 KiB moved, 3 KiB streamed." in section
    heads, cells = curve_rows(rows)
    assert heads[:4] == ["size", "fits", "moved", "streamed"]
    assert cells[1][1:4] == ["with transfers", "2048", "3072"]
    assert cells[1][-1] == "least that fits, this plan"
    assert cells[2][-1] == "least without transfers"
    made = plan(MODEL, TARGET, budget="35KiB")
    (own,) = (one for one in curve_of(made, MODEL, TARGET) if one.own)
    assert made.transfers is not None
    assert (own.fits, own.moved) == (True, made.transfers.moved)


@pytest.mark.parametrize("status", ["infeasible", "unknown"])
def test_what_does_not_fit_is_shaded_and_named_as_proved_or_not(status):
    first = CurvePoint(0, Status(status), 0, 0)
    section = curve_section((first, *POINTS[1:]), "sram")
    assert 'class="unfit"' in section
    assert ("does not fit" in texts(section)) is (status == "infeasible")
    assert ("not found to fit" in texts(section)) is (status == "unknown")


def test_a_name_is_text_whatever_it_contains():
    section = curve_section(POINTS, "<script>&\x1b")
    assert "<script>" not in section
    assert "\x1b" not in section
    assert "&lt;script&gt;&amp;\\x1b" in section


@given(
    st.lists(st.tuples(st.integers(1, 10**7), st.integers(0, 10**7)), min_size=2, max_size=15, unique_by=lambda p: p[0])
)
def test_no_label_lies_over_another(drawn):
    sizes, costs = sorted(size for size, _ in drawn), sorted((cost for _, cost in drawn), reverse=True)
    points = [fits(size, cost, knee=at > 0) for at, (size, cost) in enumerate(zip(sizes, costs, strict=True))]
    placed = boxes(curve_section(points, "sram"))
    assert len(placed) == (len(points) if len(set(costs)) > 1 else 0)
    for at, (left, right, line) in enumerate(placed):
        for other, end, their in placed[:at]:
            assert right <= other or end <= left or abs(line - their) > 13


def test_formats_say_whether_they_take_facts_of_the_model():
    assert [takes_facts(form) for form in (html, json, csv)] == [True, False, False]
