"""Any names of tensors, operators and memories: every format stays well-formed, and no terminal is controlled."""

import csv
import io
import json
import re
import shutil
import subprocess
from dataclasses import replace
from html.parser import HTMLParser
from xml.etree import ElementTree

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from support.pages import plan_of

from tmpass.packing.problem import Buffer, Problem
from tmpass.packing.problem_csv import read_problem, write_solution
from tmpass.plans.diff import diff
from tmpass.plans.plan import MemoryUse, Plan, PlannedConstant
from tmpass.plans.plan_json import parse_plan
from tmpass.report.formats import c, html, model_explorer, svg
from tmpass.report.formats import csv as csv_form
from tmpass.report.needs import memory_lines
from tmpass.report.terminal import difference
from tmpass.report.terminal.conflict import conflict_table, headline, to_json
from tmpass.report.terminal.constants import constant_table
from tmpass.report.terminal.picture import picture
from tmpass.report.terminal.summary import WIDTH, summary
from tmpass.report.terminal.tables import buffer_table
from tmpass.report.text import clip, one_line

HOSTILE = (
    "",
    " ",
    "a\nb\r\nc",
    "\0",
    "\x1b]0;title\x07",
    "\x1b[2J\x9b31m\x85",
    "\u202ereversed\u2066",
    "\u2028\u2029\ufeff\u00ad",
    "</script><script>alert(1)</script>",
    "<!--<script>",
    "]]>&amp;&#0;",
    "\"'`",
    "*/ int x; /*",
    "*??/\n/ int x;",
    "\\",
    "\\u202e\\",
    '#error "',
    '=HYPERLINK("http://x")',
    "a,b;c\td",
    "'; DROP",
    "[red]b[/red] :smile:",
    "${x}$data%s{0}",
    "__proto__",
    "é😀\U000e0041\ue000\uffff",
    "𝐀ǅß\u0130",
)
LONG = "n" * 400_000 + "\u202e" + "\n" * 400_000 + "</script>" * 30_000

names = st.one_of(
    st.sampled_from(HOSTILE),
    st.text(max_size=12),
    st.text(st.characters(categories=["Cc", "Cf", "Zl", "Zp", "Po", "Sm"]), max_size=12),
)
PAIR = "[\ud800-\udbff][\udc00-\udfff]"
halves = st.text(st.characters(categories=["Cs", "Cc", "Lu"]), max_size=6)
any_names = st.one_of(names, halves.filter(lambda text: not re.search(PAIR, text)))
"""With single halves of surrogate pairs, which only a caller from Python can give. JSON joins both halves of a pair."""


def plan_with(called: list[str]) -> Plan:
    """A plan of three memories in which everything that has a name has one of `called`.

    The last memory has constants only; copies of them are in the first.
    """
    count = len(called)
    made = plan_of(*((8 * i, 8, i, i + 2) for i in range(count)), names=dict(enumerate(called)))
    first, second, third = f"{called[0]}1", f"{called[-1]}2", f"{called[1]}3"
    memories = tuple(MemoryUse(name, 1 << 20, 8, 8 * count, 8, 8) for name in (first, second))
    memories += (MemoryUse(third, 1 << 20, 8, 0, 0, 0, constants=8 * count),)
    stored = [PlannedConstant(i, third, 8 * i, 8, 0, count + 1, ((0, i),)) for i in range(count)]
    copies = [replace(row, id=count + row.id, memory=first, use="resident") for row in stored]
    return replace(
        made,
        model=replace(made.model, file=f"{called[0]}.tflite"),
        target=replace(made.target, name=called[-1], memory=first),
        memories=memories,
        constants=(*stored, *copies),
        buffers=tuple(replace(b, memory=(first, second)[b.id % 2]) for b in made.buffers),
        schedule=tuple(replace(s, kind=called[s.op % count], name=called[-s.op % count]) for s in made.schedule),
        tensors=tuple(replace(t, dtype=called[0][:20], reason=called[-1]) for t in made.tensors),
    )


PLAIN = ["a", "b", "c"]


def shown(text: str) -> list[str]:
    """The lines of what a terminal gets: nothing in them steers it, and it can be encoded."""
    assert text.endswith("\n")
    lines = text[:-1].split("\n")
    assert all(line.isprintable() for line in lines), ascii(text)
    text.encode()
    return lines


def table_text(table) -> str:
    from rich.console import Console

    console = Console(width=10_000, highlight=False, markup=False, emoji=False, file=io.StringIO())
    console.print(table)
    return "".join(f"{line.rstrip()}\n" for line in console.file.getvalue().splitlines())


three = st.lists(any_names, min_size=3, max_size=3)


@settings(deadline=None)
@given(three)
@example([LONG, "x", LONG])
def test_json_reads_back(called):
    made = plan_with(called)
    text = made.to_json()
    shown(text)
    assert [row["name"] for row in json.loads(text)["tensors"]] == called
    if not re.search("[\ud800-\udfff]", "".join(called)):
        assert parse_plan(text) == made


@settings(deadline=None)
@given(three)
def test_node_data_reads_back(called):
    text = model_explorer.emit(plan_with(called))
    shown(text)
    assert set(json.loads(text)["results"]) == set(called)


@settings(deadline=None)
@given(st.lists(names, min_size=2, max_size=6, unique=True))
def test_csv_reads_back(called):
    problem = Problem(tuple(Buffer(name, i, i + 1, 8) for i, name in enumerate(called)))
    text = write_solution(problem, [0] * len(called))
    again = read_problem(text, "p.csv", capacity=None)
    assert [b.id for b in again.buffers] == called
    rows = list(csv.reader(io.StringIO(text, newline=""), strict=True))
    assert {len(row) for row in rows} == {5}
    assert [row[0] for row in rows[1:]] == called


