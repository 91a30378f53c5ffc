"""The benchmarks run, and renew the tables of the page that is written by hand."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree

import pytest
from support.shared import SHARED

ROOT = Path(__file__).parent.parent
RUN = ROOT / "tests" / "bench" / "run.py"
PAGE = ROOT / "docs" / "performance.md"


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, str(RUN), "--quick", *arguments], capture_output=True, text=True)


def tables(page: str) -> dict[str, str]:
    return dict(re.findall(r"<!-- table: (\S+) -->\n(.*?)<!-- end -->", page, re.DOTALL))


def test_generated_problems_need_no_files_and_renew_only_their_tables(tmp_path):
    page = tmp_path / "page.md"
    page.write_text(PAGE.read_text())
    done = run("--only", "guillotine", "--write", str(page))
    assert done.returncode == 0, done.stderr
    before, after = tables(PAGE.read_text()), tables(page.read_text())
    assert after.keys() == before.keys()
    assert {name for name in after if after[name] != before[name]} == {"guillotine"}
    assert "| 20 | 0 % | 3 |" in after["guillotine"]  # so small a rectangle is packed each time
    assert after["guillotine"].strip() in done.stdout
    assert re.sub(r"(?s)(<!-- table: guillotine -->).*?(<!-- end -->)", "", page.read_text()) == re.sub(
        r"(?s)(<!-- table: guillotine -->).*?(<!-- end -->)", "", PAGE.read_text()
    )


def test_sections_of_files_are_left_out_without_files():
    done = run("--only", "executorch")
    assert (done.returncode, done.stdout) == (0, "executorch: no problem files\n")


def test_a_page_without_a_place_for_the_table_is_left_as_it_is(tmp_path):
    page = tmp_path / "page.md"
    page.write_text("no markers\n")
    done = run("--only", "guillotine", "--write", str(page))
    assert done.returncode != 0
    assert "<!-- table: guillotine -->" in done.stderr
    assert page.read_text() == "no markers\n"


@pytest.mark.skipif(
    not SHARED.exists() and os.environ.get("TMPASS_REQUIRE_SHARED") != "1",
    reason="the problem files are not beside the project",
)
def test_every_section_of_files_runs(tmp_path):
    page = tmp_path / "page.md"
    page.write_text(PAGE.read_text())
    sections = ("--only", "executorch", "--only", "challenging", "--only", "minimise", "--only", "family")
    done = run(str(SHARED / "problems"), *sections, "--write", str(page))
    assert done.returncode == 0, done.stderr
    renewed = tables(page.read_text())
    assert renewed["executorch"].count("optimal") == 8
    assert {line.split(" | ")[0] for line in renewed["challenging"].splitlines() if line.startswith("| ")} >= {
        "| A",
        "| B",
    }
    assert "| seed 1 | 10 |" in renewed["family-seeds"]


def test_transfers_are_measured_for_the_graphs_of_a_folder(tmp_path):
    example = ROOT / "docs" / "examples" / "skip.json"
    (tmp_path / "skip.json").write_text(example.read_text())
    script = ROOT / "tests" / "bench" / "transfers.py"
    command = [sys.executable, str(script), str(tmp_path), "--cosma", "400000"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    rows = [line.split(" | ") for line in done.stdout.splitlines() if line.startswith("| skip |")]
    figures, program = rows[: len(rows) // 2], rows[len(rows) // 2 :]
    assert [row[1:5] for row in figures] == [
        ["act", "M_R", "600", "400"],
        ["act", "M_H", "700", "400"],
        ["act", "M_P", "800", "0"],
        ["par", "M_R", "600", "400"],
        ["par", "M_H", "700", "400"],
        ["par", "M_P", "800", "0"],
    ]
    assert [row[3] for row in program] == ["400", "400", "0"] * 2


@pytest.mark.slow
def test_transfers_agree_with_brute_force_at_the_largest_sizes():
    few = ["--free", "8", "--fixed", "3", "--program", "3", "--models", "2", "--plans", "150", "--states", "3000"]
    asked = [sys.executable, str(ROOT / "tests" / "bench" / "transfers_oracle.py"), *few]
    done = subprocess.run(asked, capture_output=True, text=True, env={**os.environ, "PYTHONPATH": str(ROOT / "tests")})
    assert done.returncode == 0, done.stderr
    assert "8 agree" in done.stdout
    assert "not caught" not in done.stdout


def test_the_picture_of_quality_has_a_mark_for_each_allocator_and_problem(tmp_path):
    picture = tmp_path / "quality.svg"
    script = ROOT / "tests" / "bench" / "quality.py"
    command = [sys.executable, str(script), "--quick", "--seconds", "0.2", "-o", str(picture)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    problems = len(done.stderr.splitlines())
    svg = ElementTree.parse(picture).getroot()
    labels = [text.text for text in svg.iter("{http://www.w3.org/2000/svg}text")]
    allocators = [label for label in labels if label.endswith(f" ms, {problems} problems")]
    assert any(label.startswith("auto: 1.0000, ") for label in allocators)
    marks = list(svg.iter("{http://www.w3.org/2000/svg}circle"))
    assert len(marks) == len(allocators) * (problems + 2)  # one for the mean, and one beside the label


def test_a_table_of_dense_problems_goes_on_where_it_was(tmp_path):
    pytest.importorskip("omnimalloc")
    record, script = tmp_path / "record", ROOT / "tests" / "bench" / "dense.py"
    command = [sys.executable, str(script), "--buffers", "129", "--source", "uniform", "--record", str(record)]
    for seeds in ("1", "2", "2"):
        done = subprocess.run([*command, "--seeds", seeds], capture_output=True, text=True, timeout=60)
        assert done.returncode == 0, done.stderr
        lines = record.read_text().splitlines()
        assert [json.loads(line)["seed"] for line in lines] == list(range(int(seeds)))
    assert "| uniform | 129 | 1.0000 |" in done.stdout


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("source", ["tiling", "pinwheel"])
def test_tilings_are_drawn_as_their_source_draws_them(source, seed, monkeypatch):
    pytest.importorskip("omnimalloc")
    monkeypatch.syspath_prepend(ROOT / "tests" / "bench")
    from omnimalloc.benchmark.sources import BaseSource
    from tilings import tiling

    assert tiling(source, 513, seed) == BaseSource.get(source)(num_allocations=513, seed=seed).get_allocations()


def test_what_was_measured_at_a_commit_is_read_again(tmp_path, monkeypatch):
    monkeypatch.syspath_prepend(ROOT / "tests" / "bench")
    import records
    from table import Table

    tables = [Table("one", ("a", "b"), (("x", 1.5), (None, 3)), "Measured."), Table("two", ("c",), ())]
    for at, kept in (("abc", tables), ("abc-dirty", []), ("def", tables)):
        monkeypatch.setattr(records, "commit", lambda at=at: at)
        assert records.read(tmp_path, "dense") == []
        records.write(tmp_path, "dense", tables)
        assert records.read(tmp_path, "dense") == kept
    assert records.read(None, "dense") == []


def test_a_tiling_that_cannot_be_is_refused(monkeypatch):
    """Pinwheels put four tiles in the place of one, so their number is one more than a multiple of four."""
    pytest.importorskip("omnimalloc")
    monkeypatch.syspath_prepend(ROOT / "tests" / "bench")
    from tilings import tiling

    with pytest.raises(ValueError, match="no tiling of 130 tiles"):
        tiling("pinwheel", 130, 0)
