"""Plans with spills and fetches in every output: what is moved, when, and from where to where."""

import json
import re
import xml.etree.ElementTree as ET
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import pytest
from hypothesis import given, settings
from rich.console import Console
from support.travelling import least_with_transfers, network, planned, target, travelling, written_over

from tmpass.base.errors import UsageError
from tmpass.explanation.travels import find_travels
from tmpass.graph.model import Graph, TensorKey
from tmpass.plans.diff import Limit, diff
from tmpass.plans.plan import Plan, PlannedBuffer, PlannedConstant, PlannedTensor, PlannedTransfers
from tmpass.plans.transfers import Direction, buffer_copies, copies_by_step
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
    assert lines[0] == "fits         yes, with transfers; the fewest over all orders, with this sharing"
    assert "order        as in the file; no order moves fewer bytes with this sharing" in lines
    one = summary(replace(PLAN, transfers=replace(PLAN.transfers, any_order=0)))
    assert one.startswith("fits         yes, with transfers; the fewest for this order and sharing\n")
    assert "other orders are not judged" in one
    assert "transfers    96 B in each run: 48 B out to far, 48 B back; lower bound reached" in lines
    more = summary(replace(PLAN, transfers=replace(PLAN.transfers, lower_bound=80, any_order=72)))
    assert "another may move up to 24 B less" in more
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
    rows = re.findall(r"COPY\((\d+)u, TEST_(SPILL|FETCH), (\d+)u, (\d+)u, (\d+)u\) /\* (.*) \*/", text)
    wanted = [
        (str(x.step), x.direction.upper(), str(x.source.offset), str(x.target.offset), str(x.bytes), names_in(x.target))
        for x in buffer_copies(PLAN)
    ]
    assert rows == wanted
    assert "#define TEST_TRANSFERS_COUNT 4u" in text
    assert "#define TEST_TRANSFERS_MOVED 96u" in text
    assert "#define TEST_TRANSFERS_COUNT 0u" in c.emit(WITHOUT)
    assert "TEST_TRANSFERS(" not in c.emit(WITHOUT)


def test_constants_that_are_streamed_are_said_to_be_no_row_of_the_table():
    assert "streamed" not in c.emit(PLAN)
    constant = PlannedConstant(0, "near", 0, 8, 0, 1, ((0, 99),), "streamed")
    said = "Constants that are streamed into TEST_NEAR are not among them"
    assert said in c.emit(replace(PLAN, constants=(constant,)))


DOCS = Path(__file__).parents[2] / "docs" / "transfers-in-plans.md"
UNMOVED = replace(WITHOUT, transfers=PlannedTransfers("far", 0, 0, 0), memories=(WITHOUT.memories[0], PLAN.memories[1]))
"""A plan with transfers in which no buffer leaves, as in an order where everything fits."""


@pytest.mark.parametrize("language", ["c", "c++"])
@pytest.mark.parametrize("made", [PLAN, WITHOUT, UNMOVED], ids=["with", "without", "no rows"])
def test_the_examples_compile_with_and_without_transfers(language, made):
    from report.test_c import compiled

    shown = DOCS.read_text().split("```c\n")[1].split("```")[0].replace("NET_", "TEST_")
    tables, copies = shown.split("\n\n")
    order = f"{tables}\n#define COUNT (sizeof order / sizeof order[0])" if made is not WITHOUT else "#define COUNT 0"
    assert ("TEST_ORDER(OP)" in c.emit(made)) is (made is not WITHOUT)
    arrays = re.findall(r"^ \*   (TEST_ALIGNAS.*)$", c.emit(made), re.MULTILINE)
    lines = [order, "#include <string.h>", *arrays, copies]
    lines += ["int main(void) {", "#if TEST_TRANSFERS_COUNT", "copy_before(0);", "#endif"]
    lines += ["return (int)COUNT + near[0]", "#if TEST_TRANSFERS_COUNT", "+ far[0]", "#endif", ";}"]
    text = c.emit(made)
    done = compiled(text, language, "\n".join(lines).replace("sram", "near").replace("dram", "far"))
    assert (done.returncode, done.stderr) == (0, "")
    if made is not WITHOUT:
        example = text[text.index("#if TEST_TRANSFERS_COUNT") : text.index("#define TEST_SPILL")]
        example = example.replace(" *   ", "").replace(" */", "")
        used = "\n#if TEST_TRANSFERS_COUNT\nint main(void) { return (int)copies[0][0]; }\n#endif"
        done = compiled(text, language, example + used)
        assert (done.returncode, done.stderr) == (0, "")


def names_in(row) -> str:
    return ", ".join(PLAN.tensor(key).name for key in row.tensors)


def touched_at(made: Plan, graph: Graph) -> dict[TensorKey, dict[int, int]]:
    """Where each tensor is as the operators touch it: the begin of a residence -> the address, in the order of time."""
    rows, copies, found = made.tensors_by_key(), copies_by_step(made), dict[TensorKey, dict[int, int]]()
    there = {b.id: b for b in made.buffers if b.first is None}
    main = graph.subgraphs[0]
    for step in made.schedule:
        for copy in copies.get(step.step, ()):
            if copy.direction is Direction.FETCH:
                there[copy.target.first] = copy.target
        op = main.ops[step.op]
        ends = (*(main.inputs if step.step == 0 else ()), *(main.outputs if step.step == len(main.ops) - 1 else ()))
        for t in (*ends, *op.inputs, *op.outputs):
            row = rows[0, t]
            if row.buffer is not None:
                b = there[row.buffer]
                found.setdefault((0, t), {})[b.lower] = row.offset + b.offset - made.buffers[row.buffer].offset
    return found


