"""The scripts and commands in the documentation have the results shown there."""

import ast
import hashlib
import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

import tmpass
from tmpass.report.formats.registry import all_formats
from tmpass.targets import target_names

ROOT = Path(__file__).parent.parent.parent
EXAMPLES = ROOT / "docs" / "examples"
BRANCHY = ROOT / "models" / "branchy.tflite"
PAGES = ("tutorial.md", "conversion-script.md", "pictures.md", "targets.md", "transfers.md", "../README.md")


def script(name, *words, code=0):
    done = subprocess.run(
        [sys.executable, EXAMPLES / name, *map(str, words)], capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == code, done.stderr
    assert "Traceback" not in done.stderr
    return done


def test_the_conversion_script_writes_all_that_belongs_to_a_model(tmp_path):
    assert script("convert.py", BRANCHY, "64KiB", tmp_path).stdout == "branchy: 39904 B of 65536, optimal\n"
    files = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    assert sorted(files) == [
        "branchy.baseline.json",
        "branchy.h",
        "branchy.html",
        "branchy.plan.json",
        "branchy.tflite",
    ]
    assert files["branchy.tflite"].endswith(BRANCHY.read_bytes()[64:])
    assert b"Memory plan of branchy.tflite" in files["branchy.h"]
    assert hashlib.sha256(files["branchy.tflite"]).hexdigest().encode() in files["branchy.h"]
    assert b"#define BRANCHY_ARENA_BYTES 39904u" in files["branchy.h"]
    again = script("convert.py", BRANCHY, "64KiB", tmp_path).stdout
    assert again.startswith("branchy, arena: +0 B since the baseline\n")
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == files


def test_the_conversion_script_keeps_the_format_and_tells_warnings(tmp_path):
    done = script("convert.py", BRANCHY.with_suffix(".onnx"), "64KiB", tmp_path)
    assert "does not read onnx" in done.stderr
    assert sorted(path.suffix for path in tmp_path.iterdir()) == [".h", ".html", ".json", ".json", ".onnx"]


def test_the_conversion_script_fails_where_a_memory_grew(tmp_path):
    script("convert.py", BRANCHY, "64KiB", tmp_path)
    file = tmp_path / "branchy.baseline.json"
    file.write_text(file.read_text().replace('"overhead": 3040', '"overhead": 40', 1))
    done = script("convert.py", BRANCHY, "64KiB", tmp_path, "5", code=1)
    assert done.stdout.startswith("branchy, arena: +3000 B since the baseline\n")
    assert done.stderr == "branchy, arena: grew by more than 5 %; --accept allows it\n"
    assert script("convert.py", BRANCHY, "64KiB", tmp_path, "9").stdout.endswith("39904 B of 65536, optimal\n")


def test_growth_that_is_allowed_does_not_change_the_baseline_of_the_conversion_script(tmp_path):
    script("convert.py", BRANCHY, "64KiB", tmp_path)
    file = tmp_path / "branchy.baseline.json"
    file.write_text(file.read_text().replace('"overhead": 3040', '"overhead": 40', 1))
    old = file.read_bytes()
    script("convert.py", BRANCHY, "64KiB", tmp_path, "9")
    assert file.read_bytes() == old
    script("convert.py", BRANCHY, "64KiB", tmp_path, "5", code=1)
    script("convert.py", BRANCHY, "64KiB", tmp_path, "--accept")
    assert file.read_bytes() == (tmp_path / "branchy.plan.json").read_bytes()
    assert "+0 B since the baseline" in script("convert.py", BRANCHY, "64KiB", tmp_path).stdout


def test_the_conversion_script_fails_with_the_reason_if_the_model_does_not_fit(tmp_path):
    done = script("convert.py", BRANCHY, "20KiB", tmp_path / "out", code=1)
    assert "19424 B (18.97 KiB) are missing" in done.stderr
    assert "peak step    6 of 13, CONV_2D 'c'" in done.stderr
    assert not (tmp_path / "out").exists()


def test_the_conversion_script_ends_with_the_error_of_a_model_that_cannot_be_planned(tmp_path):
    (tmp_path / "broken.tflite").write_bytes(BRANCHY.read_bytes()[:1000])
    done = script("convert.py", tmp_path / "broken.tflite", "64KiB", tmp_path / "out", code=3)
    assert "broken.tflite" in done.stderr


@pytest.mark.parametrize("path", sorted(EXAMPLES.glob("*.py")), ids=lambda path: path.name)
def test_an_example_uses_public_names_only(path):
    tree = ast.parse(path.read_text(encoding="utf-8"))
    froms = [node.module for node in ast.walk(tree) if isinstance(node, ast.ImportFrom) and node.module]
    imports = [name.name for node in ast.walk(tree) if isinstance(node, ast.Import) for name in node.names]
    assert [name for name in froms + imports if name.startswith("tmpass.")] == []
    used = {n.attr for n in ast.walk(tree) if isinstance(n, ast.Attribute) and getattr(n.value, "id", "") == "tmpass"}
    assert used <= set(tmpass.__all__)


@pytest.mark.runtime
def test_the_planned_model_runs_and_its_arena_is_the_plans(tmp_path):
    pytest.importorskip("tflite_micro")
    planned = tmp_path / "planned.tflite"
    command = ["plan", BRANCHY, "--target", "tflm", "--budget", "48KiB", "-o", planned]
    subprocess.run([sys.executable, "-m", "tmpass", *map(str, command)], check=True, capture_output=True, timeout=60)
    done = script("run_in_tflm.py", BRANCHY, planned)
    assert done.stdout == "the same outputs, bit for bit\nleast arena 65616 bytes, planned 41040\n"
    assert re.findall(r"allocation head (\d+) bytes", done.stderr)[:2] == ["61440", "36864"]
    page = (ROOT / "docs" / "tutorial.md").read_text(encoding="utf-8")
    assert "    least arena 65616 bytes, planned 41040\n" in page
    assert "needed       41040 B" in page


CRASHING_INTERPRETER = """
import os
from types import SimpleNamespace

import numpy as np


class Interpreter:
    def __init__(self, model, arena_size):
        self.least, self.arena = 16 * len(model), arena_size

    @classmethod
    def from_bytes(cls, model, arena_size):
        return cls(model, arena_size)

    def get_input_details(self, index):
        return [{"shape": [3], "dtype": np.int8}][index]

    get_output_details = get_input_details

    def set_input(self, values, index):
        self.values = values

    def invoke(self):
        if self.arena < self.least // 2:
            raise RuntimeError("too small")
        if self.arena == self.least - 16 == 784:
            while True:
                pass
        if self.arena < self.least:
            os.abort()

    def print_allocations(self):
        pass

    def get_output(self, index):
        return self.values


runtime = SimpleNamespace(Interpreter=Interpreter)
"""


def run_with_stub(tmp_path, monkeypatch, sizes, code):
    (tmp_path / "tflite_micro.py").write_text(CRASHING_INTERPRETER, encoding="utf-8")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    paths = [tmp_path / f"{size}.tflite" for size in sizes]
    for path, size in zip(paths, sizes, strict=True):
        path.write_bytes(bytes(size))
    return script("run_in_tflm.py", *paths, code=code)


def test_an_arena_in_which_the_interpreter_crashes_or_never_ends_is_too_small(tmp_path, monkeypatch):
    """A model with an LSTM crashed the interpreter, and the script with it; one with a loop never ended."""
    done = run_with_stub(tmp_path, monkeypatch, (100, 50), code=0)
    assert done.stdout == "the same outputs, bit for bit\nleast arena 1600 bytes, planned 800\n"


def test_a_model_that_crashes_the_interpreter_in_any_arena_is_named(tmp_path, monkeypatch):
    done = run_with_stub(tmp_path, monkeypatch, (6000000, 50), code=1)
    assert done.stderr.endswith("6000000.tflite in 64 MiB: it crashed, with exit code -6\n")
    assert done.stderr.startswith("TensorFlow Lite Micro does not run ")


def test_each_script_is_shown_whole_on_a_page():
    """The site shows the script only if ruff has not changed the mark, as it does in blocks of `python`."""
    pages = "".join(path.read_text(encoding="utf-8") for path in (ROOT / "docs").glob("*.md"))
    for path in EXAMPLES.glob("*.py"):
        assert f'\n--8<-- "docs/examples/{path.name}"\n' in pages


@pytest.mark.parametrize(
    ("page", "mark", "command", "names"),
    [
        ("formats.md", "formats", "emit --help", [form.NAME for form in all_formats()]),
        ("targets.md", "targets", "targets", target_names()),
    ],
)
def test_a_table_that_is_made_for_the_site_is_printed_by_the_command_beside_it(page, mark, command, names):
    text = (ROOT / "docs" / page).read_text(encoding="utf-8")
    assert f"In a checkout, `tmpass {command}` prints it.\n\n<!-- {mark} -->" in text
    done = subprocess.run(
        [sys.executable, "-m", "tmpass", *command.split()], capture_output=True, text=True, timeout=60, check=True
    )
    assert set(names) <= {line.split()[0] for line in done.stdout.splitlines() if line.strip()}


def shown():
    """Every command of the pages that is shown with its output."""
    for page in PAGES:
        for block in re.findall(r"(?:^    .*\n)+", (ROOT / "docs" / page).read_text(encoding="utf-8"), re.MULTILINE):
            first, *lines = [line[4:] for line in block.splitlines()]
            words = first.removeprefix("$ ")
            if first.startswith("$ ") and words.startswith("tmpass "):
                yield pytest.param(shlex.split(words)[1:], lines, id=f"{page}: {words}")


@pytest.mark.parametrize(("words", "lines"), list(shown()))
def test_a_command_prints_the_output_on_the_page(words, lines):
    done = subprocess.run(
        [sys.executable, "-m", "tmpass", *words],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        env={**os.environ, "PYTHONUTF8": "1"},
    )
    printed = done.stdout.splitlines()
    if lines[-1] == "...":
        lines, printed = lines[:-1], printed[: len(lines) - 1]
    assert printed == lines
