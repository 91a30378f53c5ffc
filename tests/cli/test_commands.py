"""Properties of all commands: help, exit codes, errors of one line, and no traceback in any case."""

import errno
import importlib
import io
import os
import pty
import re
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest
from support.families import brimful

from tmpass import __version__
from tmpass.api import plan as planner
from tmpass.base.violation import Violation
from tmpass.cli import COMMANDS, OLDER
from tmpass.cli.terminal import progress
from tmpass.packing.check import check_offsets
from tmpass.packing.problem_csv import read_problem, write_problem
from tmpass.plans.plan import STOPPED
from tmpass.targets import target_names

HELP = [(), *((name,) for name in COMMANDS), ("targets", "show")]


@pytest.mark.parametrize("words", HELP, ids=" ".join)
@pytest.mark.parametrize("option", ["-h", "--help"])
def test_every_help_shows_an_example(run, words, option):
    done = run(*words, option)
    assert (done.code, done.err) == (0, "")
    example = done.out[done.out.index("Example") :]
    assert f"    tmpass {' '.join(words)}".rstrip() in example
    assert max(map(len, done.out.splitlines())) <= 80


def test_the_help_lists_the_commands_and_the_exit_codes(run):
    out = run("--help").out
    assert all(f"\n  {name} " in out for name in COMMANDS)
    assert all(f"\n      {code}  " in out for code in range(6))


@pytest.mark.parametrize("name", COMMANDS)
def test_help_ends_with_the_exit_codes(run, name):
    out = run(name, "--help").out
    codes = out[out.index("Exit codes") :]
    named = {int(code) for code in re.findall(r"^ +(\d+)  ", codes, re.MULTILINE)}
    assert named >= {0, 2, 70, 130, 141}
    page = (Path(__file__).parents[2] / "docs" / "exit-codes.md").read_text()
    assert named <= {int(code) for code in re.findall(r"^\| (\d+) \|", page, re.MULTILINE)}


def test_help_says_how_sizes_are_written(run):
    takers = [name for name in COMMANDS if "docs/units.md" in run(name, "-h").out]
    assert takers == ["plan", "split", "explain", "show", "diff", "fleet", "allocate", "learn", "spill"]


def test_an_older_command_runs_and_the_help_has_it_apart(run):
    listed, _, older = run("--help").out.partition("Older commands")
    for name in OLDER:
        assert run(name, "-h").code == 0
        assert f" {name} " not in listed
        assert f" {name} " in older


def test_nothing_asked_is_wrong_usage(run):
    done = run()
    assert (done.code, done.out) == (2, "")
    assert done.err == run("--help").out


def test_the_version(run):
    assert run("--version").out == f"tmpass, version {__version__}\n"


def test_an_unknown_command_or_option(fails):
    assert fails(2, "paln") == "no such command 'paln'; did you mean 'plan'? tmpass --help lists all"
    assert fails(2, "bake") == "no such command 'bake'; try tmpass --help"
    assert fails(2, "--fast") == "no such option '--fast'; try tmpass --help"
    assert fails(2, "net.onnx", "-t", "tflm") == "'net.onnx' is a model, not a command: write tmpass plan net.onnx"
    assert fails(2, "help", "plan") == "no such command 'help': write tmpass plan --help"
    assert fails(2, "verify", "plan.json") == "the model is missing; tmpass verify PLAN MODEL"


def test_out_of_memory_is_an_error_of_one_line(fails, model, monkeypatch):
    def starve(*_, **__):
        raise MemoryError

    monkeypatch.setattr(planner, "plan", starve)
    assert fails(3, "plan", model) == "not enough memory"


def test_a_wrong_plan_is_never_printed(fails, model, monkeypatch):
    monkeypatch.setattr(planner, "check_plan", lambda *_: [Violation("overlap", "a and b share bytes")])
    message = fails(5, "plan", model, "--json")
    assert message == f"{model}: tmpass made a wrong plan: a and b share bytes; please report it with the model"


# In a process of its own.