def check_header(made: Plan, graph: Graph) -> None:
    """Each macro of a tensor has its address where operators touch it."""
    found = dict(re.findall(r"^#define (TEST_\w+) (\d+)u\b", c.emit(made), re.MULTILINE))
    touched = touched_at(made, graph)
    assert {t.key for t in made.tensors if t.buffer is not None} == set(touched)
    for key, places in touched.items():
        name = f"TEST_{made.tensor(key).name.upper()}_OFFSET"
        (_, first), *later = places.items()
        assert found[name] == str(first)
        assert all(found[f"{name}_FROM_{lower}"] == str(address) for lower, address in later)
        assert all(address % int(found[name.replace("OFFSET", "ALIGNMENT")]) == 0 for address in places.values())


OVER = planned(written_over(), target(72, 8), schedule="given")


def later_tensor() -> tuple[PlannedTensor, PlannedBuffer, int]:
    """The tensor of OVER that is written after a fetch, the residence that it is written in, and its address there."""
    for key, places in touched_at(OVER, written_over()).items():
        lower, address = next(iter(places.items()))
        row = next(b for b in OVER.buffers if key in b.tensors and b.memory == "near" and b.lower == lower)
        if row.first is not None:
            return OVER.tensor(key), row, address
    raise AssertionError("no tensor is written after a fetch")


def moved_up(row: PlannedBuffer) -> Plan:
    """OVER with one residence eight bytes higher."""
    return replace(OVER, buffers=tuple(replace(b, offset=b.offset + 8) if b is row else b for b in OVER.buffers))


def test_a_tensor_that_is_written_after_a_fetch_has_the_address_of_that_residence():
    over, row, address = later_tensor()
    assert f"#define TEST_{over.name.upper()}_OFFSET {address}u" in c.emit(OVER)
    assert f"#define TEST_{over.name.upper()}_OFFSET {address + 8}u" in c.emit(moved_up(row))
    assert (over.live_range[0], row.upper) == (3, 4)
    assert f"/* in step 3: at TEST_{over.name.upper()}_OFFSET */" in c.emit(OVER)
    assert f"/* in step 6: at TEST_{over.name.upper()}_OFFSET_FROM_6 */" in c.emit(OVER)
    check_header(OVER, written_over())
    check_header(moved_up(row), written_over())
    check_header(PLAN, network())


@settings(max_examples=20, deadline=None)
@given(travelling())
def test_macros_are_the_addresses_at_which_operators_touch_tensors(graph):
    made = least_with_transfers(graph)
    if made is not None:
        check_header(made, graph)


def test_the_header_has_the_order_where_it_is_not_that_of_the_file():
    given = c.emit(WITHOUT)
    assert "_ORDER" not in given
    steps = WITHOUT.schedule
    other = (replace(steps[1], step=0), replace(steps[0], step=1, kind='a"??/\\'), *steps[2:])
    text = c.emit(replace(WITHOUT, schedule=other))
    rows = re.findall(r"OP\((\d+)u, (\d+)u, (\d+)u, \"(.*)\"\)", text)
    assert [tuple(map(int, row[:3])) for row in rows] == [(s.step, s.subgraph, s.op) for s in other]
    assert [row[3] for row in rows] == ["OP", r"a\042\077\077/\134", *["OP"] * (len(other) - 2)]
    assert "TEST_ORDER(OP)" in c.emit(PLAN)


def test_a_plan_without_live_ranges_has_no_header():
    bare = replace(PLAN, tensors=tuple(replace(t, live_range=None) for t in PLAN.tensors))
    with pytest.raises(UsageError, match="is alive in no residence of its buffer"):
        c.emit(bare)


def test_the_page_and_the_table_show_a_tensor_only_where_it_is_alive():
    over, row, _ = later_tensor()
    (view,) = page_data(OVER)["views"]
    listed = {number for number, *_, at, _ in view["buffers"] if over.name in (view["tensors"][i][0] for i in at)}
    alive = {b.id for b in OVER.buffers if over.key in b.tensors and b.lower >= row.lower}
    assert listed == alive
    lines = [line for line in text_of(buffer_table(OVER)).splitlines() if re.search(rf"\b{over.name}\b", line)]
    assert len(lines) == 1
    assert over.reason in lines[0]
    above = text_of(buffer_table(OVER)).partition(lines[0])[0].splitlines()[-1]
    assert f"again, fetched before step {row.lower}" in above


def test_a_difference_has_the_addresses_at_which_tensors_are_used_first():
    over, row, address = later_tensor()
    shift = next(one for one in diff(OVER, moved_up(row)).shifts if one.index == over.index)
    assert (shift.change, shift.old.offset, shift.new.offset) == ("moved", address, address + 8)


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