@settings(deadline=None)
@given(st.lists(names, min_size=3, max_size=3))
def test_the_memories_of_a_plan_stay_in_their_cells(called):
    made = plan_with(called)
    header, *rows = csv.reader(io.StringIO(csv_form.emit(made), newline=""), strict=True)
    at = header.index("memory")
    assert [row[at] for row in rows] == [b.memory for b in made.buffers]
    assert {len(row) for row in rows} == {len(header)}


class Page(HTMLParser):
    """The elements of a page, and what is in its data and its title."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements: list[str] = []
        self.data, self.title = "", ""
        self.inside = ""
        self.feed(text)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.elements.append(tag)
        self.inside = "data" if ("id", "data") in attrs else tag

    def handle_endtag(self, tag):
        del tag
        self.inside = ""

    def handle_data(self, data):
        if self.inside == "data":
            self.data += data
        elif self.inside == "title":
            self.title += data


@settings(deadline=None)
@given(three)
@example([LONG, "x", LONG])
def test_a_page_has_the_same_elements(called):
    text = html.emit(plan_with(called), plan_with(called))
    text.encode()
    page = Page(text)
    assert page.elements == Page(html.emit(plan_with(PLAIN), plan_with(PLAIN))).elements
    assert page.title.isprintable()
    assert [row[0] for row in json.loads(page.data)["views"][0]["tensors"]] == called


@settings(deadline=None)
@given(three)
@example([LONG, "x", LONG])
def test_a_picture_is_xml_of_the_same_elements(called):
    text = svg.emit(plan_with(called))
    known = {"svg", "title", "style", "rect", "text", "path", "g"}
    root = ElementTree.fromstring(text.encode())
    assert {element.tag.rpartition("}")[2] for element in root.iter()} <= known
    count = len(list(root.iter("{http://www.w3.org/2000/svg}g")))
    assert count == len(list(ElementTree.fromstring(svg.emit(plan_with(PLAIN))).iter("{http://www.w3.org/2000/svg}g")))
    assert all((element.text or "").replace("\n", "").isprintable() for element in root.iter())
    assert len(text) < 100_000


@settings(deadline=None, max_examples=20)
@given(st.lists(any_names, min_size=20, max_size=40))
@example([*HOSTILE, *HOSTILE, LONG])
def test_a_header_compiles_and_is_made_of_its_own_lines(called):
    text = c.emit(plan_with(called))
    text.encode()
    for line in text.splitlines():
        comment = re.fullmatch(r"/\* (.*) \*/", line)
        if comment:
            assert "*/" not in comment[1]
            assert "/*" not in comment[1]
            assert line.isprintable()
        else:
            assert line.isascii(), line
    macros = re.findall(r"^#define (\w+) ", text, re.MULTILINE)
    assert all(re.fullmatch(r"[A-Z][A-Z0-9_]*", name) for name in macros)
    # Besides those that are given in two ways, none is given twice.
    several = {name for name in macros if macros.count(name) > 1}
    assert all(name.endswith("_ASSERT") for name in several)
    for compiler, *standard in (["cc", "-std=c11"], ["cc", "-std=c17", "-trigraphs"], ["c++", "-std=c++11"]):
        if shutil.which(compiler) is None:
            pytest.skip(f"there is no {compiler}")
        language = "c++" if compiler == "c++" else "c"
        words = [compiler, *standard, "-Wall", "-Wextra", "-Werror", "-fsyntax-only", f"-x{language}", "-"]
        done = subprocess.run(words, input=f"{text}\nint x;\n".encode(), capture_output=True, timeout=60, check=False)
        assert done.returncode == 0, done.stderr[:2000]


@settings(deadline=None)
@given(three)
@example([LONG, "x", LONG])
def test_texts_for_people_keep_their_lines(called):
    made = plan_with(called)
    lines = shown(summary(made))
    assert len(lines) <= 12
    assert all(len(line) <= WIDTH for line in lines)
    assert len(shown(table_text(buffer_table(made)))) <= 1 + 2 * len(made.buffers)
    for memory in made.memories:
        shown(picture(made, memory))
    assert len(shown(table_text(constant_table(made)))) <= 22
    shown("".join(f"{one_line(clip(line))}\n" for line in memory_lines(made)))
    assert max(map(len, shown(table_text(buffer_table(made))))) < 10_000


@settings(deadline=None)
@given(three, three)
@example([LONG, "x", LONG], ["x", LONG, LONG])
def test_a_difference_is_in_its_lines(called, others):
    old, new = plan_with(called), plan_with(others)
    found = diff(old, new)
    assert all(len(line) < 10_000 for line in shown(difference.head(old, new, found)))
    if found.shifts:
        shown(table_text(difference.shift_table(found)))
    text = difference.to_json(old, new, found, None)
    shown(text)
    assert json.loads(text)["old"]["model"] == old.model.file


@settings(deadline=None)
@given(st.lists(any_names, min_size=2, max_size=4, unique=True))
def test_a_conflict_is_in_its_lines(called):
    from tmpass.packing.allocate import allocate
    from tmpass.packing.conflict import find_conflict

    problem = Problem(tuple(Buffer(name, 0, 2, 8) for name in called), capacity=8)
    answer = allocate(problem, nodes=10)
    conflict = find_conflict(problem, answer, nodes=10)
    shown(headline(problem, conflict))
    shown(table_text(conflict_table(problem, conflict)))
    text = to_json(problem, answer, conflict)
    shown(text)
    assert {row["id"] for row in json.loads(text)["conflict"]["buffers"]} <= set(called)
