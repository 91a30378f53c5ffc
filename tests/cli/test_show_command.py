"""`tmpass show`."""

import contextlib
import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest


@pytest.fixture
def plan_file(run, model, tmp_path):
    run("plan", model, "-o", tmp_path / "plan.json")
    return tmp_path / "plan.json"


def test_a_model_and_its_plan_look_the_same(run, model, plan_file):
    done = run("show", plan_file)
    assert done.code == 0
    assert done.err.splitlines() == [
        "tmpass: not counted: scratch of kernels (unknown without --scratch)",
        "tmpass: target: pixel6-tpu is assumed, since none was given",
        "tmpass: capacity of scratchpad: assumed: 4 processing elements with 2 MiB each; not public",
    ]
    assert done.out == run("show", model).out
    assert done.out == run("show", "-", stdin=plan_file.read_text()).out
    assert done.out.splitlines()[:5] == [
        "   buffer  offset  size  steps  tensors",
        "A       0       0  1024   0..0  t0",
        "B       1    1024  3000   0..1  t1",
        "C       2       0   512   1..1  t2",
        "      8 MiB|==========",
    ]


@pytest.mark.skipif(sys.platform == "win32", reason="there is no pseudo-terminal")
@pytest.mark.parametrize(
    ("environment", "coloured"),
    [({}, True), ({"NO_COLOR": "1"}, False), ({"NO_COLOR": ""}, True), ({"TERM": "dumb"}, False)],
)
def test_a_terminal_gets_colours_unless_they_are_off(model, environment, coloured):
    import pty

    ours, theirs = pty.openpty()
    known = {k: v for k, v in os.environ.items() if k not in ("NO_COLOR", "FORCE_COLOR", "COLORTERM")}
    with os.fdopen(theirs, "wb") as out:
        subprocess.run(
            [sys.executable, "-m", "tmpass", "show", str(model)],
            stdout=out,
            env={**known, "TERM": "xterm-256color", **environment},
            timeout=60,
            check=True,
        )
    text = b""
    with contextlib.suppress(OSError):  # the other side is closed: all is read
        while more := os.read(ours, 65536):
            text += more
    os.close(ours)
    assert (b"\x1b[38;5;16;48;5;" in text) is coloured  # a letter, in the table and in the picture
    assert (b"\x1b[31m" in text) is coloured  # the capacity
    assert b"peak step 0" in text


def test_table_and_picture_can_be_left_out(run, model):
    both = run("show", model).out
    table, picture = run("show", model, "--no-picture").out, run("show", model, "--no-table").out
    assert table
    assert picture
    answer = run("show", model, "--no-picture", "--no-table").out
    assert both == table.removesuffix(answer) + picture


def test_what_is_needed_of_each_memory_is_printed_whatever_is_left_out(run, model):
    """Who asks for neither table nor picture wants the answer, and not an empty output."""
    answer = run("show", model, "--target", "tflm", "--no-picture", "--no-table").out
    assert answer.startswith("arena  ")
    for left_out in ([], ["--no-picture"], ["--no-table"]):
        assert answer in run("show", model, "--target", "tflm", *left_out).out


def test_the_picture_has_at_most_80_columns(run, model, long_model, empty_model, hard_model):
    for path in (model, long_model, empty_model, hard_model):
        lines = run("show", path, "--no-table").out.splitlines()
        assert 4 <= len(lines) <= 24
        assert max(map(len, lines)) <= 80


def test_long_names_are_not_folded_where_there_is_no_terminal(run, tmp_path):
    from tflite_writer import Subgraph, Tensor, write_model

    (tmp_path / "m.tflite").write_bytes(write_model([Subgraph([Tensor("n" * 300, [4])], inputs=[0], outputs=[0])]))
    lines = run("show", tmp_path / "m.tflite", "--no-picture").out.splitlines()
    assert len(lines) == 2
    assert lines[1].endswith("n" * 300)


def test_names_are_shown_as_they_are_in_one_line(run, odd_model):
    lines = run("show", odd_model, "--no-picture").out.splitlines()
    assert [line.split(maxsplit=5)[-1] for line in lines[1:]] == ["a\\nb\\x1b[2J", "é\U0001f600", "[/red] :smile:"]


def test_a_plan_that_does_not_fit_is_shown_all_the_same(run, model):
    done = run("show", model, "--budget", 10)
    assert done.code == 0
    assert "B       1" in done.out


def test_options_of_planning_are_refused_with_a_finished_plan(fails, plan_file):
    message = fails(2, "show", plan_file, "--budget", "1KiB")
    assert message == f"{plan_file}: --budget has no effect on a finished plan; show the model instead"
    assert "--keep-inputs has no effect" in fails(2, "show", plan_file, "--keep-inputs")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "it is not valid JSON"),
        ("{}", "it is not a plan of schema"),
        ("\xff", "it is not valid JSON"),
        ("[" * 99999, "it is not valid JSON"),
    ],
)
def test_a_file_that_cannot_be_a_plan(fails, tmp_path, text, message):
    (tmp_path / "x.json").write_text(text)
    assert fails(2, "show", tmp_path / "x.json").startswith(f"{tmp_path / 'x.json'}: {message}")


def test_files_that_cannot_be_read(fails, tmp_path):
    assert "cannot read it: No such file" in fails(2, "show", tmp_path / "x.json")
    (tmp_path / "y.json").write_bytes(b"\xff\xfe")
    assert "it is not UTF-8 text at byte 0" in fails(2, "show", tmp_path / "y.json")
    (tmp_path / "z.json").mkdir()
    assert "cannot read it: Is a directory" in fails(2, "show", tmp_path / "z.json")