def test_each_exit_code(process, model, hard_model, tmp_path):
    plan = tmp_path / "plan.json"
    assert process("plan", model, "-o", plan).returncode == 0
    assert process("plan", model, "--budget", "1KiB").returncode == 1
    assert process("plan", model, "--target", "none").returncode == 2
    assert process("plan", tmp_path / "none.tflite").returncode == 3
    ended = ("-t", "minimalloc", "--alignment", 1, "--budget", 50_000, "--nodes", 0)
    assert process("plan", hard_model, *ended).returncode == 4
    plan.write_text(plan.read_text().replace('"peak": ', '"peak": 1'))
    assert process("verify", plan, model).returncode == 5


def test_the_installed_script_is_the_module(process, model):
    script = Path(sys.executable).parent / "tmpass"
    if not script.exists():
        pytest.skip("the scripts are elsewhere")
    done = subprocess.run([script, "plan", model, "--json"], capture_output=True, check=True, timeout=60)
    assert done.stdout == process("plan", model, "--json").stdout == planner.plan(model).to_json().encode()


@pytest.mark.parametrize(
    "environment",
    [
        {"PYTHONIOENCODING": "ascii"},
        {"PYTHONIOENCODING": "latin-1"},
        {"LC_ALL": "C"},
        {"LC_ALL": "POSIX", "PYTHONUTF8": "0"},
    ],
    ids=str,
)
def test_a_terminal_that_cannot_show_a_name_shows_the_rest(process, odd_model, tmp_path, environment):
    for words in (["plan"], ["show"], ["plan", "--json"], ["plan", "--bind", "é\U0001f600=1"]):
        done = process(*words, odd_model, **environment)
        assert done.returncode == (2 if "--bind" in words else 0)
        assert b"Traceback" not in done.stderr
    process("plan", odd_model, "-o", tmp_path / "p.json", **environment)
    assert (tmp_path / "p.json").read_bytes() == planner.plan(odd_model).to_json().encode()
    assert process("plan", odd_model, "--json", **environment).stdout == (tmp_path / "p.json").read_bytes()
    assert process("verify", tmp_path / "p.json", odd_model, **environment).returncode == 0


@pytest.mark.skipif(sys.platform != "linux", reason="names of other systems are Unicode")
def test_a_file_name_that_is_no_text(process, model, tmp_path):
    odd = os.fsencode(tmp_path) + b"/\xff.tflite"
    os.rename(model, odd)
    path = os.fsdecode(odd)
    assert process("plan", path, "--json").returncode == 0
    assert process("plan", path, "-o", path + ".json").stderr == b""
    assert process("show", path + ".json").returncode == 0
    assert b"is right for \\xff.tflite" in process("verify", path + ".json", path).stdout
    assert process("plan", path + "x").returncode == 3


@pytest.mark.parametrize("words", [["show"], ["plan"], ["plan", "--json"]], ids=" ".join)
def test_a_reader_that_has_gone_ends_the_command_quietly(process, long_model, words):
    reader, writer = os.pipe()
    os.close(reader)
    try:
        done = process(*words, long_model, stdout=writer)
    finally:
        os.close(writer)
    assert (done.returncode, done.stderr) == (141, b"")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no /dev/full")
@pytest.mark.parametrize("words", [["show"], ["plan"], ["plan", "--json"]], ids=" ".join)
def test_a_full_disk_is_an_error_of_one_line(process, model, words):
    with open("/dev/full", "w") as full:
        done = process(*words, model, stdout=full)
    assert done.returncode == 2
    assert done.stderr == b"tmpass: cannot write the output: No space left on device\n"


NOT_WRITTEN = "tmpass: cannot write the output: it is closed\n"
NOT_READ = "tmpass: standard input: cannot read it: it is closed\n"


@pytest.mark.parametrize(
    ("words", "streams", "code", "err"),
    [
        ("plan {model}", ">&-", 2, NOT_WRITTEN),
        ("plan {model} -o -", ">&-", 2, NOT_WRITTEN),
        ("show {model}", ">&-", 2, NOT_WRITTEN),
        ("targets", ">&-", 2, NOT_WRITTEN),
        ("--help", ">&-", 2, NOT_WRITTEN),
        ("show -", "<&-", 2, NOT_READ),
        ("plan {model}", "2>&-", 0, ""),
        ("plan {open_model} --bind batch=1", "2>&- <&-", 0, ""),  # which is read in a child process
        ("plan nope", "2>&-", 3, ""),
    ],
)
def test_a_closed_stream_is_no_answer(model, open_model, words, streams, code, err):
    command = f"{sys.executable} -m tmpass {words} {streams}".format(model=model, open_model=open_model)
    done = subprocess.run(["sh", "-c", command], capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, done.stderr) == (code, err)


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no /dev/full")
@pytest.mark.parametrize(("words", "code"), [("plan nope", 3), ("", 2), ("plan nope --budget x", 2)])
def test_a_complaint_that_cannot_be_written_leaves_the_exit_code(words, code):
    command = f"{sys.executable} -m tmpass {words} 2>/dev/full"
    done = subprocess.run(["sh", "-c", command], capture_output=True, timeout=60, check=False)
    assert (done.returncode, done.stdout) == (code, b"")


