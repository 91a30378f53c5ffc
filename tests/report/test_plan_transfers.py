"""Plans with spills and fetches in every output: what is moved, when, and from where to where."""

import json
import re
import xml.etree.ElementTree as ET
from dataclasses import replace
from fractions import Fraction

import pytest
from rich.console import Console
from support.travelling import network, planned, target

from tmpass.explanation.travels import find_travels
from tmpass.plans.diff import Limit, diff
from tmpass.plans.transfers import buffer_copies
from tmpass.report.formats import c, csv, svg
from tmpass.report.needs import memory_lines
from tmpass.report.page.data import page_data
from tmpass.report.terminal.difference import head, to_json
from tmpass.report.terminal.explanation import travel_table
from tmpass.report.terminal.picture import picture
from tmpass.report.terminal.summary import summary
from tmpass.report.terminal.tables import buffer_table, transfer_table
from tmpass.report.transfers import moved

PLAN = planned(network(), target(88, 8))
WITHOUT = planned(network(), target(200, 8))
"""`far` of 32 bytes and `old` of 16 leave once each: 96 bytes are moved."""


def text_of(table) -> str:
    console = Console(width=200, no_color=True)
    with console.capture() as capture:
        console.print(table)
    return capture.get()


def test_the_summary_says_what_is_moved():
    lines = summary(PLAN).splitlines()
    assert lines[0] == "fits         yes, with transfers; the fewest for this order and sharing"
    assert "transfers    96 B in each run: 48 B out to far, 48 B back; lower bound reached" in lines
    more = summary(replace(PLAN, transfers=replace(PLAN.transfers, lower_bound=80)))
    assert "at least 80 B for this order and sharing" in more
    assert "lower bound 80 B" in more
    assert "transfers" not in summary(WITHOUT)


def test_the_summary_of_a_model_below_its_largest_operator_names_it():
    lines = summary(planned(network(), target(48, 8))).splitlines()
    found = next(line for line in lines if line.startswith("transfers"))
    assert found == "transfers    do not help: step 3, OP, alone needs 80 B, 32 B above the capacity"


def test_the_tables_name_rows_and_copies():
    rows = text_of(buffer_table(PLAN))
    assert "buffer 1 again, fetched before step 7" in rows
    assert "copy of buffer 1, spilled before step 2" in rows
    copies = text_of(transfer_table(PLAN)).splitlines()
    assert len(copies) == 1 + 4
    assert re.search(r"2\s+spill\s+32\s+near\+\d+\s+far\+\d+\s+1 t1", copies[1])
    assert [line.split()[1] for line in copies[1:]] == ["spill", "spill", "fetch", "fetch"]


def test_a_buffer_has_one_letter_wherever_it_is():
    assert "B" in picture(PLAN, PLAN.memories[0])
    assert "B" in picture(PLAN, PLAN.memories[1])
    assert set(picture(PLAN, PLAN.memories[1])) & set("ABCDEFGHIJKLMNOP") == {"B", "C"}


def test_the_c_header_has_a_table_of_copies():
    text = c.emit(PLAN)
    rows = re.findall(r"COPY\((\d+)u, TEST_(SPILL|FETCH), (\d+)u, (\d+)u, (\d+)u\)", text)
    wanted = [
        (str(x.step), x.direction.upper(), str(x.source.offset), str(x.target.offset), str(x.bytes))
        for x in buffer_copies(PLAN)
    ]
    assert rows == wanted
    assert "#define TEST_TRANSFERS_COUNT 4u" in text
    assert "#define TEST_TRANSFERS_MOVED 96u" in text
    assert "there up to step 1; TEST_TRANSFERS says where" in text
    assert "TRANSFERS" not in c.emit(WITHOUT)


@pytest.mark.parametrize("language", ["c", "c++"])
def test_a_firmware_can_walk_the_table(language):
    from report.test_c import compiled

    main = """
    #define ROW(step, way, from, to, bytes) {step, way, from, to, bytes},
    static const unsigned long copies[][5] = { TEST_TRANSFERS(ROW) };
    int main(void) { return sizeof copies / sizeof copies[0] == TEST_TRANSFERS_COUNT ? 0 : 1; }
    """
    done = compiled(c.emit(PLAN), language, main)
    assert (done.returncode, done.stderr) == (0, "")


def test_the_picture_has_an_arrow_for_each_end_of_a_copy():
    text = svg.emit(PLAN)
    ET.fromstring(text)
    titles = re.findall(r"<title>(spill|fetch) of (\d+) B before step (\d+)</title>", text)
    wanted = [(copy.direction.value, str(copy.bytes), str(copy.step)) for copy in buffer_copies(PLAN)]
    assert sorted(titles) == sorted(2 * wanted)
    assert "before step" not in svg.emit(WITHOUT)


def test_each_residence_is_a_row_of_the_csv():
    assert len(csv.emit(PLAN).splitlines()) == 1 + len(PLAN.buffers)


def test_the_page_knows_what_is_moved_before_each_step():
    (view,) = page_data(PLAN)["views"]
    moved = view["transfers"]
    assert sum(spilled + fetched for _, spilled, fetched in moved["steps"]) == 96
    begins = {number: kind for number, _, kind, _, _ in moved["rows"]}
    assert sorted(begins.values()) == [0, 0, 1, 1, 2, 2]
    (other,) = page_data(WITHOUT)["views"]
    assert "transfers" not in other


def test_the_page_has_the_verdict_of_the_terminal():
    (view,) = page_data(PLAN)["views"]
    verdict = summary(PLAN).splitlines()[0].removeprefix("fits         yes")
    assert (view["fits"], view["verdict"]) == (True, "fits" + verdict)


def test_the_line_for_transfers_stands_under_those_of_memories():
    lines = memory_lines(PLAN)
    assert lines[-1] == f"transfers  {moved(PLAN)}"
    assert [line[9:11] for line in lines] == ["  "] * 3
    assert {line[11] != " " for line in lines} == {True}
    assert not any("transfers" in line for line in memory_lines(WITHOUT))


def test_a_difference_has_the_bytes_that_are_moved():
    found = diff(WITHOUT, PLAN)
    assert "transfers    0 B -> 96 B in each run, +96 B" in head(WITHOUT, PLAN, found)
    assert json.loads(to_json(WITHOUT, PLAN, found, None))["transfers"] == {"old": 0, "new": 96}
    assert diff(WITHOUT, WITHOUT).transfers is None


@pytest.mark.parametrize(
    ("old", "amount", "relative", "broken"),
    [
        *[(0, 0, False, True), (0, 95, False, True), (0, 96, False, False), (0, 1000, True, True)],
        *[(64, 49, True, True), (64, 50, True, False), (64, 31, False, True)],
        *[(96, 0, True, False), (96, 0, False, False), (200, 0, True, False)],
    ],
)
def test_a_limit_on_growth_covers_the_bytes_that_are_moved(old, amount, relative, broken):
    before = (
        WITHOUT if not old else replace(PLAN, transfers=replace(PLAN.transfers, spilled=old // 2, fetched=old // 2))
    )
    found, limit = diff(before, PLAN), Limit(Fraction(amount), relative=relative)
    assert limit.broken_by_transfers(found) is broken
    assert (json.loads(to_json(before, PLAN, found, limit))["too_much"][-1:] == ["transfers"]) is broken
    assert not limit.broken_by_transfers(diff(WITHOUT, WITHOUT))


def test_explain_lists_what_leaves():
    found = find_travels(PLAN)
    assert f"{found.travellers[0].missing} B more" in text_of(travel_table(found))
