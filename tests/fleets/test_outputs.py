"""The table of a fleet in each form: nothing in it comes from a file unescaped, and what is not known is empty."""

import csv
import io

import pytest

from tmpass.fleets.compare import Change, Comparison
from tmpass.fleets.outputs import csv as csv_form
from tmpass.fleets.outputs import html, markdown, terminal
from tmpass.fleets.outputs.texts import cells, short_names, state, summary, totals
from tmpass.fleets.row import MemoryFigures, Row

FITS = Row(
    "zoo/a.tflite",
    "tflm",
    "0" * 64,
    fits=True,
    status="optimal",
    memory="arena",
    capacity=4096,
    needed=2048,
    peak=1024,
    bound=1024,
    flash=3000,
    transfers=0,
    memories=(MemoryFigures("arena", 4096, 2048, 1024),),
    notes=("a note",),
)
TOO_LARGE = Row("zoo/deep/b.tflite", "tflm", fits=False, status="infeasible", peak=9000, bound=8000, needed=9, code=1)
OPEN = Row("zoo/c.onnx", "u65", fits=False, status="unknown", peak=9, bound=8, needed=9, time=2_000_000, code=4)
ERROR = Row("zoo/=<b>|*x*`\n\x1b[2J.onnx", "u65", error="it is <i>|broken|</i>\n\x1b[2J", code=3)
ROWS = (FITS, TOO_LARGE, OPEN, ERROR)
WORSE = Comparison((Change("a", "t", "peak of <arena>", "1 -> 2", 1), Change("b", "t", "need", "2 -> 1", 0)), 1, 2, 2)


def test_states_names_and_totals():
    assert [state(row) for row in ROWS] == ["fits", "does not fit", "not found to fit", "error"]
    assert list(short_names(ROWS).values())[:2] == ["a.tflite", "deep/b.tflite"]
    assert short_names([FITS]) == {"zoo/a.tflite": "a.tflite"}
    here = [Row("a.tflite", "tflm"), Row("zoo/b.tflite", "tflm")]
    assert short_names(here) == {"a.tflite": "a.tflite", "zoo/b.tflite": "zoo/b.tflite"}
    assert short_names(here[:1]) == {"a.tflite": "a.tflite"}
    assert [(one.target, one.counts) for one in totals(ROWS)] == [("tflm", (1, 1, 0, 0)), ("u65", (0, 0, 1, 1))]
    assert summary(ROWS) == "4 models on 2 targets, 4 rows: 1 fit, 1 do not fit, 1 not found to fit, 1 with an error"
    assert cells(FITS) == ("fits", "2 KiB (50 %)", "1 KiB", "reached", "2.93 KiB", "", "", "")
    assert cells(OPEN) == ("not found to fit", "9 B", "9 B", "8 B", "", "", "2.0 us", "")


@pytest.mark.parametrize("form", [csv_form, html, markdown])
def test_a_name_that_is_not_unicode_can_be_written(form):
    text = form.emit([Row("zoo/\udcff.tflite", "board\udcff.toml", error="bad \udcff", code=3)])
    assert text.encode().count(b"udcff") >= 3


def test_csv():
    rows = list(csv.DictReader(io.StringIO(csv_form.emit(ROWS))))
    assert (rows[0]["fits"], rows[0]["peak"], rows[0]["time"], rows[0]["error"]) == ("true", "1024", "", "")
    assert [row["code"] for row in rows] == ["0", "1", "4", "3"]
    formula = csv_form.emit([Row("=1+1", "t")]).splitlines()[1]
    assert formula.startswith("'=1+1,t,")


def test_markdown():
    text = markdown.emit(ROWS, WORSE)
    assert "| tflm | 1 | 1 | 0 | 0 |" in text
    assert "| a.tflite | tflm | fits | 2 KiB (50 %) | 1 KiB | reached | 2.93 KiB |  |  |  |" in text
    assert "- a on t: peak of &lt;arena> 1 -> 2 (more than allowed)\n- b on t: need 2 -> 1\n" in text
    assert "1 row is new, 2 are gone" in text
    assert "<i>" not in text
    assert "\\|broken\\|" in text
    assert "\x1b" not in text
    assert "None." in markdown.emit(ROWS, Comparison((), 0, 0, 1))
    many = markdown.emit([FITS] * 600 + [ERROR])
    assert "101 more rows are not listed." in many
    assert "broken" in many


def test_an_error_in_the_terminal_does_not_repeat_the_name_of_the_model():
    for error in ("b.tflite: it is cut", "zoo/b.tflite: it is cut", "it is cut"):
        (cell,) = terminal.row_table([Row("zoo/b.tflite", "u65", error=error, code=3)]).columns[3].cells
        assert cell == "it is cut"


def test_terminal():
    table = terminal.row_table(ROWS)
    assert [column.header for column in table.columns] == [
        "model", "target", "fits", "needed", "peak", "bound", "flash", "time", "error",
    ]  # fmt: skip
    assert [column.header for column in terminal.row_table([ERROR]).columns] == ["model", "target", "fits", "error"]
    assert (terminal.left_out(ROWS), terminal.left_out([FITS] * 1001)) == (0, 1)


def test_html(tmp_path):
    pages = [str(tmp_path / "z_pages" / "a #1.html"), None, None, None]
    text = html.emit(ROWS, WORSE, pages, str(tmp_path / "z.html"))
    assert '<a href="z_pages/a%20%231.html">a.tflite</a>' in text
    assert text.count('data-state="') == 4
    assert "<i>|" not in text
    assert "<b>|" not in text
    assert "peak of &lt;arena&gt;" in text
    assert "\x1b" not in text
    assert "http" not in text
    assert "Changes" not in html.emit(ROWS)


@pytest.mark.parametrize("form", [markdown, html, csv_form])
def test_a_form_is_the_same_each_time(form):
    assert form.emit(ROWS) == form.emit(ROWS)