def test_an_empty_path_is_called_empty(fails, model):
    assert fails(2, "plan", "") == "the path of the model is empty; give a model file"
    assert "the path to write to is empty" in fails(2, "plan", model, "-o", "")
    assert "the path of a file is empty" in fails(2, "verify", "", model)


def test_a_model_may_come_through_a_pipe(process, model):
    done = process("plan", "/dev/stdin", stdin=model.read_bytes())
    assert (done.returncode, done.stderr) == (0, b"")
    assert b"\nmodel        stdin on pixel6-tpu" in done.stdout


INTERRUPTED = (130, b"", b"tmpass: interrupted")


def start(*words) -> subprocess.Popen:
    command = [sys.executable, "-m", "tmpass", *map(str, words)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE)


def interrupt(child: subprocess.Popen) -> tuple[int, bytes, bytes]:
    child.send_signal(signal.SIGINT)
    out, err = child.communicate(timeout=30)
    return child.returncode, out, err.strip()


def test_ctrl_c_ends_the_command_quietly(tmp_path):
    pipe = tmp_path / "problem.csv"
    os.mkfifo(pipe)
    with start("allocate", pipe) as child, open(pipe, "w"):  # which waits until the command reads
        time.sleep(0.1)
        assert interrupt(child) == INTERRUPTED


@pytest.mark.parametrize("threads", [1, 2])
def test_ctrl_c_ends_the_search_and_keeps_the_best_so_far(tmp_path, threads):
    pipe, output = tmp_path / "problem.csv", tmp_path / "solution.csv"
    os.mkfifo(pipe)
    problem = replace(brimful(1, 100, height=200, longest=20), capacity=None)
    with start("allocate", pipe, "--nodes", 10**15, "--threads", threads, "-o", output) as child:
        pipe.write_text(write_problem(problem))
        time.sleep(1.5)
        assert child.poll() is None, "the search has ended before it could be interrupted"
        begin = time.perf_counter()
        code, out, err = interrupt(child)
    assert time.perf_counter() - begin < 1.0, "a tenth of a second on an idle machine"
    assert (code, err) == (130, b"tmpass: interrupted: the answer is the best so far")
    assert out.startswith(b"feasible: peak ")
    solution = read_problem(output.read_text(), str(output), capacity=None)
    assert check_offsets(problem, [b.offset for b in solution.buffers]) == []


# A terminal.


def on_a_terminal(*words) -> bytes:
    """What a terminal of 80 columns gets from a command."""
    leader, follower = pty.openpty()
    command = f"stty cols 80 rows 24; exec {sys.executable} -m tmpass " + " ".join(map(str, words))
    environment = {**os.environ, "TERM": "xterm"}
    environment.pop("COLUMNS", None)
    with subprocess.Popen(
        ["sh", "-c", command], stdin=follower, stdout=follower, stderr=follower, env=environment
    ) as child:
        os.close(follower)
        got = b""
        while True:
            try:
                part = os.read(leader, 65536)
            except OSError:  # the other side is closed
                break
            if not part:
                break
            got += part
        assert child.wait(timeout=30) == 0
    os.close(leader)
    return got.replace(b"\r\n", b"\n")


def test_a_terminal_gets_a_table_of_its_width():
    lines = re.sub(r"\x1b\[[\d;]*m", "", on_a_terminal("targets").decode()).splitlines()
    assert max(map(len, lines)) <= 80
    assert len(lines) <= 1 + 2 * len(target_names())


def test_a_quick_command_shows_no_spinner(model):
    assert b"\x1b" not in on_a_terminal("plan", model)