BUFFER = {"id": 7, "memory": "scratchpad", "offset": 0, "size": 1, "lower": 0, "upper": 2}
BUFFER |= {"tensors": [], "gaps": [], "step": None}


@pytest.mark.parametrize(
    "change",
    [
        {"buffers": []},
        {"tensors": []},
        {"schedule": []},
        {"buffers": [{**BUFFER, "memory": "?", "offset": 2**62, "size": 2**62, "lower": 9}]},
        {
            "buffers": [
                {
                    **BUFFER,
                    "offset": 2**62,
                    "lower": 9,
                    "tensors": [[8, 8]],
                    "gaps": [{"lower": 0, "upper": 99, "window_lower": 9, "window_upper": 2}],
                }
            ]
        },
        {"buffers": [{**BUFFER, "upper": 2**31 - 1}]},
    ],
)
def test_a_plan_that_is_wrong_is_shown_as_it_is(run, plan_file, change):
    data = json.loads(plan_file.read_text()) | change
    plan_file.write_text(json.dumps(data))
    done = run("show", plan_file)
    assert done.code == 0
    known = ("tmpass: not counted: ", "tmpass: target: ", "tmpass: capacity of ")
    assert all(line.startswith(known) for line in done.err.splitlines())
    assert all(len(line) <= 80 for line in done.out.splitlines())


def test_each_memory_of_a_plan_has_a_picture(run, plan_file):
    data = json.loads(plan_file.read_text())
    data["memories"].append(data["memories"][0] | {"name": "far", "peak": 1, "capacity": None})
    plan_file.write_text(json.dumps(data))
    out = run("show", plan_file).out
    assert out.index("scratchpad:\n") < out.index("far:\n        1 B|")


def test_a_line_for_each_memory_says_what_is_needed_of_it(run, weights_model):
    out = run("show", weights_model(1000, 3000), "--target", "tflm-stm32f746", "--no-table").out
    assert out.splitlines()[-2:] == [
        "arena  17056 B (16.66 KiB) of 320 KiB, 5.2 % used: buffers 32 B, runtime 640 B, reserve 16384 B (assumed)",
        "flash  4544 B (4.438 KiB) of 1 MiB, 0.4 % used: constants 4016 B, runtime 528 B",
    ]
    assert out.startswith("  303.6 KiB|=====\n")  # without the reserve and what a run keeps
    assert "flash:" not in out  # a memory without buffers has no picture


def test_copies_of_constants_are_in_the_picture(run, weights_model):
    path = weights_model(1000, 3000)
    kept = run("show", path, "--no-table").out
    assert kept.count("#####") > 10
    assert "~" not in kept
    streamed = run("show", path, "--no-table", "--budget", 3968).out
    assert "~" in streamed


def test_a_table_of_the_largest_constants(run, weights_model):
    path = weights_model(*range(100, 3000, 100))

    def table(*more):
        lines = run("show", path, "--constants", "--no-table", "--no-picture", *more).out.splitlines()
        return lines[[line.split()[:1] for line in lines].index(["bytes"]) :]

    lines = table()
    assert lines[0].split() == ["bytes", "home", "offset", "use", "why", "constant"]
    assert len(lines) == 22
    assert lines[1].startswith(" 2900  dram ")
    assert "resident in scratchpad at " in lines[1]
    assert lines[1].endswith("  w28")
    assert lines[-1].split() == [str(sum(range(100, 1000, 100))), "in", "9", "more"]
    lines = table("--target", "tflm")
    assert all("read in place" in line for line in lines[1:21])


BRANCHY = Path(__file__).parent.parent.parent / "models" / "branchy.tflite"


def test_constants_come_with_totals_operators_and_reasons(run, tmp_path):
    asked = ("--target", "coral-edgetpu", "--budget", "46KiB")
    out = run("show", BRANCHY, *asked, "--constants", "--no-table", "--no-picture").out
    lines = out.splitlines()
    assert [line.split()[0] for line in lines[:4]] == ["weights", "resident", "left", "streamed"]
    assert re.search(r"^ *0  CONV_2D .*to stay it needs \d+ B, and step \d+ has \d+ B left", out, re.MULTILINE)
    plan_file = tmp_path / "plan.json"
    run("plan", BRANCHY, *asked, "-o", plan_file)
    assert run("show", plan_file, "--constants", "--model", BRANCHY, "--no-table", "--no-picture").out == out
    alone = run("show", plan_file, "--constants", "--no-table", "--no-picture").out.splitlines()
    assert alone[:3] == lines[:3]
    assert not any("CONV_2D" in line for line in alone)
    found = json.loads(run("show", plan_file, "--constants", "--json").out)
    assert (found["memory"], found["layers"]) == ("on-chip", None)
    found = json.loads(run("show", BRANCHY, *asked, "--constants", "--json").out)
    assert {layer["kind"] for layer in found["layers"]} >= {"CONV_2D"}


def test_options_of_constants_are_refused_without_them(fails, model, plan_file):
    assert "--json has no effect without --constants" in fails(2, "show", model, "--json")
    assert "--model has no effect without --constants" in fails(2, "show", plan_file, "--model", model)
    assert "--model has no effect with a model" in fails(2, "show", model, "--constants", "--model", model)
    assert "the plan is for a file with SHA-256" in fails(2, "show", plan_file, "--constants", "--model", BRANCHY)