def test_a_long_command_shows_one_on_a_terminal_and_clears_it(monkeypatch):
    class Terminal(io.StringIO):
        def isatty(self):
            return True

    monkeypatch.setenv("TERM", "xterm")
    terminal = Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    with progress("planning a\x1b[2J[/red]"):
        time.sleep(1.5)
    shown = terminal.getvalue()
    assert "planning a\\x1b[2J[/red]" in shown
    assert shown.endswith(("\x1b[?25h", "\x1b[2K"))


def test_elsewhere_it_shows_none(monkeypatch):
    quiet = io.StringIO()
    monkeypatch.setattr(sys, "stderr", quiet)
    with progress("planning"):
        time.sleep(1.2)
    assert quiet.getvalue() == ""


def test_a_name_of_a_command_is_the_name_of_its_module():
    folder = Path(sys.modules["tmpass.cli"].__file__).parent
    assert {path.name for path in folder.glob("*_command.py")} == {
        f"{name.replace('-', '_')}_command.py" for name in (*COMMANDS, *OLDER)
    }


@pytest.mark.parametrize(
    ("words", "place"),
    [
        ("plan {model}", "tmpass.api.plan.plan"),
        ("plan {model} -o {out}", "tmpass.api.plan.plan"),
        ("explain {model}", "tmpass.explanation.explain.explain"),
        ("show {model}", "tmpass.api.plan.plan"),
        ("verify {plan} {model}", "tmpass.api.verify.verify"),
        ("diff {plan} {plan}", "tmpass.plans.diff.diff"),
        ("emit {plan} --format csv -o {out}", "tmpass.cli.emit_command.read_plan"),
        ("strip {model} -o {out}", "tmpass.api.planned_model.original_model"),
        ("targets", "tmpass.targets.load_target"),
        ("allocate {problem}", "tmpass.packing.allocate.allocate"),
        ("probe {model} -o {out}", "tmpass.api.probe.probe_arena"),
        ("probe-scratch {model} -o {out}", "tmpass.api.probe.probe_scratch"),
    ],
)
@pytest.mark.parametrize(
    ("error", "told"),
    [
        (KeyError("x" * 10_000), "KeyError: 'xxx"),
        (RecursionError("maximum recursion depth exceeded"), "RecursionError: maximum"),
        (OSError(errno.EMFILE, "Too many open files"), "OSError: [Errno 24] Too many open files"),
        (AssertionError(), "AssertionError"),
    ],
)
def test_an_accident_has_an_exit_code_of_its_own(fails, model, tmp_path, monkeypatch, words, place, error, told):
    plan, out = tmp_path / "plan.json", tmp_path / "out.tflite"
    plan.write_text(planner.plan(model).to_json())
    module, _, name = place.rpartition(".")

    def broken(*_, **__):
        raise error

    monkeypatch.setattr(importlib.import_module(module), name, broken)
    problem = Path(__file__).parents[2] / "models" / "problems" / "tight.csv"
    line = fails(70, *words.format(model=model, plan=plan, out=out, problem=problem).split())
    assert line.startswith(f"internal error: {told}")
    assert line.endswith("; please report this line, the command and its files")
    assert len(line) < 1500
    assert not out.exists()


@pytest.mark.parametrize("words", ["plan {model}", "plan {model} -o {out}", "plan {model} --json", "show {model}"])
def test_a_plan_that_was_cut_short_never_has_the_exit_code_of_an_answer(run, model, tmp_path, monkeypatch, words):
    whole = planner.plan(model)
    cut = replace(whole, warnings=(*whole.warnings, STOPPED))
    monkeypatch.setattr(planner, "plan", lambda *_, **__: cut)
    out = tmp_path / "out.json"
    done = run(*words.format(model=model, out=out).split())
    assert done.code == 130
    assert STOPPED in done.err
    assert out.exists() == ("-o" in words)


def test_show_leaves_out_the_table_of_a_search_that_was_cut_short(run, model, monkeypatch):
    whole = planner.plan(model)
    cut = replace(whole, warnings=(*whole.warnings, STOPPED))
    monkeypatch.setattr(planner, "plan", lambda *_, **__: cut)
    done, table = run("show", str(model)), run("show", str(model), "--no-table")
    assert (done.code, done.out) == (130, table.out)
    assert "the table is left out" in done.err
    assert "left out" not in table.err
